package routes_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/gofiber/fiber/v2"
)

// storage is one of Fiber's whose Get is what it is told.
type storage struct {
	get func() ([]byte, error)
}

func (s *storage) Get(string) ([]byte, error)            { return s.get() }
func (*storage) Set(string, []byte, time.Duration) error { return nil }
func (*storage) Delete(string) error                     { return nil }
func (*storage) Reset() error                            { return nil }
func (*storage) Close() error                            { return nil }

func newApp(s fastmcp.Config, ready ...routes.ReadyConfig) *fastmcp.App {
	app := fastmcp.New(s)
	app.AddRoute(fiber.MethodGet, "/health", routes.Health(app), fastmcp.RouteConfig{Public: true})
	app.AddRoute(fiber.MethodGet, "/ready", routes.Ready(app, ready...), fastmcp.RouteConfig{Public: true})
	return app
}

func expect(t *testing.T, app *fastmcp.App, path string, status int, body string) {
	t.Helper()
	res, err := app.Test(httptest.NewRequest("GET", path, nil), 20_000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status || string(b) != body {
		t.Errorf("%s: %d %s, %v; want %d %s", path, res.StatusCode, b, err, status, body)
	}
	if res.Header.Get("Content-Type") != "application/json" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: %v", path, res.Header)
	}
}

func TestProbes(t *testing.T) {
	gone := errors.New("dial tcp 10.0.0.7:6379: connection refused")
	s := &storage{get: func() ([]byte, error) { return nil, nil }}
	app := newApp(fastmcp.Config{Storage: s})
	expect(t, app, "/health", 200, `{"status":"ok"}`)
	expect(t, app, "/ready", 200, `{"status":"ready"}`)
	s.get = func() ([]byte, error) { return nil, gone }
	expect(t, app, "/health", 200, `{"status":"ok"}`)
	expect(t, app, "/ready", 503, `{"status":"store unreachable"}`)
	s.get = func() ([]byte, error) { return nil, nil }
	expect(t, app, "/ready", 200, `{"status":"ready"}`)
	app.Drain()
	expect(t, app, "/health", 200, `{"status":"ok"}`)
	expect(t, app, "/ready", 503, `{"status":"draining"}`)
}

// A store that hangs is answered for within the bound.
func TestReadyTimeout(t *testing.T) {
	back := make(chan struct{})
	defer close(back)
	s := &storage{get: func() ([]byte, error) { <-back; return nil, nil }}
	for _, c := range [][]routes.ReadyConfig{nil, {{Timeout: 10 * time.Millisecond}}} {
		begun := time.Now()
		expect(t, newApp(fastmcp.Config{Storage: s}, c...), "/ready", 503, `{"status":"store unreachable"}`)
		if d := time.Since(begun); c == nil && d < 500*time.Millisecond || d > 10*time.Second {
			t.Errorf("%v: after %s", c, d)
		}
	}
}

func TestHealthConfig(t *testing.T) {
	app := fastmcp.New()
	app.AddRoute(fiber.MethodGet, "/healthz", routes.Health(app, routes.HealthConfig{Status: 203, Body: `"fine"`}))
	expect(t, app, "/healthz", 203, `"fine"`)
}
