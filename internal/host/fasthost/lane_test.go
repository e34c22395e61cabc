package fasthost

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/valyala/fasthttp"
)

// laned is a server with a lane. Its answers tell who has read the request.
type laned struct {
	*server
	inLane, byServer atomic.Int32
}

// kindsOfLane are those of NewListener that a lane can be attached to.
var kindsOfLane = []kind{kinds[0], kinds[2], kinds[3]}

// startLane serves fn on /mcp, whoever reads the request.
func startLane(t testing.TB, k kind, fn func(*Exchange) error, set ...func(*server)) *laned {
	l := &laned{}
	l.server = start(t, k, func(x *Exchange, _ *fasthttp.RequestCtx) {
		l.byServer.Add(1)
		_ = fn(x)
	}, append([]func(*server){func(s *server) { s.NoDefaultDate, s.WriteTimeout = false, 2*time.Second }}, append(set, func(s *server) {
		Lane{Path: "/mcp", Failed: `{"failed":true}`, Serve: func(x *Exchange) error {
			l.inLane.Add(1)
			defer x.Release()
			return fn(x)
		}}.Attach(s.Server, s.cfg)
	})...)...)
	return l
}

// expect compares who has read the requests since it was last asked.
func (l *laned) expect(t testing.TB, what string, inLane, byServer int32) {
	t.Helper()
	if lane, server := l.inLane.Swap(0), l.byServer.Swap(0); lane != inLane || server != byServer {
		t.Errorf("%s: %d requests in the lane and %d by the server, want %d and %d", what, lane, server, inLane, byServer)
	}
}

var dated = regexp.MustCompile(`Date: [^\r]+ GMT\r\n`)

// raw sends a request and reads n bytes of what follows, in which every date is the same.
func (c *client) raw(request string, end string) string {
	c.t.Helper()
	c.send(request)
	var got strings.Builder
	for !strings.HasSuffix(got.String(), end) {
		b, err := c.br.ReadByte()
		if err != nil {
			c.t.Fatalf("%v behind %q", err, got.String())
		}
		got.WriteByte(b)
	}
	return dated.ReplaceAllString(got.String(), "Date: now\r\n")
}

// A client cannot tell who answers it: byte for byte the lane says what the server would have.
func TestLaneAnswersAsTheServer(t *testing.T) {
	answers := map[string]func(*Exchange){
		"plain": func(x *Exchange) { x.Answer(200, "application/json", []byte(`{"end":1}`)) },
		"large": func(x *Exchange) { x.Answer(200, "application/json", []byte(strings.Repeat("x", 100_000)+`{"end":1}`)) },
		"parts": func(x *Exchange) { x.AnswerParts(200, "application/json", []byte("{"), []byte(`"end"`), []byte(":1}")) },
		"again": func(x *Exchange) {
			x.Answer(400, "text/x", []byte("one"))
			x.Answer(200, "application/json", []byte(`{"end":1}`))
		},
		"refusal": func(x *Exchange) { x.Answer(404, "application/json", []byte(`{"end":1}`)) },
		"headers": func(x *Exchange) {
			x.SetHeader("x-one", "a\r\nX-Two: b")
			x.SetHeader("Content-Type", "text/x")
			x.SetHeader("Vary", "Origin")
			x.Answer(200, "application/json", []byte(`{"end":1}`))
		},
		"accepted": func(x *Exchange) { x.Answer(202, "", nil) },
		"nothing":  func(*Exchange) {},
		"stream": func(x *Exchange) {
			x.SetHeader("Vary", "Origin")
			b, err := x.Stream()
			if err != nil {
				t.Error(err)
				return
			}
			_ = b.Write([]byte("data: 1\n\n"))
			_ = b.Last([]byte("data: 2\n\n"))
			x.Answer(500, "text/x", []byte("late"))
		},
	}
	for _, k := range kindsOfLane {
		t.Run(k.name, func(t *testing.T) {
			l := startLane(t, k, func(x *Exchange) error { answers[x.Header("X-Want")](x); return nil })
			c := l.dial(t)
			for want := range answers {
				end := map[string]string{"accepted": "\r\n\r\n", "nothing": "\r\n\r\n", "stream": "0\r\n\r\n"}[want]
				if end == "" {
					end = `{"end":1}`
				}
				head := "POST /mcp HTTP/1.1\r\nHost: x\r\nX-Want: " + want + "\r\nContent-Length: 2\r\n"
				byServer := c.raw(head+"X-Odd:\t\r\n\r\n{}", end)
				l.inLane.Store(0)
				l.byServer.Store(0)
				inLane := c.raw(head+"\r\n{}", end)
				l.expect(t, want, 1, 0)
				if byServer != inLane {
					t.Errorf("%s: the server says\n%q\nthe lane\n%q", want, byServer, inLane)
				}
			}
		})
	}
}

// An exchange knows of its request what it would have known of the server's.
func TestLaneRequest(t *testing.T) {
	var look string
	l := startLane(t, kinds[0], func(x *Exchange) error {
		x.Keep()
		show := func() string {
			return fmt.Sprint(x.Method(), x.Path(), x.Query("q"), x.Host(), x.Header("accept"), x.Header("X-A"), x.Header("none"), x.Header("content-type"),
				x.HeaderValues("x-a"), x.HeaderValues("none"), x.Value("k"), x.Value([]int{}), x.RemoteIP(), x.LocalIP(), x.Certificates() == nil, x.CanStream())
		}
		look = show() + string(x.Body())
		x.Answer(200, "application/json", []byte("{}"))
		x.Release()
		look += fmt.Sprint(x.Body() == nil) + show()
		return nil
	}, func(s *server) { s.cfg.Trusted = TrustPrefixes(false, netip.MustParsePrefix("127.0.0.0/8")) })
	c := l.dial(t)
	request := "POST /mcp HTTP/1.1\r\nHost: ex.org\r\nX-A: one\r\nACCEPT:   a/b, c/d\r\nx-a: two\r\nContent-Type: text/x\r\nX-Forwarded-For: 6.6.6.6, 1.1.1.1\r\nContent-Length: 4\r\n\r\nbody"
	c.send(request)
	c.answer()
	byServer := look
	c.send(request)
	c.answer()
	l.expect(t, "two requests", 1, 1)
	if look != byServer {
		t.Errorf("the server's request is\n%q\nthe lane's\n%q", byServer, look)
	}
	if want := "POST/mcpex.orga/b, c/done"; !strings.HasPrefix(look, want) || !strings.Contains(look, "1.1.1.1 127.0.0.1") {
		t.Errorf("%q", look)
	}
}

// What is not quite plain is the server's, and the lane has the next request again.
func TestLaneLeavesToTheServer(t *testing.T) {
	const head, tail = "POST /mcp HTTP/1.1\r\nHost: x\r\n", "Content-Length: 2\r\n\r\n{}"
	for what, request := range map[string]string{
		"another path":          "POST /other HTTP/1.1\r\nHost: x\r\n" + tail,
		"a query":               "POST /mcp?a HTTP/1.1\r\nHost: x\r\n" + tail,
		"a path that decodes":   "POST /%6dcp HTTP/1.1\r\nHost: x\r\n" + tail,
		"a URL":                 "POST http://x/mcp HTTP/1.1\r\nHost: x\r\n" + tail,
		"another method":        "PUT /mcp HTTP/1.1\r\nHost: x\r\n" + tail,
		"no body":               "GET /mcp HTTP/1.1\r\nHost: x\r\n\r\n",
		"a line before":         "\r\n" + head + tail,
		"a bare LF":             "POST /mcp HTTP/1.1\nHost: x\r\n" + tail,
		"a chunked body":        head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"two requests":          head + tail + head + tail,
		"100 Continue":          head + "Expect: 100-continue\r\n" + tail,
		"another option":        head + "Connection: x-a\r\n" + tail,
		"an upgrade":            head + "Upgrade: h2c\r\n" + tail,
		"announced trailers":    head + "Trailer: X\r\n" + tail,
		"a cookie":              head + "Cookie: a=b\r\n" + tail,
		"two types":             head + "Content-Type: a\r\nContent-Type: b\r\n" + tail,
		"two names":             head + "User-Agent: a\r\nuser-agent: b\r\n" + tail,
		"a tab":                 head + "X:\ta\r\n" + tail,
		"a byte above ASCII":    head + "X: \xe9\r\n" + tail,
		"spaces behind a value": head + "X: a \r\n" + tail,
		"an empty value":        head + "X: \r\n" + tail,
		"no value":              head + "X:\r\n" + tail,
		"many headers":          head + strings.Repeat("X: a\r\n", maxLines) + tail,
		"a length with zeros":   head + "Content-Length: 000002\r\n\r\n{}",
	} {
		l := startLane(t, kinds[0], func(x *Exchange) error { x.Answer(200, "application/json", []byte("{}")); return nil })
		c := l.dial(t)
		c.post("/mcp")
		c.post("/mcp")
		l.expect(t, what+": before", 1, 1)
		c.send(request)
		if strings.Contains(what, "Continue") {
			_, _ = io.ReadFull(c.br, make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n")))
		}
		c.answer()
		n := int32(strings.Count(request, " HTTP/1.1"))
		if n == 0 || what == "a bare LF" {
			n = 1
		}
		for range n - 1 {
			c.answer()
		}
		l.expect(t, what, 0, n)
		c.post("/mcp")
		l.expect(t, what+": after", 1, 0)
	}
}

// A request that comes in pieces is the server's, and bounded by its time.
func TestLanePieces(t *testing.T) {
	l := startLane(t, kinds[0], func(x *Exchange) error { x.Answer(200, "application/json", x.Body()); return nil },
		func(s *server) { s.ReadTimeout = 200 * time.Millisecond })
	c := l.dial(t)
	c.post("/mcp")
	request := post("/mcp")
	for cut := 1; cut < len(request); cut++ {
		c.post("/mcp")
		c.send(request[:cut])
		time.Sleep(time.Millisecond)
		c.send(request[cut:])
		if _, b := c.answer(); b != "{}" {
			t.Fatalf("cut at %d: %q", cut, b)
		}
	}
	c.post("/mcp")
	c.send(request[:30])
	began := time.Now()
	if r, _ := c.answer(); r.StatusCode != 408 && r.StatusCode != 400 {
		t.Error(r.Status)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("ended after %v", took)
	}
}

// Streams that are handed over, hung up, or break off in the lane end their connections, and no others.
func TestLaneStreams(t *testing.T) {
	for _, k := range kindsOfLane {
		t.Run(k.name, func(t *testing.T) {
			bodies, gone := make(chan streamhttp.Body, 1), make(chan bool, 1)
			l := startLane(t, k, func(x *Exchange) error {
				if x.Header("X-Do") == "" {
					x.Answer(200, "application/json", []byte("{}"))
					return nil
				}
				b, err := x.Stream()
				if err != nil {
					t.Error(err)
					return nil
				}
				_ = b.Write([]byte(": hi\n\n"))
				switch x.Header("X-Do") {
				case "park":
					if err := b.Park(func() { gone <- true }); err != nil {
						t.Error(err)
					}
					bodies <- b
				case "hangup":
					_ = b.Hangup()
				}
				return nil
			})
			open := func(do string) *client {
				c := l.dial(t)
				c.post("/mcp")
				l.inLane.Store(0)
				c.send("POST /mcp HTTP/1.1\r\nHost: x\r\nX-Do: " + do + "\r\nContent-Length: 2\r\n\r\n{}")
				return c
			}
			c := open("park")
			b := soon(t, bodies)
			eventually(t, "the server lets go", func() bool { return l.GetOpenConnectionsCount() == 0 && l.track.Len() == 1 })
			if l.inLane.Load() != 1 {
				t.Error("it was not the lane's")
			}
			if err := errors.Join(b.Write([]byte("data: x\n\n")), b.Close()); err != nil {
				t.Error(err)
			}
			if _, text := c.answer(); text != ": hi\n\ndata: x\n\n" {
				t.Errorf("%q", text)
			}
			c.expectEnd()

			c = open("park")
			b = soon(t, bodies)
			eventually(t, "the server lets go", func() bool { return l.GetOpenConnectionsCount() == 0 })
			_ = c.Close()
			soon(t, gone)
			if err := b.Write([]byte("x")); err != ErrGone {
				t.Error(err)
			}

			c = open("hangup")
			if _, text := c.answer(); text != ": hi\n\n" {
				t.Errorf("%q", text)
			}
			c.expectEnd()

			c = open("break")
			if r, err := http.ReadResponse(c.br, nil); err != nil {
				t.Error(err)
			} else if _, err := io.ReadAll(r.Body); err == nil {
				t.Error("a stream that broke off has an end")
			}
			eventually(t, "all connections are forgotten", func() bool { return l.GetOpenConnectionsCount() == 0 && l.track.Len() == 0 })
		})
	}
}

// Plain answers, streams and watches alternate on one connection for longer than its idle time.
func TestLaneGoesOn(t *testing.T) {
	for _, k := range kindsOfLane {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			l := startLane(t, k, func(x *Exchange) error {
				id := x.Header("X-Id")
				if stop := x.OnGone(func() { t.Error("gone") }); stop != nil {
					defer stop()
				}
				if id[len(id)-1]%2 == 0 {
					x.Answer(200, "application/json", []byte(id))
					return nil
				}
				b, err := x.Stream()
				if err != nil {
					t.Error(err)
					return nil
				}
				_ = b.Write([]byte(id))
				_ = b.Close()
				return nil
			}, func(s *server) { s.IdleTimeout, s.WriteTimeout = 400*time.Millisecond, 300*time.Millisecond })
			c := l.dial(t)
			c.send("POST /mcp HTTP/1.1\r\nHost: x\r\nX-Id: 0\r\nContent-Length: 2\r\n\r\n{}")
			c.answer()
			for i := range 200 {
				id := fmt.Sprint(1000 + i)
				c.send("POST /mcp HTTP/1.1\r\nHost: x\r\nX-Id: " + id + "\r\nContent-Length: 2\r\n\r\n{}")
				if _, b := c.answer(); b != id {
					t.Fatalf("%q to %s", b, id)
				}
				time.Sleep(time.Duration(i%5) * 3 * time.Millisecond)
			}
			l.expect(t, "all", 200, 1)
			began := time.Now()
			c.expectEnd()
			if took := time.Since(began); took < 250*time.Millisecond || took > 3*time.Second {
				t.Errorf("an idle connection ended after %v", took)
			}
		})
	}
}

// A server that shuts down waits for the answer that the lane gives, and for none that it might.
func TestLaneShutdown(t *testing.T) {
	for _, k := range kindsOfLane {
		t.Run(k.name, func(t *testing.T) {
			begun, finish := make(chan bool, 1), make(chan bool)
			l := startLane(t, k, func(x *Exchange) error {
				if x.Header("X-Wait") != "" {
					begun <- true
					<-finish
				}
				x.Answer(200, "application/json", []byte("{}"))
				return nil
			})
			idle, busy := l.dial(t), l.dial(t)
			idle.post("/mcp")
			idle.post("/mcp")
			busy.post("/mcp")
			busy.send("POST /mcp HTTP/1.1\r\nHost: x\r\nX-Wait: 1\r\nContent-Length: 2\r\n\r\n{}")
			soon(t, begun)
			done := make(chan error, 1)
			go func() { done <- l.Shutdown() }()
			idle.expectEnd()
			select {
			case <-done:
				t.Error("Shutdown did not wait")
			case <-time.After(150 * time.Millisecond):
			}
			close(finish)
			if r, b := busy.answer(); r.StatusCode != 200 || b != "{}" {
				t.Error(r.Status, b)
			}
			busy.expectEnd()
			if err := soon(t, done); err != nil {
				t.Error(err)
			}
			l.expect(t, "all", 2, 2)
		})
	}
}

// A client that does not read its answers is given up after the server's WriteTimeout.
func TestLaneSlowReader(t *testing.T) {
	over := make(chan bool, 1)
	large := []byte(strings.Repeat("x", 64<<20))
	l := startLane(t, kinds[0], func(x *Exchange) error {
		if x.Header("X-Large") != "" {
			x.Answer(200, "application/json", large)
			over <- true
		}
		return nil
	}, func(s *server) { s.WriteTimeout = 200 * time.Millisecond })
	c := l.dial(t)
	c.post("/mcp")
	c.send("POST /mcp HTTP/1.1\r\nHost: x\r\nX-Large: 1\r\nContent-Length: 2\r\n\r\n{}")
	soon(t, over)
	eventually(t, "the connection is given up", func() bool { return l.GetOpenConnectionsCount() == 0 })
	l.expect(t, "all", 1, 1)
	if said := l.logs.all(); !strings.Contains(said, "error when serving connection") || !strings.Contains(said, "i/o timeout") {
		t.Errorf("the server says %q", said)
	}
	*l.logs = logs{}
}

// What was read just when the connection was closed is not begun: its answer would have nowhere to go.
func TestLaneBeginsNothingThatIsClosed(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	c := &conn{Conn: near}
	l := &lane{cfg: &Config{}, Lane: Lane{Serve: func(*Exchange) error { t.Error("served"); return nil }}}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if l.answer(c, new(turn)) {
		t.Error("the connection goes on")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// A client may take longer for an answer than it may be silent behind it.
func TestLaneIdleBeginsBehindTheAnswer(t *testing.T) {
	t.Parallel()
	const idle = 3 * time.Second
	large := []byte(strings.Repeat("x", 32<<20))
	l := startLane(t, kinds[0], func(x *Exchange) error {
		n := 2
		if x.Header("X-Large") != "" {
			n = len(large)
		}
		x.Answer(200, "application/json", large[:n])
		return nil
	}, func(s *server) { s.IdleTimeout, s.WriteTimeout = idle, 20*time.Second })
	c := l.dial(t)
	c.post("/mcp")
	c.send("POST /mcp HTTP/1.1\r\nHost: x\r\nX-Large: 1\r\nContent-Length: 2\r\n\r\n{}")
	time.Sleep(idle + idle/4)
	r, err := http.ReadResponse(c.br, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r.Body); n != int64(len(large)) || err != nil {
		t.Fatal(n, err)
	}
	if _, b := c.post("/mcp"); b != "xx" {
		t.Errorf("%q", b)
	}
	l.expect(t, "all", 2, 1)
}

// What failed is answered, and the connection goes on.
func TestLaneFails(t *testing.T) {
	l := startLane(t, kinds[0], func(x *Exchange) error {
		x.SetHeader("X-A", "a")
		x.Answer(200, "text/x", []byte("half"))
		return errors.New("broken")
	})
	c := l.dial(t)
	c.post("/mcp")
	for range 2 {
		if r, b := c.post("/mcp"); r.StatusCode != 500 || b != `{"failed":true}` || r.Header.Get("X-A") != "" || r.Header.Get("Content-Type") != "application/json" {
			t.Error(r, b)
		}
	}
	l.expect(t, "all", 2, 1)
}

// An answer that says so is the last of its connection; a lane that is closed leaves all to the server.
func TestLaneEnds(t *testing.T) {
	var shut atomic.Bool
	served := 0
	s := start(t, kinds[0], func(x *Exchange, _ *fasthttp.RequestCtx) { x.Answer(200, "text/x", []byte("server")) }, func(s *server) {
		s.NoDefaultDate = false
		Lane{Path: "/mcp", Open: func() bool { return !shut.Load() }, Serve: func(x *Exchange) error {
			served++
			x.SetHeader("Connection", "close")
			x.Answer(200, "text/x", []byte("lane"))
			return nil
		}}.Attach(s.Server, s.cfg)
	})
	c := s.dial(t)
	c.post("/mcp")
	if r, b := c.post("/mcp"); b != "lane" || !r.Close {
		t.Error(r, b)
	}
	c.expectEnd()
	shut.Store(true)
	c = s.dial(t)
	c.post("/mcp")
	if _, b := c.post("/mcp"); b != "server" {
		t.Errorf("%q", b)
	}
}

// Exchanges of the lane's that leaked into goroutines never show another request than their own.
func TestLaneLeakedExchange(t *testing.T) {
	var wg sync.WaitGroup
	stop := make(chan bool)
	l := startLane(t, kinds[0], func(x *Exchange) error {
		id := x.Header("X-Id")
		keep := id[len(id)-1]%2 == 0
		if keep {
			x.Keep()
		}
		wg.Go(func() {
			for {
				for _, got := range append(x.HeaderValues("X-Id"), x.Header("x-id"), string(x.Body())) {
					if got != id && got != "" {
						t.Errorf("request %q of %q", got, id)
					}
				}
				select {
				case <-stop:
					if keep != (x.Header("X-Id") == id) {
						t.Errorf("kept: %t, X-Id of %s is %q", keep, id, x.Header("X-Id"))
					}
					return
				case <-time.After(20 * time.Microsecond):
				}
			}
		})
		x.Answer(200, "application/json", []byte(id))
		return nil
	})
	clients := []*client{l.dial(t), l.dial(t)}
	for i := range 60 {
		id := fmt.Sprint(100 + i)
		c := clients[i%2]
		c.send("POST /mcp HTTP/1.1\r\nHost: x\r\nX-Id: " + id + "\r\nContent-Length: 3\r\n\r\n" + id)
		if _, b := c.answer(); b != id {
			t.Errorf("%q to %s", b, id)
		}
	}
	close(stop)
	wg.Wait()
	l.expect(t, "all", 58, 2)
}
