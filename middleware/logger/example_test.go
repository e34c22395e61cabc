package logger_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/logger"
)

// without leaves out what is different each time.
func without(names ...string) func([]string, slog.Attr) slog.Attr {
	return func(_ []string, a slog.Attr) slog.Attr {
		for _, name := range names {
			if a.Key == name {
				return slog.Attr{}
			}
		}
		return a
	}
}

func callTool(app *fastmcp.App, name, args string) {
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s,"_meta":{`+
		`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`, name, args)
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/mcp", strings.NewReader(body))
	for k, v := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "X-Request-Id": "b1946ac9",
		"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": name,
	} {
		r.Header.Set(k, v)
	}
	res, err := app.Test(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
}

// One line for each request. Arguments are logged when that is asked for, and secrets in them never are.
func Example() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: without("time", "duration", "in", "out")}))

	app := fastmcp.New()
	app.Use(logger.New(logger.Config{Log: log, Arguments: true}))
	app.AddTool(fastmcp.Tool{
		Name: "login", Description: "Log in",
		Handler: fastmcp.Do(func(_ *fastmcp.Context, in struct {
			User     string `json:"user"`
			Password string `json:"password"`
		}) error {
			if in.User != "sue" {
				return fastmcp.Errorf("there is no %s", in.User)
			}
			return nil
		}),
	})

	callTool(app, "login", `{"user":"sue","password":"rosebud"}`)
	callTool(app, "login", `{"user":"joe","password":"rosebud"}`)
	// Output:
	// level=INFO msg=request method=tools/call revision=2026-07-28 outcome=succeeded name=login request=b1946ac9 arguments="{\"user\":\"sue\",\"password\":\"[redacted]\"}"
	// level=WARN msg=request method=tools/call revision=2026-07-28 outcome=failed name=login request=b1946ac9 reason=tool_error error="there is no joe" arguments="{\"user\":\"joe\",\"password\":\"[redacted]\"}"
}
