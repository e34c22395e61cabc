package fastmcp_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/gofiber/fiber/v2"
)

// panicOf is what f panics with, nil when it does not.
func panicOf(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

// at asks for another path of a server.
func (s *server) at(method, path string, h headers) answer {
	s.t.Helper()
	other := *s
	other.url = "http://" + s.addr + path
	return other.do(method, h, "")
}

func routesApp(t *testing.T, config fastmcp.Config) (*fastmcp.App, *logs) {
	t.Helper()
	app, l := newApp(t, config)
	who := func(c *fiber.Ctx) error {
		if p := fastmcp.PrincipalOf(c); p != nil {
			return c.SendString(p.Subject + " " + c.Params("id"))
		}
		return c.SendString("nobody " + c.Params("id"))
	}
	app.AddRoute("GET", "/private/:id", who)
	app.AddRoute("GET", "/public/:id", who, fastmcp.RouteConfig{Public: true})
	app.AddRoute("POST", "/public/:id", func(c *fiber.Ctx) error { return c.Status(201).SendString("made") }, fastmcp.RouteConfig{Public: true})
	app.AddRoute("GET", "/panics", func(*fiber.Ctx) error { panic("secret in a panic") }, fastmcp.RouteConfig{Public: true})
	app.AddRoute("GET", "/fails", func(*fiber.Ctx) error { return errSecret }, fastmcp.RouteConfig{Public: true})
	app.AddRoute("GET", "/teapot", func(*fiber.Ctx) error { return fiber.NewError(418, "short and stout") }, fastmcp.RouteConfig{Public: true})
	return app, l
}

type secretError struct{}

func (secretError) Error() string { return "secret in an error" }

var errSecret = secretError{}

// rpcError checks that a body is a JSON-RPC error.
func rpcError(t *testing.T, what string, a answer, status int) {
	t.Helper()
	var m message
	if err := json.Unmarshal([]byte(a.body), &m); err != nil || a.status != status || m.Error == nil || m.Error.Message == "" || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		t.Errorf("%s: %d %v %q %v", what, a.status, a.header, a.body, err)
	}
	if strings.Contains(a.body, "secret") {
		t.Errorf("%s tells a secret: %s", what, a.body)
	}
}

func TestRoutes(t *testing.T) {
	app, l := routesApp(t, fastmcp.Config{})
	s := serve(t, app, l)
	if a := s.at("GET", "/private/7", nil); a.body != "nobody 7" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.at("POST", "/public/7", nil); a.status != 201 || a.body != "made" {
		t.Errorf("%d %s", a.status, a.body)
	}
	rpcError(t, "no route", s.at("GET", "/nowhere", nil), 404)
	rpcError(t, "another method", s.at("PUT", "/private/7", nil), 405)
	rpcError(t, "a panic", s.at("GET", "/panics", nil), 500)
	rpcError(t, "an error", s.at("GET", "/fails", nil), 500)
	if a := s.at("GET", "/teapot", nil); !strings.Contains(a.body, "short and stout") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if log := l.String(); !strings.Contains(log, "secret in a panic") || !strings.Contains(log, "route_test.go") {
		t.Errorf("the log does not have the panic: %s", log)
	}
	if !s.open("2025-06-18").alive() {
		t.Error("MCP is not served any more")
	}
}

func TestRoutesArePrivate(t *testing.T) {
	app, l := routesApp(t, fastmcp.Config{Auth: aliceAndBob(t)})
	guard := func(_ context.Context, a *auth.Access) auth.Decision {
		if a.Kind != auth.KindRoute || a.Name != "/alice/:id" {
			t.Errorf("asked about %+v", a)
		}
		return auth.Decision{Allowed: a.Principal.Subject == "alice"}
	}
	app.AddRoute("GET", "/alice/:id", func(c *fiber.Ctx) error { return c.SendString("hello") }, fastmcp.RouteConfig{CanAccess: guard})
	s := serve(t, app, l)
	for path, status := range map[string]int{"/private/7": 401, "/alice/7": 401} {
		for name, h := range map[string]headers{"nobody": nil, "a stranger": bearer("stranger-0123456789abcdef"), "Basic": {"Authorization": "Basic YTpi"}} {
			a := s.at("GET", path, h)
			rpcError(t, path+" for "+name, a, status)
			if a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s for %s: no challenge", path, name)
			}
		}
	}
	if a := s.at("GET", "/private/7", bearer(bobToken)); a.body != "bob 7" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.at("GET", "/public/7", bearer(bobToken)); a.body != "nobody 7" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.at("GET", "/alice/7", bearer(aliceToken)); a.body != "hello" {
		t.Errorf("%d %s", a.status, a.body)
	}
	rpcError(t, "a route of alice's for bob", s.at("GET", "/alice/7", bearer(bobToken)), 404)
	rpcError(t, "no route", s.at("GET", "/nowhere", bearer(bobToken)), 404)
}

func TestMistakesInRoutes(t *testing.T) {
	handler := func(*fiber.Ctx) error { return nil }
	for name, add := range map[string]func(){
		"MCP's path":     func() { fastmcp.New().AddRoute("GET", "/mcp", handler) },
		"MCP's path/":    func() { fastmcp.New().AddRoute("POST", "/mcp/", handler) },
		"MCP's own path": func() { fastmcp.New(fastmcp.Config{HTTP: fastmcp.HTTPConfig{Path: "/"}}).AddRoute("GET", "/", handler) },
		"a guard, no Auth": func() {
			fastmcp.New().AddRoute("GET", "/x", handler, fastmcp.RouteConfig{CanAccess: auth.RequireScopes("x")})
		},
		"no handler at all": func() { fastmcp.New().AddRoute("GET", "/x", nil) },
	} {
		v, _ := panicOf(add).(string)
		if !strings.HasPrefix(v, "fastmcp: ") {
			t.Errorf("%s: %q", name, v)
		}
	}
}
