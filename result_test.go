package fastmcp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

type station struct {
	Name string   `json:"name" validate:"required"`
	Temp float64  `json:"temp" validate:"gte=-90,lte=60"`
	Tags []string `json:"tags,omitempty"`
}

// wholeResult is a result with all that its blocks say.
type wholeResult struct {
	Content    []map[string]any `json:"content"`
	Structured json.RawMessage  `json:"structuredContent"`
	IsError    bool             `json:"isError"`
	Meta       map[string]any   `json:"_meta"`
}

func (m message) whole(t testing.TB) (r wholeResult) {
	t.Helper()
	if m.Error != nil || json.Unmarshal(m.Result, &r) != nil {
		t.Fatalf("%s %+v", m.Result, m.Error)
	}
	return r
}

// blocks says in one word each what the blocks are: type, and text, type of data or address.
func (r wholeResult) blocks() string {
	var all []string
	for _, b := range r.Content {
		s := fmt.Sprint(b["type"])
		for _, key := range []string{"text", "mimeType", "uri"} {
			if v, ok := b[key]; ok {
				s += " " + fmt.Sprint(v)
			}
		}
		if in, ok := b["resource"].(map[string]any); ok {
			s += " " + fmt.Sprint(in["mimeType"])
		}
		all = append(all, s)
	}
	return strings.Join(all, "; ")
}

var (
	png = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")
	wav = []byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00")
)

func giving[Out any](v Out) fastmcp.Func {
	return fastmcp.Get(func(*fastmcp.Context) (Out, error) { return v, nil })
}

func raw(v any) fastmcp.Func {
	return fastmcp.Raw(`{"type":"object"}`, func(*fastmcp.Context, json.RawMessage) (any, error) { return v, nil })
}

func TestResultOfEveryKind(t *testing.T) {
	here := station{Name: "Oslo <&>", Temp: 3}
	const hereJSON = `{"name":"Oslo <&>","temp":3}`
	for _, c := range []struct {
		name       string
		f          fastmcp.Func
		blocks     string
		structured string // "any" only where structured content may be no object: 2026-07-28
		meta       bool
		isError    bool
		object     bool
	}{
		{name: "string", f: giving("hi"), blocks: "text hi"},
		{name: "emptystring", f: giving(""), blocks: "text "},
		{name: "text", f: giving(content.Text("t")), blocks: "text t"},
		{name: "block", f: giving[content.Block](content.Text("t")), blocks: "text t"},
		{name: "nilblock", f: giving[content.Block](nil), blocks: ""},
		{name: "blocks", f: giving([]content.Block{content.Text("a"), content.Image(png), content.Link("file:///x", "x")}), blocks: "text a; image image/png; resource_link file:///x"},
		{name: "holes", f: giving([]content.Block{nil, content.Text("a")}), blocks: "text ; text a"},
		{name: "typedblocks", f: giving([]content.TextBlock{content.Text("a"), content.Text("b")}), blocks: "text a; text b"},
		{name: "noblocks", f: giving([]content.ImageBlock(nil)), blocks: ""},
		{name: "image", f: giving(png), blocks: "image image/png"},
		{name: "audio", f: giving(wav), blocks: "audio audio/wav"},
		{name: "bytes", f: giving([]byte("plain")), blocks: "text plain"},
		{name: "blob", f: giving([]byte{0, 1, 2, 0xff}), blocks: "resource application/octet-stream"},
		{name: "nilbytes", f: giving([]byte(nil)), blocks: "text "},
		{name: "struct", f: giving(here), blocks: "text " + hereJSON, structured: hereJSON, object: true},
		{name: "pointer", f: giving(&here), blocks: "text " + hereJSON, structured: hereJSON, object: true},
		{name: "map", f: giving(map[string]int{"b": 2, "a": 1}), blocks: `text {"a":1,"b":2}`, structured: `{"a":1,"b":2}`, object: true},
		{name: "int", f: giving(5), blocks: "text 5", structured: "5"},
		{name: "float", f: giving(0.5), blocks: "text 0.5", structured: "0.5"},
		{name: "bool", f: giving(false), blocks: "text false", structured: "false"},
		{name: "slice", f: giving([]int{1, 2}), blocks: "text [1,2]", structured: "[1,2]"},
		{name: "emptyslice", f: giving([]string{}), blocks: "text []", structured: "[]"},
		{name: "any", f: giving[any](map[string]any{"x": nil}), blocks: `text {"x":null}`, structured: `{"x":null}`, object: true},
		{name: "anynil", f: giving[any](nil), blocks: ""},
		{name: "rawjson", f: giving(json.RawMessage(" {\"x\":\n\t1e2} ")), structured: `{"x":1e2}`, blocks: `text {"x":1e2}`, object: true},
		{name: "do", f: fastmcp.Do(func(*fastmcp.Context, struct{}) error { return nil }), blocks: ""},
		{name: "nilresult", f: giving((*fastmcp.Result)(nil)), blocks: ""},
		{name: "rawstring", f: raw("hi"), blocks: "text hi"},
		{name: "rawstruct", f: raw(here), blocks: "text " + hereJSON, structured: hereJSON, object: true},
		{name: "rawbytes", f: raw(png), blocks: "image image/png"},
		{name: "rawresult", f: raw(fastmcp.Result{Content: []content.Block{content.Text("v")}}), blocks: "text v"},
		{name: "rawtyped", f: raw([]content.ImageBlock{content.Image(png)}), blocks: "image image/png"},
		{
			name: "result", blocks: "text said", structured: hereJSON, meta: true, object: true,
			f: giving(&fastmcp.Result{Content: []content.Block{content.Text("said")}, Structured: here, Meta: map[string]any{"example.com/k": "v"}}),
		},
		{name: "structured", f: giving(&fastmcp.Result{Structured: here}), blocks: "text " + hereJSON, structured: hereJSON, object: true},
		{name: "failed", f: giving(&fastmcp.Result{Content: []content.Block{content.Text("no")}, IsError: true}), blocks: "text no", isError: true},
		{name: "emptyresult", f: giving(&fastmcp.Result{}), blocks: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			app, l := newApp(t, fastmcp.Config{})
			app.AddTool(fastmcp.Tool{Name: "t", Handler: c.f})
			s := serve(t, app, l)
			check := func(revision string, m message, structured bool) {
				r := m.whole(t)
				want := c.structured
				if !structured {
					want = ""
				}
				if r.Content == nil || r.blocks() != c.blocks || strings.TrimSpace(string(r.Structured)) != want || r.IsError != c.isError {
					t.Errorf("%s: %s", revision, m.Result)
				}
				if _, has := r.Meta["example.com/k"]; has != c.meta {
					t.Errorf("%s: _meta %v", revision, r.Meta)
				}
			}
			check("2025-06-18", s.open("2025-06-18").call("t", `{}`).message(t), c.object)
			events := s.open("2025-11-25")
			events.extra["Accept"] = "text/event-stream"
			check("2025-11-25, events", events.call("t", `{}`).message(t), c.object)
			check("2026-07-28", s.callStateless("t", `{}`).message(t), true)
		})
	}
}

func TestResultThatCannotBeSentIsMasked(t *testing.T) {
	for name, f := range map[string]fastmcp.Func{
		"channel":    raw(map[string]any{"x": make(chan int)}),
		"invalid":    raw(json.RawMessage(`{"x":secret}`)),
		"twodocs":    raw(json.RawMessage(`{}{}`)),
		"meta":       giving(&fastmcp.Result{Meta: map[string]any{"x": func() {}}}),
		"panics":     raw(panicking{}),
		"panicsdata": raw(&fastmcp.Result{Structured: panicking{}}),
	} {
		t.Run(name, func(t *testing.T) {
			app, l := newApp(t, fastmcp.Config{})
			app.AddTool(fastmcp.Tool{Name: "t", Handler: f})
			s := serve(t, app, l)
			for _, m := range []message{s.callStateless("t", `{}`).message(t), s.open("2025-11-25").call("t", `{}`).message(t)} {
				r := m.tool(t)
				if !r.IsError || strings.Contains(r.text(), "secret") || r.Structured != nil {
					t.Errorf("%s", m.Result)
				}
				id := maskedID(r)
				if id == "" || !strings.Contains(l.String(), id) {
					t.Errorf("the log does not have %q", id)
				}
			}
		})
	}
}

// maskedID is the id under which the log has the cause.
func maskedID(r toolResult) string {
	_, id, _ := strings.Cut(r.text(), "under the id ")
	return strings.TrimSuffix(id, ".")
}

type panicking struct{}

func (panicking) MarshalJSON() ([]byte, error) { panic("secret in MarshalJSON") }

// A batch runs its calls on goroutines that nothing else protects.
func TestMarshalPanicInABatchIsContained(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "t", Handler: raw(panicking{})})
	app.Use(func(c *fastmcp.Context) error {
		if c.Method() == "ping" {
			c.SetResult(panicking{})
			return nil
		}
		return c.Next()
	})
	c := serve(t, app, l).open("2025-03-26")
	a := c.do("POST", c.headers(), `[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}},{"jsonrpc":"2.0","id":2,"method":"ping"}]`)
	var all []message
	if err := json.Unmarshal([]byte(a.body), &all); err != nil || len(all) != 2 || strings.Contains(a.body, "secret") {
		t.Fatalf("%d %s", a.status, a.body)
	}
}

func TestOutputSchemaIsInferredAndKept(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	give := func(name string, v station) {
		app.AddTool(fastmcp.Tool{Name: name, Handler: giving(v)})
	}
	give("good", station{Name: "Oslo", Temp: 3})
	give("hot", station{Name: "Secretville", Temp: 3000})
	give("nameless", station{Temp: 3})
	app.AddTool(fastmcp.Tool{Name: "null", Handler: giving((*station)(nil))})
	app.AddTool(fastmcp.Tool{Name: "list", Handler: giving([]string(nil))})
	app.AddTool(fastmcp.Tool{Name: "strings", Handler: giving("x")})
	s := serve(t, app, l)

	var list struct{ Tools []map[string]any }
	m := s.do("POST", statelessHeaders("tools/list", ""), stateless(1, "tools/list", "", "")).message(t)
	if err := json.Unmarshal(m.Result, &list); err != nil {
		t.Fatal(err)
	}
	schema, _ := json.Marshal(list.Tools[0]["outputSchema"])
	for _, want := range []string{`"temp"`, `"maximum":60`, `"required"`, `"type":"object"`} {
		if !strings.Contains(string(schema), want) {
			t.Errorf("%s does not have %s", schema, want)
		}
	}
	if list.Tools[5]["outputSchema"] != nil {
		t.Errorf("a string has an output schema: %v", list.Tools[5])
	}
	for _, c := range []struct {
		name string
		ok   bool
	}{{"good", true}, {"hot", false}, {"nameless", false}} {
		for _, m := range []message{s.callStateless(c.name, `{}`).message(t), s.open("2025-06-18").call(c.name, `{}`).message(t)} {
			r := m.tool(t)
			if r.IsError == c.ok || (r.Structured != nil) != c.ok || strings.Contains(string(m.Result), "Secretville") {
				t.Errorf("%s: %s", c.name, m.Result)
			}
		}
	}
	if !strings.Contains(l.String(), "does not fit its schema") {
		t.Errorf("the log does not say why: %s", l)
	}
	// What is nil must be what the list of tools promises: a list that is nil is an empty one.
	schema, _ = json.Marshal(list.Tools[3]["outputSchema"])
	if r := s.callStateless("null", `{}`).message(t).tool(t); r.IsError == strings.Contains(string(schema), `"null"`) {
		t.Errorf("%+v for %s", r, schema)
	}
	if r := s.callStateless("list", `{}`).message(t).tool(t); r.IsError || string(r.Structured) != "[]" {
		t.Errorf("%+v for %v", r, list.Tools[4]["outputSchema"])
	}
}

func TestHandwrittenOutputSchemaIsEnforced(t *testing.T) {
	const schema = `{"type":"object","properties":{"n":{"type":"integer","minimum":1}},"required":["n"]}`
	app, l := newApp(t, fastmcp.Config{})
	f := fastmcp.Raw(`{"type":"object"}`, func(_ *fastmcp.Context, args json.RawMessage) (any, error) {
		if string(args) == `{}` {
			return "no data at all", nil
		}
		return args, nil
	})
	app.AddTool(fastmcp.Tool{Name: "t", OutputSchema: json.RawMessage(schema), Handler: f})
	app.AddTool(fastmcp.Tool{Name: "typed", OutputSchema: json.RawMessage(schema), Handler: giving(struct {
		N int `json:"n"`
	}{0})})
	app.AddTool(fastmcp.Tool{Name: "error", OutputSchema: json.RawMessage(schema), Handler: fastmcp.Do(func(*fastmcp.Context, struct{}) error {
		return fastmcp.Errorf("no").With("n", "not a number")
	})})
	s := serve(t, app, l)
	for args, ok := range map[string]bool{`{"n":1}`: true, `{"n":0}`: false, `{"n":"1"}`: false, `{"m":1}`: false, `{}`: false} {
		if r := s.callStateless("t", args).message(t).tool(t); r.IsError == ok || (r.Structured != nil) != ok {
			t.Errorf("%s: %+v", args, r)
		}
	}
	if r := s.callStateless("typed", `{}`).message(t).tool(t); !r.IsError {
		t.Errorf("a Go type that is laxer than its OutputSchema: %+v", r)
	}
	// What an error adds must not look like what the schema promises.
	if r := s.callStateless("error", `{}`).message(t).tool(t); !r.IsError || r.Structured != nil || !strings.Contains(r.text(), "not a number") {
		t.Errorf("%+v", r)
	}
}

func TestResultOfMiddlewareIsChecked(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	answers := map[string]any{
		"right": &fastmcp.Result{Structured: map[string]any{"sum": 7}}, "wrong": &fastmcp.Result{Structured: map[string]any{"sum": "seven"}},
		"typed": addOutput{Sum: 8}, "none": "text", "failed": &fastmcp.Result{Content: []content.Block{content.Text("no")}, IsError: true},
	}
	app.AddTool(addTool)
	app.Use(func(c *fastmcp.Context) error {
		if v, ok := answers[c.Header("X-Answer")]; ok {
			c.SetResult(v)
			return nil
		}
		return c.Next()
	})
	s := serve(t, app, l)
	for name, want := range map[string]string{"right": `{"sum":7}`, "typed": `{"sum":8}`, "": `{"sum":3}`, "wrong": "", "none": "", "failed": ""} {
		h := statelessHeaders("tools/call", "add")
		h["X-Answer"] = name
		r := s.do("POST", h, stateless(1, "tools/call", `"name":"add","arguments":{"a":1,"b":2}`, "")).message(t).tool(t)
		if string(r.Structured) != want || r.IsError == (want != "") || strings.Contains(r.text(), "seven") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestErrorsOfTools(t *testing.T) {
	cause, other := errors.New("cause"), errors.New("other")
	told := fastmcp.Errorf("told: %w", cause)
	if !errors.Is(told, cause) || told.Error() != "told: cause" {
		t.Errorf("%v does not wrap", told)
	}
	if e := fastmcp.Errorf("%w and %w", cause, other).With("k", 1); !errors.Is(e, cause) || !errors.Is(e, other) || e.Error() != "cause and other" {
		t.Errorf("%v does not wrap both", e)
	}
	if base := fastmcp.Errorf("x"); base.With("a", 1).With("b", 2).Extra["a"] != 1 || base.Extra != nil {
		t.Error("With changes the error that it adds to")
	}
	app, l := newApp(t, fastmcp.Config{})
	fails := map[string]error{
		"wrapped":  fmt.Errorf("private context: %w", told.With("k", []int{1})),
		"protocol": fmt.Errorf("private context: %w", &protocol.Error{Code: -32001, Message: "mine", Data: map[string]int{"d": 1}}),
		"masked":   errors.New("private"),
		"badextra": fastmcp.Errorf("x").With("k", make(chan int)),
	}
	for name, err := range fails {
		app.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Do(func(*fastmcp.Context, struct{}) error { return err })})
	}
	app.Use(func(c *fastmcp.Context) error {
		if err := fails[c.Header("X-Fail")]; err != nil && c.Method() != "tools/call" {
			return err
		}
		return c.Next()
	})
	s := serve(t, app, l)

	r := s.callStateless("wrapped", `{}`).message(t).tool(t)
	if !r.IsError || r.text() != "told: cause\n"+`{"k":[1]}` || string(r.Structured) != `{"k":[1]}` {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(l.String(), "cause=cause") {
		t.Errorf("what an Error wraps is not in the log: %s", l)
	}
	m := s.callStateless("protocol", `{}`).message(t)
	if m.Error == nil || m.Error.Code != -32001 || m.Error.Message != "mine" || string(m.Error.Data) != `{"d":1}` {
		t.Errorf("%+v", m)
	}
	if a := s.callStateless("badextra", `{}`); strings.Contains(a.body, "chan") || !strings.Contains(a.body, "rror") {
		t.Errorf("%s", a.body)
	}

	// The same from middleware, where no result can say it.
	for _, method := range []string{"tools/list", "server/discover"} {
		list := func(fail string) message {
			h := statelessHeaders(method, "")
			h["X-Fail"] = fail
			return s.do("POST", h, stateless(1, method, "", "")).message(t)
		}
		if m := list("wrapped"); m.Error == nil || m.Error.Message != "told: cause" || string(m.Error.Data) != `{"k":[1]}` {
			t.Errorf("%+v", m)
		}
		if m := list("protocol"); m.Error == nil || m.Error.Code != -32001 {
			t.Errorf("%+v", m)
		}
		m := list("masked")
		var data struct{ CorrelationID string }
		if m.Error == nil || m.Error.Code != protocol.CodeInternal || strings.Contains(m.Error.Message, "private") ||
			json.Unmarshal(m.Error.Data, &data) != nil || data.CorrelationID == "" || !strings.Contains(l.String(), data.CorrelationID) {
			t.Errorf("%+v", m)
		}
	}
}
