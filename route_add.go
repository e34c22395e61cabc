//go:build !js

package fastmcp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/gofiber/fiber/v2"
)

// MethodAll is a route's method that stands for every method.
const MethodAll = "ALL"

// RouteConfig is who may use a route, and where it is served.
type RouteConfig struct {
	// Public routes ask nobody who they are. Default: when Config.Auth is set, a caller must be known.
	Public bool
	// CanAccess is asked about a caller who is known; it needs Config.Auth.
	CanAccess auth.Guard
	// Admin routes are the operator's. They are served on HTTPConfig.AdminAddr alone; without one, beside MCP, where
	// they need a caller who is known. Default: false, beside MCP.
	Admin bool
}

// route is a handler of Fiber's, and who may ask it.
type route struct {
	method, path string
	handler      fiber.Handler
	config       RouteConfig
}

// AddRoute serves path beside MCP, with a handler of Fiber's. PrincipalOf tells it who calls, and App.RemoteIP from where.
//
// The path is one of Fiber's: "/users/:id", "/files/*". The method is one of Fiber's, or MethodAll; a route for GET answers
// HEAD, too, unless that has a route of its own. Routes are asked in the order in which they were added, and MCP comes first.
//
// What a handler returns as an error is answered as JSON, in the form of all errors: a *fiber.Error with its status and text,
// an *Error with 400 and its text, the validator's errors with 422 and the names of the fields, TooMany with 429. Any other
// error, and a panic, is a 500 with an id, under which the operator's log has it. A body that is compressed is refused with
// 415: Fiber would unpack it without a bound.
//
// A mistake panics with the cure: a method that there is not, a path of MCP's, the same route twice, a guard without
// Config.Auth, an Admin route that would be open to everybody, a route that comes when the App is served already.
func (a *App) AddRoute(method, path string, h fiber.Handler, config ...RouteConfig) {
	r := route{method: strings.ToUpper(method), path: path, handler: h}
	if len(config) > 0 {
		r.config = config[0]
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if mistake := a.mistakeIn(&r); mistake != "" {
		panic(fmt.Sprintf("fastmcp: the route %s %q %s", method, path, mistake))
	}
	a.routes = append(a.routes, r)
}

// mistakeIn says what is wrong with a route, and what to do about it. a.mu is held.
func (a *App) mistakeIn(r *route) string {
	if mistake := r.mistake(); mistake != "" {
		return mistake
	}
	known := a.config.Auth != nil && !r.config.Public
	switch {
	case a.served:
		return "was added when the App was served already: add it before Listen or Mount"
	case r.config.CanAccess != nil && a.config.Auth == nil:
		return "has a guard, but nobody can be known: set Config.Auth"
	case r.config.CanAccess != nil && r.config.Public:
		return "has a guard, and is public, so that nobody would be known: leave out Public or CanAccess"
	case r.config.Admin && a.config.HTTP.AdminAddr == "" && !known:
		return "would be open to everybody: /metrics and admin routes need a principal (Config.Auth, and no Public) or the second listener (HTTPConfig.AdminAddr)"
	}
	if !a.onAdmin(r) {
		if taken := a.takes(r.path); taken != "" {
			return taken
		}
	}
	if slices.ContainsFunc(a.routes, func(other route) bool { return a.onAdmin(&other) == a.onAdmin(r) && other.is(r.method, r.path) }) {
		return "is there already, and would never be asked: leave one out"
	}
	return ""
}

// takes tells whose path it is already; "" when it is nobody's.
func (a *App) takes(path string) string {
	for _, e := range a.endpoints() {
		if e.is(path) {
			return "is where MCP is served: give it another path, or MCP one in " + e.setting
		}
	}
	if a.config.Auth == nil {
		return ""
	}
	for _, e := range a.config.Auth.Endpoints() {
		if e.Path == path {
			return "is where Config.Auth serves a document: give it another path"
		}
	}
	return ""
}

// mistake is what is wrong with the route by itself.
func (r *route) mistake() string {
	switch {
	case r.method == "":
		return "has no method: give it fiber.MethodGet, another of Fiber's, or fastmcp.MethodAll"
	case r.method != MethodAll && !slices.Contains(fiber.DefaultMethods, r.method):
		return "has a method that there is not: use one of " + strings.Join(fiber.DefaultMethods, ", ") + ", or fastmcp.MethodAll"
	case !strings.HasPrefix(r.path, "/"):
		return `has a path that does not begin with "/": put one before it`
	case strings.ContainsFunc(r.path, func(c rune) bool { return c <= ' ' || c == 0x7F || c == '#' }):
		return "has a path with a space, a control character or a fragment, which no request has: leave them out"
	case r.handler == nil:
		return "has no handler: give it a func(*fiber.Ctx) error"
	}
	return ""
}

// is tells that a route is for this method and path, as Fiber sees paths.
func (r *route) is(method, path string) bool {
	return r.method == method && strings.EqualFold(strings.TrimSuffix(r.path, "/"), strings.TrimSuffix(path, "/"))
}

// onAdmin tells that a route is served on the second listener.
func (a *App) onAdmin(r *route) bool { return r.config.Admin && a.config.HTTP.AdminAddr != "" }

// addRoutes puts routes on a router, each behind what comes before all of them.
func (a *App) addRoutes(to fiber.Router, routes []route, before []fiber.Handler, own bool) {
	for _, r := range routes {
		handlers := append(slices.Clone(before), a.guardRoute(r, own), unpacked, r.handler)
		if r.method == MethodAll {
			to.All(r.path, handlers...)
			continue
		}
		own := func(other route) bool { return other.is(fiber.MethodHead, r.path) }
		if r.method == fiber.MethodGet && !slices.ContainsFunc(routes, own) {
			to.Add(fiber.MethodHead, r.path, handlers...)
		}
		to.Add(r.method, r.path, handlers...)
	}
}

// routesOn are the routes of the second listener, or the others. a.mu is held.
func (a *App) routesOn(admin bool) (some []route) {
	for _, r := range a.routes {
		if a.onAdmin(&r) == admin {
			some = append(some, r)
		}
	}
	return some
}

// unpacked refuses a body that is compressed: Fiber unpacks it without a bound, so that a few bytes can become all of the
// memory that there is (RFC 9110, 15.5.16).
func unpacked(c *fiber.Ctx) error {
	switch coding := c.Get(fiber.HeaderContentEncoding); {
	case coding == "" || strings.EqualFold(coding, "identity"):
		return c.Next()
	}
	c.Set(fiber.HeaderAcceptEncoding, "identity")
	return fiber.NewError(fiber.StatusUnsupportedMediaType, "Unsupported Media Type: send the body as it is, without Content-Encoding")
}
