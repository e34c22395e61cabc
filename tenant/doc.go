// Package tenant gives each bearer token a server of its own, on one endpoint: Tenants verifies the tokens, builds the
// server of each when it is first called, and picks it for each call.
//
//	tenants := tenant.New()
//	tenants.AddToken("acme-Zk3vQ9xT1mB7", func() (*fastmcp.App, error) {
//		app := fastmcp.New(fastmcp.Config{Name: "acme"})
//		app.AddTool(fastmcp.Tool{Name: "report", Handler: fastmcp.Get(report)})
//		return app, nil
//	})
//	log.Fatal(tenants.Host(fastmcp.Config{Name: "host"}).Listen(":8080"))
//
// The servers share the host's transport, its sessions and its store, each in a scope of its own: no tenant sees, uses or
// ends what is another's. Tokens are added, changed and removed while it runs. They are kept as hashes, and named by ids
// that are derived from those, in events, logs and the admin API.
//
// # Several nodes
//
// A factory that is given with a token is a closure of one process. Where nodes share a store, servers are built by plans
// instead: each node registers the same plans ([Tenants.Plan]), and the store keeps which token has which
// ([Tenants.AddTokenPlan]). Nodes tell each other of changes at once. What is lost on the way is found out within
// Config.CacheTTL.
package tenant
