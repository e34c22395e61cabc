package fasthost

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/disconnect"
)

// DefaultMaxParked is how many streams can be parked when NewConns is not told.
const DefaultMaxParked = 10_000

var (
	// ErrNoTrack is what Park says without a Config.Track.
	ErrNoTrack = errors.New("fasthost: streams cannot be parked without Config.Track")
	// ErrTooMany is what Park says when as many streams are parked as may be.
	ErrTooMany = errors.New("fasthost: too many streams are open")
	// ErrClosing is what Park says, and a parked body, after CloseAll.
	ErrClosing = errors.New("fasthost: the server is shutting down")
)

// buffers that grew beyond maxBuffer, in bytes, are not kept.
const (
	newBuffer = 1 << 10
	maxBuffer = 64 << 10
)

// Conns knows the connections that have left the server: parked streams, which the server neither counts nor closes, and
// those that were given back and have not sent a byte yet; and connections of NewListener that never have. Its methods may be
// called from any goroutine.
type Conns struct {
	max     int
	poller  disconnect.Poller
	buffers sync.Pool // *buffer
	quit    chan struct{}

	mu      sync.Mutex
	parked  map[*body]struct{}
	waiting map[*conn]struct{}
	unheard map[*conn]struct{} // connections of NewListener that have not said anything yet
	watched <-chan struct{}    // the server whose end a goroutine waits for
	closed  bool
}

// NewConns makes a Conns that lets max streams be parked; 0 is DefaultMaxParked, a negative max has no bound. It starts
// nothing before it is used.
func NewConns(max int) *Conns {
	if max == 0 {
		max = DefaultMaxParked
	}
	return &Conns{max: max, quit: make(chan struct{}), parked: make(map[*body]struct{}), waiting: make(map[*conn]struct{}), unheard: make(map[*conn]struct{})}
}

// Len is the number of streams that are parked.
func (t *Conns) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.parked)
}

// CloseAll ends every parked stream, with its proper end where the client takes it within 100 ms, and has each one's
// gone called. From then on Park fails with ErrClosing. Call it before the server's Shutdown, which knows nothing of
// parked streams; a second call does nothing.
func (t *Conns) CloseAll() {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return
	}
	t.closed = true
	parked := make([]*body, 0, len(t.parked))
	for b := range t.parked {
		parked = append(parked, b)
	}
	t.mu.Unlock()
	close(t.quit)
	t.each(parked)
	t.poller.Close()
}

// each ends bodies, some at a time: 10,000 clients that do not read must not take 10,000 times 100 ms.
func (t *Conns) each(bodies []*body) {
	var wg sync.WaitGroup
	room := make(chan struct{}, 64)
	for _, b := range bodies {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			b.abandon(ErrClosing, true)
		})
	}
	wg.Wait()
}

func (t *Conns) add(b *body) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return ErrClosing
	case t.max > 0 && len(t.parked) >= t.max:
		return ErrTooMany
	}
	t.parked[b] = struct{}{}
	return nil
}

func (t *Conns) remove(b *body) {
	t.mu.Lock()
	delete(t.parked, b)
	t.mu.Unlock()
}

// wait registers a connection that waits for its next request outside the server's own books, so that it ends with the
// server. It is false when the server has ended already.
func (t *Conns) wait(c *conn, done <-chan struct{}) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || isDone(done) {
		return false
	}
	t.waiting[c] = struct{}{}
	if done != nil && t.watched != done {
		t.watched = done
		go t.endWith(done)
	}
	return true
}

func (t *Conns) waited(c *conn) {
	t.mu.Lock()
	delete(t.waiting, c)
	t.mu.Unlock()
}

// endWith closes what waits when the server shuts down.
func (t *Conns) endWith(done <-chan struct{}) {
	select {
	case <-done:
	case <-t.quit:
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.waiting {
		_ = socket(c.Conn).Close()
	}
	clear(t.waiting)
}

// EndUnheard ends the connections of NewListener that have never said anything, and of which nothing is on its way, now and every
// 50 ms until done is closed. A server that shuts down takes each for one with a request, and waits; browsers and pools open
// some that they may never use.
func (t *Conns) EndUnheard(done <-chan struct{}) {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		t.endUnheard()
		select {
		case <-again.C:
		case <-done:
			return
		}
	}
}

// endUnheard ends the reading alone: who has read meanwhile is answered. One that is in the middle of TLS's handshake is about to
// say something.
func (t *Conns) endUnheard() {
	t.mu.Lock()
	all := slices.Collect(maps.Keys(t.unheard))
	t.mu.Unlock()
	for _, c := range all {
		if c.unheard.Load() == nil || c.shakes.Load() || !disconnect.Quiet(c.Conn) {
			continue
		}
		if half, ok := socket(c.Conn).(interface{ CloseRead() error }); ok {
			_ = half.CloseRead()
		}
	}
}

// met notes a new connection, and heard that it has said something, or has ended. t may be nil.
func (t *Conns) met(c *conn) {
	if t != nil {
		t.mu.Lock()
		t.unheard[c] = struct{}{}
		t.mu.Unlock()
	}
}

func (t *Conns) heard(c *conn) {
	if t != nil {
		t.mu.Lock()
		delete(t.unheard, c)
		t.mu.Unlock()
	}
}

// buffer is what a write is put together in. It is pooled by pointer, so that a write allocates nothing.
type buffer struct{ b []byte }

// buffer gives an empty buffer. t may be nil.
func (t *Conns) buffer() *buffer {
	if t != nil {
		if b, ok := t.buffers.Get().(*buffer); ok {
			b.b = b.b[:0]
			return b
		}
	}
	return &buffer{make([]byte, 0, newBuffer)}
}

func (t *Conns) recycle(b *buffer) {
	if t != nil && cap(b.b) <= maxBuffer {
		t.buffers.Put(b)
	}
}

func isDone(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
