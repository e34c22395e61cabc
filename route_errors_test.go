package fastmcp_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/go-playground/validator/v10"
	"github.com/gofiber/fiber/v2"
)

type order struct {
	Cups int    `json:"cups" validate:"required,lte=12"`
	To   string `json:"to" validate:"required,email"`
}

// faultyRoutes are routes that fail in all the ways that there are.
func faultyRoutes(app *fastmcp.App) {
	check := validator.New()
	public := fastmcp.RouteConfig{Public: true}
	fails := func(err error) fiber.Handler { return func(*fiber.Ctx) error { return err } }
	app.AddRoute("POST", "/order", func(c *fiber.Ctx) error {
		var o order
		if err := c.BodyParser(&o); err != nil {
			return err
		}
		if err := check.Struct(o); err != nil {
			return fmt.Errorf("the order: %w", err)
		}
		return c.SendString(o.To)
	}, public)
	app.AddRoute("GET", "/teapot", fails(fiber.NewError(418, "short and stout")), public)
	app.AddRoute("GET", "/readable", fails(fastmcp.Errorf("there is no house %d", 7).With("houses", []int{1, 2})), public)
	app.AddRoute("GET", "/protocol", fails(&protocol.Error{Code: -32602, Message: "no such house"}), public)
	app.AddRoute("GET", "/busy", fails(fastmcp.TooMany(1500*time.Millisecond, "later")), public)
	app.AddRoute("GET", "/fails", fails(errSecret), public)
	app.AddRoute("GET", "/json", fails(json.Unmarshal([]byte("secret"), &order{})), public) // not the caller's JSON
	app.AddRoute("GET", "/panics", func(*fiber.Ctx) error { panic("secret in a panic") }, public)
}

type routeFailure struct {
	method, path, body string
	send               headers
	status             int
	code               int
	message            string
	data               string
}

var routeFailures = []routeFailure{
	{method: "GET", path: "/nowhere", status: 404, code: -32000, message: "Cannot GET /nowhere"},
	{method: "PUT", path: "/order", status: 405, code: -32000, message: "Method Not Allowed"},
	{method: "POST", path: "/order", body: `{"cups":1,`, status: 400, code: -32000, message: "Invalid JSON"},
	{method: "POST", path: "/order", body: `{"cups":"secret"}`, status: 400, code: -32000, message: "Invalid: cups is not of the type that it has to be"},
	{method: "POST", path: "/order", body: `{"cups":13,"to":"secret"}`, status: 422, code: -32000, message: "Invalid: Cups, To", data: `{"fields":[{"field":"Cups","rule":"lte=12"},{"field":"To","rule":"email"}]}`},
	{method: "POST", path: "/order", body: `cups=1`, send: headers{"Content-Type": "text/csv"}, status: 422, code: -32000, message: "Unprocessable Entity"},
	{method: "GET", path: "/teapot", status: 418, code: -32000, message: "short and stout"},
	{method: "GET", path: "/readable", status: 400, code: -32000, message: "there is no house 7", data: `{"houses":[1,2]}`},
	{method: "GET", path: "/protocol", status: 400, code: -32602, message: "no such house"},
	{method: "GET", path: "/busy", status: 429, code: -32000, message: "later", data: `{"retryAfter":2}`},
	{method: "GET", path: "/fails", status: 500, code: -32603, message: "Internal error"},
	{method: "GET", path: "/json", status: 500, code: -32603, message: "Internal error"},
	{method: "GET", path: "/panics", status: 500, code: -32603, message: "Internal error"},
}

// of asks for a path with a body.
func (s *server) of(method, path string, h headers, body string) answer {
	s.t.Helper()
	other := *s
	other.url = "http://" + s.addr + path
	return other.do(method, h, body)
}

var correlation = regexp.MustCompile(`^\{"correlationId":"([A-Za-z0-9_-]{16})"\}$`)

func (f *routeFailure) check(t *testing.T, s *server) {
	t.Helper()
	a := s.of(f.method, f.path, f.send, f.body)
	what := f.method + " " + f.path + " " + f.body
	rpcError(t, what, a, f.status)
	m := a.message(t)
	if m.Error == nil {
		return
	}
	if m.Error.Code != f.code || m.Error.Message != f.message || f.status != 500 && string(m.Error.Data) != f.data {
		t.Errorf("%s: %d %q %s", what, m.Error.Code, m.Error.Message, m.Error.Data)
	}
	if f.status != 500 {
		return
	}
	id := correlation.FindStringSubmatch(string(m.Error.Data))
	if id == nil || !strings.Contains(s.log.String(), id[1]) {
		t.Errorf("%s: %s is not in the log", what, m.Error.Data)
	}
}

// All routes have one form of errors, whether the App listens or is mounted.
func TestRouteErrors(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	faultyRoutes(app)
	s := serve(t, app, l)
	for _, f := range routeFailures {
		f.check(t, s)
	}
	if a := s.of("PUT", "/order", nil, ""); a.header.Get("Allow") != "POST" {
		t.Errorf("405: %v", a.header)
	}
	if a := s.of("GET", "/busy", nil, ""); a.header.Get("Retry-After") != "2" {
		t.Errorf("429: %v", a.header)
	}
	if log := l.String(); !strings.Contains(log, "route panicked") || !strings.Contains(log, "secret in a panic") || !strings.Contains(log, "route_errors_test.go") {
		t.Errorf("the log does not have the panic: %s", log)
	}
}

func TestRouteErrorsOfAMountedApp(t *testing.T) {
	f := fiber.New(fiber.Config{DisableStartupMessage: true, ReadTimeout: 5 * time.Second, ErrorHandler: func(c *fiber.Ctx, err error) error {
		return c.Status(500).SendString("the site's: " + err.Error())
	}})
	l := livingApp(t, fastmcp.Config{})
	faultyRoutes(l.app)
	l.app.Mount(f)
	f.Get("/own", func(*fiber.Ctx) error { return errors.New("own") })
	mount(t, f, l, "/mcp")
	for _, f := range routeFailures {
		if f.path != "/nowhere" && f.status != 405 { // those are the site's
			f.check(t, l.server)
		}
	}
	if a := l.of("GET", "/own", nil, ""); a.body != "the site's: own" {
		t.Errorf("a route of the site: %s", a.body)
	}
}

// A body is taken up to the bound, and not beyond it.
func TestRouteBodyBound(t *testing.T) {
	const most = 4096
	app, l := newApp(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{MaxBody: most}})
	app.AddRoute("POST", "/size", func(c *fiber.Ctx) error { return c.SendString(fmt.Sprint(len(c.Body()))) })
	s := serve(t, app, l)
	if a := s.of("POST", "/size", nil, strings.Repeat("x", most)); a.body != fmt.Sprint(most) {
		t.Errorf("%d %s", a.status, a.body)
	}
	rpcError(t, "a byte more", s.of("POST", "/size", nil, strings.Repeat("x", most+1)), 413)
}

// A few bytes that become many are not unpacked, and a body that only says that it is not packed is taken.
func TestRouteTakesNoCompressedBodies(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddRoute("POST", "/size", func(c *fiber.Ctx) error { return c.SendString(fmt.Sprint(len(c.Body()))) })
	s := serve(t, app, l)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(make([]byte, 1<<20))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, coding := range []string{"gzip", "GZIP", "br", "deflate", "gzip, gzip", "zstd"} {
		a := s.of("POST", "/size", headers{"Content-Encoding": coding}, packed.String())
		rpcError(t, coding, a, 415)
		if a.header.Get("Accept-Encoding") != "identity" {
			t.Errorf("%s: %v", coding, a.header)
		}
	}
	if a := s.of("POST", "/size", headers{"Content-Encoding": "identity"}, "12345"); a.body != "5" {
		t.Errorf("identity: %d %s", a.status, a.body)
	}
}

// What Fiber itself would answer with bare text, or fasthttp cannot read, has the same form.
func TestUnreadableRequests(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{MaxHeader: 4096}})
	s := serve(t, app, l)
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"an unknown method":          {"BREW /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n", 501},
		"an unknown method, at MCP":  {"BREW /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 501},
		"no request at all":          {"secret\r\n\r\n", 400},
		"headers beyond the bound":   {"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nX-Long: " + strings.Repeat("x", 8192) + "\r\n\r\n", 431},
		"a length that is no number": {"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: secret\r\n\r\n", 400},
	} {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.WriteString(conn, c.request); err != nil {
			t.Fatal(err)
		}
		rpcError(t, name, readAnswer(t, conn), c.status)
		_ = conn.Close()
	}
}

// readAnswer reads an answer as a client does that has written a request by hand.
func readAnswer(t *testing.T, conn net.Conn) answer {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}
