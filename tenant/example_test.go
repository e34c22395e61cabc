package tenant_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/store/redis"
	"github.com/fastmcp-go/fastmcp/tenant"
)

// ask calls the tool who as the owner of a token.
func ask(app *fastmcp.App, token string) {
	const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"who","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
	req := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(body))
	for name, value := range map[string]string{
		"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "who",
	} {
		req.Header.Set(name, value)
	}
	res, err := app.Test(req, -1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	b, _ := io.ReadAll(res.Body)
	_, text, _ := strings.Cut(string(b), `"text":"`)
	text, _, _ = strings.Cut(text, `"`)
	fmt.Println(res.StatusCode, text)
}

// says makes a factory of servers that say who they are.
func says(name string) tenant.Factory {
	return func() (*fastmcp.App, error) {
		app := fastmcp.New(fastmcp.Config{Name: name})
		app.AddTool(fastmcp.Tool{Name: "who", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return name, nil })})
		return app, nil
	}
}

// Each token has a server of its own, on one endpoint; tokens come and go while it runs.
func Example() {
	tenants := tenant.New(tenant.Config{Log: slog.New(slog.DiscardHandler)})
	tenants.
		AddToken("acme-Zk3vQ9xT1mB7", says("ACME's server")).
		AddToken("beta-8hT2pLw0Rq5c", says("Beta's server"))
	app := tenants.Host(fastmcp.Config{Name: "host"})

	ask(app, "acme-Zk3vQ9xT1mB7")
	ask(app, "beta-8hT2pLw0Rq5c")
	if err := tenants.UpdateToken("acme-Zk3vQ9xT1mB7", says("ACME's new server")); err != nil {
		log.Fatal(err)
	}
	ask(app, "acme-Zk3vQ9xT1mB7")
	if err := tenants.RemoveToken(context.Background(), "beta-8hT2pLw0Rq5c"); err != nil {
		log.Fatal(err)
	}
	ask(app, "beta-8hT2pLw0Rq5c")
	// Output:
	// 200 ACME's server
	// 200 Beta's server
	// 200 ACME's new server
	// 401
}

// On several nodes the store keeps which token has which plan, and each node builds the servers.
func ExampleTenants_Plan() {
	storage := redis.New(redis.Config{URL: "redis://redis.internal"})
	tenants := tenant.New(tenant.Config{Storage: storage, Pepper: []byte("32 random bytes that all nodes have")})
	build := func(i tenant.Info) (*fastmcp.App, error) {
		app := fastmcp.New(fastmcp.Config{Name: i.Name})
		if i.Plan == "pro" {
			app.AddTool(fastmcp.Tool{Name: "analytics", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "…", nil })})
		}
		return app, nil
	}
	tenants.
		Plan("basic", build, tenant.Limits{Rate: "100-M", Sessions: 10}).
		Plan("pro", build, tenant.Limits{Rate: "5000-M", Concurrent: 50})

	token := tenant.NewToken() // for the customer, shown once
	if _, err := tenants.AddTokenPlan(context.Background(), token, "basic", tenant.Grant{Name: "ACME"}); err != nil {
		log.Fatal(err)
	}
	log.Fatal(tenants.Host(fastmcp.Config{Name: "host", Keys: [][]byte{[]byte("32 random bytes that all nodes have")}}).Listen(":8080"))
}

// An operator adds, changes and removes tokens by HTTP. Tenants never get there.
func ExampleTenants_Routes() {
	tenants := tenant.New()
	tenants.Plan("basic", func(i tenant.Info) (*fastmcp.App, error) { return says(i.Name)() })
	app := tenants.Host(fastmcp.Config{Name: "host", Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{
		auth.Tokens(map[string]auth.Principal{"operator-Wm4kX7dN2sJ9": {Subject: "operator", Roles: []string{"admin"}}}),
		tenants, // the last, so that it is not asked for the tokens of others
	}})})
	tenants.Routes(app, "/admin/tenants", auth.RequireRole("admin"))

	req := httptest.NewRequest(http.MethodGet, "/admin/tenants", nil)
	req.Header.Set("Authorization", "Bearer operator-Wm4kX7dN2sJ9")
	res, err := app.Test(req, -1)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, _ := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(b))
	// Output: 200 {"tokens":[]}
}

// Events tell what happens, and never a token.
func ExampleEvents() {
	tenants := tenant.New(tenant.Config{Log: slog.New(slog.DiscardHandler), On: tenant.Events{
		TokenAdded:       func(e tenant.TokenEvent) { fmt.Println("added", e.ID) },
		ServerRegistered: func(e tenant.ServerEvent) { fmt.Println("built for", e.Tenant) },
		ToolCalled:       func(e tenant.ToolEvent) { fmt.Println(e.Tool, e.Outcome, "for", e.Tenant) },
	}})
	tenants.AddToken("acme-0123456789abcdef", says("ACME"))
	ask(tenants.Host(fastmcp.Config{Name: "host"}), "acme-0123456789abcdef")
	// Output:
	// added t_k75qmk3aegycigtx
	// built for t_k75qmk3aegycigtx
	// who succeeded for t_k75qmk3aegycigtx
	// 200 ACME
}

// Callers of an identity provider have servers, too: of the tenant that a claim names.
func ExampleTenants_ByPlan() {
	users := auth.Authenticate(func(ctx context.Context, r *auth.Request) (*auth.Principal, error) {
		return nil, auth.ErrNotMine // your JWT's subject, and its org_id as Principal.Tenant, its plan in Principal.Claims
	})
	tenants := tenant.New()
	tenants.Plan("basic", func(i tenant.Info) (*fastmcp.App, error) { return says(i.ID)() })
	tenants.ByPlan(func(p *auth.Principal) string {
		plan, _ := p.Claims["plan"].(string)
		return plan // "" is served by the host itself
	})
	_ = tenants.Host(fastmcp.Config{Name: "host", Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{users, tenants}})})
}
