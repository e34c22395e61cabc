// Package cors answers browsers that ask whether a page of another origin may call: for an App's routes and for MCP, by one
// list.
//
//	app.Use(cors.New(cors.Config{App: app})) // the list is fastmcp.Config.Origins
//
// MCP's own endpoint needs no such middleware: it answers preflights and sets the headers by fastmcp.Config.Origins itself.
// This one does the same for routes, and where it runs the endpoint leaves the headers to it, so that they are there once
// and are the same. Whether a page may call MCP is decided there all the same, with 403 for those that may not: against DNS
// rebinding the headers alone are no help, because the call has run by the time a browser reads them.
//
// It is a handler of Fiber's, so it sees requests over HTTP only, and costs what any such handler costs: with the first one
// in App.Use requests of MCP go through Fiber's router instead of past it, which is about a twelfth of a small call. In an
// App that is mounted in another Fiber app, give it to that app's Use: a preflight is for no route, and App.Use there covers
// the App's own paths only.
package cors

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/gofiber/fiber/v2"
)

// Config is who may call, and with what. What its zero value means stands beside each field. One of App and Origins must be
// set.
type Config struct {
	// Next skips the middleware for a request when it returns true. Default: none is skipped.
	Next func(*fiber.Ctx) bool
	// App is the App whose fastmcp.Config.Origins are the pages that may call. Where it has none, those of loopback names
	// may, and only on a listener on a loopback address, as for MCP.
	App *fastmcp.App
	// Origins are the pages that may call, in place of the App's: "https://app.example.com", "https://*.example.com", or "*".
	// MCP's endpoint goes on asking its own list besides: a page that is to call it must be in both.
	Origins []string
	// Methods are those that pages may use. Default: GET, HEAD, POST, PUT, PATCH and DELETE.
	Methods []string
	// Headers are those that pages may send to routes, besides MCP's, Content-Type, Accept and Authorization. Default: none.
	Headers []string
	// Expose are headers of answers that pages may read, besides MCP's, WWW-Authenticate, Retry-After and X-RateLimit-*.
	// Default: none.
	Expose []string
	// Credentials lets pages send cookies and TLS client certificates. It needs a list without wildcards. MCP needs neither
	// of them: tokens travel in Authorization without it. Default: off.
	Credentials bool
	// MaxAge is how long a browser may keep the answer to a preflight, in whole seconds, rounded down; browsers have bounds
	// of their own, from 10 min to a day. Default: 2 h; negative: it may not.
	MaxAge time.Duration
}

// ConfigDefault is what New does by itself, but for whom: App or Origins say that.
var ConfigDefault = Config{
	Methods: []string{fiber.MethodGet, fiber.MethodHead, fiber.MethodPost, fiber.MethodPut, fiber.MethodPatch, fiber.MethodDelete},
	MaxAge:  2 * time.Hour,
}

// New makes the middleware. A setting that cannot be panics, with its name and the cure.
func New(config ...Config) fiber.Handler {
	p := policy{}
	if len(config) > 0 {
		p.Config = config[0]
	}
	p.complete()
	return p.serve
}

// policy is a Config with what is derived of it.
type policy struct {
	Config
	methods, headers, expose, age string
}

func (p *policy) complete() {
	switch {
	case p.App == nil && len(p.Origins) == 0:
		panic("cors: Config says of no page that it may call: set App for the list of fastmcp.Config.Origins, or Origins")
	case p.App != nil && len(p.Origins) > 0:
		panic("cors: Config has App and Origins: leave out Origins for the list of the App, or App for another list")
	}
	for _, o := range p.Origins {
		if err := check(o); err != nil {
			panic(fmt.Sprintf("cors: Config.Origins: %q is no origin: %v", o, err))
		}
	}
	if p.Credentials {
		p.checkCredentials()
	}
	for name, list := range map[string][]string{"Methods": p.Methods, "Headers": p.Headers, "Expose": p.Expose} {
		for _, word := range list {
			if !streamhttp.IsToken(word) || word == "*" {
				panic(fmt.Sprintf("cors: Config.%s: %q is no name: give each by itself; a wildcard does not cover Authorization", name, word))
			}
		}
	}
	if len(p.Methods) == 0 {
		p.Methods = ConfigDefault.Methods
	}
	if p.MaxAge == 0 {
		p.MaxAge = ConfigDefault.MaxAge
	}
	if p.MaxAge > 0 {
		p.age = strconv.FormatInt(int64(p.MaxAge/time.Second), 10)
	}
	p.methods = strings.Join(p.Methods, ", ")
	p.headers = list("", p.Headers)
	p.expose = list(streamhttp.ExposedHeaders, p.Expose)
}

// list is a list with more behind it.
func list(first string, more []string) string {
	if first == "" || len(more) == 0 {
		return first + strings.Join(more, ", ")
	}
	return first + ", " + strings.Join(more, ", ")
}

// checkCredentials makes sure that cookies are for pages that are named.
func (p *policy) checkCredentials() {
	origins, where := p.Origins, "Config.Origins"
	if p.App != nil {
		origins, where = p.App.HTTP().Origins(), "fastmcp.Config.Origins"
	}
	if len(origins) == 0 || slices.ContainsFunc(origins, func(o string) bool { return strings.Contains(o, "*") }) {
		panic("cors: Config.Credentials sends cookies to pages: name each of them in " + where + ", without wildcards, or leave Credentials out")
	}
}

// check finds what is wrong with an origin (RFC 6454, section 6.2).
func check(origin string) error {
	if origin == "*" {
		return nil
	}
	const form = `write it as "https://app.example.com", with a port where it has one, or "https://*.example.com", or "*"`
	u, err := url.Parse(origin)
	switch {
	case err != nil, u.Scheme == "", u.Host == "", u.User != nil, u.Path != "", u.RawQuery != "", u.ForceQuery, u.Fragment != "", strings.HasSuffix(origin, "#"):
		return fmt.Errorf("%s", form)
	case strings.Contains(strings.TrimPrefix(u.Host, "*."), "*"):
		return fmt.Errorf("a wildcard stands for the first labels of the host: %s", form)
	}
	return nil
}

func (p *policy) serve(c *fiber.Ctx) error {
	if p.Next != nil && p.Next(c) {
		return c.Next()
	}
	c.Vary(fiber.HeaderOrigin) // the answer to one page is not that to another, whatever this one gets
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" {
		return c.Next() // no page of another origin
	}
	asks := c.Method() == fiber.MethodOptions && c.Get(fiber.HeaderAccessControlRequestMethod) != ""
	if !p.admits(c, origin) {
		if asks {
			return fiber.NewError(fiber.StatusForbidden, fmt.Sprintf("Forbidden: pages of %q may not call this server; its list of origins has those that may", origin))
		}
		c.Locals(streamhttp.CORSAnswered{}, true)
		return c.Next() // its browser keeps the answer from it
	}
	c.Set(fiber.HeaderAccessControlAllowOrigin, origin)
	c.Set(fiber.HeaderAccessControlExposeHeaders, p.expose)
	if p.Credentials {
		c.Set(fiber.HeaderAccessControlAllowCredentials, "true")
	}
	if asks {
		return p.answer(c)
	}
	c.Locals(streamhttp.CORSAnswered{}, true)
	return c.Next()
}

// admits tells that pages of an origin may call.
func (p *policy) admits(c *fiber.Ctx, origin string) bool {
	if p.App != nil {
		return p.App.HTTP().AdmitsOrigin(origin, func() netip.Addr { return localIP(c) })
	}
	return slices.ContainsFunc(p.Origins, func(pattern string) bool { return streamhttp.MatchOrigin(pattern, origin) })
}

// answer answers a preflight. It comes before authentication, because it carries none.
func (p *policy) answer(c *fiber.Ctx) error {
	c.Vary(fiber.HeaderAccessControlRequestMethod, fiber.HeaderAccessControlRequestHeaders)
	c.Set(fiber.HeaderAccessControlAllowMethods, p.methods)
	allowed := streamhttp.AllowedHeaders(c.Get(fiber.HeaderAccessControlRequestHeaders))
	if p.headers != "" {
		allowed += ", " + p.headers
	}
	c.Set(fiber.HeaderAccessControlAllowHeaders, allowed)
	if p.age != "" {
		c.Set(fiber.HeaderAccessControlMaxAge, p.age)
	}
	c.Status(fiber.StatusNoContent)
	return nil
}

// localIP is the address that the client has connected to; not valid where there is none.
func localIP(c *fiber.Ctx) netip.Addr {
	tcp, ok := c.Context().LocalAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap()
}
