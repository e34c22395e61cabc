package tenant

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// gate is what is counted of a tenant on this node.
type gate struct {
	inside  atomic.Int64 // all requests
	running atomic.Int64 // those that Limits.Concurrent bounds
	window  window
}

// busy tells that requests of a slot's tenant run.
func (s *slot) busy() bool { return s.gate.inside.Load() > 0 }

// Handler is the link of the host's chain that keeps tenants within their Limits. Host adds it; who makes the host himself
// puts it first:
//
//	app.Use(tenants.Handler())
func (t *Tenants) Handler() fastmcp.Handler { return t.admit }

func (t *Tenants) admit(c *fastmcp.Context) error {
	tenant := c.Tenant() // not the principal's, whom the host itself may serve
	if tenant == "" {
		return c.Next()
	}
	s := t.slotOf(tenant)
	if s == nil {
		return c.Next() // another Select has picked its App
	}
	s.gate.inside.Add(1)
	defer s.gate.inside.Add(-1)
	live := s.live.Load()
	if live == nil || c.Method() == protocol.MethodPing {
		return c.Next()
	}
	if wait := t.overRate(c, s, live.rate); wait > 0 {
		return fastmcp.TooMany(wait, "Too many requests: this tenant may make %s", live.limits.Rate)
	}
	if c.Method() == protocol.MethodListen {
		return c.Next() // it lasts, and takes nothing
	}
	running := s.gate.running.Add(1)
	defer s.gate.running.Add(-1)
	if most := live.limits.Concurrent; most > 0 && running > int64(most) {
		return fastmcp.TooMany(time.Second, "Too many requests: this tenant may have %d at once", most)
	}
	if most := live.limits.Sessions; most > 0 && c.Method() == protocol.MethodInitialize {
		free, ok := t.reserve(c, tenant, most)
		defer free()
		if !ok {
			return fastmcp.TooMany(0, "Too many sessions: this tenant may have %d: end one first", most)
		}
	}
	return c.Next()
}

// window counts the requests of a tenant on this node: for where the store does not answer, and to tell when it ends.
type window struct {
	mu    sync.Mutex
	begun time.Time
	count int64
}

// add counts one more, and gives how many there are in the window that now is in.
func (w *window) add(now time.Time, period time.Duration) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if age := now.Sub(w.begun); age < 0 || age >= period {
		w.begun, w.count = now, 0
	}
	w.count++
	return w.count
}

// begin is for the request that is the first in the window of all nodes.
func (w *window) begin(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun, w.count = now, 1
}

// rest is how long the window is still open, as far as this node knows: a period at most.
func (w *window) rest(now time.Time, period time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if age := now.Sub(w.begun); age >= 0 && age < period {
		return period - age
	}
	return period
}

// overRate counts a request, and tells how long to wait when it is one too many; 0 when it is not.
func (t *Tenants) overRate(ctx context.Context, s *slot, r rate) time.Duration {
	if r.most == 0 {
		return 0
	}
	now, w := t.config.Now(), &s.gate.window
	count := w.add(now, r.period)
	// The window is a key that ends by itself: it is the store's clock that tells, one for all nodes.
	n, err := t.store.Atomic.Add(ctx, "rate/"+s.tenant+"/"+r.period.String(), 1, r.period)
	switch {
	case err != nil:
		t.warnUncounted("requests", err)
	case n == 1:
		w.begin(now)
		count = 1
	default:
		count = n
	}
	if count <= r.most {
		return 0
	}
	return w.rest(now, r.period)
}

// warnUncounted tells the operator, once in a while, that limits are not those of all nodes.
func (t *Tenants) warnUncounted(what string, err error) {
	if t.uncounted.again(t.config.Now()) {
		t.config.Log.Warn("tenant: the store does not answer: this node counts the "+what+" of tenants for itself", "error", err)
	}
}

// Of a tenant with Limits.Sessions the store has a list of the sessions, by fingerprints, which each node that has them
// renews while their server is there. The list is what is counted. Sessions outlive a server that is idle, or its node, by as
// long as they are good for, and so do their places: an hour, as fastmcp.SessionConfig.TTL is unless it is set.
const (
	sessionKept    = time.Hour
	sessionRenewal = 3 * time.Minute
	reservation    = 30 * time.Second
)

func sessionsIndex(tenant string) string { return "sessions/" + tenant }

// reserve takes a place for a session that is about to begin. ok is false when there is none: of several that come at once
// for the last place none may get it, and never more than one. free gives it back, once the session itself is counted.
func (t *Tenants) reserve(ctx context.Context, tenant string, most int) (free func(), ok bool) {
	set, member := sessionsIndex(tenant), "new "+newID()
	if err := t.store.Index.Put(ctx, set, member, reservation); err != nil {
		t.warnUncounted("sessions", err)
		return func() {}, true // where sessions are kept in the store it cannot begin anyway
	}
	free = func() {
		bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
		defer cancel()
		_ = t.store.Index.Remove(bound, set, member) // else it ends by itself, soon
	}
	count, cursor := 0, ""
	for {
		page, next, err := t.store.Index.Members(ctx, set, cursor, min(most+1-count, maxPage))
		if err != nil {
			t.warnUncounted("sessions", err)
			return free, true
		}
		if count += len(page); count > most || next == "" {
			return free, count <= most
		}
		cursor = next
	}
}

// countSession counts a session of a tenant that has a limit, or counts it no more.
func (t *Tenants) countSession(s *fastmcp.Session, here bool) {
	if s.ID() == "" || t.base.Err() != nil {
		return
	}
	if here { // a place is given back whatever the limit is by now: its server may be gone, or have another
		slot := t.slotOf(s.Tenant())
		if slot == nil {
			return
		}
		if live := slot.live.Load(); live == nil || live.limits.Sessions <= 0 {
			return
		}
	}
	ctx, cancel := context.WithTimeout(t.base, storeTimeout)
	defer cancel()
	set, member := sessionsIndex(s.Tenant()), fingerprint(s.ID())
	var err error
	if here {
		err = t.store.Index.Put(ctx, set, member, sessionKept)
	} else {
		err = t.store.Index.Remove(ctx, set, member)
	}
	if err != nil {
		t.warnUncounted("sessions", err)
	}
}
