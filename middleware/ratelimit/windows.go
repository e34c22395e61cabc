package ratelimit

import (
	"container/list"
	"strings"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// windows is what this process knows of the windows of one rate: all that there is to know where it counts by itself, else
// what the storage has told last. It has no goroutine: windows that are over make room for those that come.
type windows struct {
	period time.Duration
	limit  int64
	max    int

	mu    sync.Mutex
	byKey map[windowKey]*list.Element
	order *list.List // of *window, by when they were opened: that is the order in which they are over
	spill window     // what counts for all keys that have found no room
}

// windowKey is whose window it is: an App's, or a tenant's, in one place of it, and a caller's.
type windowKey struct {
	of              *store.Backend
	kind, name, key string
}

type window struct {
	key    windowKey
	opened time.Time // when this process first knew of it
	end    time.Time // when it ends, as far as is known: one period after opened, at most
	mark   int64     // what the storage tells windows apart by; 0 where this process counts by itself
	used   int64
}

// state is how a window stands when a request has been counted in it, or has found no room.
type state struct {
	fits bool
	left int64
	end  time.Time
}

func newWindows(period time.Duration, limit int64, max int) *windows {
	return &windows{period: period, limit: limit, max: max, byKey: make(map[windowKey]*list.Element), order: list.New()}
}

// spend counts n in this process, if there is room for n. What finds none takes none.
func (w *windows) spend(key windowKey, n int64, now time.Time) state {
	w.mu.Lock()
	defer w.mu.Unlock()
	it := w.at(key, now)
	if it.used+n > w.limit {
		return w.state(it, false)
	}
	it.used += n
	return w.state(it, true)
}

// exhausted tells that a window is known to have no room for n. What the storage has counted by now is no less.
func (w *windows) exhausted(key windowKey, n int64, now time.Time) (state, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.byKey[key]
	if e == nil {
		return state{}, false
	}
	it := e.Value.(*window)
	if !now.Before(it.end) || it.used+n <= w.limit {
		return state{}, false
	}
	return w.state(it, false), true
}

// observe notes what the storage has counted.
func (w *windows) observe(key windowKey, t tally, fits bool, now time.Time) state {
	w.mu.Lock()
	defer w.mu.Unlock()
	it := w.at(key, now)
	if it == &w.spill {
		it = &window{opened: now} // what is one key's is not all others'
	} else if it.mark != t.mark && it.mark != 0 || t.used < it.used {
		w.renew(it, now) // it is another window
	}
	it.mark, it.used = t.mark, t.used
	it.end = it.opened.Add(w.period)
	if end := t.end(now); end.Before(it.end) {
		it.end = end
	}
	return w.state(it, fits)
}

func (w *windows) state(it *window, fits bool) state {
	return state{fits: fits, left: max(w.limit-it.used, 0), end: it.end}
}

// at is the window that key is counted in now.
func (w *windows) at(key windowKey, now time.Time) *window {
	if e := w.byKey[key]; e != nil {
		it := e.Value.(*window)
		if !now.Before(it.end) {
			w.renew(it, now)
		}
		return it
	}
	for range 2 { // more go than come
		w.dropOld(now)
	}
	if len(w.byKey) >= w.max {
		if !now.Before(w.spill.end) {
			w.spill = window{opened: now, end: now.Add(w.period)}
		}
		return &w.spill
	}
	key.key = strings.Clone(key.key) // it may be a part of a whole message
	it := &window{key: key, opened: now, end: now.Add(w.period)}
	w.byKey[key] = w.order.PushBack(it)
	return it
}

// renew begins a new window for a key.
func (w *windows) renew(it *window, now time.Time) {
	*it = window{key: it.key, opened: now, end: now.Add(w.period)}
	w.order.MoveToBack(w.byKey[it.key])
}

// dropOld forgets the oldest window, if it is over.
func (w *windows) dropOld(now time.Time) {
	e := w.order.Front()
	if e == nil || now.Before(e.Value.(*window).opened.Add(w.period)) {
		return
	}
	delete(w.byKey, w.order.Remove(e).(*window).key)
}

// size is how many windows are kept.
func (w *windows) size() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.byKey)
}
