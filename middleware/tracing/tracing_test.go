package tracing_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/fastmcptest"
	"github.com/fastmcp-go/fastmcp/middleware/tracing"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/gofiber/fiber/v2"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

const (
	metaTrace, metaSpan     = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	headerTrace, headerSpan = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	metaParent              = "00-" + metaTrace + "-" + metaSpan + "-01"
	headerParent            = "00-" + headerTrace + "-" + headerSpan + "-01"
)

// recorder is a provider whose spans a test can look at.
type recorder struct {
	*tracetest.InMemoryExporter
	provider *sdktrace.TracerProvider
}

func newRecorder() *recorder {
	e := tracetest.NewInMemoryExporter()
	return &recorder{e, sdktrace.NewTracerProvider(sdktrace.WithSyncer(e))}
}

// span waits for the span of that name, and forgets all.
func (r *recorder) span(t testing.TB, name string) span {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		for _, s := range r.GetSpans() {
			if s.Name == name {
				r.Reset()
				return span{s}
			}
		}
		if time.Now().After(end) {
			t.Fatalf("there is no span %q: %v", name, r.GetSpans())
		}
	}
}

type span struct{ tracetest.SpanStub }

// has compares attributes; nil is one that is not there.
func (s span) has(t testing.TB, want map[string]any) {
	t.Helper()
	for key, value := range want {
		if got := s.attribute(key); got != value {
			t.Errorf("%s: %s is %v, want %v", s.Name, key, got, value)
		}
	}
}

func (s span) attribute(key string) any {
	for _, a := range s.Attributes {
		if a.Key == attribute.Key(key) {
			return a.Value.AsInterface()
		}
	}
	return nil
}

type openInput struct {
	Door     string `json:"door"`
	Password string `json:"password,omitempty"`
}

var errDisk = errors.New("the disk is full")

// newApp is an App with a link of this package's, and tools that go in all ways.
func newApp(link fastmcp.Handler) *fastmcp.App {
	app := fastmcp.New(fastmcp.Config{
		Log:  slog.New(slog.DiscardHandler),
		Auth: auth.New(auth.Config{Optional: true, Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{"sue-0123456789abcdef": {Subject: "sue"}})}}),
	})
	app.Use(link)
	for name, fn := range map[string]func(*fastmcp.Context) (string, error){
		"fine":   func(*fastmcp.Context) (string, error) { return "fine", nil },
		"refuse": func(*fastmcp.Context) (string, error) { return "", fastmcp.Errorf("no such door") },
		"fail":   func(*fastmcp.Context) (string, error) { return "", errDisk },
		"panic":  func(*fastmcp.Context) (string, error) { panic("oh") },
		"wrong":  func(*fastmcp.Context) (string, error) { return "", protocol.Errorf(-32602, "not so") },
	} {
		app.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Get(fn)})
	}
	app.AddTool(fastmcp.Tool{Name: "open", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in openInput) (string, error) { return in.Door, nil })})
	app.AddPrompt(fastmcp.Prompt{Name: "greet", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "hello", nil })})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "x://{door}", Name: "x", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in openInput) (string, error) {
		if in.Door == "none" {
			return "", errDisk
		}
		return in.Door, nil
	})})
	return app
}

// call calls a tool with more members of _meta.
func call(t testing.TB, c *fastmcptest.Client, tool string, args any, meta mcp.Meta) {
	t.Helper()
	if args == nil {
		args = map[string]any{}
	}
	_, _ = c.SDK().CallTool(t.Context(), &mcp.CallToolParams{Meta: meta, Name: tool, Arguments: args}) // how it went shows in the span
}

func TestSpans(t *testing.T) {
	r := newRecorder()
	first := fastmcptest.New(t, newApp(tracing.New(tracing.Config{TracerProvider: r.provider})))
	for _, revision := range fastmcptest.Revisions() {
		c := first.Connect(t, fastmcptest.Config{Revision: revision, Token: "sue-0123456789abcdef"})
		call(t, c, "open", openInput{Door: "front"}, nil)
		s := r.span(t, "tools/call open")
		if s.SpanKind != trace.SpanKindServer || s.Parent.IsValid() || len(s.Links) != 0 || s.Status.Code != codes.Unset || len(s.Events) != 0 {
			t.Errorf("%+v", s)
		}
		s.has(t, map[string]any{
			"mcp.method.name": "tools/call", "mcp.protocol.version": revision, "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "open",
			"network.transport": "tcp", "network.protocol.name": "http", "network.protocol.version": "1.1", "error.type": nil,
			"rpc.response.status_code": nil, "gen_ai.tool.call.arguments": nil, "enduser.id": nil, "mcp.resource.uri": nil, "gen_ai.prompt.name": nil,
		})
		if id, _ := s.attribute("jsonrpc.request.id").(string); id == "" {
			t.Errorf("%v", s.Attributes)
		}
		if id, _ := s.attribute("mcp.session.id").(string); (len(id) == 12) != (revision != "2026-07-28") {
			t.Errorf("%s: the session is %q", revision, id)
		}
		if ip, _ := s.attribute("client.address").(string); ip == "" {
			t.Errorf("%v", s.Attributes)
		}

		if _, err := c.Prompt(t.Context(), "greet", nil); err != nil {
			t.Fatal(err)
		}
		r.span(t, "prompts/get greet").has(t, map[string]any{"gen_ai.prompt.name": "greet", "gen_ai.tool.name": nil, "gen_ai.operation.name": nil})
		if _, err := c.Read(t.Context(), "x://front"); err != nil {
			t.Fatal(err)
		}
		r.span(t, "resources/read").has(t, map[string]any{"mcp.resource.uri": "x://front", "mcp.method.name": "resources/read"})
		if _, err := c.Tools(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.span(t, "tools/list").has(t, map[string]any{"mcp.method.name": "tools/list"})
		if revision != "2026-07-28" {
			first.Connect(t, fastmcptest.Config{Revision: revision})
			if s := r.span(t, "initialize"); len(s.attribute("mcp.session.id").(string)) != 12 {
				t.Errorf("%v", s.Attributes)
			}
		}
	}
}

func TestFailures(t *testing.T) {
	r := newRecorder()
	c := fastmcptest.New(t, newApp(tracing.New(tracing.Config{TracerProvider: r.provider})))
	for tool, want := range map[string]struct{ kind, code, status, exception string }{
		"refuse": {"tool_error", "", "", "no such door"},
		"fail":   {"tool_error", "", "", "the disk is full"},
		"panic":  {"tool_error", "", "", "panic: oh"},
		"wrong":  {"-32602", "-32602", "not so", "not so (-32602)"},
	} {
		call(t, c, tool, nil, nil)
		s := r.span(t, "tools/call "+tool)
		code := any(want.code)
		if want.code == "" {
			code = nil
		}
		s.has(t, map[string]any{"error.type": want.kind, "rpc.response.status_code": code})
		if s.Status.Code != codes.Error || s.Status.Description != want.status || len(s.Events) != 1 || s.Events[0].Name != "exception" {
			t.Errorf("%s: %+v %+v", tool, s.Status, s.Events)
			continue
		}
		if got := (span{tracetest.SpanStub{Attributes: s.Events[0].Attributes}}).attribute("exception.message"); got != want.exception {
			t.Errorf("%s: %v, want %q", tool, got, want.exception)
		}
	}
	if _, err := c.Read(t.Context(), "x://none"); err == nil {
		t.Fatal("it was read")
	}
	s := r.span(t, "resources/read")
	s.has(t, map[string]any{"error.type": "-32603", "rpc.response.status_code": "-32603"})
	if s.Status.Description != "Internal error" {
		t.Errorf("%+v", s.Status)
	}
}

func TestCancelled(t *testing.T) {
	for _, revision := range []string{"2025-11-25", "2026-07-28"} {
		r, begun := newRecorder(), make(chan struct{}, 1)
		app := newApp(tracing.New(tracing.Config{TracerProvider: r.provider}))
		app.AddTool(fastmcp.Tool{Name: "wait", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			begun <- struct{}{}
			<-c.Done()
			return "", c.Err()
		})})
		c := fastmcptest.New(t, app, fastmcptest.Config{Revision: revision})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-begun; cancel() }()
		if _, err := c.Call(ctx, "wait", nil); err == nil {
			t.Fatal("it was answered")
		}
		s := r.span(t, "tools/call wait")
		s.has(t, map[string]any{"error.type": "cancelled", "rpc.response.status_code": nil})
		if s.Status.Code != codes.Error || len(s.Events) != 0 {
			t.Errorf("%s: %+v %+v", revision, s.Status, s.Events)
		}
	}
}

// What the client names in _meta wins, and the other is linked.
func TestParents(t *testing.T) {
	r := newRecorder()
	var bag string
	app := newApp(tracing.New(tracing.Config{TracerProvider: r.provider}))
	app.Use(func(c *fastmcp.Context) error {
		bag = baggage.FromContext(c).String()
		return c.Next()
	})
	first := fastmcptest.New(t, app)
	in := http.Header{"Traceparent": {headerParent}, "Tracestate": {"congo=t61rcWkgMzE"}, "Baggage": {"user=joe"}}
	for name, c := range map[string]struct {
		header              http.Header
		meta                mcp.Meta
		traceID, spanID     string
		linked, state, bags string
	}{
		"none":           {nil, nil, "", "", "", "", ""},
		"header":         {in, nil, headerTrace, headerSpan, "", "congo=t61rcWkgMzE", "user=joe"},
		"_meta":          {nil, mcp.Meta{"traceparent": metaParent, "tracestate": "rojo=1", "baggage": "user=sue"}, metaTrace, metaSpan, "", "rojo=1", "user=sue"},
		"both":           {in, mcp.Meta{"traceparent": metaParent, "baggage": "user=sue"}, metaTrace, metaSpan, headerTrace, "", "user=sue"},
		"the same":       {in, mcp.Meta{"traceparent": headerParent, "tracestate": "congo=t61rcWkgMzE"}, headerTrace, headerSpan, "", "congo=t61rcWkgMzE", "user=joe"},
		"malformed":      {nil, mcp.Meta{"traceparent": "00-zz-1-01", "baggage": "="}, "", "", "", "", ""},
		"malformed, too": {in, mcp.Meta{"traceparent": "00-zz-1-01"}, headerTrace, headerSpan, "", "congo=t61rcWkgMzE", "user=joe"},
		"no text":        {nil, mcp.Meta{"traceparent": 7, "tracestate": map[string]any{"a": 1}, "baggage": nil}, "", "", "", "", ""},
		"at the bound":   {nil, mcp.Meta{"traceparent": metaParent, "baggage": "a=" + strings.Repeat("x", 8190)}, metaTrace, metaSpan, "", "", "a=" + strings.Repeat("x", 8190)},
		"above it":       {nil, mcp.Meta{"traceparent": metaParent, "baggage": "a=" + strings.Repeat("x", 8191)}, metaTrace, metaSpan, "", "", ""},
	} {
		for _, revision := range []string{"2025-11-25", "2026-07-28"} {
			call(t, first.Connect(t, fastmcptest.Config{Revision: revision, Header: c.header}), "fine", nil, c.meta)
			s := r.span(t, "tools/call fine")
			if c.traceID == "" {
				if s.Parent.IsValid() {
					t.Errorf("%s: the parent is %v", name, s.Parent)
				}
			} else if p := s.Parent; p.TraceID().String() != c.traceID || p.SpanID().String() != c.spanID || !p.IsRemote() || p.TraceState().String() != c.state {
				t.Errorf("%s: the parent is %v %s", name, p, p.TraceState())
			}
			linked := ""
			for _, l := range s.Links {
				linked += l.SpanContext.TraceID().String()
			}
			if linked != c.linked || bag != c.bags {
				t.Errorf("%s: linked to %q, baggage %.60q; want %q, %.60q", name, linked, bag, c.linked, c.bags)
			}
		}
	}
}

// A span of the host's own middleware is the parent, or is linked where the client names another.
func TestHostSpan(t *testing.T) {
	r := newRecorder()
	app := newApp(tracing.New(tracing.Config{TracerProvider: r.provider}))
	var host trace.SpanContext
	app.Use(func(c *fiber.Ctx) error {
		ctx, span := r.provider.Tracer("host").Start(c.UserContext(), "POST")
		defer span.End()
		member, _ := baggage.NewMember("from", "host")
		bag, _ := baggage.New(member)
		c.SetUserContext(baggage.ContextWithBaggage(ctx, bag))
		host = span.SpanContext()
		return c.Next()
	})
	var bags string
	app.AddTool(fastmcp.Tool{Name: "bags", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		bags = baggage.FromContext(c).String()
		return "", nil
	})})
	c := fastmcptest.New(t, app, fastmcptest.Config{Header: http.Header{"Traceparent": {headerParent}}})
	call(t, c, "bags", nil, nil)
	if s := r.span(t, "tools/call bags"); s.Parent.SpanID() != host.SpanID() || len(s.Links) != 0 || bags != "from=host" {
		t.Errorf("%v %v %q", s.Parent, s.Links, bags)
	}
	call(t, c, "fine", nil, mcp.Meta{"traceparent": metaParent})
	s := r.span(t, "tools/call fine")
	if s.Parent.SpanID().String() != metaSpan || len(s.Links) != 1 || s.Links[0].SpanContext.SpanID() != host.SpanID() {
		t.Errorf("%v %v", s.Parent, s.Links)
	}
}

// Each round of a call that asks is a span, and none of them failed.
func TestRounds(t *testing.T) {
	r := newRecorder()
	app := newApp(tracing.New(tracing.Config{TracerProvider: r.provider}))
	app.AddTool(fastmcp.Tool{Name: "ask", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		var in openInput
		_, err := fastmcp.Elicit(c, "door", "Which?", &in)
		return in.Door, err
	})})
	c := fastmcptest.New(t, app, fastmcptest.Config{Elicit: func(string) map[string]any { return map[string]any{"door": "back"} }})
	if got, err := c.Call(t.Context(), "ask", nil); err != nil || got.Text() != "back" {
		t.Fatalf("%v, %v", got, err)
	}
	rounds := 0
	for end := time.Now().Add(20 * time.Second); rounds != 2 && time.Now().Before(end); time.Sleep(time.Millisecond) {
		rounds = 0
		for _, s := range r.GetSpans() {
			if s.Name == "tools/call ask" {
				rounds++
				if s.Status.Code != codes.Unset || (span{s}).attribute("error.type") != nil {
					t.Fatalf("%+v", s)
				}
			}
		}
	}
	if rounds != 2 {
		t.Errorf("%d spans", rounds)
	}
}

// Who is not trusted has no say in the traces.
func TestUntrusted(t *testing.T) {
	r := newRecorder()
	app := newApp(tracing.New(tracing.Config{TracerProvider: r.provider, Untrusted: true}))
	bags := "none"
	app.AddTool(fastmcp.Tool{Name: "bags", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		bags = baggage.FromContext(c).String()
		return "", nil
	})})
	first := fastmcptest.New(t, app)
	c := first.Connect(t, fastmcptest.Config{Header: http.Header{"Traceparent": {headerParent}, "Baggage": {"user=joe"}}})
	for _, in := range []struct {
		client *fastmcptest.Client
		meta   mcp.Meta
		linked string
	}{
		{first, nil, ""},
		{c, nil, headerTrace},
		{c, mcp.Meta{"traceparent": metaParent, "baggage": "user=sue"}, metaTrace},
		{first, mcp.Meta{"traceparent": metaParent}, metaTrace},
	} {
		call(t, in.client, "bags", nil, in.meta)
		s, linked := r.span(t, "tools/call bags"), ""
		for _, l := range s.Links {
			linked += l.SpanContext.TraceID().String()
		}
		if s.Parent.IsValid() || linked != in.linked || bags != "" {
			t.Errorf("%v: %v, linked to %q, baggage %q", in.meta, s.Parent, linked, bags)
		}
	}
}

// Handlers and later links are within the span, and so is what is derived from their Context.
func TestHandlersSeeTheSpan(t *testing.T) {
	r := newRecorder()
	app := newApp(tracing.New(tracing.Config{TracerProvider: r.provider}))
	var inLink, inTool, derived trace.SpanContext
	app.Use(func(c *fastmcp.Context) error {
		inLink = trace.SpanContextFromContext(c)
		return c.Next()
	})
	app.AddTool(fastmcp.Tool{Name: "work", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		trace.SpanFromContext(c).SetAttributes(attribute.Int("doors", 2))
		inTool = trace.SpanContextFromContext(c)
		ctx, cancel := context.WithTimeout(c, time.Minute)
		defer cancel()
		derived = trace.SpanContextFromContext(ctx)
		_, child := r.provider.Tracer("mine").Start(ctx, "query")
		child.End()
		if own, ok := fastmcp.From(ctx); !ok || own != c {
			return "", errors.New("the Context is not found under its own")
		}
		return "", nil
	})})
	c := fastmcptest.New(t, app)
	call(t, c, "work", nil, nil)
	spans := r.GetSpans()
	s := r.span(t, "tools/call work")
	s.has(t, map[string]any{"doors": int64(2)})
	for where, got := range map[string]trace.SpanContext{"a link": inLink, "the tool": inTool, "a derived context": derived} {
		if !got.Equal(s.SpanContext) {
			t.Errorf("%s has %v, want %v", where, got, s.SpanContext)
		}
	}
	found := false
	for _, child := range spans {
		found = found || child.Name == "query" && child.Parent.SpanID() == s.SpanContext.SpanID()
	}
	if !found {
		t.Errorf("no child: %v", spans)
	}
}

// Without an SDK nothing is recorded, but the client's trace is there to be handed on.
func TestNoop(t *testing.T) {
	app := newApp(tracing.New(tracing.Config{TracerProvider: noop.NewTracerProvider()}))
	var seen trace.SpanContext
	app.AddTool(fastmcp.Tool{Name: "work", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		seen = trace.SpanContextFromContext(c)
		return "", nil
	})})
	c := fastmcptest.New(t, app)
	call(t, c, "work", nil, nil)
	if seen.IsValid() {
		t.Errorf("%v", seen)
	}
	call(t, c, "work", nil, mcp.Meta{"traceparent": metaParent})
	if seen.TraceID().String() != metaTrace {
		t.Errorf("%v", seen)
	}
}

func TestOptions(t *testing.T) {
	r := newRecorder()
	app := newApp(tracing.New(tracing.Config{
		TracerProvider: r.provider, Arguments: true, MaxArguments: 40, Principal: true, URIs: true,
		Next: func(c *fastmcp.Context) bool { return c.Name() == "fine" },
	}))
	c := fastmcptest.New(t, app, fastmcptest.Config{Token: "sue-0123456789abcdef"})
	call(t, c, "fine", nil, nil)
	call(t, c, "open", openInput{Door: "front", Password: "rosebud"}, nil)
	for _, s := range r.GetSpans() {
		if s.Name == "tools/call fine" {
			t.Error("Next was not asked")
		}
	}
	r.span(t, "tools/call open").has(t, map[string]any{"gen_ai.tool.call.arguments": `{"door":"front","password":"[redacted]"}`, "enduser.id": (&auth.Principal{Subject: "sue"}).Key()})
	call(t, c, "open", openInput{Door: "fronts", Password: "rosebud"}, nil)
	r.span(t, "tools/call open").has(t, map[string]any{"gen_ai.tool.call.arguments": `{"door":"fronts","password":"[redacted]"…`})
	if _, err := c.Read(t.Context(), "x://front"); err != nil {
		t.Fatal(err)
	}
	r.span(t, "resources/read x://front")
	if _, err := c.Read(t.Context(), "x://"+strings.Repeat("n", 1020)); err != nil {
		t.Fatal(err)
	}
	r.span(t, "resources/read x://"+strings.Repeat("n", 1020))
	if _, err := c.Read(t.Context(), "x://"+strings.Repeat("n", 1021)); err != nil {
		t.Fatal(err)
	}
	r.span(t, "resources/read x://"+strings.Repeat("n", 1020)).has(t, map[string]any{"mcp.resource.uri": "x://" + strings.Repeat("n", 1020)})
}

func TestBadConfig(t *testing.T) {
	defer func() {
		if v, _ := recover().(string); !strings.Contains(v, "Config.MaxArguments is negative: leave Config.Arguments off") {
			t.Errorf("%v", v)
		}
	}()
	tracing.New(tracing.Config{MaxArguments: -1})
}
