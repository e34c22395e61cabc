// Chain is the server fastmcp with what an operator wants in front of its tools: log, metrics, rate limit, auth, guard and
// cache. What panics is contained by every App. It has the tool add only.
package main

import (
	"io"
	"log/slog"
	"strconv"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/bench/internal/contract"
	"github.com/fastmcp-go/fastmcp/middleware/cache"
	"github.com/fastmcp-go/fastmcp/middleware/logger"
	"github.com/fastmcp-go/fastmcp/middleware/metrics"
	"github.com/fastmcp-go/fastmcp/middleware/ratelimit"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/prometheus/client_golang/prometheus"
)

const manySessions = 200_000

type addInput struct {
	A float64 `json:"a" validate:"required,gte=-1e9,lte=1e9" description:"first addend"`
	B float64 `json:"b" validate:"required,gte=-1e9,lte=1e9" description:"second addend"`
}

func add(_ *fastmcp.Context, in addInput) (string, error) {
	return strconv.FormatFloat(in.A+in.B, 'f', -1, 64), nil
}

func main() {
	env := contract.Load()
	callers := map[string]auth.Principal{contract.Token: {Issuer: "bench", Subject: "ann", Scopes: []string{"math:read"}}}
	app := fastmcp.New(fastmcp.Config{
		Name: "bench", Version: "1.0.0",
		Auth:     auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(callers)}}),
		Sessions: fastmcp.SessionConfig{MaxPerIP: manySessions, MaxPerPrincipal: manySessions, Max: manySessions},
		HTTP:     fastmcp.HTTPConfig{MaxStreams: manySessions},
	})
	app.Use(
		logger.New(logger.Config{Log: slog.New(slog.NewJSONHandler(io.Discard, nil))}), // to format it, not to write it
		metrics.New(metrics.Config{Registerer: prometheus.NewRegistry()}),
		ratelimit.New(ratelimit.Config{Rate: "1000000000-H"}),
		cache.New(),
	)
	app.AddTool(fastmcp.Tool{
		Name: "add", Description: "Adds two numbers.", Annotations: &protocol.ToolAnnotations{ReadOnlyHint: true},
		CanAccess: auth.RequireScopes("math:read"), Handler: fastmcp.Typed(add),
	})
	contract.Exit(app.Listen(env.Addr))
}
