package cache_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/cache"
	"github.com/fastmcp-go/fastmcp/middleware/internal/livetest"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/gofiber/fiber/v2"
)

// prices is something that is slow to ask, and changes now and then.
type prices struct{ asked, tea int }

type article struct {
	Name string `json:"name" validate:"required"`
}

func (p *prices) find(_ *fastmcp.Context, in article) (string, error) {
	p.asked++
	return fmt.Sprintf("%s costs %d", in.Name, p.tea), nil
}

type change struct {
	Price int `json:"price" validate:"gte=1"`
}

// set changes a price, and has what was kept of all prices forgotten.
func (p *prices) set(c *fastmcp.Context, in change) error {
	p.tea = in.Price
	return cache.Forget(c, c.Store(), "price")
}

// What reads is asked once in five minutes, or until something has changed.
func Example() {
	p := &prices{tea: 3}
	app := fastmcp.New(fastmcp.Config{Name: "shop"})
	app.Use(cache.New(cache.Config{TTL: 5 * time.Minute, Public: true}))
	app.AddTool(fastmcp.Tool{
		Name: "price", Annotations: &protocol.ToolAnnotations{ReadOnlyHint: true}, Handler: fastmcp.Typed(p.find),
	})
	app.AddTool(fastmcp.Tool{Name: "set_price", Handler: fastmcp.Do(p.set)})

	call := inProcess(app)
	fmt.Println(call("price", `{"name":"tea"}`))
	fmt.Println(call("price", `{ "name": "tea" }`), "- asked", p.asked)
	call("set_price", `{"price":4}`)
	fmt.Println(call("price", `{"name":"tea"}`), "- asked", p.asked)
	// Output:
	// tea costs 3
	// tea costs 3 - asked 1
	// tea costs 4 - asked 2
}

// A webhook, or anything else beside MCP, forgets by the App's store.
func ExampleForget() {
	app := fastmcp.New(fastmcp.Config{Name: "shop"})
	app.AddRoute(fiber.MethodPost, "/prices/changed", func(c *fiber.Ctx) error {
		if err := cache.Forget(c.UserContext(), app.Store(), "price", "shop://prices"); err != nil {
			return err
		}
		app.ResourceUpdated("shop://prices") // behind it: who is told reads what is new
		return c.SendStatus(fiber.StatusNoContent)
	})
}

// inProcess calls tools of an App that listens nowhere, and gives the text of their results.
func inProcess(app *fastmcp.App) func(tool, args string) string {
	return func(tool, args string) string {
		h, body := livetest.Modern("tools/call", tool, fmt.Sprintf(`"name":%q,"arguments":%s`, tool, args), "")
		req := httptest.NewRequest("POST", "/mcp", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		for name, value := range h {
			req.Header.Set(name, value)
		}
		res, err := app.Test(req)
		if err != nil {
			return err.Error()
		}
		defer func() { _ = res.Body.Close() }()
		var m livetest.Message
		if err := json.NewDecoder(res.Body).Decode(&m); err != nil || m.Result == nil {
			return fmt.Sprint(res.Status, err, m.Error)
		}
		return m.Result.Text()
	}
}
