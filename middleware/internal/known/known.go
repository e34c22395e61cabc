// Package known keeps what is made once and read with every call, such as the series of a method.
package known

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Map is a map that is read without a lock: it is never changed, but replaced by one that has more. So it is for what soon
// knows all that there is. The zero Map is empty; it must not be copied.
type Map[K comparable, V any] struct {
	mu  sync.Mutex
	all atomic.Pointer[map[K]V]
}

// Get is what is kept under a key.
func (m *Map[K, V]) Get(k K) (v V, ok bool) {
	if all := m.all.Load(); all != nil {
		v, ok = (*all)[k]
	}
	return v, ok
}

// Add keeps v, unless there is something under the key already, or the map has max entries: it gives what is there now, or v.
func (m *Map[K, V]) Add(k K, v V, max int) V {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := map[K]V{}
	if all := m.all.Load(); all != nil {
		old = *all
	}
	if there, ok := old[k]; ok {
		return there
	}
	if len(old) >= max {
		return v
	}
	more := maps.Clone(old)
	more[k] = v
	m.all.Store(&more)
	return v
}
