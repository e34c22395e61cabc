// Routes is a server with routes beside MCP: a webhook, which proves by a signature who calls, a page for those who show a
// token, as MCP wants it, and one for everybody.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"sync"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/gofiber/fiber/v2"
)

type push struct {
	Ref    string `json:"ref"`
	Pusher struct {
		Name string `json:"name"`
	} `json:"pusher"`
}

// repository is what is known of the last push.
type repository struct {
	app    *fastmcp.App
	secret []byte

	mu   sync.Mutex
	last push
}

// signed checks what GitHub sends with each delivery: an HMAC of the body. Without a secret anybody could make one.
func (r *repository) signed(header string, body []byte) bool {
	mac := hmac.New(sha256.New, r.secret)
	mac.Write(body)
	return len(r.secret) > 0 && hmac.Equal([]byte(header), []byte("sha256="+hex.EncodeToString(mac.Sum(nil))))
}

// pushed is a handler of Fiber's. What c has is gone when it returns: json.Unmarshal makes copies.
func (r *repository) pushed(c *fiber.Ctx) error {
	if !r.signed(c.Get("X-Hub-Signature-256"), c.Body()) {
		return fiber.NewError(fiber.StatusForbidden, "the signature does not fit")
	}
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
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{Name: "routes", Version: "1.0.0", Auth: auth.New(auth.Config{
		Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{"sue-0123456789abcdef": {Subject: "sue"}})},
	})})
	r := &repository{app: app, secret: []byte(os.Getenv("WEBHOOK_SECRET"))}
	app.AddResource(fastmcp.Resource{URI: "repo://last-push", Name: "last push", Handler: fastmcp.Get(r.read)})
	// Public: GitHub has no token of this server's. The signature takes its place.
	app.AddRoute(fiber.MethodPost, "/webhook/github", r.pushed, fastmcp.RouteConfig{Public: true})
	app.AddRoute(fiber.MethodGet, "/healthz", func(c *fiber.Ctx) error { return c.SendString("ok") }, fastmcp.RouteConfig{Public: true})
	app.AddRoute(fiber.MethodGet, "/whoami", func(c *fiber.Ctx) error { return c.SendString(fastmcp.PrincipalOf(c).Subject) })

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
