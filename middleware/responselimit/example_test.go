package responselimit_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/internal/livetest"
	"github.com/fastmcp-go/fastmcp/middleware/responselimit"
)

// A table that is too large for an answer is a link to it, and its beginning.
func Example() {
	app := fastmcp.New(fastmcp.Config{Name: "tables"})
	app.Use(responselimit.New(responselimit.Config{App: app, MaxBytes: 8 << 10, Preview: 20, TTL: time.Hour}))
	app.AddTool(fastmcp.Tool{Name: "export", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
		return strings.Repeat("tea;3\n", 2000), nil
	})})

	r := post(app, "tools/call", "export", `"name":"export"`)
	for _, block := range r.Content {
		fmt.Println(block.Type, block.MimeType, block.Size)
	}
	uri := r.Content[1].URI
	fmt.Println(len(post(app, "resources/read", uri, fmt.Sprintf(`"uri":%q`, uri)).Text()), "bytes can be read")
	// Output:
	// text  0
	// resource_link text/plain 12000
	// 12000 bytes can be read
}

// post makes a request of an App that listens nowhere.
func post(app *fastmcp.App, method, name, params string) *livetest.Result {
	h, body := livetest.Modern(method, name, params, "")
	req := httptest.NewRequest("POST", "/mcp", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for name, value := range h {
		req.Header.Set(name, value)
	}
	res, err := app.Test(req)
	if err != nil {
		panic(err)
	}
	defer func() { _ = res.Body.Close() }()
	var m livetest.Message
	if err := json.NewDecoder(res.Body).Decode(&m); err != nil || m.Result == nil {
		panic(fmt.Sprint(res.Status, err, m.Error))
	}
	return m.Result
}
