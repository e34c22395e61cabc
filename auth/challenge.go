package auth

import (
	"errors"
	"slices"
	"strings"
)

// challenger turns callers away.
type challenger struct {
	// scopes are asked for when nothing else says what is needed.
	scopes []string
	// metadata is the URL of the protected resource metadata, "" when there is none.
	metadata string
}

// Challenge implements Provider.
func (c *challenger) Challenge(err error, scopes []string) (status int, wwwAuthenticate string) {
	if err == nil && len(scopes) > 0 {
		err = ErrInsufficientScope
	}
	if err == nil || errors.Is(err, ErrNoCredentials) {
		// Who did not try to authenticate is told how, and no error code (RFC 6750 section 3.1).
		return 401, c.header("", c.wanted(scopes, nil), "")
	}
	e := asError(err)
	switch e.Code {
	case Unavailable:
		// A challenge would make clients throw away a token that may be good.
		return 503, ""
	case InvalidRequest:
		return 400, c.header(InvalidRequest, nil, describe(e, "The request is malformed"))
	case InsufficientScope:
		return 403, c.header(InsufficientScope, c.wanted(scopes, e.Scopes), describe(e, "The access token does not suffice for this"))
	}
	return 401, c.header(InvalidToken, c.wanted(scopes, nil), describe(e, "The access token is invalid"))
}

// wanted are the scopes to name: those of the request, else those of the error, else those that every caller needs.
func (c *challenger) wanted(request, failed []string) []string {
	switch {
	case len(request) > 0:
		return request
	case len(failed) > 0:
		return failed
	}
	return c.scopes
}

// header is one Bearer challenge. Clients take the first scope= and resource_metadata= that they find by text, and
// retry only while the header does not repeat itself, so the order is fixed, the free text comes last, and nothing in
// it differs from one request to the next.
func (c *challenger) header(code Code, scopes []string, description string) string {
	params := make([]string, 0, 4)
	add := func(name, value string) {
		if value != "" {
			params = append(params, name+`="`+value+`"`)
		}
	}
	add("error", string(code))
	add("scope", strings.Join(asked(scopes), " "))
	add("resource_metadata", c.metadata)
	add("error_description", description)
	if len(params) == 0 {
		// RFC 6750 section 3 wants at least one parameter.
		add("realm", "mcp")
	}
	return "Bearer " + strings.Join(params, ", ")
}

// asked are the scopes that may be named to a client: what is no scope would break the header, and offline_access is
// between a client and its authorization server (MCP 2026-07-28, authorization).
func asked(scopes []string) []string {
	return slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return s == "offline_access" || !isScope(s) })
}

// describe is the text that goes into error_description: at most 200 of the characters that RFC 6750 section 3 allows
// there, so that no CR, LF or quote gets into a header. An equals sign goes too, lest a client finds a scope= in it.
func describe(e *Error, otherwise string) string {
	text := e.Description
	if text == "" {
		text = otherwise
	}
	clean := strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r == '=':
			return ':'
		case r < ' ' || r >= 0x7F || r == '\\':
			return ' '
		}
		return r
	}, text)
	return strings.TrimSpace(clean[:min(len(clean), 200)])
}
