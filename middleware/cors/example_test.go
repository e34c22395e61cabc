package cors_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/cors"
	"github.com/gofiber/fiber/v2"
)

// One list for MCP and for the routes beside it.
func Example() {
	app := fastmcp.New(fastmcp.Config{Name: "shop", Origins: []string{"https://app.example.com", "https://*.partners.example"}})
	app.Use(cors.New(cors.Config{App: app}))
	app.AddRoute(fiber.MethodGet, "/prices", func(c *fiber.Ctx) error { return c.JSON(map[string]int{"tea": 3}) }, fastmcp.RouteConfig{Public: true})

	for _, origin := range []string{"https://app.example.com", "https://evil.example"} {
		req := httptest.NewRequest("OPTIONS", "/prices", nil)
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", "PUT")
		res, err := app.Test(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(res.Status, res.Header.Get("Access-Control-Allow-Methods"))
		_ = res.Body.Close()
	}
	// Output:
	// 204 No Content GET, HEAD, POST, PUT, PATCH, DELETE
	// 403 Forbidden
}
