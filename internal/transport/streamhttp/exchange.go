package streamhttp

import "net/netip"

// Exchange is one HTTP request and its answer on one host: fasthttp, net/http, Workers, Lambda, a test. A host is all
// that knows an HTTP library; everything that MCP decides is decided above it, once.
//
// Serve uses an Exchange from one goroutine, but Header, HeaderValues and Value may be called from any, at any time:
// a handler may keep its Context. After Release they answer as if the request had been empty, unless Keep was called.
type Exchange interface {
	Method() string
	// Path is the request's path without its query.
	Path() string
	// Query is the first value of a query parameter, "" when absent.
	Query(name string) string
	// Header is a request header's first value, trimmed, "" when absent. The string stays valid for ever.
	Header(name string) string
	HeaderValues(name string) []string
	// Host is the request's authority: the Host header.
	Host() string
	// Body is the request's body. It is valid until Serve returns and must not be changed.
	Body() []byte
	// RemoteIP is the client's address; behind a trusted proxy the one that the proxy tells.
	RemoteIP() netip.Addr
	// LocalIP is the address that the client connected to; not valid when the host does not know.
	LocalIP() netip.Addr
	// Value is what the host's own middleware stored under key in the request.
	Value(key any) any

	// SetHeader sets a header of the answer. It must come before Answer and Stream.
	SetHeader(name, value string)
	// Answer sends a whole answer. contentType "" sends no body. The host may write body after Serve has returned: it must
	// not change any more. AnswerParts is the same with a body that comes in parts.
	Answer(status int, contentType string, body []byte)
	AnswerParts(status int, contentType string, parts ...[]byte)

	// CanStream tells that Stream works here. Where it does not, an answer is one body.
	CanStream() bool
	// Stream commits status 200 and the headers of an event stream from within the handler, and gives its body. The
	// headers leave with the first Write, even an empty one.
	Stream() (Body, error)
	// OnGone calls fn, once and on another goroutine, when the client has gone away while the exchange is served, if
	// the host can see that without writing. stop ends the watch, waits for it, and must be called before Serve
	// returns; it is nil when the host cannot watch.
	OnGone(fn func()) (stop func())

	// Keep copies what the exchange knows of the request, so that it stays readable after Release.
	Keep()
	// Release is called when Serve is done with the request.
	Release()
}

// Body is the open answer of a stream. Its methods may be called from any goroutine, one at a time.
type Body interface {
	// Write sends whole events, p, at once. It blocks at most for the host's write timeout; an error means that the
	// client is gone or too slow, and the connection is of no more use.
	Write(p []byte) error
	// Last is Write and then Close, with one write to the connection.
	Last(p []byte) error
	// Park lets the body outlive Serve: the host takes the connection out of its server, and calls gone, once, when
	// the client goes away. It must be called before Serve returns.
	Park(gone func()) error
	// Close ends the body properly. Where it was not parked the connection goes on with the next request, once Serve
	// has returned.
	Close() error
	// Hangup ends the body properly and closes the connection at once: what is left of the exchange has nobody to
	// answer to. The host must not write to the connection after it.
	Hangup() error
}
