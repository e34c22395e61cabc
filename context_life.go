package fastmcp

import (
	"context"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

// watchAfter is how long a request must have been looked at before its connection is watched. Most are over by then.
const watchAfter = 10 * time.Millisecond

// life is the part of a Context that ends. Everything in it is made when somebody first asks.
type life struct {
	mu       sync.Mutex
	done     chan struct{}
	err      error
	deadline time.Time
	funcs    map[int]func()
	next     int
	wanted   bool // somebody has looked
	watched  bool
	parent   func() bool // takes back that the end of the transport's context is one's own
	watch    *time.Timer
	unwatch  func()
}

func (l *life) end() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.deadline, !l.deadline.IsZero()
}

func (l *life) error() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// look is error for those who may look at nothing else.
func (l *life) look(c *Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.startWatch(c)
	return l.err
}

// begin gives a request the stream that it is answered on. Before, while guards are asked, there is nothing to watch.
func (l *life) begin(c *Context, s rpc.Stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.stream = s
	if l.wanted {
		l.startWatch(c)
	}
}

func (l *life) channel(c *Context) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done == nil {
		l.done = make(chan struct{})
		if l.err != nil {
			close(l.done)
		}
		l.startWatch(c)
	}
	return l.done
}

func (l *life) after(c *Context, f func()) (stop func() bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		go f()
		return func() bool { return false }
	}
	if l.funcs == nil {
		l.funcs = make(map[int]func())
	}
	n := l.next
	l.next++
	l.funcs[n] = f
	l.startWatch(c)
	return func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		_, waiting := l.funcs[n]
		delete(l.funcs, n)
		return waiting
	}
}

// startWatch has what would end the request watched: the transport's context, and, a little later, the connection, where
// a client cancels by going away.
func (l *life) startWatch(c *Context) {
	l.wanted = true
	if l.watched || l.err != nil || c.stream == nil {
		return
	}
	l.watched = true
	cancel := func() { l.cancel(context.Canceled) }
	parent := context.AfterFunc(c.parent, cancel)
	l.parent = parent
	if c.engine.realm != nil { // its App may be shut down while its host, and with it the transport, goes on
		own := context.AfterFunc(c.engine.app.base, cancel)
		l.parent = func() bool { own(); return parent() }
	}
	if !c.call.Revision.HasCancelByDisconnect() {
		return
	}
	l.watch = time.AfterFunc(watchAfter, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.err == nil {
			l.unwatch = c.stream.OnGone(func() { l.cancel(context.Canceled) })
		}
	})
}

// cancel ends the life once. What waits for it runs on goroutines of its own.
func (l *life) cancel(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	l.err = err
	if l.done != nil {
		close(l.done)
	}
	for _, f := range l.funcs {
		go f()
	}
	l.funcs = nil
}

// finish ends the life of a request that has been answered, and the watch with it: the connection is about to be read
// again.
func (l *life) finish() {
	l.cancel(context.Canceled)
	l.mu.Lock()
	parent, watch, unwatch := l.parent, l.watch, l.unwatch
	l.mu.Unlock()
	if parent != nil {
		parent()
	}
	if watch != nil && !watch.Stop() {
		// The timer has fired; under the lock it either saw the end or has left something to stop.
		l.mu.Lock()
		unwatch = l.unwatch
		l.mu.Unlock()
	}
	if unwatch != nil {
		unwatch()
	}
}

// limit cancels at a deadline. stop takes it back. Of several the first counts.
func (l *life) limit(d time.Duration) (stop func() bool) {
	at := time.Now().Add(d)
	l.mu.Lock()
	if l.deadline.IsZero() || at.Before(l.deadline) {
		l.deadline = at
	}
	l.mu.Unlock()
	return time.AfterFunc(d, func() { l.cancel(context.DeadlineExceeded) }).Stop
}
