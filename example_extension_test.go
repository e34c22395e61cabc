package fastmcp_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/fastmcp-go/fastmcp"
)

// An extension brings methods of its own, whose params are validated like a tool's arguments.
func ExampleApp_AddExtension() {
	type Query struct {
		Text string `json:"text" validate:"required"`
	}
	type Hits struct {
		Hits []string `json:"hits"`
	}
	app := fastmcp.New(fastmcp.Config{Name: "library", Stateless: true})
	app.AddExtension(fastmcp.Extension{
		ID:       "com.example/search",
		Settings: map[string]int{"mostHits": 10},
		Methods: []fastmcp.Method{{Name: "search/run", Handler: fastmcp.Typed(func(_ *fastmcp.Context, q Query) (Hits, error) {
			return Hits{Hits: []string{"The Art of " + q.Text}}, nil
		})}},
	})

	req := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"search/run","params":{"text":"Go"}}`))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	req.Header.Set("MCP-Protocol-Version", "2025-11-25")
	res, err := app.Test(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := io.ReadAll(res.Body)
	fmt.Println(string(body))
	// Output: {"jsonrpc":"2.0","id":1,"result":{"hits":["The Art of Go"]}}
}
