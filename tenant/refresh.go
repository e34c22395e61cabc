package tenant

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// refreshSoon asks the store for the token of a server that runs here, or for those of all, and has it act on what it hears.
func (t *Tenants) refreshSoon(id string) {
	t.start(func() { t.refresh(id) })
}

func (t *Tenants) refresh(id string) {
	t.slotsMu.RLock()
	var all []string
	for tenant := range t.slots {
		if id == "" || tenant == id {
			all = append(all, tenant)
		}
	}
	t.slotsMu.RUnlock()
	var next atomic.Int64
	var down atomic.Bool
	var group sync.WaitGroup
	for range min(refreshers, len(all)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(all)) && !down.Load(); i = next.Add(1) - 1 {
				switch err := t.refreshOne(all[i]); {
				case errors.Is(err, errRecord): // it is that of one tenant
					if t.unread.again(t.config.Now()) {
						t.config.Log.Error("tenant: what the store has of a token that is served cannot be read", "tenant", all[i], "error", err)
					}
				case err != nil:
					down.Store(true) // each of the others would take as long to find out
				}
			}
		})
	}
	group.Wait()
}

// refreshers is how many tokens are asked for at once.
const refreshers = 4

// refreshOne asks the store for the token of a server that runs here.
func (t *Tenants) refreshOne(tenant string) error {
	now := t.config.Now()
	t.mu.RLock()
	d, ok := t.ids[tenant]
	k := t.known[d]
	t.mu.RUnlock()
	switch {
	case !ok && !isID(tenant): // of another verifier's
		return nil
	case ok && (k.own() || now.Before(k.until.Add(-sweepEvery))): // it is looked at again too late else
		return nil
	}
	ctx, cancel := context.WithTimeout(t.base, storeTimeout)
	defer cancel()
	if !ok {
		return t.refreshUnkept(ctx, tenant, now)
	}
	g, err := t.ask(ctx, d, now)
	if err == nil && g != nil && g.turn != k.grant.turn {
		t.renew(g)
	}
	return err
}

// refreshUnkept is refreshOne for a server whose token is not among those that are kept, as when it was built while the token
// was updated.
func (t *Tenants) refreshUnkept(ctx context.Context, tenant string, now time.Time) error {
	_, g, err := t.readID(ctx, tenant)
	switch {
	case err != nil:
		return err
	case g == nil:
		if !t.isOwnID(tenant) { // else it was added meanwhile
			t.dropSoon(tenant)
		}
		return nil
	}
	if g, err = t.ask(ctx, g.digest, now); err == nil && g != nil { // it is kept from now on
		t.renewTo(g)
	}
	return err
}

// renewTo is renew for a server of which it is not known what it was built for.
func (t *Tenants) renewTo(g *grant) {
	if s := t.slotOf(g.info.ID); s != nil {
		if live := s.live.Load(); live != nil && live.turn != g.turn {
			t.renew(g)
		}
	}
}
