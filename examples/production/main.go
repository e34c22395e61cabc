// Production is a server with what an operator wants in front of its tools: a log line and metrics for each request, a rate
// limit, callers who are known, guards, a cache, a bound on results, and for browsers CORS and headers that make them careful.
// What panics is contained by the App itself.
package main

import (
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/middleware/cache"
	"github.com/fastmcp-go/fastmcp/middleware/cors"
	"github.com/fastmcp-go/fastmcp/middleware/logger"
	"github.com/fastmcp-go/fastmcp/middleware/metrics"
	"github.com/fastmcp-go/fastmcp/middleware/ratelimit"
	"github.com/fastmcp-go/fastmcp/middleware/responselimit"
	"github.com/fastmcp-go/fastmcp/middleware/securityheaders"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// callers are for scripts and tests: take tokens from the environment, not from the source.
var callers = map[string]auth.Principal{
	"sue-0123456789abcdef": {Subject: "sue", Scopes: []string{"prices:read", "prices:write"}},
	"joe-0123456789abcdef": {Subject: "joe", Scopes: []string{"prices:read"}},
}

type article struct {
	Name string `json:"name" validate:"required,max=100" description:"what is sold"`
}

// price is slow to find out: whoever asks again within a minute gets what was found, and is told when that was.
func price(_ *fastmcp.Context, in article) (string, error) {
	return fmt.Sprintf("%s costs %d, as of %s", in.Name, len(in.Name), time.Now().Format(time.RFC3339Nano)), nil
}

// change makes all prices new: what was kept of them is dropped, on all nodes.
func change(c *fastmcp.Context, _ struct{}) error { return cache.Forget(c, c.Store(), "price") }

// export gives more than a model should read at once.
func export(*fastmcp.Context) (string, error) { return strings.Repeat("tea;3\n", 20_000), nil }

func newApp(limit string) *fastmcp.App {
	lines := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	app := fastmcp.New(fastmcp.Config{
		Name: "production", Version: "1.0.0", Log: lines,
		Auth:    auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(callers)}}),
		Origins: []string{"https://app.example.com"},
	})
	counted := prometheus.NewRegistry()

	// Fiber's run first, whatever the order here. A server that no browser reaches leaves these two out.
	app.Use(cors.New(cors.Config{App: app}), securityheaders.New())
	app.Use(
		logger.New(logger.Config{Log: lines}),                                 // first, so that they see
		metrics.New(metrics.Config{Registerer: counted}),                      // what those behind them turn down
		ratelimit.New(ratelimit.Config{Rate: limit}),                          // before anything that costs
		responselimit.New(responselimit.Config{App: app, MaxBytes: 64 << 10}), // before the cache: each caller has a link of his own
		cache.New(cache.Config{TTL: time.Minute}),                             // last: what it answers runs nothing
	)
	reads := &protocol.ToolAnnotations{ReadOnlyHint: true}
	app.AddTool(fastmcp.Tool{Name: "price", Annotations: reads, CanAccess: auth.RequireScopes("prices:read"), Handler: fastmcp.Typed(price)})
	app.AddTool(fastmcp.Tool{Name: "export", Annotations: reads, CanAccess: auth.RequireScopes("prices:read"), Handler: fastmcp.Get(export)})
	app.AddTool(fastmcp.Tool{Name: "change", CanAccess: auth.RequireScopes("prices:write"), Handler: fastmcp.Do(change)})

	app.AddRoute(fiber.MethodGet, "/metrics", metrics.Handler(counted)) // for callers who are known: there is no Public
	app.AddRoute(fiber.MethodGet, "/health", routes.Health(app), fastmcp.RouteConfig{Public: true})
	app.AddRoute(fiber.MethodGet, "/ready", routes.Ready(app), fastmcp.RouteConfig{Public: true})
	return app
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	limit := flag.String("limit", "100-M", "how many requests of a caller there may be")
	flag.Parse()

	app := newApp(*limit)
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\nlistening on http://%s/mcp\n", strings.Join(app.Chain(), "\n"), ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
