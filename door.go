//go:build !js

package fastmcp

import (
	"net"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/host/fasthost"
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

// parting has the answers of all routes end their connections once the App is drained. Those of MCP's do it themselves.
func (a *App) parting(h fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if a.http.Draining() {
			ctx.Response.SetConnectionClose()
		}
		h(ctx)
	}
}
