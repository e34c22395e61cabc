package auth

import (
	"context"
	"net/netip"
)

// Endpoint is an HTTP endpoint in no library's terms: Fiber, net/http and Workers serve it.
type Endpoint struct {
	// Method is GET, POST, ...; a host answers HEAD as GET without a body.
	Method string
	// Path is absolute and matched exactly: well-known documents live at the root of the origin, not under the prefix
	// at which an App is mounted (RFC 8615).
	Path string
	// Serve answers. It is called from any goroutine, and the request's bytes are not its to keep.
	Serve func(ctx context.Context, r *HTTPRequest) *HTTPResponse
}

// HTTPRequest is what an Endpoint is asked.
type HTTPRequest struct {
	// Method is GET, POST, ...; RawQuery is what follows the path's question mark, as it was sent.
	Method, Path, RawQuery string
	// Header has canonical names, as textproto.CanonicalMIMEHeaderKey gives them.
	Header map[string][]string
	Body   []byte
	// IP is the client's address; behind a trusted proxy the one that the proxy tells.
	IP netip.Addr
}

// HTTPResponse is what an Endpoint answers. The host sends it and changes nothing in it: it may be shared.
type HTTPResponse struct {
	Status int
	Header map[string][]string
	Body   []byte
}

// Provider is what an App's Config.Auth takes.
type Provider interface {
	// Verify says who is calling. The principal is nil without an error when anonymous callers are welcome.
	Verifier
	// Endpoints are what the host serves beside the MCP endpoint, without authentication.
	Endpoints() []Endpoint
	// Challenge is how a caller is turned away: the HTTP status and, unless it is "", the value of WWW-Authenticate.
	// err is what Verify returned, or ErrNoCredentials or ErrInsufficientScope when a guard has decided; scopes are
	// what the request needs, nil when only Verify has spoken. A nil err is ErrInsufficientScope when there are
	// scopes and ErrNoCredentials when there are none.
	Challenge(err error, scopes []string) (status int, wwwAuthenticate string)
}
