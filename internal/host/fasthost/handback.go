package fasthost

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// handBack is what a connection needs that was not of NewListener, was hijacked for a stream, and is served again. For
// its first read it stands in for the server, which takes a connection that is new to it for one that sends a request at
// once: it would not count it as idle, and answer 408 to the client's silence.
type handBack struct {
	track *Conns
	srv   *fasthttp.Server
	done  <-chan struct{} // closed when the server begins to shut down
	early []byte          // what the server had read already of the requests to come
	begun bool            // a byte of the next request has been read
	once  sync.Once
	ended chan struct{} // closed with the connection
}

// giveBack has the server serve c again when it has let go of it.
func giveBack(c net.Conn, cfg *Config, done <-chan struct{}) fasthttp.HijackHandler {
	srv, track := cfg.server(), cfg.Track
	return func(hijacked net.Conn) {
		early, err := drain(hijacked, c)
		if err != nil || isDone(done) || !roomFor(srv) {
			_ = c.Close()
			return
		}
		back := &handBack{track: track, srv: srv, done: done, early: early, ended: make(chan struct{})}
		again := (&conn{Conn: c, back: back}).facade()
		if srv.KeepHijackedConns {
			go func() { _ = srv.ServeConn(again) }() // and the first context and its buffers are free
			return
		}
		_ = srv.ServeConn(again)
		<-back.ended // it may have been hijacked again; when this returns fasthttp closes it
	}
}

// drain takes what the server has read of c but not parsed. A deadline in the past lets it read from memory alone.
func drain(hijacked, c net.Conn) ([]byte, error) {
	if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return nil, err
	}
	var early []byte
	buf := make([]byte, 4<<10)
	for {
		n, err := hijacked.Read(buf)
		early = append(early, buf[:n]...)
		if err == nil {
			continue
		}
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			return nil, err
		}
		return early, c.SetReadDeadline(time.Time{})
	}
}

// roomFor tells that ServeConn would take a connection. It counts one twice, and answers 503 to the silence of the client
// when there is no room.
func roomFor(srv *fasthttp.Server) bool {
	limit := srv.Concurrency
	if limit <= 0 {
		limit = fasthttp.DefaultConcurrency
	}
	return int(srv.GetCurrentConcurrency())+2 <= limit
}

// waits tells that the first read is still to come, and sets its own deadline.
func (h *handBack) waits() bool { return !h.begun && len(h.early) == 0 }

func (h *handBack) end() { h.once.Do(func() { close(h.ended) }) }

func (h *handBack) read(c *conn, p []byte) (int, error) {
	if h.waits() {
		return h.first(c, p)
	}
	if !h.begun && isDone(h.done) {
		return 0, io.EOF // the server has stopped: a request that it has not begun is not answered
	}
	h.begun = true
	if len(h.early) > 0 {
		n := copy(p, h.early)
		if h.early = h.early[n:]; len(h.early) == 0 {
			h.early = nil
		}
		return n, nil
	}
	return c.Conn.Read(p)
}

// first waits for the next request as the server would on a connection that it knows: for its idle time, silently.
func (h *handBack) first(c *conn, p []byte) (int, error) {
	if !h.track.wait(c, h.done) {
		return 0, io.EOF
	}
	idle := h.srv.IdleTimeout
	if idle == 0 {
		idle = h.srv.ReadTimeout
	}
	_ = c.Conn.SetReadDeadline(after(idle))
	n, err := c.Conn.Read(p)
	h.track.waited(c)
	if n == 0 && err != nil {
		return 0, io.EOF
	}
	h.begun = true
	if err := c.Conn.SetReadDeadline(after(h.srv.ReadTimeout)); err != nil {
		return 0, io.EOF
	}
	return n, nil
}

// after is the deadline that lies d from now, none when d is 0.
func after(d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return time.Now().Add(d)
}
