package auth

import (
	"strings"
	"testing"
)

// issuing is a verifier that knows its issuers.
type issuing struct {
	says
	servers []string
}

func (i *issuing) AuthorizationServers() []string { return i.servers }

func TestMetadata(t *testing.T) {
	v := []Verifier{&says{}}
	as := []string{"https://as.example/x"}
	const tail = `,"authorization_servers":["https://as.example/x"],"bearer_methods_supported":["header"]}`
	tests := []struct {
		name string
		c    Config
		docs map[string]string // nil: none
		meta string
	}{
		{"no server", Config{BaseURL: "https://h", Verifiers: v}, nil, ""},
		{"nothing", Config{Verifiers: v}, nil, ""},
		{"plain", Config{BaseURL: "https://H.example", AuthorizationServers: as, Verifiers: v}, map[string]string{
			"/.well-known/oauth-protected-resource/mcp": `{"resource":"https://h.example/mcp"` + tail,
			"/.well-known/oauth-protected-resource":     `{"resource":"https://h.example"` + tail,
		}, "https://h.example/.well-known/oauth-protected-resource/mcp"},
		{"prefix", Config{BaseURL: "https://h/api/", Path: "/v1/mcp/", AuthorizationServers: as, Verifiers: v}, map[string]string{
			"/.well-known/oauth-protected-resource/api/v1/mcp": `{"resource":"https://h/api/v1/mcp"` + tail,
			"/.well-known/oauth-protected-resource":            `{"resource":"https://h"` + tail,
		}, "https://h/.well-known/oauth-protected-resource/api/v1/mcp"},
		{"root", Config{BaseURL: "http://localhost:8080", Path: "/", AuthorizationServers: as, Verifiers: v}, map[string]string{
			"/.well-known/oauth-protected-resource":  `{"resource":"http://localhost:8080"` + tail,
			"/.well-known/oauth-protected-resource/": `{"resource":"http://localhost:8080"` + tail,
		}, "http://localhost:8080/.well-known/oauth-protected-resource"},
		{"of a verifier", Config{BaseURL: "http://[::1]:80", Verifiers: []Verifier{&issuing{servers: as}, &issuing{servers: as}}}, map[string]string{
			"/.well-known/oauth-protected-resource/mcp": `{"resource":"http://[::1]:80/mcp"` + tail,
			"/.well-known/oauth-protected-resource":     `{"resource":"http://[::1]:80"` + tail,
		}, "http://[::1]:80/.well-known/oauth-protected-resource/mcp"},
	}
	for _, tt := range tests {
		p := New(tt.c)
		served := map[string]int{}
		for _, e := range p.Endpoints() {
			r := e.Serve(t.Context(), &HTTPRequest{Method: e.Method, Path: e.Path})
			if r.Header["Access-Control-Allow-Origin"][0] != "*" {
				t.Errorf("%s: %s %s: not for browsers", tt.name, e.Method, e.Path)
			}
			served[e.Path]++
			switch {
			case e.Method == "OPTIONS" && r.Status == 204:
			case e.Method != "GET" || r.Status != 200 || string(r.Body) != tt.docs[e.Path]:
				t.Errorf("%s: %s %s: %d %s\nwant %s", tt.name, e.Method, e.Path, r.Status, r.Body, tt.docs[e.Path])
			}
		}
		if len(served) != len(tt.docs) {
			t.Errorf("%s: serves %v", tt.name, served)
		}
		_, header := p.Challenge(ErrNoCredentials, nil)
		if want := `resource_metadata="` + tt.meta + `"`; strings.Contains(header, want) != (tt.meta != "") {
			t.Errorf("%s: %s", tt.name, header)
		}
	}
}

func TestMetadataScopes(t *testing.T) {
	c := Config{BaseURL: "https://h", AuthorizationServers: []string{"https://as"}, Verifiers: []Verifier{&says{}},
		Scopes: []string{"a", "offline_access"}, ResourceName: "Sums"}
	for want, supported := range map[string][]string{
		`{"resource":"https://h/mcp","authorization_servers":["https://as"],"scopes_supported":["a"],"bearer_methods_supported":["header"],"resource_name":"Sums"}`:     nil,
		`{"resource":"https://h/mcp","authorization_servers":["https://as"],"scopes_supported":["a","b"],"bearer_methods_supported":["header"],"resource_name":"Sums"}`: {"a", "b"},
	} {
		c.ScopesSupported = supported
		if got := string(New(c).Endpoints()[0].Serve(t.Context(), nil).Body); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}
