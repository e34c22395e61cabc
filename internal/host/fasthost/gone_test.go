package fasthost

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// tcp is the socket of a client, for a reset.
func (c *client) tcp() *net.TCPConn {
	s, _ := socket(c.Conn).(*net.TCPConn)
	return s
}

func TestOnGone(t *testing.T) {
	ways := map[string]func(*client){
		"close":     func(c *client) { _ = c.Close() },
		"reset":     func(c *client) { _ = c.tcp().SetLinger(0); _ = socket(c.Conn).Close() },
		"pipelined": func(c *client) { c.send(post("/next")); time.Sleep(20 * time.Millisecond); _ = c.Close() },
	}
	each(t, func(t *testing.T, k kind) {
		for name, leave := range ways {
			if k.unix && name == "reset" {
				continue
			}
			for _, stream := range []bool{false, true} {
				began, gone := make(chan bool, 2), make(chan time.Time, 2)
				s := start(t, k, func(x *Exchange, ctx *fasthttp.RequestCtx) {
					if x.Path() == "/next" {
						return
					}
					stop := x.OnGone(func() { gone <- time.Now() })
					defer stop()
					if x.OnGone(func() {}) != nil {
						t.Error("two watches")
					}
					if stream {
						b, err := x.Stream()
						if err != nil {
							t.Error(err)
							return
						}
						_ = b.Write([]byte("data: x\n\n"))
						defer func() { _ = b.Close() }()
					}
					began <- true
					time.Sleep(200 * time.Millisecond)
				})
				c := s.dial(t)
				c.post("/next")
				c.send(post("/"))
				soon(t, began)
				at := time.Now()
				leave(c)
				if took := soon(t, gone).Sub(at); runtime.GOOS == "linux" && took > 500*time.Millisecond {
					t.Errorf("%s: seen after %v", name, took)
				}
			}
		}
	})
}

// A client that stays is not gone, and its connection goes on, even when the read deadline of the server passes.
func TestOnGoneStays(t *testing.T) {
	together(t, func(t *testing.T, k kind) {
		var gone atomic.Int32
		fn := app(t)
		s := start(t, k, func(x *Exchange, ctx *fasthttp.RequestCtx) {
			stop := x.OnGone(func() { gone.Add(1) })
			if x.Query("slow") != "" {
				time.Sleep(400 * time.Millisecond)
			}
			fn(x, ctx)
			if x.Query("leak") == "" {
				stop()
				stop()
			}
		}, func(s *server) {
			if !k.bare {
				s.ReadTimeout = 200 * time.Millisecond
			}
		})
		c := s.dial(t)
		for range 20 {
			c.post("/stream")
			c.post("/plain?leak=1")
			c.post("/stream?leak=1")
		}
		c.post("/plain?slow=1")
		if _, b := c.post("/stream?slow=1"); b != events("") {
			t.Errorf("%q", b)
		}
		c.post("/plain")
		_ = c.Close()
		eventually(t, "the connection is forgotten", func() bool { return s.GetOpenConnectionsCount() == 0 })
		if gone.Load() != 0 {
			t.Error("gone was called")
		}
	})
}

func TestClientLeavesMidStream(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		failed := make(chan error, 1)
		s := start(t, k, func(x *Exchange, _ *fasthttp.RequestCtx) {
			b, _ := x.Stream()
			var err error
			for err == nil {
				err = b.Write([]byte("data: x\n\n"))
				time.Sleep(time.Millisecond)
			}
			if again := b.Write([]byte("data: x\n\n")); again == nil {
				t.Error("a write after an error succeeds")
			}
			if err := b.Close(); err != nil {
				t.Error("close after an error: ", err)
			}
			failed <- err
		}, func(s *server) { s.WriteTimeout = time.Second }) // fasthttp panics when it cannot set its own write deadline
		c := s.dial(t)
		c.send(post("/"))
		if _, err := c.br.ReadByte(); err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		soon(t, failed)
		eventually(t, "the connection is forgotten", func() bool { return s.GetOpenConnectionsCount() == 0 })
	})
}

func TestSlowReader(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		type result struct {
			err  error
			took time.Duration
		}
		failed := make(chan result, 1)
		s := start(t, k, func(x *Exchange, _ *fasthttp.RequestCtx) {
			b, _ := x.Stream()
			event := bytes.Repeat([]byte("x"), 60_000)
			for {
				began := time.Now()
				if err := b.Write(event); err != nil {
					failed <- result{err, time.Since(began)}
					return
				}
			}
		}, func(s *server) { s.cfg.WriteTimeout, s.WriteTimeout = 200*time.Millisecond, time.Second })
		c := s.dial(t)
		c.send(post("/"))
		r := soon(t, failed)
		if !errors.Is(r.err, os.ErrDeadlineExceeded) || r.took > 600*time.Millisecond || r.took < 150*time.Millisecond {
			t.Errorf("%v after %v", r.err, r.took)
		}
		eventually(t, "the connection is closed", func() bool { return s.GetOpenConnectionsCount() == 0 })
		_, err := io.Copy(io.Discard, c.br)
		if err, ok := err.(net.Error); ok && err.Timeout() {
			t.Error("the connection is open")
		}
	})
}

// A server's own WriteTimeout does not cut a stream.
func TestServerWriteTimeout(t *testing.T) {
	together(t, func(t *testing.T, k kind) {
		s := start(t, k, func(x *Exchange, _ *fasthttp.RequestCtx) {
			b, _ := x.Stream()
			for range 5 {
				time.Sleep(60 * time.Millisecond)
				if err := b.Write([]byte("x")); err != nil {
					t.Error(err)
				}
			}
			_ = b.Close()
		}, func(s *server) { s.WriteTimeout, s.cfg.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond })
		c := s.dial(t)
		for range 3 {
			if _, b := c.post("/"); b != "xxxxx" {
				t.Fatalf("%q", b)
			}
		}
	})
}

func TestHangup(t *testing.T) {
	together(t, func(t *testing.T, k kind) {
		finish, over := make(chan bool), make(chan bool, 1)
		var gone atomic.Int32
		s := start(t, k, func(x *Exchange, _ *fasthttp.RequestCtx) {
			stop := x.OnGone(func() { gone.Add(1) })
			b, _ := x.Stream()
			_ = b.Write([]byte("retry: 1\n\n"))
			if err := b.Hangup(); err != nil {
				t.Error(err)
			}
			<-finish
			if b.Write([]byte("x")) == nil {
				t.Error("a write after Hangup succeeds")
			}
			_ = b.Close()
			stop()
			over <- true
		}, func(s *server) { s.WriteTimeout = time.Second })
		c := s.dial(t)
		if _, b := c.post("/"); b != "retry: 1\n\n" {
			t.Errorf("%q", b)
		}
		c.expectEnd() // while the handler runs
		_ = c.Close()
		time.Sleep(20 * time.Millisecond)
		close(finish)
		soon(t, over)
		eventually(t, "the connection is forgotten", func() bool { return s.GetOpenConnectionsCount() == 0 })
		if gone.Load() != 0 {
			t.Error("gone was called")
		}
	})
}

// The head leaves with an empty first Write, and a body that says nothing is complete.
func TestEmptyWrites(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		finish := make(chan bool)
		s := start(t, k, func(x *Exchange, _ *fasthttp.RequestCtx) {
			b, _ := x.Stream()
			if x.Path() == "/head" {
				_ = b.Write(nil)
				_ = b.Write(nil)
				<-finish
			}
			_ = b.Close()
			_ = b.Close()
		})
		c := s.dial(t)
		c.send(post("/head"))
		r, err := http.ReadResponse(c.br, nil)
		if err != nil {
			t.Fatal(err)
		}
		close(finish)
		if b, err := io.ReadAll(r.Body); err != nil || len(b) > 0 {
			t.Errorf("%q, %v", b, err)
		}
		if _, b := c.post("/"); b != "" {
			t.Errorf("%q", b)
		}
	})
}
