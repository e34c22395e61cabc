//go:build !race

package ratelimit_test

import (
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/middleware/internal/callertest"
	"github.com/fastmcp-go/fastmcp/middleware/ratelimit"
	"github.com/fastmcp-go/fastmcp/store/redis"
)

// limited are the ways of counting whose cost is held, and the allocations that each adds to a call.
var limited = []struct {
	name   string
	budget float64
	config ratelimit.Config
	call   callertest.Call
}{
	{"address", 4, ratelimit.Config{Rate: "1000000000-D"}, callertest.Call{Tool: "light", IP: "192.0.2.1"}},
	{"principal", 5, ratelimit.Config{Rate: "1000000000-D"}, callertest.Call{Tool: "light", Principal: &auth.Principal{Subject: "sue"}}},
	{"tool without headers", 1, ratelimit.Config{Rate: "1000000000-D", Key: ratelimit.ByTool, NoHeaders: true}, callertest.Call{Tool: "light"}},
	{"two rates", 4, ratelimit.Config{Rate: "1000000000-D", Rates: []string{"1000000000-H"}}, callertest.Call{Tool: "light", IP: "192.0.2.1"}},
}

// TestAllocations holds what a limit adds to a call.
func TestAllocations(t *testing.T) {
	for _, row := range limited {
		plain := testing.AllocsPerRun(200, callertest.Plain(t, newApp(fastmcp.Config{}), row.call))
		with := testing.AllocsPerRun(200, callertest.Plain(t, newApp(fastmcp.Config{}, ratelimit.New(row.config)), row.call))
		if with-plain > row.budget {
			t.Errorf("%s: %v allocations more, the budget is %v", row.name, with-plain, row.budget)
		} else {
			t.Logf("%s: %v allocations more", row.name, with-plain)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	b.Run("no limit", func(b *testing.B) {
		bench(b, newApp(fastmcp.Config{}), callertest.Call{Tool: "light", IP: "192.0.2.1"})
	})
	for _, row := range limited {
		b.Run(row.name, func(b *testing.B) { bench(b, newApp(fastmcp.Config{}, ratelimit.New(row.config)), row.call) })
	}
}

// BenchmarkRedis is a call that is counted in Redis, by many at once.
func BenchmarkRedis(b *testing.B) {
	config := ratelimit.Config{Rate: "1000000000-D", StoreTimeout: time.Minute}
	app := newApp((&logs{}).config(redis.New(redis.Config{URL: redistest.Start(b).URL()})), ratelimit.New(config))
	start(b, app)
	call := callertest.Plain(b, app, callertest.Call{Tool: "light", IP: "192.0.2.1"})
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			call()
		}
	})
}

func bench(b *testing.B, app *fastmcp.App, c callertest.Call) {
	call := callertest.Plain(b, app, c)
	b.ReportAllocs()
	for b.Loop() {
		call()
	}
}
