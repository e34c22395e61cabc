package tenant

import (
	"context"
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
	done chan struct{}
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

// build builds a server, and puts it into its place.
func (t *Tenants) build(s *slot, g *grant, b *building) {
	begun := t.config.Now()
	app, limits, err := t.make(g)
	now := t.config.Now()
	next := &server{app: app, turn: g.turn, plan: g.info.Plan, limits: limits, built: now}
	next.rate, _ = parseRate(limits.Rate) // it was checked when it was given
	next.touch(now)

	s.mu.Lock()
	var old *server
	var failure ServerFailure
	switch {
	case err != nil:
		failure = s.fail(t, g, err, now)
		b.err = &Unavailable{RetryAfter: failure.RetryAfter, Correlation: failure.Correlation, err: err}
		old = s.live.Swap(nil) // what it was is not what it is to be
	case s.gone:
		b.err = &Unavailable{RetryAfter: time.Second, err: fmt.Errorf("tenant: %s has gone while its server was built", s.tenant)}
	default:
		old = s.live.Swap(next)
		s.failures, s.retry = 0, time.Time{}
	}
	gone := s.gone
	s.building = nil
	s.mu.Unlock()
	if err != nil {
		t.giveRoom(s)
	}
	defer close(b.done) // who waits for it comes after the events

	e := ServerEvent{Tenant: s.tenant, Plan: g.info.Plan, At: now, Duration: now.Sub(begun)}
	switch {
	case err != nil:
		tell(t, "ServerFailed", t.config.On.ServerFailed, failure)
	case gone:
		t.retire(app)
	case old != nil:
		t.settle(t.base, s.tenant, app) // the clients of its sessions hear that lists have changed
		tell(t, "ServerUpdated", t.config.On.ServerUpdated, e)
	default:
		tell(t, "ServerRegistered", t.config.On.ServerRegistered, e)
	}
	if old != nil {
		t.retire(old.app)
	}
}

// fail notes that the factory has failed, and tells the operator. s.mu is held.
func (s *slot) fail(t *Tenants, g *grant, err error, now time.Time) ServerFailure {
	wait := t.config.MaxRetryAfter
	if s.failures < 30 { // beyond it the shift leaves the range
		wait = min(wait, t.config.RetryAfter<<s.failures)
	}
	s.failures++
	s.failed, s.retry = newID(), now.Add(wait)
	t.config.Log.Error("tenant: a server could not be built", "tenant", s.tenant, "plan", g.info.Plan, "correlation", s.failed,
		"failures", s.failures, "retry after", wait, "error", err)
	return ServerFailure{Tenant: s.tenant, Plan: g.info.Plan, Err: err, Correlation: s.failed, Failures: s.failures, RetryAfter: wait}
}

// retire shuts a server down that has been replaced. Its calls end on it.
func (t *Tenants) retire(app *fastmcp.App) {
	drain := func() {
		ctx, cancel := context.WithTimeout(t.base, t.config.DrainTimeout)
		defer cancel()
		if err := app.Shutdown(ctx); err != nil {
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
