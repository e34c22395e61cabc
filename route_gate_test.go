package fastmcp_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/gofiber/fiber/v2"
)

// A page cannot have its own name taken for the server's by a path that names it.
func TestRouteGateByPath(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{
		Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{"token-of-ann-0000": {Subject: "ann"}})}}),
	})
	served := 0
	app.AddRoute("POST", "/private", func(c *fiber.Ctx) error { served++; return c.SendString("hello") })
	s := serve(t, app, l)
	for _, target := range []string{"//evil.example/private?u=a://b", "http://evil.example/private"} {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nOrigin: https://evil.example\r\nAuthorization: Bearer token-of-ann-0000\r\nContent-Length: 0\r\n\r\n", target, s.addr)
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _ = conn.Close(); res.StatusCode != 400 && res.StatusCode != 403 || served != 0 {
			t.Errorf("%s: %s, served %d times", target, res.Status, served)
		}
	}
}

// A page whose name was bound to this machine's address reads no route, and one of another site uses none that is private.
func TestRouteGates(t *testing.T) {
	config := fastmcp.Config{
		Origins: []string{"https://friend.example"},
		Auth:    auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{"token-of-ann-0000": {Subject: "ann"}})}}),
	}
	app, l := newApp(t, config)
	hello := func(c *fiber.Ctx) error { return c.SendString("hello") }
	app.AddRoute("POST", "/private", hello)
	app.AddRoute("POST", "/public", hello, fastmcp.RouteConfig{Public: true})
	s := serve(t, app, l)
	base := strings.TrimSuffix(s.url, "/mcp")
	for _, test := range []struct {
		path, host, origin string
		status             int
	}{
		{"/public", "", "", 200},
		{"/public", "localhost:8080", "", 200},
		{"/public", "192.0.2.7:8080", "", 200}, // a probe: an address is no name that could be bound anew
		{"/public", "[2001:db8::7]", "", 200},
		{"/public", "evil.example", "", 403},
		{"/private", "evil.example", "", 403},
		{"/public", "", "https://evil.example", 200},
		{"/private", "", "", 200},
		{"/private", "", "https://evil.example", 403},
		{"/private", "", "null", 403},
		{"/private", "", "https://friend.example", 200},
		{"/private", "localhost", "http://localhost", 200}, // its own page
	} {
		s.url = base + test.path
		a := s.do("POST", headers{"Authorization": "Bearer token-of-ann-0000", "Host": or(test.host, s.addr), "Origin": test.origin}, "")
		if a.status != test.status || test.status == 403 && !strings.HasPrefix(a.body, `{"jsonrpc":"2.0"`) {
			t.Errorf("%+v: %d %s", test, a.status, a.body)
		}
	}
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// A trailer of a chunked body does not become a header, in front of a mounted App's routes either.
func TestMountedRouteTrailers(t *testing.T) {
	site := fiber.New(fiber.Config{DisableStartupMessage: true, ReadTimeout: 5 * time.Second})
	app, _ := newApp(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{TrustedProxies: []string{"127.0.0.1"}}})
	app.AddRoute("POST", "/who", func(c *fiber.Ctx) error { return c.SendString(app.RemoteIP(c).String()) })
	app.Mount(site)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = site.Listener(ln) }() // until Shutdown
	t.Cleanup(func() { _ = site.Shutdown() })
	ask := func(tail string) (int, string) {
		t.Helper()
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		fmt.Fprintf(conn, "POST /who HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n%s\r\n", tail)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		body := make([]byte, 200)
		n, _ := res.Body.Read(body)
		return res.StatusCode, string(body[:n])
	}
	if status, body := ask(""); status != 200 || body != "192.0.2.1" {
		t.Errorf("%d %s", status, body)
	}
	if status, body := ask("X-Forwarded-For: 198.51.100.9\r\n"); status != 400 {
		t.Errorf("a trailer: %d %s", status, body)
	}
}
