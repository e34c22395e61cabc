package fasthost

import (
	"net"
	"sync"

	"github.com/fastmcp-go/fastmcp/internal/disconnect"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/valyala/fasthttp"
)

var _ streamhttp.Exchange = (*Exchange)(nil)

// Exchange is one request and its answer: one that fasthttp has read, or the Lane. It is not pooled: a user's Context may keep
// it for ever, and must never see somebody else's request through it.
type Exchange struct {
	cfg *Config
	// clean tells that the server holds no answer to an earlier request of the connection that is still to be written: a
	// stream would overtake it.
	clean bool

	mu       sync.Mutex
	request  request // what was kept of it once it is released
	kept     *kept   // nil unless Keep was called
	released bool
	response *fasthttp.Response   // nil once released: it is used again
	dressed  bool                 // a header was set
	ctx      *fasthttp.RequestCtx // nil once released, and where the lane has the request
	own      *conn                // the lane's; nil once released
	body     *body                // nil unless the answer is a stream
	stop     func()               // ends the watch that OnGone started
	watched  bool                 // OnGone was called
}

// Acquire makes an exchange of the request that ctx holds. It must be called on the goroutine of fasthttp's handler,
// and Release on the same, before the handler returns.
func Acquire(ctx *fasthttp.RequestCtx, cfg *Config) *Exchange {
	x := &Exchange{cfg: cfg, request: served{ctx}, response: &ctx.Response, ctx: ctx, clean: true}
	if own := ownConn(ctx.Conn()); own != nil {
		x.clean = own.clean(ctx.ConnRequestNum())
	}
	return x
}

// Release ends the exchange: whoever still holds it sees an empty request, or what Keep copied. It arranges with fasthttp
// what becomes of the connection after a stream. A stream that was neither closed nor parked breaks off, and a watch is
// stopped. It must not be called while another method that answers is running; calling it twice does nothing.
func (x *Exchange) Release() {
	x.mu.Lock()
	ctx, body, stop := x.ctx, x.body, x.stop
	x.ctx, x.response, x.own, x.stop = nil, nil, nil, nil
	x.request, x.released = x.kept, true
	x.mu.Unlock()
	if stop != nil {
		stop() // not under the lock: it waits for a function that may be asking for a header
	}
	if ctx != nil && body != nil {
		body.release(ctx, x.cfg)
	}
}

// OnGone watches for the client to go away; see streamhttp.Exchange. One watch can run at a time: it is nil for a second
// one. It costs a goroutine, started here. After Hangup fn is not called.
func (x *Exchange) OnGone(fn func()) (stop func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.response == nil || x.stop != nil {
		return nil
	}
	x.watched = true
	end := disconnect.Watch(x.conn(), func() {
		x.mu.Lock()
		body := x.body
		x.mu.Unlock()
		if body == nil || !body.hungUp() {
			fn()
		}
	})
	if end == nil {
		return nil
	}
	x.stop = end
	return func() {
		end()
		x.mu.Lock()
		x.stop = nil
		x.mu.Unlock()
	}
}

// conn is the connection as the server sees it. It must be asked before Release.
func (x *Exchange) conn() net.Conn {
	if x.ctx != nil {
		return x.ctx.Conn()
	}
	return x.own.facade()
}
