// Mount is a Fiber app that existed before: a site with pages, and MCP beside them, under /api/mcp. The site listens, and
// stops, as it did before; the App is shut down first.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
)

type areaInput struct {
	Width  float64 `json:"width" validate:"required,gte=0"`
	Height float64 `json:"height" validate:"required,gte=0"`
}

func area(_ *fastmcp.Context, in areaInput) (float64, error) { return in.Width * in.Height, nil }

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	// Mount looks at these: headers of 4 KiB, Fiber's default, are too short for some tokens, and without a ReadTimeout a
	// connection that says nothing holds up the end for ever.
	site := fiber.New(fiber.Config{ReadBufferSize: 16 << 10, ReadTimeout: 30 * time.Second, DisableStartupMessage: true})
	site.Get("/", func(c *fiber.Ctx) error { return c.SendString("welcome") })

	app := fastmcp.New(fastmcp.Config{
		Name: "mounted", Version: "1.0.0",
		// The App does not know where the site listens: say which names it has, and which pages may call from a browser.
		Hosts: []string{"127.0.0.1", "localhost"},
	})
	app.AddTool(fastmcp.Tool{Name: "area", Description: "The area of a rectangle", Handler: fastmcp.Typed(area)})
	app.Mount(site.Group("/api"), fastmcp.MountConfig{Root: site}) // Root has /.well-known, where there is some

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
		end, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_ = app.Shutdown(end) // waits for running calls, and tells streams to come back
		stopped <- site.ShutdownWithContext(end)
	}()

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/api/mcp\n", ln.Addr())
	if err := site.Listener(ln); err != nil {
		log.Fatal(err)
	}
	if err := <-stopped; err != nil {
		log.Fatal(err)
	}
}
