// Package routes has handlers of Fiber's that servers need beside MCP, for App.AddRoute:
//
//	app.AddRoute(fiber.MethodGet, "/health", routes.Health(app), fastmcp.RouteConfig{Public: true})
//	app.AddRoute(fiber.MethodGet, "/ready", routes.Ready(app), fastmcp.RouteConfig{Public: true})
//	app.AddRoute(fiber.MethodGet, "/status", routes.Status(app), fastmcp.RouteConfig{Admin: true})
//	app.AddRoute(fiber.MethodGet, "/assets/*", routes.Static("public"), fastmcp.RouteConfig{Public: true})
//	app.AddRoute(fiber.MethodPost, "/webhook/github", routes.GitHub(secret, onPush), fastmcp.RouteConfig{Public: true})
//
// Health is what a process is asked that may have to be started again, Ready what a node is asked that work may be sent to,
// and Status what an operator looks at. Webhooks prove by a signature who sends them. What goes wrong is answered in the form
// of all errors of routes: see App.AddRoute.
package routes
