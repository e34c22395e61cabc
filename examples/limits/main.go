// Limits is a server that bounds its callers: how often each may call, how much costly tools count, how many calls run at
// once, and how often a route is asked. With -redis, as many of them as one likes count together.
package main

import (
	"encoding/base64"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/concurrency"
	"github.com/fastmcp-go/fastmcp/middleware/ratelimit"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/fastmcp-go/fastmcp/store/redis"
	"github.com/gofiber/fiber/v2"
)

type renderInput struct {
	MS int `json:"ms" validate:"gte=0,lte=10000" default:"100" description:"how long it takes, in milliseconds"`
}

func render(c *fastmcp.Context, in renderInput) (string, error) {
	select {
	case <-time.After(time.Duration(in.MS) * time.Millisecond):
		return "rendered", nil
	case <-c.Done():
		return "", c.Err()
	}
}

func text(s string) fastmcp.Func {
	return fastmcp.Get(func(*fastmcp.Context) (string, error) { return s, nil })
}

// newApp is the server. rate is each caller's, for all that is called.
func newApp(config fastmcp.Config, rate string) *fastmcp.App {
	app := fastmcp.New(config)
	app.Use(
		ratelimit.New(ratelimit.Config{Rate: rate, Weights: map[string]int{"render": 7}, Methods: []string{"tools/call"}}),
		concurrency.New(concurrency.Config{Max: 100}),
	)
	app.AddTool(fastmcp.Tool{Name: "quote", Description: "Costs little", Handler: text("so it goes")})
	app.AddTool(fastmcp.Tool{
		Name: "render", Description: "Counts as seven calls, and runs twice at once for each caller", Handler: fastmcp.Typed(render),
		Use: []fastmcp.Handler{concurrency.New(concurrency.Config{Max: 2, MaxWaiting: 2})},
	})
	app.AddTool(fastmcp.Tool{
		Name: "report", Description: "Twice an hour, for all callers together", Handler: text("all is well"),
		Use: []fastmcp.Handler{ratelimit.New(ratelimit.Config{Rate: "2-H", Key: ratelimit.ByTool})}, // the model reads when to come back
	})
	app.AddRoute(fiber.MethodGet, "/hello", ratelimit.NewFiber(ratelimit.FiberConfig{
		App: app, Rate: "3-M", Handler: func(c *fiber.Ctx) error { return c.SendString("hello") },
	}))
	app.AddRoute(fiber.MethodGet, "/ready", routes.Ready(app), fastmcp.RouteConfig{Public: true})
	return app
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	rate := flag.String("rate", "100-M", "how much each caller may call")
	url := flag.String("redis", "", "the Redis that all nodes count in; they need the variable FASTMCP_KEYS, 32 random bytes in base64")
	trust := flag.String("trust", "", "the proxies in front, addresses or ranges, comma-separated")
	flag.Parse()

	config := fastmcp.Config{Name: "limits", Version: "1.0.0"}
	if *trust != "" {
		config.HTTP.TrustedProxies = strings.Split(*trust, ",")
	}
	if *url != "" {
		key, err := base64.StdEncoding.DecodeString(os.Getenv("FASTMCP_KEYS"))
		if err != nil {
			log.Fatal("FASTMCP_KEYS is not base64")
		}
		config.Storage, config.Keys = redis.New(redis.Config{URL: *url}), [][]byte{key}
	}
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := newApp(config, *rate).Listener(ln); err != nil {
		log.Fatal(err)
	}
}
