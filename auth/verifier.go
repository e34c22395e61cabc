package auth

import (
	"context"
	"crypto/x509"
	"net/netip"
)

// Request is what a verifier may look at; no HTTP library is in its type.
type Request struct {
	// Token is the token of an `Authorization: Bearer` header, "" when there was none. It is a secret: keep it out of
	// logs and errors.
	Token string
	// Header is a request header's first value, "" when absent. It is never nil in a Request that a Provider passes
	// on to its verifiers.
	Header func(name string) string
	// IP is the client's address; behind a trusted proxy the one that the proxy tells.
	IP netip.Addr
	// Path is the request's path, without its query.
	Path string
	// Certificates are the chain of the client's TLS certificate, as the handshake has verified it: the client's own first,
	// its root last. nil when it has shown none, or none that was asked for.
	Certificates []*x509.Certificate
}

// Verifier finds out who is calling. Verify is called for every request, from any goroutine, and returns either a
// principal or an error:
//   - [ErrNoCredentials]: the request has nothing that this verifier looks for;
//   - [ErrNotMine]: it has, but they are not this verifier's to judge: the next one is asked;
//   - an [*Error], which says how to turn the caller away; nobody else is asked;
//   - any other error: the credentials are invalid. What it says is for the log and never reaches the caller. An error
//     that is a timeout (a Timeout method that says true, as context.DeadlineExceeded has) is told as 503 instead, so
//     that clients do not throw away a good token because the issuer does not answer.
type Verifier interface {
	Verify(ctx context.Context, r *Request) (*Principal, error)
}

// VerifierFunc is a function as a Verifier.
type VerifierFunc func(ctx context.Context, r *Request) (*Principal, error)

// Verify calls f.
func (f VerifierFunc) Verify(ctx context.Context, r *Request) (*Principal, error) { return f(ctx, r) }

// Authenticate makes a Verifier of a function of one's own: an API key in a header, a call to another service. fn
// follows the rules of [Verifier]; if it returns neither a principal nor an error it is taken to have found no
// credentials. It panics when fn is nil.
func Authenticate(fn func(ctx context.Context, r *Request) (*Principal, error)) Verifier {
	if fn == nil {
		panic("auth: Authenticate: fn is nil: pass a function that returns who is calling")
	}
	return VerifierFunc(func(ctx context.Context, r *Request) (*Principal, error) {
		p, err := fn(ctx, r)
		if p == nil && err == nil {
			return nil, ErrNoCredentials
		}
		return p, err
	})
}

// AuthorizationServers is what a Verifier may also be: it then names the issuers of the tokens that it accepts, and
// [New] tells clients where to get one (RFC 9728 section 2) without their being repeated in Config.
type AuthorizationServers interface {
	AuthorizationServers() []string
}
