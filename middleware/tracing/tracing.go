// Package tracing makes OpenTelemetry spans and metrics of requests, by the semantic conventions for MCP
// (github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai/mcp.md; their status is "development").
//
//	app.Use(tracing.New())
//
// It uses the global providers of go.opentelemetry.io/otel unless it is given others. Put it first, so that the spans of
// other links are within its own.
//
// # Spans
//
// A request is a span of kind SERVER, "{method} {target}": "tools/call add", "prompts/get greet"; without a tool or a prompt
// it is "{method}". It lasts until the answer is made; that of a task until the task is over, and that of
// subscriptions/listen until its client leaves. Each round of a call that asks its client in 2026-07-28 is a request.
//
//	mcp.method.name             such as tools/call
//	mcp.protocol.version        the revision
//	mcp.session.id              what names the session in logs (see below)
//	mcp.resource.uri            for resources/read, /subscribe and /unsubscribe
//	gen_ai.operation.name       execute_tool, for tools/call
//	gen_ai.tool.name            the tool
//	gen_ai.prompt.name          the prompt
//	gen_ai.tool.call.arguments  see Config.Arguments
//	jsonrpc.request.id          the request's id, as text
//	network.transport           tcp, or unix, or pipe for stdio and where there is no network
//	network.protocol.name, network.protocol.version  http and 1.1, over HTTP
//	client.address              over HTTP
//	enduser.id                  see Config.Principal
//	error.type                  of one that failed: the code of its JSON-RPC error; tool_error, when a tool's result says so;
//	                            or cancelled, when its client did not want an answer any more
//	rpc.response.status_code    the code of its JSON-RPC error
//
// The status of a span with error.type is Error, with the message of the JSON-RPC error; the error itself, as the operator
// may know it, is an "exception" event.
//
// mcp.session.id is not the session's id, by which who is nobody in particular could use the session, but the name that
// Context.Log has for it.
//
// # The trace of the client
//
// The trace goes on that the client names in the _meta of the request (traceparent, tracestate, baggage: SEP-414), else the one
// that the host's own middleware has begun (such as Fiber's for OpenTelemetry), else the one that the HTTP headers name. When
// _meta names one, a span links to the other, since one stands for the message and the other for the connection.
//
// Handlers, and links after this one, are within the span: trace.SpanFromContext(c), and baggage.FromContext(c), find it in
// their Context, and what they start with it as their context is its child.
//
// # Metrics
//
//	mcp.server.operation.duration  a histogram in seconds, with the attributes of spans that are few in number:
//	                               mcp.method.name, mcp.protocol.version, gen_ai.operation.name, gen_ai.tool.name,
//	                               gen_ai.prompt.name, network.*, error.type, rpc.response.status_code
//	mcp.server.session.duration    of sessions that are over: see SessionEnded
package tracing

import (
	"fmt"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/internal/redact"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Config is where spans and metrics go and what they have. What its zero value means stands beside each field.
type Config struct {
	// Next skips a request when it is true. Default: none is skipped.
	Next func(*fastmcp.Context) bool
	// TracerProvider takes the spans. Default: otel.GetTracerProvider().
	TracerProvider trace.TracerProvider
	// MeterProvider takes the metrics. Default: otel.GetMeterProvider().
	MeterProvider metric.MeterProvider
	// Propagator reads which trace a request is part of. Default: W3C Trace Context and Baggage, which are those that the
	// protocol names; otel.GetTextMapPropagator() is the global one.
	Propagator propagation.TextMapPropagator
	// Untrusted is for clients that may not have a say in one's traces: a new trace begins with each request, linked to the
	// one that the client names, and baggage is dropped. Default: the client's trace goes on.
	Untrusted bool
	// URIs puts the URI of a resource into the name of its span. Default: off, because there may be many.
	URIs bool
	// Principal records who called, as enduser.id. Default: off.
	Principal bool
	// Arguments records the arguments of tools, as JSON: without the values of secrets, and at most MaxArguments bytes of it.
	// Default: off, because what users write to models is theirs.
	Arguments bool
	// Redact are the words that tell that a value is a secret, when they are part of its name; see logger.Config. Default:
	// logger.DefaultRedact; an empty slice that is not nil: none.
	Redact []string
	// MaxArguments bounds the arguments, in bytes. Default: 4096.
	MaxArguments int
}

// ConfigDefault is what New does by itself.
var ConfigDefault = Config{MaxArguments: 4096}

// scope is the instrumentation scope of spans and metrics.
const scope = "github.com/fastmcp-go/fastmcp/middleware/tracing"

// bounds are the buckets of the histograms, in seconds, as the conventions have them.
var bounds = []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300}

// New makes the link. It panics where Config.MaxArguments is negative, and where the MeterProvider refuses the histogram.
func New(config ...Config) fastmcp.Handler {
	c := configOf("New", config)
	t := &tracer{
		Config:  c,
		tracer:  c.TracerProvider.Tracer(scope),
		secrets: redact.New(c.Redact),
	}
	t.spanKey, t.bagKey = contextKeys()
	t.durations = histogram("New", c, "mcp.server.operation.duration",
		"MCP request or notification duration as observed on the receiver from the time it was received until the result or ack is sent.")
	return t.serve
}

// configOf is the one Config that a function was given, complete and without mistakes.
func configOf(name string, config []Config) Config {
	c := ConfigDefault
	if len(config) > 0 {
		c = config[0]
	}
	if c.MaxArguments < 0 {
		panic("tracing: " + name + ": Config.MaxArguments is negative: leave Config.Arguments off to record none")
	}
	if c.MaxArguments == 0 {
		c.MaxArguments = ConfigDefault.MaxArguments
	}
	if c.Redact == nil {
		c.Redact = redact.Default
	}
	if c.TracerProvider == nil {
		c.TracerProvider = otel.GetTracerProvider()
	}
	if c.MeterProvider == nil {
		c.MeterProvider = otel.GetMeterProvider()
	}
	if c.Propagator == nil {
		c.Propagator = propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
	}
	return c
}

func histogram(of string, c Config, name, description string) metric.Float64Histogram {
	h, err := c.MeterProvider.Meter(scope).Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description),
		metric.WithExplicitBucketBoundaries(bounds...))
	if err != nil {
		panic(fmt.Errorf("tracing: %s: %s: %w: give Config.MeterProvider one that takes it", of, name, err))
	}
	return h
}
