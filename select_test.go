package fastmcp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// house is a host whose principals' subjects name their tenants: "ann@acme".
type house struct {
	*server
	mu   sync.Mutex
	apps map[string]*fastmcp.App
	seen []string // events of the host's
}

func (h *house) set(tenant string, app *fastmcp.App) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.apps[tenant] = app
}

func (h *house) heard() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.seen)
}

func (h *house) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = append(h.seen, fmt.Sprintf(format, args...))
}

// tenantsOf are tokens of the principals ann and bob of three tenants, and of eve of none.
func tenantsOf() auth.Verifier {
	all := map[string]auth.Principal{"token-of-eve-0000": {Issuer: "test", Subject: "eve"}}
	for _, tenant := range []string{"acme", "bolt", "none"} {
		for _, name := range []string{"ann", "bob"} {
			all["token-of-"+name+"."+tenant+"-0000"] = auth.Principal{Issuer: "test", Subject: name, Tenant: tenant}
		}
	}
	return auth.Tokens(all)
}

func newHouse(t *testing.T, config fastmcp.Config) *house {
	t.Helper()
	h := &house{apps: map[string]*fastmcp.App{}}
	config.Auth = auth.New(auth.Config{BaseURL: "http://127.0.0.1", Verifiers: []auth.Verifier{tenantsOf()}})
	config.Select = func(_ context.Context, p *auth.Principal) (*fastmcp.App, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if p.Tenant == "none" {
			return nil, fastmcp.Errorf("%s has no plan", p.Tenant)
		}
		return h.apps[p.Tenant], nil
	}
	config.On.Connect = func(s *fastmcp.Session) { h.note("connect %s", s.Tenant()) }
	config.On.Disconnect = func(s *fastmcp.Session) { h.note("disconnect %s", s.Tenant()) }
	config.On.ToolCall = func(e fastmcp.ToolCallEvent) { h.note("call %s of %q", e.Tool, e.Tenant) }
	app, l := newApp(t, config)
	app.AddTool(fastmcp.Tool{Name: "host", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) { return "host", nil })})
	app.Use(func(c *fastmcp.Context) error {
		c.Locals("link", "host")
		return c.Next()
	})
	h.server = serve(t, app, l)
	return h
}

// newTenant is an App whose tools say what they know of its scope.
func newTenant(name string, more ...fastmcp.Tool) *fastmcp.App {
	app := fastmcp.New(fastmcp.Config{Name: name})
	app.AddTool(fastmcp.Tool{Name: "who", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		return fmt.Sprintf("%s %s %v", name, c.Tenant(), c.Locals("link")), nil
	})})
	app.AddTool(fastmcp.Tool{Name: "keep", Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
		Value string `json:"value"`
	}) (string, error) {
		old, err := c.Store().KV.Get(c, "value")
		if err == nil && in.Value != "" {
			err = c.Store().KV.Set(c, "value", []byte(in.Value), time.Minute)
		}
		return string(old), err
	})})
	for _, tool := range more {
		app.AddTool(tool)
	}
	return app
}

func (h *house) as(who string) headers {
	return headers{"Authorization": "Bearer token-of-" + strings.ReplaceAll(who, "@", ".") + "-0000"}
}

func (h *house) stateless(who, tool, args string) answer {
	h.t.Helper()
	return h.do("POST", with(statelessHeaders("tools/call", tool), h.as(who)), stateless(1, "tools/call", fmt.Sprintf(`"name":%q,"arguments":%s`, tool, args), ""))
}

func with(h, more headers) headers {
	all := headers{}
	for _, part := range []headers{h, more} {
		for name, value := range part {
			all[name] = value
		}
	}
	return all
}

func TestSelect(t *testing.T) {
	h := newHouse(t, fastmcp.Config{})
	h.set("acme", newTenant("a"))
	h.set("bolt", newTenant("b"))
	for who, want := range map[string]string{"ann@acme": "a acme host", "bob@acme": "a acme host", "ann@bolt": "b bolt host"} {
		if got := h.stateless(who, "who", `{}`).message(t).tool(t).text(); got != want {
			t.Errorf("%s: %q, want %q", who, got, want)
		}
		c := h.open("2025-11-25", h.as(who))
		if got := c.call("who", `{}`).message(t).tool(t).text(); got != want {
			t.Errorf("%s: in a session: %q, want %q", who, got, want)
		}
	}
	if got := h.stateless("eve", "host", `{}`).message(t).tool(t).text(); got != "host" {
		t.Error(got)
	}
	if m := h.stateless("ann@acme", "host", `{}`).message(t); m.Error == nil || m.Error.Code != protocol.CodeInvalidParams {
		t.Errorf("a tenant has called a tool of its host's: %+v", m)
	}
	if a := h.stateless("ann@none", "who", `{}`); a.status != 403 || a.message(t).Error.Message != "none has no plan" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if got := strings.Join(h.heard(), ", "); strings.Count(got, `call who of "acme"`) != 4 || !strings.Contains(got, "connect bolt") || !strings.Contains(got, `call host of ""`) {
		t.Error(got)
	}
}

// What one tenant has, another does not see, although both have the same names for it.
func TestSelectKeepsApart(t *testing.T) {
	h := newHouse(t, fastmcp.Config{})
	h.set("acme", newTenant("a"))
	h.set("bolt", newTenant("b"))
	h.stateless("ann@acme", "keep", `{"value":"secret"}`)
	if got := h.stateless("bob@acme", "keep", `{}`).message(t).tool(t).text(); got != "secret" {
		t.Errorf("its own: %q", got)
	}
	if got := h.stateless("ann@bolt", "keep", `{}`).message(t).tool(t).text(); got != "" {
		t.Errorf("another's: %q", got)
	}
	c := h.open("2025-11-25", h.as("ann@acme"))
	for _, who := range []string{"ann@bolt", "bob@acme", "eve"} {
		stolen := with(c.headers(), h.as(who))
		if a := h.do("POST", stolen, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`); a.status != 404 {
			t.Errorf("%s uses a session of ann@acme's: %d %s", who, a.status, a.body)
		}
		if a := h.do("DELETE", stolen, ""); a.status != 404 {
			t.Errorf("%s ends it: %d", who, a.status)
		}
		if a := h.do("GET", with(stolen, headers{"Accept": "text/event-stream"}), ""); a.status != 404 {
			t.Errorf("%s listens: %d", who, a.status)
		}
	}
	acme, bolt := h.apps["acme"], h.apps["bolt"]
	if len(acme.Sessions()) != 1 || len(bolt.Sessions()) != 0 || len(h.app.Sessions()) != 0 || bolt.Session(c.id) != nil {
		t.Error("sessions are seen by others")
	}
	st := c.listen("")
	if err := errors.Join(bolt.Broadcast("notifications/x", nil), h.app.Broadcast("notifications/x", nil), acme.Broadcast("notifications/own", nil)); err != nil {
		t.Fatal(err)
	}
	if m := st.message(); m.Method != "notifications/own" {
		t.Errorf("%+v", m)
	}
}

// A new App in the place of another goes on with its sessions; the calls of the one before end in it.
func TestSelectAnother(t *testing.T) {
	h := newHouse(t, fastmcp.Config{})
	held, let := make(chan struct{}, 1), make(chan struct{})
	old := newTenant("old", fastmcp.Tool{Name: "hold", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
		held <- struct{}{}
		<-let
		return "held", nil
	})})
	h.set("acme", old)
	c := h.open("2025-11-25", h.as("ann@acme"))
	st := c.listen("")
	answered := make(chan answer, 1)
	go func() { answered <- c.call("hold", `{}`) }()
	<-held
	next := newTenant("new")
	h.set("acme", next)
	if got := h.stateless("bob@acme", "who", `{}`).message(t).tool(t).text(); got != "new acme host" {
		t.Error(got)
	}
	for range 3 {
		if m := st.message(); !strings.HasSuffix(m.Method, "/list_changed") {
			t.Errorf("%+v", m)
		}
	}
	over := make(chan error, 1)
	go func() { over <- old.Shutdown(t.Context()) }()
	close(let)
	if got := (<-answered).message(t).tool(t).text(); got != "held" {
		t.Error(got)
	}
	if err := <-over; err != nil {
		t.Error(err)
	}
	if a := h.do("POST", c.headers(), `{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"who","arguments":{}}}`); a.message(t).tool(t).text() != "new acme host" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if err := next.Broadcast("notifications/own", nil); err != nil {
		t.Fatal(err)
	}
	if m := st.message(); m.Method != "notifications/own" {
		t.Errorf("%+v", m)
	}
	h.set("acme", old) // it has gone
	if a := h.stateless("ann@acme", "who", `{}`); a.status != 503 || a.header.Get("Retry-After") != "1" || !strings.Contains(a.body, "correlationId") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestEndSessions(t *testing.T) {
	h := newHouse(t, fastmcp.Config{})
	h.set("acme", newTenant("a"))
	h.set("bolt", newTenant("b"))
	c, other := h.open("2025-11-25", h.as("ann@acme")), h.open("2025-11-25", h.as("ann@bolt"))
	st := c.listen("")
	if n, err := h.apps["acme"].EndSessions(t.Context()); n != 1 || err != nil {
		t.Error(n, err)
	}
	st.ended()
	if a := c.call("who", `{}`); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := other.call("who", `{}`); a.status != 200 {
		t.Errorf("another tenant's: %d %s", a.status, a.body)
	}
	within(t, 5*time.Second, "the end is told", func() bool { return slices.Contains(h.heard(), "disconnect acme") })
}

// Mistakes in what Select picks are told to the operator, with what to do.
func TestSelectMistakes(t *testing.T) {
	h := newHouse(t, fastmcp.Config{})
	one := newTenant("one")
	h.set("acme", one)
	h.set("bolt", one)
	h.stateless("ann@acme", "who", `{}`)
	served, l := newApp(t, fastmcp.Config{Name: "served"})
	serve(t, served, l)
	for _, test := range []struct {
		app  *fastmcp.App
		want string
	}{
		{one, `is \"acme\"'s: make one for each`},
		{served, "serves by itself: make another for it"},
	} {
		h.set("bolt", test.app)
		if a := h.stateless("ann@bolt", "who", `{}`); a.status != 503 || strings.Contains(a.body, "make") {
			t.Errorf("%d %s", a.status, a.body)
		}
		if log := h.log.String(); !strings.Contains(log, test.want) {
			t.Errorf("the log does not say %q: %s", test.want, log)
		}
	}
	if err := one.Listen("127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "Config.Select has picked it: it cannot serve by itself") {
		t.Error(err)
	}
}

// Two nodes that share a storage have the same tenants.
func TestSelectNodes(t *testing.T) {
	shared := newNodes()
	keys := [][]byte{[]byte("0123456789abcdef0123456789abcdef")}
	a, b := newHouse(t, fastmcp.Config{Storage: shared, Keys: keys}), newHouse(t, fastmcp.Config{Storage: shared, Keys: keys})
	a.set("acme", newTenant("a"))
	b.set("acme", newTenant("b"))
	c := a.open("2025-11-25", a.as("ann@acme"))
	there := &client{server: b.server, id: c.id, revision: c.revision, extra: c.extra}
	if got := there.call("who", `{}`).message(t).tool(t).text(); got != "b acme host" {
		t.Error(got)
	}
	st := there.listen("")
	if err := a.apps["acme"].Broadcast("notifications/own", nil); err != nil {
		t.Fatal(err)
	}
	if m := st.message(); m.Method != "notifications/own" {
		t.Errorf("%+v", m)
	}
	if n, err := a.apps["acme"].EndSessions(t.Context()); n != 1 || err != nil {
		t.Error(n, err)
	}
	st.ended()
	if r := there.call("who", `{}`); r.status != 404 {
		t.Errorf("%d %s", r.status, r.body)
	}
}
