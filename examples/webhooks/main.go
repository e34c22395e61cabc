// Webhooks is a server that others tell what has happened: GitHub, Stripe, and those that sign as Standard Webhooks says. What
// they send becomes a resource, which clients read and subscribe to.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"sync"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/gofiber/fiber/v2"
)

// The secrets of the senders' own documentation, for trying it: set the variables beside them to yours.
const (
	githubSecret   = "It's a Secret to Everybody"             // GITHUB_SECRET
	stripeSecret   = "whsec_0123456789abcdef0123456789abcdef" // STRIPE_SECRET
	standardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // STANDARD_SECRET
)

// inbox is what has been sent, in order.
type inbox struct {
	app *fastmcp.App

	mu  sync.Mutex
	got []string
}

// from makes the handler of a sender's webhook. It is asked about what is signed rightly, and once about each delivery: with an
// error, the sender's next try comes here again.
func (i *inbox) from(sender string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		i.mu.Lock()
		i.got = append(i.got, sender+": "+string(c.Body()))
		i.mu.Unlock()
		i.app.ResourceUpdated("inbox://deliveries")
		return c.SendString("handled\n")
	}
}

func (i *inbox) read(*fastmcp.Context) ([]string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]string{}, i.got...), nil
}

// secrets are the one that is in use, and, while it is being replaced, the one before.
func secrets(name, otherwise string) []string {
	all := []string{cmp.Or(os.Getenv(name), otherwise)}
	if old := os.Getenv(name + "_OLD"); old != "" {
		all = append(all, old)
	}
	return all
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{Name: "webhooks", Version: "1.0.0"})
	i := &inbox{app: app}
	app.AddResource(fastmcp.Resource{URI: "inbox://deliveries", Name: "deliveries", Handler: fastmcp.Get(i.read)})
	for _, sender := range []struct {
		scheme  routes.Scheme
		secrets []string
	}{
		{routes.SchemeGitHub, secrets("GITHUB_SECRET", githubSecret)},
		{routes.SchemeStripe, secrets("STRIPE_SECRET", stripeSecret)},
		{routes.SchemeStandard, secrets("STANDARD_SECRET", standardSecret)},
	} {
		name := string(sender.scheme)
		// Deliveries are remembered in Config.Storage: with Redis there, by all nodes.
		hook := routes.Webhook(app, routes.WebhookConfig{Scheme: sender.scheme, Secrets: sender.secrets, Handler: i.from(name)})
		app.AddRoute(fiber.MethodPost, "/webhook/"+name, hook, fastmcp.RouteConfig{Public: true})
	}

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
