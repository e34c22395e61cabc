package concurrency

import (
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/internal/caller"
)

// Config is what New bounds. What its zero value means stands beside each field.
type Config struct {
	// Next lets a request through without counting it, when it returns true. Default: none.
	Next func(*fastmcp.Context) bool
	// Max is how many run at once, for each key. Default, for 0: 10.
	Max int
	// MaxWaiting is how many wait until they may run, for each key; those beyond are turned down at once. Default, for 0:
	// four times Max. Below 0: none wait.
	MaxWaiting int
	// Wait is how long each of them waits. Default, for 0: 4 s, which is below fastmcp.Config.StreamAfter: an answer that
	// has become a stream is too late for a 429, and is a JSON-RPC error in the stream.
	Wait time.Duration
	// Key tells what a request counts for. ByPrincipal, ByIP, BySession and ByTool are ready-made. "" is a key like any other:
	// a Key that is always "" bounds all together. Default: ByPrincipal.
	Key func(*fastmcp.Context) string
	// Methods are those that count. Default: those that run the App's functions: "tools/call", "resources/read",
	// "prompts/get" and "completion/complete". A subscriptions/listen would keep its place for as long as it is open.
	Methods []string
	// LimitReached answers a request that is turned down, in place of the errors that New describes: what it returns is the
	// error, and nil is what it has set by Context.SetResult. Default: those errors.
	LimitReached func(*fastmcp.Context) error
}

// ConfigDefault is what New without a Config uses.
var ConfigDefault = Config{
	Max: 10, MaxWaiting: 40, Wait: 4 * time.Second, Key: ByPrincipal,
	Methods: []string{"tools/call", "resources/read", "prompts/get", "completion/complete"},
}

// ByPrincipal bounds each caller: the principal, and for anonymous callers the address, as ByIP. It is the default.
func ByPrincipal(c *fastmcp.Context) string { return caller.Principal(c) }

// ByIP bounds each address: an IPv4 address, or the first 64 bits of an IPv6 address.
func ByIP(c *fastmcp.Context) string { return caller.IP(c) }

// BySession bounds each session. Requests without one, as all of 2026-07-28, are bounded as by ByPrincipal.
func BySession(c *fastmcp.Context) string { return caller.Session(c) }

// ByTool bounds each tool, for all callers together, and each of the other methods.
func ByTool(c *fastmcp.Context) string { return caller.Tool(c) }
