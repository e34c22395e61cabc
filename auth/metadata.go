package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// wellKnown is where the metadata of a protected resource is found (RFC 9728 section 3).
const wellKnown = "/.well-known/oauth-protected-resource"

// resourceMetadata is the document of RFC 9728 section 2.
type resourceMetadata struct {
	Resource               string   `json:"resource"`
	AuthorizationServers   []string `json:"authorization_servers"`
	ScopesSupported        []string `json:"scopes_supported,omitempty"`
	BearerMethodsSupported []string `json:"bearer_methods_supported"`
	ResourceName           string   `json:"resource_name,omitempty"`
}

// discovery is what lets a client find out where to get a token: the URL of the metadata and the endpoints that serve
// it; nothing when there is no authorization server.
func discovery(c *Config) (metadata string, endpoints []Endpoint) {
	servers := slices.Clone(c.AuthorizationServers)
	for _, v := range c.Verifiers {
		if a, ok := v.(AuthorizationServers); ok {
			servers = unite(servers, a.AuthorizationServers())
		}
	}
	for _, s := range servers {
		parseURL("AuthorizationServers", s)
	}
	if c.BaseURL == "" {
		if len(c.AuthorizationServers) > 0 {
			panic("auth: New: AuthorizationServers without BaseURL: set it to the address at which clients reach this server")
		}
		return "", nil
	}
	base := parseURL("BaseURL", c.BaseURL)
	if len(servers) == 0 {
		return "", nil
	}
	origin := base.Scheme + "://" + base.Host
	path := strings.TrimRight(base.EscapedPath(), "/") + endpointPath(c.Path)
	doc := resourceMetadata{
		Resource:               origin + path,
		AuthorizationServers:   servers,
		ScopesSupported:        asked(c.ScopesSupported),
		BearerMethodsSupported: []string{"header"},
		ResourceName:           c.ResourceName,
	}
	if len(c.ScopesSupported) == 0 {
		doc.ScopesSupported = asked(c.Scopes)
	}
	endpoints = serveDocument(wellKnown+path, doc)
	// A client compares the document's resource with the URL that it made the document's address from (RFC 9728
	// section 3.3), so the document at the root speaks of the origin.
	doc.Resource = origin
	if path == "" {
		return origin + wellKnown, append(endpoints, serveDocument(wellKnown+"/", doc)...)
	}
	return origin + wellKnown + path, append(endpoints, serveDocument(wellKnown, doc)...)
}

// endpointPath is Config.Path in the form in which it is appended: "" or "/mcp".
func endpointPath(path string) string {
	if path == "" {
		return "/mcp"
	}
	if path[0] != '/' || strings.ContainsAny(path, "?#\"\\ ") {
		panic(fmt.Sprintf("auth: New: Path %q is not a path: write it as \"/mcp\"", path))
	}
	return (&url.URL{Path: strings.TrimRight(path, "/")}).EscapedPath()
}

// parseURL reads an absolute URL of the field by that name, with its scheme and host in lower case.
func parseURL(field, s string) *url.URL {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(s, "#") || strings.ContainsAny(u.Host, "\"\\<>"):
		panic(fmt.Sprintf("auth: New: %s: %q is not an absolute URL without query and fragment: write it as \"https://example.com\"", field, s))
	case u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())):
		panic(fmt.Sprintf("auth: New: %s: %q: use https; http is for localhost only", field, s))
	}
	u.Host = strings.ToLower(u.Host)
	return u
}

// loopback tells that host is this machine, so that nobody listens on the way.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// serveDocument serves doc at path, to browsers of any origin: it is public, and MCP clients in browsers send headers
// with the request that need a preflight.
func serveDocument(path string, doc resourceMetadata) []Endpoint {
	body, err := json.Marshal(doc)
	if err != nil {
		panic("auth: New: " + err.Error()) // strings only: cannot happen
	}
	get := &HTTPResponse{Status: 200, Body: body, Header: map[string][]string{
		"Content-Type":                {"application/json"},
		"Cache-Control":               {"public, max-age=300"},
		"Access-Control-Allow-Origin": {"*"},
	}}
	preflight := &HTTPResponse{Status: 204, Header: map[string][]string{
		"Access-Control-Allow-Origin":  {"*"},
		"Access-Control-Allow-Methods": {"GET, OPTIONS"},
		"Access-Control-Allow-Headers": {"Content-Type, Authorization, MCP-Protocol-Version"},
	}}
	answer := func(r *HTTPResponse) func(context.Context, *HTTPRequest) *HTTPResponse {
		return func(context.Context, *HTTPRequest) *HTTPResponse { return r }
	}
	return []Endpoint{{Method: "GET", Path: path, Serve: answer(get)}, {Method: "OPTIONS", Path: path, Serve: answer(preflight)}}
}
