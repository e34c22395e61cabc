package tracing

import (
	"bytes"
	"context"
	"slices"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// maxCarried bounds a value of _meta that says which trace a request is part of: the limit of W3C Baggage, which is the
// longest of them.
const maxCarried = 8192

// headers are the HTTP headers of a request, as a propagation.TextMapCarrier.
type headers struct{ *fastmcp.Context }

// Get is a header.
func (h headers) Get(name string) string { return h.Header(name) }

// Set does nothing: they are the client's.
func (headers) Set(string, string) {}

// Keys are not known.
func (headers) Keys() []string { return nil }

// meta is the _meta of a request, as a propagation.TextMapCarrier (SEP-414: its keys have no prefix).
type meta struct{ *fastmcp.Context }

// Get is a text in _meta.
func (m meta) Get(name string) string {
	all := m.Meta()
	if !bytes.Contains(all, []byte(name)) { // as mostly, and found out at a tenth of the price
		return ""
	}
	raw := scan.Find(all, name)
	if len(raw) > maxCarried+len(`""`) {
		return ""
	}
	return protocol.String(raw)
}

// Set does nothing: they are the client's.
func (meta) Set(string, string) {}

// Keys are not known.
func (meta) Keys() []string { return nil }

// fiberContext is the name under which Fiber's own middleware stores a context, such as one with a span (fiber.Ctx.UserContext).
const fiberContext = "__local_user_context__"

// parent is the context that a span begins in, and options with the links that it has.
func (t *tracer) parent(c *fastmcp.Context, options []trace.SpanStartOption) (context.Context, []trace.SpanStartOption) {
	var ctx context.Context = c
	ambient := trace.SpanContextFromContext(c)
	if !ambient.IsValid() {
		if outer, ok := c.Value(fiberContext).(context.Context); ok {
			if span := trace.SpanFromContext(outer); span.SpanContext().IsValid() {
				ambient = span.SpanContext()
				ctx = baggage.ContextWithBaggage(trace.ContextWithSpan(c, span), baggage.FromContext(outer))
			}
		}
	}
	if t.Untrusted {
		return t.newRoot(c, ctx, ambient, options)
	}
	if !ambient.IsValid() {
		ctx = t.Propagator.Extract(ctx, headers{c})
		ambient = trace.SpanContextFromContext(ctx)
	}
	if c.Meta() == nil {
		return ctx, options
	}
	// "MCP server instrumentation SHOULD, by default, use context extracted from MCP params._meta as a parent for MCP server
	// span and SHOULD link current ambient context, if it's present."
	within := t.Propagator.Extract(ctx, meta{c})
	if told := trace.SpanContextFromContext(within); ambient.IsValid() && !told.Equal(ambient) {
		options = withLink(options, ambient)
	}
	return within, options
}

// newRoot begins a trace of one's own, or goes on with that of the host, and links to what the client names.
func (t *tracer) newRoot(c *fastmcp.Context, ctx context.Context, ambient trace.SpanContext, options []trace.SpanStartOption) (context.Context, []trace.SpanStartOption) {
	told := trace.SpanContextFromContext(t.Propagator.Extract(context.Background(), headers{c}))
	if c.Meta() != nil {
		if own := trace.SpanContextFromContext(t.Propagator.Extract(context.Background(), meta{c})); own.IsValid() {
			told = own
		}
	}
	if told.IsValid() && told.TraceID() != ambient.TraceID() {
		options = withLink(options, told)
	}
	return ctx, options
}

// withLink is options, which many requests share, with a link.
func withLink(options []trace.SpanStartOption, to trace.SpanContext) []trace.SpanStartOption {
	return append(slices.Clip(options), trace.WithLinks(trace.Link{SpanContext: to}))
}

// listener is a context that hears what it is asked for.
type listener struct {
	context.Context
	key any
}

// Value notes the key.
func (l *listener) Value(key any) any {
	l.key = key
	return nil
}

// contextKeys are the keys under which OpenTelemetry looks for the span and the baggage of a context. It does not tell them,
// but asks for them.
func contextKeys() (spanKey, bagKey any) {
	span, bag := listener{Context: context.Background()}, listener{Context: context.Background()}
	trace.SpanFromContext(&span)
	baggage.FromContext(&bag)
	return span.key, bag.key
}

// enter puts the Context, which handlers have, into the span and the baggage of ctx, which was derived from it. A span that
// is part of no trace, as of a provider that does nothing, is not worth a word, and there is no baggage but that of the
// parent.
func (t *tracer) enter(c *fastmcp.Context, parent, ctx context.Context) {
	if trace.SpanContextFromContext(ctx).IsValid() {
		c.Locals(t.spanKey, ctx.Value(t.spanKey))
	}
	if parent == context.Context(c) {
		return
	}
	if v := parent.Value(t.bagKey); v != nil {
		c.Locals(t.bagKey, v)
	}
}
