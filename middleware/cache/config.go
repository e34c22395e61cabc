package cache

import (
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// Config is what is cached, for how long and for whom. What its zero value means stands beside each field. Negative values
// panic in New.
type Config struct {
	// Next skips the cache for a request when it returns true. Default: none is skipped.
	Next func(*fastmcp.Context) bool
	// TTL is how long a result is kept; a resource's own CacheHint.TTL makes it shorter. At least 1 ms. Default: 1 min.
	TTL time.Duration
	// Tools are names of tools that are cached although their annotations do not say ReadOnlyHint, with the prefixes of
	// their groups. Default: none.
	Tools []string
	// View is who gets the same answer: callers for whom it returns the same string. Default: each principal, with its
	// scopes and roles, is by itself; anonymous callers are by their session, and those without one are all the same. A tool
	// that looks at more than arguments and principal (a claim, a header, the session's state) needs a View that has it.
	View func(*fastmcp.Context) string
	// Public has everybody get the same answer. It is a promise: no tool and no resource that is cached looks at who asks,
	// nor embeds what not everybody may read. Default: off, see View.
	Public bool
	// MaxItem bounds what is kept of one call, in bytes; what is larger is answered and not kept. Arguments that are larger
	// are not looked up. Default: 256 KiB.
	MaxItem int
	// MaxBytes bounds what one node puts into the store and keeps there, in bytes, 512 for each result included. What comes
	// when it is reached is answered and not kept. Default: 64 MiB.
	MaxBytes int
	// MaxFlights bounds how many different calls run on a node with others waiting for them; calls beyond it run for
	// themselves. Default: 1,024.
	MaxFlights int
	// Wait bounds how long a call waits for another that is the same, before it runs by itself. Default: 30 s.
	Wait time.Duration
	// StoreTimeout bounds how long the store may take for one step. A store that does not answer is a cache that is empty; it
	// is logged once, until it answers again. Default: 500 ms.
	StoreTimeout time.Duration
	// Clock is the time, for tests. Default: time.Now.
	Clock func() time.Time
}

// ConfigDefault is what New does by itself.
var ConfigDefault = Config{
	TTL: time.Minute, MaxItem: 256 << 10, MaxBytes: 64 << 20, MaxFlights: 1024, Wait: 30 * time.Second,
	StoreTimeout: 500 * time.Millisecond, Clock: time.Now,
}

func (c *Config) complete() {
	d := ConfigDefault
	for _, field := range []struct {
		name        string
		value       *time.Duration
		least, zero time.Duration
	}{{"TTL", &c.TTL, time.Millisecond, d.TTL}, {"Wait", &c.Wait, 1, d.Wait}, {"StoreTimeout", &c.StoreTimeout, 1, d.StoreTimeout}} {
		if *field.value == 0 {
			*field.value = field.zero
		}
		if *field.value < field.least {
			panic(fmt.Sprintf("cache: Config.%s is %s: give it at least %s, or 0 for %s; to cache nothing, leave the middleware out",
				field.name, *field.value, field.least, field.zero))
		}
	}
	for _, field := range []struct {
		name  string
		value *int
		zero  int
	}{{"MaxItem", &c.MaxItem, d.MaxItem}, {"MaxBytes", &c.MaxBytes, d.MaxBytes}, {"MaxFlights", &c.MaxFlights, d.MaxFlights}} {
		if *field.value == 0 {
			*field.value = field.zero
		}
		if *field.value < 0 {
			panic(fmt.Sprintf("cache: Config.%s is %d: it cannot be negative; 0 is %d", field.name, *field.value, field.zero))
		}
	}
	if c.Public && c.View != nil {
		panic("cache: Config has Public and View: Public is one view for all, so leave one of them out")
	}
	if c.Clock == nil {
		c.Clock = d.Clock
	}
}
