//go:build !race

package tracing_test

import (
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/internal/plaincall"
	"github.com/fastmcp-go/fastmcp/middleware/tracing"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// What a link may add to the allocations of a call. That the detector of races allocates by itself is why it is not asked.
func TestAllocations(t *testing.T) {
	silent := tracing.Config{TracerProvider: noop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider()}
	never := silent
	never.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	counted := silent
	counted.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	skipped := silent
	skipped.Next = func(*fastmcp.Context) bool { return true }
	told := `,"traceparent":"` + metaParent + `"`
	for name, c := range map[string]struct {
		config tracing.Config
		meta   string
		budget float64
	}{
		"providers that do nothing":           {silent, "", 3},
		"with a trace of the client":          {silent, told, 8},
		"with an SDK that samples none of it": {never, "", 8},
		"with an SDK's metrics":               {counted, "", 3},
		"skipped":                             {skipped, "", 0},
	} {
		if n := plaincall.Allocations(t, c.meta, nil, tracing.New(c.config)); n > c.budget {
			t.Errorf("%s: %v allocations more, the budget is %v", name, n, c.budget)
		} else {
			t.Logf("%s: %v allocations more", name, n)
		}
	}
}
