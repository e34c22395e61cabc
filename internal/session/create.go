package session

import (
	"context"
	"net/netip"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Opening is what is known of a client when its session begins.
type Opening struct {
	// Principal is who initialized it; nil is anonymous. Only it may use the session.
	Principal *auth.Principal
	// IP is where from; the zero Addr is not counted.
	IP       netip.Addr
	Revision protocol.Revision
	// Client and Capabilities are what initialize said, in the engine's own form.
	Client, Capabilities any
}

// prefix is what MaxPerIP counts by.
type prefix = netip.Prefix

// Create opens a session. When there is no room, the session of the same principal, address or hub that has been idle
// longest makes some: one without a running call and an open stream. If there is none it returns a *FullError, and
// ErrClosed once the hub is shutting down.
func (h *Hub) Create(ctx context.Context, o Opening) (*Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := newRecord(h, o)
	h.mu.Lock()
	evicted, err := h.makeRoom(r)
	if err == nil {
		h.admit(r)
	}
	h.mu.Unlock()
	for _, e := range evicted {
		h.evicted(e)
	}
	if err != nil {
		return nil, err
	}
	if h.cluster != nil {
		if err := h.cluster.create(r); err != nil { // it is written before its id leaves the server
			h.finish(r, Elsewhere, r.end())
			return nil, err
		}
	}
	if h.c.OnCreate != nil {
		h.c.OnCreate(r)
	}
	r.release() // newRecord made it busy, so that it does not end before its OnCreate
	return r, nil
}

// evicted says farewell to a session that had to go. One that another node has opened goes on there.
func (h *Hub) evicted(r *Record) {
	switch {
	case h.cluster != nil && h.readElsewhere(r):
		h.farewell(r, Elsewhere)
		return
	case h.cluster != nil:
		switch there, err := h.cluster.remove(r); {
		case err != nil:
			h.cluster.log.Warn("a session that had to go is still in the store", "error", err)
		case !there:
			h.farewell(r, Elsewhere)
			return
		}
	}
	h.farewell(r, Evicted)
}

// readElsewhere tells that a session is not this node's to end: another has opened it, or has its client's stream.
func (h *Hub) readElsewhere(r *Record) bool {
	read, err := r.ReadAnywhere()
	return r.adopted || read || err != nil
}

// makeRoom ends idle sessions until r fits. h.mu is held.
func (h *Hub) makeRoom(r *Record) (evicted []*Record, err error) {
	if h.draining.Load() {
		return nil, ErrClosed
	}
	if h.top != h && h.top.count.Load() >= int64(h.top.c.MaxTotal) {
		if idle := h.total.evict(h.now()); idle != nil { // one's own makes room, never another's
			h.forget(idle)
			return []*Record{idle}, nil
		}
		return nil, &FullError{Bound: "MaxTotal", RetryAfter: h.c.RetryAfter}
	}
	bounds := []struct {
		name string
		g    *group
		max  int
	}{
		{"MaxPerPrincipal", h.principals[r.PrincipalKey], h.c.MaxPerPrincipal},
		{"MaxPerIP", h.ips[r.ip], h.c.MaxPerIP},
		{"MaxTotal", &h.total, h.c.MaxTotal},
	}
	now := h.now()
	for _, b := range bounds {
		if b.g == nil || len(b.g.members) < b.max {
			continue
		}
		idle := b.g.evict(now)
		if idle == nil {
			return evicted, &FullError{Bound: b.name, RetryAfter: h.c.RetryAfter}
		}
		h.forget(idle)
		evicted = append(evicted, idle)
	}
	return evicted, nil
}

// admit puts r into all tables. h.mu is held.
func (h *Hub) admit(r *Record) {
	h.total.add(r)
	h.top.count.Add(1)
	if r.PrincipalKey != "" && !r.adopted {
		join(h.principals, r.PrincipalKey, r)
	}
	if r.ip.IsValid() {
		join(h.ips, r.ip, r)
	}
	s := h.shard(r.ID)
	s.mu.Lock()
	s.records[r.ID] = r
	s.mu.Unlock()
	h.startSweeper()
}

// countedAs is the address that a caller's sessions are counted by. An IPv6 host has a /64 to itself, so that single
// addresses would bound nothing.
func countedAs(ip netip.Addr) prefix {
	ip = ip.Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return prefix{}
	}
	return p
}
