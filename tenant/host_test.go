package tenant_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/tenant"
)

// host is an App of tenants that listens for one test.
type host struct {
	t       testing.TB
	tenants *tenant.Tenants
	app     *fastmcp.App
	url     string
	log     *logs
}

// serve makes the host of some tenants, and has it listen.
func serve(t testing.TB, tenants *tenant.Tenants, l *logs, config fastmcp.Config, more ...func(*fastmcp.App)) *host {
	t.Helper()
	config.Log = l.logger()
	app := tenants.Host(config)
	for _, f := range more {
		f(app)
	}
	return listens(t, tenants, app, l)
}

// listens has a host listen for one test.
func listens(t testing.TB, tenants *tenant.Tenants, app *fastmcp.App, l *logs) *host {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Listener(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := app.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("listener: %v", err)
		}
		if t.Failed() {
			t.Logf("the log:\n%s", l)
		}
	})
	h := &host{t: t, tenants: tenants, app: app, url: "http://" + ln.Addr().String(), log: l}
	eventually(t, "it listens", func() bool { return h.do("GET", "/nowhere", nil, "").status == 404 })
	return h
}

// newHost is serve for tenants that end with the host.
func newHost(t testing.TB, config tenant.Config, more ...func(*fastmcp.App)) *host {
	t.Helper()
	l := &logs{}
	config.Log = l.logger()
	return serve(t, tenant.New(config), l, fastmcp.Config{Name: "host"}, more...)
}

type headers map[string]string

type answer struct {
	status int
	header http.Header
	body   string
}

func (h *host) request(ctx context.Context, method, path string, head headers, body string) *http.Request {
	h.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if method == "POST" || method == "PUT" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json, text/event-stream")
	for name, value := range head {
		req.Header.Set(name, value)
	}
	return req
}

func (h *host) do(method, path string, head headers, body string) answer {
	h.t.Helper()
	res, err := http.DefaultClient.Do(h.request(h.t.Context(), method, path, head, body))
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

func as(token string) headers { return headers{"Authorization": "Bearer " + token} }

// tool calls a tool in 2026-07-28, which has no sessions.
func (h *host) tool(token, name, args string) answer {
	h.t.Helper()
	return h.modern(token, "tools/call", name, fmt.Sprintf(`,"name":%q,"arguments":%s`, name, args))
}

func (h *host) modern(token, method, name, more string) answer {
	h.t.Helper()
	head, body := modern(token, method, name, more)
	return h.do("POST", "/mcp", head, body)
}

func modern(token, method, name, more string) (headers, string) {
	head := as(token)
	head["MCP-Protocol-Version"], head["Mcp-Method"] = "2026-07-28", method
	if name != "" {
		head["Mcp-Name"] = name
	}
	return head, fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}%s}}`, method, more)
}

// text is that of a tool's result, or what went wrong.
func (a answer) text() string {
	var m struct {
		Result *struct {
			Content []struct{ Text string }
			IsError bool
		}
		Error *struct{ Message string }
	}
	body := a.body
	if _, data, ok := strings.Cut(body, "data: "); ok {
		body, _, _ = strings.Cut(data, "\n")
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return fmt.Sprintf("%d %s", a.status, a.body)
	}
	switch {
	case m.Error != nil:
		return fmt.Sprintf("%d error: %s", a.status, m.Error.Message)
	case m.Result == nil || len(m.Result.Content) == 0:
		return fmt.Sprintf("%d %s", a.status, a.body)
	}
	return m.Result.Content[0].Text
}

// client has a session.
type client struct {
	*host
	head headers
	id   string
	last atomic.Int64 // request
}

func (h *host) initialize(token string) (answer, *client) {
	h.t.Helper()
	a := h.do("POST", "/mcp", as(token), `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`)
	head := as(token)
	head["MCP-Protocol-Version"], head["Mcp-Session-Id"] = "2025-11-25", a.header.Get("Mcp-Session-Id")
	return a, &client{host: h, head: head, id: head["Mcp-Session-Id"]}
}

// open initializes a session.
func (h *host) open(token string) *client {
	h.t.Helper()
	a, c := h.initialize(token)
	if a.status != 200 {
		h.t.Fatalf("initialize: %d %s", a.status, a.body)
	}
	if a := h.do("POST", "/mcp", c.head, `{"jsonrpc":"2.0","method":"notifications/initialized"}`); a.status != 202 {
		h.t.Fatalf("initialized: %d %s", a.status, a.body)
	}
	return c
}

func (c *client) send(method, params string) answer {
	c.t.Helper()
	return c.do("POST", "/mcp", c.head, fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":{%s}}`, c.last.Add(1), method, params))
}

func (c *client) call(name, args string) answer {
	c.t.Helper()
	return c.send("tools/call", fmt.Sprintf(`"name":%q,"arguments":%s`, name, args))
}

// stream is an open event stream: the methods of what is told on it. It is closed when the stream ends.
type stream struct {
	t      testing.TB
	events chan string
	close  func()
}

func (c *client) listen() *stream {
	c.t.Helper()
	return c.stream("GET", c.head, "")
}

func (h *host) stream(method string, head headers, body string) *stream {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	res, err := http.DefaultClient.Do(h.request(ctx, method, "/mcp", head, body))
	if err != nil {
		h.t.Fatal(err)
	}
	if res.StatusCode != 200 {
		b, _ := io.ReadAll(res.Body)
		h.t.Fatalf("no stream: %d %s", res.StatusCode, b)
	}
	s := &stream{t: h.t, events: make(chan string, 1000), close: func() { cancel(); _ = res.Body.Close() }}
	h.t.Cleanup(s.close)
	go func() {
		defer close(s.events)
		lines := bufio.NewScanner(res.Body)
		for lines.Scan() {
			var m struct{ Method string }
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(data), &m) == nil && m.Method != "" {
				s.events <- m.Method
			}
		}
	}()
	return s
}

// next is what is told next.
func (s *stream) next() string {
	s.t.Helper()
	select {
	case m, ok := <-s.events:
		if !ok {
			return "end"
		}
		return m
	case <-time.After(30 * time.Second):
		s.t.Fatal("nothing is told")
		return ""
	}
}

// ended waits for the end of the stream.
func (s *stream) ended() {
	s.t.Helper()
	for s.next() != "end" {
	}
}

// server makes an App that says whose it is.
func server(name string, more ...fastmcp.Tool) tenant.Factory {
	return func() (*fastmcp.App, error) {
		app := fastmcp.New(fastmcp.Config{Name: name})
		app.AddTool(fastmcp.Tool{Name: "who", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) { return name, nil })})
		for _, tool := range more {
			app.AddTool(tool)
		}
		return app, nil
	}
}

// planned is server by plan: it says the plan and the tenant's name.
func planned(more ...fastmcp.Tool) tenant.PlanFactory {
	return func(i tenant.Info) (*fastmcp.App, error) { return server(i.Plan+" "+i.Name, more...)() }
}

// idOf is that of a token.
func idOf(t testing.TB, tenants *tenant.Tenants, token string) string {
	t.Helper()
	p, err := tenants.Verify(background(), bearer(token))
	if err != nil {
		t.Fatal(err)
	}
	return p.Tenant
}

// Each token has a server of its own, in every revision; who has none is told so.
func TestHost(t *testing.T) {
	h := newHost(t, tenant.Config{}, func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "host", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) { return "host", nil })})
	})
	h.tenants.AddToken(acme, server("acme")).AddToken(beta, server("beta"))
	for token, want := range map[string]string{acme: "acme", beta: "beta"} {
		if got := h.tool(token, "who", `{}`).text(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		c := h.open(token)
		if got := c.call("who", `{}`).text(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if list := c.send("tools/list", "").body; strings.Contains(list, `"host"`) {
			t.Errorf("a tenant sees what is the host's: %s", list)
		}
	}
	for _, wrong := range []string{"gamma-0123456789abcdef", "short", acme + "x", strings.ToUpper(acme)} {
		a := h.tool(wrong, "who", `{}`)
		if a.status != 401 || !strings.Contains(a.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("%s: %d %v %s", wrong, a.status, a.header, a.body)
		}
	}
	if a := h.do("POST", "/mcp", nil, `{"jsonrpc":"2.0","id":1,"method":"ping"}`); a.status != 401 {
		t.Errorf("%d %s", a.status, a.body)
	}
	s, err := h.tenants.Stats(background())
	if err != nil || s.Tokens != 2 || s.Servers != 2 || s.Sessions != 2 || s.Failing != 0 || s.Started.IsZero() || s.Uptime <= 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// A token that is removed takes its sessions and streams along, of every revision, and its running calls; others stay.
func TestRemoveWhileStreaming(t *testing.T) {
	h := newHost(t, tenant.Config{})
	begun, over := make(chan bool, 2), make(chan error, 2)
	hold := fastmcp.Tool{Name: "hold", Handler: fastmcp.Do(func(c *fastmcp.Context, _ struct{}) error {
		begun <- true
		<-c.Done()
		over <- c.Err()
		return c.Err()
	})}
	h.tenants.AddToken(acme, server("acme", hold)).AddToken(beta, server("beta"))
	c, other := h.open(acme), h.open(beta)
	legacy, others := c.listen(), other.listen()
	head, body := modern(acme, "subscriptions/listen", "", `,"notifications":{"toolsListChanged":true}`)
	newest := h.stream("POST", head, body)
	newest.next()
	answered := make(chan answer, 2)
	go func() { answered <- c.call("hold", `{}`) }()
	go func() { answered <- h.tool(acme, "hold", `{}`) }()
	<-begun
	<-begun
	if err := h.tenants.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	legacy.ended()
	newest.ended()
	<-over
	<-over
	<-answered
	<-answered
	for name, a := range map[string]answer{
		"call": c.call("who", `{}`), "stream": h.do("GET", "/mcp", c.head, ""), "end": h.do("DELETE", "/mcp", c.head, ""),
		"newest": h.tool(acme, "who", `{}`),
	} {
		if a.status != 401 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if got := other.call("who", `{}`).text(); got != "beta" {
		t.Error(got)
	}
	select {
	case m := <-others.events:
		t.Errorf("another tenant hears of it: %s", m)
	default:
	}
	// Added again it begins anew.
	h.tenants.AddToken(acme, server("acme again"))
	if a := c.call("who", `{}`); a.status != 404 {
		t.Errorf("its old session is there: %d %s", a.status, a.body)
	}
	if got := h.tool(acme, "who", `{}`).text(); got != "acme again" {
		t.Error(got)
	}
}

// Sessions of a server that was not there when its token was removed are ended, too.
func TestRemoveWhileIdle(t *testing.T) {
	c := newClock()
	h := newHost(t, tenant.Config{Now: c.Now, IdleTTL: time.Minute})
	h.tenants.AddToken(acme, server("acme"))
	s := h.open(acme)
	st := s.listen()
	c.pass(time.Minute + time.Second)
	h.tenants.Sweep()
	if stats, _ := h.tenants.Stats(background()); stats.Servers != 0 {
		t.Fatalf("%+v", stats)
	}
	if err := h.tenants.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	st.ended()
	h.tenants.AddToken(acme, server("acme"))
	if a := s.call("who", `{}`); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Running calls end on the server that they have begun on; sessions go on with the one that takes its place, and hear of it
// before they call.
func TestUpdateDrains(t *testing.T) {
	h := newHost(t, tenant.Config{})
	begun, let := make(chan bool), make(chan bool)
	hold := fastmcp.Tool{Name: "hold", Handler: fastmcp.Do(func(c *fastmcp.Context, _ struct{}) error {
		begun <- true
		<-let
		return c.Err()
	})}
	h.tenants.AddToken(acme, server("old", hold))
	c := h.open(acme)
	st := c.listen()
	held := make(chan answer, 1)
	go func() { held <- c.call("hold", `{}`) }()
	<-begun
	if err := h.tenants.UpdateToken(acme, server("new")); err != nil {
		t.Fatal(err)
	}
	if m := st.next(); !strings.HasSuffix(m, "/list_changed") {
		t.Error(m)
	}
	if got := c.call("who", `{}`).text(); got != "new" {
		t.Error(got)
	}
	close(let)
	if a := <-held; a.status != 200 || strings.Contains(a.body, "rror") {
		t.Errorf("the call that ran: %d %s", a.status, a.body)
	}
	if a := c.call("hold", `{}`); !strings.Contains(a.body, "error") {
		t.Errorf("the new one has no such tool: %s", a.body)
	}
}
