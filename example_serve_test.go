package fastmcp_test

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/helmet"
)

// Listen serves until SIGTERM or SIGINT, lets running calls finish, and returns nil: a program that was asked to stop
// ends with 0.
func ExampleApp_Listen() {
	app := fastmcp.New(fastmcp.Config{Name: "calculator", ShutdownTimeout: time.Minute})
	if err := app.Listen("127.0.0.1:8080"); err != nil {
		log.Fatal(err)
	}
}

// A program that its client starts, and speaks to over standard input and output. It ends when the client closes its input,
// and standard output is the protocol's: print to os.Stderr.
func ExampleApp_ServeStdio() {
	app := fastmcp.New(fastmcp.Config{Name: "calculator"})
	if err := app.ServeStdio(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func ExampleApp_ListenTLS() {
	app := fastmcp.New(fastmcp.Config{
		Name:    "calculator",
		Hosts:   []string{"mcp.example.com"},
		Origins: []string{"https://app.example.com"},
	})
	if err := app.ListenTLS(":443", "cert.pem", "key.pem"); err != nil {
		log.Fatal(err)
	}
}

// Drain and Ready are what a program does about SIGTERM that handles signals itself; Listen does it by itself.
func ExampleApp_Drain() {
	app := fastmcp.New(fastmcp.Config{Name: "calculator"})
	d := startDemo(app)
	fmt.Println(app.Ready(context.Background()))

	app.Drain()
	fmt.Println(app.Ready(context.Background()))
	time.Sleep(10 * time.Millisecond) // as long as the balancer needs

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(app.Shutdown(ctx), <-d.ended)
	// Output:
	// <nil>
	// fastmcp: draining
	// <nil> <nil>
}

// Shutdown takes no new work and waits for what runs. Listener then returns nil.
func ExampleApp_Shutdown() {
	app := fastmcp.New()
	started := make(chan bool)
	app.AddTool(fastmcp.Tool{
		Name: "work",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
			started <- true
			time.Sleep(50 * time.Millisecond)
			return "worked to the end", nil
		}),
	})
	d := startDemo(app)
	answer := make(chan string)
	go func() { answer <- d.call("work", `{}`) }()
	<-started

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(app.Shutdown(ctx))
	fmt.Println(<-answer)
	fmt.Println(<-d.ended)
	// Output:
	// <nil>
	// worked to the end
	// <nil>
}

// An App that listens on a loopback address answers to loopback names only, and to pages of this machine: that is what
// keeps a page in a browser from using it (DNS rebinding). Hosts and Origins name others.
func ExampleConfig() {
	app := fastmcp.New(fastmcp.Config{
		Hosts:   []string{"mcp.example.com", "127.0.0.1"},
		Origins: []string{"https://*.example.com"},
	})
	app.AddTool(fastmcp.Tool{
		Name:    "hello",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "hello", nil }),
	})

	d := startDemo(app)
	defer d.stop()
	const initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"demo","version":"1"}}}`
	for _, h := range []map[string]string{
		{"Host": "mcp.example.com"},
		{"Host": "evil.example.org"},
		{"Origin": "https://app.example.com"},
		{"Origin": "https://evil.example.org"},
	} {
		status, _ := d.do(d.request(http.MethodPost, h, initialize))
		fmt.Println(h, status)
	}
	// Output:
	// map[Host:mcp.example.com] 200
	// map[Host:evil.example.org] 403
	// map[Origin:https://app.example.com] 200
	// map[Origin:https://evil.example.org] 403
}

// Clients of 2024-11-05 open a stream, which begins with the address that they post messages to.
func ExampleSSEConfig() {
	app := fastmcp.New(fastmcp.Config{HTTP: fastmcp.HTTPConfig{
		SSE: fastmcp.SSEConfig{Path: "/old/sse", MessagesPath: "/old/messages", MaxCalls: 16},
	}})

	d := startDemo(app)
	defer d.stop()
	res, err := d.client.Get(d.url + "/old/sse")
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = res.Body.Close() }()
	for lines := bufio.NewScanner(res.Body); lines.Scan() && lines.Text() != ""; {
		line, _, _ := strings.Cut(lines.Text(), "=") // what follows is the name of this connection
		fmt.Println(line)
	}
	// Output:
	// event: endpoint
	// data: /old/messages?sessionId
}

// When all clients know Streamable HTTP, the old transport can be turned off.
func ExampleSSEConfig_disabled() {
	app := fastmcp.New(fastmcp.Config{HTTP: fastmcp.HTTPConfig{SSE: fastmcp.SSEConfig{Disabled: true}}})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.get("/sse"))
	// Output: 404 {"jsonrpc":"2.0","error":{"code":-32000,"message":"Cannot GET /sse"}}
}

// Without sessions every revision works on any node, and nothing is remembered.
func ExampleConfig_stateless() {
	app := fastmcp.New(fastmcp.Config{Stateless: true})
	app.AddTool(fastmcp.Tool{
		Name:    "hello",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) { return fmt.Sprintf("hello %q", c.Session().ID()), nil }),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.session("2025-06-18").call("hello", `{}`))
	// Output: hello ""
}

// Fiber's middleware runs before anything of MCP. Chain says what a request goes through.
func ExampleApp_Chain() {
	app := fastmcp.New()
	app.Use(helmet.New())
	app.Use(func(c *fiber.Ctx) error {
		c.Set("X-Served-By", "fastmcp")
		return c.Next()
	})

	d := startDemo(app)
	defer d.stop()
	res, err := d.client.Do(d.request(http.MethodPost, nil, `{}`))
	if err != nil {
		panic(err)
	}
	defer func() { _ = res.Body.Close() }()
	fmt.Println(res.Header.Get("X-Served-By"), res.Header.Get("X-Content-Type-Options"))
	name, _, _ := strings.Cut(app.Chain()[0], " (") // behind it stands the file with the line
	fmt.Println(name)
	// Output:
	// fastmcp nosniff
	// fiber helmet.New.func1
}

// An App inside a Fiber app that exists. Who serves also stops: first the App, then the Fiber app.
func ExampleApp_Mount() {
	site := fiber.New(fiber.Config{DisableStartupMessage: true, ReadBufferSize: 16 << 10, ReadTimeout: 30 * time.Second})
	site.Get("/", func(c *fiber.Ctx) error { return c.SendString("welcome") })

	app := fastmcp.New(fastmcp.Config{Name: "calculator"})
	app.AddTool(fastmcp.Tool{
		Name: "count",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			return "three", c.Progress(1, 1)
		}),
	})
	app.Mount(site.Group("/api"), fastmcp.MountConfig{Root: site})

	d := startDemoWith(app, site.Listener, func(ctx context.Context) error {
		if err := app.Shutdown(ctx); err != nil {
			return err
		}
		return site.ShutdownWithContext(ctx)
	})
	defer d.stop()
	fmt.Println(d.get("/"))
	d.url += "/api/mcp"
	d.watch("count", `{}`)
	// Output:
	// 200 welcome
	// progress 1 of 1
	// three
}

// A route beside MCP, for callers who are known, and one for everybody.
func ExampleApp_AddRoute() {
	app := fastmcp.New(fastmcp.Config{Auth: auth.New(auth.Config{
		Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
			"sue-0123456789abcdef": {Subject: "sue", Roles: []string{"admin"}},
			"joe-0123456789abcdef": {Subject: "joe"},
		})},
	})})
	app.AddRoute(fiber.MethodGet, "/healthz", func(c *fiber.Ctx) error { return c.SendString("ok") },
		fastmcp.RouteConfig{Public: true})
	app.AddRoute(fiber.MethodGet, "/whoami", func(c *fiber.Ctx) error {
		return c.SendString(fastmcp.PrincipalOf(c).Subject)
	})
	app.AddRoute(fiber.MethodGet, "/admin", func(c *fiber.Ctx) error { return c.SendString("the keys") },
		fastmcp.RouteConfig{CanAccess: auth.RequireRole("admin")})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.get("/healthz"))
	fmt.Println(d.as("sue-0123456789abcdef").get("/whoami"))
	fmt.Println(d.as("sue-0123456789abcdef").get("/admin"))
	fmt.Println(d.as("joe-0123456789abcdef").get("/admin"))
	fmt.Println(d.get("/whoami"))
	// Output:
	// 200 ok
	// 200 sue
	// 200 the keys
	// 404 {"jsonrpc":"2.0","error":{"code":-32000,"message":"Not Found"}}
	// 401 {"jsonrpc":"2.0","error":{"code":-32000,"message":"Unauthorized"}}
}

// Who calls is what a verifier says: here a function that looks at a header.
func ExampleConfig_auth() {
	byKey := auth.Authenticate(func(_ context.Context, r *auth.Request) (*auth.Principal, error) {
		switch r.Header("X-Api-Key") {
		case "":
			return nil, auth.ErrNoCredentials
		case "secret":
			return &auth.Principal{Subject: "partner"}, nil
		}
		return nil, &auth.Error{Code: auth.InvalidToken, Description: "the API key is not known"}
	})
	app := fastmcp.New(fastmcp.Config{Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{byKey}})})

	d := startDemo(app)
	defer d.stop()
	const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
	for _, key := range []string{"secret", "guess", ""} {
		h := map[string]string{"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list", "X-Api-Key": key}
		status, _ := d.do(d.request(http.MethodPost, h, list))
		fmt.Println(status)
	}
	// Output:
	// 200
	// 401
	// 401
}

// A listener that is open already: one of systemd's, a Unix socket, one on a port that was free.
func ExampleApp_Listener() {
	app := fastmcp.New()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}

// News for one user reach all clients that the user has, on whatever node.
func ExampleApp_BroadcastTo() {
	app := fastmcp.New(fastmcp.Config{Name: "studio"})
	sue := &auth.Principal{Subject: "sue"}
	if err := app.BroadcastTo(sue, "notifications/example/mail", map[string]any{"unread": 3}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(app.BroadcastTo(nil, "notifications/example/mail", nil))
	// Output: fastmcp: BroadcastTo needs a principal: anonymous callers have nothing in common
}
