package tracing

import (
	"context"
	"strconv"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/internal/known"
	"github.com/fastmcp-go/fastmcp/middleware/internal/outcome"
	"github.com/fastmcp-go/fastmcp/middleware/internal/redact"
	"github.com/fastmcp-go/fastmcp/protocol"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// The attributes of the conventions. Those for MCP have left the releases of semconv for Go, so they stand here.
const (
	keyMethod    = attribute.Key("mcp.method.name")
	keyRevision  = attribute.Key("mcp.protocol.version")
	keySession   = attribute.Key("mcp.session.id")
	keyURI       = attribute.Key("mcp.resource.uri")
	keyOperation = attribute.Key("gen_ai.operation.name")
	keyTool      = attribute.Key("gen_ai.tool.name")
	keyPrompt    = attribute.Key("gen_ai.prompt.name")
	keyArguments = attribute.Key("gen_ai.tool.call.arguments")
	keyRequest   = attribute.Key("jsonrpc.request.id")
	keyNetwork   = attribute.Key("network.transport")
	keyProtocol  = attribute.Key("network.protocol.name")
	keyVersion   = attribute.Key("network.protocol.version")
	keyClient    = attribute.Key("client.address")
	keyUser      = attribute.Key("enduser.id")
	keyError     = attribute.Key("error.type")
	keyStatus    = attribute.Key("rpc.response.status_code")
)

// cancelled is the error.type of a request that its client has cancelled, toolError that of a tool that says that it failed.
const (
	cancelled = "cancelled"
	toolError = "tool_error"
)

// maxURI bounds what is recorded of a URI, in bytes.
const maxURI = 1024

// tracer is the link.
type tracer struct {
	Config
	tracer    trace.Tracer
	durations metric.Float64Histogram
	secrets   *redact.Redactor
	spanKey   any // under which a context has its span, and its baggage
	bagKey    any
	targets   known.Map[about, *target]
}

func (t *tracer) serve(c *fastmcp.Context) error {
	if t.Next != nil && t.Next(c) {
		return c.Next()
	}
	of := t.target(c)
	ctx, span := t.start(c, of)
	c.OnAnswer(func(c *fastmcp.Context, a fastmcp.Answer) { t.end(ctx, c, of, span, a) })
	return c.Next()
}

// start starts the span, and puts the Context within it.
func (t *tracer) start(c *fastmcp.Context, of *target) (context.Context, trace.Span) {
	parent, options := t.parent(c, of.start)
	name := of.name
	if t.URIs && strings.HasPrefix(of.method, "resources/") && c.Name() != "" {
		name += " " + cut(c.Name(), maxURI)
	}
	ctx, span := t.tracer.Start(parent, name, options...)
	t.enter(c, parent, ctx)
	if span.IsRecording() {
		t.describe(c, of, span)
	}
	return ctx, span
}

// describe sets what is different for each request.
func (t *tracer) describe(c *fastmcp.Context, of *target, span trace.Span) {
	var room [6]attribute.KeyValue
	all := append(room[:0], keyRequest.String(idText(c.ID())))
	if ip := c.IP(); ip.IsValid() {
		all = append(all, keyClient.String(ip.String()))
	}
	if of.method == protocol.MethodResourcesRead || of.method == protocol.MethodSubscribe || of.method == protocol.MethodUnsubscribe {
		all = append(all, keyURI.String(cut(c.Name(), maxURI)))
	}
	if p := c.Principal(); p != nil && t.Principal {
		all = append(all, keyUser.String(c.PrincipalKey()))
	}
	if t.Arguments && of.method == protocol.MethodToolsCall && c.Args() != nil {
		all = append(all, keyArguments.String(t.secrets.JSON(c.Args(), t.MaxArguments)))
	}
	span.SetAttributes(all...)
}

// idText is a request's id as text: what a string says, or a number's digits.
func idText(id []byte) string {
	if len(id) > 0 && id[0] == '"' {
		return protocol.String(id)
	}
	return string(id)
}

// end ends the span, and counts it.
func (t *tracer) end(ctx context.Context, c *fastmcp.Context, of *target, span trace.Span, a fastmcp.Answer) {
	failure, code, message := failureOf(a)
	if t.durations.Enabled(ctx) {
		t.durations.Record(ctx, a.Took.Seconds(), of.counted(failure, code)...)
	}
	if span.IsRecording() {
		if id := c.Session().LogID(); id != "" { // initialize has one by now
			span.SetAttributes(keySession.String(id))
		}
		if failure != "" {
			t.fail(span, a, failure, code, message)
		}
	}
	span.End()
}

func (t *tracer) fail(span trace.Span, a fastmcp.Answer, failure, code, message string) {
	span.SetAttributes(keyError.String(failure))
	if code != "" {
		span.SetAttributes(keyStatus.String(code))
	}
	span.SetStatus(codes.Error, message)
	if a.Err != nil && failure != cancelled {
		span.RecordError(a.Err)
	}
}

// failureOf is what the conventions call error.type, and the code and message of the JSON-RPC error, where there is one.
func failureOf(a fastmcp.Answer) (failure, code, message string) {
	switch outcome.Of(a) {
	case outcome.Cancelled:
		return cancelled, "", ""
	case outcome.Failed:
		n, message, ok := outcome.Code(a)
		if !ok {
			return toolError, "", ""
		}
		code = strconv.Itoa(n)
		return code, code, message
	}
	return "", "", ""
}

// cut is a text of most bytes at most, without half a character at its end.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}
