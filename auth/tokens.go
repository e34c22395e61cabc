package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"time"
)

// MinTokenBytes is the shortest token that Tokens takes: 16 characters, some 96 random bits.
const MinTokenBytes = 16

// Tokens verifies static bearer tokens: m has who each stands for. It keeps keyed hashes of them only, so that they are
// found in no heap dump and the time of a look-up says nothing about them. It answers a token that it does not know
// with ErrNotMine, and one whose principal has expired with InvalidToken.
//
// It panics, without naming the token, when m is empty, when a token is shorter than MinTokenBytes or could not be sent
// in an Authorization header, or when a principal has neither Subject, ClientID nor Tenant: such callers could not be
// told apart and would share their sessions.
func Tokens(m map[string]Principal) Verifier { return newTokens(m, time.Now) }

// tokens is what Tokens makes.
type tokens struct {
	now func() time.Time
	// known is found by SHA-256 under a key that is drawn for this instance and never leaves it. Who sends a token
	// cannot know, let alone choose, its hash, so a map's look-up, which is not of constant time, gives nothing away
	// about the tokens in it.
	known map[[sha256.Size]byte]*Principal
	key   [32]byte
}

func newTokens(m map[string]Principal, now func() time.Time) *tokens {
	if len(m) == 0 {
		panic("auth: Tokens: no tokens: nobody could ever call; add one, or leave Auth out")
	}
	t := &tokens{now: now, known: make(map[[sha256.Size]byte]*Principal, len(m))}
	_, _ = rand.Read(t.key[:]) // never fails: crypto/rand ends the program instead
	for token, p := range m {
		checkToken(token, &p)
		p.Scopes, p.Roles, p.Claims = slices.Clone(p.Scopes), slices.Clone(p.Roles), maps.Clone(p.Claims)
		t.known[t.hash(token)] = &p
	}
	return t
}

// checkToken panics when token or p cannot be used. Its text must not have the token: it ends up in logs.
func checkToken(token string, p *Principal) {
	switch {
	case !p.identified():
		panic("auth: Tokens: a principal has neither Subject, ClientID nor Tenant: set one, so that its sessions are its own")
	case len(token) < MinTokenBytes || len(token) > MaxTokenBytes:
		panic(fmt.Sprintf("auth: Tokens: the token of subject %q has %d characters: use %d to %d, random ones", p.Subject, len(token), MinTokenBytes, MaxTokenBytes))
	case !isB64Token(token):
		panic(fmt.Sprintf("auth: Tokens: the token of subject %q has characters that no Authorization header can carry: use letters, digits and -._~+/", p.Subject))
	}
}

// Verify implements Verifier.
func (t *tokens) Verify(_ context.Context, r *Request) (*Principal, error) {
	if r.Token == "" {
		return nil, ErrNoCredentials
	}
	p := t.known[t.hash(r.Token)]
	switch {
	case p == nil:
		return nil, ErrNotMine
	case !p.ExpiresAt.IsZero() && p.Expired(t.now()):
		return nil, expired()
	}
	return p, nil
}

// hash is SHA-256 of the key and the token: as the hash never leaves, nobody can go on from it to that of a longer token,
// which is what HMAC is for, at four times the price.
func (t *tokens) hash(token string) [sha256.Size]byte {
	var room [256]byte
	b := append(append(room[:0], t.key[:]...), token...)
	sum := sha256.Sum256(b)
	clear(b)
	return sum
}

// expired is what a caller with old credentials is told.
func expired() *Error {
	return &Error{Code: InvalidToken, Description: "The access token has expired"}
}
