// Fasthttp answers every request with the same bytes: what the machine and the HTTP library allow at most, and what the
// load generator must be cheaper than.
package main

import (
	"github.com/fastmcp-go/fastmcp/bench/internal/contract"
	"github.com/valyala/fasthttp"
)

func main() {
	env := contract.Load()
	body := []byte(`{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"3"}]}}`)
	kind := []byte("application/json")
	s := &fasthttp.Server{
		NoDefaultServerHeader: true,
		Handler: func(c *fasthttp.RequestCtx) {
			c.Response.Header.SetContentTypeBytes(kind)
			c.Response.SetBodyRaw(body)
		},
	}
	contract.Exit(s.ListenAndServe(env.Addr))
}
