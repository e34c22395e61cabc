package ratelimit_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/middleware/ratelimit"
	"github.com/gofiber/fiber/v2"
)

func listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// get asks a route, and gives the answer with its body.
func get(t *testing.T, app *fastmcp.App, path string, header ...string) (*http.Response, string) {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := app.Test(req, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func hello(c *fiber.Ctx) error { return c.SendString("hello") }

// TestRoute: a 429 in the format of all errors; headers on what passes, too.
func TestRoute(t *testing.T) {
	app := newApp(fastmcp.Config{})
	app.AddRoute(fiber.MethodGet, "/hello", ratelimit.NewFiber(ratelimit.FiberConfig{App: app, Rate: "2-H", Handler: hello}))
	app.AddRoute(fiber.MethodGet, "/other", hello)
	for left := 1; left >= 0; left-- {
		if res, body := get(t, app, "/hello"); res.StatusCode != 200 || body != "hello" || res.Header.Get("X-RateLimit-Limit") != "2" || res.Header.Get("X-RateLimit-Remaining") != strconv.Itoa(left) {
			t.Errorf("%d %s %v", res.StatusCode, body, res.Header)
		}
	}
	res, body := get(t, app, "/hello")
	var e struct {
		JSONRPC string
		Error   struct {
			Code    int
			Message string
			Data    struct{ RetryAfter int }
		}
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil || e.JSONRPC != "2.0" || e.Error.Code != -32000 ||
		!strings.HasPrefix(e.Error.Message, "Too many requests: 2 per hour are allowed. Try again in ") {
		t.Errorf("%s, %v", body, err)
	}
	retry, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err != nil || retry < 3500 || retry > 3600 || e.Error.Data.RetryAfter != retry || res.StatusCode != 429 ||
		res.Header.Get("Content-Type") != "application/json" || res.Header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
	}
	if res, body := get(t, app, "/other"); res.StatusCode != 200 || body != "hello" || res.Header.Get("X-RateLimit-Limit") != "" {
		t.Errorf("another route: %d %s %v", res.StatusCode, body, res.Header)
	}
}

// TestRouteKeys: a principal where there is one, else the address; Next, Weight and LimitReached.
func TestRouteKeys(t *testing.T) {
	app := newApp(fastmcp.Config{})
	app.Use(ratelimit.NewFiber(ratelimit.FiberConfig{
		App: app, Rate: "4-H", Key: func(c *fiber.Ctx) string { return c.Get("X-Key") }, NoHeaders: true,
		Next: func(c *fiber.Ctx) bool { return c.Path() == "/free" },
		Weight: func(c *fiber.Ctx) int {
			n, _ := strconv.Atoi(c.Get("X-Weight"))
			return n
		},
		LimitReached: func(c *fiber.Ctx, l ratelimit.Limit) error { return c.Status(418).SendString(l.Rate) },
	}))
	for _, path := range []string{"/free", "/paid"} {
		app.AddRoute(fiber.MethodGet, path, hello)
	}
	for i, row := range []struct {
		path, key, weight string
		status            int
	}{
		{"/paid", "a", "3", 200}, {"/paid", "a", "2", 418}, {"/paid", "b", "2", 200}, {"/paid", "a", "1", 200}, {"/paid", "a", "1", 418},
		{"/paid", "a", "0", 200}, {"/paid", "a", "-7", 200}, {"/free", "a", "1", 200},
		{"/paid", "c", "1000", 200}, {"/paid", "c", "1", 418}, // what is too heavy weighs all there is
	} {
		res, body := get(t, app, row.path, "X-Key", row.key, "X-Weight", row.weight)
		if res.StatusCode != row.status || res.StatusCode == 418 && body != "4-H" || res.Header.Get("X-RateLimit-Limit") != "" {
			t.Errorf("%d: %+v: %d %s %v", i, row, res.StatusCode, body, res.Header)
		}
	}
}

// TestRoutePrincipal: known callers are counted by who they are, whatever their address, and others by that.
func TestRoutePrincipal(t *testing.T) {
	tokens := auth.Tokens(map[string]auth.Principal{"sue-0123456789abcdef": {Subject: "sue"}, "joe-0123456789abcdef": {Subject: "joe"}})
	app := newApp(fastmcp.Config{Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{tokens}})})
	for path, config := range map[string]fastmcp.RouteConfig{"/hello": {}, "/public": {Public: true}} {
		app.AddRoute(fiber.MethodGet, path, ratelimit.NewFiber(ratelimit.FiberConfig{App: app, Rate: "1-H", Handler: hello}), config)
	}
	for i, row := range []struct {
		path, token string
		status      int
	}{
		{"/hello", "sue", 200}, {"/hello", "joe", 200}, {"/hello", "sue", 429}, {"/hello", "joe", 429}, {"/hello", "nobody", 401},
		{"/public", "sue", 200}, {"/public", "joe", 429},
	} {
		if res, body := get(t, app, row.path, "Authorization", "Bearer "+row.token+"-0123456789abcdef"); res.StatusCode != row.status {
			t.Errorf("%d: %+v: %d %s", i, row, res.StatusCode, body)
		}
	}
}

// TestBeforeMCP: in front of everything a request that MCP would turn down counts as well, and answers of MCP's have the
// headers.
func TestBeforeMCP(t *testing.T) {
	app := newApp(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
	app.Use(ratelimit.NewFiber(ratelimit.FiberConfig{App: app, Rate: "3-H"}))
	post := func() *http.Response {
		req := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"nothing/such"}`))
		req.Header.Set("Content-Type", "application/json")
		res, err := app.Test(req, 20_000)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res
	}
	for left := 2; left >= 0; left-- {
		if res := post(); res.StatusCode == 429 || res.Header.Get("X-RateLimit-Remaining") != strconv.Itoa(left) {
			t.Errorf("%d %v", res.StatusCode, res.Header)
		}
	}
	if res := post(); res.StatusCode != 429 || res.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

// TestRoutesApart: paths do not share a limit, though they share a storage, and a path is the same on all nodes, whatever
// stands in the place of its parameters.
func TestRoutesApart(t *testing.T) {
	s := newShared()
	var apps []*fastmcp.App
	for range 2 {
		app := newApp((&logs{}).config(s))
		for _, path := range []string{"/a/:id", "/b"} {
			app.AddRoute(fiber.MethodGet, path, ratelimit.NewFiber(ratelimit.FiberConfig{App: app, Rate: "1-D", Handler: hello}))
		}
		apps = append(apps, app)
	}
	for i, row := range []struct {
		app    *fastmcp.App
		path   string
		status int
	}{{apps[0], "/a/1", 200}, {apps[1], "/b", 200}, {apps[1], "/a/2", 429}, {apps[0], "/b", 429}} {
		if res, body := get(t, row.app, row.path); res.StatusCode != row.status {
			t.Errorf("%d: %s: %d %s", i, row.path, res.StatusCode, body)
		}
	}
}

// TestJoined: on a shared storage a name joins a route's limit and MCP's.
func TestJoined(t *testing.T) {
	app := newApp((&logs{}).config(newShared()))
	app.Use(ratelimit.New(ratelimit.Config{Rate: "3-D", Name: "all", Key: func(*fastmcp.Context) string { return "" }}))
	app.Use(ratelimit.NewFiber(ratelimit.FiberConfig{App: app, Rate: "3-D", Name: "all", Key: func(*fiber.Ctx) string { return "" }}))
	app.AddRoute(fiber.MethodGet, "/hello", hello)
	if res, _ := get(t, app, "/hello"); res.StatusCode != 200 {
		t.Errorf("%d", res.StatusCode)
	}
	expectPassed(t, app, light, 2)
	if res, _ := get(t, app, "/hello"); res.StatusCode != 429 {
		t.Errorf("%d", res.StatusCode)
	}
}
