package disconnect

import (
	"errors"
	"net"
	"sync"
)

var (
	// ErrUnwatchable is what Add says of a connection without a file descriptor, or on a system without the means.
	ErrUnwatchable = errors.New("disconnect: the connection cannot be watched")
	// ErrClosed is what Add says after Close.
	ErrClosed = errors.New("disconnect: the poller is closed")
)

// Poller watches many connections at little cost each: on Linux with one goroutine in all and no more than an entry in
// a map for each, elsewhere with a Watch for each. Its zero value is ready; the goroutine starts with the first Add and
// ends with Close.
//
// Unlike Watch it sets no deadline on Linux; elsewhere what is said there of reading and deadlines holds.
type Poller struct {
	mu      sync.Mutex
	last    uint64 // the last ticket: tickets are never used twice, so an event that is late finds nobody
	entries map[uint64]entry
	closed  bool
	sys     system
}

// entry is one watched connection.
type entry struct {
	fn   func()
	stop func() //lint:ignore U1000 it ends a Watch, which is how systems other than Linux look after a connection
}

// Add calls fn, at most once and on a goroutine of its own, when the peer of conn goes away. The ticket is for Remove.
// fn may be called before Add has returned.
func (p *Poller) Add(conn net.Conn, fn func()) (ticket uint64, err error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return 0, ErrClosed
	}
	if p.entries == nil {
		p.entries = make(map[uint64]entry)
	}
	p.last++
	ticket = p.last
	p.entries[ticket] = entry{fn: fn}
	p.mu.Unlock()
	if err = p.watch(conn, ticket); err != nil {
		p.take(ticket)
		return 0, err
	}
	return ticket, nil
}

// Remove ends the watch that Add gave ticket for, on the same conn, which may be closed by now. It does not wait: an fn
// that was already set off may still be running. Removing twice does nothing.
func (p *Poller) Remove(conn net.Conn, ticket uint64) {
	if e, ok := p.take(ticket); ok {
		p.unwatch(conn, e)
	}
}

// Len is the number of connections that are watched.
func (p *Poller) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.entries)
}

// Close ends every watch and the goroutine. No fn is set off after it.
func (p *Poller) Close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	entries := p.entries
	p.entries = nil
	p.mu.Unlock()
	p.shut(entries)
}

// fire sets off the fn of a ticket, unless it was removed.
func (p *Poller) fire(ticket uint64) {
	if e, ok := p.take(ticket); ok {
		go e.fn() // it may block, close connections and call Remove: the poller must not wait for it
	}
}

func (p *Poller) take(ticket uint64) (entry, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.entries[ticket]
	delete(p.entries, ticket)
	return e, ok
}
