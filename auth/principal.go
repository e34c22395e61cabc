package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"log/slog"
	"slices"
	"time"
)

// Principal is who is calling. A nil *Principal is an anonymous caller, and every method takes it. A Principal is
// shared by all that serves its calls, so it is not changed once a verifier has returned it.
type Principal struct {
	// Issuer is who vouches for the caller: the iss of a token, or any fixed name of the verifier. Subjects of
	// different issuers are different callers.
	Issuer string
	// Subject is the caller's id at the issuer: the sub of a token.
	Subject string
	// ClientID is the program that calls on behalf of the subject (RFC 9068 section 2.2).
	ClientID string
	// Tenant is the customer, workspace or organisation on whose behalf the call is made, "" where there is one.
	Tenant string
	// Scopes are what the credentials allow (RFC 6749 section 3.3), compared byte by byte.
	Scopes []string
	// Roles are what the caller is, compared byte by byte.
	Roles []string
	// ExpiresAt is when the credentials stop to count; zero is never. Streams end soon after it.
	ExpiresAt time.Time
	// Claims are whatever else the verifier learned. They take no part in Key.
	Claims map[string]any
}

// Key identifies the caller: sessions, limits, sealed state and caches are bound to it. It is made of issuer, subject,
// client and tenant, so that it stays the same when a token is renewed, across processes and versions. It is "" for an
// anonymous caller and otherwise 43 characters of base64url, whatever the length of its parts.
func (p *Principal) Key() string {
	if p == nil {
		return ""
	}
	// Each part is preceded by its length: no two different principals give the same bytes. They are hashed so that
	// the key has a bounded size and puts nobody's mail address into the key of a store.
	buf := make([]byte, 0, 512)
	for _, part := range [...]string{p.Issuer, p.Subject, p.ClientID, p.Tenant} {
		buf = binary.AppendUvarint(buf, uint64(len(part)))
		buf = append(buf, part...)
	}
	sum := sha256.Sum256(buf)
	var text [43]byte
	base64.RawURLEncoding.Encode(text[:], sum[:])
	return string(text[:])
}

// HasScope tells that the caller's credentials allow scope.
func (p *Principal) HasScope(scope string) bool { return p != nil && slices.Contains(p.Scopes, scope) }

// HasScopes tells that the caller's credentials allow every one of scopes. It is true of no scopes, but for an
// anonymous caller.
func (p *Principal) HasScopes(scopes ...string) bool {
	if p == nil {
		return false
	}
	for _, s := range scopes {
		if !slices.Contains(p.Scopes, s) {
			return false
		}
	}
	return true
}

// HasRole tells that the caller has role.
func (p *Principal) HasRole(role string) bool { return p != nil && slices.Contains(p.Roles, role) }

// Expired tells that the credentials do not count any more at now.
func (p *Principal) Expired(now time.Time) bool {
	return p != nil && !p.ExpiresAt.IsZero() && !now.Before(p.ExpiresAt)
}

// LogValue is what a log learns of a principal: who it is, and none of its claims.
func (p *Principal) LogValue() slog.Value {
	if p == nil {
		return slog.StringValue("anonymous")
	}
	return slog.GroupValue(slog.String("issuer", p.Issuer), slog.String("subject", p.Subject),
		slog.String("client", p.ClientID), slog.String("tenant", p.Tenant))
}

// identified tells that something in p says who it is. Where nothing does, all such callers would have the same Key
// and could take up each other's sessions.
func (p *Principal) identified() bool { return p.Subject != "" || p.ClientID != "" || p.Tenant != "" }
