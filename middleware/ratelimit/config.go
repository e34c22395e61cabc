package ratelimit

import (
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// Config is what New limits. What its zero value means stands beside each field.
type Config struct {
	// Next lets a request through without counting it, when it returns true. Default: none.
	Next func(*fastmcp.Context) bool
	// Rate is how much there may be: "100-M" is 100 in a minute. S is a second, M a minute, H an hour, D a day. At most
	// 1,000,000,000. Default, where there are no Rates either: "100-M".
	Rate string
	// Rates are more of them, with other periods. A request must fit into all. Shorter periods are asked first, and have
	// counted what a longer one then refuses.
	Rates []string
	// Key tells whose request it is: what has the same key is counted together. ByPrincipal, ByIP, BySession and ByTool are
	// ready-made. "" is a key like any other. It must not be a secret. Default: ByPrincipal.
	Key func(*fastmcp.Context) string
	// Weights are what a call of a tool counts, by the tool's name with the prefixes of its groups; 0 is nothing. At most
	// the smallest limit, or it could never be called. Default: everything counts 1.
	Weights map[string]int
	// Methods are those that count, such as "tools/call". Default: all, but for "ping", which keeps a connection alive, and
	// "tasks/cancel", which ends work. initialize counts: it makes a session.
	Methods []string
	// Name is for limits that nodes share: what has the same Name, rate and Key is counted together, wherever it is used.
	// Default: what is used by an App, and by each group, tool, resource and prompt, is apart, and so are limits with
	// different Rates and Methods; limits of one place that differ in nothing but their functions need names. Where nothing is
	// shared, each New counts for itself.
	Name string
	// LimitReached answers a request that is over the limit, in place of the errors that New describes: what it returns is
	// the error, and nil is what it has set by Context.SetResult. Default: those errors.
	LimitReached func(*fastmcp.Context, Limit) error
	// NoHeaders leaves out X-RateLimit-Limit, -Remaining and -Reset. Default: they are set.
	NoHeaders bool
	// MaxKeys is how many keys this process keeps, for each rate. Those that find no room are counted as one, until windows
	// end. A key takes some 300 bytes. Default, also for values below 1: 100,000.
	MaxKeys int
	// StoreTimeout is how long the storage may take to count. Default, also for values below 1: 1 s.
	StoreTimeout time.Duration
}

// ConfigDefault is what New without a Config uses.
var ConfigDefault = Config{Rate: "100-M", Key: ByPrincipal, MaxKeys: 100_000, StoreTimeout: time.Second}

// Limit is how much is left of a rate, for one key.
type Limit struct {
	// Rate is the rate, as in "100-M".
	Rate string
	// Limit is how much there may be in a window, Remaining how much is left.
	Limit, Remaining int64
	// Reset is when the window ends.
	Reset time.Time
	// RetryAfter is how long that takes; at least 1 ms.
	RetryAfter time.Duration
}
