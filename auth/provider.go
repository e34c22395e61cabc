package auth

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"
)

// Config is what New takes.
type Config struct {
	// Verifiers are asked in order. The first that knows the credentials decides: one that finds them invalid is not
	// overruled by those after it. At least one is needed.
	Verifiers []Verifier
	// Scopes are what every known caller must have, whatever it wants: the others get 403 insufficient_scope. They
	// are named in every challenge that has no scopes of its own. Default: none.
	Scopes []string
	// ScopesSupported are the scopes that the metadata tells clients of (RFC 9728 section 2). Keep it to what a client
	// should ask for at first. Default: Scopes.
	ScopesSupported []string
	// Implies has the hierarchy of scopes: whoever has a key has its values too, and what these imply. It is applied
	// once, to the principal, so that guards and handlers see the result. Default: none.
	Implies map[string][]string
	// Optional lets callers without credentials in, as a nil Principal: guards decide what they may do. Credentials
	// that are presented and wrong are still refused. Default: false, 401.
	Optional bool

	// BaseURL is the address at which clients reach this server, with the prefix at which it is mounted:
	// "https://example.com" or "https://example.com/api". It is never taken from a request, since that can be forged.
	// http is taken for loopback hosts only. Default: none, which AuthorizationServers do not
	// go with.
	BaseURL string
	// Path is where the MCP endpoint is below BaseURL. Default: "/mcp". "/" is BaseURL itself.
	Path string
	// AuthorizationServers are the issuers whose tokens are accepted, as URLs; verifiers that are an
	// AuthorizationServers add theirs. When there are none, or BaseURL is not set, there is nothing that a client could
	// be told: no metadata is served and challenges have no resource_metadata. MCP 2025-06-18 and later require both of
	// servers whose tokens come from an authorization server.
	AuthorizationServers []string
	// ResourceName is a name of this server for people, in the metadata. Default: none.
	ResourceName string

	// Now tells the time. Default: time.Now.
	Now func() time.Time
}

// New makes a Provider that asks verifiers. Its challenges follow RFC 6750 and RFC 9728. It panics, before anything is
// served, when c cannot work: no verifiers, a URL that is none, a scope that is none.
func New(c Config) Provider {
	if len(c.Verifiers) == 0 {
		panic("auth: New: no Verifiers: nobody could ever call; add auth.Tokens, auth.Authenticate or another one")
	}
	for i, v := range c.Verifiers {
		if v == nil {
			panic(fmt.Sprintf("auth: New: verifier %d is nil: leave it out", i+1))
		}
	}
	checkScopes("New: Scopes", c.Scopes)
	checkScopes("New: ScopesSupported", c.ScopesSupported)
	p := &provider{
		verifiers: slices.Clone(c.Verifiers),
		scopes:    slices.Clone(c.Scopes),
		implies:   closure(c.Implies),
		optional:  c.Optional,
		now:       c.Now,
	}
	if p.now == nil {
		p.now = time.Now
	}
	p.challenger.scopes = p.scopes
	p.challenger.metadata, p.endpoints = discovery(&c)
	return p
}

// provider is what New makes.
type provider struct {
	challenger
	verifiers []Verifier
	scopes    []string
	implies   map[string][]string
	optional  bool
	now       func() time.Time
	endpoints []Endpoint
}

// Endpoints implements Provider.
func (p *provider) Endpoints() []Endpoint { return slices.Clone(p.endpoints) }

// Verify implements Verifier.
func (p *provider) Verify(ctx context.Context, r *Request) (*Principal, error) {
	if r.Header == nil {
		with := *r
		with.Header = func(string) string { return "" }
		r = &with
	}
	who, err := p.ask(ctx, r)
	if errors.Is(err, ErrNoCredentials) && p.optional {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return p.admit(who)
}

// ask finds the verifier that knows the credentials. A token that none of them takes is invalid: to call that no
// credentials would let it in where anonymous callers are welcome.
func (p *provider) ask(ctx context.Context, r *Request) (*Principal, error) {
	presented := r.Token != ""
	for _, v := range p.verifiers {
		who, err := verify(ctx, v, r)
		switch {
		case who != nil && err == nil:
			return who, nil
		case err == nil || errors.Is(err, ErrNoCredentials):
		case errors.Is(err, ErrNotMine):
			presented = true
		default:
			return nil, err
		}
	}
	if presented {
		return nil, &Error{Code: InvalidToken, Cause: ErrNotMine}
	}
	return nil, ErrNoCredentials
}

// verify asks v. A panic in it must not take the process along, and says nothing about the credentials.
func verify(ctx context.Context, v Verifier, r *Request) (who *Principal, err error) {
	defer func() {
		if x := recover(); x != nil {
			who, err = nil, &Error{Code: Unavailable, Cause: fmt.Errorf("verifier panicked: %v\n%s", x, debug.Stack())}
		}
	}()
	return v.Verify(ctx, r)
}

// admit checks what no verifier can be relied on to check.
func (p *provider) admit(who *Principal) (*Principal, error) {
	switch {
	case !who.identified():
		return nil, &Error{Code: InvalidToken, Cause: errors.New("the verifier returned a principal that has neither Subject, ClientID nor Tenant: set one")}
	case !who.ExpiresAt.IsZero() && who.Expired(p.now()):
		return nil, expired()
	}
	who = p.expand(who)
	if !who.HasScopes(p.scopes...) {
		return nil, &Error{Code: InsufficientScope, Scopes: p.scopes}
	}
	return who, nil
}

// expand is who with the scopes that its own imply. A verifier may return the same principal to many, so it is copied.
func (p *provider) expand(who *Principal) *Principal {
	if len(p.implies) == 0 {
		return who
	}
	scopes := who.Scopes
	for _, s := range who.Scopes {
		scopes = unite(scopes, p.implies[s])
	}
	if len(scopes) == len(who.Scopes) {
		return who
	}
	out := *who
	out.Scopes = scopes
	return &out
}

// closure follows every implication to its end, so that one look-up is enough later.
func closure(implies map[string][]string) map[string][]string {
	out := make(map[string][]string, len(implies))
	for scope := range implies {
		all := []string{scope}
		for i := 0; i < len(all); i++ {
			all = unite(all, implies[all[i]])
		}
		checkScopes("New: Implies", all)
		out[scope] = all
	}
	return out
}
