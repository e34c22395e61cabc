package tenant_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/tenant"
)

// A token that one node is given works on the other, with the sessions; when it is removed they are gone on both.
func TestTokensOnNodes(t *testing.T) {
	a, b, _ := twoHosts(t, tenant.Limits{})
	a.plan(acme, "free", tenant.Grant{Name: "ACME"})
	c := a.open(acme)
	there := &client{host: b, head: c.head, id: c.id}
	if got := there.call("who", `{}`).text(); got != "free ACME" {
		t.Error(got)
	}
	st := there.listen()
	head, body := modern(acme, "subscriptions/listen", "", `,"notifications":{"toolsListChanged":true}`)
	newest := b.stream("POST", head, body)
	newest.next()
	if err := a.tenants.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	st.ended()
	newest.ended()
	for name, h := range map[string]*host{"a": a, "b": b} {
		eventually(t, "it is unknown", func() bool { return h.tool(acme, "who", `{}`).status == 401 })
		if got := h.do("GET", "/mcp", c.head, ""); got.status != 401 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	// Added once more it is as new.
	b.plan(acme, "free", tenant.Grant{Name: "again"})
	eventually(t, "it is known", func() bool { return a.tool(acme, "who", `{}`).text() == "free again" })
	for name, h := range map[string]*host{"a": a, "b": b} {
		if got := h.do("POST", "/mcp", c.head, `{"jsonrpc":"2.0","id":77,"method":"tools/list"}`); got.status != 404 {
			t.Errorf("%s: its old session: %d %s", name, got.status, got.body)
		}
	}
}

// A plan that is changed on one node is changed on the other: its clients hear of it before they call.
func TestPlansOnNodes(t *testing.T) {
	a, b, _ := twoHosts(t, tenant.Limits{})
	a.plan(acme, "free", tenant.Grant{Name: "ACME"})
	c := b.open(acme)
	st := c.listen()
	if _, err := a.tenants.UpdateTokenPlan(background(), acme, "limited"); err != nil {
		t.Fatal(err)
	}
	if m := st.next(); !strings.HasSuffix(m, "/list_changed") {
		t.Error(m)
	}
	if got := c.call("who", `{}`).text(); got != "limited ACME" {
		t.Error(got)
	}
}

// A node that hears nothing ends the streams of a token that was removed all the same, although nobody calls.
func TestStreamsWithoutNews(t *testing.T) {
	c, s := newClock(), newShared()
	var hosts []*host
	for range 2 {
		l := &logs{}
		tenants := tenant.New(tenant.Config{Storage: s, Log: l.logger(), Now: c.Now})
		tenants.Plan("free", planned())
		hosts = append(hosts, serve(t, tenants, l, fastmcp.Config{Name: "host", Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}}))
	}
	a, b := hosts[0], hosts[1]
	a.plan(acme, "free")
	a.plan(beta, "free")
	for _, token := range []string{acme, beta} {
		eventually(t, "it is known", func() bool { return b.tool(token, "who", `{}`).status == 200 })
	}
	head, body := modern(acme, "subscriptions/listen", "", `,"notifications":{"toolsListChanged":true}`)
	st := b.stream("POST", head, body)
	st.next()
	s.deaf.Store(true)
	if err := a.tenants.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	if _, err := a.tenants.UpdateTokenPlan(background(), beta, "free", tenant.Grant{Name: "new"}); err != nil {
		t.Fatal(err)
	}
	c.pass(10 * time.Second)
	b.tenants.Sweep()
	st.ended()
	eventually(t, "what was updated is new", func() bool { return b.tool(beta, "who", `{}`).text() == "free new" })
}

// A plan that a node does not have is a 503 there, and named in the log.
func TestPlanThatIsMissing(t *testing.T) {
	a, b, s := twoHosts(t, tenant.Limits{})
	other := tenant.New(tenant.Config{Storage: s})
	other.Plan("gold", someApp)
	defer func() { _ = other.Close(background()) }()
	if _, err := other.AddTokenPlan(background(), acme, "gold"); err != nil {
		t.Fatal(err)
	}
	for _, h := range []*host{a, b} {
		if got := h.tool(acme, "who", `{}`); got.status != 503 || !strings.Contains(h.log.String(), `register it by Plan, on every node: \"gold\"`) {
			t.Errorf("%d %s\n%s", got.status, got.body, h.log)
		}
	}
}

// seen are events in the order in which they were told.
type seen struct {
	mu  sync.Mutex
	all []string
}

func (s *seen) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, fmt.Sprintf(format, args...))
}

func (s *seen) has(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.all, what)
}

func (s *seen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.all, "\n")
}

// events notes all that is told.
func (s *seen) events() tenant.Events {
	token := func(what string) func(tenant.TokenEvent) {
		return func(e tenant.TokenEvent) {
			s.note("token %s %s remote=%v %v", what, e.Plan, e.Remote, !e.At.IsZero() && e.ID != "")
		}
	}
	server := func(what string) func(tenant.ServerEvent) {
		return func(e tenant.ServerEvent) {
			s.note("server %s %s %s %v", what, e.Plan, e.Reason, e.Sessions >= 0 && !e.At.IsZero() && e.Tenant != "" && e.Duration >= 0)
		}
	}
	session := func(what string) func(tenant.SessionEvent) {
		return func(e tenant.SessionEvent) {
			s.note("session %s %v", what, e.Tenant != "" && e.SessionID != "" && e.Principal.Tenant == e.Tenant && !e.Created.IsZero() && e.Duration >= 0)
		}
	}
	return tenant.Events{
		TokenAdded: token("added"), TokenUpdated: token("updated"), TokenRemoved: token("removed"),
		ServerRegistered: server("registered"), ServerUpdated: server("updated"), ServerRemoved: server("removed"),
		SessionCreated: session("created"), SessionEnded: session("ended"),
		ToolCalled: func(e tenant.ToolEvent) {
			s.note("tool %s %s %s %v", e.Plan, e.Tool, e.Outcome, e.Duration > 0 && e.Tenant == e.ToolCallEvent.Tenant && e.Principal.Tenant == e.Tenant)
		},
	}
}

// Every event is told once, on the nodes that it concerns, and a panic in one harms nobody.
func TestEvents(t *testing.T) {
	s := newShared()
	var hosts []*host
	var all []*seen
	fails := fastmcp.Tool{Name: "fails", Handler: fastmcp.Do(func(*fastmcp.Context, struct{}) error { return fastmcp.Errorf("no") })}
	own := &seen{}
	for range 2 {
		l, told := &logs{}, &seen{}
		tenants := tenant.New(tenant.Config{Storage: s, Log: l.logger(), On: told.events()})
		tenants.Plan("basic", planned(fails)).Plan("pro", planned(fails))
		hosts = append(hosts, serve(t, tenants, l, fastmcp.Config{
			Name: "host", Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}, On: fastmcp.Events{
				Connect: func(s *fastmcp.Session) { own.note("connect %v", s.Tenant() != "") }, Disconnect: func(*fastmcp.Session) { own.note("disconnect") },
				ToolCall: func(e fastmcp.ToolCallEvent) { own.note("call %s", e.Tool) },
			},
		}))
		all = append(all, told)
	}
	a, b := hosts[0], hosts[1]
	a.plan(acme, "basic")
	c := a.open(acme)
	c.call("who", `{}`)
	c.call("fails", `{}`)
	if _, err := a.tenants.UpdateTokenPlan(background(), acme, "pro"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server is updated", func() bool { return all[0].has("server updated pro  true") })
	c.call("who", `{}`)
	if err := b.tenants.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"token removed pro remote=true true", "server removed pro removed true", "session ended true",
	} {
		eventually(t, want, func() bool { return all[0].has(want) || want == "session ended true" && all[1].has(want) })
	}
	for i, want := range [][]string{{
		"token added basic remote=false true", "server registered basic  true", "session created true", "tool basic who succeeded true",
		"tool basic fails failed true", "token updated pro remote=false true", "server updated pro  true", "tool pro who succeeded true",
		"token removed pro remote=true true", "server removed pro removed true",
	}, {
		"token added basic remote=true true", "token updated pro remote=true true", "token removed pro remote=false true",
	}} {
		for _, w := range want {
			if n := strings.Count(all[i].String()+"\n", w+"\n"); n != 1 {
				t.Errorf("node %d: %q was told %d times, of\n%s", i, w, n, all[i])
			}
		}
	}
	if n := strings.Count(all[0].String()+all[1].String(), "session ended true"); n != 1 {
		t.Errorf("the end of the session was told %d times", n)
	}
	if got := own.String(); strings.Count(got, "connect true") != 1 || strings.Count(got, "call who") != 2 {
		t.Errorf("the host's own events: %s", got)
	}
}

func TestEventsThatPanic(t *testing.T) {
	boom := func(what string) { panic("boom " + what) }
	h := newHost(t, tenant.Config{On: tenant.Events{
		TokenAdded: func(tenant.TokenEvent) { boom("1") }, ServerRegistered: func(tenant.ServerEvent) { boom("2") },
		SessionCreated: func(tenant.SessionEvent) { boom("3") }, ToolCalled: func(tenant.ToolEvent) { boom("4") },
	}})
	h.tenants.AddToken(acme, server("acme"))
	if got := h.open(acme).call("who", `{}`).text(); got != "acme" {
		t.Error(got)
	}
	for _, what := range []string{"Events.TokenAdded", "boom 1", "Events.ServerRegistered", "boom 2", "Events.SessionCreated", "boom 3", "Events.ToolCalled", "boom 4"} {
		if !strings.Contains(h.log.String(), what) {
			t.Errorf("the log does not have %s", what)
		}
	}
}

// Callers whom another verifier knows are served by the plan that is theirs, in the tenant of their principal.
func TestByPlan(t *testing.T) {
	c := newClock()
	l := &logs{}
	var mu sync.Mutex
	plans := map[string]string{"bolt": "basic", "host": ""}
	tenants := tenant.New(tenant.Config{Log: l.logger(), Now: c.Now, Limits: tenant.Limits{Sessions: 1}})
	tenants.Plan("basic", planned()).Plan("pro", planned()).AddToken(acme, server("acme"))
	tenants.ByPlan(func(p *auth.Principal) string {
		mu.Lock()
		defer mu.Unlock()
		return plans[p.Tenant]
	})
	others := auth.Authenticate(func(_ context.Context, r *auth.Request) (*auth.Principal, error) {
		if subject, name, ok := strings.Cut(r.Token, "."); ok {
			return &auth.Principal{Issuer: "https://id.example", Subject: subject, Tenant: name}, nil
		}
		return nil, nil
	})
	h := serve(t, tenants, l, fastmcp.Config{Name: "host", Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{others, tenants}})}, func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "who", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "host", nil })})
	})
	for token, want := range map[string]string{"ann.bolt": "basic ", "bob.bolt": "basic ", acme: "acme", "eve.host": "host", "eve.": "host"} {
		if got := h.tool(token, "who", `{}`).text(); got != want {
			t.Errorf("%s: %q, want %q", token, got, want)
		}
	}
	h.open("ann.bolt")
	if a, _ := h.initialize("bob.bolt"); a.status != 429 {
		t.Errorf("limits are of a tenant, not of its users: %d", a.status)
	}
	// An upgrade takes place, but plans that differ between callers do not fight.
	mu.Lock()
	plans["bolt"] = "pro"
	mu.Unlock()
	if got := h.tool("ann.bolt", "who", `{}`).text(); got != "basic " {
		t.Errorf("at once: %q", got)
	}
	c.pass(10 * time.Second)
	if got := h.tool("ann.bolt", "who", `{}`).text(); got != "pro " {
		t.Errorf("later: %q", got)
	}
}

func TestHostThatIsRefused(t *testing.T) {
	for words, f := range map[string]func(*tenant.Tenants){
		"config.Select is set": func(tenants *tenant.Tenants) {
			tenants.Host(fastmcp.Config{Select: func(context.Context, *auth.Principal) (*fastmcp.App, error) { return nil, nil }})
		},
		"give the storage to tenant.New": func(tenants *tenant.Tenants) { tenants.Host(fastmcp.Config{Storage: newShared()}) },
		"Host was called before":         func(tenants *tenant.Tenants) { tenants.Host(fastmcp.Config{}); tenants.Host(fastmcp.Config{}) },
	} {
		tenants, _ := newTenants(t, tenant.Config{})
		if text := panics(func() { f(tenants) }); !strings.Contains(text, words) {
			t.Errorf("%q, want %q", text, words)
		}
	}
}
