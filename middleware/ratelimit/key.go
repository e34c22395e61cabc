package ratelimit

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/internal/caller"
)

// ByPrincipal counts each caller: the principal, and for anonymous callers the address, as ByIP. It is the default.
func ByPrincipal(c *fastmcp.Context) string { return caller.Principal(c) }

// ByIP counts each address: an IPv4 address, or the first 64 bits of an IPv6 address, since who has one of them has all
// that begin so. Behind a proxy set HTTPConfig.TrustedProxies, or all callers have the proxy's. Over stdio there is one
// caller.
func ByIP(c *fastmcp.Context) string { return caller.IP(c) }

// BySession counts each session. Requests without one, as all of 2026-07-28, are counted as by ByPrincipal: a caller can
// have many sessions, so that this alone bounds nobody who wants more.
func BySession(c *fastmcp.Context) string { return caller.Session(c) }

// ByTool counts each tool, for all callers together, and each of the other methods.
func ByTool(c *fastmcp.Context) string { return caller.Tool(c) }

// maxKey is how long a key is kept as it is, in bytes: callers may choose how long theirs are.
const maxKey = 128

// bounded is a key of bounded length.
func bounded(key string) string {
	if len(key) <= maxKey {
		return key
	}
	return "sha256:" + digest(key)
}

// digest is a name of 22 characters for any text.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
