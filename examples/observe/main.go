// Observe is a server that its operator can look into: a line in the log for each request, metrics for Prometheus on /metrics,
// and OpenTelemetry spans, of which one that the client's trace goes on in.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/logger"
	"github.com/fastmcp-go/fastmcp/middleware/metrics"
	"github.com/fastmcp-go/fastmcp/middleware/tracing"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// printer is an exporter that prints. A server has one that sends spans to a collector, such as otlptracehttp.
type printer struct{}

func (printer) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, s := range spans {
		fmt.Printf("span %q of %s in trace %s\n", s.Name(), s.Parent().SpanID(), s.SpanContext().TraceID())
	}
	return nil
}

func (printer) Shutdown(context.Context) error { return nil }

type brewInput struct {
	Cups   int    `json:"cups" validate:"required,min=1,max=12" description:"how many"`
	APIKey string `json:"api_key,omitempty" description:"of the machine"`
}

// kitchen makes tea.
type kitchen struct{ tracer trace.Tracer }

// brew works in a span of its own: the Context is a context.Context that has the request's.
func (k kitchen) brew(c *fastmcp.Context, in brewInput) (string, error) {
	ctx, span := k.tracer.Start(c, "heat the water")
	defer span.End()
	select {
	case <-time.After(time.Duration(in.Cups) * time.Millisecond):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if in.Cups > 6 {
		return "", fastmcp.Errorf("the pot holds 6 cups, not %d", in.Cups)
	}
	return fmt.Sprintf("%d cups of tea", in.Cups), nil
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	spans := sdktrace.NewTracerProvider(sdktrace.WithSyncer(printer{}))
	counted := metrics.Config{Registerer: prometheus.NewRegistry(), Anyone: true} // in production: RouteConfig{Admin: true}

	app := fastmcp.New(fastmcp.Config{Name: "observe", Version: "1.0.0", Storage: metrics.Store(store.Memory(), counted)})
	app.AddRoute(fiber.MethodGet, "/metrics", metrics.Route(app, counted)) // it is the first link, too
	app.Use(tracing.New(tracing.Config{TracerProvider: spans}))
	app.Use(logger.New(logger.Config{Log: slog.New(slog.NewTextHandler(os.Stdout, nil)), Arguments: true}))
	app.OnShutdown(spans.Shutdown)

	k := kitchen{spans.Tracer("kitchen")}
	app.AddTool(fastmcp.Tool{Name: "brew", Description: "Brew tea", Handler: fastmcp.Typed(k.brew)})

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
