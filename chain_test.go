package fastmcp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/requestid"
)

// diary is what happened, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) write(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) read() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := strings.Join(d.lines, " ")
	d.lines = nil
	return text
}

// link is a link of a chain that writes when it is entered and left.
func (d *diary) link(name string) fastmcp.Handler {
	return func(c *fastmcp.Context) error {
		d.write(name)
		defer d.write("/" + name)
		return c.Next()
	}
}

func TestChainRunsInItsOrder(t *testing.T) {
	var d diary
	tool := func(name string) fastmcp.Tool {
		return fastmcp.Tool{Name: name, Use: []fastmcp.Handler{d.link("tool1"), d.link("tool2")}, Handler: fastmcp.Do(func(c *fastmcp.Context, _ struct{}) error {
			d.write("function")
			return nil
		})}
	}
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(tool("t"))
	outer := app.Group("o-", d.link("outer1"))
	inner := outer.Group("i-", d.link("inner"))
	inner.AddTool(tool("t"))
	app.Use(d.link("app1"), func(c *fiber.Ctx) error { d.write("fiber"); return c.Next() }) // after the tools
	app.Use(d.link("app2"))
	outer.Use(d.link("outer2"))
	s := serve(t, app, l)
	s.callStateless("t", `{}`)
	if got := d.read(); got != "fiber app1 app2 tool1 tool2 function /tool2 /tool1 /app2 /app1" {
		t.Error(got)
	}
	s.callStateless("o-i-t", `{}`)
	if got := d.read(); got != "fiber app1 app2 outer1 outer2 inner tool1 tool2 function /tool2 /tool1 /inner /outer2 /outer1 /app2 /app1" {
		t.Error(got)
	}
	app.Use(d.link("late")) // while it serves
	s.callStateless("t", `{}`)
	if got := d.read(); got != "fiber app1 app2 late tool1 tool2 function /tool2 /tool1 /late /app2 /app1" {
		t.Error(got)
	}
	s.listOf(nil)
	if got := d.read(); got != "fiber app1 app2 late /late /app2 /app1" {
		t.Error(got)
	}
}

func TestChainSeesEveryMethod(t *testing.T) {
	var d diary
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(addTool)
	app.Use(func(c *fastmcp.Context) error {
		d.write(c.Method() + ":" + c.Name() + ":" + c.Revision().String())
		if c.Session() == nil {
			t.Error("no session")
		}
		return c.Next()
	})
	s := serve(t, app, l)
	c := s.open("2025-06-18")
	c.send("ping", "")
	c.send("tools/list", "")
	c.send("logging/setLevel", `"level":"error"`)
	c.call("add", `{"a":1,"b":2}`)
	s.do("POST", statelessHeaders("server/discover", ""), stateless(1, "server/discover", "", ""))
	s.listOf(nil)
	s.callStateless("add", `{"a":1,"b":2}`)
	if got := d.read(); got != "initialize::2025-06-18 ping::2025-06-18 tools/list::2025-06-18 logging/setLevel::2025-06-18 tools/call:add:2025-06-18 "+
		"server/discover::2026-07-28 tools/list::2026-07-28 tools/call:add:2026-07-28" {
		t.Error(got)
	}
}

func TestChainMayAnswerByItself(t *testing.T) {
	ran := 0
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Get(func(*fastmcp.Context) (addOutput, error) { ran++; return addOutput{Sum: 1}, nil })})
	app.Use(func(c *fastmcp.Context) error {
		switch c.Header("X-Do") {
		case "answer":
			c.SetResult(addOutput{Sum: 2})
			return nil
		case "replace":
			if c.Result() != nil {
				t.Errorf("before Next the result is %v", c.Result())
			}
			if err := c.Next(); err != nil {
				return err
			}
			out, ok := c.Result().(addOutput)
			if !ok {
				t.Errorf("the result of the function is a %T", c.Result())
			}
			c.SetResult(addOutput{Sum: out.Sum + 10})
			return nil
		case "twice":
			return errors.Join(c.Next(), c.Next(), c.Next())
		case "nothing":
			return nil
		}
		return c.Next()
	}, func(c *fastmcp.Context) error {
		if c.Header("X-Do2") == "refuse" {
			return fastmcp.Errorf("refused")
		}
		return c.Next()
	})
	s := serve(t, app, l)
	for _, c := range []struct {
		do, do2, text string
		ran           int
	}{
		{"", "", `{"sum":1}`, 1}, {"answer", "", `{"sum":2}`, 0}, {"replace", "", `{"sum":11}`, 1}, {"twice", "", `{"sum":1}`, 1},
		// What a link has refused must not run because the one before it calls Next again.
		{"twice", "refuse", "refused", 0},
		// A tool that promises a result must not say nothing.
		{"nothing", "", "The tool failed", 0},
	} {
		ran = 0
		h := statelessHeaders("tools/call", "t")
		h["X-Do"], h["X-Do2"] = c.do, c.do2
		r := s.do("POST", h, stateless(1, "tools/call", `"name":"t"`, "")).message(t).tool(t)
		if ran != c.ran || !strings.HasPrefix(r.text(), c.text) {
			t.Errorf("%s %s: the function ran %d times: %+v", c.do, c.do2, ran, r)
		}
	}
}

func TestChainMayAnswerOtherMethods(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(addTool)
	app.Use(func(c *fastmcp.Context) error {
		switch c.Header("X-Do") {
		case "map":
			c.SetResult(map[string]any{"tools": []any{}, "k": "<v>"})
			return nil
		case "after":
			err := c.Next()
			c.SetResult(json.RawMessage("{\n\"tools\": []}"))
			return err
		case "string":
			c.SetResult("no object")
			return nil
		case "nothing":
			return nil
		case "panic":
			panic("secret")
		}
		return c.Next()
	})
	s := serve(t, app, l)
	for do, want := range map[string]string{"map": `"k":"<v>"`, "after": `"tools":[]`, "string": `"Internal error"`, "nothing": `"Internal error"`, "panic": `"Internal error"`, "": `"inputSchema"`} {
		h := statelessHeaders("tools/list", "")
		h["X-Do"] = do
		a := s.do("POST", h, stateless(1, "tools/list", "", ""))
		m := a.message(t)
		if !strings.Contains(a.body, want) || strings.Contains(a.body, "secret") || strings.Contains(a.body, "\n") {
			t.Errorf("%s: %d %s", do, a.status, a.body)
		}
		if m.Error == nil {
			var r struct{ ResultType string }
			if err := json.Unmarshal(m.Result, &r); err != nil || r.ResultType != "complete" {
				t.Errorf("%s: %s", do, m.Result)
			}
		}
	}
	if !strings.Contains(s.log.String(), "chain_test.go") {
		t.Error("the log has no stack of the panic in a link")
	}
}

func TestChainThatRefusesInitializeLeavesNoSession(t *testing.T) {
	connects, disconnects := 0, 0
	app, l := newApp(t, fastmcp.Config{On: fastmcp.Events{Connect: func(*fastmcp.Session) { connects++ }, Disconnect: func(*fastmcp.Session) { disconnects++ }}})
	app.Use(func(c *fastmcp.Context) error {
		switch c.Header("X-Refuse") {
		case "before":
			return fastmcp.Errorf("not you")
		case "after":
			if err := c.Next(); err != nil {
				return err
			}
			if c.Session().ID() == "" || c.Session().Client().Name != "x" {
				t.Errorf("after Next the session is %q of %+v", c.Session().ID(), c.Session().Client())
			}
			return errors.New("secret")
		case "panic":
			_ = c.Next()
			panic("secret")
		case "result":
			_ = c.Next()
			c.SetResult(make(chan int))
		}
		return c.Next()
	})
	s := serve(t, app, l)
	for _, when := range []string{"before", "after", "panic", "result"} {
		a := s.do("POST", headers{"X-Refuse": when}, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`)
		if m := a.message(t); m.Error == nil || a.header.Get("Mcp-Session-Id") != "" || strings.Contains(a.body, "secret") {
			t.Errorf("%s: %s %v", when, a.body, a.header)
		}
		if n := len(app.Sessions()); n != 0 {
			t.Errorf("%s: %d sessions", when, n)
		}
	}
	if connects != 3 || disconnects != 3 {
		t.Errorf("%d connects, %d disconnects", connects, disconnects)
	}
	if s.open("2025-06-18"); len(app.Sessions()) != 1 {
		t.Errorf("%d sessions", len(app.Sessions()))
	}
}

func logEverything(c *fastmcp.Context) error { return c.Next() }

type namedHandler func(c *fastmcp.Context) error

func TestChainIsPrintedAndTakesTwoTypes(t *testing.T) {
	app, _ := newApp(t, fastmcp.Config{})
	app.Use(logEverything).Use(requestid.New(), logEverything)
	got := app.Chain()
	if len(got) != 3 || !strings.HasPrefix(got[0], "fiber ") || !strings.HasPrefix(got[1], "mcp ") || !strings.HasSuffix(got[1], "_test.logEverything") || got[2] != got[1] {
		t.Errorf("%q", got)
	}
	for _, wrong := range []any{
		nil, 5, "x", func() {}, fastmcp.Handler(nil), fiber.Handler(nil), namedHandler(nil), func(*fastmcp.Context) {}, func(string) error { return nil },
	} {
		text := panicText(func() { app.Use(wrong) })
		if !strings.HasPrefix(text, "fastmcp: Use ") {
			t.Errorf("Use(%T) says %q", wrong, text)
		}
	}
	if len(app.Chain()) != 3 {
		t.Errorf("%q", app.Chain())
	}
	group := app.Group("g-")
	for name, f := range map[string]func(){
		"Use": func() { group.Use(nil) }, "Group": func() { app.Group("g-", nil) }, "Group in a group": func() { group.Group("h-", logEverything, nil) },
	} {
		if text := panicText(f); !strings.Contains(text, "nil Handler") || !strings.Contains(text, "g-") {
			t.Errorf("%s says %q", name, text)
		}
	}
}

func TestGroupsNestAndTag(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	a := app.Group("a.")
	a.Tags = []string{"A"}
	b := a.Group("b/")
	b.Tags = []string{"B", "B2"}
	b.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Typed(add), Meta: map[string]any{"example.com/k": "v"}})
	a.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Typed(add)})
	app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Typed(add)})
	if err := b.TryAddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Typed(add)}); err == nil || !strings.Contains(err.Error(), `"a.b/t"`) {
		t.Errorf("%v", err)
	}
	if err := b.TryAddTool(fastmcp.Tool{Name: strings.Repeat("x", 125), Handler: fastmcp.Typed(add)}); err == nil {
		t.Error("a name that is too long with its prefixes")
	}
	s := serve(t, app, l)
	_, tools, names := s.listOf(nil)
	if names != "a.b/t a.t t" {
		t.Error(names)
	}
	got := []string{fmt.Sprint(tools[0]["_meta"]), fmt.Sprint(tools[1]["_meta"]), fmt.Sprint(tools[2]["_meta"])}
	want := []string{"map[example.com/k:v io.github.fastmcp-go/tags:[A B B2]]", "map[io.github.fastmcp-go/tags:[A]]", "<nil>"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if r := s.callStateless("a.b/t", `{"a":1,"b":2}`).message(t).tool(t); r.text() != `{"sum":3}` {
		t.Errorf("%+v", r)
	}
	if !app.RemoveTool("a.t") {
		t.Error("a.t is not removed")
	}
}
