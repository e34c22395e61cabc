package fasthost

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/valyala/fasthttp"
)

// parking answers with a parked stream, and gives its body to bodies.
func parking(t testing.TB, bodies chan<- streamhttp.Body, gone func()) func(*Exchange, *fasthttp.RequestCtx) {
	return func(x *Exchange, _ *fasthttp.RequestCtx) {
		b, err := x.Stream()
		if err != nil {
			t.Error(err)
			return
		}
		if err := b.Write([]byte(": hi\n\n")); err != nil {
			t.Error(err)
		}
		if err := b.Park(gone); err != nil {
			t.Error(err)
		}
		bodies <- b
	}
}

func TestPark(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		bodies, gone := make(chan streamhttp.Body, 1), make(chan bool, 2)
		s := start(t, k, parking(t, bodies, func() { gone <- true }), func(s *server) { s.WriteTimeout = time.Second })
		c := s.dial(t)
		c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		r, err := http.ReadResponse(c.br, nil)
		if err != nil {
			t.Fatal(err)
		}
		b := soon(t, bodies)
		c.send("what the client says is ignored")
		eventually(t, "the server lets go", func() bool { return s.GetOpenConnectionsCount() == 0 })
		for range 3 {
			if err := b.Write([]byte("data: x\n\n")); err != nil {
				t.Fatal(err)
			}
		}
		if s.track.Len() != 1 {
			t.Errorf("%d are parked", s.track.Len())
		}
		if b.Park(func() {}) == nil {
			t.Error("parked twice")
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if got, err := io.ReadAll(r.Body); err != nil || string(got) != ": hi\n\ndata: x\n\ndata: x\n\ndata: x\n\n" {
			t.Errorf("%q, %v", got, err)
		}
		c.expectEnd()
		if s.track.Len() != 0 || len(gone) != 0 {
			t.Errorf("%d are parked, gone %d", s.track.Len(), len(gone))
		}
	})
}

func TestParkGone(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		bodies, gone := make(chan streamhttp.Body, 1), make(chan time.Time, 2)
		park := parking(t, bodies, func() { gone <- time.Now() })
		s := start(t, k, func(x *Exchange, ctx *fasthttp.RequestCtx) {
			if x.Method() == "POST" {
				app(t)(x, ctx)
				return
			}
			park(x, ctx)
		}, func(s *server) { s.WriteTimeout = time.Second })
		for _, before := range []string{"", "/plain", "/stream", "/plain /stream"} {
			c := s.dial(t)
			for p := range strings.FieldsSeq(before) {
				c.post(p)
			}
			c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			b := soon(t, bodies)
			time.Sleep(5 * time.Millisecond)
			at := time.Now()
			_ = c.Close()
			if took := soon(t, gone).Sub(at); took > time.Second {
				t.Errorf("seen after %v", took)
			}
			if err := b.Write([]byte("x")); err != ErrGone {
				t.Error(err)
			}
			if err := b.Close(); err != nil || s.track.Len() != 0 || len(gone) != 0 {
				t.Error(err, s.track.Len(), len(gone))
			}
		}
	})
}

// A stream may end before its handler does.
func TestParkEndsInHandler(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		over, gone := make(chan bool, 1), make(chan bool, 2)
		s := start(t, k, func(x *Exchange, _ *fasthttp.RequestCtx) {
			b, _ := x.Stream()
			_ = b.Park(func() { gone <- true })
			if x.Query("gone") != "" {
				<-gone
			} else if err := b.Close(); err != nil {
				t.Error(err)
			}
			over <- true
		}, func(s *server) { s.WriteTimeout = time.Second }) // fasthttp panics when it cannot set its own write deadline
		c := s.dial(t)
		if _, b := c.post("/"); b != "" {
			t.Errorf("%q", b)
		}
		c.expectEnd()
		soon(t, over)
		c = s.dial(t)
		c.send(post("/?gone=1"))
		time.Sleep(10 * time.Millisecond)
		_ = c.Close()
		soon(t, over)
		eventually(t, "the connection is forgotten", func() bool { return s.GetOpenConnectionsCount() == 0 && s.track.Len() == 0 })
	})
}

// thousand opens n parked streams, one connection each.
func thousand(t testing.TB, s *server, n int) []*client {
	clients := make([]*client, n)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < n; i += 8 {
				c := s.dial(t)
				clients[i] = c
				c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				if _, err := c.br.ReadString('\n'); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return clients
}

func TestParkThousand(t *testing.T) {
	for _, k := range []kind{kinds[0], kinds[2], kinds[5], kinds[6]} {
		t.Run(k.name, func(t *testing.T) {
			var gone atomic.Int32
			bodies := make(chan streamhttp.Body, 1000)
			before := runtime.NumGoroutine()
			s := start(t, k, parking(t, bodies, func() { gone.Add(1) }))
			clients := thousand(t, s, 1000)
			eventually(t, "the server lets go", func() bool { return s.GetOpenConnectionsCount() == 0 && s.track.Len() == 1000 })
			began := time.Now()
			for _, c := range clients[:600] {
				_ = socket(c.Conn).Close()
			}
			eventually(t, "600 are gone", func() bool { return gone.Load() == 600 })
			if took := time.Since(began); took > time.Second {
				t.Errorf("seen after %v", took)
			}
			s.track.CloseAll()
			for _, c := range clients[600:] {
				if _, err := io.ReadAll(c.br); err != nil && !s.tls {
					t.Fatal(err)
				}
				_ = c.Close()
			}
			eventually(t, "1,000 are gone", func() bool { return gone.Load() == 1000 && s.track.Len() == 0 })
			eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() < before+110 })
			close(bodies)
			for b := range bodies {
				if b.Write([]byte("x")) == nil {
					t.Fatal("a body that ended takes a write")
				}
				_ = b.Close()
			}
		})
	}
}

// Everything that can end a parked body does so at once; gone is called once, or not at all.
func TestParkRaces(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		for i := range 60 {
			bodies := make(chan streamhttp.Body, 1)
			var gone, closed atomic.Int32
			s := start(t, k, func(x *Exchange, _ *fasthttp.RequestCtx) {
				b, _ := x.Stream()
				_ = b.Write([]byte(": hi\n\n")) // the client may have left already
				_ = b.Park(func() { gone.Add(1) })
				bodies <- b
			}, func(s *server) { s.WriteTimeout = time.Second })
			c := s.dial(t)
			c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			var wg sync.WaitGroup
			if i%3 == 0 {
				wg.Go(func() { _ = socket(c.Conn).Close() })
			}
			b := soon(t, bodies)
			wg.Go(func() {
				for range i % 5 {
					_ = b.Write([]byte("data: x\n\n"))
				}
				if i%2 == 0 {
					_ = b.Close()
					closed.Add(1)
				}
			})
			wg.Go(func() { _ = socket(c.Conn).Close() })
			if i%7 == 0 {
				wg.Go(s.track.CloseAll)
			}
			wg.Wait()
			eventually(t, "it has ended", func() bool { return s.track.Len() == 0 })
			eventually(t, "the server lets go", func() bool { return s.GetOpenConnectionsCount() == 0 })
			if gone.Load() > 1 {
				t.Fatalf("gone was called %d times", gone.Load())
			}
			_ = s.Shutdown()
		}
	})
}

func TestParkBounds(t *testing.T) {
	bodies := make(chan error, 3)
	s := start(t, kinds[0], func(x *Exchange, _ *fasthttp.RequestCtx) {
		b, _ := x.Stream()
		err := b.Park(func() {})
		if err != nil {
			_ = b.Write([]byte("data: no\n\n"))
			_ = b.Close()
		}
		bodies <- err
	}, func(s *server) { s.track = NewConns(2); s.cfg.Track = s.track })
	for i, want := range []error{nil, nil, ErrTooMany} {
		c := s.dial(t)
		c.send(post("/"))
		if err := soon(t, bodies); err != want {
			t.Errorf("%d: %v", i, err)
		}
		if want != nil { // the connection goes on
			if _, b := c.answer(); b != "data: no\n\n" {
				t.Errorf("%q", b)
			}
			c.send(post("/"))
			soon(t, bodies)
			c.answer()
		}
	}
	s.track.CloseAll()
	c := s.dial(t)
	c.send(post("/"))
	if err := soon(t, bodies); err != ErrClosing {
		t.Error(err)
	}
	c.answer()
	s.cfg.Track = nil
	c = s.dial(t)
	c.send(post("/"))
	if err := soon(t, bodies); err != ErrNoTrack {
		t.Error(err)
	}
}

// What a parked stream keeps in memory, with its client, which is in this process too.
func BenchmarkParkedMemory(b *testing.B) {
	for _, k := range []kind{kinds[0], kinds[6], kinds[5]} {
		b.Run(k.name, func(b *testing.B) {
			for b.Loop() {
				const n = 2000
				bodies := make(chan streamhttp.Body, n)
				s := start(b, k, parking(b, bodies, func() {}))
				before := inUse()
				clients := thousand(b, s, n)
				eventually(b, "all are parked", func() bool { return s.track.Len() == n && s.GetOpenConnectionsCount() == 0 })
				for _, c := range clients {
					c.br = nil
				}
				b.ReportMetric(float64(inUse()-before)/n, "B/stream+client")
				b.ReportMetric(float64(runtime.NumGoroutine())/n, "goroutines/stream")
				for _, c := range clients {
					_ = c.Close()
				}
			}
		})
	}
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
