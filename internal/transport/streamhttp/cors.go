package streamhttp

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/fastmcp-go/fastmcp/protocol"
)

// What a page needs of CORS to be a client (https://fetch.spec.whatwg.org/#http-cors-protocol). ExposedHeaders are those of
// answers that it may read, AllowedMethods and allowedHeaders what it may send.
const (
	ExposedHeaders = "Mcp-Session-Id, WWW-Authenticate, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
	AllowedMethods = "GET, POST, DELETE"
	allowedHeaders = "Content-Type, Accept, Authorization, Mcp-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, Last-Event-ID"
)

// CORSAnswered is what a host's middleware stores in the request, under itself, when it has set the headers of CORS: the
// Handler then sets none, so that they do not differ. Who may ask is decided by the Handler all the same.
type CORSAnswered struct{}

// AllowedHeaders are the headers that a page may send, for one that asks for some. A wildcard does not cover Authorization,
// and Mcp-Param-* are headers without a list: what is asked for is named.
func AllowedHeaders(requested string) string {
	allowed := allowedHeaders
	for name := range strings.SplitSeq(requested, ",") {
		name = strings.TrimSpace(name)
		if len(name) > len(protocol.HeaderParamPrefix) && strings.EqualFold(name[:len(protocol.HeaderParamPrefix)], protocol.HeaderParamPrefix) && IsToken(name) {
			allowed += ", " + name
		}
	}
	return allowed
}

// AdmitsOrigin tells that pages of an origin may ask. local gives the address that the request came in on, where it is
// needed.
func (h *Handler) AdmitsOrigin(origin string, local func() netip.Addr) bool {
	return h.gate.admitsOrigin(origin, local)
}

// AdmitsHost tells that the server answers to the name that is asked for, or that it is an address: no page has one of a name
// that was bound anew (DNS rebinding).
func (h *Handler) AdmitsHost(x Exchange) bool {
	if h.gate.host(x) {
		return true
	}
	_, err := netip.ParseAddr(hostname(x.Host()))
	return err == nil
}

// Origins is Config.Origins.
func (h *Handler) Origins() []string { return slices.Clone(h.config.Origins) }

// MatchOrigin tells that an origin is one of a pattern: "*", or scheme, host and port, where the host may begin with "*.".
func MatchOrigin(pattern, origin string) bool { return pattern == "*" || matchOrigin(pattern, origin) }

// allowOrigin lets the page that asks read the answer. Its Origin has been admitted.
func allowOrigin(x Exchange, origin string) {
	if x.Value(CORSAnswered{}) != nil {
		return
	}
	x.SetHeader("Access-Control-Allow-Origin", origin)
	x.SetHeader("Access-Control-Expose-Headers", ExposedHeaders)
	x.SetHeader("Vary", "Origin")
}

// preflight answers a browser that asks before it sends. It comes before authentication, because it carries none.
func preflight(x Exchange) {
	x.SetHeader("Access-Control-Allow-Methods", AllowedMethods)
	x.SetHeader("Access-Control-Allow-Headers", AllowedHeaders(x.Header("Access-Control-Request-Headers")))
	x.SetHeader("Access-Control-Max-Age", "7200")
	x.Answer(204, "", nil)
}

// IsToken tells that name can be a header's (RFC 9110, 5.6.2).
func IsToken(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return name != ""
}
