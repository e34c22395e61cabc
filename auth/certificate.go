package auth

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// CertificateConfig is what Certificate makes of a client's certificate. Every field is optional.
type CertificateConfig struct {
	// Issuer is the Principal's Issuer. Set it to one name to have callers stay who they are when the authority gets another
	// key; then all authorities that the server trusts vouch for the same callers. Default: "x509:" and the SHA-256, in
	// hex, of the public key of the root that vouches, so that two authorities cannot each name the other's callers.
	Issuer string
	// Scopes are what every caller with a certificate may do. Default: none.
	Scopes []string
	// Principal changes what is made of a certificate, as by its organisational unit: scopes, roles, a tenant, or the
	// subject. chain is the verified chain, the client's own certificate first; it must not be changed. An error turns the
	// caller away, by the rules of [Verifier]. Default: nothing is changed.
	Principal func(ctx context.Context, chain []*x509.Certificate, p *Principal) error
}

// Certificate verifies callers by the certificate that they have shown in the TLS handshake (mutual TLS), which has then
// been checked for its authority, its time and its use. The Subject is the first that there is of
//   - a URI among its alternative names, and of several that of SPIFFE ("spiffe://example.org/agent"),
//   - a DNS name,
//   - a mail address,
//   - the common name, with "CN=" before it, as no authority is bound in what it writes there.
//
// ExpiresAt is the end of the certificate. A caller without a certificate has no credentials for it; the next verifier is
// asked. A certificate that names nobody is invalid.
func Certificate(config ...CertificateConfig) Verifier {
	c := CertificateConfig{}
	if len(config) > 0 {
		c = config[0]
	}
	checkScopes("Certificate: Scopes", c.Scopes)
	c.Scopes = slices.Clone(c.Scopes)
	return &certificates{c}
}

// certificates is what Certificate makes.
type certificates struct{ config CertificateConfig }

// Verify implements Verifier.
func (v *certificates) Verify(ctx context.Context, r *Request) (*Principal, error) {
	if len(r.Certificates) == 0 {
		return nil, ErrNoCredentials
	}
	leaf, root := r.Certificates[0], r.Certificates[len(r.Certificates)-1]
	p := &Principal{Issuer: v.config.Issuer, Subject: subjectOf(leaf), Scopes: v.config.Scopes, ExpiresAt: leaf.NotAfter}
	if p.Issuer == "" {
		sum := sha256.Sum256(root.RawSubjectPublicKeyInfo)
		p.Issuer = "x509:" + hex.EncodeToString(sum[:])
	}
	if v.config.Principal != nil {
		p.Scopes = slices.Clone(p.Scopes) // it may be changed, and is everybody's
		if err := v.config.Principal(ctx, r.Certificates, p); err != nil {
			return nil, err
		}
	}
	if !p.identified() {
		return nil, &Error{Code: InvalidToken, Description: "The certificate names nobody",
			Cause: errors.New("the client's certificate has neither a URI, a DNS name, a mail address nor a common name")}
	}
	return p, nil
}

// subjectOf is whom a certificate names.
func subjectOf(c *x509.Certificate) string {
	for _, u := range c.URIs {
		if strings.EqualFold(u.Scheme, "spiffe") {
			return u.String()
		}
	}
	for _, names := range [][]string{uris(c), c.DNSNames, c.EmailAddresses} {
		for _, name := range names {
			if name != "" {
				return name
			}
		}
	}
	if c.Subject.CommonName != "" {
		return commonName + c.Subject.CommonName
	}
	return ""
}

// commonName marks a subject that is one: the names that a CA may vouch for do not bound it (RFC 5280, 4.2.1.10), so it must
// not pass for another.
const commonName = "CN="

func uris(c *x509.Certificate) (all []string) {
	for _, u := range c.URIs {
		all = append(all, u.String())
	}
	return all
}
