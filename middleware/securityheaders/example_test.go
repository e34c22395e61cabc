package securityheaders_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/securityheaders"
	"github.com/gofiber/fiber/v2"
)

func Example() {
	app := fastmcp.New(fastmcp.Config{Name: "shop"})
	app.Use(securityheaders.New(securityheaders.Config{FrameOptions: "SAMEORIGIN", ContentSecurityPolicy: "frame-ancestors 'self'"}))
	app.AddRoute(fiber.MethodGet, "/", func(c *fiber.Ctx) error { return c.SendString("hello") }, fastmcp.RouteConfig{Public: true})

	res, err := app.Test(httptest.NewRequest("GET", "/", nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	for _, name := range []string{"X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cache-Control"} {
		fmt.Println(name+":", res.Header.Get(name))
	}
	// Output:
	// X-Content-Type-Options: nosniff
	// X-Frame-Options: SAMEORIGIN
	// Referrer-Policy: no-referrer
	// Cache-Control: no-store
}
