package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/fastmcp-go/fastmcp/internal/seal"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/store"
)

// realm is a scope of a host for an App that its Config.Select picks: what outlives that App when another takes its place.
type realm struct {
	host    *App
	name    string
	backend *store.Backend
	hub     *session.Hub

	// moving is held while an App moves in or out.
	moving sync.Mutex
	// at is the App that lives there, or the last that did. It is not nil once one has moved in.
	at    atomic.Pointer[engine]
	empty bool // nobody lives there any more
	gone  bool // it is none of the host's any more
}

// realms are those of a host.
type realms struct {
	mu     sync.Mutex
	all    map[string]*realm
	closed bool
}

var (
	errRealmsClosed = errors.New("fastmcp: the App has been shut down")
	errRealmMoved   = errors.New("fastmcp: the App has been shut down, or another has taken its place: Config.Select is to pick that one")
)

// realmsScope is where realms are in their host's store.
const realmsScope = "realm"

// take has an App live in the realm of that name.
func (all *realms) take(host, app *App, name string) (*engine, error) {
	for {
		r, err := all.find(host, app, name)
		if err != nil {
			return nil, err
		}
		e, again, err := r.moveIn(app)
		if err != nil {
			r.forget() // nobody lives there, perhaps
		}
		if !again {
			return e, err
		}
	}
}

// find is the realm of that name, which is made if there is none.
func (all *realms) find(host, app *App, name string) (*realm, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.closed {
		return nil, errRealmsClosed
	}
	if r := all.all[name]; r != nil {
		return r, nil
	}
	r := &realm{host: host, name: name, backend: host.engine().backend.Scope(realmsScope).Scope(name), empty: true}
	config := r.configOf(app)
	r.hub = newHub(config, r.backend, r.at.Load, host.engine().hub)
	if all.all == nil {
		all.all = make(map[string]*realm)
	}
	all.all[name] = r
	return r, nil
}

// each calls f with every realm.
func (all *realms) each(f func(*realm)) {
	all.mu.Lock()
	open := make([]*realm, 0, len(all.all))
	for _, r := range all.all {
		open = append(open, r)
	}
	all.mu.Unlock()
	for _, r := range open {
		f(r)
	}
}

// recompose has what was composed of the host's handlers composed anew.
func (all *realms) recompose() {
	all.each(func(r *realm) {
		if e := r.at.Load(); e != nil {
			e.catalog.Store(nil)
		}
	})
}

// leave ends the streams of all; see engine.leave.
func (all *realms) leave() {
	all.each(func(r *realm) {
		r.hub.Drain()
		if e := r.at.Load(); e != nil {
			e.leave()
		}
	})
}

// close ends all, with their host.
func (all *realms) close(ctx context.Context) (err error) {
	all.mu.Lock()
	all.closed = true
	all.mu.Unlock()
	all.each(func(r *realm) {
		if e := r.at.Load(); e != nil {
			err = errors.Join(err, r.shutdown(ctx, e))
		}
		r.hub.Close()
	})
	return err
}

// moveIn makes the App the one that lives there. again: the realm is gone, look for another.
func (r *realm) moveIn(app *App) (e *engine, again bool, err error) {
	r.moving.Lock()
	defer r.moving.Unlock()
	if r.gone {
		return nil, true, nil
	}
	before := app.engine()
	switch {
	case before.realm == r && r.at.Load() == before && !r.empty:
		return before, false, nil // somebody was quicker
	case before.realm == r || app.base.Err() != nil:
		return nil, false, errRealmMoved
	case before.realm != nil:
		return nil, false, fmt.Errorf("fastmcp: Config.Select has picked the App %q for %q, and it is %q's: make one for each", app.config.Name, r.name, before.realm.name)
	}
	if e, err = r.settle(app); err != nil {
		return nil, false, err
	}
	if old := r.at.Swap(e); old != nil {
		r.hub.All(func(s *session.Record) bool {
			hintAll(s)
			return true
		})
	}
	r.empty = false
	return e, false, nil
}

// settle makes the App's engine there, and has it begin.
func (r *realm) settle(app *App) (*engine, error) {
	app.starting.Lock()
	defer app.starting.Unlock()
	if app.started {
		return nil, fmt.Errorf("fastmcp: Config.Select has picked the App %q, which serves by itself: make another for it", app.config.Name)
	}
	before := app.engine()
	e := newEngine(app, r.backend, r)
	e.switches.succeed(before.switches)
	if r.at.Load() == nil {
		if err := r.hub.Open(r.host.base); err != nil {
			return nil, fmt.Errorf("fastmcp: Config.Storage: %w", err)
		}
	}
	if err := e.node.open(); err != nil {
		return nil, fmt.Errorf("fastmcp: Config.Storage: %w", err)
	}
	if err := app.hooks.begin(app); err != nil {
		e.node.close()
		return nil, err
	}
	app.mu.Lock()
	app.at.Store(e)
	app.mu.Unlock()
	if err := e.switches.start(); err != nil {
		app.mu.Lock()
		app.at.Store(before)
		app.mu.Unlock()
		e.node.close()
		return nil, fmt.Errorf("fastmcp: %w", err)
	}
	e.tasks.startSweeps()
	app.begin()
	return e, nil
}

// shutdown ends the App that lives there, or did, and leaves its sessions to who comes next.
func (r *realm) shutdown(ctx context.Context, e *engine) error {
	err := e.Drain(ctx)
	e.app.stop()
	e.node.close()
	e.switches.running.Wait()
	r.moving.Lock()
	if r.at.Load() == e {
		r.empty = true
	}
	r.moving.Unlock()
	r.forget()
	hooked := e.app.hooks.end(ctx, e.app)
	return errors.Join(err, hooked, e.app.backend.Close())
}

// sessionEnded is called when one of its sessions has.
func (r *realm) sessionEnded() {
	if r.hub.Len() == 0 {
		go r.forget() // a hub cannot be closed by what it calls
	}
}

// forget ends a realm in which there is nobody and nothing.
func (r *realm) forget() {
	r.moving.Lock()
	defer r.moving.Unlock()
	if !r.empty || r.gone || r.hub.Len() > 0 {
		return
	}
	all := &r.host.realms
	all.mu.Lock()
	if r.gone = !all.closed; r.gone {
		delete(all.all, r.name)
	}
	all.mu.Unlock()
	if r.gone {
		r.hub.Close()
	}
}

// configOf is what an App goes by there: its own Config, and its host's where that is about all.
func (r *realm) configOf(app *App) *Config {
	c, host := app.config, &r.host.config
	c.Auth, c.Storage, c.Select, c.HTTP, c.Stateless = host.Auth, nil, nil, host.HTTP, host.Stateless
	if !app.logs {
		c.Log = host.Log.With("tenant", r.name)
	}
	c.On = host.On.and(c.On)
	return &c
}

// keysOf are the keys that an App seals with there.
func (r *realm) keysOf(app *App) *seal.Ring {
	if len(app.config.Keys) > 0 {
		return newRing(app.config.Keys)
	}
	ring, err := r.host.engine().keys.Derive(r.name)
	if err != nil {
		panic(fmt.Errorf("fastmcp: %w", err)) // the host's own could be made
	}
	return ring
}

// allHandlers are what comes before an App's groups: its host's handlers and its own. It is called with the App locked.
func (a *App) allHandlers() []Handler {
	r := a.engine().realm
	if r == nil {
		return a.handlers
	}
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	return append(append([]Handler(nil), r.host.handlers...), a.handlers...)
}

// Tenant is the scope that the session is in where Config.Select has picked its App; "" elsewhere.
func (s *Session) Tenant() string { return s.engine.tenant() }

// Tenant is the scope that the request is in where Config.Select has picked its App; "" elsewhere.
func (c *Context) Tenant() string { return c.engine.tenant() }

func (e *engine) tenant() string {
	if e.realm == nil {
		return ""
	}
	return e.realm.name
}

// EndSessions ends the sessions of the App, on all nodes that share its storage, and says how many: their streams end, and
// their clients are told that they are not there. Those that begin meanwhile may stay. An error is the storage's.
func (a *App) EndSessions(ctx context.Context) (int, error) { return a.engine().hub.EndAll(ctx) }
