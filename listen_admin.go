//go:build !js

package fastmcp

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/host/fasthost"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/gofiber/fiber/v2"
)

// admin is the second listener: HTTPConfig.AdminAddr.
type admin struct {
	mu     sync.Mutex
	addr   net.Addr
	fiber  *fiber.App
	ln     net.Listener
	served chan error
	closed bool
}

type adminKey struct{}

// IsAdmin tells that a request has come by HTTPConfig.AdminAddr. Who comes by it may know what is the operator's.
func IsAdmin(c *fiber.Ctx) bool { return c.Locals(adminKey{}) != nil }

// AdminAddr is where the second listener is open; nil while it is not. It has the port that "127.0.0.1:0" was given.
func (a *App) AdminAddr() net.Addr {
	a.admin.mu.Lock()
	defer a.admin.mu.Unlock()
	return a.admin.addr
}

// listenAdmin opens the second listener; nil when there is none to open. Who connects waits until it is served.
func (a *App) listenAdmin() (net.Listener, error) {
	d := &a.admin
	d.mu.Lock()
	defer d.mu.Unlock()
	if a.config.HTTP.AdminAddr == "" || d.addr != nil || d.closed {
		return nil, nil
	}
	ln, err := a.listen(a.config.HTTP.AdminAddr)
	if err != nil {
		return nil, errors.Join(errors.New("fastmcp: HTTPConfig.AdminAddr cannot be listened on"), err)
	}
	d.addr = ln.Addr()
	return ln, nil
}

// giveUpAdmin closes a second listener that will not be served.
func (a *App) giveUpAdmin(ln net.Listener) error {
	if ln == nil {
		return nil
	}
	a.admin.mu.Lock()
	defer a.admin.mu.Unlock()
	a.admin.addr = nil
	return ln.Close()
}

// serveAdmin serves the second listener, if there is one. The routes are fixed by now.
func (a *App) serveAdmin(ln net.Listener) {
	if ln == nil {
		return
	}
	a.mu.Lock()
	uses, routes := slices.Clone(a.uses), a.routesOn(true)
	a.mu.Unlock()
	f := a.newFiber()
	f.Use(containedRoute, a.gateAdmin(exposure(ln.Addr())))
	for _, h := range uses {
		f.Use(h)
	}
	a.addRoutes(f, routes, nil, false)
	a.warnAdmin(ln.Addr(), routes)
	defer a.listening(a.listenInfo(ln.Addr(), false, true)) // not under the lock
	d := &a.admin
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		_ = ln.Close()
		return
	}
	server := f.Server()
	server.Handler = a.parting(server.Handler)
	a.screen(server)
	d.fiber, d.ln, d.served = f, &entrance{Listener: ln}, make(chan error, 1)
	go func() {
		err := f.Listener(fasthost.NewListener(d.ln, fasthost.Limits{Max: mostProbes, Log: a.config.Log}))
		if err != nil && !d.isClosed() {
			a.config.Log.Error("the admin listener has failed", "error", err)
		}
		d.served <- err
	}()
}

func (d *admin) isClosed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

// warnAdmin warns of operator's routes that everybody can reach. One on a loopback address, or in the file system, is for who
// is on this machine already.
func (a *App) warnAdmin(addr net.Addr, routes []route) {
	a.config.Log.Info("the admin listener is open", "address", addr.String())
	if _, tcp := addr.(*net.TCPAddr); !tcp || exposure(addr) == streamhttp.Loopback {
		return
	}
	for _, r := range routes {
		if a.config.Auth == nil || r.config.Public {
			a.config.Log.Warn("HTTPConfig.AdminAddr is open to others, and not all of its routes ask who they are: listen on 127.0.0.1, or set Config.Auth and leave out Public",
				"address", addr.String(), "route", r.path)
			return
		}
	}
}

// gateAdmin keeps pages in a browser from the second listener, as MCP's does (DNS rebinding): Config.Hosts and Origins are not
// for it.
func (a *App) gateAdmin(e streamhttp.Exposure) fiber.Handler {
	gate := streamhttp.New(a.Engine(), nil, streamhttp.Config{Log: a.config.Log})
	gate.Expose(e)
	return func(c *fiber.Ctx) error {
		x := fasthost.Acquire(c.Context(), &a.host)
		defer x.Release()
		if !gate.Admit(x) {
			return nil
		}
		c.Locals(adminKey{}, true)
		return c.Next()
	}
}

// close ends the second listener: requests that run may end, within a second and ctx.
func (d *admin) close(ctx context.Context) error {
	d.mu.Lock()
	f, served, closed := d.fiber, d.served, d.closed
	d.closed, d.addr = true, nil
	d.mu.Unlock()
	if f == nil || closed {
		return nil
	}
	most, cancel := context.WithTimeout(ctx, lastProbes)
	defer cancel()
	err := f.ShutdownWithContext(most)
	if err != nil && ctx.Err() == nil && errors.Is(err, most.Err()) {
		err = nil // a connection that says nothing: it ends with HTTPConfig.ReadTimeout
	}
	_ = d.ln.Close() // the server may not have begun to listen yet
	<-served
	return err
}

// mostProbes is how many connections the second listener may have. They are not among those of HTTPConfig.MaxConns: who fills
// those must not make the node look dead.
const mostProbes = 256

// lastProbes is how long answers of the second listener may be on their way when all else has ended.
const lastProbes = time.Second
