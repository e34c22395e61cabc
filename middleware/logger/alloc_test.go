//go:build !race

package logger_test

import (
	"io"
	"log/slog"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/internal/plaincall"
	"github.com/fastmcp-go/fastmcp/middleware/logger"
)

// What a link may add to the allocations of a call. That the detector of races allocates by itself is why it is not asked.
func TestAllocations(t *testing.T) {
	json := slog.New(slog.NewJSONHandler(io.Discard, nil))
	for name, c := range map[string]struct {
		link   fastmcp.Handler
		budget float64
	}{
		"a line":         {logger.New(logger.Config{Log: json}), 5},
		"with arguments": {logger.New(logger.Config{Log: json, Arguments: true}), 8},
		"the App's log":  {logger.New(), 12},
		"nothing wanted": {logger.New(logger.Config{Log: slog.New(slog.DiscardHandler)}), 0},
		"skipped":        {logger.New(logger.Config{Log: json, Next: func(*fastmcp.Context) bool { return true }}), 0},
	} {
		if n := plaincall.Allocations(t, "", nil, c.link); n > c.budget {
			t.Errorf("%s: %v allocations more, the budget is %v", name, n, c.budget)
		} else {
			t.Logf("%s: %v allocations more", name, n)
		}
	}
}
