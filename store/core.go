package store

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

const (
	// entryOverhead is what an entry is taken to cost beside its bytes: map slot, headers, place in the calendar.
	entryOverhead = 128
	// sweepStep is how many expired entries a call removes, so that no call pays for a great many at once.
	sweepStep = 32
)

// core is what the parts kept in process have in common: one lock, one budget, one calendar of what expires. One lock,
// because a part that is short of room sweeps the others as well.
type core struct {
	config  MemoryConfig
	base    time.Time
	mu      sync.Mutex
	due     calendar
	entries int
	bytes   int64
	closed  bool
}

func newCore(config []MemoryConfig) *core {
	var c MemoryConfig
	if len(config) > 0 {
		c = config[0]
	}
	c = c.withDefaults()
	return &core{config: c, base: c.Clock()}
}

// run calls fn under the lock with the time, after a step of sweeping.
func (c *core) run(ctx context.Context, fn func(now int64) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	now := c.now()
	c.due.sweep(now, sweepStep)
	return fn(now)
}

// now is in nanoseconds since the core was made, by the monotonic clock: a wall clock that is set does not expire what
// is kept. It is never 0, which stands for never.
func (c *core) now() int64 { return int64(c.config.Clock().Sub(c.base)) + 1 }

// until is when a ttl that starts now ends; 0 is never.
func until(now int64, ttl time.Duration) int64 {
	if ttl == 0 {
		return 0
	}
	if int64(ttl) > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + int64(ttl)
}

// admit takes room for that many entries and bytes, which may be negative, or fails with ErrFull and takes none.
func (c *core) admit(now int64, entries, bytes int) error {
	if !c.fits(entries, bytes) {
		c.due.sweep(now, math.MaxInt)
	}
	if !c.fits(entries, bytes) {
		if entries > 0 && c.entries+entries > c.config.MaxEntries {
			return fmt.Errorf("%w: %d entries, see MemoryConfig.MaxEntries", ErrFull, c.entries)
		}
		return fmt.Errorf("%w: %d bytes, see MemoryConfig.MaxBytes", ErrFull, c.bytes)
	}
	c.entries += entries
	c.bytes += int64(bytes)
	return nil
}

// fits tells that there is room. What takes none always fits.
func (c *core) fits(entries, bytes int) bool {
	return (entries <= 0 || c.entries+entries <= c.config.MaxEntries) &&
		(bytes <= 0 || c.bytes+int64(bytes) <= c.config.MaxBytes)
}

// release gives room back.
func (c *core) release(entries, bytes int) {
	c.entries -= entries
	c.bytes -= int64(bytes)
}

func (c *core) reset() { c.due, c.entries, c.bytes = calendar{}, 0, 0 }

func (c *core) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.reset()
}
