package tracing

import (
	"context"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// SessionEnded counts how long sessions last, as mcp.server.session.duration, with mcp.protocol.version. Set it as
// fastmcp.Events.Disconnect:
//
//	app := fastmcp.New(fastmcp.Config{On: fastmcp.Events{Disconnect: tracing.SessionEnded()}})
//
// Of config only the MeterProvider counts. Clients of 2026-07-28 have no sessions.
func SessionEnded(config ...Config) func(*fastmcp.Session) {
	c := configOf("SessionEnded", config)
	durations := histogram("SessionEnded", c, "mcp.server.session.duration", "The duration of the MCP session as observed on the MCP server.")
	return func(s *fastmcp.Session) {
		ctx := context.Background()
		if created := s.Created(); !created.IsZero() && durations.Enabled(ctx) {
			durations.Record(ctx, time.Since(created).Seconds(), metric.WithAttributeSet(attribute.NewSet(keyRevision.String(s.Revision().String()))))
		}
	}
}
