//go:build !js

package fastmcp

import (
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/host/fasthost"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// door is where connections come in: the App's own listeners.
type door struct {
	mu        sync.Mutex
	listeners []*entrance
	shut      chan struct{} // closed when the App listens no more
	over      chan struct{} // closed when Shutdown has come to its end
	close     sync.Once
	end       sync.Once
	parting   sync.Once // the word to the service manager

	exposed  bool // the App listens, or has
	exposure streamhttp.Exposure
}

// entrance is a listener that may be closed again: by who shuts the door, and by the server that stops.
type entrance struct {
	net.Listener
	once sync.Once
	err  error
}

// Close closes the listener.
func (e *entrance) Close() error {
	e.once.Do(func() { e.err = e.Listener.Close() })
	return e.err
}

func (d *door) init() { d.shut, d.over = make(chan struct{}), make(chan struct{}) }

// open makes a listener one of the door's. It is closed already when the door is shut.
func (d *door) open(ln net.Listener) net.Listener {
	e := &entrance{Listener: ln}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listeners = append(d.listeners, e)
	if d.isShut() {
		_ = e.Close()
	}
	return e
}

func (d *door) isShut() bool {
	select {
	case <-d.shut:
		return true
	default:
		return false
	}
}

// wait waits, and tells that nobody has shut the door meanwhile.
func (d *door) wait(delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-d.shut:
		return false
	}
}

// lastGuests is how long the door lets in who was on the way when it began to be shut: a round trip across a continent.
const lastGuests = 200 * time.Millisecond

// refuse closes the listeners; it tells whether there were any. Closing one resets the connections that the kernel has
// made and nobody has accepted yet, whose requests may have been sent, which no balancer may repeat. So first no more are
// made, where the kernel can be told, and those that there are come in.
func (f *fiberApp) refuse() bool {
	d := &f.door
	d.mu.Lock()
	defer d.mu.Unlock()
	d.close.Do(func() {
		close(d.shut)
		if len(d.listeners) > 0 {
			f.app.notifyStopping()
		}
		deaf := false
		for _, e := range d.listeners {
			deaf = fasthost.Deafen(e.Listener) == nil || deaf
		}
		if deaf && f.app.drainDelay() > 0 {
			time.Sleep(lastGuests)
		}
		for _, e := range d.listeners {
			_ = e.Close()
		}
	})
	return len(d.listeners) > 0
}

// over tells Listen that Shutdown has come to its end.
func (f *fiberApp) over() { f.door.end.Do(func() { close(f.door.over) }) }

// limits are how many connections a listener of the App's may have.
func (a *App) limits() fasthost.Limits {
	h := &a.config.HTTP
	l := fasthost.Limits{Max: h.MaxConns, PerIP: h.MaxConnsPerIP, Exempt: a.host.Trusted, Log: a.config.Log, Refused: a.turnedAway, Track: a.host.Track}
	if l.Max == 0 {
		l.Max = defaultMaxConns
		if files := fasthost.MaxFiles(); files > 0 {
			l.Max = min(l.Max, max(files/4*3, 1))
		}
	}
	if l.PerIP == 0 && l.Max > 0 {
		l.PerIP = max(l.Max/4*3, 1)
	}
	return l
}

// defaultMaxConns is HTTPConfig.MaxConns when it is not set.
const defaultMaxConns = 65_536

// screen has a server of the App's refuse what might be read in two ways, and lets clients read its refusals: it closes
// the connection after them, on which the rest of the request may still be coming.
func (a *App) screen(server *fasthttp.Server) {
	server.HeaderReceived = fasthost.Screen(a.config.HTTP.MaxBody)
	answer := server.ErrorHandler
	server.ErrorHandler = func(ctx *fasthttp.RequestCtx, err error) {
		if isSilence(err) {
			reject(ctx, fasthttp.StatusRequestTimeout, "Request timeout")
			return
		}
		answer(ctx, err)
		fasthost.Linger(ctx.Conn())
	}
}

// isSilence tells that the rest of a request has not come in time, wherever in it that was noticed: nobody sends it.
func isSilence(err error) bool {
	timeout := net.Error(nil)
	return errors.Is(err, fasthttp.ErrTimeout) || errors.As(err, &timeout) && timeout.Timeout()
}

// reject answers a request that is not served, in the form of all errors, and ends its connection: what follows on it is
// never read as a request.
func reject(ctx *fasthttp.RequestCtx, status int, message string) {
	ctx.Response.Reset()
	ctx.SetStatusCode(status)
	ctx.SetContentType("application/json")
	ctx.SetBody(protocol.AppendError(nil, nil, &protocol.Error{Code: protocol.CodeServer, Message: message}))
	ctx.SetConnectionClose()
	fasthost.Linger(ctx.Conn())
}

// parting stands before all routes. What must not be served is rejected, Fiber's own word on methods that it does not know
// among it, and the answers end their connections once the App is drained. Those of MCP's do it themselves.
func (a *App) parting(h fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if fault := fasthost.Refused(ctx); fault != nil {
			a.transport.tell(TransportError{Fault: faultOfStatus(fault.Status), Err: errors.New(fault.Message), IP: ipOf(ctx.RemoteAddr())})
			reject(ctx, fault.Status, fault.Message)
			return
		}
		if !slices.Contains(fiber.DefaultMethods, string(ctx.Method())) {
			reject(ctx, fasthttp.StatusNotImplemented, "Not implemented: no such method")
			return
		}
		if a.http.Draining() {
			ctx.Response.SetConnectionClose()
		}
		h(ctx)
	}
}
