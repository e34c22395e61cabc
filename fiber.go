//go:build !js

package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/host/fasthost"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// fiberApp is the part of an App that is Fiber's. It is made when it is first asked for.
type fiberApp struct {
	app    *App
	host   fasthost.Config
	once   sync.Once
	fiber  atomic.Pointer[fiber.App]
	build  sync.Once
	way    sync.Once // of requests: see straight
	uses   []fiber.Handler
	routes []route
	served bool        // Listen or Mount has registered what there was
	taken  atomic.Bool // Fiber has given the Fiber app away
	door   door
	admin  admin

	stopped atomic.Bool // the server
}

// MountConfig is how an App is served inside a Fiber app that exists.
type MountConfig struct {
	// Root is where documents go whose place is the root of the host, as /.well-known. Default: the router that is
	// mounted on, if it is a *fiber.App.
	Root *fiber.App
}

type principalKey struct{}

// PrincipalOf is who calls a route; nil is anonymous, and what a public route gets.
func PrincipalOf(c *fiber.Ctx) *auth.Principal {
	p, _ := c.Locals(principalKey{}).(*auth.Principal)
	return p
}

func (f *fiberApp) init(a *App) {
	f.app = a
	f.door.init()
	trusted, unix, err := prefixes(a.config.HTTP.TrustedProxies)
	if err != nil {
		panic(err)
	}
	f.host.WriteTimeout = a.config.HTTP.WriteTimeout
	f.host.Trusted = fasthost.TrustPrefixes(unix, trusted...)
	f.host.Track = fasthost.NewConns(2 * a.config.HTTP.MaxStreams)
}

// prefixes are the networks that TrustedProxies names, and whether it names who comes by a socket in the file system.
func prefixes(all []string) (trusted []netip.Prefix, unix bool, err error) {
	for _, s := range all {
		if s == "unix" {
			unix = true
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			ip, bad := netip.ParseAddr(s)
			if bad != nil {
				return nil, false, fmt.Errorf(`fastmcp: TrustedProxies: %q is neither an address, a range in CIDR notation, nor "unix"`, s)
			}
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
		trusted = append(trusted, p)
	}
	return trusted, unix, nil
}

// use takes a handler of Fiber's for all requests.
func (f *fiberApp) use(a *App, h any) bool {
	handler, ok := h.(fiber.Handler)
	if !ok || handler == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if f.served {
		panic(fmt.Sprintf("fastmcp: Use was given Fiber's %s when the App was served already: Fiber would not run it", funcName(h)))
	}
	f.uses = append(f.uses, handler)
	a.links = append(a.links, link{"fiber", funcName(h)})
	return true
}

// Fiber is the Fiber app that Listen serves. What is registered on it directly comes before everything else. Once somebody has
// it, requests of MCP's go through Fiber's router like all others, as they do with a handler of Fiber's in Use: a small call then
// costs some 1.4 times as much.
func (a *App) Fiber() *fiber.App {
	a.taken.Store(true)
	return a.ownFiber()
}

func (a *App) ownFiber() *fiber.App {
	f := &a.fiberApp
	f.once.Do(func() { f.fiber.Store(a.newFiber()) })
	return f.fiber.Load()
}

// newFiber makes a Fiber app by Config. What proxies tell of a request is believed of those alone that are trusted: Fiber by
// itself believes everybody.
func (a *App) newFiber() *fiber.App {
	h := &a.config.HTTP
	proxies := slices.Clone(h.TrustedProxies)
	for i, s := range proxies {
		if s == "unix" {
			proxies[i] = "0.0.0.0" // what fasthttp has for an address of who has none
		}
	}
	f := fiber.New(fiber.Config{
		AppName: a.config.Name, DisableStartupMessage: true, ErrorHandler: a.answerError,
		BodyLimit: h.MaxBody, ReadBufferSize: h.MaxHeader, ReadTimeout: h.ReadTimeout, IdleTimeout: h.IdleTimeout,
		// Or what follows the last part of a multipart body would be read as the next request.
		DisablePreParseMultipartForm: true,
		WriteTimeout:                 h.WriteTimeout, EnableTrustedProxyCheck: true, TrustedProxies: proxies,
	})
	a.watch(f.Server())
	return f
}

// Mount serves the App inside a Fiber app that exists: MCP under HTTPConfig.Path of the router, and the App's routes
// beside it. What app.Use was given of Fiber's handlers runs for these paths only. It panics where the Fiber app has a
// setting that MCP cannot work with, and logs those that it works badly with.
func (a *App) Mount(r fiber.Router, config ...MountConfig) {
	root, _ := r.(*fiber.App)
	if len(config) > 0 && config[0].Root != nil {
		root = config[0].Root
	}
	if root != nil {
		a.checkMount(root)
	}
	if a.config.HTTP.TLS.isSet() {
		panic("fastmcp: Mount: HTTPConfig.TLS is for Listen, and the listener is the Fiber app's: give it the certificate, and leave out HTTPConfig.TLS")
	}
	admin, err := a.listenAdmin()
	must(err)
	if err := a.start(); err != nil {
		panic(errors.Join(err, a.giveUpAdmin(admin)))
	}
	a.register(r, root, false)
	a.serveAdmin(admin)
}

func (a *App) checkMount(root *fiber.App) {
	c, log := root.Config(), a.config.Log
	if c.Prefork && !a.config.Stateless {
		panic("fastmcp: Mount: Prefork makes a process of each connection, and sessions live in one: turn it off, or set Config.Stateless")
	}
	if c.Prefork && len(a.config.Keys) == 0 {
		panic("fastmcp: Mount: Prefork makes several processes, each of which would make up a key of its own: set Config.Keys")
	}
	if c.StreamRequestBody {
		log.Warn("fastmcp: Mount: StreamRequestBody keeps BodyLimit from bounding bodies")
	}
	if !c.DisablePreParseMultipartForm {
		log.Warn("fastmcp: Mount: without DisablePreParseMultipartForm what follows the last part of a multipart body is read as another request, which a proxy in front has not seen")
	}
	if c.ReadBufferSize < 8<<10 {
		log.Warn("fastmcp: Mount: ReadBufferSize is also the limit of a request's headers: a large token will get a 431", "size", c.ReadBufferSize)
	}
	if c.ReadTimeout == 0 {
		log.Warn("fastmcp: Mount: without ReadTimeout a connection that says nothing holds up a shutdown for ever")
	}
}

// register puts everything that is served on a router. root may be nil. On a router that is not the App's own the
// handlers of app.Use are part of its routes, so that others do not get them.
func (a *App) register(r fiber.Router, root *fiber.App, own bool) {
	a.mu.Lock()
	uses, routes := a.uses, a.routesOn(false)
	a.served = true
	a.mu.Unlock()
	if a.config.Auth != nil && root != nil {
		for _, e := range a.config.Auth.Endpoints() {
			root.Add(e.Method, e.Path, a.serveEndpoint(e))
		}
	}
	endpoints := a.endpoints()
	var first, all []fiber.Handler
	if own {
		all = []fiber.Handler{a.gateHost}
	} else {
		first, all = []fiber.Handler{inspect}, []fiber.Handler{inspect}
	}
	for _, h := range uses {
		switch {
		case own && buffers(h):
			r.Use(besides(endpoints, h))
		case own:
			r.Use(h)
		case buffers(h):
			all = append(all, h)
		default:
			first, all = append(first, h), append(all, h)
		}
	}
	for _, e := range endpoints {
		serve := append(slices.Clone(first), a.serveMCP(e))
		r.All(e.path, serve...)
		if other := strings.TrimSuffix(e.path, "/"); other != "" {
			if other == e.path {
				other += "/"
			}
			r.All(other, serve...) // where Fiber's StrictRouting tells the two apart
		}
	}
	if !own {
		all = append([]fiber.Handler{a.inOneForm}, all...)
	}
	a.addRoutes(r, routes, all, own)
}

// inspect refuses, on somebody else's server, what our own would not have read.
func inspect(c *fiber.Ctx) error {
	if fault := fasthost.Inspect(c.Context()); fault != nil {
		reject(c.Context(), fault.Status, fault.Message)
		return nil
	}
	return c.Next()
}

// gateHost keeps pages of a name that was bound to this address from routes, as MCP's own gate does (DNS rebinding). Probes
// ask for addresses, which are no names.
func (a *App) gateHost(c *fiber.Ctx) error {
	x := fasthost.Acquire(c.Context(), &a.host)
	defer x.Release()
	// App.Test comes by no address, and who asks by HTTP/1.0 for no name is no page.
	if x.LocalIP().IsUnspecified() || x.Host() == "" || a.http.AdmitsHost(x) {
		return c.Next()
	}
	return fiber.NewError(fiber.StatusForbidden, "Forbidden: this server does not answer to that name; Config.Hosts lists those that it answers to")
}

// gateOrigin keeps other sites' pages from a private route: a browser shows its user's certificate to any page that asks.
func (a *App) gateOrigin(c *fiber.Ctx) error {
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" || c.Context().UserValue(streamhttp.CORSAnswered{}) != nil {
		return nil
	}
	x := fasthost.Acquire(c.Context(), &a.host)
	defer x.Release()
	if _, host, _ := strings.Cut(origin, "://"); strings.EqualFold(host, x.Host()) {
		return nil
	}
	if a.http.AdmitsOrigin(origin, x.LocalIP) {
		return nil
	}
	return fiber.NewError(fiber.StatusForbidden, "Forbidden: pages of another origin may not use this route; Config.Origins lists those that may")
}

// serveMCP answers requests of MCP's. Which server they come from shows with the first.
func (a *App) serveMCP(e endpoint) fiber.Handler {
	var server atomic.Pointer[fasthttp.Server]
	host := a.host.For(server.Load)
	return func(c *fiber.Ctx) error {
		if server.Load() == nil {
			server.Store(c.App().Server())
		}
		return a.serveOn(c.Context(), host, e.serve)
	}
}

// serveOn serves one request of fasthttp's.
func (a *App) serveOn(ctx *fasthttp.RequestCtx, host *fasthost.Config, serve func(context.Context, streamhttp.Exchange)) error {
	return a.serveExchange(fasthost.Acquire(ctx, host), serve)
}

// serveExchange serves one request. What user code panics with has been contained by then. That the error never happens is
// no reason to let a bug of ours end the process.
func (a *App) serveExchange(x *fasthost.Exchange, serve func(context.Context, streamhttp.Exchange)) error {
	err := contain(func() error { serve(a.base, x); return nil })
	if err != nil {
		x.Release()
		a.config.Log.Error("serving failed", "error", err, "stack", string(err.(*fault).stack))
	}
	return err
}

// straight has requests of MCP's go past Fiber's router, and plain ones past fasthttp, where nothing of Fiber's would have them:
// the two are a third of what a small call costs. All others, and all where somebody has the Fiber app to put handlers on it, go
// the usual way.
func (a *App) straight(f *fiber.App) {
	server, path := f.Server(), a.config.HTTP.Path
	a.screen(server)
	fibers, host := a.parting(server.Handler), a.host.For(func() *fasthttp.Server { return server })
	server.Handler = fibers
	if len(a.uses) > 0 {
		return
	}
	server.Handler = func(ctx *fasthttp.RequestCtx) {
		if a.taken.Load() || string(ctx.Request.Header.RequestURI()) != path || !ctx.IsPost() || ctx.Request.Header.ConnectionClose() {
			fibers(ctx)
			return
		}
		if a.serveOn(ctx, host, a.http.Serve) != nil {
			ctx.Error(internalError, fasthttp.StatusInternalServerError)
			ctx.SetContentType(fiber.MIMEApplicationJSON)
		}
	}
	fasthost.Lane{
		Path: path, Open: func() bool { return !a.taken.Load() }, Failed: internalError,
		Serve: func(x *fasthost.Exchange) error { return a.serveExchange(x, a.http.Serve) },
	}.Attach(server, host)
}

const internalError = `{"jsonrpc":"2.0","error":{"code":-32603,"message":"Internal error"}}`

// buffering are those of Fiber's handlers that keep a whole body before they send it, or send another in its place. A
// stream has no whole body.
var buffering = []string{"etag", "compress", "cache", "timeout", "idempotency"}

// buffers tells that a handler is one of those, by the file that it was written in: its name may be that of whom the
// compiler has put it into.
func buffers(h fiber.Handler) bool {
	file := sourceFile(h)
	for _, name := range buffering {
		if strings.Contains(file, "gofiber/fiber") && strings.Contains(file, "/middleware/"+name+"/") {
			return true
		}
	}
	return false
}

// besides keeps a handler off the endpoints.
func besides(endpoints []endpoint, h fiber.Handler) fiber.Handler {
	var suffixes []string
	for _, e := range endpoints {
		suffixes = append(suffixes, strings.ToLower(strings.TrimSuffix(e.path, "/")))
	}
	return func(c *fiber.Ctx) error {
		path := strings.ToLower(strings.TrimSuffix(c.Path(), "/"))
		if slices.ContainsFunc(suffixes, func(suffix string) bool { return strings.HasSuffix(path, suffix) }) {
			return c.Next()
		}
		return h(c)
	}
}

// exposure is whom an address is open to.
func exposure(addr net.Addr) streamhttp.Exposure {
	tcp, ok := addr.(*net.TCPAddr)
	switch {
	case !ok:
		return streamhttp.Public // a socket in the file system, which no browser reaches
	case tcp.IP.IsLoopback():
		return streamhttp.Loopback
	}
	return streamhttp.Public
}

// shutdown closes what is left once no call is running any more.
func (f *fiberApp) shutdown(ctx context.Context) error {
	f.host.Track.CloseAll()
	return errors.Join(f.closeIdle(ctx), f.admin.close(ctx))
}

// closeIdle closes the connections that bring nothing, and waits for those whose request has just been read: it is still
// served. Fiber's hooks for it run once.
func (f *fiberApp) closeIdle(ctx context.Context) error {
	server := f.fiber.Load()
	if server == nil || !f.stopped.CompareAndSwap(false, true) {
		return nil
	}
	done := make(chan struct{})
	defer close(done)
	go f.host.Track.EndUnheard(done)
	most, cancel := context.WithTimeout(ctx, lastAnswers)
	defer cancel()
	if err := server.ShutdownWithContext(most); err != nil && (ctx.Err() != nil || !errors.Is(err, most.Err())) {
		return err
	}
	return nil
}

// lastAnswers is how long answers may be on their way when all calls have ended. fasthttp would wait for a connection
// that has never said anything until its ReadTimeout is over.
const lastAnswers = 5 * time.Second

// prepare registers everything on the App's own Fiber app, once.
func (a *App) prepare() *fiber.App {
	f := a.ownFiber()
	a.build.Do(func() {
		f.Use(containedRoute)
		a.register(f, f, true)
	})
	return f
}

// Test answers a request without a listener, in the way of Fiber's Test: an event stream is answered as a whole, and the
// GET stream of a session is not there. It waits for a second, or for msTimeout milliseconds; -1 is without end.
func (a *App) Test(req *http.Request, msTimeout ...int) (*http.Response, error) {
	return a.prepare().Test(req, msTimeout...)
}
