package fastmcp

import (
	"fmt"
	"strconv"
	"time"
)

// CacheConfig is how long clients of 2026-07-28 may keep what they ask for again and again (SEP-2549). Each is 0 by
// default, stale at once, and is told in milliseconds, rounded down. A list that has something with a guard in it is its
// caller's alone; others may be kept by proxies, for everybody. Older revisions are told nothing. New panics when one
// is negative.
//
// It is a promise about time only: a client that listens is told of changes at once, whatever it may keep.
type CacheConfig struct {
	// Discover is for what the server says of itself (server/discover).
	Discover time.Duration
	// Tools, Prompts, Resources and Templates are for the lists of these.
	Tools, Prompts, Resources, Templates time.Duration
}

func (c *CacheConfig) check() error {
	for _, field := range []struct {
		name string
		ttl  time.Duration
	}{{"Discover", c.Discover}, {"Tools", c.Tools}, {"Prompts", c.Prompts}, {"Resources", c.Resources}, {"Templates", c.Templates}} {
		if field.ttl < 0 {
			return fmt.Errorf("fastmcp: Config.Cache.%s is negative: 0 is for what is stale at once", field.name)
		}
	}
	return nil
}

// CacheHint is how long a client of 2026-07-28 may keep what a read of a resource gave, and for whom (SEP-2549). The
// zero value is the careful one: stale at once, and for who asked. Older revisions are told nothing.
type CacheHint struct {
	// TTL is told in milliseconds, rounded down; 0 is stale at once. It must not be negative.
	TTL time.Duration
	// Public lets proxies keep the contents and give them to everybody. Say so only of contents that are the same for
	// all callers: neither the handler nor a link of the chain may look at who asks. What has a guard is never public,
	// whatever is said here.
	Public bool
}

func (h CacheHint) check() error {
	if h.TTL < 0 {
		return fmt.Errorf("its Cache.TTL is negative: 0 is for what is stale at once")
	}
	return nil
}

// caching is what a read says of its contents.
type caching struct {
	hint    CacheHint
	guarded bool // they are for those only whom a guard let in
}

// SetCache says how long the contents of this one read may be kept, in place of what the resource's own Cache says. A
// negative TTL, as that of something that is over already, counts as 0. It does nothing in requests that are no reads,
// and for the older revisions. A resource that is put into another by Embed cannot speak for it.
func (c *Context) SetCache(h CacheHint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cache != nil {
		h.TTL = max(h.TTL, 0)
		c.cache.hint = h
	}
}

// embedding makes sure of what a read says when it gives what is another resource's, too: that has no say of its own,
// but for its guard. The function that it returns is called when the other has been read.
func (c *Context) embedding(other *entry) (done func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cache == nil {
		return func() {}
	}
	c.cache.guarded = c.cache.guarded || len(other.guards) > 0
	hint := c.cache.hint
	return func() {
		c.mu.Lock()
		c.cache.hint = hint
		c.mu.Unlock()
	}
}

// appendReadCaching ends the result of a read with how long it may be kept.
func (c *Context) appendReadCaching(b []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return appendCaching(b, c.cache.hint.TTL, c.cache.guarded || !c.cache.hint.Public)
}

// appendCaching says how long a result may be kept, and whether only by who asked.
func appendCaching(b []byte, ttl time.Duration, private bool) []byte {
	b = strconv.AppendInt(append(b, `,"ttlMs":`...), ttl.Milliseconds(), 10)
	if private {
		return append(b, `,"cacheScope":"private"`...)
	}
	return append(b, `,"cacheScope":"public"`...)
}
