package fastmcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// listOf are the tools that a client of 2026-07-28 sees.
func (s *server) listOf(h headers) (result message, tools []map[string]any, names string) {
	s.t.Helper()
	all := statelessHeaders("tools/list", "")
	for k, v := range h {
		all[k] = v
	}
	m := s.do("POST", all, stateless(1, "tools/list", "", "")).message(s.t)
	var list struct{ Tools []map[string]any }
	if m.Error != nil || json.Unmarshal(m.Result, &list) != nil {
		s.t.Fatalf("%s %+v", m.Result, m.Error)
	}
	var all2 []string
	for _, tool := range list.Tools {
		all2 = append(all2, fmt.Sprint(tool["name"]))
	}
	return m, list.Tools, strings.Join(all2, " ")
}

type adder struct{ by float64 }

func (a *adder) add(_ *fastmcp.Context, in addInput) (addOutput, error) {
	return addOutput{Sum: in.A + in.B + a.by}, nil
}

func TestToolOfEachKindOfFunction(t *testing.T) {
	var kept json.RawMessage
	var did atomic.Int64
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "typed", Handler: fastmcp.Typed(add)})
	app.AddTool(fastmcp.Tool{Name: "method", Handler: fastmcp.Typed((&adder{by: 100}).add)})
	app.AddTool(fastmcp.Tool{Name: "pointer", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in *addInput) (float64, error) { return in.A, nil })})
	app.AddTool(fastmcp.Tool{Name: "map", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in map[string]int) (int, error) { return in["x"], nil })})
	app.AddTool(fastmcp.Tool{Name: "do", Handler: fastmcp.Do(func(_ *fastmcp.Context, in addInput) error { did.Add(int64(in.A)); return nil })})
	app.AddTool(fastmcp.Tool{Name: "get", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "got", nil })})
	app.AddTool(fastmcp.Tool{Name: "raw", Handler: fastmcp.Raw([]byte(`{"type":"object","properties":{"x":{"type":"string"}}}`), func(_ *fastmcp.Context, args json.RawMessage) (any, error) {
		if kept == nil {
			kept = args
		}
		return string(args), nil
	})})
	s := serve(t, app, l)
	c := s.open("2025-06-18")
	for _, call := range [][3]string{
		{"typed", `{"a":1,"b":2}`, `{"sum":3}`}, {"method", `{"a":1,"b":2}`, `{"sum":103}`}, {"pointer", `{"a":1,"b":2}`, "1"}, {"map", `{"x":4}`, "4"},
		{"do", `{"a":7,"b":2}`, ""}, {"get", `{}`, "got"}, {"raw", `{"x":"kept"}`, `{"x":"kept"}`}, {"raw", `{}`, `{}`},
	} {
		for _, a := range []answer{c.call(call[0], call[1]), s.callStateless(call[0], call[1])} {
			if r := a.message(t).tool(t); r.IsError || r.text() != call[2] {
				t.Errorf("%s(%s): %+v", call[0], call[1], r)
			}
		}
	}
	if did.Load() != 14 {
		t.Errorf("do did %d", did.Load())
	}
	for name, args := range map[string]string{"get": `{"x":1}`, "raw": `{"x":1}`} {
		if r := c.call(name, args).message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "x") {
			t.Errorf("%s(%s): %+v", name, args, r)
		}
	}
	for range 50 {
		c.call("raw", `{"x":"other"}`)
	}
	if string(kept) != `{"x":"kept"}` {
		t.Errorf("the arguments of a call that is over are %s", kept)
	}
	if m := c.send("tools/call", `"name":"raw"`).message(t); m.tool(t).text() != `{}` {
		t.Errorf("no arguments are %s", m.Result)
	}
}

func TestMistakesInToolsShowWhenTheyAreAdded(t *testing.T) {
	get := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", nil })
	rawOf := func(schema string) fastmcp.Func {
		return fastmcp.Raw(schema, func(*fastmcp.Context, json.RawMessage) (any, error) { return nil, nil })
	}
	for name, c := range map[string]struct {
		tool fastmcp.Tool
		says []string
	}{
		"duplicate": {fastmcp.Tool{Name: "taken", Handler: get}, []string{`"taken"`, "already", "another name"}},
		"no name":   {fastmcp.Tool{Handler: get}, []string{"no Name"}},
		"long name": {fastmcp.Tool{Name: strings.Repeat("x", 129), Handler: get}, []string{"xxx", "1 to 128"}},
		"space":     {fastmcp.Tool{Name: "a b", Handler: get}, []string{`"a b"`, "use letters"}},
		"umlaut":    {fastmcp.Tool{Name: "größe", Handler: get}, []string{`größe`, "use letters"}},
		"channel":   {fastmcp.Tool{Name: "tool", Handler: fastmcp.Do(func(*fastmcp.Context, struct{ C chan int }) error { return nil })}, []string{`"tool"`, "C", "chan int"}},
		"result":    {fastmcp.Tool{Name: "tool", Handler: fastmcp.Get(func(*fastmcp.Context) (r struct{ F func() }, err error) { return })}, []string{`"tool"`, "result", "F"}},
		"scalar":    {fastmcp.Tool{Name: "tool", Handler: fastmcp.Do(func(*fastmcp.Context, int) error { return nil })}, []string{`"tool"`, "int", "struct"}},
		"bad tag": {fastmcp.Tool{Name: "tool", Handler: fastmcp.Do(func(*fastmcp.Context, struct {
			A string `validate:"nosuch"`
		}) error {
			return nil
		})}, []string{`"tool"`, "nosuch"}},
		"no type":      {fastmcp.Tool{Name: "tool", Handler: rawOf(`{"properties":{}}`)}, []string{`"tool"`, `"type": "object"`}},
		"array":        {fastmcp.Tool{Name: "tool", Handler: rawOf(`{"type":"array"}`)}, []string{`"tool"`, `"type": "object"`}},
		"no JSON":      {fastmcp.Tool{Name: "tool", Handler: rawOf(`{"type":`)}, []string{`"tool"`}},
		"remote":       {fastmcp.Tool{Name: "tool", Handler: rawOf(`{"type":"object","properties":{"a":{"$ref":"https://example.com/s.json"}}}`)}, []string{`"tool"`, "https://example.com/s.json"}},
		"file":         {fastmcp.Tool{Name: "tool", Handler: rawOf(`{"type":"object","properties":{"a":{"$ref":"file:///etc/passwd"}}}`)}, []string{`"tool"`, "file:///etc/passwd"}},
		"no handler":   {fastmcp.Tool{Name: "tool"}, []string{`"tool"`, "Handler", "fastmcp.Typed"}},
		"output":       {fastmcp.Tool{Name: "tool", Handler: get, OutputSchema: json.RawMessage(`[]`)}, []string{`"tool"`, "OutputSchema"}},
		"meta":         {fastmcp.Tool{Name: "tool", Handler: get, Meta: map[string]any{"x": make(chan int)}}, []string{`"tool"`, "chan"}},
		"nil link":     {fastmcp.Tool{Name: "tool", Handler: get, Use: []fastmcp.Handler{nil}}, []string{`"tool"`, "Use", "nil"}},
		"header":       {fastmcp.Tool{Name: "tool", Handler: rawOf(`{"type":"object","properties":{"a":{"type":"string","x-mcp-header":"A B"}}}`)}, []string{`"tool"`, "argument a", "x-mcp-header"}},
		"same headers": {fastmcp.Tool{Name: "tool", Handler: rawOf(`{"type":"object","properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}}`)}, []string{`"tool"`, "header"}},
	} {
		app, _ := newApp(t, fastmcp.Config{})
		app.AddTool(fastmcp.Tool{Name: "taken", Handler: get})
		err := app.TryAddTool(c.tool)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, want := range c.says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %s", name, err, want)
			}
		}
		if got := panicText(func() { app.AddTool(c.tool) }); got != err.Error() {
			t.Errorf("%s: AddTool panics with %q, TryAddTool says %q", name, got, err)
		}
		if err := app.Group("g-").TryAddTool(fastmcp.Tool{Name: "tool", Handler: get}); err != nil {
			t.Errorf("%s: afterwards: %v", name, err)
		}
	}
}

// panicText is what f panics with, as text; "" when it does not.
func panicText(f func()) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	f()
	return ""
}

func TestToolsListHasEverythingInOrder(t *testing.T) {
	yes := true
	app, l := newApp(t, fastmcp.Config{})
	get := fastmcp.Get(func(*fastmcp.Context) (int, error) { return 1, nil })
	app.AddTool(fastmcp.Tool{Name: "z", Handler: get})
	app.AddTool(fastmcp.Tool{
		Name: "full", Title: "Title", Description: "What it does", Icons: []protocol.Icon{{Src: "https://example.com/i.png"}},
		Annotations: &protocol.ToolAnnotations{ReadOnlyHint: true, OpenWorldHint: &yes}, Meta: map[string]any{"example.com/k": 1},
		Handler: fastmcp.Typed(add),
	})
	app.AddTool(fastmcp.Tool{Name: "a", Handler: get})
	app.Group("m/").AddTool(fastmcp.Tool{Name: "in", Handler: get})
	app.AddTool(fastmcp.Tool{Name: "b.c-d_E9", Handler: get})
	s := serve(t, app, l)
	m, tools, names := s.listOf(nil)
	if names != "z full a m/in b.c-d_E9" || !strings.Contains(string(m.Result), `"cacheScope":"public"`) {
		t.Errorf("%s", m.Result)
	}
	keys := func(tool map[string]any) string {
		var all []string
		for _, k := range []string{"name", "title", "description", "inputSchema", "outputSchema", "annotations", "icons", "_meta"} {
			if tool[k] != nil {
				all = append(all, k)
			}
		}
		return strings.Join(all, " ")
	}
	if got := keys(tools[1]); got != "name title description inputSchema outputSchema annotations icons _meta" {
		t.Errorf("2026-07-28: %s", got)
	}
	for revision, want := range map[string]string{
		"2024-11-05": "name description inputSchema", "2025-03-26": "name description inputSchema annotations",
		"2025-06-18": "name title description inputSchema outputSchema annotations _meta",
		"2025-11-25": "name title description inputSchema outputSchema annotations icons _meta",
	} {
		m := s.open(revision).send("tools/list", "").message(t)
		var list struct{ Tools []map[string]any }
		if err := json.Unmarshal(m.Result, &list); err != nil || keys(list.Tools[1]) != want {
			t.Errorf("%s: %s", revision, m.Result)
		}
		if list.Tools[0]["outputSchema"] != nil {
			t.Errorf("%s has an output schema that is no object's", revision)
		}
	}
}

func TestToolsAreAddedAndRemovedWhileServing(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "old", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
		close(entered)
		<-leave
		return "finished", nil
	})})
	s := serve(t, app, l)
	c := s.open("2025-11-25")
	news := c.listen("")
	running := make(chan answer)
	go func() { running <- c.call("old", `{}`) }()
	<-entered
	if !app.RemoveTool("old") || app.RemoveTool("old") {
		t.Error("RemoveTool does not tell whether there was one")
	}
	for i := range 10 {
		app.AddTool(fastmcp.Tool{Name: fmt.Sprintf("new%d", i), Handler: fastmcp.Typed(add)})
	}
	if m := news.message(); m.Method != "notifications/tools/list_changed" {
		t.Errorf("%+v", m)
	}
	if m := s.callStateless("old", `{}`).message(t); m.Error == nil || m.Error.Code != protocol.CodeInvalidParams {
		t.Errorf("a tool that was removed: %+v", m)
	}
	if _, _, names := s.listOf(nil); names != "new0 new1 new2 new3 new4 new5 new6 new7 new8 new9" {
		t.Errorf("%s", names)
	}
	if r := s.callStateless("new9", `{"a":1,"b":2}`).message(t).tool(t); r.text() != `{"sum":3}` {
		t.Errorf("%+v", r)
	}
	close(leave)
	if r := (<-running).message(t).tool(t); r.text() != "finished" {
		t.Errorf("%+v", r)
	}
	// The notes that are due have all been sent before one that is sent after they are.
	more := 0
	for after := time.After(200 * time.Millisecond); ; {
		select {
		case m := <-news.events:
			if m.Method == "notifications/tools/list_changed" {
				more++
			}
			continue
		case <-after:
		}
		break
	}
	if more > 1 {
		t.Errorf("11 changes were told %d times", more+1)
	}
}

func TestToolTimeout(t *testing.T) {
	returned := make(chan string, 8)
	app, l := newApp(t, fastmcp.Config{})
	add := func(name string, f func(c *fastmcp.Context) (string, error)) {
		app.AddTool(fastmcp.Tool{Name: name, Timeout: 30 * time.Millisecond, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			defer func() { returned <- name }()
			return f(c)
		})})
	}
	add("fails", func(c *fastmcp.Context) (string, error) { <-c.Done(); return "", c.Err() })
	add("wraps", func(c *fastmcp.Context) (string, error) {
		ctx, cancel := context.WithCancel(c)
		defer cancel()
		<-ctx.Done()
		return "", fmt.Errorf("query: %w", ctx.Err())
	})
	add("polls", func(c *fastmcp.Context) (string, error) {
		for c.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		return "", c.Err()
	})
	add("succeeds", func(c *fastmcp.Context) (string, error) { <-c.Done(); return "kept", nil })
	add("own", func(c *fastmcp.Context) (string, error) { <-c.Done(); return "", fastmcp.Errorf("my own words") })
	add("quick", func(c *fastmcp.Context) (string, error) {
		if end, ok := c.Deadline(); !ok || time.Until(end) > 30*time.Millisecond {
			return "", errors.New("no deadline")
		}
		return "quick", nil
	})
	s := serve(t, app, l)
	c := s.open("2025-06-18")
	for name, want := range map[string]string{
		"fails": "timed out after 30ms", "wraps": "timed out after 30ms", "polls": "timed out", "succeeds": "kept", "own": "my own words", "quick": "quick",
	} {
		for _, a := range []answer{c.call(name, `{}`), s.callStateless(name, `{}`)} {
			select {
			case <-returned:
			default:
				t.Errorf("%s: answered before the function had returned", name)
			}
			r := a.message(t).tool(t)
			if ok := name == "succeeds" || name == "quick"; !strings.Contains(r.text(), want) || r.IsError == ok {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
}

func TestToolThatIsAbandoned(t *testing.T) {
	leave, seen := make(chan struct{}), make(chan string, 1)
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "slow", Timeout: 30 * time.Millisecond, Abandon: true, MaxConcurrent: 1, Handler: fastmcp.Typed(func(c *fastmcp.Context, in addInput) (string, error) {
		<-leave
		seen <- fmt.Sprint(in.A, " ", string(c.Args()), " ", c.Header("X-Mine"), " ", c.Name(), " ", c.IP(), " ", c.Err(), " ", c.Progress(1, 2))
		panic("after it was abandoned")
	})})
	app.AddTool(fastmcp.Tool{Name: "quick", Timeout: 5 * time.Second, Abandon: true, Handler: fastmcp.Typed(add)})
	app.AddTool(fastmcp.Tool{Name: "panics", Timeout: 5 * time.Second, Abandon: true, Handler: fastmcp.Do(func(*fastmcp.Context, struct{}) error { panic("secret") })})
	s := serve(t, app, l)
	h := statelessHeaders("tools/call", "slow")
	h["X-Mine"] = "mine"
	call := stateless(1, "tools/call", `"name":"slow","arguments":{"a":1,"b":2}`, "")
	if r := s.do("POST", h, call).message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "timed out") {
		t.Errorf("%+v", r)
	}
	// It still has its slot.
	if r := s.do("POST", h, call).message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "busy") {
		t.Errorf("%+v", r)
	}
	for range 20 {
		if r := s.callStateless("quick", `{"a":8,"b":9}`).message(t).tool(t); r.text() != `{"sum":17}` {
			t.Errorf("%+v", r)
		}
	}
	if r := s.callStateless("panics", `{}`).message(t).tool(t); !r.IsError || !strings.Contains(l.String(), maskedID(r)) || strings.Contains(r.text(), "secret") {
		t.Errorf("%+v", r)
	}
	close(leave)
	if got, want := <-seen, fmt.Sprint(`1 {"a":1,"b":2} mine slow 127.0.0.1 `, context.DeadlineExceeded, " ", fastmcp.ErrEnded); got != want {
		t.Errorf("%q\n%q", got, want)
	}
	within(t, 5*time.Second, "the slot is free again", func() bool {
		r := s.do("POST", h, call).message(t).tool(t)
		return !strings.Contains(r.text(), "busy")
	})
}

func TestToolMaxConcurrent(t *testing.T) {
	var running, most atomic.Int64
	gate := make(chan struct{})
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "two", MaxConcurrent: 2, Handler: fastmcp.Raw(`{"type":"object"}`, func(_ *fastmcp.Context, args json.RawMessage) (any, error) {
		now := running.Add(1)
		defer running.Add(-1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		<-gate
		if string(args) == `{"panic":true}` {
			panic("x")
		}
		return "ok", nil
	})})
	s := serve(t, app, l)
	var ok, busy, failed atomic.Int64
	var calls sync.WaitGroup
	call := func(args string) {
		calls.Go(func() {
			switch text := s.callStateless("two", args).message(t).tool(t).text(); {
			case text == "ok":
				ok.Add(1)
			case strings.Contains(text, "busy"):
				busy.Add(1)
			default:
				failed.Add(1)
			}
		})
	}
	// 2 run, 16 times as many wait, the others are told to come back.
	for range 2 + 32 + 6 {
		call(`{}`)
	}
	within(t, 10*time.Second, "6 are sent away and 2 run", func() bool { return busy.Load() == 6 && running.Load() == 2 })
	if ok.Load() != 0 {
		t.Errorf("%d have ended", ok.Load())
	}
	close(gate)
	calls.Wait()
	for range 6 {
		call(`{"panic":true}`)
	}
	calls.Wait()
	call(`{}`) // a panic gives its slot back
	calls.Wait()
	if ok.Load() != 35 || failed.Load() != 6 || busy.Load() != 6 || most.Load() != 2 {
		t.Errorf("%d ok, %d busy, %d failed, %d at once", ok.Load(), busy.Load(), failed.Load(), most.Load())
	}
}

func TestToolTimeoutBoundsTheWaitForASlot(t *testing.T) {
	entered, leave := make(chan struct{}, 2), make(chan struct{})
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "one", MaxConcurrent: 1, MaxWaiting: 1, Timeout: 100 * time.Millisecond, Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
		entered <- struct{}{}
		<-leave
		return "ok", nil
	})})
	s := serve(t, app, l)
	first := make(chan answer)
	go func() { first <- s.callStateless("one", `{}`) }()
	<-entered
	if r := s.callStateless("one", `{}`).message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "busy") {
		t.Errorf("%+v", r)
	}
	close(leave)
	if r := (<-first).message(t).tool(t); r.text() != "ok" {
		t.Errorf("%+v", r)
	}
}

func TestToolMaxWaiting(t *testing.T) {
	entered, leave := make(chan struct{}, 4), make(chan struct{})
	app, l := newApp(t, fastmcp.Config{})
	for name, waiting := range map[string]int{"none": -1, "one": 1} {
		app.AddTool(fastmcp.Tool{Name: name, MaxConcurrent: 1, MaxWaiting: waiting, Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
			entered <- struct{}{}
			<-leave
			return "ok", nil
		})})
	}
	s := serve(t, app, l)
	results := make(chan string, 8)
	call := func(name string) { go func() { results <- s.callStateless(name, `{}`).message(t).tool(t).text() }() }
	for name, calls := range map[string]int{"none": 2, "one": 3} {
		for range calls {
			call(name)
		}
		if text := <-results; !strings.Contains(text, "busy") {
			t.Errorf("%s: %s", name, text)
		}
	}
	close(leave)
	for range 3 {
		if text := <-results; text != "ok" {
			t.Error(text)
		}
	}
}
