// Guards is a server that knows its callers by their tokens. What a caller may not use it does not see: neither in lists, nor
// when it calls it by name.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// callers are for scripts and tests. Take tokens from the environment, not from the source; those of an authorization
// server are verified by auth.Authenticate.
var callers = map[string]auth.Principal{
	"sue-0123456789abcdef": {Subject: "sue", Scopes: []string{"notes:read", "notes:write"}, Roles: []string{"admin"}},
	"joe-0123456789abcdef": {Subject: "joe", Scopes: []string{"notes:read"}},
	"bot-0123456789abcdef": {Subject: "bot", ClientID: "nightly"},
}

// noBots is a guard of one's own. It is asked when tools are listed, and again when one is called.
func noBots(_ context.Context, a *auth.Access) auth.Decision {
	if a.Op == auth.OpCall && a.Principal.Subject == "bot" {
		return auth.DenyWith("bots may look, but not touch") // a text for who calls; auth.Deny() says nothing
	}
	return auth.Allow()
}

// who tells who calls: the guards have let in nobody without a name.
func who(c *fastmcp.Context) (string, error) { return c.Principal().Subject, nil }

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{
		Name: "guards", Version: "1.0.0",
		// Without a token, or with a wrong one, a request is answered with 401. Optional: true would let it in anonymously.
		Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(callers)}}),
	})
	handler := fastmcp.Get(who)
	app.AddTool(fastmcp.Tool{Name: "whoami", Handler: handler})
	app.AddTool(fastmcp.Tool{Name: "read", CanAccess: auth.RequireScopes("notes:read"), Handler: handler})
	// Discoverable lists it to all, and answers a call with 403 and the scopes to ask for, so that a client can get them.
	app.AddTool(fastmcp.Tool{Name: "write", CanAccess: auth.Discoverable(auth.RequireScopes("notes:write")), Handler: handler})
	app.AddTool(fastmcp.Tool{Name: "ring", CanAccess: auth.Any(auth.RequireRole("admin"), noBots), Handler: handler})

	admin := app.Group("admin_") // its guard is asked first, then that of the tool
	admin.CanAccess = auth.RequireRole("admin")
	admin.AddTool(fastmcp.Tool{Name: "restart", CanAccess: auth.RequireScopes("notes:write"), Handler: handler})

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
