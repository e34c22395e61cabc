package fastmcp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

func TestEventsOfSessions(t *testing.T) {
	var mu sync.Mutex
	var told []string
	tell := func(what string) func(*fastmcp.Session) {
		return func(s *fastmcp.Session) {
			mu.Lock()
			defer mu.Unlock()
			p := "nobody"
			if s.Principal() != nil {
				p = s.Principal().Subject
			}
			told = append(told, fmt.Sprint(what, " ", s.ID(), " ", s.Revision(), " ", s.Client().Name, " ", p))
		}
	}
	app, l := newApp(t, fastmcp.Config{Auth: someTokens(), On: fastmcp.Events{Connect: tell("connect"), Disconnect: tell("disconnect")}})
	app.AddTool(addTool)
	s := serve(t, app, l)
	a, b := s.open("2025-06-18", as(readerToken)), s.open("2024-11-05")
	s.callStateless("add", `{"a":1,"b":2}`) // is no session's
	if r := a.do("DELETE", a.headers(), ""); r.status != 204 {
		t.Errorf("%d %s", r.status, r.body)
	}
	a.do("DELETE", a.headers(), "")
	if err := app.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	same(t, "events", told, []string{
		"connect " + a.id + " 2025-06-18 test reader", "connect " + b.id + " 2024-11-05 test nobody",
		"disconnect " + a.id + " 2025-06-18 test reader", "disconnect " + b.id + " 2024-11-05 test nobody",
	})
}

func TestEventsOfToolCalls(t *testing.T) {
	private := errors.New("private")
	events := make(chan fastmcp.ToolCallEvent, 8)
	app, l := newApp(t, fastmcp.Config{Auth: someTokens(), On: fastmcp.Events{ToolCall: func(e fastmcp.ToolCallEvent) { events <- e }}})
	outcomes := map[string]func() (any, error){
		"ok":       func() (any, error) { time.Sleep(20 * time.Millisecond); return nil, nil },
		"masked":   func() (any, error) { return nil, private },
		"told":     func() (any, error) { return nil, fastmcp.Errorf("told: %w", private) },
		"protocol": func() (any, error) { return nil, protocol.Errorf(-32001, "mine") },
		"itself": func() (any, error) {
			return &fastmcp.Result{IsError: true, Content: []content.Block{content.Text("no")}}, nil
		},
		"panics": func() (any, error) { panic(private.Error()) },
		"unsent": func() (any, error) { return make(chan int), nil },
	}
	for name, f := range outcomes {
		app.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Get(func(*fastmcp.Context) (any, error) { return f() })})
	}
	app.AddTool(fastmcp.Tool{Name: "short", Timeout: 20 * time.Millisecond, Handler: fastmcp.Do(func(c *fastmcp.Context, _ struct{}) error { <-c.Done(); return c.Err() })})
	app.AddTool(addTool)
	app.Use(func(c *fastmcp.Context) error {
		if c.Header("X-Refuse") != "" {
			return private
		}
		return c.Next()
	})
	s := serve(t, app, l)
	c := s.open("2025-11-25", as(readerToken), headers{"X-Request-Id": "id-7"})
	for _, call := range []struct {
		name, err string
		outcome   fastmcp.Outcome
		is        error
	}{
		{"ok", "", fastmcp.OutcomeSucceeded, nil}, {"masked", "private", fastmcp.OutcomeFailed, private}, {"told", "told: private", fastmcp.OutcomeFailed, private}, {"protocol", "mine", fastmcp.OutcomeFailed, nil},
		{"itself", "", fastmcp.OutcomeFailed, nil}, {"panics", "private", fastmcp.OutcomeFailed, nil}, {"unsent", "not JSON", fastmcp.OutcomeFailed, nil},
		{"short", "timed out", fastmcp.OutcomeFailed, context.DeadlineExceeded}, {"add", "a", fastmcp.OutcomeFailed, nil},
	} {
		c.call(call.name, `{}`)
		e := <-events
		if e.Tool != call.name || e.Outcome != call.outcome || e.Principal.Subject != "reader" || e.SessionID != c.id || e.RequestID != "id-7" {
			t.Errorf("%s: %+v", call.name, e)
		}
		if (e.Err == nil) != (call.err == "") || e.Err != nil && !strings.Contains(e.Err.Error(), call.err) || call.is != nil && !errors.Is(e.Err, call.is) {
			t.Errorf("%s: Err is %v", call.name, e.Err)
		}
		if slow := call.name == "ok" || call.name == "short"; slow && e.Duration < 20*time.Millisecond || e.Duration <= 0 || e.Duration > 5*time.Second {
			t.Errorf("%s took %s", call.name, e.Duration)
		}
	}
	h := statelessHeaders("tools/call", "ok")
	h["X-Refuse"] = "yes"
	s.do("POST", h, stateless(1, "tools/call", `"name":"ok"`, ""))
	if e := <-events; e.Outcome != fastmcp.OutcomeFailed || !errors.Is(e.Err, private) || e.SessionID != "" || e.Principal != nil || e.RequestID == "" {
		t.Errorf("refused by a link: %+v", e)
	}
	// What never was a call of a tool is none.
	s.callStateless("nosuch", `{}`)
	s.listOf(nil)
	if len(events) != 0 {
		t.Errorf("%+v", <-events)
	}
}

func TestEventsOfClientsThatLeave(t *testing.T) {
	events := make(chan fastmcp.ToolCallEvent, 8)
	entered, leave := make(chan struct{}), make(chan struct{})
	s := doing(t, fastmcp.Config{On: fastmcp.Events{ToolCall: func(e fastmcp.ToolCallEvent) { events <- e }}}, func(c *fastmcp.Context) (any, error) {
		entered <- struct{}{}
		if c.Revision().IsStateless() {
			<-c.Done()
			return nil, c.Err()
		}
		<-leave
		for range 50 { // that it cannot be written shows after a while
			if err := c.Notify("notifications/x", map[string]string{"pad": strings.Repeat("x", 1<<10)}); err != nil {
				return nil, err
			}
			time.Sleep(time.Millisecond)
		}
		return "ok", nil
	})
	call := func(h headers, body string) {
		ctx, cancel := context.WithCancel(t.Context())
		req := s.request(ctx, "POST", h, body)
		go func() {
			if res, err := http.DefaultClient.Do(req); err == nil {
				_ = res.Body.Close()
			}
		}()
		<-entered
		cancel()
	}
	call(statelessHeaders("tools/call", "t"), stateless(1, "tools/call", `"name":"t"`, ""))
	if e := <-events; e.Outcome != fastmcp.OutcomeCancelled {
		t.Errorf("a client of 2026-07-28 that left: %+v", e)
	}
	// The result of a session's client waits for it, so that to lose a connection is not to cancel.
	call(s.open("2025-11-25").headers(), `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}`)
	leave <- struct{}{}
	if e := <-events; e.Outcome != fastmcp.OutcomeSucceeded {
		t.Errorf("a client with a session that lost its connection: %+v", e)
	}
}

func TestPanicsOfEventsAreContained(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{On: fastmcp.Events{ToolCall: func(fastmcp.ToolCallEvent) { panic("in ToolCall") }}})
	app.AddTool(addTool)
	s := serve(t, app, l)
	if r := s.callStateless("add", `{"a":1,"b":2}`).message(t).tool(t); r.text() != `{"sum":3}` || !strings.Contains(l.String(), "in ToolCall") {
		t.Errorf("%+v", r)
	}
}

func TestPanicsOfSessionEventsAreContained(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{On: fastmcp.Events{
		Connect:    func(*fastmcp.Session) { panic("in Connect") },
		Disconnect: func(*fastmcp.Session) { panic("in Disconnect") },
	}})
	app.AddTool(addTool)
	s := serve(t, app, l)
	c := s.open("2025-06-18")
	if r := c.call("add", `{"a":1,"b":2}`).message(t).tool(t); r.text() != `{"sum":3}` {
		t.Errorf("%+v", r)
	}
	if a := c.do("DELETE", c.headers(), ""); a.status != 204 || len(app.Sessions()) != 0 {
		t.Errorf("%d %s, %d sessions", a.status, a.body, len(app.Sessions()))
	}
	s.open("2025-11-25").app.Sessions()[0].End()
	if log := l.String(); !strings.Contains(log, "in Connect") || !strings.Contains(log, "in Disconnect") {
		t.Error(log)
	}
}
