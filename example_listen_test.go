package fastmcp_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/gofiber/fiber/v2"
)

// Clients show certificates, and who they are about is who calls. Files that are renewed are taken without a restart.
func ExampleTLSConfig() {
	app := fastmcp.New(fastmcp.Config{
		Name: "calculator",
		HTTP: fastmcp.HTTPConfig{TLS: fastmcp.TLSConfig{
			CertFile: "cert.pem", KeyFile: "key.pem",
			ClientCAs:  "clients.pem",
			MinVersion: tls.VersionTLS13,
		}},
		Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Certificate()}}),
	})
	if err := app.Listen(":443"); err != nil {
		log.Fatal(err)
	}
}

// A proxy on the same machine needs no port: nginx reaches it by `proxy_pass http://unix:/run/mcp/mcp.sock`. What it tells of
// its clients is believed.
func ExampleApp_Listen_unix() {
	app := fastmcp.New(fastmcp.Config{
		Name: "calculator",
		HTTP: fastmcp.HTTPConfig{TrustedProxies: []string{"unix"}},
	})
	if err := app.Listen("unix:/run/mcp/mcp.sock"); err != nil {
		log.Fatal(err)
	}
}

// systemd opens the socket, starts the program when somebody connects, and keeps those who connect while it is started anew
// (Type=notify in the .service unit: it is told when the App listens).
func ExampleApp_Listen_systemd() {
	app := fastmcp.New(fastmcp.Config{Name: "calculator"})
	if err := app.Listen("systemd:"); err != nil {
		log.Fatal(err)
	}
}

// What is the operator's is on a listener of its own, which probes and metrics reach, and nobody else.
func ExampleRouteConfig() {
	app := fastmcp.New(fastmcp.Config{
		Name: "calculator", Log: slog.New(slog.DiscardHandler),
		HTTP: fastmcp.HTTPConfig{AdminAddr: "127.0.0.1:0"},
	})
	app.AddRoute(fiber.MethodGet, "/ready", routes.Ready(app), fastmcp.RouteConfig{Admin: true})

	d := startDemo(app)
	defer d.stop()
	d.call("none", `{}`) // it serves
	res, err := http.Get("http://" + app.AdminAddr().String() + "/ready")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(body))
	// Output: 200 {"status":"ready"}
}

// A route's errors are JSON, whatever they are. What is not the caller's to read is in the log, under an id.
func ExampleApp_AddRoute_errors() {
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
	app.AddRoute(fiber.MethodGet, "/houses/:id", func(c *fiber.Ctx) error {
		return fastmcp.Errorf("there is no house %q", c.Params("id"))
	})

	for _, path := range []string{"/houses/7", "/nowhere"} {
		res, err := app.Test(httptest.NewRequest(http.MethodGet, path, nil))
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		fmt.Println(res.StatusCode, string(body))
	}
	// Output:
	// 400 {"jsonrpc":"2.0","error":{"code":-32000,"message":"there is no house \"7\""}}
	// 404 {"jsonrpc":"2.0","error":{"code":-32000,"message":"Cannot GET /nowhere"}}
}

// Behind proxies that are trusted the client is who they tell; c.IP() would be the proxy.
func ExampleApp_RemoteIP() {
	app := fastmcp.New(fastmcp.Config{HTTP: fastmcp.HTTPConfig{TrustedProxies: []string{"0.0.0.0"}}}) // what App.Test comes from
	app.AddRoute(fiber.MethodGet, "/ip", func(c *fiber.Ctx) error { return c.SendString(app.RemoteIP(c).String()) })

	req := httptest.NewRequest(http.MethodGet, "/ip", nil)
	req.Header.Set("X-Forwarded-For", "192.168.1.1, 203.0.113.7") // the first is what the client has made up
	res, err := app.Test(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	fmt.Println(string(body))
	// Output: 203.0.113.7
}
