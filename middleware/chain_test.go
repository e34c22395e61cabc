//go:build unix

// Package middleware_test measures what a chain of all that an operator wants costs a call.
package middleware_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/middleware/cache"
	"github.com/fastmcp-go/fastmcp/middleware/internal/livetest"
	"github.com/fastmcp-go/fastmcp/middleware/logger"
	"github.com/fastmcp-go/fastmcp/middleware/metrics"
	"github.com/fastmcp-go/fastmcp/middleware/ratelimit"
	"github.com/fastmcp-go/fastmcp/middleware/securityheaders"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/prometheus/client_golang/prometheus"
)

const token = "ann-0123456789abcdef"

// links are what a chain is made of.
type links struct {
	recover, logger, metrics, ratelimit, auth, guard, cache, router, headers bool
}

var chains = []struct {
	name string
	links
}{
	{"none", links{}},
	{"auth", links{auth: true}},
	{"auth and guard", links{auth: true, guard: true}},
	{"auth and logger", links{auth: true, logger: true}},
	{"auth and metrics", links{auth: true, metrics: true}},
	{"auth and rate limit", links{auth: true, ratelimit: true}},
	{"auth and cache", links{auth: true, cache: true}},
	{"all", links{logger: true, metrics: true, ratelimit: true, auth: true, guard: true, cache: true}},
	{"all, and Fiber's recover", links{recover: true, logger: true, metrics: true, ratelimit: true, auth: true, guard: true, cache: true}},
	{"a Fiber handler", links{router: true}}, // that does nothing: what it costs that requests go through Fiber's router
	{"securityheaders", links{headers: true}},
}

// app is an App with a chain in front of a tool that adds. A panic of a tool is contained by every App, so there is no link
// for that; Fiber's contains those of Fiber's handlers.
func (l links) app() *fastmcp.App {
	config := fastmcp.Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if l.auth {
		config.Auth = auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
			token: {Issuer: "test", Subject: "ann", Scopes: []string{"math:read"}},
		})}})
	}
	app := fastmcp.New(config)
	use := func(wanted bool, h func() any) {
		if wanted {
			app.Use(h())
		}
	}
	use(l.recover, func() any { return recover.New() })
	use(l.router, func() any { return func(c *fiber.Ctx) error { return c.Next() } })
	use(l.headers, func() any { return securityheaders.New() })
	use(l.logger, func() any { return logger.New(logger.Config{Log: slog.New(slog.NewJSONHandler(io.Discard, nil))}) })
	use(l.metrics, func() any { return metrics.New(metrics.Config{Registerer: prometheus.NewRegistry()}) })
	use(l.ratelimit, func() any { return ratelimit.New(ratelimit.Config{Rate: "1000000000-H"}) })
	use(l.cache, func() any { return cache.New() })
	tool := fastmcp.Tool{Name: "add", Annotations: &protocol.ToolAnnotations{ReadOnlyHint: true}, Handler: fastmcp.Typed(func(_ *fastmcp.Context, in struct {
		A float64 `json:"a" validate:"required,gte=-1e9,lte=1e9"`
		B float64 `json:"b" validate:"required,gte=-1e9,lte=1e9"`
	}) (string, error) {
		return fmt.Sprint(in.A + in.B), nil
	})}
	if l.guard {
		tool.CanAccess = auth.RequireScopes("math:read")
	}
	app.AddTool(tool)
	return app
}

// call is a call over the wire, of a session.
func call(tb testing.TB, app *fastmcp.App) func(n int) {
	w := livetest.NewWire(tb, app)
	h := livetest.Headers{"Authorization": "Bearer " + token}
	first := w.Play(1, livetest.Post(h, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`))
	at := bytes.Index(bytes.ToLower(first), []byte("mcp-session-id: "))
	if at < 0 {
		tb.Fatalf("no session: %s", first)
	}
	id, _, _ := bytes.Cut(first[at+len("mcp-session-id: "):], []byte("\r\n"))
	request := livetest.Post(h.Plus(livetest.Headers{"Mcp-Session-Id": string(id), "MCP-Protocol-Version": "2025-11-25"}),
		`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"add","arguments":{"a":1.5,"b":2}}}`)
	if last := w.Play(2, request); !bytes.Contains(last, []byte(`"text":"3.5"`)) {
		tb.Fatalf("%s", last)
	}
	return func(n int) { w.Play(n, request) }
}

// BenchmarkChain is what a call costs between the bytes of the request and those of the answer: all of it but the kernel.
func BenchmarkChain(b *testing.B) {
	for _, c := range chains {
		b.Run(c.name, func(b *testing.B) {
			play := call(b, c.app())
			b.ReportAllocs()
			b.ResetTimer()
			play(b.N)
		})
	}
}

// cpu is what this process has used of it.
func cpu(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkChainInRounds is BenchmarkChain for machines that do other things, too: all chains in turn in short rounds, each
// round beginning with another, and of each the CPU that this process has used. What is told is the median of the rounds, and
// how far apart the middle half of them is.
func BenchmarkChainInRounds(b *testing.B) {
	const calls, rounds = 1000, 31
	if b.N > 1 {
		return // it has its rounds by itself
	}
	plays := make([]func(int), len(chains))
	for i, c := range chains {
		plays[i] = call(b, c.app())
		plays[i](calls)
	}
	took := make([][]float64, len(chains))
	for round := range rounds {
		for i := range chains {
			i = (i + round) % len(chains)
			before := cpu(b)
			plays[i](calls)
			took[i] = append(took[i], float64(cpu(b)-before)/calls)
		}
	}
	for i, c := range chains {
		slices.Sort(took[i])
		median := took[i][rounds/2]
		b.Logf("%-26s %6.0f ns of CPU a call (middle half: %6.0f to %6.0f), %3.0f %% of none", c.name,
			median, took[i][rounds/4], took[i][rounds*3/4], 100*median/took[0][rounds/2])
	}
}
