package fasthost

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// app answers /plain plainly, /stream with three events, /big with one large event, whatever the method.
func app(t testing.TB) func(*Exchange, *fasthttp.RequestCtx) {
	return func(x *Exchange, ctx *fasthttp.RequestCtx) {
		id := x.Query("id")
		if !strings.HasPrefix(x.Path(), "/plain") && x.CanStream() {
			body, err := x.Stream()
			if err != nil {
				t.Error(err)
				return
			}
			if x.Path() == "/big" {
				err = body.Write(bytes.Repeat([]byte("x"), 300_000))
			}
			for i := 0; i < 3 && err == nil; i++ {
				err = body.Write(fmt.Appendf(nil, "data: %d%s\n\n", i, id))
			}
			if err == nil {
				err = body.Close()
			}
			if err != nil {
				t.Error(err)
			}
			ctx.Response.Header.Set("X-Late", "middleware")
			ctx.Error("an error handler's late answer", 500)
			return
		}
		answer := `{"plain":"` + id + `"}`
		if x.Path() == "/plain-large" {
			answer += strings.Repeat(" ", 9000) // more than the server's buffer
		}
		x.Answer(200, "application/json", []byte(answer))
	}
}

func events(id string) string {
	return "data: 0" + id + "\n\ndata: 1" + id + "\n\ndata: 2" + id + "\n\n"
}

func TestWire(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nVary: Origin\r\n" +
		"Cache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n"
	const chunks = "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 0\n\n\r\n9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n"
	const closes = "Connection: close\r\n\r\ndata: 0\n\ndata: 1\n\ndata: 2\n\n"
	each(t, func(t *testing.T, k kind) {
		fn := app(t)
		s := start(t, k, func(x *Exchange, ctx *fasthttp.RequestCtx) {
			ctx.Response.Header.Set("Vary", "Origin")
			fn(x, ctx)
		})
		c := s.dial(t)
		c.send(post("/stream"))
		want := head + chunks
		got := make([]byte, len(want))
		if _, err := io.ReadFull(c.br, got); err != nil || string(got) != want {
			t.Errorf("got %q, %v\nwant %q", got, err, want)
		}
		for _, request := range []string{
			"POST /stream HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}",
			"POST /stream HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}",
			"POST /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
		} {
			c := s.dial(t)
			c.send(request)
			got, err := io.ReadAll(c.br)
			if err != nil || string(got) != head+closes {
				t.Errorf("%q: got %q, %v\nwant %q", request, got, err, head+closes)
			}
		}
	})
}

func TestKeepAliveAlternating(t *testing.T) {
	rounds := 1000
	each(t, func(t *testing.T, k kind) {
		s := start(t, k, app(t))
		c := s.dial(t)
		c.post("/stream")
		c.post("/plain")
		before := runtime.NumGoroutine()
		for i := range rounds {
			id := fmt.Sprint(i)
			if r, b := c.post("/stream?id=" + id); b != events(id) || r.Header.Get("Content-Type") != "text/event-stream" {
				t.Fatalf("round %d: %v %q", i, r.Header, b)
			}
			if r, b := c.post("/plain?id=" + id); b != `{"plain":"`+id+`"}` || r.StatusCode != 200 {
				t.Fatalf("round %d: %d %q", i, r.StatusCode, b)
			}
		}
		if after := runtime.NumGoroutine(); after > before+2 {
			t.Errorf("%d goroutines, %d before", after, before)
		}
		if open := s.GetOpenConnectionsCount(); open != 1 {
			t.Errorf("%d connections are open", open)
		}
		_ = c.Close()
		eventually(t, "the connection is forgotten", func() bool {
			return s.GetOpenConnectionsCount() == 0 && s.GetCurrentConcurrency() == 0
		})
	})
}

func TestLargeChunk(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		c := start(t, k, app(t)).dial(t)
		for range 3 {
			if _, b := c.post("/big"); b != strings.Repeat("x", 300_000)+events("") {
				t.Fatalf("%d bytes", len(b))
			}
			c.post("/plain")
		}
	})
}

// Requests that arrive behind one another are answered completely and in order, wherever streams stand among them.
func TestPipelining(t *testing.T) {
	orders := []string{"sp", "ss", "sssp", "spspsp", "ssppssp", "sssss", "sbpsb"}
	if testing.Short() {
		orders = orders[:3]
	}
	each(t, func(t *testing.T, k kind) {
		orders := orders
		s := start(t, k, app(t))
		if k.bare {
			orders = []string{"sp", "ss", "sssp"} // it takes the server's deadlines to tell what stands before a stream
		}
		for _, order := range orders {
			if k.reduce && strings.ContainsAny(order[:len(order)-1], "pb") {
				continue // fasthttp itself loses plain answers to pipelined requests then
			}
			c := s.dial(t)
			pipeline(c, order)
			pipeline(c, order)
		}
		if !k.wrap || k.bare || k.reduce {
			return // without a listener of ours a stream must not stand behind a plain request; see doc.go
		}
		for _, order := range []string{"ps", "pps", "psps", "pssp", "ls", "pls", "lsp", "slsl"} {
			c := s.dial(t)
			pipeline(c, order)
			c.post("/stream")
			pipeline(c, order)
		}
	})
}

// One of the two timeouts is enough to tell what the server still holds.
func TestPipeliningTimeouts(t *testing.T) {
	for _, set := range []func(*server){
		func(s *server) { s.ReadTimeout = 0 },
		func(s *server) { s.IdleTimeout = 0 },
	} {
		for _, k := range kinds[:4] {
			if k.reduce {
				continue // see TestPipelining
			}
			c := start(t, k, app(t), set).dial(t)
			for _, order := range []string{"ps", "s", "p", "lspsp", "s"} {
				pipeline(c, order)
			}
			if r, _ := c.post("/stream"); r.Header.Get("Content-Type") != "text/event-stream" {
				t.Error("what was not pipelined is not streamed")
			}
		}
	}
}

func pipeline(c *client, order string) {
	c.t.Helper()
	var all strings.Builder
	paths := map[rune]string{'s': "/stream", 'p': "/plain", 'b': "/big", 'l': "/plain-large"}
	for i, o := range order {
		fmt.Fprint(&all, post(fmt.Sprintf("%s?id=%d", paths[o], i)))
	}
	c.send(all.String())
	for i, o := range order {
		id := fmt.Sprint(i)
		_, b := c.answer()
		b = strings.TrimRight(b, " ")
		plain := `{"plain":"` + id + `"}`
		// A stream behind an answer that is not written yet is answered with one body.
		if b != plain && b != events(id) && !(o == 'b' && strings.HasSuffix(b, events(id))) || (o == 'p' || o == 'l') && b != plain {
			c.t.Fatalf("%s: answer %d is %q", order, i, b)
		}
	}
}

// A request of which only the beginning has come when a stream ends is not lost.
func TestPipelinedInPieces(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		s := start(t, k, app(t))
		for cut := 1; cut < len(post("/plain?id=7")); cut += 7 {
			c := s.dial(t)
			next := post("/plain?id=7")
			c.send(post("/stream") + next[:cut])
			if _, b := c.answer(); b != events("") {
				t.Fatalf("%q", b)
			}
			time.Sleep(time.Millisecond)
			c.send(next[cut:])
			if _, b := c.answer(); b != `{"plain":"7"}` {
				t.Fatalf("cut at %d: %q", cut, b)
			}
		}
	})
}

// An event stream whose headers were set by middleware that also streams or sets a body afterwards stays one.
func TestMiddlewareAfterwards(t *testing.T) {
	after := map[string]func(*fasthttp.RequestCtx){
		"body stream":  func(ctx *fasthttp.RequestCtx) { ctx.Response.SetBodyStream(strings.NewReader("late"), -1) },
		"sized stream": func(ctx *fasthttp.RequestCtx) { ctx.Response.SetBodyStream(strings.NewReader("late"), 4) },
		"reset":        func(ctx *fasthttp.RequestCtx) { ctx.Response.Reset() },
		"no content":   func(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(204) },
		"long headers": func(ctx *fasthttp.RequestCtx) { ctx.Response.Header.Set("X", strings.Repeat("y", 9000)) },
		"cookie":       func(ctx *fasthttp.RequestCtx) { ctx.Response.Header.Set("Set-Cookie", "a=b") },
	}
	for name, late := range after {
		for _, k := range kinds[:6] {
			t.Run(name+"/"+k.name, func(t *testing.T) {
				fn := app(t)
				s := start(t, k, func(*Exchange, *fasthttp.RequestCtx) {}, func(s *server) {
					s.Handler = func(ctx *fasthttp.RequestCtx) {
						x := Acquire(ctx, s.cfg)
						fn(x, ctx)
						stream := x.body != nil
						x.Release()
						if stream {
							late(ctx)
						}
					}
				})
				c := s.dial(t)
				c.post("/plain")
				c.send(post("/stream") + post("/stream") + post("/plain?id=2"))
				for i, want := range []string{events(""), events(""), `{"plain":"2"}`} {
					if _, b := c.answer(); b != want {
						t.Fatalf("answer %d: %q", i, b)
					}
				}
			})
		}
	}
}

func TestShutdownWhileIdle(t *testing.T) {
	together(t, func(t *testing.T, k kind) {
		for _, path := range []string{"/stream", "/stream /plain", "/plain /stream"} {
			s := start(t, k, app(t), func(s *server) { s.ReadTimeout = 30 * time.Second })
			c := s.dial(t)
			for p := range strings.FieldsSeq(path) {
				c.post(p)
			}
			time.Sleep(5 * time.Millisecond)
			began := time.Now()
			if err := s.Shutdown(); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("%s: shutdown took %v", path, took)
			}
			c.expectEnd()
		}
	})
}

func TestShutdownWhileActive(t *testing.T) {
	together(t, func(t *testing.T, k kind) {
		begun, finish := make(chan bool, 1), make(chan bool)
		s := start(t, k, func(x *Exchange, _ *fasthttp.RequestCtx) {
			body, err := x.Stream()
			if err != nil {
				t.Error(err)
				return
			}
			_ = body.Write([]byte("data: a\n\n"))
			begun <- true
			<-finish
			_ = body.Write([]byte("data: b\n\n"))
			_ = body.Close()
		})
		c := s.dial(t)
		c.send(post("/"))
		soon(t, begun)
		done := make(chan error, 1)
		go func() { done <- s.Shutdown() }()
		select {
		case <-done:
			t.Error("Shutdown did not wait for a stream")
		case <-time.After(150 * time.Millisecond):
		}
		close(finish)
		if _, b := c.answer(); b != "data: a\n\ndata: b\n\n" {
			t.Errorf("%q", b)
		}
		if err := soon(t, done); err != nil {
			t.Error(err)
		}
		c.expectEnd()
	})
}

// Idle connections end after IdleTimeout, silently, whether a stream went before or not.
func TestIdleTimeout(t *testing.T) {
	for _, k := range []kind{kinds[0], kinds[5], kinds[6]} {
		t.Run(k.name, func(t *testing.T) {
			s := start(t, k, app(t), func(s *server) { s.ReadTimeout, s.IdleTimeout = 100*time.Millisecond, 300*time.Millisecond })
			c := s.dial(t)
			for _, path := range []string{"/stream", "/plain", "/stream"} {
				c.post(path)
				time.Sleep(200 * time.Millisecond) // more than ReadTimeout, less than IdleTimeout
			}
			c.post("/plain")
			began := time.Now()
			c.expectEnd()
			if took := time.Since(began); took < 150*time.Millisecond || took > 2*time.Second {
				t.Errorf("ended after %v", took)
			}
		})
	}
}

func TestConnectionLimits(t *testing.T) {
	for _, set := range []func(*server){
		func(s *server) { s.DisableKeepalive = true },
		func(s *server) { s.MaxRequestsPerConn = 1 },
		func(s *server) {
			if !s.wrap {
				s.cfg.Server = nil
			} else {
				s.DisableKeepalive = true
			}
		},
	} {
		each(t, func(t *testing.T, k kind) {
			c := start(t, k, app(t), set).dial(t)
			r, b := c.post("/stream")
			if b != events("") || !r.Close || len(r.TransferEncoding) != 1 {
				t.Errorf("close %v, %q", r.Close, b)
			}
			c.expectEnd()
		})
	}
}

func TestCannotStream(t *testing.T) {
	s := start(t, kinds[0], func(x *Exchange, ctx *fasthttp.RequestCtx) {
		_, err := x.Stream()
		if err == nil || x.CanStream() {
			t.Error("HEAD was streamed")
		}
		x.Answer(202, "", nil)
	})
	r, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Head("http://" + s.ln.Addr().String())
	if err != nil || r.StatusCode != 202 || r.Header.Get("Content-Type") != "" {
		t.Error(r, err)
	}
	var ctx fasthttp.RequestCtx
	ctx.Init(&fasthttp.Request{}, nil, nil)
	x := Acquire(&ctx, s.cfg)
	if x.CanStream() || x.OnGone(func() {}) != nil {
		t.Error("a connection in memory can stream")
	}
	x.Release()
	x.Release()
	if _, err := x.Stream(); err == nil {
		t.Error("a released exchange streams")
	}
	x.Answer(500, "text/plain", nil)
	x.SetHeader("A", "b")
}

// A stream that nobody closed breaks off, so that the client does not take it for complete.
func TestReleaseWithoutClose(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		kept := make(chan interface{ Write([]byte) error }, 1)
		c := start(t, k, func(x *Exchange, _ *fasthttp.RequestCtx) {
			b, _ := x.Stream()
			_ = b.Write([]byte("data: a\n\n"))
			kept <- b
		}).dial(t)
		c.send(post("/"))
		r, err := http.ReadResponse(c.br, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r.Body); err == nil {
			t.Errorf("complete: %q", b)
		}
		c.expectEnd()
		if err := (<-kept).Write([]byte("x")); err != ErrReleased {
			t.Error(err)
		}
	})
}
