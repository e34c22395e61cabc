package tenant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

func (t *Tenants) slotOf(tenant string) *slot {
	t.slotsMu.RLock()
	defer t.slotsMu.RUnlock()
	return t.slots[tenant]
}

// slotFor is the place of a tenant's server, made if there is none.
func (t *Tenants) slotFor(tenant string) *slot {
	if s := t.slotOf(tenant); s != nil {
		return s
	}
	t.slotsMu.Lock()
	defer t.slotsMu.Unlock()
	s := t.slots[tenant]
	if s == nil {
		s = &slot{tenant: tenant}
		t.slots[tenant] = s
	}
	return s
}

// takeRoom has a slot take room for its server, if need be that of the one that has been idle longest. here tells that the
// slot is still the tenant's.
func (t *Tenants) takeRoom(s *slot) (room, here bool) {
	t.slotsMu.Lock()
	defer t.slotsMu.Unlock()
	if t.slots[s.tenant] != s {
		return false, false
	}
	if t.live >= t.config.MaxServers {
		idle := t.idlest()
		if idle == nil {
			return false, true
		}
		t.unlink(idle)
		if !t.start(func() { _, _ = t.empty(t.base, idle, ReasonEvicted) }) {
			return false, false // closing empties all
		}
	}
	s.room = true
	t.live++
	return true, true
}

// idlest is the server that has been idle longest; nil when all are in use. t.slotsMu is held.
func (t *Tenants) idlest() (found *slot) {
	var since int64
	for _, s := range t.slots {
		live := s.live.Load()
		if live == nil || s.busy() {
			continue
		}
		if used := live.used.Load(); found == nil || used < since {
			found, since = s, used
		}
	}
	return found
}

// giveRoom is for a slot whose server could not be built.
func (t *Tenants) giveRoom(s *slot) {
	t.slotsMu.Lock()
	defer t.slotsMu.Unlock()
	if s.room {
		s.room = false
		t.live--
	}
}

// unlink takes a slot from its tenant. What is in it is for empty. t.slotsMu is held.
func (t *Tenants) unlink(s *slot) {
	delete(t.slots, s.tenant)
	if s.room {
		s.room = false
		t.live--
	}
}

// empty shuts down what was in a slot that has been unlinked. Only a token that was removed takes its sessions along.
func (t *Tenants) empty(ctx context.Context, s *slot, why Reason) (here bool, err error) {
	s.mu.Lock()
	s.gone = true
	live := s.live.Swap(nil)
	s.mu.Unlock()
	if live == nil {
		return false, nil
	}
	now := t.config.Now()
	e := ServerEvent{Tenant: s.tenant, Plan: live.plan, At: now, Duration: now.Sub(live.built), Reason: why, Sessions: len(live.app.Sessions())}
	switch why {
	case ReasonRemoved:
		err = t.end(ctx, live.app)
	case ReasonClosed:
		err = live.app.Shutdown(ctx)
	default:
		t.retire(live)
	}
	tell(t, "ServerRemoved", t.config.On.ServerRemoved, e)
	return true, err
}

// end ends a server whose token was removed: its sessions and streams at once, and its calls.
func (t *Tenants) end(ctx context.Context, app *fastmcp.App) error {
	_, err := app.EndSessions(ctx)
	over, cancel := context.WithCancel(ctx)
	cancel() // nobody is waited for
	if down := app.Shutdown(over); down != nil && !errors.Is(down, context.Canceled) {
		err = errors.Join(err, down)
	}
	return err
}

// drop removes a tenant's server from this node. here tells that there was one.
func (t *Tenants) drop(ctx context.Context, tenant string, why Reason) (here bool, err error) {
	t.slotsMu.Lock()
	s := t.slots[tenant]
	if s != nil {
		t.unlink(s)
	}
	t.slotsMu.Unlock()
	if s == nil {
		return false, nil
	}
	return t.empty(ctx, s, why)
}

// expel ends the server and the sessions of a token that this node has removed. Those of a server that is not here, as when it
// was idle, are ended by one that is made for that.
func (t *Tenants) expel(ctx context.Context, tenant string) error {
	if here, err := t.drop(ctx, tenant, ReasonRemoved); here {
		return err
	}
	app := fastmcp.New(fastmcp.Config{Name: tenant, Log: t.config.Log})
	switch err := t.settle(ctx, tenant, app); {
	case errors.Is(err, errNoHost) && !t.serves.Load():
		return nil // what only keeps tokens has no sessions
	case err != nil:
		return fmt.Errorf("tenant: %s is removed, and its sessions could not be ended: %w", tenant, err)
	}
	return t.end(ctx, app)
}

// errNoHost: there is nobody to ask for the sessions of a tenant whose server is not here.
var errNoHost = errors.New("the host is not known: make it by Tenants.Host, or give it to Tenants.Routes")

// settle has the host take in an App before its tenant calls: it takes in what Select picks, which it asks for any session.
func (t *Tenants) settle(ctx context.Context, tenant string, app *fastmcp.App) error {
	t.mu.RLock()
	host := cmp.Or(t.host, t.routed)
	t.mu.RUnlock()
	if host == nil {
		return errNoHost
	}
	pick := &settling{app: app}
	// A session without an id is a mistake of the caller's, which is told once the App has been taken in.
	r := host.Engine().End(context.WithValue(ctx, settlingKey{}, pick), &rpc.Call{Principal: principalOf(tenant)})
	switch {
	case !pick.picked.Load():
		return errNoHost // it does not ask Tenants.Select
	case r != nil && r.Class != rpc.BadRequest:
		return fmt.Errorf("the host does not take in a server for it, the log says why: %s", r.Err.Message)
	}
	return nil
}

// settling is the App that Select is to pick, under settlingKey.
type settling struct {
	app    *fastmcp.App
	picked atomic.Bool
}

type settlingKey struct{}

// dropSoon is drop for a token that is gone, for who must not wait for it.
func (t *Tenants) dropSoon(tenant string) {
	t.start(func() {
		ctx, cancel := context.WithTimeout(t.base, storeTimeout)
		defer cancel()
		if _, err := t.drop(ctx, tenant, ReasonRemoved); err != nil {
			t.config.Log.Error("tenant: the sessions of a token that was removed could not all be ended", "tenant", tenant, "error", err)
		}
	})
}

// dropAll shuts all servers down, at once.
func (t *Tenants) dropAll(ctx context.Context) error {
	t.slotsMu.Lock()
	var all []*slot
	for _, s := range t.slots {
		t.unlink(s)
		all = append(all, s)
	}
	t.slotsMu.Unlock()
	var mu sync.Mutex
	var errs []error
	var group sync.WaitGroup
	for _, s := range all {
		group.Go(func() {
			_, err := t.empty(ctx, s, ReasonClosed)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// renew has the server of g take the place of the one that runs, if there is one, before its tenant calls.
func (t *Tenants) renew(g *grant) {
	s := t.slotOf(g.info.ID)
	if s == nil {
		return
	}
	s.mu.Lock()
	s.failures, s.retry = 0, time.Time{} // what is new may work
	s.mu.Unlock()
	if s.live.Load() == nil {
		return
	}
	t.start(func() { _, _ = t.server(t.base, g) }) // what fails is told where it is built
}
