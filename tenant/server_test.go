package tenant_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/tenant"
)

// choose has a token's server picked, as its host does.
func choose(t testing.TB, tenants *tenant.Tenants, token string) (*fastmcp.App, error) {
	t.Helper()
	p, err := tenants.Verify(background(), bearer(token))
	if err != nil {
		t.Fatal(err)
	}
	return tenants.Select(background(), p)
}

func chosen(t testing.TB, tenants *tenant.Tenants, token string) *fastmcp.App {
	t.Helper()
	app, err := choose(t, tenants, token)
	if err != nil || app == nil {
		t.Fatalf("%v, %v", app, err)
	}
	return app
}

// Servers are built when they are first used, once for all who wait for them, and kept.
func TestServersAreBuiltOnce(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{})
	var built atomic.Int64
	let := make(chan bool)
	tenants.AddToken(acme, func() (*fastmcp.App, error) {
		built.Add(1)
		<-let
		return anApp()
	})
	if built.Load() != 0 {
		t.Error("it was built before it was used")
	}
	apps := make(chan *fastmcp.App, 50)
	for range 50 {
		go func() {
			app, _ := choose(t, tenants, acme)
			apps <- app
		}()
	}
	eventually(t, "it is being built", func() bool { return built.Load() == 1 })
	close(let)
	first := <-apps
	for range 49 {
		if app := <-apps; app != first || app == nil {
			t.Fatal("two have been built")
		}
	}
	for range 10 {
		if chosen(t, tenants, acme) != first {
			t.Fatal("it was not kept")
		}
	}
	if built.Load() != 1 {
		t.Errorf("built %d times", built.Load())
	}
}

// What goes wrong in a factory is a 503 for its tenant alone. It is asked again when the back-off is over, not before.
func TestFactoriesThatFail(t *testing.T) {
	c := newClock()
	var asked atomic.Int64
	mode := func() (*fastmcp.App, error) { return nil, nil }
	var failures []tenant.ServerFailure
	h := newHost(t, tenant.Config{Now: c.Now, RetryAfter: 2 * time.Second, MaxRetryAfter: 10 * time.Second, On: tenant.Events{
		ServerFailed: func(f tenant.ServerFailure) { failures = append(failures, f) },
	}})
	h.tenants.AddToken(beta, server("beta")).AddToken(acme, func() (*fastmcp.App, error) {
		asked.Add(1)
		return mode()
	})
	for i, step := range []struct {
		words string
		mode  tenant.Factory
		wait  string
	}{
		{"the database is away", func() (*fastmcp.App, error) { return nil, errors.New("the database is away") }, "2"},
		{"panic: boom", func() (*fastmcp.App, error) { panic("boom") }, "4"},
		{"neither an App nor an error", func() (*fastmcp.App, error) { return nil, nil }, "8"},
		{"panic: fastmcp: there is a tool", func() (*fastmcp.App, error) {
			app, _ := server("x")()
			app.AddTool(fastmcp.Tool{Name: "who", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", nil })})
			return app, nil
		}, "10"},
		{"away still", func() (*fastmcp.App, error) { return nil, errors.New("away still") }, "10"},
	} {
		mode = step.mode
		for range 3 {
			a := h.tool(acme, "who", `{}`)
			if a.status != 503 || a.header.Get("Retry-After") != step.wait || strings.Contains(a.body, step.words) || len(failures) != i+1 {
				t.Fatalf("%s: %d %v %s, %d failures", step.words, a.status, a.header, a.body, len(failures))
			}
			f := failures[i]
			if !strings.Contains(a.body, f.Correlation) || !strings.Contains(h.log.String(), f.Correlation) || f.Failures != i+1 ||
				fmt.Sprint(f.RetryAfter.Seconds()) != step.wait || !strings.Contains(f.Err.Error(), step.words) {
				t.Errorf("%s: %s, %+v", step.words, a.body, f)
			}
		}
		if got := h.tool(beta, "who", `{}`).text(); got != "beta" {
			t.Errorf("another tenant: %s", got)
		}
		if s, _ := h.tenants.Stats(background()); s.Failing != 1 || s.Servers != 1 {
			t.Errorf("%+v", s)
		}
		c.pass(failures[i].RetryAfter - time.Millisecond)
		h.tool(acme, "who", `{}`)
		if asked.Load() != int64(i+1) {
			t.Fatalf("%s: asked %d times, want %d", step.words, asked.Load(), i+1)
		}
		c.pass(time.Millisecond)
	}
	if n := strings.Count(h.log.String(), "the database is away"); n != 1 {
		t.Errorf("the log says %d times why", n)
	}
	mode = server("acme")
	if got := h.tool(acme, "who", `{}`).text(); got != "acme" {
		t.Errorf("it works again: %s", got)
	}
	if s, _ := h.tenants.Stats(background()); s.Failing != 0 || s.Servers != 2 {
		t.Errorf("%+v", s)
	}
}

// A factory that failed is asked at once when another takes its place.
func TestUpdateAfterFailure(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{RetryAfter: time.Hour, MaxRetryAfter: time.Hour})
	tenants.AddToken(acme, func() (*fastmcp.App, error) { return nil, errors.New("no") })
	if _, err := choose(t, tenants, acme); err == nil {
		t.Fatal("it has failed")
	}
	if err := tenants.UpdateToken(acme, anApp); err != nil {
		t.Fatal(err)
	}
	chosen(t, tenants, acme)
}

// A factory that takes too long is waited for up to a bound, and its server is used when it is there.
func TestSlowFactory(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{BuildTimeout: 20 * time.Millisecond})
	let := make(chan bool)
	tenants.AddToken(acme, func() (*fastmcp.App, error) { <-let; return anApp() })
	_, err := choose(t, tenants, acme)
	if u := (*tenant.Unavailable)(nil); !errors.As(err, &u) || u.RetryAfter != time.Second || !strings.Contains(err.Error(), "still being built after 20ms") {
		t.Errorf("%v", err)
	}
	p, _ := tenants.Verify(background(), bearer(acme))
	ctx, cancel := context.WithCancel(background())
	cancel()
	if _, err := tenants.Select(ctx, p); !errors.Is(err, context.Canceled) {
		t.Errorf("who does not wait: %v", err)
	}
	close(let)
	eventually(t, "it is there", func() bool { app, err := choose(t, tenants, acme); return app != nil && err == nil })
}

// Of more servers than there is room for the one that was idle longest goes, and comes back when it is called.
func TestMaxServers(t *testing.T) {
	c := newClock()
	gone := make(chan tenant.ServerEvent, 10)
	tenants, _ := newTenants(t, tenant.Config{Now: c.Now, MaxServers: 2, On: tenant.Events{ServerRemoved: func(e tenant.ServerEvent) { gone <- e }}})
	const gamma = "gamma-0123456789abcdef"
	tenants.AddToken(acme, anApp).AddToken(beta, anApp).AddToken(gamma, anApp)
	first := chosen(t, tenants, acme)
	c.pass(time.Second)
	chosen(t, tenants, beta)
	c.pass(time.Second)
	chosen(t, tenants, acme)
	c.pass(time.Second)
	chosen(t, tenants, gamma)
	if e := <-gone; e.Tenant != idOf(t, tenants, beta) || e.Reason != tenant.ReasonEvicted || e.Duration != 2*time.Second {
		t.Errorf("%+v", e)
	}
	if chosen(t, tenants, acme) != first {
		t.Error("it was used later, and has gone")
	}
	c.pass(time.Second)
	chosen(t, tenants, beta)
	if e := <-gone; e.Tenant != idOf(t, tenants, gamma) && e.Tenant != idOf(t, tenants, acme) {
		t.Errorf("%+v", e)
	}
	if slots, room := tenants.Slots(); slots != 2 || room != 2 {
		t.Errorf("%d slots, %d servers", slots, room)
	}
}

// Where all servers are in use the next tenant waits.
func TestMaxServersInUse(t *testing.T) {
	h := newHost(t, tenant.Config{MaxServers: 1})
	begun, let := make(chan bool), make(chan bool)
	h.tenants.AddToken(beta, server("beta")).AddToken(acme, server("acme", fastmcp.Tool{Name: "hold", Handler: fastmcp.Do(func(c *fastmcp.Context, _ struct{}) error {
		begun <- true
		<-let
		return nil
	})}))
	held := make(chan answer, 1)
	go func() { held <- h.tool(acme, "hold", `{}`) }()
	<-begun
	if a := h.tool(beta, "who", `{}`); a.status != 503 || a.header.Get("Retry-After") != "1" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	if !strings.Contains(h.log.String(), "all are in use; see Config.MaxServers") {
		t.Error("nothing is said")
	}
	close(let)
	if a := <-held; a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	eventually(t, "there is room", func() bool { return h.tool(beta, "who", `{}`).text() == "beta" })
}

// Servers that nobody uses are shut down; their sessions and streams stay, and go on with the next.
func TestIdleServers(t *testing.T) {
	c := newClock()
	var told []string
	note := func(what string) func(tenant.ServerEvent) {
		return func(e tenant.ServerEvent) { told = append(told, fmt.Sprintf("%s %s %d", what, e.Reason, e.Sessions)) }
	}
	h := newHost(t, tenant.Config{Now: c.Now, IdleTTL: time.Minute, On: tenant.Events{ServerRegistered: note("registered"), ServerRemoved: note("removed")}})
	h.tenants.AddToken(acme, server("acme"))
	s := h.open(acme)
	st := s.listen()
	servers := func() int {
		h.tenants.Sweep()
		stats, err := h.tenants.Stats(background())
		if err != nil {
			t.Fatal(err)
		}
		return stats.Servers
	}
	if c.pass(59 * time.Second); servers() != 1 {
		t.Error("it is not idle for long enough")
	}
	if s.call("who", `{}`).text() != "acme" {
		t.Error("it does not answer")
	}
	if c.pass(59 * time.Second); servers() != 1 {
		t.Error("it was used")
	}
	if c.pass(2 * time.Second); servers() != 0 {
		t.Error("it is idle")
	}
	if got := s.call("who", `{}`).text(); got != "acme" {
		t.Errorf("the session: %s", got)
	}
	if err := chosen(t, h.tenants, acme).Broadcast("notifications/x", nil); err != nil {
		t.Fatal(err)
	}
	for m := ""; m != "notifications/x"; {
		if m = st.next(); m == "end" {
			t.Fatal("the stream has ended")
		}
	}
	if want := "[registered  0 removed idle 1 registered  0]"; fmt.Sprint(told) != want {
		t.Errorf("%v, want %s", told, want)
	}
}

// An IdleTTL below 0 is for ever.
func TestNeverIdle(t *testing.T) {
	c := newClock()
	tenants, _ := newTenants(t, tenant.Config{Now: c.Now, IdleTTL: -1})
	tenants.AddToken(acme, anApp)
	app := chosen(t, tenants, acme)
	c.pass(365 * 24 * time.Hour)
	if tenants.Sweep(); chosen(t, tenants, acme) != app {
		t.Error("it was shut down")
	}
}

// A token that is removed, or updated, while its server is built leaves nothing behind.
func TestChangesWhileBuilding(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{})
	begun, let := make(chan bool, 2), make(chan bool)
	slow := func() (*fastmcp.App, error) { begun <- true; <-let; return anApp() }
	tenants.AddToken(acme, slow)
	errs := make(chan error, 1)
	go func() { _, err := choose(t, tenants, acme); errs <- err }()
	<-begun
	if err := tenants.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	close(let)
	if err := <-errs; err == nil {
		t.Error("the server of a token that was removed is served")
	}
	if slots, room := tenants.Slots(); slots != 0 || room != 0 {
		t.Errorf("%d slots, %d servers", slots, room)
	}
	let = make(chan bool)
	tenants.AddToken(beta, slow)
	apps := make(chan *fastmcp.App, 1)
	go func() { app, _ := choose(t, tenants, beta); apps <- app }()
	<-begun
	next := fastmcp.New()
	if err := tenants.UpdateToken(beta, func() (*fastmcp.App, error) { return next, nil }); err != nil {
		t.Fatal(err)
	}
	close(let)
	<-apps
	if chosen(t, tenants, beta) != next {
		t.Error("the one before the update is served")
	}
}

// Two tokens must not have one App.
func TestOneAppForTwo(t *testing.T) {
	h := newHost(t, tenant.Config{})
	app, _ := server("both")()
	both := func() (*fastmcp.App, error) { return app, nil }
	h.tenants.AddToken(acme, both).AddToken(beta, both)
	if got := h.tool(acme, "who", `{}`).text(); got != "both" {
		t.Error(got)
	}
	if a := h.tool(beta, "who", `{}`); a.status != 503 || !strings.Contains(h.log.String(), "make one for each") {
		t.Errorf("%d %s\n%s", a.status, a.body, h.log)
	}
}

// However often a server is replaced while its tenant calls, no call fails, and the last one serves in the end.
func TestUpdatesWhileCalling(t *testing.T) {
	h := newHost(t, tenant.Config{})
	h.tenants.AddToken(acme, server("0"))
	c := h.open(acme)
	c.listen()
	var stop atomic.Bool
	done := make(chan string, 4)
	for range 4 {
		go func() {
			for !stop.Load() {
				for _, a := range []answer{c.call("who", `{}`), h.tool(acme, "who", `{}`)} {
					if a.status != 200 {
						done <- fmt.Sprint(a.status, " ", a.body)
						return
					}
				}
			}
			done <- ""
		}()
	}
	const updates = 30
	for i := range updates {
		if err := h.tenants.UpdateToken(acme, server(fmt.Sprint(i+1))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i%4) * time.Millisecond) // more of them than can be built, and fewer
	}
	eventually(t, "the last one serves", func() bool { return h.tool(acme, "who", `{}`).text() == fmt.Sprint(updates) })
	stop.Store(true)
	for range 4 {
		if failed := <-done; failed != "" {
			t.Error(failed)
		}
	}
	if got := c.call("who", `{}`).text(); got != fmt.Sprint(updates) {
		t.Errorf("the session is served by %s", got)
	}
	if slots, room := h.tenants.Slots(); slots != 1 || room != 1 {
		t.Errorf("%d slots, %d servers", slots, room)
	}
}

// Tenants whose servers are evicted for each other, removed and added at once leave the counts right.
func TestChurn(t *testing.T) {
	h := newHost(t, tenant.Config{MaxServers: 3})
	token := func(i int) string { return fmt.Sprintf("token-%016d", i) }
	for i := range 8 {
		h.tenants.AddToken(token(i), server(fmt.Sprint(i)))
	}
	done := make(chan bool)
	for i := range 8 {
		go func() {
			for n := range 15 {
				switch a := h.tool(token(i), "who", `{}`); {
				case a.status == 200 && a.text() != fmt.Sprint(i):
					t.Errorf("%d is served by %s", i, a.text())
				case a.status != 200 && a.status != 503 && a.status != 401:
					t.Errorf("%d %s", a.status, a.body)
				}
				if n%5 == 4 {
					if err := h.tenants.RemoveToken(background(), token(i)); err != nil {
						t.Error(err)
					}
					h.tenants.AddToken(token(i), server(fmt.Sprint(i)))
				}
			}
			done <- true
		}()
	}
	for range 8 {
		<-done
	}
	for i := range 8 {
		eventually(t, "it is served", func() bool { return h.tool(token(i), "who", `{}`).text() == fmt.Sprint(i) })
	}
	if slots, room := h.tenants.Slots(); room != 3 || slots < 3 {
		t.Errorf("%d slots, %d servers, want 3", slots, room)
	}
}
