package tenant

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// Config is how tenants are kept. Every field is optional; what its zero value means stands beside it.
type Config struct {
	// Storage keeps which token has which plan: the same that the host has as its Config.Storage. Host sees to that.
	// Default: the memory of the process.
	Storage store.Storage
	// Pepper keys the hashes of tokens (HMAC-SHA256), so that who reads the store cannot even try guesses. All nodes must
	// have the same 16 bytes or more, for as long as the tokens are good. Default: none, which is enough for tokens that are
	// random, as those of NewToken are.
	Pepper []byte
	// Limits hold for each tenant whose plan or token has no others. Default: none.
	Limits Limits
	// On is told what happens.
	On Events
	// Log is the operator's log. Default: slog.Default().
	Log *slog.Logger

	// MaxServers bounds the servers that are kept built, on this node. Beyond it the one that has been idle longest is shut
	// down; when all are busy, the next tenant is answered 503. Default: 1,000.
	MaxServers int
	// IdleTTL is how long a server is kept that nobody uses. Its sessions stay, and a new one goes on with them. Default:
	// 30 min; negative: for ever.
	IdleTTL time.Duration
	// DrainTimeout is how long the running calls of a server may take to end when another takes its place, before they are
	// cancelled. Default: 30 s.
	DrainTimeout time.Duration
	// BuildTimeout is how long a call waits for its server to be built. Default: 10 s.
	BuildTimeout time.Duration
	// RetryAfter is how long a factory that has failed is not asked again; it doubles with each further failure, up to
	// MaxRetryAfter. Defaults: 1 s and 1 min.
	RetryAfter, MaxRetryAfter time.Duration

	// CacheTTL is how long this node believes what it knows of a token, unless it is told of a change. Default, and most:
	// 10 s.
	CacheTTL time.Duration
	// UnknownTTL is how long it remembers that a token is none, and MaxUnknown how many such tokens. Defaults: 5 s, at most
	// CacheTTL, and 10,000.
	UnknownTTL time.Duration
	MaxUnknown int
	// MaxLookups bounds how often a second a shared store is asked for tokens that this node does not know, and
	// MaxLookupsPerIP how often for one address. Beyond it such callers are answered 503: their token may be good. Tokens
	// that are in use are not held up. Defaults: 500 and 50.
	MaxLookups, MaxLookupsPerIP int

	// Now tells the time. Default: time.Now.
	Now func() time.Time
}

// ConfigDefault is what New without a Config uses.
var ConfigDefault = Config{
	MaxServers: 1000, IdleTTL: 30 * time.Minute, DrainTimeout: 30 * time.Second, BuildTimeout: 10 * time.Second,
	RetryAfter: time.Second, MaxRetryAfter: time.Minute,
	CacheTTL: maxCacheTTL, UnknownTTL: 5 * time.Second, MaxUnknown: 10_000, MaxLookups: 500, MaxLookupsPerIP: 50,
	Now: time.Now,
}

const (
	// maxCacheTTL is how long a token may still work on a node that has not heard that it was removed.
	maxCacheTTL = 10 * time.Second
	// minPepper is 128 bits.
	minPepper = 16
	// storeTimeout is how long a store may take that is asked on nobody's behalf.
	storeTimeout = 3 * time.Second
)

// withDefaults panics about what cannot work, with the cure.
func (c Config) withDefaults() Config {
	d := ConfigDefault
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = d.Now
	}
	if n := len(c.Pepper); n > 0 && n < minPepper {
		panic(fmt.Sprintf("tenant: Config.Pepper has %d bytes: use %d random ones or more, or leave it out", n, minPepper))
	}
	if err := c.Limits.check(); err != nil {
		panic(fmt.Errorf("tenant: Config.Limits: %w", err))
	}
	for _, f := range []struct {
		name  string
		field *int
		value int
	}{
		{"MaxServers", &c.MaxServers, d.MaxServers}, {"MaxUnknown", &c.MaxUnknown, d.MaxUnknown},
		{"MaxLookups", &c.MaxLookups, d.MaxLookups}, {"MaxLookupsPerIP", &c.MaxLookupsPerIP, d.MaxLookupsPerIP},
	} {
		setDefault(f.name, f.field, f.value)
	}
	if c.IdleTTL < 0 {
		c.IdleTTL = 1<<63 - 1
	}
	for _, f := range []struct {
		name  string
		field *time.Duration
		value time.Duration
	}{
		{"IdleTTL", &c.IdleTTL, d.IdleTTL}, {"DrainTimeout", &c.DrainTimeout, d.DrainTimeout}, {"BuildTimeout", &c.BuildTimeout, d.BuildTimeout},
		{"RetryAfter", &c.RetryAfter, d.RetryAfter}, {"MaxRetryAfter", &c.MaxRetryAfter, max(d.MaxRetryAfter, c.RetryAfter)},
		{"CacheTTL", &c.CacheTTL, d.CacheTTL}, {"UnknownTTL", &c.UnknownTTL, d.UnknownTTL},
	} {
		setDefault(f.name, f.field, f.value)
	}
	if c.CacheTTL > maxCacheTTL {
		panic(fmt.Sprintf("tenant: Config.CacheTTL is %s: a removed token would work for so long on a node that has missed the news; use %s at most", c.CacheTTL, maxCacheTTL))
	}
	c.UnknownTTL = min(c.UnknownTTL, c.CacheTTL)
	return c
}

func setDefault[T int | time.Duration](name string, field *T, value T) {
	switch {
	case *field < 0:
		panic(fmt.Sprintf("tenant: Config.%s is %v: use a positive value, or leave it out for %v", name, *field, value))
	case *field == 0:
		*field = value
	}
}
