package fastmcp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
)

// replayed is a link that answers a request by what the first of its kind was encoded as.
type replayed struct {
	kept map[string]fastmcp.Encoded
	runs atomic.Int64
}

func (r *replayed) serve(c *fastmcp.Context) error {
	key := c.Method() + c.Name() + c.Revision().String()
	if e, ok := r.kept[key]; ok {
		c.SetResult(e)
		return nil
	}
	err := c.Next()
	if err != nil {
		return err
	}
	e, err := c.Encode()
	if err == nil {
		r.kept[key] = bytes.Clone(e)
		if b := e.AppendJSON(nil); !json.Valid(b) || len(b)-e.Size() > len(`{"content":[}`) {
			return fmt.Errorf("%s is %s, of size %d", key, b, e.Size())
		}
	}
	return nil
}

// What is encoded is answered as what it was made of.
func TestEncodedIsAnsweredAsItWas(t *testing.T) {
	app, log := newApp(t, fastmcp.Config{})
	r := &replayed{kept: map[string]fastmcp.Encoded{}}
	app.Use(r.serve)
	type out struct {
		Sum float64 `json:"sum"`
	}
	for name, v := range map[string]any{
		"text": "é \"x\"\n", "empty": "", "nothing": nil, "struct": out{1.5}, "blocks": []content.Block{content.Text("a"), content.Link("x://y", "y")},
		"error": &fastmcp.Result{IsError: true, Content: []content.Block{content.Text("no")}}, "none": []content.Block{},
		"whole": &fastmcp.Result{Content: []content.Block{content.Text("a")}, Structured: map[string]int{"n": 1}, Meta: map[string]any{"k": "v"}},
	} {
		app.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Get(func(*fastmcp.Context) (any, error) { r.runs.Add(1); return v, nil })})
	}
	app.AddResource(fastmcp.Resource{URI: "x://text", MimeType: "text/plain", Cache: fastmcp.CacheHint{TTL: time.Minute, Public: true},
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { r.runs.Add(1); return "text", nil })})
	app.AddResource(fastmcp.Resource{URI: "x://several", Handler: fastmcp.Get(func(*fastmcp.Context) ([]content.ResourceBlock, error) {
		r.runs.Add(1)
		return []content.ResourceBlock{content.Resource("", "text/plain", "a"), content.Blob("x://b", "", []byte{0, 1})}, nil
	})})
	s := serve(t, app, log)
	clients := []*client{s.open("2024-11-05"), s.open("2025-06-18"), s.open("2025-11-25")}
	ask := func(kind, name string) (all []string) {
		for _, c := range clients {
			c.next = 0 // the same id for the same call
			if kind == "tool" {
				all = append(all, c.call(name, `{}`).body)
			} else {
				all = append(all, c.send("resources/read", fmt.Sprintf(`"uri":%q`, name)).body)
			}
		}
		if kind == "tool" {
			return append(all, s.callStateless(name, `{}`).body)
		}
		return append(all, s.do("POST", statelessHeaders("resources/read", name), stateless(1, "resources/read", fmt.Sprintf(`"uri":%q`, name), "")).body)
	}
	for _, what := range [][2]string{
		{"tool", "text"}, {"tool", "empty"}, {"tool", "nothing"}, {"tool", "struct"}, {"tool", "blocks"}, {"tool", "error"}, {"tool", "none"}, {"tool", "whole"},
		{"read", "x://text"}, {"read", "x://several"},
	} {
		r.runs.Store(0)
		first, second := ask(what[0], what[1]), ask(what[0], what[1])
		for i := range first {
			if first[i] != second[i] || !strings.Contains(first[i], `"result":{"content`) {
				t.Errorf("%v:\n%s\n%s", what, first[i], second[i])
			}
		}
		if n := r.runs.Load(); n != int64(len(first)) {
			t.Errorf("%v: %d runs", what, n)
		}
	}
}

// An Encoded that is not one, or of something else, is a failure of the server's, and tells its client nothing.
func TestEncodedOfSomethingElse(t *testing.T) {
	app, log := newApp(t, fastmcp.Config{})
	var result atomic.Pointer[fastmcp.Encoded]
	app.Use(func(c *fastmcp.Context) error {
		if e := result.Load(); e != nil && c.Method() != "initialize" {
			c.SetResult(*e)
			return nil
		}
		if err := c.Next(); err != nil {
			return err
		}
		if e, err := c.Encode(); err == nil {
			result.Store(&e)
		} else if c.Method() == "tools/call" || c.Method() == "resources/read" {
			t.Errorf("%s: %v", c.Method(), err)
		}
		return nil
	})
	app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "x", nil })})
	app.AddResource(fastmcp.Resource{URI: "x://y", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "x", nil })})
	s := serve(t, app, log)
	c := s.open("2025-11-25")
	read := func() answer { return c.send("resources/read", `"uri":"x://y"`) }
	if a := c.call("t", `{}`); a.message(t).tool(t).text() != "x" {
		t.Fatal(a.body)
	}
	tool := *result.Load()
	if a := read(); a.message(t).Error == nil || strings.Contains(a.body, "Encoded") {
		t.Errorf("a tool's for a resource: %s", a.body)
	}
	if a := s.callStateless("t", `{}`); !a.message(t).tool(t).IsError || strings.Contains(a.body, "Encoded") {
		t.Errorf("one of another revision: %s", a.body)
	}
	result.Store(nil)
	if a := read(); a.message(t).Result == nil {
		t.Fatal(a.body)
	}
	if a := c.call("t", `{}`); !a.message(t).tool(t).IsError {
		t.Errorf("a resource's for a tool: %s", a.body)
	}
	for n := range len(tool) {
		if n == 0 || n > 8 && n < len(tool)-1 {
			continue // what is missing at the end shows nowhere: who keeps it keeps all of it
		}
		cut := tool[:min(n, 5)]
		if result.Store(&cut); !c.call("t", `{}`).message(t).tool(t).IsError {
			t.Errorf("%d bytes of it were answered", len(cut))
		}
	}
	if !strings.Contains(log.String(), "an Encoded of another kind, revision or version") {
		t.Error("the operator was not told why")
	}
}

func TestEncodeIsForToolsAndResources(t *testing.T) {
	app, log := newApp(t, fastmcp.Config{})
	var failed atomic.Value
	app.Use(func(c *fastmcp.Context) error {
		err := c.Next()
		if _, encoding := c.Encode(); encoding != nil {
			failed.Store(c.Method() + ": " + encoding.Error())
		}
		return err
	})
	app.AddPrompt(fastmcp.Prompt{Name: "p", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "x", nil })})
	app.AddTool(fastmcp.Tool{Name: "bad", Handler: fastmcp.Get(func(*fastmcp.Context) (any, error) { return make(chan int), nil })})
	app.AddTool(fastmcp.Tool{Name: "panics", Handler: fastmcp.Get(func(*fastmcp.Context) (any, error) { return marshalsBadly{}, nil })})
	s := serve(t, app, log)
	c := s.open("2025-11-25")
	for _, test := range []struct {
		ask  func() answer
		want string
	}{
		{func() answer { return c.send("prompts/get", `"name":"p"`) }, "prompts/get: fastmcp: Context.Encode: prompts/get has no result of a tool or a resource"},
		{func() answer { return c.send("ping", "") }, "ping: "},
		{func() answer { return c.call("bad", `{}`) }, "tools/call: fastmcp: a result that is not JSON"},
		{func() answer { return c.call("panics", `{}`) }, "tools/call: panic: oh"},
	} {
		failed.Store("")
		if a := test.ask(); a.status != 200 || !strings.HasPrefix(failed.Load().(string), test.want) {
			t.Errorf("%s; want %s; %s", failed.Load(), test.want, a.body)
		}
	}
}

type marshalsBadly struct{}

func (marshalsBadly) MarshalJSON() ([]byte, error) { panic("oh") }

func TestReplayableAndTool(t *testing.T) {
	app, log := newApp(t, fastmcp.Config{})
	var before, after, promises atomic.Bool
	var name atomic.Value
	app.Use(func(c *fastmcp.Context) error {
		before.Store(c.Replayable())
		err := c.Next()
		after.Store(c.Replayable())
		promises.Store(c.PromisesStructure())
		if tool := c.Tool(); tool != nil {
			name.Store(tool.Name)
		} else {
			name.Store("")
		}
		return err
	})
	g := app.Group("g_")
	add := func(n string, h fastmcp.Func) { g.AddTool(fastmcp.Tool{Name: n, Handler: h}) }
	add("plain", fastmcp.Get(func(*fastmcp.Context) (string, error) { return "x", nil }))
	add("struct", fastmcp.Get(func(*fastmcp.Context) (struct{ A int }, error) { return struct{ A int }{}, nil }))
	add("progress", fastmcp.Get(func(c *fastmcp.Context) (string, error) { return "x", c.Progress(1, 2) }))
	add("streams", fastmcp.Get(func(c *fastmcp.Context) (string, error) { return "x", c.Stream(content.Text("y")) }))
	add("notifies", fastmcp.Get(func(c *fastmcp.Context) (string, error) { return "x", c.Notify("notifications/x", nil) }))
	add("once", fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		return fastmcp.Once(c, "k", func() (string, error) { return "x", nil })
	}))
	add("forbids", fastmcp.Get(func(c *fastmcp.Context) (string, error) { c.ForbidReplay(); return "x", nil }))
	s := serve(t, app, log)
	for tool, want := range map[string]bool{"plain": true, "forbids": false, "struct": true, "progress": false, "streams": false, "notifies": false, "once": false} {
		if a := s.callStateless("g_"+tool, `{}`); !before.Load() || after.Load() != want || name.Load() != "g_"+tool || promises.Load() != (tool == "struct") {
			t.Errorf("%s: %t, %t, %v, %t: %s", tool, before.Load(), after.Load(), name.Load(), promises.Load(), a.body)
		}
	}
	if s.do("POST", statelessHeaders("tools/list", ""), stateless(1, "tools/list", "", "")); name.Load() != "" {
		t.Errorf("tools/list has the tool %v", name.Load())
	}
}
