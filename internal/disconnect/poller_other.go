//go:build !linux

package disconnect

import "net"

type system struct{}

// watch starts a Watch for the connection: portable, and some 4 KB each.
func (p *Poller) watch(conn net.Conn, ticket uint64) error {
	stop := Watch(conn, func() { p.fire(ticket) })
	if stop == nil {
		return ErrUnwatchable
	}
	p.mu.Lock()
	e, ok := p.entries[ticket]
	if ok {
		e.stop = stop
		p.entries[ticket] = e
	}
	closed := p.closed
	p.mu.Unlock()
	if closed {
		stop()
		return ErrClosed
	}
	return nil
}

func (p *Poller) unwatch(_ net.Conn, e entry) {
	if e.stop != nil {
		e.stop()
	}
}

func (p *Poller) shut(entries map[uint64]entry) {
	for _, e := range entries {
		if e.stop != nil {
			e.stop()
		}
	}
}
