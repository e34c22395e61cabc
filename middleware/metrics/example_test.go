package metrics_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/metrics"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
)

func callTool(app *fastmcp.App, name string) {
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":{},"_meta":{`+
		`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`, name)
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/mcp", strings.NewReader(body))
	for k, v := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": name,
	} {
		r.Header.Set(k, v)
	}
	show(app, r, "")
}

// show prints the lines of an answer that begin so.
func show(app *fastmcp.App, r *http.Request, prefix string) {
	res, err := app.Test(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	if prefix == "" {
		_, _ = io.Copy(io.Discard, res.Body)
		return
	}
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), prefix) {
			fmt.Println(lines.Text())
		}
	}
}

// One line serves all of it: requests, sessions, streams, the process.
func ExampleRoute() {
	app := fastmcp.New()
	app.AddRoute(fiber.MethodGet, "/metrics", metrics.Route(app, metrics.Config{Anyone: true}))
	app.AddTool(fastmcp.Tool{
		Name: "bake", Description: "Bake a cake",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "a cake", nil }),
	})

	callTool(app, "bake")
	callTool(app, "bake")
	show(app, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/metrics", nil), "mcp_requests_total")
	// Output:
	// mcp_requests_total{method="tools/call",name="bake",outcome="cancelled",revision="2026-07-28"} 0
	// mcp_requests_total{method="tools/call",name="bake",outcome="failed",revision="2026-07-28"} 0
	// mcp_requests_total{method="tools/call",name="bake",outcome="succeeded",revision="2026-07-28"} 2
}

// The parts, put together: a registry of one's own, a label for all of it, a storage that is timed.
func ExampleNew() {
	registry := prometheus.NewRegistry()
	config := metrics.Config{Registerer: prometheus.WrapRegistererWith(prometheus.Labels{"app": "bakery"}, registry)}

	app := fastmcp.New(fastmcp.Config{Storage: metrics.Store(store.Memory(), config)})
	app.Use(metrics.New(config))
	config.Registerer.MustRegister(metrics.App(app))
	app.AddRoute(fiber.MethodGet, "/metrics", metrics.Handler(registry, metrics.Config{Anyone: true}))

	show(app, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/metrics", nil), "mcp_sessions")
	// Output:
	// mcp_sessions{app="bakery"} 0
}
