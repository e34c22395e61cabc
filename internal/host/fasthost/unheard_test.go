package fasthost

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/disconnect"
	"github.com/valyala/fasthttp"
)

// A server that shuts down does not wait for connections that have never said anything, and does for those that have begun to.
func TestEndUnheard(t *testing.T) {
	for _, k := range kindsOfLane {
		t.Run(k.name, func(t *testing.T) {
			s := start(t, k, func(x *Exchange, _ *fasthttp.RequestCtx) { x.Answer(200, "text/x", x.Body()) },
				func(s *server) { s.ReadTimeout = 30 * time.Second })
			unheard := func() int {
				s.track.mu.Lock()
				defer s.track.mu.Unlock()
				return len(s.track.unheard)
			}
			open := func() *client {
				c := s.dial(t)
				if c, ok := c.Conn.(interface{ Handshake() error }); ok {
					if err := c.Handshake(); err != nil {
						t.Fatal(err)
					}
				}
				return c
			}
			silent, begun, idle := open(), s.dial(t), s.dial(t)
			begun.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
			idle.post("/")
			eventually(t, "one says nothing", func() bool { return s.GetOpenConnectionsCount() == 3 && unheard() == 1 })
			done := make(chan struct{})
			go s.track.EndUnheard(done)
			silent.expectEnd()
			eventually(t, "it is forgotten", func() bool { return s.GetOpenConnectionsCount() == 2 && unheard() == 0 })
			close(done)
			begun.send("{}")
			if _, b := begun.answer(); b != "{}" {
				t.Errorf("%q", b)
			}
			if _, b := idle.post("/"); b != "{}" {
				t.Errorf("%q", b)
			}
			open()
			eventually(t, "there is another", func() bool { return s.GetOpenConnectionsCount() == 3 && unheard() == 1 })
			began, done := time.Now(), make(chan struct{})
			defer close(done)
			go s.track.EndUnheard(done)
			if err := s.Shutdown(); err != nil || time.Since(began) > 3*time.Second {
				t.Error(err, time.Since(began))
			}
		})
	}
}

// What has arrived and was not read yet is not cut.
func TestEndUnheardSparesWhatHasArrived(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	track := NewConns(0)
	ln := NewListener(inner, Limits{Track: track})
	meet := func() (near, far net.Conn) {
		far, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = far.Close() })
		near, err = ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = near.Close() })
		return near, far
	}
	speaks, far := meet()
	silent, _ := meet()
	if _, err := far.Write([]byte("P")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it has arrived", func() bool { return !disconnect.Quiet(speaks) })
	track.endUnheard()
	b := make([]byte, 8)
	if n, err := speaks.Read(b); err != nil || string(b[:n]) != "P" {
		t.Errorf("%q, %v", b[:n], err)
	}
	if _, err := silent.Read(b); err != io.EOF {
		t.Error(err)
	}
}
