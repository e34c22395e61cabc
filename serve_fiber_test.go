package fastmcp_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/gofiber/fiber/v2/middleware/basicauth"
	"github.com/gofiber/fiber/v2/middleware/cache"
	"github.com/gofiber/fiber/v2/middleware/compress"
	"github.com/gofiber/fiber/v2/middleware/cors"
	"github.com/gofiber/fiber/v2/middleware/csrf"
	"github.com/gofiber/fiber/v2/middleware/earlydata"
	"github.com/gofiber/fiber/v2/middleware/encryptcookie"
	"github.com/gofiber/fiber/v2/middleware/envvar"
	"github.com/gofiber/fiber/v2/middleware/etag"
	"github.com/gofiber/fiber/v2/middleware/expvar"
	"github.com/gofiber/fiber/v2/middleware/favicon"
	"github.com/gofiber/fiber/v2/middleware/filesystem"
	"github.com/gofiber/fiber/v2/middleware/healthcheck"
	"github.com/gofiber/fiber/v2/middleware/helmet"
	"github.com/gofiber/fiber/v2/middleware/idempotency"
	"github.com/gofiber/fiber/v2/middleware/keyauth"
	"github.com/gofiber/fiber/v2/middleware/limiter"
	"github.com/gofiber/fiber/v2/middleware/logger"
	"github.com/gofiber/fiber/v2/middleware/monitor"
	"github.com/gofiber/fiber/v2/middleware/pprof"
	"github.com/gofiber/fiber/v2/middleware/proxy"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/gofiber/fiber/v2/middleware/redirect"
	"github.com/gofiber/fiber/v2/middleware/requestid"
	"github.com/gofiber/fiber/v2/middleware/rewrite"
	"github.com/gofiber/fiber/v2/middleware/skip"
	"github.com/gofiber/fiber/v2/middleware/timeout"
)

const encryptionKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// fiberHandlers are Fiber's own. session is missing: it is a store, and no handler. Of limiter and encryptcookie what
// they do to the answer after the handler has no effect on a stream: its headers have left by then.
var fiberHandlers = []struct {
	name    string
	handler func() fiber.Handler
	// send are headers that a request needs to pass.
	send headers
	// sets are headers that every answer has.
	sets []string
	// trusts are the proxies that have to be known.
	trusts []string
	// refuses is the status that MCP's requests get because the handler is not for app.Use.
	refuses map[string]int
}{
	{name: "adaptor", sets: []string{"X-Adapted"}, handler: func() fiber.Handler {
		return adaptor.HTTPMiddleware(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Adapted", "yes")
				next.ServeHTTP(w, r)
			})
		})
	}},
	{name: "basicauth", send: headers{"Authorization": "Basic YWxpY2U6c2VjcmV0"}, handler: func() fiber.Handler {
		return basicauth.New(basicauth.Config{Users: map[string]string{"alice": "secret"}})
	}},
	{name: "cache", handler: func() fiber.Handler { return cache.New(cache.Config{Methods: []string{"GET", "POST"}}) }},
	{name: "compress", send: headers{"Accept-Encoding": "gzip"}, handler: func() fiber.Handler { return compress.New() }},
	{name: "cors", send: headers{"Origin": "http://localhost:3000"}, sets: []string{"Access-Control-Allow-Origin"}, handler: func() fiber.Handler { return cors.New() }},
	// MCP's clients have no cookies and no forms, and send no tokens of csrf's: it refuses every POST. What it is
	// against is what Content-Type and Config.Origins are checked for.
	{name: "csrf", refuses: map[string]int{"POST": 403}, handler: func() fiber.Handler { return csrf.New() }},
	{name: "csrf, with Next", handler: func() fiber.Handler {
		return csrf.New(csrf.Config{Next: func(c *fiber.Ctx) bool { return strings.HasPrefix(c.Path(), "/mcp") }})
	}},
	// earlydata asks a proxy that it trusts, and refuses all others.
	{name: "earlydata", trusts: []string{"127.0.0.1"}, handler: func() fiber.Handler { return earlydata.New() }},
	{name: "earlydata, without a proxy", refuses: map[string]int{"POST": 425, "GET": 425}, handler: func() fiber.Handler { return earlydata.New() }},
	{name: "encryptcookie", handler: func() fiber.Handler { return encryptcookie.New(encryptcookie.Config{Key: encryptionKey}) }},
	// envvar, monitor and proxy answer whatever they are asked: they belong under a path, with app.Fiber().Use.
	{name: "envvar", refuses: map[string]int{"POST": 405, "GET": 200}, handler: func() fiber.Handler {
		return envvar.New(envvar.Config{ExportVars: map[string]string{"none": ""}})
	}},
	{name: "monitor", refuses: map[string]int{"POST": 405, "GET": 200}, handler: func() fiber.Handler { return monitor.New() }},
	{name: "proxy", refuses: map[string]int{"POST": 500, "GET": 500}, handler: func() fiber.Handler {
		return proxy.Balancer(proxy.Config{Servers: []string{"http://127.0.0.1:1"}})
	}},
	{name: "etag", handler: func() fiber.Handler { return etag.New() }},
	{name: "expvar", handler: func() fiber.Handler { return expvar.New() }},
	{name: "favicon", handler: func() fiber.Handler { return favicon.New() }},
	{name: "filesystem", handler: func() fiber.Handler {
		return filesystem.New(filesystem.Config{Root: http.Dir("testdata")})
	}},
	{name: "healthcheck", handler: func() fiber.Handler { return healthcheck.New() }},
	{name: "helmet", sets: []string{"X-Content-Type-Options", "X-Frame-Options"}, handler: func() fiber.Handler { return helmet.New() }},
	{name: "idempotency", send: headers{"X-Idempotency-Key": "01234567-89ab-cdef-0123-456789abcdef"}, handler: func() fiber.Handler { return idempotency.New() }},
	{name: "keyauth", send: headers{"Authorization": "Bearer key"}, handler: func() fiber.Handler {
		return keyauth.New(keyauth.Config{Validator: func(_ *fiber.Ctx, key string) (bool, error) { return key == "key", nil }})
	}},
	{name: "limiter", handler: func() fiber.Handler { return limiter.New(limiter.Config{Max: 1000}) }},
	{name: "logger", handler: func() fiber.Handler { return logger.New(logger.Config{Output: io.Discard}) }},
	{name: "pprof", handler: func() fiber.Handler { return pprof.New() }},
	{name: "recover", handler: func() fiber.Handler { return recover.New() }},
	{name: "redirect", handler: func() fiber.Handler {
		return redirect.New(redirect.Config{Rules: map[string]string{"/old": "/new"}})
	}},
	{name: "requestid", sets: []string{"X-Request-Id"}, handler: func() fiber.Handler { return requestid.New() }},
	{name: "rewrite", handler: func() fiber.Handler {
		return rewrite.New(rewrite.Config{Rules: map[string]string{"/old": "/mcp"}})
	}},
	{name: "skip", sets: []string{"X-Frame-Options"}, handler: func() fiber.Handler {
		return skip.New(helmet.New(), func(*fiber.Ctx) bool { return false })
	}},
	// timeout wraps one route's handler. Tool.Timeout is MCP's.
	{name: "timeout", handler: func() fiber.Handler {
		return timeout.NewWithContext(func(c *fiber.Ctx) error { return c.Next() }, time.Millisecond)
	}},
}

// TestFibersHandlers runs each of them over a call, a streamed call and the stream of a session, in both eras.
func TestFibersHandlers(t *testing.T) {
	for _, test := range fiberHandlers {
		t.Run(test.name, func(t *testing.T) {
			l := livingApp(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{TrustedProxies: test.trusts}})
			l.app.Use(test.handler())
			l.server = serve(t, l.app, l.log)
			if test.refuses != nil {
				for method, status := range test.refuses {
					if a := l.do(method, nil, `{}`); a.status != status {
						t.Errorf("%s: %d %s", method, a.status, a.body)
					}
				}
				return
			}
			works(t, l.server, test.send, test.sets)
		})
	}
}

// works checks that a server answers in both forms and both eras. send goes with each request; sets are in each answer.
func works(t *testing.T, s *server, send headers, sets []string) {
	t.Helper()
	has := func(what string, h http.Header) {
		t.Helper()
		for _, name := range sets {
			if h.Get(name) == "" {
				t.Errorf("%s has no %s", what, name)
			}
		}
		if h.Get("Content-Encoding") != "" || h.Get("Etag") != "" {
			t.Errorf("%s: %v", what, h)
		}
	}
	c := s.open("2025-11-25", send)
	for range 2 { // twice: a cache must not give what it has kept
		get := c.listen("")
		has("GET", get.header)
		notify(t, c.session(), "own", 1, 1)
		get.expect("own", 1, 1)
		get.silent(c.session())

		h := statelessHeaders("tools/call", "notes")
		for k, v := range send {
			h[k] = v
		}
		body := stateless(1, "tools/call", `"name":"notes","arguments":{"from":1,"to":3}`, "")
		for name, a := range map[string]answer{"2026-07-28": s.do("POST", h, body), "2025-11-25": c.call("notes", `{"from":1,"to":3}`)} {
			has(name+", stream", a.header)
			if !isStream(a) || len(a.messages(t)) != 4 || a.message(t).tool(t).text() != "told" {
				t.Errorf("%s: %d %v %s", name, a.status, a.header, a.body)
			}
		}
		a := c.call("add", `{"a":1,"b":2}`)
		has("JSON", a.header)
		if a.status != 200 || isStream(a) || a.message(t).tool(t).text() != `{"sum":3}` {
			t.Errorf("JSON: %d %s", a.status, a.body)
		}
		c.next += 100
	}
}

// mount serves a Fiber app that an App is mounted in.
func mount(t *testing.T, f *fiber.App, l *living, path string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.addr = ln.Addr().String()
	l.url = "http://" + l.addr + path
	done := make(chan error, 1)
	go func() { done <- f.Listener(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := l.app.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := f.ShutdownWithContext(ctx); err != nil {
			t.Errorf("Fiber's shutdown: %v", err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestMount(t *testing.T) {
	quiet := fiber.Config{DisableStartupMessage: true, ReadTimeout: 5 * time.Second}
	strict := quiet
	strict.StrictRouting, strict.CaseSensitive, strict.Immutable = true, true, true
	lean := quiet
	lean.ReduceMemoryUsage = true
	for name, config := range map[string]fiber.Config{"plain": quiet, "strict": strict, "lean": lean} {
		for prefix, on := range map[string]func(f *fiber.App) fiber.Router{
			"":        func(f *fiber.App) fiber.Router { return f },
			"/api/v1": func(f *fiber.App) fiber.Router { return f.Group("/api").Group("/v1") },
		} {
			for _, path := range []string{"/mcp", "/mcp/"} {
				t.Run(name+prefix+path, func(t *testing.T) {
					f := fiber.New(config)
					l := livingApp(t, fastmcp.Config{})
					l.app.Use(helmet.New())
					l.app.AddRoute("GET", "/beside", func(c *fiber.Ctx) error { return c.SendString("beside") })
					l.app.Mount(on(f))
					f.Get("/own", func(c *fiber.Ctx) error { return c.SendString("own") })
					mount(t, f, l, prefix+path)
					works(t, l.server, nil, []string{"X-Frame-Options"})
					keepsAlive(t, l)

					own := *l.server
					own.url = "http://" + l.addr + "/own"
					if a := own.do("GET", nil, ""); a.body != "own" || a.header.Get("X-Frame-Options") != "" {
						t.Errorf("a route of the Fiber app: %s %v", a.body, a.header)
					}
					own.url = "http://" + l.addr + prefix + "/beside"
					if a := own.do("GET", nil, ""); a.body != "beside" || a.header.Get("X-Frame-Options") == "" {
						t.Errorf("a route of the App: %s %v", a.body, a.header)
					}
				})
			}
		}
	}
}

// keepsAlive checks that a connection goes on after an answer of each form.
func keepsAlive(t *testing.T, l *living) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	c := l.open("2025-11-25")
	reused := 0
	trace := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if i.Reused {
			reused++
		}
	}})
	const rounds = 3
	for range rounds {
		for _, tool := range []string{`"notes","arguments":{"from":1,"to":3}`, `"add","arguments":{"a":1,"b":2}`} {
			res, err := client.Do(l.request(trace, "POST", c.headers(), `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":`+tool+`}}`))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || !strings.Contains(string(b), `"result"`) {
				t.Errorf("%v %s", err, b)
			}
		}
	}
	if reused != 2*rounds-1 {
		t.Errorf("the connection was used again %d times of %d", reused, 2*rounds-1)
	}
}

func TestKeepAliveAfterStreams(t *testing.T) {
	keepsAlive(t, newLiving(t, fastmcp.Config{}))
}

func TestTwoAppsInOneFiberApp(t *testing.T) {
	f := fiber.New(fiber.Config{DisableStartupMessage: true, ReadTimeout: 5 * time.Second})
	one, two := livingApp(t, fastmcp.Config{}), livingApp(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{Path: "/other"}})
	one.app.Use(helmet.New())
	one.app.AddTool(fastmcp.Tool{Name: "only", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "one", nil })})
	one.app.Mount(f)
	two.app.Mount(f)
	mount(t, f, one, "/mcp")
	two.addr, two.url = one.addr, "http://"+one.addr+"/other"
	a, b := one.open("2025-06-18"), two.open("2025-06-18")
	stranger := &client{server: two.server, id: a.id, revision: "2025-06-18"}
	if got := stranger.send("ping", ""); got.status != 404 || len(one.app.Sessions()) != 1 || len(two.app.Sessions()) != 1 {
		t.Errorf("a session of the other App: %d", got.status)
	}
	if m := a.call("only", `{}`).message(t); m.tool(t).text() != "one" {
		t.Errorf("%+v", m)
	}
	if got := b.call("only", `{}`); got.message(t).Error == nil || got.header.Get("X-Frame-Options") != "" {
		t.Errorf("a tool, or a handler, of the other App: %v %s", got.header, got.body)
	}
	if err := two.app.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if !a.alive() || b.alive() {
		t.Error("the end of one is the end of the other")
	}
}

func TestMountNeedsOneProcess(t *testing.T) {
	prefork := fiber.New(fiber.Config{Prefork: true, DisableStartupMessage: true})
	if v := panicOf(func() { fastmcp.New().Mount(prefork) }); v == nil || !strings.Contains(v.(string), "Prefork") {
		t.Errorf("Prefork: %v", v)
	}
	if v := panicOf(func() {
		fastmcp.New(fastmcp.Config{Stateless: true, Keys: [][]byte{[]byte(strings.Repeat("k", 32))}}).Mount(prefork)
	}); v != nil {
		t.Errorf("Prefork without sessions: %v", v)
	}
	if v := panicOf(func() { fastmcp.New(fastmcp.Config{Stateless: true}).Mount(prefork) }); v == nil || !strings.Contains(v.(string), "Config.Keys") {
		t.Errorf("Prefork without keys: %v", v)
	}
}

// Fiber's Test has a connection in memory, on which nothing can be streamed: an answer that would be is one body.
func TestInMemory(t *testing.T) {
	f := fiber.New()
	l := livingApp(t, fastmcp.Config{})
	l.app.Mount(f)
	l.url = "http://example.com/mcp"
	test := func(tool, args string) answer {
		t.Helper()
		r := httptest.NewRequest("POST", "/mcp", strings.NewReader(stateless(1, "tools/call", `"name":"`+tool+`","arguments":`+args, "")))
		r.Header.Set("Content-Type", "application/json")
		for k, v := range statelessHeaders("tools/call", tool) {
			r.Header.Set(k, v)
		}
		res, err := f.Test(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer{res.StatusCode, res.Header, string(b)}
	}
	if a := test("add", `{"a":1,"b":2}`); a.status != 200 || isStream(a) || a.message(t).tool(t).text() != `{"sum":3}` {
		t.Errorf("JSON: %d %v %s", a.status, a.header, a.body)
	}
	if a := test("notes", `{"from":1,"to":3}`); !isStream(a) || len(a.messages(t)) != 4 || a.message(t).tool(t).text() != "told" {
		t.Errorf("stream: %d %v %s", a.status, a.header, a.body)
	}
	res, err := f.Test(httptest.NewRequest("GET", "/mcp", nil))
	if err != nil || res.StatusCode != 405 {
		t.Errorf("GET: %v %v", res, err)
	}
}
