//go:build !race

package concurrency_test

import (
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/concurrency"
	"github.com/fastmcp-go/fastmcp/middleware/internal/callertest"
)

func plainApp(use ...fastmcp.Handler) *fastmcp.App {
	w := newWorks(use...)
	close(w.letGo)
	w.AddTool(fastmcp.Tool{Name: "plain", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "done", nil })})
	return w.App
}

var plainCall = callertest.Call{Tool: "plain", IP: "192.0.2.1"}

// TestAllocations holds what it adds to a call that finds a place: the key.
func TestAllocations(t *testing.T) {
	const budget = 1
	plain := testing.AllocsPerRun(200, callertest.Plain(t, plainApp(), plainCall))
	with := testing.AllocsPerRun(200, callertest.Plain(t, plainApp(concurrency.New()), plainCall))
	if with-plain > budget {
		t.Errorf("%v allocations more, the budget is %v", with-plain, budget)
	} else {
		t.Logf("%v allocations more", with-plain)
	}
}

func BenchmarkCall(b *testing.B) {
	for name, app := range map[string]*fastmcp.App{"no bound": plainApp(), "bound": plainApp(concurrency.New())} {
		b.Run(name, func(b *testing.B) {
			call := callertest.Plain(b, app, plainCall)
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
}
