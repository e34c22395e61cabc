package logger_test

import (
	"io"
	"log/slog"
	"testing"

	"github.com/fastmcp-go/fastmcp/middleware/internal/plaincall"
	"github.com/fastmcp-go/fastmcp/middleware/logger"
)

func BenchmarkLogger(b *testing.B) {
	plaincall.Benchmark(b, logger.New(logger.Config{Log: slog.New(slog.NewJSONHandler(io.Discard, nil))}))
}
