package fasthost

import (
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// Lane answers plain requests to one path while the server waits for the next request of a connection: beneath it, between two
// of its reads. What the server does for each request costs more than the call of a small tool does, and little of it is of use
// to a client that sends the same headers again and again.
//
// Only connections of NewListener have it, from their second request on. A request is the lane's when it is whole when it is
// read, nothing is behind it, and its form is beyond doubt; see plain. With all others the server goes on as if it had read them
// itself. Its timeouts hold in the lane, at least 7/8 of each and at most all of it.
//
// While the lane answers, the server takes the connection for an idle one. When it closes it, the lane does once it has
// answered.
type Lane struct {
	// Path is the path that it serves, in the one form that has nothing to decode.
	Path string
	// Open tells whether it takes requests now. nil: always.
	Open func() bool
	// Serve answers a request as a handler would, and releases the exchange. When it fails the answer is a 500 with the JSON
	// in Failed.
	Serve  func(*Exchange) error
	Failed string
}

// Attach gives a server, which must not serve yet, a lane. One with settings that the lane does not know gets none.
func (config Lane) Attach(server *fasthttp.Server, cfg *Config) {
	odd := server.ReduceMemoryUsage || server.DisableKeepalive || server.MaxRequestsPerConn > 0 || server.GetOnly || server.StreamRequestBody ||
		server.Name != "" || !server.NoDefaultServerHeader || server.NoDefaultDate || server.NoDefaultContentType || server.DisableHeaderNamesNormalizing
	if odd || !isPath([]byte(config.Path)) {
		return
	}
	l := &lane{Lane: config, cfg: cfg, logger: server.Logger, first: "POST " + config.Path + " HTTP/1.1\r\n", maxBody: server.MaxRequestBodySize}
	if l.maxBody <= 0 {
		l.maxBody = fasthttp.DefaultMaxRequestBodySize
	}
	l.idle, l.write = server.IdleTimeout, server.WriteTimeout
	if l.idle == 0 {
		l.idle = server.ReadTimeout
	}
	hook := server.ConnState
	server.ConnState = func(c net.Conn, state fasthttp.ConnState) {
		switch state {
		case fasthttp.StateIdle:
			if own := ownConn(c); own != nil {
				own.lane = l
			}
		case fasthttp.StateActive:
			if own := ownConn(c); own != nil {
				own.lane = nil
			}
		}
		if hook != nil {
			hook(c, state)
		}
	}
}

// lane is a Lane that a server has.
type lane struct {
	Lane
	first       string // how its requests begin
	maxBody     int
	idle, write time.Duration
	cfg         *Config
	logger      fasthttp.Logger
	date        atomic.Pointer[date]
}

// turn is what a request needs while it is the lane's. It is used again.
type turn struct {
	request  plain
	response fasthttp.Response
	out      []byte
}

var turns = sync.Pool{New: func() any { return new(turn) }}

// maxOut bounds the answers that are copied behind their headers, and what is kept of the room for them, in bytes.
const maxOut = 16 << 10

// read is a read of the server's. It gives it the first request that is not the lane's.
func (l *lane) read(c *conn, p []byte) (int, error) {
	for {
		c.readSince = true
		n, err := c.Conn.Read(p)
		if err != nil {
			return n, err
		}
		if l.Open != nil && !l.Open() {
			return n, nil
		}
		t := turns.Get().(*turn)
		t.request.lane, t.request.conn = l, c
		mine, on := t.request.read(p[:n]), false
		if mine {
			on = l.answer(c, t)
		}
		t.recycle()
		switch {
		case !mine:
			return n, nil
		case !on:
			return 0, io.EOF
		}
	}
}

func (t *turn) recycle() {
	t.request.lane, t.request.conn, t.request.head, t.request.text = nil, nil, nil, nil
	t.response.Reset()
	if cap(t.out) > maxOut {
		t.out = nil
	}
	turns.Put(t)
}

// answer serves the request, and tells that the connection goes on.
func (l *lane) answer(c *conn, t *turn) bool {
	if !c.turn.CompareAndSwap(waits, answers) {
		return false
	}
	x := &Exchange{cfg: l.cfg, clean: true, request: &t.request, response: &t.response, own: c}
	err := l.Serve(x)
	x.Release()
	if err != nil {
		t.response.Reset()
		t.response.SetStatusCode(fasthttp.StatusInternalServerError)
		t.response.Header.SetContentType("application/json")
		t.response.SetBodyString(l.Failed)
	}
	on := l.finish(c, x, t)
	return c.turn.CompareAndSwap(answers, waits) && on
}

// finish writes the answer, or sees how the stream has ended.
func (l *lane) finish(c *conn, x *Exchange, t *turn) (on bool) {
	x.mu.Lock()
	body, watched, dressed := x.body, x.watched, x.dressed
	x.mu.Unlock()
	if watched {
		c.reads = time.Time{} // the watch has removed the deadline
	}
	now := time.Now()
	if body != nil {
		c.writes = time.Time{} // so has the stream
		on = body.leave() == finished && !body.last
	} else {
		on = l.send(c, t, now, dressed) && !t.response.Header.ConnectionClose()
		if len(t.response.Body()) > maxOut {
			now = time.Now() // the client took its time
		}
	}
	return on && c.armRead(now, l.idle) == nil
}

// send writes the answer, and tells of one that the client has not read, as the server would.
func (l *lane) send(c *conn, t *turn, now time.Time, dressed bool) bool {
	err := c.armWrite(now, l.write)
	if err == nil {
		err = t.send(c, l.stamp(now), dressed)
	}
	if err != nil && l.logger != nil && c.turn.Load() == answers {
		l.logger.Printf("error when serving connection %q<->%q: %v", c.LocalAddr(), c.RemoteAddr(), err)
	}
	return err == nil
}

// send writes the answer at once.
func (t *turn) send(c *conn, date string, dressed bool) (err error) {
	r := &t.response
	text := r.Body()
	if r.StatusCode() == fasthttp.StatusOK && !dressed && len(text) > 0 {
		t.out = append(t.out[:0], "HTTP/1.1 200 OK\r\nDate: "...)
		t.out = append(t.out, date...)
		t.out = append(t.out, "\r\nContent-Type: "...)
		t.out = append(t.out, r.Header.ContentType()...)
		t.out = append(t.out, "\r\nContent-Length: "...)
		t.out = strconv.AppendInt(t.out, int64(len(text)), 10)
		t.out = append(t.out, "\r\n\r\n"...)
	} else {
		r.Header.SetContentLength(len(text))
		t.out = r.Header.AppendBytes(t.out[:0])
	}
	if len(text) <= maxOut {
		t.out = append(t.out, text...)
		_, err = c.Conn.Write(t.out)
		return err
	}
	parts := net.Buffers{t.out, text}
	_, err = parts.WriteTo(c.Conn)
	return err
}

// date is a second as answers show it.
type date struct {
	second int64
	text   string
}

// stamp is the Date of an answer (RFC 9110, 6.6.1).
func (l *lane) stamp(now time.Time) string {
	second := now.Unix()
	if d := l.date.Load(); d != nil && d.second == second {
		return d.text
	}
	d := &date{second, string(fasthttp.AppendHTTPDate(nil, now))}
	l.date.Store(d)
	return d.text
}
