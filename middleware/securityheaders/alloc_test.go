//go:build !race

package securityheaders_test

import (
	"testing"

	"github.com/fastmcp-go/fastmcp/middleware/securityheaders"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// requests is a Fiber app with the middleware or without, and a request to it.
func requests(use ...any) func() {
	f := fiber.New()
	for _, h := range use {
		f.Use(h)
	}
	f.Get("/", func(*fiber.Ctx) error { return nil })
	var r fasthttp.Request
	r.Header.SetMethod("GET")
	r.SetRequestURI("/")
	handler, ctx := f.Handler(), &fasthttp.RequestCtx{}
	ctx.Init(&r, nil, nil)
	return func() { ctx.Response.Reset(); handler(ctx) }
}

func TestAllocations(t *testing.T) {
	if n := testing.AllocsPerRun(200, requests(securityheaders.New())) - testing.AllocsPerRun(200, requests()); n > 0 {
		t.Errorf("%v allocations more, the budget is 0", n)
	}
}

func BenchmarkRequest(b *testing.B) {
	for name, use := range map[string][]any{"without": nil, "with": {securityheaders.New()}} {
		b.Run(name, func(b *testing.B) {
			request := requests(use...)
			b.ReportAllocs()
			for b.Loop() {
				request()
			}
		})
	}
}
