package auth

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
)

func uriOf(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestCertificateSubject(t *testing.T) {
	common := pkix.Name{CommonName: "by-name"}
	for name, c := range map[string]struct {
		cert *x509.Certificate
		want string
	}{
		"SPIFFE":           {&x509.Certificate{URIs: []*url.URL{uriOf(t, "https://a.example"), uriOf(t, "spiffe://example.org/agent")}, DNSNames: []string{"a.example"}, Subject: common}, "spiffe://example.org/agent"},
		"URI":              {&x509.Certificate{URIs: []*url.URL{uriOf(t, "urn:agent:7")}, DNSNames: []string{"a.example"}}, "urn:agent:7"},
		"DNS":              {&x509.Certificate{DNSNames: []string{"a.example", "b.example"}, EmailAddresses: []string{"a@example.org"}, Subject: common}, "a.example"},
		"mail":             {&x509.Certificate{EmailAddresses: []string{"a@example.org"}, Subject: common}, "a@example.org"},
		"common name":      {&x509.Certificate{Subject: common}, "CN=by-name"},
		"an empty DNSName": {&x509.Certificate{DNSNames: []string{""}, Subject: common}, "CN=by-name"},
	} {
		end := time.Unix(5000, 0)
		c.cert.NotAfter = end
		root := &x509.Certificate{RawSubjectPublicKeyInfo: []byte("root")}
		p, err := Certificate().Verify(t.Context(), &Request{Certificates: []*x509.Certificate{c.cert, root}})
		if err != nil || p.Subject != c.want || !p.ExpiresAt.Equal(end) || !strings.HasPrefix(p.Issuer, "x509:") || len(p.Issuer) != 5+64 {
			t.Errorf("%s: %+v, %v; want %s", name, p, err, c.want)
		}
	}
}

// Two authorities that name the same subject vouch for two callers, unless they are told to be one.
func TestCertificateIssuer(t *testing.T) {
	leaf := &x509.Certificate{DNSNames: []string{"a.example"}}
	key := func(v Verifier, root string) string {
		t.Helper()
		p, err := v.Verify(t.Context(), &Request{Certificates: []*x509.Certificate{leaf, {RawSubjectPublicKeyInfo: []byte(root)}}})
		if err != nil {
			t.Fatal(err)
		}
		return p.Key()
	}
	first := key(Certificate(), "one")
	if v := Certificate(); first == key(v, "two") || first != key(v, "one") {
		t.Error("callers are not told apart by who vouches for them")
	}
	if v := Certificate(CertificateConfig{Issuer: "mesh"}); key(v, "one") != key(v, "two") {
		t.Error("with one issuer, callers have several keys")
	}
}

func TestCertificateRefuses(t *testing.T) {
	if _, err := Certificate().Verify(t.Context(), &Request{Token: goodToken}); !errors.Is(err, ErrNoCredentials) {
		t.Errorf("no certificate: %v", err)
	}
	nobody := []*x509.Certificate{{}}
	if _, err := Certificate().Verify(t.Context(), &Request{Certificates: nobody}); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("a certificate that names nobody: %v", err)
	}
	revoked := errors.New("revoked")
	v := Certificate(CertificateConfig{Principal: func(context.Context, []*x509.Certificate, *Principal) error { return revoked }})
	if _, err := v.Verify(t.Context(), &Request{Certificates: nobody}); !errors.Is(err, revoked) {
		t.Errorf("turned away: %v", err)
	}
}

// What Principal changes is one caller's.
func TestCertificatePrincipal(t *testing.T) {
	v := Certificate(CertificateConfig{
		Scopes: []string{"read"},
		Principal: func(_ context.Context, chain []*x509.Certificate, p *Principal) error {
			if units := chain[0].Subject.OrganizationalUnit; len(units) > 0 {
				p.Tenant, p.Scopes[0] = units[0], "write"
			}
			return nil
		},
	})
	for range 2 {
		for unit, scope := range map[string]string{"ops": "write", "": "read"} {
			c := &x509.Certificate{DNSNames: []string{"a.example"}}
			if unit != "" {
				c.Subject.OrganizationalUnit = []string{unit}
			}
			p, err := v.Verify(t.Context(), &Request{Certificates: []*x509.Certificate{c}})
			if err != nil || p.Tenant != unit || len(p.Scopes) != 1 || !p.HasScope(scope) {
				t.Errorf("%q: %+v, %v", unit, p, err)
			}
		}
	}
}

func TestCertificateInAProvider(t *testing.T) {
	now := time.Unix(1000, 0)
	p := New(Config{Verifiers: []Verifier{Certificate(), Tokens(map[string]Principal{goodToken: {Subject: "sue"}})}, Now: func() time.Time { return now }})
	cert := func(end time.Time) []*x509.Certificate {
		return []*x509.Certificate{{DNSNames: []string{"a.example"}, NotAfter: end}}
	}
	if who, err := p.Verify(t.Context(), &Request{Certificates: cert(now.Add(time.Second))}); err != nil || who.Subject != "a.example" {
		t.Errorf("%+v, %v", who, err)
	}
	// A connection may outlive the certificate that it was opened with.
	if _, err := p.Verify(t.Context(), &Request{Certificates: cert(now)}); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("expired: %v", err)
	}
	if who, err := p.Verify(t.Context(), &Request{Token: goodToken}); err != nil || who.Subject != "sue" {
		t.Errorf("a token instead: %+v, %v", who, err)
	}
}

func TestCertificateMistakes(t *testing.T) {
	defer func() {
		if v, _ := recover().(string); !strings.Contains(v, "Certificate: Scopes") {
			t.Errorf("%v", v)
		}
	}()
	Certificate(CertificateConfig{Scopes: []string{"two words"}})
}
