//go:build !race

package metrics_test

import (
	"context"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/internal/plaincall"
	"github.com/fastmcp-go/fastmcp/middleware/metrics"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/prometheus/client_golang/prometheus"
)

// What a link may add to the allocations of a call. That the detector of races allocates by itself is why it is not asked.
func TestAllocations(t *testing.T) {
	for name, c := range map[string]struct {
		config metrics.Config
		budget float64
	}{
		"counted": {metrics.Config{}, 2},
		"skipped": {metrics.Config{Next: func(*fastmcp.Context) bool { return true }}, 0},
	} {
		c.config.Registerer = prometheus.NewRegistry()
		if n := plaincall.Allocations(t, "", nil, metrics.New(c.config)); n > c.budget {
			t.Errorf("%s: %v allocations more, the budget is %v", name, n, c.budget)
		} else {
			t.Logf("%s: %v allocations more", name, n)
		}
	}
}

// To time an operation of a storage allocates nothing.
func TestStoreAllocations(t *testing.T) {
	get := func(s store.Storage) float64 {
		b, err := store.From(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.KV.Set(context.Background(), "a", []byte("1"), time.Hour); err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(200, func() {
			if v, err := b.KV.Get(context.Background(), "a"); string(v) != "1" || err != nil {
				t.Fatal(err)
			}
		})
	}
	bare, timed := get(store.Memory()), get(metrics.Store(nil, metrics.Config{Registerer: prometheus.NewRegistry()}))
	if timed > bare {
		t.Errorf("%v allocations, %v without being timed", timed, bare)
	}
}
