package ratelimit_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/middleware/ratelimit"
)

// TestHTTP: on the wire, in both eras: headers on a JSON body and on a stream, and a 429 that a client understands.
func TestHTTP(t *testing.T) {
	app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "4-H", Methods: []string{"tools/call"}}))
	app.AddTool(fastmcp.Tool{Name: "stream", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		return "end", c.Stream(content.Text("begin"))
	})})
	session := ""
	post := func(body string, header ...string) (*http.Response, string) {
		t.Helper()
		req := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		res, err := app.Test(req, 20_000)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(b)
	}
	modern := func(tool string) (*http.Response, string) {
		return post(`{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"`+tool+`","_meta":{"progressToken":1,"io.modelcontextprotocol/protocolVersion":"2026-07-28",`+
			`"io.modelcontextprotocol/clientCapabilities":{}}}}`, "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", tool)
	}
	older := func(tool string) (*http.Response, string) {
		return post(`{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"`+tool+`","_meta":{"progressToken":1}}}`, "Mcp-Session-Id", session)
	}
	res, body := post(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	if session = res.Header.Get("Mcp-Session-Id"); session == "" {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	for i, row := range []struct {
		call      func(string) (*http.Response, string)
		tool      string
		kind      string
		remaining string
	}{
		{modern, "light", "application/json", "3"}, {older, "light", "application/json", "2"},
		{modern, "stream", "text/event-stream", "1"}, {older, "stream", "text/event-stream", "0"},
	} {
		res, body := row.call(row.tool)
		if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), row.kind) || !strings.Contains(body, `"result"`) ||
			res.Header.Get("X-RateLimit-Limit") != "4" || res.Header.Get("X-RateLimit-Remaining") != row.remaining || res.Header.Get("X-RateLimit-Reset") == "" {
			t.Errorf("%d: %d %v %s", i, res.StatusCode, res.Header, body)
		}
	}
	for i, call := range []func(string) (*http.Response, string){modern, older} {
		for _, tool := range []string{"light", "stream"} {
			res, body := call(tool)
			if res.StatusCode != 429 || res.Header.Get("Retry-After") == "" || res.Header.Get("X-RateLimit-Remaining") != "0" ||
				!strings.HasPrefix(body, `{"jsonrpc":"2.0","id":"x","error":{"code":-32000,"message":"Too many requests: 4 per hour`) {
				t.Errorf("%d %s: %d %v %s", i, tool, res.StatusCode, res.Header, body)
			}
		}
	}
}
