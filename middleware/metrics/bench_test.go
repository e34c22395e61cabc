package metrics_test

import (
	"testing"

	"github.com/fastmcp-go/fastmcp/middleware/internal/plaincall"
	"github.com/fastmcp-go/fastmcp/middleware/metrics"
	"github.com/prometheus/client_golang/prometheus"
)

func BenchmarkMetrics(b *testing.B) {
	plaincall.Benchmark(b, metrics.New(metrics.Config{Registerer: prometheus.NewRegistry()}))
}

// BenchmarkGather is what a scrape costs the App, without the registry's own work.
func BenchmarkGather(b *testing.B) {
	r := prometheus.NewRegistry()
	r.MustRegister(metrics.App(newApp()))
	for b.Loop() {
		if _, err := r.Gather(); err != nil {
			b.Fatal(err)
		}
	}
}
