package fastmcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/gofiber/fiber/v2"
)

// doing is a server with one tool, t, that does f.
func doing(t *testing.T, config fastmcp.Config, f func(c *fastmcp.Context) (any, error)) *server {
	app, l := newApp(t, config)
	app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Raw(`{"type":"object"}`, func(c *fastmcp.Context, _ json.RawMessage) (any, error) { return f(c) })})
	return serve(t, app, l)
}

// with calls t in 2026-07-28 with more headers and more in _meta.
func (s *server) with(h headers, extra string) answer {
	s.t.Helper()
	all := statelessHeaders("tools/call", "t")
	for k, v := range h {
		all[k] = v
	}
	return s.do("POST", all, stateless(1, "tools/call", `"name":"t"`, extra))
}

const wantsProgress = `,"progressToken":"p<1>"`

// notes are the notifications before the answer, without what all have.
func notes(t testing.TB, a answer) (all []string) {
	t.Helper()
	messages := a.messages(t)
	for _, m := range messages[:len(messages)-1] {
		all = append(all, strings.TrimPrefix(m.Method, "notifications/")+" "+string(m.Params))
	}
	return all
}

func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("%s:\n%s\nnot\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestContextIsFoundUnderDerivedOnes(t *testing.T) {
	type key struct{}
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		ctx, cancel := context.WithTimeout(context.WithValue(c, key{}, "v"), time.Minute)
		defer cancel()
		found, ok := fastmcp.From(ctx)
		if !ok || found != c || ctx.Value(key{}) != "v" {
			t.Errorf("From finds %p, not %p", found, c)
		}
		if _, ok := fastmcp.From(context.Background()); ok {
			t.Error("From finds something in nothing")
		}
		return nil, nil
	})
	s.with(nil, "")
}

func TestContextLocals(t *testing.T) {
	type key struct{ n int }
	app, l := newApp(t, fastmcp.Config{})
	app.Use(func(c *fiber.Ctx) error {
		c.Locals("k", c.Get("X-K"))
		c.Locals(key{1}, "struct")
		return c.Next()
	}, func(c *fastmcp.Context) error {
		if c.Locals("k") != c.Header("X-K") || c.Value("k") != c.Header("X-K") || c.Locals(key{1}) != "struct" {
			t.Errorf("of Fiber's Locals there is %v", c.Locals("k"))
		}
		if c.Locals("mine") != nil || c.Locals("mine", 5) != 5 {
			t.Error("Locals does not give what it stores")
		}
		c.Locals(key{1}, "over")
		return c.Next()
	})
	var kept *fastmcp.Context
	app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		if c.Header("X-K") == "first" {
			kept = c
		}
		ctx, cancel := context.WithCancel(c)
		defer cancel()
		return fmt.Sprint(c.Locals("mine"), ctx.Value("mine"), c.Value(key{1}), c.Value(key{2}), ctx.Value("k")), nil
	})})
	s := serve(t, app, l)
	if got := s.with(headers{"X-K": "first"}, "").message(t).tool(t).text(); got != "5 5over<nil>first" {
		t.Error(got)
	}
	s.with(headers{"X-K": "other"}, "")
	if v := kept.Value("k"); v == "other" || kept.Locals("mine") != 5 {
		t.Errorf("a Context that was kept has another's %v", v)
	}
}

func TestContextTellsOfItsRequest(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		if first := c.RequestID(); c.RequestID() != first || c.Session() == nil {
			t.Error("RequestID is another each time, or Session is nil")
		}
		if err := c.Session().Set(c, "k", nil); (err == nil) != (c.Session().ID() != "") {
			t.Errorf("Set: %v", err)
		}
		client, can := c.Client(), c.Can()
		return fmt.Sprintln(c.Method(), c.Name(), c.Revision(), c.IP(), c.Header("x-mine"), c.RequestID(), client.Name, client.Version, can.Sampling, can.Roots, c.Principal() == nil, c.Session().Revision()), nil
	})
	call := func(h headers, extra string) []string {
		return strings.Fields(s.with(h, extra).message(t).tool(t).text())
	}
	got := call(headers{"X-Mine": "v", "X-Request-Id": "id-1"}, "")
	same(t, "2026-07-28", got, []string{"tools/call", "t", "2026-07-28", "127.0.0.1", "v", "id-1", "false", "false", "true"})

	body := strings.NewReplacer(`clientCapabilities":{}`, `clientCapabilities":{"sampling":{},"roots":{}},"io.modelcontextprotocol/clientInfo":{"name":"me","version":"2"}`).Replace(stateless(1, "tools/call", `"name":"t"`, ""))
	h := statelessHeaders("tools/call", "t")
	h["X-Mine"], h["X-Request-Id"] = "v", "id"
	got = strings.Fields(s.do("POST", h, body).message(t).tool(t).text())
	same(t, "2026-07-28", got[5:], []string{"id", "me", "2", "true", "true", "true"})

	a := s.do("POST", nil, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"sampling":{}},"clientInfo":{"name":"you","version":"3"}}}`)
	c := &client{server: s, id: a.header.Get("Mcp-Session-Id"), revision: "2025-06-18", extra: headers{"X-Mine": "w", "X-Request-Id": "id"}}
	got = strings.Fields(c.call("t", `{}`).message(t).tool(t).text())
	same(t, "2025-06-18", got, []string{"tools/call", "t", "2025-06-18", "127.0.0.1", "w", "id", "you", "3", "true", "false", "true", "2025-06-18"})

	ids := map[string]bool{}
	for _, bad := range []string{"", "has space", strings.Repeat("x", 129), "tab\there", "umläut"} {
		id := call(headers{"X-Mine": "v", "X-Request-Id": bad}, "")[5]
		if len(id) != 16 || ids[id] {
			t.Errorf("for %q the request id is %q", bad, id)
		}
		ids[id] = true
	}
	if long := strings.Repeat("x", 128); call(headers{"X-Mine": "v", "X-Request-Id": long}, "")[5] != long {
		t.Error("an id of 128 characters is not taken")
	}
}

func TestContextThatIsKept(t *testing.T) {
	var mu sync.Mutex
	var kept []*fastmcp.Context
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, c)
		return "ok", nil
	})
	c := s.open("2025-11-25", headers{"X-Mine": "first", "X-Request-Id": "first-id"})
	c.send("tools/call", `"name":"t","arguments":{"x":"first"},"_meta":{"progressToken":1}`)
	args, header := string(kept[0].Args()), kept[0].Header("X-Mine")
	for i := range 100 {
		c.extra["X-Mine"] = fmt.Sprintf("later-%d", i)
		c.call("t", fmt.Sprintf(`{"x":"%05d"}`, i))
	}
	mu.Lock()
	defer mu.Unlock()
	if len(kept) != 101 || kept[0] == kept[100] {
		t.Fatalf("%d contexts", len(kept))
	}
	k := kept[0]
	if args != `{"x":"first"}` || string(k.Args()) != args || string(k.Meta()) != `{"progressToken":1}` || k.Name() != "t" || k.Method() != "tools/call" {
		t.Errorf("what was kept is %s %s %s", args, k.Args(), k.Meta())
	}
	if now := k.Header("X-Mine"); header != "" && header != "first" || now != "" && now != "first" {
		t.Errorf("a header is %q, and then %q", header, now)
	}
	k.IP()
	for what, err := range map[string]error{
		"Progress": k.Progress(1, 2), "Stream": k.Stream(content.Text("x")), "Notify": k.Notify("notifications/x", nil),
		"Handle": k.ClientLog().Handler().Handle(k, slog.Record{Level: slog.LevelError}),
	} {
		if !errors.Is(err, fastmcp.ErrEnded) {
			t.Errorf("%s after the end: %v", what, err)
		}
	}
	if k.Suspend(0) == nil {
		t.Error("Suspend after the end")
	}
	if !errors.Is(k.Err(), context.Canceled) {
		t.Errorf("after the end Err is %v", k.Err())
	}
}

func TestProgress(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		var errs []error
		for _, p := range [][2]float64{{0.5, 0}, {0.5, 0}, {0.25, 10}, {1, 10}, {1.5, 10}, {100, -1}, {1e21, 0}} {
			errs = append(errs, c.Progress(p[0], p[1], `at "<1>"`))
		}
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
		for _, p := range [][2]float64{{math.NaN(), 1}, {1, math.NaN()}, {math.Inf(1), 0}, {1e22, math.Inf(-1)}} {
			if c.Progress(p[0], p[1]) == nil {
				t.Errorf("%v is no number", p)
			}
		}
		return "ok", nil
	})
	want := func(token, message string) (all []string) {
		for _, n := range []string{`0.5`, `1,"total":10`, `1.5,"total":10`, `100`, `1e+21`} {
			all = append(all, `progress {"progressToken":`+token+`,"progress":`+n+message+`}`)
		}
		return all
	}
	same(t, "2026-07-28", notes(t, s.with(nil, wantsProgress)), want(`"p<1>"`, `,"message":"at \"<1>\""`))
	if a := s.with(nil, ""); a.header.Get("Content-Type") != "application/json" {
		t.Errorf("without a token: %s", a.body)
	}
	for revision, message := range map[string]string{"2024-11-05": "", "2025-03-26": `,"message":"at \"<1>\""`, "2025-11-25": `,"message":"at \"<1>\""`} {
		a := s.open(revision).send("tools/call", `"name":"t","_meta":{"progressToken":7}`)
		same(t, revision, notes(t, a), want("7", message))
	}
}

func TestStream(t *testing.T) {
	f := func(c *fastmcp.Context) (any, error) {
		if err := c.Stream(content.Text("one"), content.Image(png)); err != nil {
			return nil, err
		}
		if err := c.Stream(content.Text("two")); err != nil {
			return nil, err
		}
		return "rest", nil
	}
	const progress = `progress {"progressToken":"p<1>","progress":`
	s := doing(t, fastmcp.Config{}, f)
	a := s.with(nil, wantsProgress)
	same(t, "progress", notes(t, a), []string{progress + `1,"message":"one"}`, progress + `2}`, progress + `3,"message":"two"}`})
	const all = "text one; image image/png; text two; text rest"
	if r := a.message(t).whole(t); r.blocks() != all {
		t.Errorf("%+v", r)
	}
	if a := s.with(nil, ""); a.message(t).whole(t).blocks() != all || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("without a token: %s", a.body)
	}
	s = doing(t, fastmcp.Config{StreamContent: true}, f)
	image := `{"type":"image","data":"iVBORw0KGgoAAAANSUhEUg==","mimeType":"image/png"}`
	for _, a := range []answer{s.with(nil, ""), s.open("2024-11-05").call("t", `{}`)} {
		const prefix = `tool/streamContent {"requestId":1,"content":`
		same(t, "StreamContent", notes(t, a), []string{prefix + `{"type":"text","text":"one"}}`, prefix + image + `}`, prefix + `{"type":"text","text":"two"}}`})
		if r := a.message(t).whole(t); r.blocks() != all {
			t.Errorf("%+v", r)
		}
	}
	if got := notes(t, s.with(nil, wantsProgress)); len(got) != 6 {
		t.Errorf("%q", got)
	}
}

func TestNotify(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		for _, bad := range []any{[]int{1}, "x", make(chan int)} {
			if c.Notify("notifications/bad", bad) == nil {
				t.Errorf("params %T", bad)
			}
		}
		return nil, errors.Join(c.Notify("notifications/a", nil), c.Notify("notifications/b", map[string]int{"x": 1}))
	})
	want := []string{"a ", `b {"x":1}`}
	same(t, "2026-07-28", notes(t, s.with(nil, "")), want)
	same(t, "2025-03-26", notes(t, s.open("2025-03-26").call("t", `{}`)), want)
}

func TestClientLog(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		log := c.ClientLog()
		log.Debug("d")
		log.Info("i", "n", 1, "dur", time.Second, "err", errors.New("<e>"), slog.Group("g", "a", 1), slog.Group("", "inline", true), slog.Group("empty"), slog.Attr{})
		log.Log(c, slog.LevelInfo+2, "n")
		log.With("logger", "db", "k", "v").Warn("w")
		log.WithGroup("outer").With("a", 1).WithGroup("inner").Error("e", "b", 2)
		log.WithGroup("unused").Log(c, 12, "c")
		log.Log(c, 16, "a")
		log.Log(c, 20, "em")
		c.Log().Error("only for the operator", "k", "operator-value")
		return "ok", nil
	})
	all := []string{
		`message {"level":"debug","data":"d"}`,
		`message {"level":"info","data":{"dur":"1s","err":"\u003ce\u003e","g":{"a":1},"inline":true,"message":"i","n":1}}`,
		`message {"level":"notice","data":"n"}`,
		`message {"level":"warning","logger":"db","data":{"k":"v","message":"w"}}`,
		`message {"level":"error","data":{"message":"e","outer":{"a":1,"inner":{"b":2}}}}`,
		`message {"level":"critical","data":"c"}`, `message {"level":"alert","data":"a"}`, `message {"level":"emergency","data":"em"}`,
	}
	level := func(name string) string { return `,"io.modelcontextprotocol/logLevel":"` + name + `"` }
	same(t, "debug", notes(t, s.with(nil, level("debug"))), all)
	same(t, "warning", notes(t, s.with(nil, level("warning"))), all[3:])
	same(t, "emergency", notes(t, s.with(nil, level("emergency"))), all[7:])
	same(t, "none wanted", notes(t, s.with(nil, "")), nil)
	c := s.open("2025-06-18")
	same(t, "a session's default", notes(t, c.call("t", `{}`)), all[1:])
	for i, name := range []string{"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"} {
		if m := c.send("logging/setLevel", fmt.Sprintf(`"level":%q`, name)).message(t); string(m.Result) != `{}` {
			t.Errorf("%+v", m)
		}
		same(t, name, notes(t, c.call("t", `{}`)), all[i:])
	}
	if m := c.send("logging/setLevel", `"level":"loud"`).message(t); m.Error == nil || m.Error.Code != -32602 {
		t.Errorf("%+v", m)
	}
	same(t, "another session", notes(t, s.open("2024-11-05").call("t", `{}`)), all[1:])
	log := s.log.String()
	if !strings.Contains(log, "operator-value") || !strings.Contains(log, "method=tools/call") || !strings.Contains(log, "name=t") || strings.Contains(log, "logger=db") || strings.Contains(log, c.id) {
		t.Errorf("the operator's log is %s", log)
	}
}

func TestContextSuspend(t *testing.T) {
	suspended, leave := make(chan error, 8), make(chan struct{})
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		suspended <- c.Suspend(50 * time.Millisecond)
		if !c.Revision().HasPriming() {
			return "could not", nil
		}
		<-leave
		return "result", c.Notify("notifications/while-away", nil)
	})
	// Who has been given no event yet cannot say after which to go on.
	for _, a := range []answer{s.with(nil, ""), s.open("2024-11-05").call("t", `{}`), s.open("2025-06-18").call("t", `{}`)} {
		if err := <-suspended; err == nil || a.message(t).tool(t).text() != "could not" {
			t.Errorf("%v: %s", err, a.body)
		}
	}
	c := s.open("2025-11-25")
	first := c.call("t", `{}`)
	if err := <-suspended; err != nil || !strings.Contains(first.body, "retry: 50\n") || strings.Contains(first.body, "result") {
		t.Fatalf("%v: %q", err, first.body)
	}
	_, id, _ := strings.Cut(first.body, "id: ")
	id, _, _ = strings.Cut(id, "\n")
	again := c.listen(id)
	close(leave)
	if m := again.message(); m.Method != "notifications/while-away" {
		t.Errorf("%+v", m)
	}
	if r := again.message().tool(t); r.text() != "result" {
		t.Errorf("%+v", r)
	}
	again.ended()
	// And once more, after the call is over.
	late := c.listen(id)
	if m, r := late.message(), late.message().tool(t); m.Method != "notifications/while-away" || r.text() != "result" {
		t.Errorf("%+v %+v", m, r)
	}
}
