package fastmcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// local is an App that is only called in process, and what its events tell.
type local struct {
	*fastmcp.App
	log    *logs
	events []fastmcp.ToolCallEvent
}

func newLocal(t testing.TB, config fastmcp.Config) *local {
	t.Helper()
	l := &local{}
	config.On.ToolCall = func(e fastmcp.ToolCallEvent) { l.events = append(l.events, e) }
	l.App, l.log = newApp(t, config)
	t.Cleanup(func() {
		if err := l.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	l.AddTool(addTool)
	return l
}

func (l *local) tool(name string, f func(c *fastmcp.Context) (any, error)) {
	l.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Raw(`{"type":"object"}`, func(c *fastmcp.Context, _ json.RawMessage) (any, error) { return f(c) })})
}

// fails calls a tool, which must fail with that code.
func (l *local) fails(t testing.TB, ctx context.Context, p *auth.Principal, name string, args any, code fastmcp.CallCode, says string) (*fastmcp.Result, *fastmcp.CallError) {
	t.Helper()
	r, err := l.CallTool(ctx, p, name, args)
	e := (*fastmcp.CallError)(nil)
	if !errors.As(err, &e) || e.Code != code || e.Tool != name || !strings.Contains(e.Message, says) || !strings.Contains(err.Error(), string(code)) {
		t.Fatalf("%s: %v, %#v, want %s: %q", name, r, err, code, says)
	}
	return r, e
}

func TestCallToolInProcess(t *testing.T) {
	l := newLocal(t, fastmcp.Config{})
	ann := &auth.Principal{Issuer: "test", Subject: "ann"}
	var ran []string
	l.Use(func(c *fastmcp.Context) error { ran = append(ran, c.Method()+" "+c.Name()); return c.Next() })
	for _, args := range []any{addInput{A: 1, B: 2}, map[string]any{"a": 1, "b": 2}, json.RawMessage(`{"a":1,"b":2}`), &addInput{A: 1, B: 2}} {
		r, err := l.CallTool(t.Context(), ann, "add", args)
		if err != nil || r.IsError || r.Meta != nil || len(r.Content) != 1 {
			t.Fatalf("%T: %+v, %v", args, r, err)
		}
		if raw, _ := r.Structured.(json.RawMessage); string(raw) != r.Text() || !strings.Contains(string(raw), `3`) {
			t.Errorf("%T: %s, %s", args, raw, r.Text())
		}
	}
	if len(l.events) != 4 || l.events[0].Principal != ann || l.events[0].Outcome != fastmcp.OutcomeSucceeded || l.events[0].SessionID != "" {
		t.Errorf("%+v", l.events)
	}
	if !slices.Equal(ran, slices.Repeat([]string{"tools/call add"}, 4)) {
		t.Errorf("the chain has seen %q", ran)
	}
	out, err := fastmcp.CallToolAs[struct{ Sum float64 }](t.Context(), l.App, nil, "add", addInput{A: 2, B: 3})
	if err != nil || out.Sum != 5 {
		t.Errorf("%+v, %v", out, err)
	}
	if s := l.Stats(); s.Calls != 5 || s.Errors != 0 || s.Running != 0 {
		t.Errorf("%+v", s)
	}
}

func TestCallToolResults(t *testing.T) {
	l := newLocal(t, fastmcp.Config{})
	image := content.ImageBlock{Data: []byte{1, 2}, MimeType: "image/png"}
	l.tool("blocks", func(*fastmcp.Context) (any, error) {
		return &fastmcp.Result{Content: []content.Block{content.Text("a"), image, content.Text("b")}, Meta: map[string]any{"k": "v"}}, nil
	})
	l.tool("nothing", func(*fastmcp.Context) (any, error) { return nil, nil })
	l.tool("null", func(*fastmcp.Context) (any, error) { return &fastmcp.Result{Structured: json.RawMessage(`null`)}, nil })
	r, err := l.CallTool(t.Context(), nil, "blocks", nil)
	if err != nil || !reflect.DeepEqual(r.Content, []content.Block{content.Text("a"), image, content.Text("b")}) || r.Text() != "a\nb" || r.Meta["k"] != "v" || len(r.Meta) != 1 || r.Structured != nil {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err = l.CallTool(t.Context(), nil, "nothing", nil); err != nil || len(r.Content) != 0 || r.Text() != "" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := fastmcp.CallToolAs[int](t.Context(), l.App, nil, "nothing", nil); err == nil || !strings.Contains(err.Error(), "no data") {
		t.Error(err)
	}
	if _, err := fastmcp.CallToolAs[int](t.Context(), l.App, nil, "add", addInput{}); err == nil || !strings.Contains(err.Error(), "is no int") {
		t.Error(err)
	}
	if r, err = l.CallTool(t.Context(), nil, "null", nil); err != nil || r.IsError {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestCallToolFails(t *testing.T) {
	l := newLocal(t, fastmcp.Config{})
	broken := errors.New("the database is gone")
	l.tool("says", func(*fastmcp.Context) (any, error) {
		return nil, fastmcp.Errorf("Use another date.").With("first", "2026-01-01")
	})
	l.tool("breaks", func(*fastmcp.Context) (any, error) { return nil, broken })
	l.tool("panics", func(*fastmcp.Context) (any, error) { panic(broken) })
	l.tool("protocol", func(*fastmcp.Context) (any, error) { return nil, protocol.Errorf(-32050, "Own error") })
	l.tool("result", func(*fastmcp.Context) (any, error) {
		return &fastmcp.Result{IsError: true, Content: []content.Block{content.Text("No.")}}, nil
	})
	l.tool("asks", func(c *fastmcp.Context) (any, error) {
		var form struct{ Name string }
		_, err := fastmcp.Elicit(c, "name", "Who?", &form)
		return nil, err
	})
	l.tool("asksSoftly", func(c *fastmcp.Context) (any, error) {
		if _, err := c.Roots(); !errors.Is(err, fastmcp.ErrUnsupported) {
			return nil, err
		}
		return "without", nil
	})
	l.tool("busy", func(*fastmcp.Context) (any, error) { return nil, fastmcp.TooMany(90*time.Second, "Slower, please") })
	l.AddTool(fastmcp.Tool{Name: "task", Task: fastmcp.TaskRequired, Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", nil })})

	ctx := t.Context()
	r, e := l.fails(t, ctx, nil, "says", nil, fastmcp.CallFailed, "Use another date.")
	own := (*fastmcp.Error)(nil)
	if !r.IsError || !errors.As(e, &own) || own.Extra["first"] != "2026-01-01" {
		t.Errorf("%+v, %+v", r, e)
	}
	r, e = l.fails(t, ctx, nil, "breaks", nil, fastmcp.CallFailed, "The operator can find the cause")
	if !errors.Is(e, broken) || strings.Contains(r.Text(), "database") || strings.Contains(e.Error(), "database") {
		t.Errorf("%s, %+v", r.Text(), e)
	}
	if _, e = l.fails(t, ctx, nil, "panics", nil, fastmcp.CallFailed, "The operator"); !fastmcp.IsPanic(e) {
		t.Errorf("%+v", e)
	}
	if _, e = l.fails(t, ctx, nil, "protocol", nil, fastmcp.CallFailed, "Own error"); protocolCode(e) != -32050 {
		t.Errorf("%+v", e)
	}
	if r, e = l.fails(t, ctx, nil, "result", nil, fastmcp.CallFailed, "No."); r == nil || e.Err != nil {
		t.Errorf("%+v", e)
	}
	if _, e = l.fails(t, ctx, nil, "asks", nil, fastmcp.CallUnsupported, "lacks a capability"); !errors.Is(e, fastmcp.ErrUnsupported) {
		t.Errorf("%+v", e)
	}
	if r, err := l.CallTool(ctx, nil, "asksSoftly", nil); err != nil || r.Text() != "without" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, e = l.fails(t, ctx, nil, "busy", nil, fastmcp.CallTooMany, "Slower, please"); e.RetryAfter != 90*time.Second {
		t.Errorf("%+v", e)
	}
	l.fails(t, ctx, nil, "task", nil, fastmcp.CallUnsupported, "")
	l.fails(t, ctx, nil, "none", nil, fastmcp.CallUnknown, `unknown tool "none"`)
	l.fails(t, ctx, nil, "add", map[string]any{"a": 1}, fastmcp.CallInvalid, "do not fit the tool's schema")
	for _, args := range []any{7, "text", []int{1}, json.RawMessage(`{"a":`), json.RawMessage(``), func() {}, json.RawMessage(strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000))} {
		l.fails(t, ctx, nil, "add", args, fastmcp.CallInvalid, "")
	}
	if _, err := l.CallTool(ctx, nil, "add", addInput{}, fastmcp.CallOptions{Meta: map[string]any{"k": func() {}}}); err == nil || !strings.Contains(err.Error(), "CallOptions.Meta") {
		t.Error(err)
	}
	for _, e := range l.events {
		if want := map[bool]fastmcp.Outcome{true: fastmcp.OutcomeSucceeded, false: fastmcp.OutcomeFailed}[e.Tool == "asksSoftly"]; e.Outcome != want {
			t.Errorf("%+v", e)
		}
	}
}

func protocolCode(err error) int {
	e := (*protocol.Error)(nil)
	if errors.As(err, &e) {
		return int(e.Code)
	}
	return 0
}

// Guards are asked as of any caller: what is hidden is unknown.
func TestCallToolAsksGuards(t *testing.T) {
	l := newLocal(t, fastmcp.Config{})
	get := fastmcp.Get(func(c *fastmcp.Context) (string, error) { return c.Principal().Key(), nil })
	l.AddTool(fastmcp.Tool{Name: "scoped", CanAccess: auth.Discoverable(auth.RequireScopes("math:read")), Handler: get})
	l.AddTool(fastmcp.Tool{Name: "hidden", CanAccess: func(_ context.Context, a *auth.Access) auth.Decision {
		return auth.Decision{Allowed: a.Principal != nil}
	}, Handler: get})
	ann := &auth.Principal{Issuer: "test", Subject: "ann", Scopes: []string{"math:read"}}
	bob := &auth.Principal{Issuer: "test", Subject: "bob"}
	if r, err := l.CallTool(t.Context(), ann, "scoped", nil); err != nil || r.Text() != ann.Key() {
		t.Errorf("%+v, %v", r, err)
	}
	if _, e := l.fails(t, t.Context(), bob, "scoped", nil, fastmcp.CallForbidden, "scopes"); !slices.Equal(e.Scopes, []string{"math:read"}) {
		t.Errorf("%+v", e)
	}
	l.fails(t, t.Context(), nil, "hidden", nil, fastmcp.CallUnknown, "hidden")
}

func TestCallToolIsCancelled(t *testing.T) {
	l := newLocal(t, fastmcp.Config{})
	begun := make(chan struct{}, 1)
	l.tool("wait", func(c *fastmcp.Context) (any, error) {
		begun <- struct{}{}
		<-c.Done()
		return nil, c.Err()
	})
	l.tool("stubborn", func(c *fastmcp.Context) (any, error) {
		begun <- struct{}{}
		<-c.Done()
		return "done all the same", nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	if _, e := l.fails(t, ctx, nil, "wait", nil, fastmcp.CallCancelled, "canceled"); !errors.Is(e, context.Canceled) {
		t.Error(e)
	}
	if len(l.events) != 1 || l.events[0].Outcome != fastmcp.OutcomeCancelled {
		t.Errorf("%+v", l.events)
	}
	l.fails(t, ctx, nil, "wait", nil, fastmcp.CallCancelled, "canceled") // it does not begin
	if len(l.events) != 1 {
		t.Errorf("%+v", l.events)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if r, err := l.CallTool(ctx, nil, "stubborn", nil); err != nil || r.Text() != "done all the same" {
		t.Errorf("%+v, %v", r, err)
	}
	<-begun
	if _, e := l.fails(t, ctx, nil, "wait", nil, fastmcp.CallCancelled, "deadline"); !errors.Is(e, context.DeadlineExceeded) {
		t.Error(e)
	}
}

// A tool that has no time left has failed; its caller has not cancelled it.
func TestCallToolTimesOut(t *testing.T) {
	l := newLocal(t, fastmcp.Config{})
	l.AddTool(fastmcp.Tool{Name: "slow", Timeout: 10 * time.Millisecond, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		<-c.Done()
		return "", c.Err()
	})})
	if _, e := l.fails(t, t.Context(), nil, "slow", nil, fastmcp.CallFailed, "timed out"); !errors.Is(e, context.DeadlineExceeded) {
		t.Error(e)
	}
}

type localKey struct{}

// The tool's Context has the caller's values, and its request's id where a handler calls.
func TestCallToolFromAHandler(t *testing.T) {
	l := newLocal(t, fastmcp.Config{})
	var ids []string
	l.tool("inner", func(c *fastmcp.Context) (any, error) {
		ids = append(ids, c.RequestID())
		v, _ := c.Value(localKey{}).(string)
		return v, nil
	})
	l.tool("outer", func(c *fastmcp.Context) (any, error) {
		ids = append(ids, c.RequestID())
		c.Locals(localKey{}, "from outer")
		r, err := l.CallTool(c, c.Principal(), "inner", nil)
		if err != nil {
			return nil, err
		}
		return r.Text(), nil
	})
	r, err := l.CallTool(context.WithValue(t.Context(), localKey{}, "from ctx"), nil, "inner", nil)
	if err != nil || r.Text() != "from ctx" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err = l.CallTool(t.Context(), nil, "outer", nil); err != nil || r.Text() != "from outer" || ids[1] != ids[2] || ids[0] == ids[1] {
		t.Errorf("%+v, %v, %q", r, err, ids)
	}
}

// A handler that is waited for while the App is shut down may call, too; others are turned down.
func TestCallToolWhileShuttingDown(t *testing.T) {
	l := newLocal(t, fastmcp.Config{})
	begun, gate := make(chan struct{}), make(chan struct{})
	l.tool("outer", func(c *fastmcp.Context) (any, error) {
		close(begun)
		<-gate
		r, err := l.CallTool(c, nil, "add", addInput{A: 1, B: 2})
		if err != nil {
			return nil, err
		}
		return r.Text(), nil
	})
	over, done := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := l.CallTool(context.Background(), nil, "outer", nil)
		done <- err
	}()
	<-begun
	go func() { over <- l.Shutdown(context.Background()) }()
	within(t, 5*time.Second, "the App is shutting down", func() bool {
		_, err := l.CallTool(t.Context(), nil, "add", addInput{A: 1, B: 2})
		e := (*fastmcp.CallError)(nil)
		return errors.As(err, &e) && e.Code == fastmcp.CallUnavailable && e.RetryAfter > 0
	})
	close(gate)
	if err := receive(t, "the call", done); err != nil {
		t.Error(err)
	}
	if err := receive(t, "the end", over); err != nil {
		t.Error(err)
	}
	if s := l.Stats(); s.Running != 0 {
		t.Errorf("%+v", s)
	}
}

func TestCallToolIsHeard(t *testing.T) {
	l := newLocal(t, fastmcp.Config{})
	l.tool("tells", func(c *fastmcp.Context) (any, error) {
		c.ClientLog().Debug("note")
		return "told", errors.Join(c.Progress(1, 2, "half"), c.Notify("notifications/mine", map[string]int{"n": 1}))
	})
	if r, err := l.CallTool(t.Context(), nil, "tells", nil); err != nil || r.Text() != "told" {
		t.Errorf("%+v, %v", r, err)
	}
	var heard []string
	options := fastmcp.CallOptions{Heard: func(n fastmcp.Notification) { heard = append(heard, n.Method+" "+string(n.Params)) }}
	if r, err := l.CallTool(t.Context(), nil, "tells", nil, options); err != nil || r.Text() != "told" {
		t.Errorf("%+v, %v", r, err)
	}
	all := strings.Join(heard, "\n")
	if len(heard) != 3 || !strings.Contains(all, `notifications/progress {"progressToken":"local"`) || !strings.Contains(all, "half") || !strings.Contains(all, "notifications/message") || !strings.Contains(all, `notifications/mine {"n":1}`) {
		t.Error(all)
	}
	options.Heard = func(fastmcp.Notification) { panic("broken") }
	if _, err := l.CallTool(t.Context(), nil, "tells", nil, options); !fastmcp.IsPanic(err) {
		t.Errorf("%v", err)
	}
}

// An idempotency key holds in process, too: the tool runs once, and who comes later gets what it came to.
func TestCallToolWithAKey(t *testing.T) {
	l := newLocal(t, fastmcp.Config{})
	runs := 0
	l.AddTool(fastmcp.Tool{Name: "pay", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
		runs++
		return "paid", nil
	})})
	for range 2 {
		r, err := l.CallTool(t.Context(), &auth.Principal{Issuer: "test", Subject: "ann"}, "pay", nil, fastmcp.CallOptions{Meta: map[string]any{protocol.MetaIdempotencyKey: "k1"}})
		if err != nil || r.Text() != "paid" {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if runs != 1 {
		t.Errorf("%d runs", runs)
	}
}

func BenchmarkCallTool(b *testing.B) {
	l := newLocal(b, fastmcp.Config{Log: nil})
	args := json.RawMessage(`{"a":1,"b":2}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.CallTool(b.Context(), nil, "add", args); err != nil {
			b.Fatal(err)
		}
		l.events = l.events[:0]
	}
}
