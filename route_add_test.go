package fastmcp_test

import (
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/gofiber/fiber/v2"
)

// What routes are asked reaches Fiber's handlers as it does in Fiber.
func TestRouteRequests(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddRoute("GET", "/users/:id/:part?", func(c *fiber.Ctx) error { return c.SendString(c.Params("id") + "|" + c.Params("part")) })
	app.AddRoute("get", "/files/*", func(c *fiber.Ctx) error { return c.SendString(c.Params("*")) })
	app.AddRoute("GET", "/search", func(c *fiber.Ctx) error { return c.SendString(c.Query("q") + "|" + c.Query("page", "1")) })
	app.AddRoute("POST", "/text", func(c *fiber.Ctx) error { return c.SendString(c.Get("Content-Type") + "|" + string(c.Body())) })
	app.AddRoute("PATCH", "/json", func(c *fiber.Ctx) error {
		var o order
		if err := c.BodyParser(&o); err != nil {
			return err
		}
		return c.Status(201).JSON(o)
	})
	app.AddRoute(fastmcp.MethodAll, "/any", func(c *fiber.Ctx) error { return c.SendString(c.Method()) })
	app.AddRoute("GET", "/head", func(c *fiber.Ctx) error { return c.SendString("GET") })
	app.AddRoute("HEAD", "/head", func(c *fiber.Ctx) error { c.Set("X-Own", "yes"); return nil })
	app.AddRoute("GET", "/*", func(c *fiber.Ctx) error { return c.SendString("rest: " + c.Params("*")) }) // MCP comes first
	s := serve(t, app, l)
	for _, want := range []struct{ method, path, send, kind, body string }{
		{"GET", "/users/7", "", "", "7|"},
		{"GET", "/users/7/mail", "", "", "7|mail"},
		{"GET", "/Users/7/", "", "", "7|"},
		{"GET", "/files/a/b%20c.txt", "", "", "a/b%20c.txt"},
		{"GET", "/search?q=a%20b%26c&page=2", "", "", "a b&c|2"},
		{"GET", "/search?q=", "", "", "|1"},
		{"POST", "/text", "plain ünïcode", "text/plain", "text/plain|plain ünïcode"},
		{"PATCH", "/json", `{"cups":2,"to":"a@b.example"}`, "application/json", `{"cups":2,"to":"a@b.example"}`},
		{"GET", "/any", "", "", "GET"},
		{"DELETE", "/any", "", "", "DELETE"},
		{"PUT", "/any", "x", "", "PUT"},
		{"HEAD", "/any", "", "", ""},
		{"HEAD", "/search", "", "", ""},
		{"HEAD", "/head", "", "", ""},
		{"GET", "/mcpx", "", "", "rest: mcpx"},
	} {
		h := headers{}
		if want.kind != "" {
			h["Content-Type"] = want.kind
		}
		if a := s.of(want.method, want.path, h, want.send); a.status >= 300 || a.body != want.body {
			t.Errorf("%s %s: %d %q, want %q", want.method, want.path, a.status, a.body, want.body)
		} else if want.path == "/head" && a.header.Get("X-Own") != "yes" {
			t.Error("HEAD has a route of its own, and is not asked")
		}
	}
	if !s.open("2025-06-18").alive() {
		t.Error("a route for everything takes what is MCP's")
	}
}

// Who calls is known to what runs around a route, too, and to what it hands on to.
func TestPrincipalAroundRoutes(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: aliceAndBob(t)})
	app.Use(func(c *fiber.Ctx) error {
		err := c.Next()
		if p := fastmcp.PrincipalOf(c); p != nil {
			c.Set("X-Subject", p.Subject)
		}
		return err
	})
	app.AddRoute("GET", "/first/:id", func(c *fiber.Ctx) error { return c.Next() })
	app.AddRoute("GET", "/first/*", func(c *fiber.Ctx) error { return c.SendString(fastmcp.PrincipalOf(c).Subject) })
	app.AddRoute("HEAD", "/none", func(c *fiber.Ctx) error { return c.SendStatus(204) })
	s := serve(t, app, l)
	if a := s.at("GET", "/first/1", bearer(bobToken)); a.body != "bob" || a.header.Get("X-Subject") != "bob" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	for _, method := range []string{"GET", "HEAD"} {
		if a := s.at(method, "/first/1", nil); a.status != 401 || a.header.Get("X-Subject") != "" {
			t.Errorf("%s without a token: %d %v", method, a.status, a.header)
		}
	}
}

func TestMistakesInAddRoute(t *testing.T) {
	handler := func(*fiber.Ctx) error { return nil }
	plain := func() *fastmcp.App { return fastmcp.New() }
	known := func() *fastmcp.App { return fastmcp.New(fastmcp.Config{Auth: aliceAndBob(t)}) }
	guard := auth.RequireScopes("x")
	for name, c := range map[string]struct {
		add  func()
		cure string
	}{
		"no method":     {func() { plain().AddRoute("", "/x", handler) }, "fastmcp.MethodAll"},
		"a method":      {func() { plain().AddRoute("BREW", "/x", handler) }, "use one of GET"},
		"no path":       {func() { plain().AddRoute("GET", "", handler) }, `does not begin with "/"`},
		"no slash":      {func() { plain().AddRoute("GET", "x", handler) }, `does not begin with "/"`},
		"a space":       {func() { plain().AddRoute("GET", "/x y", handler) }, "with a space"},
		"a fragment":    {func() { plain().AddRoute("GET", "/x#y", handler) }, "a fragment"},
		"guard, public": {func() { known().AddRoute("GET", "/x", handler, fastmcp.RouteConfig{Public: true, CanAccess: guard}) }, "leave out Public or CanAccess"},
		"admin, nobody": {func() { plain().AddRoute("GET", "/metrics", handler, fastmcp.RouteConfig{Admin: true}) }, "need a principal"},
		"admin, public": {func() { known().AddRoute("GET", "/metrics", handler, fastmcp.RouteConfig{Admin: true, Public: true}) }, "or the second listener"},
		"MCP's":         {func() { plain().AddRoute("GET", "/MCP/", handler) }, "where MCP is served"},
		"twice": {func() {
			app := plain()
			app.AddRoute("GET", "/x", handler)
			app.AddRoute("get", "/X/", handler)
		}, "there already"},
		"served": {func() {
			app := plain()
			app.Mount(fiber.New(fiber.Config{ReadTimeout: 1, ReadBufferSize: 16 << 10}))
			app.AddRoute("GET", "/x", handler)
		}, "before Listen or Mount"},
	} {
		if v, _ := panicOf(c.add).(string); !strings.HasPrefix(v, "fastmcp: the route ") || !strings.Contains(v, c.cure) {
			t.Errorf("%s: %q", name, v)
		}
	}
	app := known()
	for _, method := range []string{"GET", "POST", "HEAD", fastmcp.MethodAll} {
		app.AddRoute(method, "/x", handler)
	}
	app.AddRoute("GET", "/metrics", handler, fastmcp.RouteConfig{Admin: true}) // who calls is known
}
