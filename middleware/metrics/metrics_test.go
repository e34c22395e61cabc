package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/fastmcptest"
	"github.com/fastmcp-go/fastmcp/middleware/metrics"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// number is what a metric with these labels has: a value, or how often a histogram was told one. Labels that are not named
// may be anything; of several metrics it is the sum. found is false without any.
func number(t testing.TB, g prometheus.Gatherer, name string, labels map[string]string) (sum float64, found bool) {
	t.Helper()
	all, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range all {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			has := map[string]string{}
			for _, l := range m.GetLabel() {
				has[l.GetName()] = l.GetValue()
			}
			same := true
			for k, v := range labels {
				same = same && has[k] == v
			}
			if same {
				found = true
				sum += value(m)
			}
		}
	}
	return sum, found
}

func value(m *dto.Metric) float64 {
	switch {
	case m.Counter != nil:
		return m.GetCounter().GetValue()
	case m.Gauge != nil:
		return m.GetGauge().GetValue()
	}
	return float64(m.GetHistogram().GetSampleCount())
}

// expect waits until a metric has a value: what is counted when a request is over may come after its answer.
func expect(t testing.TB, g prometheus.Gatherer, want float64, name string, labels map[string]string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		got, _ := number(t, g, name, labels)
		if got == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s %v is %v, want %v", name, labels, got, want)
		}
	}
}

type doorInput struct {
	Door string `json:"door"`
}

var errDisk = errors.New("the disk is full")

// newApp is an App whose tools go in all ways.
func newApp(links ...fastmcp.Handler) *fastmcp.App {
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
	for _, link := range links {
		app.Use(link)
	}
	for name, fn := range map[string]func(*fastmcp.Context) (string, error){
		"fine":   func(*fastmcp.Context) (string, error) { return "fine", nil },
		"refuse": func(*fastmcp.Context) (string, error) { return "", fastmcp.Errorf("no such door") },
		"fail":   func(*fastmcp.Context) (string, error) { return "", errDisk },
		"panic":  func(*fastmcp.Context) (string, error) { panic("oh") },
		"wrong":  func(*fastmcp.Context) (string, error) { return "", protocol.Errorf(-32602, "not so") },
		"own":    func(*fastmcp.Context) (string, error) { return "", protocol.Errorf(17, "mine") },
		"late":   func(*fastmcp.Context) (string, error) { return "", context.DeadlineExceeded },
		"ask": func(c *fastmcp.Context) (string, error) {
			var in doorInput
			_, err := fastmcp.Elicit(c, "door", "Which?", &in)
			return in.Door, err
		},
	} {
		app.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Get(fn)})
	}
	app.AddPrompt(fastmcp.Prompt{Name: "greet", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "hello", nil })})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "x://{door}", Name: "x", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in doorInput) (string, error) { return in.Door, nil })})
	return app
}

// call calls a tool. How it went shows in the metrics.
func call(t testing.TB, c *fastmcptest.Client, tool string) {
	t.Helper()
	_, err := c.Call(t.Context(), tool, nil)
	if p := (*protocol.Error)(nil); err != nil && !errors.As(err, &p) {
		t.Fatalf("%s: %v", tool, err)
	}
}

func TestRequests(t *testing.T) {
	r := prometheus.NewRegistry()
	c := fastmcptest.New(t, newApp(metrics.New(metrics.Config{Registerer: r})))
	for tool, reason := range map[string]string{
		"fine": "", "refuse": "tool_error", "fail": "internal", "panic": "panic", "wrong": "-32602", "own": "other", "late": "timeout",
	} {
		call(t, c, tool)
		call(t, c, tool)
		succeeded, failed := 2.0, 0.0
		if reason != "" {
			succeeded, failed = 0, 2
		}
		of := map[string]string{"method": "tools/call", "name": tool}
		expect(t, r, 2, "mcp_request_duration_seconds", of)
		for outcome, want := range map[string]float64{"succeeded": succeeded, "failed": failed, "cancelled": 0} {
			of := map[string]string{"method": "tools/call", "name": tool, "revision": "2026-07-28", "outcome": outcome}
			if got, ok := number(t, r, "mcp_requests_total", of); !ok || got != want {
				t.Errorf("%v: %v, want %v", of, got, want)
			}
		}
		if got, _ := number(t, r, "mcp_errors_total", map[string]string{"name": tool, "reason": reason}); got != failed {
			t.Errorf("%s: %v errors for %s", tool, got, reason)
		}
		for _, name := range []string{"mcp_request_bytes_total", "mcp_answer_bytes_total"} {
			if got, _ := number(t, r, name, of); got < 80 {
				t.Errorf("%s: %s is %v", tool, name, got)
			}
		}
	}
	if _, err := c.Prompt(t.Context(), "greet", nil); err != nil {
		t.Fatal(err)
	}
	expect(t, r, 1, "mcp_requests_total", map[string]string{"method": "prompts/get", "name": "greet", "outcome": "succeeded"})
	for _, door := range []string{"front", "back"} { // two URIs of one template
		if _, err := c.Read(t.Context(), "x://"+door); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, r, 2, "mcp_requests_total", map[string]string{"method": "resources/read", "name": "x://{door}", "outcome": "succeeded"})
	old := c.Connect(t, fastmcptest.Config{Revision: "2024-11-05"})
	call(t, old, "fine")
	expect(t, r, 1, "mcp_requests_total", map[string]string{"name": "fine", "revision": "2024-11-05", "outcome": "succeeded"})
	expect(t, r, 1, "mcp_requests_total", map[string]string{"method": "initialize", "name": ""})
	if _, found := number(t, r, "mcp_request_duration_seconds", map[string]string{"method": "subscriptions/listen"}); found {
		t.Error("how long clients listen is among the durations")
	}
}

// A call that asks its client counts once, with the last of its rounds.
func TestQuestions(t *testing.T) {
	r := prometheus.NewRegistry()
	c := fastmcptest.New(t, newApp(metrics.New(metrics.Config{Registerer: r})), fastmcptest.Config{Elicit: func(string) map[string]any { return map[string]any{"door": "back"} }})
	call(t, c, "ask")
	of := map[string]string{"method": "tools/call", "name": "ask"}
	expect(t, r, 1, "mcp_requests_total", of)
	expect(t, r, 1, "mcp_questions_total", of)
	expect(t, r, 1, "mcp_request_duration_seconds", of)
}

func TestInFlightAndCancelled(t *testing.T) {
	for _, revision := range []string{"2025-11-25", "2026-07-28"} {
		r, begun := prometheus.NewRegistry(), make(chan struct{}, 3)
		app := newApp(metrics.New(metrics.Config{Registerer: r}))
		app.AddTool(fastmcp.Tool{Name: "wait", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			begun <- struct{}{}
			<-c.Done()
			return "", c.Err()
		})})
		c := fastmcptest.New(t, app, fastmcptest.Config{Revision: revision})
		ctx, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		for range 3 {
			calls.Go(func() {
				if _, err := c.Call(ctx, "wait", nil); err == nil {
					t.Error("it was answered")
				}
			})
		}
		for range 3 {
			<-begun
		}
		running := map[string]string{"method": "tools/call"}
		if n, _ := number(t, r, "mcp_requests_in_flight", running); n != 3 {
			t.Errorf("%v in flight", n)
		}
		cancel()
		calls.Wait()
		expect(t, r, 0, "mcp_requests_in_flight", running)
		expect(t, r, 3, "mcp_requests_total", map[string]string{"name": "wait", "outcome": "cancelled"})
		if n, found := number(t, r, "mcp_errors_total", nil); found && n > 0 {
			t.Errorf("%v errors", n)
		}
	}
}

// A client of 2026-07-28 that listens is in flight until it leaves, and then has counted once, without a duration.
func TestListening(t *testing.T) {
	r := prometheus.NewRegistry()
	c := fastmcptest.New(t, newApp(metrics.New(metrics.Config{Registerer: r})))
	of := map[string]string{"method": protocol.MethodListen}
	expect(t, r, 1, "mcp_requests_in_flight", of)
	t.Run("another", func(t *testing.T) {
		c.Connect(t)
		expect(t, r, 2, "mcp_requests_in_flight", of)
		expect(t, r, 0, "mcp_requests_total", of)
	})
	expect(t, r, 1, "mcp_requests_in_flight", of)
	expect(t, r, 1, "mcp_requests_total", of)
	if n, _ := number(t, r, "mcp_requests_total", map[string]string{"method": protocol.MethodListen, "outcome": "failed"}); n != 0 {
		t.Error("to leave is a failure")
	}
	if _, found := number(t, r, "mcp_request_duration_seconds", of); found {
		t.Error("how long a client listens is among the durations")
	}
}

// However many names there are, labels have no more than were allowed.
func TestMaxNames(t *testing.T) {
	r := prometheus.NewRegistry()
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
	app.Use(metrics.New(metrics.Config{Registerer: r, MaxNames: 3}))
	for i := range 5 {
		app.AddTool(fastmcp.Tool{Name: fmt.Sprintf("tool%d", i), Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", nil })})
	}
	c := fastmcptest.New(t, app)
	for i := range 5 {
		call(t, c, fmt.Sprintf("tool%d", i))
		call(t, c, fmt.Sprintf("tool%d", i))
	}
	call(t, c, "unknown") // is refused before the chain
	for name, want := range map[string]float64{"tool0": 2, "tool1": 2, "tool2": 2, "other": 4, "tool3": 0, "tool4": 0, "unknown": 0} {
		expect(t, r, want, "mcp_requests_total", map[string]string{"method": "tools/call", "name": name})
	}
}

// Two Apps in one process do not know each other; those that share a registry count together.
func TestTwoApps(t *testing.T) {
	for _, shared := range []bool{false, true} {
		first, second := prometheus.NewRegistry(), prometheus.NewRegistry()
		if shared {
			second = first
		}
		a := fastmcptest.New(t, newApp(metrics.New(metrics.Config{Registerer: first})))
		b := fastmcptest.New(t, newApp(metrics.New(metrics.Config{Registerer: second})))
		call(t, a, "fine")
		call(t, b, "fine")
		call(t, b, "fine")
		want := map[*prometheus.Registry]float64{first: 1, second: 2}
		if shared {
			want[first] = 3
		}
		for r, n := range want {
			expect(t, r, n, "mcp_requests_total", map[string]string{"name": "fine"})
		}
	}
}

func TestNext(t *testing.T) {
	r := prometheus.NewRegistry()
	c := fastmcptest.New(t, newApp(metrics.New(metrics.Config{Registerer: r, Namespace: "shop", Next: func(c *fastmcp.Context) bool { return c.Name() == "fine" }})))
	call(t, c, "fine")
	call(t, c, "refuse")
	expect(t, r, 1, "shop_requests_total", map[string]string{"method": "tools/call"})
}

// Many at once count as many.
func TestManyAtOnce(t *testing.T) {
	r := prometheus.NewRegistry()
	c := fastmcptest.New(t, newApp(metrics.New(metrics.Config{Registerer: r, MaxNames: 2})))
	tools := []string{"fine", "refuse", "fail", "wrong"}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				for _, tool := range tools {
					call(t, c, tool)
				}
			}
		})
	}
	all.Wait()
	expect(t, r, 160, "mcp_requests_total", map[string]string{"method": "tools/call"})
	names := map[string]bool{}
	for _, tool := range append(slices.Clone(tools), "other") {
		if _, found := number(t, r, "mcp_requests_total", map[string]string{"name": tool}); found {
			names[tool] = true
		}
	}
	if len(names) != 3 || !names["other"] {
		t.Errorf("%v", slices.Collect(maps.Keys(names)))
	}
}

// What cannot work is told at start, with the cure.
func TestBadConfig(t *testing.T) {
	taken := prometheus.NewRegistry()
	taken.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "mcp_requests_total", Help: "something else"}))
	twice := prometheus.NewRegistry()
	metrics.Route(newApp(), metrics.Config{Registerer: twice})
	own := prometheus.NewRegistry()
	for words, f := range map[string]func(){
		"New: nobody could read what is counted: set Config.Registerer": func() { metrics.New() },
		"Store: nobody could read what is timed: set Config.Registerer": func() { metrics.Store(nil) },
		"give Config.Namespace another value, or Config.Registerer a":   func() { metrics.New(metrics.Config{Registerer: taken}) },
		"Config.MaxNames is negative: give the number of tools":         func() { metrics.New(metrics.Config{Registerer: own, MaxNames: -1}) },
		"Config.Buckets are [1 1]: give at least one":                   func() { metrics.New(metrics.Config{Registerer: own, Buckets: []float64{1, 1}}) },
		"Config.Buckets are []: give at least one":                      func() { metrics.New(metrics.Config{Registerer: own, Buckets: []float64{}}) },
		"Config.StoreBuckets are [2 1]: give at least one":              func() { metrics.Store(nil, metrics.Config{Registerer: own, StoreBuckets: []float64{2, 1}}) },
		"Handler: there is nothing to serve: give it the registry":      func() { metrics.Handler(nil) },
		"App: there is no App: give the *fastmcp.App":                   func() { metrics.App(nil) },
		"each App needs a registry, or a Config.Namespace, of its own":  func() { metrics.Route(newApp(), metrics.Config{Registerer: twice}) },
		"which cannot be read: give a *prometheus.Registry, or put New, ": func() {
			metrics.Route(newApp(), metrics.Config{Registerer: prometheus.WrapRegistererWithPrefix("x_", own)})
		},
	} {
		func() {
			defer func() {
				if v := fmt.Sprint(recover()); !strings.Contains(v, words) {
					t.Errorf("%s, want %q", v, words)
				}
			}()
			f()
		}()
	}
}
