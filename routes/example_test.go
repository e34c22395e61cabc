package routes_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing/fstest"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/gofiber/fiber/v2"
)

func get(app *fastmcp.App, path string) {
	res, err := app.Test(httptest.NewRequest(http.MethodGet, path, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(body))
}

// A node that is about to stop serves on, and says that it wants no new work.
func ExampleReady() {
	app := fastmcp.New(fastmcp.Config{Name: "calculator"})
	app.AddRoute(fiber.MethodGet, "/ready", routes.Ready(app), fastmcp.RouteConfig{Public: true})

	get(app, "/ready")
	app.Drain() // SIGTERM does this
	get(app, "/ready")
	// Output:
	// 200 {"status":"ready"}
	// 503 {"status":"draining"}
}

func ExampleHealth() {
	app := fastmcp.New(fastmcp.Config{Name: "calculator"})
	app.AddRoute(fiber.MethodGet, "/health", routes.Health(app), fastmcp.RouteConfig{Public: true})

	get(app, "/health")
	// Output:
	// 200 {"status":"ok"}
}

func post(app *fastmcp.App, path, body string, header ...string) {
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := app.Test(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	answer, _ := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(answer))
}

// The signature, of the body and a secret that GitHub was told, takes the place of a token.
func ExampleGitHub() {
	app := fastmcp.New()
	onPush := func(c *fiber.Ctx) error { return c.SendString("got " + string(c.Body())) }
	app.AddRoute(fiber.MethodPost, "/webhook/github", routes.GitHub("It's a Secret to Everybody", onPush), fastmcp.RouteConfig{Public: true})

	const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	post(app, "/webhook/github", "Hello, World!", "X-Hub-Signature-256", signature)
	post(app, "/webhook/github", "Hello, Mars!", "X-Hub-Signature-256", signature)
	// Output:
	// 200 got Hello, World!
	// 401 {"jsonrpc":"2.0","error":{"code":-32000,"message":"The signature is wrong or too old"}}
}

// With the App, what has been handled is not handled again, whichever node it comes to. Two secrets are good while one is
// replaced by the other.
func ExampleWebhook() {
	app := fastmcp.New()
	app.AddRoute(fiber.MethodPost, "/webhook/github", routes.Webhook(app, routes.WebhookConfig{
		Scheme:  routes.SchemeGitHub,
		Secrets: []string{"the new one", "It's a Secret to Everybody"},
		Handler: func(c *fiber.Ctx) error { return c.SendString("handled") },
	}), fastmcp.RouteConfig{Public: true})

	const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	post(app, "/webhook/github", "Hello, World!", "X-Hub-Signature-256", signature)
	post(app, "/webhook/github", "Hello, World!", "X-Hub-Signature-256", signature)
	// Output:
	// 200 handled
	// 200 OK
}

func ExampleStripe() {
	app := fastmcp.New()
	onEvent := func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusNoContent) }
	app.AddRoute(fiber.MethodPost, "/webhook/stripe", routes.Stripe(os.Getenv("STRIPE_SECRET")+"whsec_", onEvent), fastmcp.RouteConfig{Public: true})

	post(app, "/webhook/stripe", "{}")
	// Output: 400 {"jsonrpc":"2.0","error":{"code":-32000,"message":"The header Stripe-Signature is missing"}}
}

func ExampleStandardWebhooks() {
	app := fastmcp.New()
	onEvent := func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusNoContent) }
	app.AddRoute(fiber.MethodPost, "/webhook", routes.StandardWebhooks("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", onEvent), fastmcp.RouteConfig{Public: true})

	post(app, "/webhook", "{}", "Webhook-Id", "msg_1", "Webhook-Timestamp", "1614265330", "Webhook-Signature", "v1,AAAA")
	// Output: 401 {"jsonrpc":"2.0","error":{"code":-32000,"message":"The signature is wrong or too old"}}
}

// One word for everybody, the rest for the operator, who shows a token or comes by HTTPConfig.AdminAddr.
func ExampleStatus() {
	app := fastmcp.New()
	app.AddRoute(fiber.MethodGet, "/status", routes.Status(app), fastmcp.RouteConfig{Public: true})

	get(app, "/status")
	// Output: 200 {"status":"ready"}
}

func ExamplePing() {
	app := fastmcp.New()
	app.AddRoute(fiber.MethodGet, "/ping", routes.Ping(), fastmcp.RouteConfig{Public: true})

	get(app, "/ping")
	// Output: 200 pong
}

func ExampleStatic() {
	app := fastmcp.New()
	app.AddRoute(fiber.MethodGet, "/assets/*", routes.Static("testdata/site"), fastmcp.RouteConfig{Public: true})

	get(app, "/assets/a/same.txt")
	get(app, "/assets/..%2f..%2fdoc.go")
	// Output:
	// 200 one
	//
	// 404 {"jsonrpc":"2.0","error":{"code":-32000,"message":"Not Found"}}
}

func ExampleStaticFS() {
	app := fastmcp.New()
	files := fstest.MapFS{"hello.txt": {Data: []byte("hello")}} // an embed.FS, in a program
	app.AddRoute(fiber.MethodGet, "/assets/*", routes.StaticFS(files), fastmcp.RouteConfig{Public: true})

	get(app, "/assets/hello.txt")
	// Output: 200 hello
}
