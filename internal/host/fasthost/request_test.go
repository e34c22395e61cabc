package fasthost

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/valyala/fasthttp"
)

func TestRequest(t *testing.T) {
	look := func(x *Exchange) string {
		return fmt.Sprintln(x.Method(), x.Path(), x.Query("q"), x.Query("none"), x.Host(), x.Header("accept"), x.Header("x-a"), x.Header("None"),
			x.HeaderValues("X-A"), len(x.HeaderValues("None")), x.Value("local"), x.Value(3), x.Value("none"), x.Value([]int{1}),
			x.RemoteIP(), x.LocalIP())
	}
	const want = "PATCH /pé d  ex.org application/json one  [one two] 0 text 4 <nil> <nil> 127.0.0.1 127.0.0.1\n"
	type held struct{ plain, kept *Exchange }
	got := make(chan held, 1)
	s := start(t, kinds[0], func(x *Exchange, ctx *fasthttp.RequestCtx) {
		ctx.SetUserValue("local", "text")
		ctx.SetUserValue(3, 4)
		other := Acquire(ctx, x.cfg)
		other.Keep()
		if got := look(x); x.Path() != "/other" && got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if string(x.Body()) != "{}" {
			t.Errorf("body %q", x.Body())
		}
		x.SetHeader("X-B", "b")
		x.Answer(418, "text/x", []byte("hi"))
		other.Release()
		got <- held{x, other}
	})
	c := s.dial(t)
	c.send("PATCH /p%C3%A9?q=d HTTP/1.1\r\nHost: ex.org\r\nAccept:   application/json \r\nX-A: one\r\nX-A: two\r\nContent-Length: 2\r\n\r\n{}")
	r, b := c.answer()
	if r.StatusCode != 418 || b != "hi" || r.Header.Get("X-B") != "b" || r.Header.Get("Content-Type") != "text/x" {
		t.Error(r, b)
	}
	h := soon(t, got)
	c.post("/other") // now fasthttp's buffers have another request in them
	if soon(t, got); h.plain.Header("Accept")+h.plain.Path()+h.plain.Method()+h.plain.Host() != "" || h.plain.Value("local") != nil ||
		h.plain.Body() != nil || h.plain.RemoteIP().IsValid() || h.plain.HeaderValues("X-A") != nil || h.plain.Query("q") != "" {
		t.Error("an exchange that was released shows a request")
	}
	k := h.kept
	if k.Method() != "PATCH" || k.Path() != "/pé" || k.Query("q") != "d" || k.Host() != "ex.org" || k.Header("Accept") != "application/json" ||
		!slices.Equal(k.HeaderValues("x-a"), []string{"one", "two"}) || k.Value("local") != "text" || k.Value(3) != 4 || k.Value([]int{1}) != nil ||
		k.RemoteIP() != netip.MustParseAddr("127.0.0.1") || k.Body() != nil {
		t.Errorf("kept %q", look(k))
	}
	k.Keep()
}

func TestRemoteIP(t *testing.T) {
	trusted := TrustPrefixes(false, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"))
	for _, c := range []struct {
		trusted func(netip.Addr) bool
		forward []string
		want    string
	}{
		{nil, []string{"1.1.1.1"}, "127.0.0.1"},
		{TrustPrefixes(true), []string{"1.1.1.1"}, "127.0.0.1"},
		{trusted, nil, "127.0.0.1"},
		{trusted, []string{"1.1.1.1"}, "1.1.1.1"},
		{trusted, []string{"6.6.6.6, 1.1.1.1, 10.0.0.1"}, "1.1.1.1"},
		{trusted, []string{"6.6.6.6", "1.1.1.1", " 10.0.0.1 ,10.0.0.2"}, "1.1.1.1"},
		{trusted, []string{"10.0.0.1, 10.0.0.2"}, "10.0.0.1"},
		{trusted, []string{"1.1.1.1, rubbish, 10.0.0.1"}, "10.0.0.1"},
		{trusted, []string{""}, "127.0.0.1"},
		{trusted, []string{"1.1.1.1:80"}, "1.1.1.1"},
		{trusted, []string{"[2001:db8::1]:80"}, "2001:db8::1"},
		{trusted, []string{"[2001:db8::1]"}, "2001:db8::1"},
		{trusted, []string{"::ffff:1.1.1.1, fd00::1"}, "1.1.1.1"},
	} {
		got := make(chan string, 1)
		s := start(t, kinds[0], func(x *Exchange, _ *fasthttp.RequestCtx) { got <- x.RemoteIP().String() }, func(s *server) { s.cfg.Trusted = c.trusted })
		client := s.dial(t)
		var h strings.Builder
		for _, f := range c.forward {
			h.WriteString("X-Forwarded-For: " + f + "\r\n")
		}
		client.send("GET / HTTP/1.1\r\nHost: x\r\n" + h.String() + "\r\n")
		if g := soon(t, got); g != c.want {
			t.Errorf("%q: %s, want %s", c.forward, g, c.want)
		}
	}
}

func TestRemoteIPUnix(t *testing.T) {
	for trust, want := range map[bool]string{true: "1.1.1.1", false: "invalid IP"} {
		got := make(chan string, 1)
		s := start(t, kinds[3], func(x *Exchange, _ *fasthttp.RequestCtx) { got <- x.RemoteIP().String() }, func(s *server) { s.cfg.Trusted = TrustPrefixes(trust) })
		s.dial(t).send("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n")
		if g := soon(t, got); g != want {
			t.Errorf("%v: %s, want %s", trust, g, want)
		}
	}
}

// Exchanges that leaked into goroutines never show the headers of a request but their own, while one connection carries
// request after request.
func TestLeakedExchange(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		var wg sync.WaitGroup
		stop := make(chan bool)
		fn := app(t)
		s := start(t, k, func(x *Exchange, ctx *fasthttp.RequestCtx) {
			id := x.Query("id")
			kept := id[len(id)-1] == '5'
			if kept {
				x.Keep()
			}
			if id[len(id)-1]%2 == 1 {
				wg.Go(func() {
					for {
						for _, got := range append(x.HeaderValues("X-Id"), x.Header("X-Id"), x.Query("id")) {
							if got != id && (got != "" || kept) {
								t.Errorf("request %q of %q", got, id)
							}
						}
						if v := x.Value("id"); v != nil && v != id {
							t.Errorf("value %q of %q", v, id)
						}
						select {
						case <-stop:
							return
						case <-time.After(20 * time.Microsecond):
						}
					}
				})
			}
			fn(x, ctx)
		})
		c := s.dial(t)
		for i := range 60 {
			c.send(fmt.Sprintf("POST %s?id=%d HTTP/1.1\r\nHost: x\r\nX-Id: %[2]d\r\nContent-Length: 2\r\n\r\n{}", []string{"/plain", "/stream"}[i%3/2], 100+i))
			c.answer()
		}
		close(stop)
		wg.Wait()
	})
}

type (
	ownText  string
	ownBytes []byte
)

// What is kept of values and of the names of trailers is not fasthttp's memory, whatever the types of the values are called.
func TestKeptValues(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		var mu sync.Mutex
		var kept []*Exchange
		s := start(t, k, func(x *Exchange, ctx *fasthttp.RequestCtx) {
			id := ctx.Request.Header.Peek("X-Id")
			ctx.SetUserValue("text", ownText(unsafe.String(&id[0], len(id)))) // as Fiber gives it
			ctx.SetUserValue("bytes", ownBytes(id))
			ctx.SetUserValue("nothing", ownBytes(nil))
			x.Keep()
			mu.Lock()
			kept = append(kept, x)
			mu.Unlock()
		})
		c := s.dial(t)
		for i := range 5 {
			c.send(fmt.Sprintf("GET / HTTP/1.1\r\nHost: x\r\nTrailer: T%d\r\nX-Id: %[1]d\r\n\r\n", 100+i))
			c.answer()
		}
		mu.Lock()
		defer mu.Unlock()
		for i, x := range kept {
			text, bytes, nothing := x.Value("text"), x.Value("bytes"), x.Value("nothing")
			if want := fmt.Sprint(100 + i); text != ownText(want) || string(bytes.(ownBytes)) != want || nothing.(ownBytes) != nil || x.Header("Trailer") != "" {
				t.Errorf("%s: %v, %s, %v, trailer %q", want, text, bytes, nothing, x.Header("Trailer"))
			}
		}
	})
}
