//go:build !race

package cache_test

import (
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/middleware/cache"
	"github.com/fastmcp-go/fastmcp/middleware/internal/livetest"
)

type addInput struct {
	A float64 `json:"a" validate:"required"`
	B float64 `json:"b" validate:"required"`
}

type addOutput struct {
	Sum float64 `json:"sum"`
}

// adding is a call of a tool, with middleware or without.
func adding(tb testing.TB, use ...any) func() {
	app := fastmcp.New(quiet())
	app.Use(use...)
	app.AddTool(fastmcp.Tool{Name: "add", Annotations: readOnly, Handler: fastmcp.Typed(func(_ *fastmcp.Context, in addInput) (addOutput, error) {
		return addOutput{in.A + in.B}, nil
	})})
	ann := &auth.Principal{Issuer: "test", Subject: "ann", Scopes: []string{"a"}}
	return livetest.Direct{Principal: ann, Args: `{"a":1.5,"b":2}`}.Prepare(tb, app, "add")
}

// What is measured is held, so that it does not creep up. A hit is a look into the store in place of binding the
// arguments, calling the tool and marshalling what it returned.
func TestAllocations(t *testing.T) {
	plain := testing.AllocsPerRun(500, adding(t))
	for _, c := range []struct {
		name   string
		use    any
		budget float64 // above a call without
	}{
		{"hit", cache.New(), 2},
		{"skipped", cache.New(cache.Config{Next: func(*fastmcp.Context) bool { return true }}), 0},
	} {
		if n := testing.AllocsPerRun(500, adding(t, c.use)) - plain; n > c.budget {
			t.Errorf("%s: %v allocations more than the %v without, the budget is %v", c.name, n, plain, c.budget)
		} else {
			t.Logf("%s: %v allocations more than the %v without", c.name, n, plain)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	for _, c := range []struct {
		name string
		use  []any
	}{{"without", nil}, {"hit", []any{cache.New()}}, {"miss", []any{cache.New(cache.Config{TTL: 1e6, MaxItem: 1 << 20, Clock: newClock().ticking})}}} {
		b.Run(c.name, func(b *testing.B) {
			call := adding(b, c.use...)
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
}
