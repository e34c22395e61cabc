// TLS is a server that its clients reach over TLS, and that knows them by certificates of theirs (mutual TLS). For trying it,
// it makes an authority, a certificate of its own and one of a client's in a folder; where files are there already it takes
// those. Write others there while it runs: it takes them, too.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/gofiber/fiber/v2"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	dir := flag.String("dir", filepath.Join(os.TempDir(), "fastmcp-tls"), "the folder of the certificates")
	flag.Parse()

	if err := makeFiles(*dir); err != nil {
		log.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(*dir, name) }
	app := fastmcp.New(fastmcp.Config{
		Name: "tls", Version: "1.0.0",
		HTTP: fastmcp.HTTPConfig{TLS: fastmcp.TLSConfig{
			CertFile: file("server.pem"), KeyFile: file("server-key.pem"),
			ClientCAs: file("ca.pem"),  // who shows no certificate of this authority's does not get in
			Reload:    1 * time.Second, // or leave it out: certificates are not renewed every minute
		}},
		// Who a certificate is about is who calls.
		Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Certificate(auth.CertificateConfig{Scopes: []string{"read"}})}}),
	})
	app.AddTool(fastmcp.Tool{
		Name: "whoami", Description: "Tells who calls",
		CanAccess: auth.RequireScopes("read"),
		Handler:   fastmcp.Get(func(c *fastmcp.Context) (string, error) { return c.Principal().Subject, nil }),
	})
	app.AddRoute(fiber.MethodGet, "/whoami", func(c *fiber.Ctx) error { return c.SendString(fastmcp.PrincipalOf(c).Subject) })

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on https://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
