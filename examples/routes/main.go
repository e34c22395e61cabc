// Routes is a server with routes beside MCP: probes and a status page for those who run it, a page for those who show a token,
// as MCP wants it, files for everybody, and a webhook, which proves by a signature who calls.
package main

import (
	"cmp"
	"crypto/rand"
	"embed"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net"
	"os"
	"sync"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/gofiber/fiber/v2"
)

//go:embed public
var public embed.FS

type push struct {
	Ref    string `json:"ref"`
	Pusher struct {
		Name string `json:"name"`
	} `json:"pusher"`
}

// repository is what is known of the last push.
type repository struct {
	app *fastmcp.App

	mu   sync.Mutex
	last push
}

// pushed is a handler of Fiber's. What c has is gone when it returns: json.Unmarshal makes copies.
func (r *repository) pushed(c *fiber.Ctx) error {
	var p push
	if err := json.Unmarshal(c.Body(), &p); err != nil {
		return fiber.NewError(fiber.StatusBadRequest, "the body is no push")
	}
	r.mu.Lock()
	r.last = p
	r.mu.Unlock()
	r.app.ResourceUpdated("repo://last-push") // clients that have subscribed to it read it again
	return c.SendStatus(fiber.StatusNoContent)
}

func (r *repository) read(*fastmcp.Context) (push, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last, nil
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	admin := flag.String("admin", "", "where to serve /status to who asks there, as 127.0.0.1:9090; without it, beside MCP to who is known")
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{
		Name: "routes", Version: "1.0.0",
		Auth: auth.New(auth.Config{
			Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{"sue-0123456789abcdef": {Subject: "sue"}})},
		}),
		HTTP: fastmcp.HTTPConfig{AdminAddr: *admin},
	})
	r := &repository{app: app}
	app.AddResource(fastmcp.Resource{URI: "repo://last-push", Name: "last push", Handler: fastmcp.Get(r.read)})

	everybody := fastmcp.RouteConfig{Public: true}
	app.AddRoute(fiber.MethodGet, "/health", routes.Health(app), everybody)
	app.AddRoute(fiber.MethodGet, "/ready", routes.Ready(app), everybody)
	app.AddRoute(fiber.MethodGet, "/status", routes.Status(app), fastmcp.RouteConfig{Admin: true, Public: *admin != ""})
	app.AddRoute(fiber.MethodGet, "/whoami", func(c *fiber.Ctx) error { return c.SendString(fastmcp.PrincipalOf(c).Subject) })

	files, err := fs.Sub(public, "public")
	if err != nil {
		log.Fatal(err)
	}
	app.AddRoute(fiber.MethodGet, "/assets/*", routes.StaticFS(files), everybody)

	// GitHub has no token of this server's: the signature takes its place. A secret that nobody knows lets nobody in.
	secret := cmp.Or(os.Getenv("WEBHOOK_SECRET"), rand.Text())
	app.AddRoute(fiber.MethodPost, "/webhook/github", routes.GitHub(secret, r.pushed), everybody)

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
