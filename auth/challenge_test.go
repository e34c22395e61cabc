package auth

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

const metadataURL = "https://h/.well-known/oauth-protected-resource/mcp"

func TestChallenge(t *testing.T) {
	full := New(Config{BaseURL: "https://h", AuthorizationServers: []string{"https://as"}, Scopes: []string{"mcp", "offline_access"}, Verifiers: []Verifier{&says{}}})
	bare := New(Config{Verifiers: []Verifier{&says{}}})
	meta := `resource_metadata="` + metadataURL + `"`
	tests := []struct {
		name   string
		p      Provider
		err    error
		scopes []string
		status int
		header string
	}{
		{"nobody", full, ErrNoCredentials, nil, 401, `Bearer scope="mcp", ` + meta},
		{"nobody, wrapped", full, fmt.Errorf("x: %w", ErrNoCredentials), nil, 401, `Bearer scope="mcp", ` + meta},
		{"nobody, guarded", full, ErrNoCredentials, []string{"a", "b"}, 401, `Bearer scope="a b", ` + meta},
		{"nobody, bare", bare, ErrNoCredentials, nil, 401, `Bearer realm="mcp"`},
		{"nil", bare, nil, nil, 401, `Bearer realm="mcp"`},
		{"nil with scopes", bare, nil, []string{"a"}, 403, `Bearer error="insufficient_scope", scope="a", error_description="The access token does not suffice for this"`},
		{"invalid", full, ErrInvalidToken, nil, 401, `Bearer error="invalid_token", scope="mcp", ` + meta + `, error_description="The access token is invalid"`},
		{"invalid, told", bare, &Error{Code: InvalidToken, Description: "revoked", Cause: errors.New("secret")}, nil, 401, `Bearer error="invalid_token", error_description="revoked"`},
		{"unknown error", bare, errors.New("secret"), nil, 401, `Bearer error="invalid_token", error_description="The access token is invalid"`},
		{"unknown code", bare, &Error{Code: "x\r\n"}, nil, 401, `Bearer error="invalid_token", error_description="The access token is invalid"`},
		{"scope", full, ErrInsufficientScope, []string{"a"}, 403, `Bearer error="insufficient_scope", scope="a", ` + meta + `, error_description="The access token does not suffice for this"`},
		{"scope of the error", bare, fmt.Errorf("x: %w", &Error{Code: InsufficientScope, Scopes: []string{"e"}}), nil, 403, `Bearer error="insufficient_scope", scope="e", error_description="The access token does not suffice for this"`},
		{"malformed", full, &Error{Code: InvalidRequest}, nil, 400, `Bearer error="invalid_request", ` + meta + `, error_description="The request is malformed"`},
		{"unavailable", full, &Error{Code: Unavailable}, nil, 503, ""},
		{"timeout", full, fmt.Errorf("jwks: %w", context.DeadlineExceeded), nil, 503, ""},
	}
	for _, tt := range tests {
		if status, header := tt.p.Challenge(tt.err, tt.scopes); status != tt.status || header != tt.header {
			t.Errorf("%s: %d %s\nwant %d %s", tt.name, status, header, tt.status, tt.header)
		}
	}
}

// wellFormed is one challenge whose parameters are quoted strings without anything that needs escaping.
var wellFormed = regexp.MustCompile(`^Bearer [a-z_]+="[ !#-\[\]-~]*"(, [a-z_]+="[ !#-\[\]-~]*")*$`)

// quoted is a value of a parameter.
var quoted = regexp.MustCompile(`"[^"]*"`)

func FuzzChallengeHeader(f *testing.F) {
	f.Add("a\r\nSet-Cookie: x", "b c")
	f.Add(`", scope="all`, `x", error="y`)
	f.Add(`\`, "\x00")
	f.Add(strings.Repeat("é", 300), "ü")
	f.Fuzz(func(t *testing.T, description, scope string) {
		p := New(Config{Verifiers: []Verifier{&says{}}})
		_, header := p.Challenge(&Error{Code: InvalidToken, Description: description}, []string{scope})
		names := quoted.ReplaceAllString(header, "") // a scope itself may have an = in it (RFC 6749, 3.3)
		if !wellFormed.MatchString(header) || strings.Count(names, "scope=") > 1 || strings.Count(names, "error=") != 1 {
			t.Errorf("%q", header)
		}
		if before, _, _ := strings.Cut(header, `, error_description="`); strings.Count(header, "scope=") > strings.Count(before, "scope=") {
			t.Errorf("the free text could be taken for a scope: %q", header)
		}
		if !isScope(scope) && strings.Contains(header, ` scope="`) {
			t.Errorf("%q was told as a scope: %q", scope, header)
		}
	})
}

func TestErrorText(t *testing.T) {
	cause := errors.New("signature")
	e := &Error{Code: InvalidToken, Description: "bad", Cause: cause}
	if e.Error() != "auth: invalid_token: bad: signature" || !errors.Is(e, cause) || !errors.Is(e, ErrInvalidToken) || errors.Is(e, ErrInsufficientScope) {
		t.Error(e)
	}
}
