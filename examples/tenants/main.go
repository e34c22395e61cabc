// Tenants is a server for several customers: each has a token, and behind it a server of its own, on one endpoint. An
// operator adds, changes and removes them while it runs. With -redis several processes share them.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/fastmcp-go/fastmcp/store/redis"
	"github.com/fastmcp-go/fastmcp/tenant"
)

// The tokens that the example begins with. Take those of operators from the environment, and give customers what the admin
// API makes.
const (
	operator = "operator-0123456789abcdef"
	acme     = "acme-0123456789abcdef"
	startup  = "startup-0123456789abcdef"
)

// build makes the server of a customer, once it is first called: what it can do is a matter of the plan.
func build(i tenant.Info) (*fastmcp.App, error) {
	app := fastmcp.New(fastmcp.Config{Name: i.Name, Version: "1.0.0"})
	app.AddTool(fastmcp.Tool{
		Name: "company", Description: "Whose server this is",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return fmt.Sprintf("%s has the plan %s", i.Name, i.Plan), nil }),
	})
	app.AddTool(fastmcp.Tool{
		Name: "visit", Description: "Count the visits of this customer",
		// Each tenant has its own part of the store: they all call it "visits".
		Handler: fastmcp.Get(func(c *fastmcp.Context) (int64, error) { return c.Store().Atomic.Add(c, "visits", 1, 0) }),
	})
	if i.Plan == "pro" {
		app.AddTool(fastmcp.Tool{
			Name: "analytics", Description: "What only the pro plan has",
			Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "figures of " + i.Name, nil }),
		})
	}
	return app, nil
}

// begin adds the customers that are there from the start, unless another process has.
func begin(tenants *tenant.Tenants) error {
	for token, customer := range map[string]struct{ name, plan string }{acme: {"ACME", "pro"}, startup: {"Startup", "basic"}} {
		_, err := tenants.AddTokenPlan(context.Background(), token, customer.plan, tenant.Grant{Name: customer.name})
		if err != nil && !errors.Is(err, tenant.ErrTokenExists) {
			return err
		}
	}
	return nil
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	url := flag.String("redis", "", "a Redis that several of these processes share")
	flag.Parse()

	var storage store.Storage
	var keys [][]byte
	if *url != "" {
		storage = redis.New(redis.Config{URL: *url})
		key := sha256.Sum256([]byte(os.Getenv("FASTMCP_KEY"))) // what all processes have, and nobody else
		keys = [][]byte{key[:]}
	}
	tenants := tenant.New(tenant.Config{Storage: storage, On: tenant.Events{
		ToolCalled: func(e tenant.ToolEvent) { fmt.Printf("%s: %s %s\n", e.Tenant, e.Tool, e.Outcome) },
	}})
	tenants.Plan("basic", build, tenant.Limits{Rate: "60-M", Sessions: 10}).Plan("pro", build)

	app := tenants.Host(fastmcp.Config{
		Name: "tenants", Version: "1.0.0", Keys: keys,
		Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{
			auth.Tokens(map[string]auth.Principal{operator: {Subject: "operator", Roles: []string{"admin"}}}), tenants,
		}}),
	})
	tenants.Routes(app, "/admin/tenants", auth.RequireRole("admin"))
	if err := begin(tenants); err != nil {
		log.Fatal(err)
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
