package tracing_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/fastmcptest"
	"github.com/fastmcp-go/fastmcp/middleware/tracing"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// points are what a histogram has.
func points(t testing.TB, reader sdkmetric.Reader, name string) []metricdata.HistogramDataPoint[float64] {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			if m.Name == name {
				if m.Unit != "s" || m.Description == "" {
					t.Errorf("%+v", m)
				}
				return m.Data.(metricdata.Histogram[float64]).DataPoints
			}
		}
	}
	return nil
}

// counted is how often requests with those attributes were counted.
func counted(t testing.TB, reader sdkmetric.Reader, want ...attribute.KeyValue) (n uint64) {
	t.Helper()
	set := attribute.NewSet(want...)
	for _, p := range points(t, reader, "mcp.server.operation.duration") {
		if p.Attributes.Equals(&set) {
			n += p.Count
		}
	}
	return n
}

func TestMetrics(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	c := fastmcptest.New(t, newApp(tracing.New(tracing.Config{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})))
	call(t, c, "fine", nil, nil)
	call(t, c, "fine", nil, nil)
	call(t, c, "refuse", nil, nil)
	call(t, c, "wrong", nil, nil)
	if _, err := c.Prompt(t.Context(), "greet", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(t.Context(), "x://front"); err != nil {
		t.Fatal(err)
	}
	of := func(method string, more ...attribute.KeyValue) []attribute.KeyValue {
		return append([]attribute.KeyValue{
			attribute.String("mcp.method.name", method), attribute.String("mcp.protocol.version", "2026-07-28"), attribute.String("network.transport", "tcp"),
			attribute.String("network.protocol.name", "http"), attribute.String("network.protocol.version", "1.1"),
		}, more...)
	}
	tool := func(name string, more ...attribute.KeyValue) []attribute.KeyValue {
		return of("tools/call", append(more, attribute.String("gen_ai.operation.name", "execute_tool"), attribute.String("gen_ai.tool.name", name))...)
	}
	for _, want := range []struct {
		n   uint64
		set []attribute.KeyValue
	}{
		{2, tool("fine")},
		{1, tool("refuse", attribute.String("error.type", "tool_error"))},
		{1, tool("wrong", attribute.String("error.type", "-32602"), attribute.String("rpc.response.status_code", "-32602"))},
		{1, of("prompts/get", attribute.String("gen_ai.prompt.name", "greet"))},
		{1, of("resources/read")}, // no URI: there are as many as clients think of
	} {
		if n := counted(t, reader, want.set...); n != want.n {
			t.Errorf("%v: %d, want %d", want.set, n, want.n)
		}
	}
	for _, p := range points(t, reader, "mcp.server.operation.duration") {
		if !slices.Equal(p.Bounds, []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300}) || p.Sum <= 0 {
			t.Errorf("%+v", p)
		}
	}
}

// Many at once count as many, also when they fail in different ways.
func TestManyAtOnce(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	r := newRecorder()
	c := fastmcptest.New(t, newApp(tracing.New(tracing.Config{TracerProvider: r.provider, MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				for _, tool := range []string{"fine", "refuse", "fail", "wrong"} {
					call(t, c, tool, nil, nil)
				}
			}
		})
	}
	all.Wait()
	n := map[string]uint64{}
	for _, p := range points(t, reader, "mcp.server.operation.duration") {
		tool, _ := p.Attributes.Value("gen_ai.tool.name")
		n[tool.AsString()] += p.Count
	}
	for _, tool := range []string{"fine", "refuse", "fail", "wrong"} {
		if n[tool] != 40 {
			t.Errorf("%s: %d, want 40", tool, n[tool])
		}
	}
}

func TestSessionEnded(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	app := fastmcp.New(fastmcp.Config{
		Log: slog.New(slog.DiscardHandler),
		On:  fastmcp.Events{Disconnect: tracing.SessionEnded(tracing.Config{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})},
	})
	c := fastmcptest.New(t, app, fastmcptest.Config{Revision: "2025-11-25"})
	if got := points(t, reader, "mcp.server.session.duration"); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	c.Connect(t, fastmcptest.Config{Revision: "2025-06-18"})
	for _, s := range app.Sessions() {
		s.End()
	}
	want := map[string]uint64{"2025-11-25": 1, "2025-06-18": 1}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		got := map[string]uint64{}
		for _, p := range points(t, reader, "mcp.server.session.duration") {
			revision, _ := p.Attributes.Value("mcp.protocol.version")
			if got[revision.AsString()] += p.Count; p.Sum <= 0 || p.Attributes.Len() != 1 {
				t.Errorf("%+v", p)
			}
		}
		if len(got) == 2 && got["2025-11-25"] == want["2025-11-25"] && got["2025-06-18"] == want["2025-06-18"] {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}
