package fastmcp_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/gofiber/fiber/v2"
)

func adminApp(t *testing.T, config fastmcp.Config) *living {
	t.Helper()
	if config.HTTP.AdminAddr == "" {
		config.HTTP.AdminAddr = "127.0.0.1:0"
	}
	l := livingApp(t, config)
	who := func(c *fiber.Ctx) error {
		if p := fastmcp.PrincipalOf(c); p != nil {
			return c.SendString("metrics for " + p.Subject)
		}
		return c.SendString("metrics")
	}
	l.app.AddRoute("GET", "/metrics", who, fastmcp.RouteConfig{Admin: true})
	l.app.AddRoute("GET", "/open", who, fastmcp.RouteConfig{Admin: true, Public: true})
	l.app.AddRoute("GET", "/ready", routes.Ready(l.app), fastmcp.RouteConfig{Admin: true, Public: true})
	l.app.AddRoute("GET", "/ready", routes.Ready(l.app), fastmcp.RouteConfig{Public: true}) // on each listener
	l.app.AddRoute("GET", "/status", routes.Status(l.app), fastmcp.RouteConfig{Admin: true, Public: true})
	l.app.AddRoute("GET", "/panics", func(*fiber.Ctx) error { panic("secret in a panic") }, fastmcp.RouteConfig{Admin: true, Public: true})
	return l
}

// admin asks the second listener.
func (l *living) admin(path string, h headers) answer {
	l.t.Helper()
	return getURL(l.t, http.DefaultClient, "http://"+l.app.AdminAddr().String()+path, h)
}

// What is the operator's is on the second listener, and nothing else is.
func TestAdminListener(t *testing.T) {
	l := adminApp(t, fastmcp.Config{})
	if l.app.AdminAddr() != nil {
		t.Error("it is open before the App serves")
	}
	l.server = serve(t, l.app, l.log)
	within(t, 5*time.Second, "it is open", func() bool { return l.app.AdminAddr() != nil })
	if a := l.admin("/metrics", nil); a.body != "metrics" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := l.admin("/ready", nil); a.body != `{"status":"ready"}` {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := l.admin("/status", nil); !strings.Contains(a.body, `"memoryBytes":`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	rpcError(t, "a panic", l.admin("/panics", nil), 500)
	rpcError(t, "no route", l.admin("/nowhere", nil), 404)
	rpcError(t, "MCP", l.admin("/mcp", nil), 404)
	rpcError(t, "an operator's route beside MCP", l.at("GET", "/metrics", nil), 404)
	if a := l.at("GET", "/ready", nil); a.status != 200 {
		t.Errorf("a route of both: %d %s", a.status, a.body)
	}
	if strings.Contains(l.log.String(), "level=WARN") {
		t.Errorf("a loopback address is warned about: %s", l.log.String())
	}
	// A page in a browser may find out where it is, but not what it says (DNS rebinding).
	rpcError(t, "another host", l.admin("/metrics", headers{"Host": "evil.example:80"}), 403)
	rpcError(t, "another origin", l.admin("/metrics", headers{"Origin": "https://evil.example"}), 403)
	if a := l.admin("/metrics", headers{"Host": "localhost:9090", "Origin": "http://localhost:3000"}); a.status != 200 {
		t.Errorf("a loopback name: %d %s", a.status, a.body)
	}
}

// With Config.Auth the second listener asks, too, unless a route is public.
func TestAdminListenerAsksWho(t *testing.T) {
	l := adminApp(t, fastmcp.Config{Auth: aliceAndBob(t)})
	l.server = serve(t, l.app, l.log)
	within(t, 5*time.Second, "it is open", func() bool { return l.app.AdminAddr() != nil })
	rpcError(t, "nobody", l.admin("/metrics", nil), 401)
	if a := l.admin("/metrics", bearer(bobToken)); a.body != "metrics for bob" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := l.admin("/open", nil); a.body != "metrics" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Without AdminAddr an operator's route is beside MCP, for who is known.
func TestAdminRouteWithoutAdminAddr(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: aliceAndBob(t)})
	app.AddRoute("GET", "/status", routes.Status(app), fastmcp.RouteConfig{Admin: true})
	s := serve(t, app, l)
	rpcError(t, "nobody", s.at("GET", "/status", nil), 401)
	if a := s.at("GET", "/status", bearer(bobToken)); !strings.Contains(a.body, `"sessions":0`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if app.AdminAddr() != nil {
		t.Error("there is a second listener")
	}
}

func TestAdminListenerIsWarnedAbout(t *testing.T) {
	for name, c := range map[string]struct {
		config fastmcp.Config
		public bool
		warns  bool
	}{
		"nobody is asked":        {fastmcp.Config{}, false, true},
		"who calls is known":     {fastmcp.Config{Auth: aliceAndBob(t)}, false, false},
		"one that asks nobody":   {fastmcp.Config{Auth: aliceAndBob(t)}, true, true},
		"a socket, in a folder":  {fastmcp.Config{HTTP: fastmcp.HTTPConfig{AdminAddr: "unix:" + t.TempDir() + "/admin.sock"}}, false, false},
		"this machine's, public": {fastmcp.Config{HTTP: fastmcp.HTTPConfig{AdminAddr: "127.0.0.1:0"}}, true, false},
	} {
		if c.config.HTTP.AdminAddr == "" {
			c.config.HTTP.AdminAddr = "0.0.0.0:0"
		}
		app, l := newApp(t, c.config)
		app.AddRoute("GET", "/metrics", func(c *fiber.Ctx) error { return nil }, fastmcp.RouteConfig{Admin: true, Public: c.public})
		serve(t, app, l)
		within(t, 5*time.Second, "it is open", func() bool { return strings.Contains(l.String(), "admin listener is open") })
		if warned := strings.Contains(l.String(), "open to others"); warned != c.warns {
			t.Errorf("%s: warned %v: %s", name, warned, l.String())
		}
	}
}

// Probes and metrics see an App that is drained, until its calls are over; then nobody can connect.
func TestAdminListenerWhileDraining(t *testing.T) {
	l := adminApp(t, fastmcp.Config{})
	l.server = serve(t, l.app, l.log)
	within(t, 5*time.Second, "it is open", func() bool { return l.app.AdminAddr() != nil })
	addr := l.app.AdminAddr().String()
	call := l.start(func() answer { return l.callStateless("hold", `{}`) })
	done := l.stop(10 * time.Second)
	if a := l.admin("/ready", nil); a.status != 503 || a.body != `{"status":"draining"}` {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := l.admin("/metrics", nil); a.body != "metrics" {
		t.Errorf("%d %s", a.status, a.body)
	}
	silent, err := net.Dial("tcp", addr) // it must not hold up the end
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	l.letGo <- struct{}{}
	if a := receive(t, "the answer", call); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if err := receive(t, "the end", done); err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		_ = conn.Close()
		t.Error("the second listener is open after the end")
	}
}

// A mounted App has a second listener of its own.
func TestAdminListenerOfAMountedApp(t *testing.T) {
	l := adminApp(t, fastmcp.Config{})
	f := fiber.New(fiber.Config{DisableStartupMessage: true, ReadTimeout: 5 * time.Second})
	l.app.Mount(f)
	mount(t, f, l, "/mcp")
	if a := l.admin("/metrics", nil); a.body != "metrics" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAdminListenerThatCannotBe(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	app, _ := newApp(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{AdminAddr: taken.Addr().String()}})
	if err := app.Listen("127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "HTTPConfig.AdminAddr") {
		t.Errorf("%v", err)
	}
	if err := app.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

// Prefork cannot be set on an App's own Fiber app: Config has no way to it.
func TestOwnFiberAppHasOneProcess(t *testing.T) {
	if c := fastmcp.New().Fiber().Config(); c.Prefork || !c.EnableTrustedProxyCheck {
		t.Errorf("%+v", c)
	}
}

// Whoever holds connections of the second listener open does not take more than it has, and none of MCP's.
func TestAdminListenerBound(t *testing.T) {
	const most = 256
	l := adminApp(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{ReadTimeout: 30 * time.Second}})
	l.server = serve(t, l.app, l.log)
	within(t, 5*time.Second, "it is open", func() bool { return l.app.AdminAddr() != nil })
	addr := l.app.AdminAddr().String()
	ask := func() (*http.Response, net.Conn) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(conn, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res, conn
	}
	var last net.Conn
	for i := range most {
		res, conn := ask()
		if last = conn; res.StatusCode != 200 {
			t.Fatalf("connection %d: %d", i+1, res.StatusCode)
		}
	}
	if res, _ := ask(); res.StatusCode != 503 {
		t.Errorf("one more: %d", res.StatusCode)
	}
	if a := l.at("GET", "/ready", nil); a.status != 200 {
		t.Errorf("beside MCP: %d %s", a.status, a.body)
	}
	_ = last.Close()
	within(t, 5*time.Second, "there is room again", func() bool { res, _ := ask(); return res.StatusCode == 200 })
}
