package fastmcp

import (
	"context"
	"fmt"
	"strings"

	"github.com/fastmcp-go/fastmcp/internal/transport/sse"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
)

// SSEConfig is the HTTP+SSE transport of 2024-11-05, for clients that know no Streamable HTTP. It has two addresses
// beside HTTPConfig.Path, and the same doors: Config.Hosts, Config.Origins and Config.Auth, MaxBody, MaxStreams and
// Heartbeat. A connection that breaks takes its session and its running requests with it, and one that does not initialize
// within HTTPConfig.ReadTimeout is closed. Two Apps on one router need other paths each.
type SSEConfig struct {
	// Disabled turns it off. With Config.Stateless, and so without sessions, it always is.
	Disabled bool
	// Path is where a client opens its stream. Default: "/sse".
	Path string
	// MessagesPath is where it posts messages; the stream tells it. Default: "/messages".
	MessagesPath string
	// MaxCalls bounds the requests that run at once on one connection; those beyond it get a 429. Default: 64.
	MaxCalls int
}

func (c *SSEConfig) setDefaults() {
	fallback(&c.Path, "/sse")
	fallback(&c.MessagesPath, "/messages")
	fallback(&c.MaxCalls, 64)
}

// newSSE makes the transport; nil when it is off.
func newSSE(a *App) *sse.Handler {
	c := &a.config
	if c.HTTP.SSE.Disabled || c.Stateless {
		return nil
	}
	return sse.New(a.Engine(), a.http, sse.Config{
		Path: c.HTTP.SSE.Path, MessagesPath: c.HTTP.SSE.MessagesPath, MaxCalls: c.HTTP.SSE.MaxCalls, MaxBatch: c.HTTP.MaxBatch,
		Patience: c.HTTP.ReadTimeout, Log: c.Log,
	})
}

// endpoint is an address at which MCP is served.
type endpoint struct {
	path, setting string
	serve         func(context.Context, streamhttp.Exchange)
}

// is tells that a path is the endpoint's, as Fiber sees paths.
func (e *endpoint) is(path string) bool {
	return strings.EqualFold(strings.TrimSuffix(path, "/"), strings.TrimSuffix(e.path, "/"))
}

// endpoints are where MCP is served.
func (a *App) endpoints() []endpoint {
	all := []endpoint{{a.config.HTTP.Path, "HTTPConfig.Path", a.http.Serve}}
	if a.sse != nil {
		c := &a.config.HTTP.SSE
		all = append(all, endpoint{c.Path, "SSEConfig.Path", a.sse.ServeStream}, endpoint{c.MessagesPath, "SSEConfig.MessagesPath", a.sse.ServeMessage})
	}
	return all
}

// checkEndpoints panics where two endpoints have one path.
func (a *App) checkEndpoints() {
	all := a.endpoints()
	for i, e := range all {
		for _, other := range all[:i] {
			if e.is(other.path) {
				panic(fmt.Sprintf("fastmcp: %s and %s are both %s: give one another path, or turn HTTP+SSE off with SSEConfig.Disabled", other.setting, e.setting, e.path))
			}
		}
	}
}
