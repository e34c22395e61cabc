package auth_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
)

func ExampleNew() {
	p := auth.New(auth.Config{
		BaseURL:              "https://sums.example",
		AuthorizationServers: []string{"https://login.example"},
		Scopes:               []string{"math:read"},
		Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
			"k3uGxq0FhT8mWvZr1aYp": {Subject: "sue", Scopes: []string{"math:read"}},
		})},
	})

	who, err := p.Verify(context.Background(), &auth.Request{Token: "k3uGxq0FhT8mWvZr1aYp"})
	fmt.Println(who.Subject, err)

	_, err = p.Verify(context.Background(), &auth.Request{})
	fmt.Println(p.Challenge(err, nil))
	// Output:
	// sue <nil>
	// 401 Bearer scope="math:read", resource_metadata="https://sums.example/.well-known/oauth-protected-resource/mcp"
}

func ExampleTokens() {
	v := auth.Tokens(map[string]auth.Principal{
		"k3uGxq0FhT8mWvZr1aYp": {Subject: "sue", Roles: []string{"admin"}},
		"Zw7cN4tLbQ2sJx9dEo5V": {Subject: "ci", ExpiresAt: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)},
	})
	who, _ := v.Verify(context.Background(), &auth.Request{Token: "k3uGxq0FhT8mWvZr1aYp"})
	fmt.Println(who.Subject, who.HasRole("admin"))
	_, err := v.Verify(context.Background(), &auth.Request{Token: "Zw7cN4tLbQ2sJx9dEo5V"})
	fmt.Println(err)
	// Output:
	// sue true
	// auth: invalid_token: The access token has expired
}

// An API key in a header of its own. A request without it is left to the next verifier.
func ExampleAuthenticate() {
	v := auth.Authenticate(func(ctx context.Context, r *auth.Request) (*auth.Principal, error) {
		switch key := r.Header("X-API-Key"); key {
		case "":
			return nil, auth.ErrNoCredentials
		case "letmein":
			return &auth.Principal{Subject: "partner"}, nil
		}
		return nil, &auth.Error{Code: auth.InvalidToken, Description: "The API key is invalid"}
	})
	who, err := v.Verify(context.Background(), &auth.Request{Header: func(string) string { return "letmein" }})
	fmt.Println(who.Subject, err)
	// Output: partner <nil>
}

func ExampleDiscoverable() {
	hidden := auth.RequireScopes("math:write")
	open := auth.Discoverable(hidden)
	a := &auth.Access{Principal: &auth.Principal{Subject: "sue"}, Op: auth.OpList, Kind: auth.KindTool, Name: "reset"}
	for _, g := range []auth.Guard{hidden, open} {
		d := g(context.Background(), a)
		fmt.Println(d.Allowed, d.Listed(), d.Challenge)
	}
	// Output:
	// false false []
	// false true [math:write]
}

func ExampleAll() {
	g := auth.All(
		auth.RequireAuth(),
		auth.Any(auth.RequireRole("admin"), auth.RequireScopes("math:write")),
		auth.Guard(func(_ context.Context, a *auth.Access) auth.Decision {
			if a.Principal.Tenant == "acme" {
				return auth.Allow()
			}
			return auth.DenyWith("acme only")
		}),
	)
	d := g(context.Background(), &auth.Access{Principal: &auth.Principal{Subject: "sue", Roles: []string{"admin"}}})
	fmt.Println(d.Allowed, d.Public)
	// Output: false acme only
}

func ExampleParseBearer() {
	fmt.Println(auth.ParseBearer("Bearer k3uGxq0FhT8mWvZr1aYp"))
	fmt.Println(auth.ParseBearer("Basic c3VlOnB3"))
	fmt.Println(auth.ParseBearer("Bearer two tokens"))
	// Output:
	// k3uGxq0FhT8mWvZr1aYp true <nil>
	//  false <nil>
	//  false auth: invalid_request: The Authorization header is malformed
}

// Who has shown a certificate in the TLS handshake is who it is about; here what it may do follows from its organisational
// unit. Who has shown none may have a token instead.
func ExampleCertificate() {
	provider := auth.New(auth.Config{Verifiers: []auth.Verifier{
		auth.Certificate(auth.CertificateConfig{
			Issuer: "mesh",
			Principal: func(_ context.Context, chain []*x509.Certificate, p *auth.Principal) error {
				if slices.Contains(chain[0].Subject.OrganizationalUnit, "operators") {
					p.Scopes = append(p.Scopes, "admin")
				}
				return nil
			},
		}),
		auth.Tokens(map[string]auth.Principal{"0123456789abcdef": {Subject: "sue"}}),
	}})
	shown := &x509.Certificate{
		Subject:  pkix.Name{CommonName: "deployer", OrganizationalUnit: []string{"operators"}},
		NotAfter: time.Now().Add(time.Hour),
	}
	p, err := provider.Verify(context.Background(), &auth.Request{Certificates: []*x509.Certificate{shown}})
	fmt.Println(p.Issuer, p.Subject, p.Scopes, err)
	p, err = provider.Verify(context.Background(), &auth.Request{Token: "0123456789abcdef"})
	fmt.Println(p.Subject, err)
	// Output:
	// mesh CN=deployer [admin] <nil>
	// sue <nil>
}
