package responselimit

import (
	"fmt"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// Config is what is too large, and what becomes of it. What its zero value means stands beside each field. Wrong values panic
// in New.
type Config struct {
	// Next skips the middleware for a request when it returns true. Default: none is skipped.
	Next func(*fastmcp.Context) bool
	// App is where what is too large can be read: a template of resources is added to it. It must be set.
	App *fastmcp.App
	// MaxBytes is how large a result may be, in bytes of JSON, without what the call has streamed before it. At least 1 KiB.
	// Default: 256 KiB.
	MaxBytes int
	// MaxItem bounds what is kept of one result, in bytes. A larger one is an error for the model. Default: 16 MiB.
	MaxItem int
	// MaxTotal bounds what one node keeps at a time, in bytes, 512 for each result included. When it is reached, a result that
	// is too large is an error for the model. Default: 64 MiB.
	MaxTotal int
	// TTL is how long a result can be read. At least 1 s. Default: 15 min.
	TTL time.Duration
	// Preview is how much of a text stands in the answer, in bytes; in JSON it is never more than half of MaxBytes. Default:
	// 1 KiB; negative: nothing.
	Preview int
	// KeepStructured lets the results of tools with an output schema pass, whatever their size. Default: they become errors
	// for the model that say where the result can be read, because a result that is none must have all of its structured
	// content.
	KeepStructured bool
	// Scheme is that of the URIs, whose template is Scheme://{id}. Two middlewares of one App need two. Default: "result".
	Scheme string
	// StoreTimeout bounds how long the store may take to keep or to give a result. Default: 5 s.
	StoreTimeout time.Duration
	// Clock is the time, for tests. Default: time.Now.
	Clock func() time.Time
}

// ConfigDefault is what New does by itself, but for App.
var ConfigDefault = Config{
	MaxBytes: 256 << 10, MaxItem: 16 << 20, MaxTotal: 64 << 20, TTL: 15 * time.Minute, Preview: 1 << 10, Scheme: "result",
	StoreTimeout: 5 * time.Second, Clock: time.Now,
}

const (
	leastBytes = 1 << 10
	leastTTL   = time.Second
)

func (c *Config) complete() {
	if c.App == nil {
		panic("responselimit: Config.App is not set: give it the App that the middleware is for, so that results can be read there")
	}
	d := ConfigDefault
	fallback(&c.MaxBytes, d.MaxBytes)
	fallback(&c.MaxItem, d.MaxItem)
	fallback(&c.MaxTotal, d.MaxTotal)
	fallback(&c.TTL, d.TTL)
	fallback(&c.Preview, d.Preview)
	fallback(&c.Scheme, d.Scheme)
	fallback(&c.StoreTimeout, d.StoreTimeout)
	if c.Clock == nil {
		c.Clock = d.Clock
	}
	switch {
	case c.MaxBytes < leastBytes:
		panic(fmt.Sprintf("responselimit: Config.MaxBytes is %d: give it at least %d, which is room for the link and what is said of it", c.MaxBytes, leastBytes))
	case c.MaxItem < c.MaxBytes:
		panic(fmt.Sprintf("responselimit: Config.MaxItem is %d, and MaxBytes %d: what is too large to be answered must be small enough to be kept", c.MaxItem, c.MaxBytes))
	case c.MaxTotal < c.MaxItem:
		panic(fmt.Sprintf("responselimit: Config.MaxTotal is %d, and MaxItem %d: it must have room for one at least", c.MaxTotal, c.MaxItem))
	case c.TTL < leastTTL:
		panic(fmt.Sprintf("responselimit: Config.TTL is %s: give it at least %s, or nobody can read in time", c.TTL, leastTTL))
	case c.StoreTimeout < 0:
		panic(fmt.Sprintf("responselimit: Config.StoreTimeout is %s: it cannot be negative; 0 is %s", c.StoreTimeout, d.StoreTimeout))
	case strings.Trim(c.Scheme, "abcdefghijklmnopqrstuvwxyz0123456789+-.") != "" || c.Scheme[0] < 'a' || c.Scheme[0] > 'z':
		panic(fmt.Sprintf("responselimit: Config.Scheme is %q: a scheme is a lower case letter, and letters, digits, + - and . (RFC 3986, 3.1)", c.Scheme))
	}
}

func fallback[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
