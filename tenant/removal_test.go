package tenant_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/tenant"
)

// waiting is a context that tells when somebody is about to wait for a server.
type waiting struct {
	context.Context
	once sync.Once
	told chan struct{}
}

func newWaiting() *waiting { return &waiting{Context: background(), told: make(chan struct{})} }

func (w *waiting) Deadline() (time.Time, bool) {
	w.once.Do(func() { close(w.told) })
	return w.Context.Deadline()
}

// refused tells that a call was answered as one with an unknown token.
func refused(err error) bool {
	e := (*auth.Error)(nil)
	return errors.As(err, &e) && e.Code == auth.InvalidToken && errors.Is(err, tenant.ErrUnknownToken)
}

// Who waits for the server of a token that is updated, and then removed, gets none.
func TestRemovedAfterAnUpdate(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{})
	begun, let := make(chan bool), make(chan bool)
	var built atomic.Int64
	tenants.AddToken(acme, func() (*fastmcp.App, error) { close(begun); <-let; return anApp() })
	p, err := tenants.Verify(background(), bearer(acme))
	if err != nil {
		t.Fatal(err)
	}
	first := make(chan error, 1)
	go func() { _, err := tenants.Select(background(), p); first <- err }()
	<-begun
	if err := tenants.UpdateToken(acme, func() (*fastmcp.App, error) { built.Add(1); return anApp() }); err != nil {
		t.Fatal(err)
	}
	w, second := newWaiting(), make(chan error, 1)
	go func() { _, err := tenants.Select(w, p); second <- err }()
	<-w.told
	if err := tenants.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	close(let)
	if err := <-first; err == nil {
		t.Error("the first is served")
	}
	if err := <-second; !refused(err) || built.Load() != 0 {
		t.Errorf("%v, and %d were built", err, built.Load())
	}
	tenants.Sweep()
	if slots, room := tenants.Slots(); slots != 0 || room != 0 {
		t.Errorf("%d slots, %d servers", slots, room)
	}
}

// A token that is removed between the look at it and the place of its server is not served.
func TestRemovedBeforeItsSlot(t *testing.T) {
	s := newShared()
	tenants, _ := newTenants(t, tenant.Config{Storage: s})
	var built atomic.Int64
	tenants.Plan("free", func(tenant.Info) (*fastmcp.App, error) { built.Add(1); return anApp() })
	info, err := tenants.AddTokenPlan(background(), acme, "free")
	if err != nil {
		t.Fatal(err)
	}
	gets, slow := s.gets.Load(), make(chan struct{})
	s.hold(slow)
	errs := make(chan error, 1)
	go func() {
		_, err := tenants.Select(background(), &auth.Principal{Issuer: tenant.Issuer, Subject: info.ID, Tenant: info.ID})
		errs <- err
	}()
	eventually(t, "it is looked at", func() bool { return s.gets.Load() > gets })
	if err := tenants.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	close(slow)
	if err := <-errs; !refused(err) || built.Load() != 0 {
		t.Errorf("%v, and %d were built", err, built.Load())
	}
}

// A server that was built for a token that was not kept is looked after as the others are.
func TestServersOfTokensThatAreNotKept(t *testing.T) {
	s, c := newShared(), newClock()
	a, _ := newTenants(t, tenant.Config{Storage: s, Now: c.Now})
	b, _ := newTenants(t, tenant.Config{Storage: s, Now: c.Now})
	for _, tenants := range []*tenant.Tenants{a, b} {
		tenants.Plan("free", someApp).Plan("pro", someApp)
	}
	served := func(token string) *fastmcp.App {
		t.Helper()
		info, err := a.AddTokenPlan(background(), token, "free")
		if err != nil {
			t.Fatal(err)
		}
		app, err := b.Select(background(), &auth.Principal{Issuer: tenant.Issuer, Subject: info.ID, Tenant: info.ID})
		if err != nil {
			t.Fatal(err)
		}
		return app
	}
	served(acme)
	old := served(beta)
	s.deaf.Store(true)
	if err := a.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	if _, err := a.UpdateTokenPlan(background(), beta, "pro"); err != nil {
		t.Fatal(err)
	}
	b.Sweep()
	eventually(t, "the server of the removed token is gone", func() bool { slots, room := b.Slots(); return slots == 1 && room == 1 })
	id := idOf(t, a, beta)
	eventually(t, "that of the updated one is new", func() bool {
		app, err := b.Select(background(), &auth.Principal{Issuer: tenant.Issuer, Subject: id, Tenant: id})
		return err == nil && app != old
	})
}

// Removing a token once more ends what the first time has left.
func TestRemoveAgain(t *testing.T) {
	a, b, s := twoHosts(t, tenant.Limits{})
	a.plan(acme, "free")
	c := b.open(acme)
	st := c.listen()
	s.deaf.Store(true)
	s.unlisted.Store(true)
	if err := a.tenants.RemoveToken(background(), acme); err == nil || errors.Is(err, tenant.ErrUnknownToken) {
		t.Fatalf("the first time: %v", err)
	}
	if err := a.tenants.RemoveToken(background(), acme); err == nil || errors.Is(err, tenant.ErrUnknownToken) {
		t.Fatalf("while the store does not answer: %v", err)
	}
	s.unlisted.Store(false)
	if err := a.tenants.RemoveToken(background(), acme); !errors.Is(err, tenant.ErrUnknownToken) {
		t.Errorf("then: %v", err)
	}
	st.ended()
}

// selecting is a host that is made without Tenants.Host.
func selecting(t *testing.T, config tenant.Config, with func(*tenant.Tenants, *fastmcp.App), pick picker, more ...auth.Verifier) *host {
	t.Helper()
	tenants, l := newTenants(t, config)
	app := fastmcp.New(fastmcp.Config{
		Name: "host", Log: l.logger(), On: tenants.Events(fastmcp.Events{}), Select: pick(tenants),
		Auth: auth.New(auth.Config{Verifiers: append(more, tenants)}),
	})
	app.Use(tenants.Handler())
	app.AddTool(fastmcp.Tool{Name: "who", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "host", nil })})
	if with != nil {
		with(tenants, app)
	}
	return listens(t, tenants, app, l)
}

// picker makes a fastmcp.Config.Select.
type picker func(*tenant.Tenants) func(context.Context, *auth.Principal) (*fastmcp.App, error)

func plainly(tenants *tenant.Tenants) func(context.Context, *auth.Principal) (*fastmcp.App, error) {
	return tenants.Select
}

// Where the host is not known, or does not help, removing a token does not say that its sessions have ended.
func TestRemoveWithoutHost(t *testing.T) {
	for name, x := range map[string]struct {
		routes func(*fastmcp.App) *fastmcp.App // that Routes is given
		down   bool
		words  string
	}{
		"none": {nil, false, "the host is not known"},
		"other": {func(*fastmcp.App) *fastmcp.App {
			return fastmcp.New(fastmcp.Config{Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{beta: {Issuer: "test", Subject: "eve"}})}})})
		}, false, "the host is not known"},
		"host": {func(app *fastmcp.App) *fastmcp.App { return app }, false, ""},
		"down": {func(app *fastmcp.App) *fastmcp.App { return app }, true, "the host does not take in a server"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			h := selecting(t, tenant.Config{Now: c.Now, IdleTTL: time.Minute}, func(tenants *tenant.Tenants, app *fastmcp.App) {
				if x.routes != nil {
					tenants.Routes(x.routes(app), "/tenants", auth.RequireAuth())
				}
			}, plainly)
			h.tenants.AddToken(acme, server("acme"))
			st := h.open(acme).listen()
			c.pass(time.Minute + time.Second)
			h.tenants.Sweep()
			if stats, _ := h.tenants.Stats(background()); stats.Servers != 0 {
				t.Fatalf("%+v", stats)
			}
			if x.down {
				if err := h.app.Shutdown(background()); err != nil {
					t.Fatal(err)
				}
			}
			switch err := h.tenants.RemoveToken(background(), acme); {
			case x.words == "" && err != nil:
				t.Error(err)
			case x.words == "":
				st.ended()
			case err == nil || !strings.Contains(err.Error(), "its sessions could not be ended: "+x.words):
				t.Errorf("%v, want %s", err, x.words)
			}
		})
	}
}

// A record that cannot be read keeps none of the other tenants from being looked after.
func TestRecordsThatCannotBeRead(t *testing.T) {
	s, c := newShared(), newClock()
	a, _ := newTenants(t, tenant.Config{Storage: s, Now: c.Now})
	b, l := newTenants(t, tenant.Config{Storage: s, Now: c.Now})
	a.Plan("free", someApp)
	b.Plan("free", someApp)
	const all, bad = 20, 5
	token := func(i int) string { return fmt.Sprintf("token-%016d", i) }
	for i := range all {
		if _, err := a.AddTokenPlan(background(), token(i), "free"); err != nil {
			t.Fatal(err)
		}
		chosen(t, b, token(i))
	}
	s.deaf.Store(true)
	for i := range all {
		var err error
		if i < bad {
			err = s.parts.KV.Set(background(), "@tenants:token/"+idOf(t, b, token(i)), []byte("{"), 0)
		} else {
			err = a.RemoveToken(background(), token(i))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c.pass(10 * time.Second)
	b.Sweep()
	eventually(t, "the removed ones are gone", func() bool { _, room := b.Slots(); return room == bad })
	if n := strings.Count(l.String(), "cannot be read"); n != 1 {
		t.Errorf("it is told %d times", n)
	}
}

// A caller whom another verifier knows is never counted on the limits of a token, whatever its tenant is called.
func TestLimitsOfAnother(t *testing.T) {
	named := auth.Authenticate(func(_ context.Context, r *auth.Request) (*auth.Principal, error) {
		if name, ok := strings.CutPrefix(r.Token, "jwt."); ok {
			return &auth.Principal{Issuer: "https://id.example", Subject: "eve", Tenant: name}, nil
		}
		return nil, nil
	})
	limits := tenant.Limits{Rate: "2-H"}
	own := selecting(t, tenant.Config{Limits: limits}, nil, func(tenants *tenant.Tenants) func(context.Context, *auth.Principal) (*fastmcp.App, error) {
		return func(ctx context.Context, p *auth.Principal) (*fastmcp.App, error) {
			if p.Issuer != tenant.Issuer {
				return nil, nil
			}
			return tenants.Select(ctx, p)
		}
	}, named)
	plain := selecting(t, tenant.Config{Limits: limits}, nil, plainly, named)
	for _, x := range []struct {
		*host
		want int
	}{{own, 200}, {plain, 503}} {
		x.tenants.AddToken(acme, server("acme"))
		for i := range 2 {
			if a := x.tool(acme, "who", `{}`); a.text() != "acme" {
				t.Errorf("call %d: %d %s", i+1, a.status, a.body)
			}
			for range 3 {
				if a := x.tool("jwt."+idOf(t, x.tenants, acme), "who", `{}`); a.status != x.want {
					t.Errorf("%d, want %d: %s", a.status, x.want, a.body)
				}
			}
		}
	}
	if got := plain.tool("jwt.bolt", "who", `{}`).text(); got != "host" {
		t.Error(got)
	}
}

// A factory that ends its goroutine has failed as any other.
func TestFactoryThatExits(t *testing.T) {
	c := newClock()
	var exits atomic.Bool
	exits.Store(true)
	tenants, l := newTenants(t, tenant.Config{Now: c.Now, BuildTimeout: time.Second})
	tenants.AddToken(acme, func() (*fastmcp.App, error) {
		if exits.Load() {
			runtime.Goexit()
		}
		return anApp()
	})
	_, err := choose(t, tenants, acme)
	if u := (*tenant.Unavailable)(nil); !errors.As(err, &u) || u.Correlation == "" || !strings.Contains(err.Error(), "runtime.Goexit") || !strings.Contains(l.String(), u.Correlation) {
		t.Errorf("%v\n%s", err, l)
	}
	if _, room := tenants.Slots(); room != 0 {
		t.Errorf("%d servers", room)
	}
	exits.Store(false)
	c.pass(time.Second)
	chosen(t, tenants, acme)
}

// A session's place is kept for as long as the session, although its server is gone, and given back with it.
func TestPlacesOfSessions(t *testing.T) {
	c, s := newClock(), newShared()
	l := &logs{}
	tenants := tenant.New(tenant.Config{Storage: s, Log: l.logger(), Now: c.Now, IdleTTL: time.Minute})
	tenants.Plan("limited", planned(), tenant.Limits{Sessions: 2})
	h := serve(t, tenants, l, fastmcp.Config{Name: "host", Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}})
	h.plan(acme, "limited")
	h.open(acme)
	h.open(acme)
	if kept := s.kept(); len(kept) == 0 {
		t.Error("no place is taken")
	} else {
		for _, ttl := range kept {
			if ttl < time.Hour {
				t.Errorf("a place is kept for %s, and its session for an hour", ttl)
			}
		}
	}
	c.pass(time.Minute + time.Second)
	tenants.Sweep()
	if stats, _ := tenants.Stats(background()); stats.Servers != 0 {
		t.Fatalf("%+v", stats)
	}
	if err := tenants.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	h.plan(acme, "limited")
	h.open(acme)
	h.open(acme)
	if a, _ := h.initialize(acme); a.status != 429 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
