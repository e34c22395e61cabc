package fastmcp_test

import (
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
)

// Requests of MCP's go past Fiber's router only as long as nobody could have put something on it.
func TestFiberSeesRequestsWhenItIsUsed(t *testing.T) {
	seen := 0
	count := func(c *fiber.Ctx) error { seen++; return c.Next() }
	tool := fastmcp.Tool{Name: "t", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		who, _ := c.Value("who").(string)
		return who, nil
	})}
	app, l := newApp(t, fastmcp.Config{})
	app.Use(count, func(c *fiber.Ctx) error { c.Locals("who", "ann"); return c.Next() })
	app.AddTool(tool)
	if text := serve(t, app, l).callStateless("t", `{}`).message(t).tool(t).text(); text != "ann" || seen != 1 {
		t.Errorf("Use: %q, seen %d times", text, seen)
	}

	app, l = newApp(t, fastmcp.Config{})
	app.AddTool(tool)
	app.Fiber().Use(count)
	if text := serve(t, app, l).callStateless("t", `{}`).message(t).tool(t).text(); text != "" || seen != 2 {
		t.Errorf("Fiber().Use: %q, seen %d times", text, seen)
	}

	app, l = newApp(t, fastmcp.Config{})
	app.AddTool(tool)
	s := serve(t, app, l)
	if text := s.callStateless("t", `{}`).message(t).tool(t).text(); text != "" || seen != 2 {
		t.Errorf("straight: %q, seen %d times", text, seen)
	}
	for _, path := range []string{"/mcp?x=1", "/mcp/", "/MCP"} { // however it is written, it is answered as MCP
		s.url = "http://" + s.addr + path
		if a := s.callStateless("t", `{}`); a.status != 200 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
