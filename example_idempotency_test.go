package fastmcp_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// A client that has lost the answer calls again with the same key, and gets the order that it has placed already.
func ExampleIdempotencyConfig() {
	app := fastmcp.New(fastmcp.Config{
		Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
			"token-of-sue-0123": {Subject: "sue"}, // a key is its caller's own
		})}}),
		Idempotency: fastmcp.IdempotencyConfig{Window: time.Hour},
	})
	orders := 0
	app.AddTool(fastmcp.Tool{
		Name: "order", Description: "Order cups",
		Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
			Cups int `json:"cups" validate:"gte=1"`
		}) (string, error) {
			orders++
			return fmt.Sprintf("order %d: %d cups", orders, in.Cups), nil
		}),
	})
	d := startDemo(app)
	defer d.stop()
	sue := d.as("token-of-sue-0123")

	order := func(id int, key string, cups int) {
		status, reply := sue.do(sue.request(http.MethodPost,
			map[string]string{"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "order"},
			fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"order","arguments":{"cups":%d},"_meta":{%q:%q,`+
				`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`,
				id, cups, fastmcp.MetaIdempotencyKey, key)))
		fmt.Println(readDemo(status, reply)[0].summary())
	}
	order(1, "0198f3b2", 2)
	order(2, "0198f3b2", 2) // again, under a new JSON-RPC id
	order(3, "0198f3b2", 9)
	order(4, "0198f3c7", 9)
	// Output:
	// order 1: 2 cups
	// order 1: 2 cups
	// 200: Invalid params: _meta["io.github.fastmcp-go/idempotencyKey"] has been used with other arguments: a new call needs a new key
	// order 2: 9 cups
}
