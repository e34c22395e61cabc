package fasthost

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"testing"

	"github.com/valyala/fasthttp"
)

// plainRequest is a request in memory with what an MCP client sends.
func plainRequest() *fasthttp.RequestCtx {
	var ctx fasthttp.RequestCtx
	var r fasthttp.Request
	r.Header.SetMethod("POST")
	r.SetRequestURI("/mcp")
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("MCP-Protocol-Version", "2025-11-25")
	r.SetBodyString(`{"jsonrpc":"2.0"}`)
	ctx.Init(&r, nil, nil)
	return &ctx
}

func answered(ctx *fasthttp.RequestCtx, cfg *Config) {
	x := Acquire(ctx, cfg)
	if x.Header("Accept") == "" || x.Header("MCP-Protocol-Version") == "" || x.Header("Origin") != "" || x.Method() != "POST" || x.Path() != "/mcp" {
		panic("not the request")
	}
	x.Answer(200, "application/json", answerJSON)
	x.Release()
}

var answerJSON = []byte(`{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"3"}]}}`)

// An exchange that answers with one body costs one allocation: itself.
func TestPlainAllocations(t *testing.T) {
	ctx, cfg := plainRequest(), &Config{}
	if n := testing.AllocsPerRun(1000, func() { answered(ctx, cfg) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPlain(b *testing.B) {
	ctx, cfg := plainRequest(), &Config{}
	b.ReportAllocs()
	for b.Loop() {
		answered(ctx, cfg)
	}
}

const perCall = 100

var event = []byte("event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progress\":1}}\n\n")

// BenchmarkStream compares 100 events a call, over one connection, written from within the handler with the same from a
// goroutine of the call's own through fasthttp's body stream.
func BenchmarkStream(b *testing.B) {
	for _, way := range []struct {
		name string
		kind kind
		fn   func(*Exchange, *fasthttp.RequestCtx)
	}{
		{"inline-listener", kinds[0], inline},
		{"inline-givenback", kinds[6], inline},
		{"goroutine-bodystream", kinds[5], bodyStream},
		{"inline-listener-tls", kinds[2], inline},
		{"goroutine-bodystream-tls", kinds[8], bodyStream},
	} {
		b.Run(way.name, func(b *testing.B) {
			s := start(b, way.kind, way.fn)
			c := s.dial(b)
			request, buf := []byte(post("/")), make([]byte, 64<<10)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(request); err != nil {
					b.Fatal(err)
				}
				readAnswer(b, c, buf)
			}
			b.ReportMetric(perCall*float64(b.N)/b.Elapsed().Seconds(), "events/s")
			_ = c.Close()
		})
	}
}

// readAnswer reads until the last chunk.
func readAnswer(b *testing.B, c net.Conn, buf []byte) {
	end := []byte("\r\n0\r\n\r\n")
	have := 0
	for {
		n, err := c.Read(buf[have:])
		if err != nil {
			b.Fatal(err)
		}
		if have += n; bytes.HasSuffix(buf[:have], end) {
			return
		}
	}
}

func inline(x *Exchange, _ *fasthttp.RequestCtx) {
	body, err := x.Stream()
	for i := 0; i < perCall && err == nil; i++ {
		err = body.Write(event)
	}
	if err == nil {
		_ = body.Close()
	}
}

// bodyStream is what a host does that waits for its handler to return: a pipe, and a goroutine for the call.
func bodyStream(_ *Exchange, ctx *fasthttp.RequestCtx) {
	r, w := io.Pipe()
	ctx.SetContentType("text/event-stream")
	ctx.Response.ImmediateHeaderFlush = true
	ctx.Response.SetBodyStream(r, -1)
	go func() {
		for range perCall {
			if _, err := w.Write(event); err != nil {
				return
			}
		}
		_ = w.Close()
	}()
}

// BenchmarkOneEvent is a call that streams one event and its end.
func BenchmarkOneEvent(b *testing.B) {
	for _, way := range []struct {
		name string
		kind kind
		fn   func(*Exchange, *fasthttp.RequestCtx)
	}{
		{"plain", kinds[0], func(x *Exchange, _ *fasthttp.RequestCtx) { x.Answer(200, "application/json", answerJSON) }},
		{"stream", kinds[0], func(x *Exchange, _ *fasthttp.RequestCtx) {
			body, _ := x.Stream()
			_ = body.Write(event)
			_ = body.Close()
		}},
		{"stream-watched", kinds[0], func(x *Exchange, _ *fasthttp.RequestCtx) {
			defer x.OnGone(func() {})()
			body, _ := x.Stream()
			_ = body.Write(event)
			_ = body.Close()
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			s := start(b, way.kind, way.fn)
			c := s.dial(b)
			var response fasthttp.Response
			br := bufio.NewReader(c)
			request := []byte(post("/"))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(request); err != nil {
					b.Fatal(err)
				}
				if err := response.Read(br); err != nil {
					b.Fatal(err)
				}
			}
			_ = c.Close()
		})
	}
}
