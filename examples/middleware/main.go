// Middleware is a server with links in front of its tools: Fiber's, which see HTTP, and MCP's, which see what is called, over
// stdio, too. It prints the chain that a request goes through.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2/middleware/helmet"
	"github.com/gofiber/fiber/v2/middleware/requestid"
)

// timing sees every method, tools/list as well as tools/call. What comes after Next comes after the answer is made.
func timing(c *fastmcp.Context) error {
	begun := time.Now()
	err := c.Next()
	c.Log().Info("answered", "took", time.Since(begun), "error", err) // it has the method, the name and the request's id by itself
	return err
}

// quota answers by itself, without Next, when tools have been called too often. It counts in one process; c.Store() counts
// for all nodes, and past a restart.
type quota struct {
	calls int64
	used  atomic.Int64
}

func (q *quota) check(c *fastmcp.Context) error {
	if c.Method() == "tools/call" && q.used.Add(1) > q.calls {
		return fastmcp.Errorf("that is enough: %d calls", q.calls)
	}
	return c.Next()
}

// redact looks at the answer, and replaces it.
func redact(c *fastmcp.Context) error {
	if err := c.Next(); err != nil {
		return err
	}
	if text, ok := c.Result().(string); ok {
		c.SetResult(strings.ReplaceAll(text, "rosebud", "*******"))
	}
	return nil
}

// language leaves a value for what comes behind it.
type language struct{}

func locale(c *fastmcp.Context) error {
	c.Locals(language{}, "en")
	if strings.HasPrefix(c.Header("Accept-Language"), "pt") {
		c.Locals(language{}, "pt")
	}
	return c.Next()
}

func greet(c *fastmcp.Context) (string, error) {
	return map[any]string{"en": "hello", "pt": "olá"}[c.Locals(language{})], nil
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	q := &quota{}
	flag.Int64Var(&q.calls, "calls", 1000, "how many calls there may be")
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{Name: "middleware", Version: "1.0.0"})
	app.Use(helmet.New(), requestid.New()) // Fiber's, told from MCP's by their type
	app.Use(timing, q.check, locale)
	app.AddTool(fastmcp.Tool{Name: "greet", Handler: fastmcp.Get(greet)})
	app.AddTool(fastmcp.Tool{
		Name: "last_words", Use: []fastmcp.Handler{redact}, // for this tool alone, behind those of the App
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "he said rosebud", nil }),
	})

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\nlistening on http://%s/mcp\n", strings.Join(app.Chain(), "\n"), ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
