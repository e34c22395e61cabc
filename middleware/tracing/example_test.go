package tracing_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/tracing"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

func callTool(app *fastmcp.App, name, meta string) {
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":{},"_meta":{%s,`+
		`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`, name, meta)
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/mcp", strings.NewReader(body))
	for k, v := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": name,
	} {
		r.Header.Set(k, v)
	}
	res, err := app.Test(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
}

// The client's trace goes on in the server, and in what its tools do.
func Example() {
	exporter := tracetest.NewInMemoryExporter() // otlptracehttp, for one, sends them to a collector
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))

	app := fastmcp.New()
	app.Use(tracing.New(tracing.Config{TracerProvider: provider}))
	app.AddTool(fastmcp.Tool{
		Name: "bake", Description: "Bake a cake",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			_, span := provider.Tracer("bakery").Start(c, "heat the oven") // the Context is a context.Context with the span
			defer span.End()
			return "a cake, in trace " + trace.SpanContextFromContext(c).TraceID().String(), nil
		}),
	})

	callTool(app, "bake", `"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"`)
	for _, s := range exporter.GetSpans() {
		fmt.Println(s.SpanKind, s.Name, s.SpanContext.TraceID())
	}
	// Output:
	// internal heat the oven 4bf92f3577b34da6a3ce929d0e0e4736
	// server tools/call bake 4bf92f3577b34da6a3ce929d0e0e4736
}

// How long sessions last is told when they end.
func ExampleSessionEnded() {
	app := fastmcp.New(fastmcp.Config{On: fastmcp.Events{Disconnect: tracing.SessionEnded()}})
	fmt.Println(len(app.Sessions()), "sessions")
	// Output:
	// 0 sessions
}
