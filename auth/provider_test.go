package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// says is a verifier with a fixed answer that counts how often it is asked.
type says struct {
	p     *Principal
	err   error
	asked int
}

func (s *says) Verify(context.Context, *Request) (*Principal, error) {
	s.asked++
	return s.p, s.err
}

func TestVerifiersAreAskedInOrder(t *testing.T) {
	sue, bob := &Principal{Subject: "sue"}, &Principal{Subject: "bob"}
	bad := &Error{Code: InvalidToken, Description: "revoked"}
	tests := []struct {
		name      string
		token     string
		optional  bool
		verifiers []*says
		want      *Principal
		err       error
		asked     int
	}{
		{"first", "t", false, []*says{{p: sue}, {p: bob}}, sue, nil, 1},
		{"not mine", "t", false, []*says{{err: ErrNotMine}, {p: bob}}, bob, nil, 2},
		{"no credentials for the first", "", false, []*says{{err: ErrNoCredentials}, {p: bob}}, bob, nil, 2},
		{"invalid is final", "t", false, []*says{{err: bad}, {p: bob}}, nil, ErrInvalidToken, 1},
		{"any other error is final", "t", false, []*says{{err: errors.New("x")}, {p: bob}}, nil, nil, 1},
		{"nobody's", "t", false, []*says{{err: ErrNotMine}, {err: ErrNoCredentials}}, nil, ErrInvalidToken, 2},
		{"a token that nobody looks at", "t", false, []*says{{err: ErrNoCredentials}}, nil, ErrInvalidToken, 1},
		{"a header that nobody knows", "", false, []*says{{err: ErrNotMine}}, nil, ErrInvalidToken, 1},
		{"nothing", "", false, []*says{{err: ErrNoCredentials}, {err: ErrNoCredentials}}, nil, ErrNoCredentials, 2},
		{"neither principal nor error", "", false, []*says{{}}, nil, ErrNoCredentials, 1},
		{"neither, with a token", "t", false, []*says{{}}, nil, ErrInvalidToken, 1},
		{"optional, nothing", "", true, []*says{{err: ErrNoCredentials}}, nil, nil, 1},
		{"optional, wrong", "t", true, []*says{{err: ErrNotMine}}, nil, ErrInvalidToken, 1},
		{"optional, unread", "t", true, []*says{{err: ErrNoCredentials}}, nil, ErrInvalidToken, 1},
		{"principal and error", "t", true, []*says{{p: sue, err: bad}}, nil, ErrInvalidToken, 1},
	}
	for _, tt := range tests {
		c := Config{Optional: tt.optional}
		for _, v := range tt.verifiers {
			c.Verifiers = append(c.Verifiers, v)
		}
		got, err := New(c).Verify(t.Context(), &Request{Token: tt.token})
		asked := 0
		for _, v := range tt.verifiers {
			asked += v.asked
		}
		fails := !tt.optional && tt.want == nil || tt.err != nil
		if got != tt.want || (err != nil) != fails || (tt.err != nil && !errors.Is(err, tt.err)) || asked != tt.asked {
			t.Errorf("%s: %v, %v after %d verifiers", tt.name, got, err, asked)
		}
	}
}

func TestNobodyIsNotSomebody(t *testing.T) {
	p := New(Config{Verifiers: []Verifier{&says{p: &Principal{Issuer: "x", Roles: []string{"admin"}}}}})
	who, err := p.Verify(t.Context(), &Request{Token: "t"})
	if who != nil || !errors.Is(err, ErrInvalidToken) || !strings.Contains(err.Error(), "neither Subject") {
		t.Error(who, err)
	}
}

func TestExpiredPrincipalsAreRefused(t *testing.T) {
	now := time.Unix(1000, 0)
	p := New(Config{Verifiers: []Verifier{&says{p: &Principal{Subject: "u", ExpiresAt: now}}}, Now: func() time.Time { return now }})
	if _, err := p.Verify(t.Context(), &Request{Token: "t"}); !errors.Is(err, ErrInvalidToken) {
		t.Error(err)
	}
	now = now.Add(-time.Nanosecond)
	if who, err := p.Verify(t.Context(), &Request{Token: "t"}); who == nil || err != nil {
		t.Error(who, err)
	}
}

func TestScopesAndWhatTheyImply(t *testing.T) {
	given := &Principal{Subject: "u", Scopes: []string{"admin", "x"}}
	c := Config{
		Verifiers: []Verifier{&says{p: given}},
		Scopes:    []string{"read"},
		Implies:   map[string][]string{"admin": {"write", "admin"}, "write": {"read"}, "loop": {"admin", "loop"}},
	}
	who, err := New(c).Verify(t.Context(), &Request{Token: "t"})
	if err != nil || !slices.Equal(who.Scopes, []string{"admin", "x", "write", "read"}) {
		t.Fatal(who, err)
	}
	if len(given.Scopes) != 2 {
		t.Error("the verifier's own principal was changed")
	}
	c.Implies = nil
	p := New(c)
	_, err = p.Verify(t.Context(), &Request{Token: "t"})
	status, header := p.Challenge(err, nil)
	if status != 403 || !strings.Contains(header, `error="insufficient_scope", scope="read"`) {
		t.Error(status, header, err)
	}
	c.Optional, c.Verifiers = true, []Verifier{&says{err: ErrNoCredentials}}
	if who, err := New(c).Verify(t.Context(), &Request{}); who != nil || err != nil {
		t.Error("an anonymous caller that is welcome needs no scopes:", err)
	}
}

func TestPanickingVerifier(t *testing.T) {
	p := New(Config{Optional: true, Verifiers: []Verifier{Authenticate(func(context.Context, *Request) (*Principal, error) { panic("secret") })}})
	who, err := p.Verify(t.Context(), &Request{Token: "t"})
	status, header := p.Challenge(err, nil)
	if who != nil || status != 503 || header != "" || !strings.Contains(err.Error(), "secret") {
		t.Error(who, err, status, header)
	}
}

func TestHeaderIsNeverNil(t *testing.T) {
	p := New(Config{Verifiers: []Verifier{Authenticate(func(_ context.Context, r *Request) (*Principal, error) {
		if r.Header("X-API-Key") != "k" {
			return nil, nil
		}
		return &Principal{Subject: "u"}, nil
	})}})
	r := &Request{}
	if _, err := p.Verify(t.Context(), r); !errors.Is(err, ErrNoCredentials) {
		t.Error(err)
	}
	if r.Header != nil {
		t.Error("the caller's request was changed")
	}
	r.Header = func(string) string { return "k" }
	if who, err := p.Verify(t.Context(), r); err != nil || who.Subject != "u" {
		t.Error(who, err)
	}
}

func TestConfigMistakesPanic(t *testing.T) {
	v := []Verifier{&says{}}
	as := []string{"https://as.example"}
	for name, c := range map[string]Config{
		"no verifiers":     {},
		"nil verifier":     {Verifiers: []Verifier{nil}},
		"scope":            {Verifiers: v, Scopes: []string{"a b"}},
		"supported":        {Verifiers: v, ScopesSupported: []string{""}},
		"implied":          {Verifiers: v, Implies: map[string][]string{"a": {"\n"}}},
		"no base":          {Verifiers: v, AuthorizationServers: as},
		"relative base":    {Verifiers: v, BaseURL: "example.com"},
		"http base":        {Verifiers: v, BaseURL: "http://example.com"},
		"base with query":  {Verifiers: v, BaseURL: "https://example.com/?a"},
		"base with user":   {Verifiers: v, BaseURL: "https://a@example.com"},
		"quote in host":    {Verifiers: v, BaseURL: `https://a"b`},
		"relative server":  {Verifiers: v, BaseURL: "https://h", AuthorizationServers: []string{"/as"}},
		"http server":      {Verifiers: v, BaseURL: "https://h", AuthorizationServers: []string{"http://as.example"}},
		"path is relative": {Verifiers: v, BaseURL: "https://h", AuthorizationServers: as, Path: "mcp"},
		"path with query":  {Verifiers: v, BaseURL: "https://h", AuthorizationServers: as, Path: "/mcp?x"},
	} {
		if text := mustPanic(t, name, func() { New(c) }); !strings.HasPrefix(text, "auth: New") {
			t.Errorf("%s: %q does not name what panicked", name, text)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	p := New(Config{Verifiers: []Verifier{Tokens(map[string]Principal{"0123456789abcdef": {Subject: "u"}})}})
	r := &Request{Token: "0123456789abcdef", Header: func(string) string { return "" }}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Verify(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}
