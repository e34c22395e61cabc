package routes_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/gofiber/fiber/v2"
)

func get(app *fastmcp.App, path string) {
	res, err := app.Test(httptest.NewRequest(http.MethodGet, path, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(body))
}

// A node that is about to stop serves on, and says that it wants no new work.
func ExampleReady() {
	app := fastmcp.New(fastmcp.Config{Name: "calculator"})
	app.AddRoute(fiber.MethodGet, "/ready", routes.Ready(app), fastmcp.RouteConfig{Public: true})

	get(app, "/ready")
	app.Drain() // SIGTERM does this
	get(app, "/ready")
	// Output:
	// 200 {"status":"ready"}
	// 503 {"status":"draining"}
}

func ExampleHealth() {
	app := fastmcp.New(fastmcp.Config{Name: "calculator"})
	app.AddRoute(fiber.MethodGet, "/health", routes.Health(app), fastmcp.RouteConfig{Public: true})

	get(app, "/health")
	// Output:
	// 200 {"status":"ok"}
}
