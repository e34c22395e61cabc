// Package budget bounds what a middleware of one node keeps in a store that others need, too.
package budget

import (
	"sync"
	"time"
)

// Overhead is what a value in a store is taken to cost besides its bytes: its key, an index, and their bookkeeping.
const Overhead = 512

// Budget bounds what has been put into a store and has not expired. It counts by windows of the longest TTL: what was put in
// one is gone when the next but one begins, so two of them hold all there can be.
type Budget struct {
	most   int64
	window time.Duration

	mu        sync.Mutex
	began     time.Time
	now, then int64
}

// New makes a Budget of that many bytes for values that live for ttl at most.
func New(most int64, ttl time.Duration) *Budget { return &Budget{most: most, window: ttl} }

// Take takes room for a value of size bytes, if there is.
func (b *Budget) Take(at time.Time, size int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch age := at.Sub(b.began); {
	case age >= 2*b.window || age < 0:
		b.began, b.now, b.then = at, 0, 0
	case age >= b.window:
		b.began, b.now, b.then = b.began.Add(b.window), 0, b.now
	}
	cost := int64(size) + Overhead
	if b.now+b.then+cost > b.most {
		return false
	}
	b.now += cost
	return true
}
