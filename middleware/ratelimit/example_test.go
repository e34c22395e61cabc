package ratelimit_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/ratelimit"
	"github.com/gofiber/fiber/v2"
	"github.com/ulule/limiter/v3"
)

// call calls a tool in 2026-07-28 and prints the status, some of the headers, and what there is to read.
func call(app *fastmcp.App, tool string) {
	req := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+tool+`","_meta":{`+
		`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`))
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": tool,
	} {
		req.Header.Set(name, value)
	}
	show(app, req)
}

func show(app *fastmcp.App, req *http.Request) {
	res, err := app.Test(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	text := "ok"
	if at := strings.Index(string(body), "Too many requests"); at >= 0 {
		text, _, _ = strings.Cut(string(body)[at:], ".")
	}
	fmt.Println(res.StatusCode, "remaining", res.Header.Get("X-RateLimit-Remaining"), text)
}

// Each caller has three calls a day, of whatever it is, and the tool report one an hour for all callers together.
func ExampleNew() {
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
	app.Use(ratelimit.New(ratelimit.Config{Rate: "3-D"}))
	done := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "done", nil })
	app.AddTool(fastmcp.Tool{Name: "add", Handler: done})
	app.AddTool(fastmcp.Tool{Name: "report", Handler: done, Use: []fastmcp.Handler{
		ratelimit.New(ratelimit.Config{Rate: "1-H", Key: ratelimit.ByTool}),
	}})

	call(app, "report")
	call(app, "report") // the model reads it
	call(app, "add")
	call(app, "add") // the client is told
	// Output:
	// 200 remaining 0 ok
	// 200 remaining 0 Too many requests: 1 per hour are allowed
	// 200 remaining 0 ok
	// 429 remaining 0 Too many requests: 3 per day are allowed
}

// A call of a tool that costs more counts more, and a burst is bounded beside the day.
func ExampleNew_weights() {
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
	app.Use(ratelimit.New(ratelimit.Config{
		Rates:   []string{"20-M", "1000-D"},
		Weights: map[string]int{"render": 10, "version": 0},
		Methods: []string{"tools/call"},
	}))
	done := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "done", nil })
	for _, name := range []string{"render", "version", "add"} {
		app.AddTool(fastmcp.Tool{Name: name, Handler: done})
	}

	call(app, "render")
	call(app, "add")
	call(app, "render")
	call(app, "version")
	// Output:
	// 200 remaining 10 ok
	// 200 remaining 9 ok
	// 429 remaining 9 Too many requests: 20 per minute are allowed
	// 200 remaining  ok
}

// A route has a limit of its own.
func ExampleNewFiber() {
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
	app.AddRoute(fiber.MethodPost, "/webhook", ratelimit.NewFiber(ratelimit.FiberConfig{
		App: app, Rate: "1-H",
		Handler: func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusAccepted) },
	}))

	show(app, httptest.NewRequest(http.MethodPost, "/webhook", nil))
	show(app, httptest.NewRequest(http.MethodPost, "/webhook", nil))
	// Output:
	// 202 remaining 0 ok
	// 429 remaining 0 Too many requests: 1 per hour are allowed
}

// A tool that bounds something of its own: how many mails go out, whoever asks for them.
func ExampleNewStore() {
	app := fastmcp.New()
	mails := limiter.New(ratelimit.NewStore(app.Store()), limiter.Rate{Period: 24 * time.Hour, Limit: 2})
	app.AddTool(fastmcp.Tool{Name: "mail", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		state, err := mails.Get(c, "mails")
		if err != nil {
			return "", err
		}
		if state.Reached {
			return "", fastmcp.Errorf("no more mails today")
		}
		return "sent", nil
	})})
}
