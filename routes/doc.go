// Package routes has handlers of Fiber's that servers need beside MCP, for App.AddRoute:
//
//	app.AddRoute(fiber.MethodGet, "/health", routes.Health(app), fastmcp.RouteConfig{Public: true})
//	app.AddRoute(fiber.MethodGet, "/ready", routes.Ready(app), fastmcp.RouteConfig{Public: true})
//
// Health is what a process is asked that may have to be started again, Ready what a node is asked that work may be sent to.
package routes
