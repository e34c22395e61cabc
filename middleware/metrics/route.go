package metrics

import (
	"errors"
	"fmt"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler serves what a registry has: in the text format of Prometheus, in OpenMetrics or in protobuf, as the scraper wants
// it, and compressed if it may be. Scrapes that come at the same time share one look.
//
// Metrics tell what a server is used for, so they are not for everybody. As a route with fastmcp.RouteConfig.Admin they are
// on the second listener alone (fastmcp.HTTPConfig.AdminAddr); beside MCP they ask for a principal of fastmcp.Config.Auth,
// which a scraper has as a bearer token; Config.Anyone opens them. Of the Config nothing else is used.
func Handler(g prometheus.Gatherer, config ...Config) fiber.Handler {
	if g == nil {
		panic("metrics: Handler: there is nothing to serve: give it the registry that the metrics are registered in")
	}
	serve := adaptor.HTTPHandler(promhttp.HandlerFor(g, promhttp.HandlerOpts{
		ErrorHandling:     promhttp.ContinueOnError, // what can be told is better than nothing, when one collector of many fails
		EnableOpenMetrics: true,
		CoalesceGather:    true,
	}))
	anyone := len(config) > 0 && config[0].Anyone
	return func(c *fiber.Ctx) error {
		if !anyone && fastmcp.PrincipalOf(c) == nil && !fastmcp.IsAdmin(c) {
			return fiber.NewError(fiber.StatusForbidden, "Forbidden: metrics are for known callers and for the admin listener (Config.Auth, HTTPConfig.AdminAddr); metrics.Config.Anyone opens them")
		}
		return serve(c)
	}
}

// Route is all in one: it puts the link of New into the App's chain, and serves what that counts, what App tells, and what
// Prometheus' own collectors tell of Go and of the process.
//
//	app.AddRoute(fiber.MethodGet, "/metrics", metrics.Route(app), fastmcp.RouteConfig{Admin: true})
//
// Who may read them is said by Handler. Call it before app.Use is given other links, so that it also counts what they turn down, and once for an App. Without
// Config.Registerer it has a registry of its own. For a storage that is timed, too, make the registry yourself:
//
//	config := metrics.Config{Registerer: prometheus.NewRegistry()}
//	app := fastmcp.New(fastmcp.Config{Storage: metrics.Store(redis.New(), config)})
//	app.AddRoute(fiber.MethodGet, "/metrics", metrics.Route(app, config), fastmcp.RouteConfig{Admin: true})
func Route(app *fastmcp.App, config ...Config) fiber.Handler {
	c := configOf("Route", config)
	if c.Registerer == nil {
		c.Registerer = prometheus.NewRegistry()
	}
	g, ok := c.Registerer.(prometheus.Gatherer)
	if !ok {
		panic(fmt.Sprintf("metrics: Route: Config.Registerer is a %T, which cannot be read: give a *prometheus.Registry, or put New, App and Handler together yourself", c.Registerer))
	}
	if err := c.Registerer.Register(App(app, c)); err != nil {
		panic(fmt.Errorf("metrics: Route: %w: each App needs a registry, or a Config.Namespace, of its own", err))
	}
	for _, of := range []prometheus.Collector{collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := c.Registerer.Register(of); err != nil && !errors.As(err, new(prometheus.AlreadyRegisteredError)) {
			panic(fmt.Errorf("metrics: Route: %w", err))
		}
	}
	app.Use(New(c))
	return Handler(g, c)
}
