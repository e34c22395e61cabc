package tenant

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// Host makes the App that serves the tenants, and whoever is none: its own tools are for the latter. It is fastmcp.New with
// what tenants need in config:
//   - Auth, if there is none, knows the tokens and nobody else; one that is there must have the Tenants among its verifiers;
//   - Select picks the tenants' servers: Tenants.Select;
//   - Storage is that of the tenants;
//   - On tells Config.On of sessions and calls, too: Tenants.Events;
//   - the first link of its chain keeps tenants within their limits: Tenants.Handler;
//   - it opens the Tenants when it starts, and closes them when it has shut down.
//
// It panics when config has another Select or Storage, and when it is called again.
func (t *Tenants) Host(config fastmcp.Config) *fastmcp.App {
	switch {
	case config.Select != nil:
		panic("tenant: Host: config.Select is set: leave it out, or make the host by fastmcp.New, and have your Select ask Tenants.Select")
	case config.Storage != nil && t.config.Storage == nil:
		panic("tenant: Host: config.Storage is set, and tenant.Config.Storage is not: give the storage to tenant.New, so that it keeps the tokens, too")
	}
	config.Storage = t.config.Storage
	if config.Auth == nil {
		config.Auth = auth.New(auth.Config{Verifiers: []auth.Verifier{t}})
	}
	if config.Log == nil {
		config.Log = t.config.Log
	}
	config.Select = t.Select
	config.On = t.Events(config.On)
	app := fastmcp.New(config)
	t.mu.Lock()
	again := t.host != nil
	t.host = app
	t.mu.Unlock()
	if again {
		panic("tenant: Host was called before: a Tenants has one host; make another by New")
	}
	app.Use(t.Handler())
	app.OnStart(t.Open)
	app.OnShutdown(t.Close)
	return app
}

// Events is on, which may be empty, with what the host has to tell the Tenants: it is the Config.On of a host that is made
// without Host. Config.On hears of sessions and calls by it.
func (t *Tenants) Events(on fastmcp.Events) fastmcp.Events {
	connect, disconnect, called := on.Connect, on.Disconnect, on.ToolCall
	on.Connect = func(s *fastmcp.Session) {
		if connect != nil {
			connect(s)
		}
		if s.Tenant() == "" {
			return
		}
		t.countSession(s, true)
		tell(t, "SessionCreated", t.config.On.SessionCreated, SessionEvent{
			Tenant: s.Tenant(), SessionID: s.ID(), Principal: s.Principal(), Created: s.Created(),
		})
	}
	on.Disconnect = func(s *fastmcp.Session) {
		if disconnect != nil {
			disconnect(s)
		}
		if s.Tenant() == "" {
			return
		}
		t.countSession(s, false)
		who := s.Principal()
		if who == nil && isID(s.Tenant()) {
			who = principalOf(s.Tenant()) // a node that has not seen its client ends the session
		}
		tell(t, "SessionEnded", t.config.On.SessionEnded, SessionEvent{
			Tenant: s.Tenant(), SessionID: s.ID(), Principal: who, Created: s.Created(), Duration: t.config.Now().Sub(s.Created()),
		})
	}
	if called == nil && t.config.On.ToolCalled == nil {
		return on
	}
	on.ToolCall = func(e fastmcp.ToolCallEvent) {
		if called != nil {
			called(e)
		}
		if e.Tenant == "" || t.config.On.ToolCalled == nil {
			return
		}
		plan := ""
		if s := t.slotOf(e.Tenant); s != nil {
			if live := s.live.Load(); live != nil {
				plan = live.plan
			}
		}
		tell(t, "ToolCalled", t.config.On.ToolCalled, ToolEvent{e.Tenant, plan, e})
	}
	return on
}

// fingerprint names a session where its id is not to be shown.
func fingerprint(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:12])
}
