package tenant

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// slot is the place of a tenant's server on this node.
type slot struct {
	tenant string
	live   atomic.Pointer[server] // nil: not built
	gate   gate

	mu       sync.Mutex
	building *building
	failures int
	failed   string    // the correlation id of the last failure
	retry    time.Time // when the factory is asked again after it
	gone     bool      // the tenant's next server has another slot

	room bool // it is counted in Tenants.live; guarded by slotsMu
}

// server is a tenant's App that is built.
type server struct {
	app    *fastmcp.App
	turn   string // of the grant that it was built for
	plan   string
	limits Limits
	rate   rate
	built  time.Time
	used   atomic.Int64 // when it was last picked, in seconds
}

// touch notes a use. Most calls write nothing, so that they do not fight for the cache line.
func (s *server) touch(now time.Time) {
	if at := now.Unix(); s.used.Load() != at {
		s.used.Store(at)
	}
}

// building is a server on its way.
type building struct {
	turn string
	done chan struct{} // closed when the events have heard of it
	err  error
}

// server is the one that g asks for, built if need be: once, for all who wait for it.
func (t *Tenants) server(ctx context.Context, g *grant) (*fastmcp.App, error) {
	timeout := time.Time{}
	for {
		s := t.slotFor(g.info.ID)
		now := t.config.Now()
		if live := s.live.Load(); live != nil && live.turn == g.turn {
			live.touch(now)
			return live.app, nil
		}
		var err error
		if g, err = t.latest(ctx, g); err != nil {
			return nil, err
		}
		b, err := t.begin(s, g, now)
		if err != nil {
			return nil, err
		}
		if b == nil {
			continue // it has just been built, or the slot is gone
		}
		if timeout.IsZero() {
			timeout = time.Now().Add(t.config.BuildTimeout)
		}
		bound, cancel := context.WithDeadline(ctx, timeout)
		select {
		case <-b.done:
			cancel()
			if b.turn == g.turn && b.err != nil {
				return nil, b.err
			}
		case <-bound.Done():
			cancel()
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if t.slow.again(now) {
				t.config.Log.Warn("tenant: a factory takes its time: see Config.BuildTimeout", "tenant", g.info.ID, "plan", g.info.Plan)
			}
			return nil, &Unavailable{RetryAfter: t.config.RetryAfter, err: fmt.Errorf("tenant: the server of %s is still being built after %s", g.info.ID, t.config.BuildTimeout)}
		}
	}
}

// begin has a server built, unless one is on its way.
func (t *Tenants) begin(s *slot, g *grant, now time.Time) (*building, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	live := s.live.Load()
	switch {
	case s.gone, live != nil && live.turn == g.turn:
		return nil, nil
	case s.building != nil:
		return s.building, nil
	case now.Before(s.retry):
		return nil, &Unavailable{RetryAfter: s.retry.Sub(now), Correlation: s.failed, err: fmt.Errorf("tenant: the server of %s could not be built: the log has why under %s", g.info.ID, s.failed)}
	}
	if live == nil {
		if room, here := t.takeRoom(s); !here {
			return nil, nil
		} else if !room {
			if t.full.again(now) {
				t.config.Log.Error("tenant: there is no room for another server: all are in use; see Config.MaxServers", "servers", t.config.MaxServers)
			}
			return nil, &Unavailable{RetryAfter: t.config.RetryAfter, err: fmt.Errorf("tenant: %d servers are in use: see Config.MaxServers", t.config.MaxServers)}
		}
	}
	b := &building{turn: g.turn, done: make(chan struct{})}
	if !t.start(func() { t.build(s, g, b) }) {
		t.giveRoom(s)
		return nil, ErrClosed
	}
	s.building = b
	return b, nil
}

// latest is what the token of g stands for now: it may have been updated since, or removed, which is the error. It is asked
// once the slot is there: who removes the token forgets it first, and then takes its slot, with what is built there.
func (t *Tenants) latest(ctx context.Context, g *grant) (*grant, error) {
	if !isID(g.info.ID) {
		return g, nil // of another verifier's tenant
	}
	return t.granted(ctx, g.info.ID)
}

// start runs f on its own, unless the tenants are closed; Close waits for it.
func (t *Tenants) start(f func()) bool {
	t.opening.Lock()
	defer t.opening.Unlock()
	if t.closed {
		return false
	}
	t.work.Go(f)
	return true
}

// build builds a server, and puts it into its place. No other is built for its tenant meanwhile.
func (t *Tenants) build(s *slot, g *grant, b *building) {
	defer close(b.done)
	over := false
	defer func() {
		if !over {
			t.fail(s, g, b, errGoexit)
		}
	}()
	begun := t.config.Now()
	app, limits, err := t.make(g)
	now := t.config.Now()
	e := ServerEvent{Tenant: s.tenant, Plan: g.info.Plan, At: now, Duration: now.Sub(begun)}
	if err != nil {
		over = true
		t.fail(s, g, b, err)
		return
	}
	next := &server{app: app, turn: g.turn, plan: g.info.Plan, limits: limits, built: now}
	next.rate, _ = parseRate(limits.Rate) // it was checked when it was given
	next.touch(now)
	if !s.isGone() {
		// Before anybody can pick it, or another be built: the host keeps the one that was taken in last. The clients of
		// sessions hear that lists have changed; when they ask, they wait for this one.
		_ = t.settle(t.base, s.tenant, app) // who calls is told what is wrong
	}
	old, ok := s.place(next)
	over = true
	if ok {
		t.serves.Store(true)
	}
	switch {
	case !ok:
		b.err = &Unavailable{RetryAfter: time.Second, err: fmt.Errorf("tenant: %s has gone while its server was built", s.tenant)}
		old = next
	case old != nil:
		tell(t, "ServerUpdated", t.config.On.ServerUpdated, e)
	default:
		tell(t, "ServerRegistered", t.config.On.ServerRegistered, e)
	}
	t.retire(old)
}

// errGoexit: a factory, or a hook of its App, has ended the goroutine that builds.
var errGoexit = errors.New("tenant: the factory has ended its goroutine, as runtime.Goexit does: have it return an error")

// fail ends a build that has failed.
func (t *Tenants) fail(s *slot, g *grant, b *building, err error) {
	old, failure := t.failed(s, g, err, t.config.Now())
	b.err = &Unavailable{RetryAfter: failure.RetryAfter, Correlation: failure.Correlation, err: err}
	defer t.retire(old)
	tell(t, "ServerFailed", t.config.On.ServerFailed, failure)
}

func (s *slot) isGone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}

// place puts a server into its slot, and gives the one that was there. ok is false where the slot is gone.
func (s *slot) place(next *server) (old *server, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.building = nil
	if s.gone {
		return nil, false
	}
	s.failures, s.retry = 0, time.Time{}
	return s.live.Swap(next), true
}

// failed notes that a factory has failed, and tells the operator. The server that was there goes: what it was is not what it
// is to be.
func (t *Tenants) failed(s *slot, g *grant, err error, now time.Time) (old *server, f ServerFailure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait, most := t.config.RetryAfter, t.config.MaxRetryAfter
	for n := 0; n < s.failures && wait < most; n++ {
		wait *= 2
	}
	wait = min(wait, most)
	s.failures++
	s.failed, s.retry = newID(), now.Add(wait)
	t.config.Log.Error("tenant: a server could not be built", "tenant", s.tenant, "plan", g.info.Plan, "correlation", s.failed,
		"failures", s.failures, "retry after", wait, "error", err)
	f = ServerFailure{Tenant: s.tenant, Plan: g.info.Plan, Err: err, Correlation: s.failed, Failures: s.failures, RetryAfter: wait}
	old = s.live.Swap(nil)
	t.giveRoom(s) // before the next one takes it
	s.building = nil
	return old, f
}

// lateCalls is how long a server that has been replaced still takes calls: those that had just picked it.
const lateCalls = 100 * time.Millisecond

// retire shuts a server down that has been replaced, if there is one. Its calls end on it.
func (t *Tenants) retire(old *server) {
	if old == nil {
		return
	}
	drain := func() {
		select {
		case <-time.After(lateCalls):
		case <-t.base.Done():
		}
		ctx, cancel := context.WithTimeout(t.base, t.config.DrainTimeout)
		defer cancel()
		if err := old.app.Shutdown(ctx); err != nil {
			t.config.Log.Warn("tenant: a server that was replaced was shut down before all its calls had ended", "error", err)
		}
	}
	if !t.start(drain) {
		drain() // Close ends its calls
	}
}

// Unavailable is why a tenant cannot be served at the moment. Its client reads 503, with RetryAfter and Correlation, and
// nothing of the reason.
type Unavailable struct {
	// RetryAfter is when it may be worth another try.
	RetryAfter time.Duration
	// Correlation is the id that the operator's log has the reason under, "" where it is no failure of the server's.
	Correlation string
	err         error
}

// Error is for the log: it says why.
func (e *Unavailable) Error() string { return e.err.Error() }

// Unwrap is why, as what the factory has returned or panicked with, and what the client is told.
func (e *Unavailable) Unwrap() []error {
	told := "This server cannot be reached at the moment: try again"
	if e.Correlation != "" {
		told += " (" + e.Correlation + ")"
	}
	return []error{fastmcp.Unavailable(e.RetryAfter, "%s", told), e.err}
}
