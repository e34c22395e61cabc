package routes_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/gofiber/fiber/v2"
)

const token = "sue-0123456789abcdef"

func authenticated() auth.Provider {
	return auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{token: {Subject: "sue"}})}})
}

// read asks a route, and gives its status and body.
func read(t *testing.T, app *fastmcp.App, method, path string, header ...string) (int, string) {
	t.Helper()
	req := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := app.Test(req, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestStatus(t *testing.T) {
	s := &storage{get: func() ([]byte, error) { return nil, nil }}
	app := fastmcp.New(fastmcp.Config{Auth: authenticated(), Storage: s})
	app.AddRoute(fiber.MethodGet, "/status", routes.Status(app), fastmcp.RouteConfig{Admin: true})
	status := func() (n routes.NodeStatus) {
		t.Helper()
		code, body := read(t, app, "GET", "/status", "Authorization", "Bearer "+token)
		if err := json.Unmarshal([]byte(body), &n); err != nil || code != 200 || n.Node == nil {
			t.Fatalf("%d %s, %v", code, body, err)
		}
		return n
	}
	if n := status(); n.Status != "ready" || n.Node.Memory == 0 || n.Node.Goroutines == 0 || n.Node.Store.Mode != "storage" ||
		len(n.Node.Store.Missing) == 0 || n.Node.Store.Reachable == nil || !*n.Node.Store.Reachable {
		t.Errorf("%+v %+v", n, n.Node)
	}
	s.get = func() ([]byte, error) { return nil, errors.New("dial tcp 10.0.0.7:6379") }
	if n := status(); n.Status != "store unreachable" || n.Node.Store.Reachable == nil || *n.Node.Store.Reachable {
		t.Errorf("%+v %+v", n, n.Node)
	}
	app.Drain()
	if n := status(); n.Status != "draining" || n.Node.Store.Reachable != nil {
		t.Errorf("%+v %+v", n, n.Node)
	}
	if code, body := read(t, app, "GET", "/status"); code != 401 {
		t.Errorf("nobody: %d %s", code, body)
	}
}

// Who is not known reads one word.
func TestStatusForAnybody(t *testing.T) {
	app := fastmcp.New(fastmcp.Config{Auth: authenticated()})
	app.AddRoute(fiber.MethodGet, "/public", routes.Status(app, routes.StatusConfig{Timeout: time.Second}), fastmcp.RouteConfig{Public: true})
	anybody := fastmcp.New()
	anybody.AddRoute(fiber.MethodGet, "/public", routes.Status(anybody))
	for _, a := range []*fastmcp.App{app, anybody} {
		if code, body := read(t, a, "GET", "/public", "Authorization", "Bearer "+token); code != 200 || body != `{"status":"ready"}` {
			t.Errorf("%d %s", code, body)
		}
	}
}

func TestReadyConfig(t *testing.T) {
	s := &storage{get: func() ([]byte, error) { return nil, errors.New("gone") }}
	app := newApp(fastmcp.Config{Storage: s}, routes.ReadyConfig{
		Status: 204, Body: `{"ok":1}`, Unready: 500, Draining: `{"ok":0}`, NoStore: `{"ok":-1}`,
	})
	expect(t, app, "/ready", 500, `{"ok":-1}`)
	s.get = func() ([]byte, error) { return nil, nil }
	if code, _ := read(t, app, "GET", "/ready"); code != 204 {
		t.Errorf("ready: %d", code)
	}
	app.Drain()
	expect(t, app, "/ready", 500, `{"ok":0}`)
}

func TestPingAndHead(t *testing.T) {
	app := newApp(fastmcp.Config{})
	app.AddRoute(fiber.MethodGet, "/ping", routes.Ping())
	if code, body := read(t, app, "GET", "/ping"); code != 200 || body != "pong" {
		t.Errorf("%d %s", code, body)
	}
	for _, path := range []string{"/ping", "/health", "/ready"} {
		if code, body := read(t, app, "HEAD", path); code != 200 || body != "" {
			t.Errorf("HEAD %s: %d %q", path, code, body)
		}
	}
	app.Drain()
	if code, _ := read(t, app, "HEAD", "/ready"); code != 503 {
		t.Errorf("HEAD /ready of a drained App: %d", code)
	}
}
