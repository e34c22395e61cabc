package tracing_test

import (
	"context"
	"testing"

	"github.com/fastmcp-go/fastmcp/middleware/internal/plaincall"
	"github.com/fastmcp-go/fastmcp/middleware/tracing"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

func BenchmarkTracing(b *testing.B) {
	b.Run("noop", func(b *testing.B) {
		plaincall.Benchmark(b, tracing.New(tracing.Config{TracerProvider: noop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider()}))
	})
	b.Run("sdk", func(b *testing.B) {
		plaincall.Benchmark(b, tracing.New(tracing.Config{
			TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(forgetful{})),
			MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())),
		}))
	})
}

// forgetful is a processor that keeps nothing.
type forgetful struct{}

func (forgetful) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (forgetful) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (forgetful) Shutdown(context.Context) error                  { return nil }
func (forgetful) ForceFlush(context.Context) error                { return nil }
