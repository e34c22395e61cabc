package metrics_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/fastmcptest"
	"github.com/fastmcp-go/fastmcp/middleware/metrics"
	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape asks as Prometheus does.
func scrape(t testing.TB, app *fastmcp.App, token, accept string) (status int, kind, body string) {
	t.Helper()
	r := httptest.NewRequest("GET", "/metrics", nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	res, err := app.Test(r, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), string(b)
}

func parse(t testing.TB, text string) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return all
}

// All in one: requests, the App, Go and the process.
func TestRoute(t *testing.T) {
	app := newApp()
	app.AddRoute(fiber.MethodGet, "/metrics", metrics.Route(app, metrics.Config{Anyone: true}))
	c := fastmcptest.New(t, app, fastmcptest.Config{Revision: "2025-11-25"})
	call(t, c, "fine")
	call(t, c, "refuse")
	if _, err := c.Call(t.Context(), "nothing", nil); err == nil {
		t.Error("a tool that is not there was called")
	}
	var all map[string]*dto.MetricFamily
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		_, _, body := scrape(t, app, "", "")
		if all = parse(t, body); all["mcp_errors_total"] != nil || time.Now().After(end) {
			break
		}
	}
	for name, want := range map[string]float64{
		"mcp_sessions": 1, "mcp_tasks": 0, "mcp_tool_calls_total": 2, "mcp_tool_errors_total": 1, "mcp_errors_total": 1, "mcp_events_dropped_total": 0,
		"mcp_argument_repairs_total": 0, "mcp_ready": 1, "mcp_draining": 0, "mcp_storage_info": 1, "mcp_refused_total": 1,
	} {
		family := all[name]
		if family == nil || len(family.Metric) != 1 || value(family.Metric[0]) != want || family.GetHelp() == "" {
			t.Errorf("%s is %v, want %v", name, family, want)
		}
	}
	for _, name := range []string{"mcp_requests_total", "mcp_request_duration_seconds", "mcp_streams", "mcp_running", "mcp_events_total", "mcp_start_time_seconds", "go_goroutines", "process_open_fds"} {
		if all[name] == nil {
			t.Errorf("there is no %s", name)
		}
	}
	app.Drain()
	_, _, body := scrape(t, app, "", "")
	for name, want := range map[string]float64{"mcp_ready": 0, "mcp_draining": 1} {
		if got := value(parse(t, body)[name].Metric[0]); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// Each scraper gets the format that it asks for.
func TestFormats(t *testing.T) {
	app := newApp()
	app.AddRoute(fiber.MethodGet, "/metrics", metrics.Route(app, metrics.Config{Anyone: true}))
	for accept, want := range map[string]string{
		"": "text/plain", "text/plain;version=0.0.4": "text/plain",
		"application/openmetrics-text;version=1.0.0": "application/openmetrics-text",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;q=0.5": "application/vnd.google.protobuf",
	} {
		status, kind, body := scrape(t, app, "", accept)
		if status != 200 || !strings.HasPrefix(kind, want) || len(body) < 1000 {
			t.Errorf("%s: %d %s, %d bytes; want %s", accept, status, kind, len(body), want)
		}
		if strings.HasPrefix(want, "application/openmetrics") && !strings.HasSuffix(body, "# EOF\n") {
			t.Errorf("%s ends with %q", accept, body[len(body)-20:])
		}
	}
}

// Where callers have names, metrics are not for everybody.
func TestRouteIsPrivate(t *testing.T) {
	app := fastmcp.New(fastmcp.Config{
		Log:  slog.New(slog.DiscardHandler),
		Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{"prometheus-0123456789": {Subject: "prometheus"}})}}),
	})
	app.AddRoute(fiber.MethodGet, "/metrics", metrics.Route(app))
	for token, want := range map[string]int{"": 401, "wrong-0123456789abcdef": 401, "prometheus-0123456789": 200} {
		if status, _, body := scrape(t, app, token, ""); status != want || (want == 401) == strings.Contains(body, "mcp_sessions") {
			t.Errorf("%q: %d %s", token, status, body)
		}
	}
}

// A collector that fails takes nothing with it but itself.
func TestHandlerTellsWhatItCan(t *testing.T) {
	r := prometheus.NewRegistry()
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "fine", Help: "Fine."}, func() float64 { return 1 }), failing{})
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
	app.AddRoute(fiber.MethodGet, "/metrics", metrics.Handler(r, metrics.Config{Anyone: true}))
	if status, _, body := scrape(t, app, "", ""); status != 200 || !strings.Contains(body, "fine 1") {
		t.Errorf("%d %s", status, body)
	}
}

type failing struct{}

func (failing) Describe(to chan<- *prometheus.Desc) {
	to <- prometheus.NewDesc("failing", "Failing.", nil, nil)
}
func (failing) Collect(to chan<- prometheus.Metric) {
	to <- prometheus.NewInvalidMetric(prometheus.NewDesc("failing", "Failing.", nil, nil), errDisk)
}

// A storage that is away shows, and one that hangs does not keep the scraper waiting for long.
func TestReadyTellsOfTheStore(t *testing.T) {
	back := make(chan struct{})
	defer close(back)
	s := &moody{}
	r := prometheus.NewRegistry()
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler), Storage: s})
	r.MustRegister(metrics.App(app, metrics.Config{Namespace: "shop"}))
	expect(t, r, 1, "shop_ready", nil)
	s.away.Store(true)
	expect(t, r, 0, "shop_ready", nil)
	s.away.Store(false)
	expect(t, r, 1, "shop_ready", nil)
	s.hang.Store(&back)
	begun := time.Now()
	if n, _ := number(t, r, "shop_ready", nil); n != 0 || time.Since(begun) < 500*time.Millisecond || time.Since(begun) > 10*time.Second {
		t.Errorf("%v after %s", n, time.Since(begun))
	}
	if n, found := number(t, r, "shop_storage_info", map[string]string{"mode": "storage"}); n != 1 || !found {
		t.Errorf("%v", n)
	}
	if _, found := number(t, r, "shop_start_time_seconds", nil); found {
		t.Error("it has begun before it serves")
	}
}

// moody is a storage of Fiber's that may be away.
type moody struct {
	away atomic.Bool
	hang atomic.Pointer[chan struct{}]
}

func (m *moody) Get(string) ([]byte, error) {
	if hang := m.hang.Load(); hang != nil {
		<-*hang
	}
	if m.away.Load() {
		return nil, errors.New("connection refused")
	}
	return nil, nil
}
func (*moody) Set(string, []byte, time.Duration) error { return nil }
func (*moody) Delete(string) error                     { return nil }
func (*moody) Reset() error                            { return nil }
func (*moody) Close() error                            { return nil }

// Where callers have no names, metrics are for the second listener, unless they are opened.
func TestRouteIsNotForAnyone(t *testing.T) {
	app := newApp()
	app.AddRoute(fiber.MethodGet, "/metrics", metrics.Route(app))
	if status, _, body := scrape(t, app, "", ""); status != 403 || strings.Contains(body, "mcp_") || !strings.Contains(body, "HTTPConfig.AdminAddr") {
		t.Errorf("%d %s", status, body)
	}
}
