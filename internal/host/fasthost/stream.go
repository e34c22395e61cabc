package fasthost

import (
	"errors"
	"net"

	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/valyala/fasthttp"
)

var (
	// ErrCannotStream is what Stream says where CanStream is false.
	ErrCannotStream = errors.New("fasthost: this connection cannot carry a stream")
	// ErrReleased is what a body says that was neither closed nor parked when its exchange ended.
	ErrReleased = errors.New("fasthost: the exchange has ended")
)

// CanStream tells that the connection is a real one. It is also false for HEAD, and for a request that a client
// pipelined behind one whose answer the server has not written yet: a stream would overtake that answer.
func (x *Exchange) CanStream() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.canStream()
}

func (x *Exchange) canStream() bool {
	switch {
	case x.response == nil || !x.clean:
		return false
	case x.ctx == nil:
		return true // the lane's
	case x.ctx.IsHead():
		return false
	}
	c := x.ctx.Conn()
	return ownConn(c) != nil || hasSocket(c)
}

// Stream begins an event stream on the connection. Headers that were set so far, by middleware too, are sent with it;
// what is done to the response afterwards has no effect. It may be called once, from any goroutine.
//
// HTTP/1.1 is answered in chunks, each Write one of them. A client that speaks HTTP/1.0, or said Connection: close, gets
// a body that ends with the connection.
func (x *Exchange) Stream() (streamhttp.Body, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.body != nil || !x.canStream() {
		return nil, ErrCannotStream
	}
	b := &body{track: x.cfg.Track, timeout: x.cfg.writeTimeout()}
	c := x.conn()
	if b.own = ownConn(c); b.own != nil {
		c = b.own.Conn
	}
	b.conn, b.chunked = c, true
	if x.ctx != nil {
		request := &x.ctx.Request.Header
		b.chunked = request.IsHTTP11() && !request.ConnectionClose()
	}
	b.last = !b.chunked || x.endsConnection(b.own)
	b.head = x.head(b)
	x.body = b
	return b, nil
}

// endsConnection tells that the server will close the connection after this answer, or that nobody can give it back.
func (x *Exchange) endsConnection(own *conn) bool {
	if x.response.Header.ConnectionClose() {
		return true
	}
	if x.ctx == nil {
		return false
	}
	srv := x.cfg.server()
	if srv == nil {
		return own == nil
	}
	return srv.DisableKeepalive || own == nil && x.cfg.Track == nil ||
		srv.MaxRequestsPerConn > 0 && x.ctx.ConnRequestNum() >= uint64(srv.MaxRequestsPerConn)
}

// head is the status line and the headers, in a buffer that the first write is appended to.
func (x *Exchange) head(b *body) *buffer {
	h := &x.response.Header
	h.SetStatusCode(fasthttp.StatusOK)
	h.SetContentType("text/event-stream")
	h.Set(fasthttp.HeaderCacheControl, "no-cache, no-transform") // what proxies compress they also hold back
	h.Set("X-Accel-Buffering", "no")                             // nginx
	if b.last {
		h.SetConnectionClose()
	}
	if b.chunked {
		h.SetContentLength(-1)
	} else {
		h.Del(fasthttp.HeaderContentLength)
		h.Del(fasthttp.HeaderTransferEncoding)
	}
	buf := b.track.buffer()
	buf.b = h.AppendBytes(buf.b)
	return buf
}

// release arranges with fasthttp what becomes of the connection. It runs on the goroutine of the handler.
func (b *body) release(ctx *fasthttp.RequestCtx, cfg *Config) {
	end := b.leave()
	switch {
	case b.own != nil && end == parked:
		hijack(ctx, func(net.Conn) {})
	case b.own != nil:
		srv := cfg.server()
		b.own.silence(ctx, end == finished && !b.last, srv != nil && srv.ReduceMemoryUsage)
	case end == parked:
		srv := cfg.server()
		hijack(ctx, b.taken(srv != nil && srv.KeepHijackedConns))
	case end == finished && !b.last:
		hijack(ctx, giveBack(b.conn, cfg, ctx.Done()))
	default:
		hijack(ctx, func(net.Conn) { _ = b.conn.Close() })
	}
}

// hijack takes the connection out of the server, which answers nothing.
func hijack(ctx *fasthttp.RequestCtx, h fasthttp.HijackHandler) {
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(h)
}

// silence drops what fasthttp will answer to ctx. on tells that the connection goes on after it, lossy that the server
// has ReduceMemoryUsage.
//
// How long that answer is shows when fasthttp has written it, because middleware may still change it: fasthttp closes
// the user values of a request at just that time. Until then everything is dropped. What it leaves in its buffer, since
// the next request is there already, leaves together with the next answer, and is dropped from it. A lossy server leaves
// nothing there: fasthttp 1.51 then gives the buffer back to its pool without writing it, and answers to pipelined
// requests are lost, whoever made them.
func (c *conn) silence(ctx *fasthttp.RequestCtx, on, lossy bool) {
	c.mute, c.dropped = true, -c.skip
	c.skip = 0
	c.streamed = ctx.ConnRequestNum()
	ctx.Response.ResetBody()
	ctx.Response.SkipBody = true
	ctx.Response.Header.SetContentLength(0)
	if on {
		s := &silenced{c, ctx, lossy}
		ctx.SetUserValue(s, s)
	} else {
		ctx.Response.Header.SetConnectionClose()
		c.dead.Store(true) // should some middleware take that back
	}
}

// silenced is a user value of a request, and its own key.
type silenced struct {
	c     *conn
	ctx   *fasthttp.RequestCtx
	lossy bool
}

// Close is called by fasthttp when it has written the answer, before it forgets it.
func (s *silenced) Close() error {
	s.c.mute = false
	if s.lossy {
		return nil
	}
	h := &s.ctx.Response.Header
	n := len(h.Header())
	if h.ContentLength() == -1 { // a body stream of some middleware, and the end of its chunks
		n += len(h.TrailerHeader())
	}
	s.c.skip = n - s.c.dropped
	if s.c.skip < 0 { // cannot be; but were it so, the client would read rubbish
		s.c.dead.Store(true)
		_ = s.c.Conn.Close()
	}
	return nil
}
