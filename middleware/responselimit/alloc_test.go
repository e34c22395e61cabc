//go:build !race

package responselimit_test

import (
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/internal/livetest"
	"github.com/fastmcp-go/fastmcp/middleware/responselimit"
)

func calling(tb testing.TB, limited bool, tool, args string) func() {
	app := newApp(quiet(), responselimit.Config{Next: func(*fastmcp.Context) bool { return !limited }})
	return livetest.Direct{Args: args}.Prepare(tb, app, tool)
}

// What passes is written once more, into the answer, and checked no more.
func TestAllocations(t *testing.T) {
	for _, tool := range []string{"text", "typed"} {
		without, with := testing.AllocsPerRun(300, calling(t, false, tool, `{"n":3}`)), testing.AllocsPerRun(300, calling(t, true, tool, `{"n":3}`))
		if with-without > 2 {
			t.Errorf("%s: %v allocations more than the %v without, the budget is 2", tool, with-without, without)
		} else {
			t.Logf("%s: %v allocations more than the %v without", tool, with-without, without)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	for name, limited := range map[string]bool{"without": false, "with": true} {
		for size, args := range map[string]string{"small": `{"n":3}`, "64KiB": `{"n":65536}`} {
			b.Run(name+"/"+size, func(b *testing.B) {
				call := calling(b, limited, "text", args)
				b.ReportAllocs()
				for b.Loop() {
					call()
				}
			})
		}
	}
}
