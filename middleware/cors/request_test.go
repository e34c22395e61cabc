package cors_test

import "github.com/valyala/fasthttp"

// request is a request in memory, by a page or by none.
func request(origin string) *fasthttp.RequestCtx {
	var r fasthttp.Request
	r.Header.SetMethod("GET")
	r.SetRequestURI("/")
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	ctx := &fasthttp.RequestCtx{}
	ctx.Init(&r, nil, nil)
	return ctx
}
