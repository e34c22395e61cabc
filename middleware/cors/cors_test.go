package cors_test

import (
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/middleware/cors"
	"github.com/fastmcp-go/fastmcp/middleware/internal/livetest"
	"github.com/gofiber/fiber/v2"
)

// newApp is an App with tools that answer in both ways, and routes.
func newApp(config fastmcp.Config) *fastmcp.App {
	config.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	app := fastmcp.New(config)
	app.AddTool(fastmcp.Tool{Name: "plain", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "said", nil })})
	app.AddTool(fastmcp.Tool{Name: "streams", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		return "told", c.Notify("notifications/x", map[string]int{"n": 1})
	})})
	app.AddTool(fastmcp.Tool{Name: "block", Handler: fastmcp.Get(func(*fastmcp.Context) (content.Block, error) { return content.Text("said"), nil })})
	app.AddRoute(fiber.MethodGet, "/own", func(c *fiber.Ctx) error { return c.SendString("own") }, fastmcp.RouteConfig{Public: true})
	app.AddRoute(fiber.MethodPut, "/own", func(c *fiber.Ctx) error { return fiber.NewError(fiber.StatusConflict, "it is there") }, fastmcp.RouteConfig{Public: true})
	return app
}

// preflight is what a browser asks before it sends (Fetch, CORS-preflight fetch): it has the page's origin, the method, and
// the names of headers in lower case and sorted, and nothing of the request itself.
func preflight(origin, method string, headers ...string) livetest.Headers {
	h := livetest.Headers{
		"Origin": origin, "Access-Control-Request-Method": method, "Accept": "*/*", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site",
		"Sec-Fetch-Dest": "empty", "User-Agent": "Mozilla/5.0",
	}
	if len(headers) > 0 {
		slices.Sort(headers)
		h["Access-Control-Request-Headers"] = strings.Join(headers, ",")
	}
	return h
}

// passes tells whether a browser would send what it has asked about, and let the page read the answer.
func passes(h http.Header, origin, method string, headers ...string) bool {
	listed := func(name string) (all []string) {
		for _, line := range h.Values(name) {
			for word := range strings.SplitSeq(line, ",") {
				all = append(all, strings.ToLower(strings.TrimSpace(word)))
			}
		}
		return all
	}
	if got := h.Values("Access-Control-Allow-Origin"); len(got) != 1 || got[0] != origin {
		return false
	}
	if !slices.Contains([]string{"GET", "HEAD", "POST"}, method) && !slices.Contains(listed("Access-Control-Allow-Methods"), strings.ToLower(method)) {
		return false
	}
	for _, name := range headers {
		if !slices.Contains(listed("Access-Control-Allow-Headers"), name) {
			return false
		}
	}
	return true
}

var mcpHeaders = []string{"authorization", "content-type", "last-event-id", "mcp-method", "mcp-name", "mcp-param-city", "mcp-protocol-version", "mcp-session-id"}

const friend, stranger = "http://localhost:3000", "https://evil.example"

func TestTheAppsListIsForRoutesToo(t *testing.T) {
	listed := fastmcp.Config{Origins: []string{"https://app.example.com", "https://*.friends.example:8443"}, Hosts: []string{"*"}}
	for _, test := range []struct {
		config  fastmcp.Config
		in, out []string
	}{
		{fastmcp.Config{}, []string{friend, "http://127.0.0.1:9", "https://[::1]"}, []string{stranger, "http://localhost.evil.example", "null"}},
		{listed, []string{"https://app.example.com", "https://a.friends.example:8443", "https://a.b.friends.example:8443"},
			[]string{friend, "http://app.example.com", "https://app.example.com:8443", "https://friends.example:8443", "https://a.friends.example", "null"}},
		{fastmcp.Config{Origins: []string{"*"}}, []string{friend, stranger, "null"}, nil},
	} {
		app := newApp(test.config)
		app.Use(cors.New(cors.Config{App: app}))
		s := livetest.Serve(t, app)
		for _, origin := range test.in {
			for _, path := range []string{"/own", "/mcp"} {
				a := s.Request("OPTIONS", path, preflight(origin, "DELETE", mcpHeaders...), "")
				if a.Status != 204 || a.Body != "" || !passes(a.Header, origin, "DELETE", mcpHeaders...) || a.Header.Get("Access-Control-Max-Age") != "7200" {
					t.Errorf("preflight of %s by %s: %d %v", path, origin, a.Status, a.Header)
				}
			}
			if a := s.Request("GET", "/own", livetest.Headers{"Origin": origin}, ""); a.Body != "own" || !passes(a.Header, origin, "GET") {
				t.Errorf("/own by %s: %d %v", origin, a.Status, a.Header)
			}
			if a := s.Call("plain", `{}`, livetest.Headers{"Origin": origin}); a.Status != 200 || !passes(a.Header, origin, "POST") {
				t.Errorf("a call by %s: %d %v", origin, a.Status, a.Header)
			}
		}
		for _, origin := range test.out {
			for _, path := range []string{"/own", "/mcp"} {
				a := s.Request("OPTIONS", path, preflight(origin, "POST", mcpHeaders...), "")
				if a.Status != 403 || a.Header.Get("Access-Control-Allow-Origin") != "" || a.Message(t).Error == nil || a.Message(t).Error.Code != -32000 {
					t.Errorf("preflight of %s by %s: %d %v %s", path, origin, a.Status, a.Header, a.Body)
				}
			}
			// A simple request needs no preflight: it is answered, and its browser keeps the answer from the page.
			a := s.Request("GET", "/own", livetest.Headers{"Origin": origin}, "")
			if a.Status != 200 || a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("Vary") != "Origin" {
				t.Errorf("/own by %s: %d %v", origin, a.Status, a.Header)
			}
			if a := s.Call("plain", `{}`, livetest.Headers{"Origin": origin}); a.Status != 403 || a.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("a call by %s: %d %v", origin, a.Status, a.Header)
			}
		}
	}
}

// With the middleware MCP answers as it does without, and once.
func TestMCPAnswersAsWithout(t *testing.T) {
	without, with := newApp(fastmcp.Config{}), newApp(fastmcp.Config{})
	with.Use(cors.New(cors.Config{App: with}))
	one, two := livetest.Serve(t, without), livetest.Serve(t, with)
	names := []string{
		"Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Access-Control-Allow-Headers", "Access-Control-Max-Age",
		"Access-Control-Allow-Credentials",
	}
	for what, ask := range map[string]func(s *livetest.Server) livetest.Answer{
		"preflight": func(s *livetest.Server) livetest.Answer {
			return s.Request("OPTIONS", "", preflight(friend, "POST", mcpHeaders...), "")
		},
		"call": func(s *livetest.Server) livetest.Answer {
			return s.Call("plain", `{}`, livetest.Headers{"Origin": friend})
		},
		"stream": func(s *livetest.Server) livetest.Answer {
			return s.Call("streams", `{}`, livetest.Headers{"Origin": friend})
		},
		"no page": func(s *livetest.Server) livetest.Answer { return s.Call("plain", `{}`) },
		"refused": func(s *livetest.Server) livetest.Answer {
			return s.Call("plain", `{}`, livetest.Headers{"Origin": stranger})
		},
		"no body": func(s *livetest.Server) livetest.Answer {
			return s.Request("POST", "", livetest.Headers{"Origin": friend}, "")
		},
	} {
		a, b := ask(one), ask(two)
		if a.Status != b.Status || a.Body != b.Body && what != "refused" {
			t.Errorf("%s: %d %s with, %d %s without", what, b.Status, b.Body, a.Status, a.Body)
		}
		for _, name := range names {
			if !slices.Equal(a.Header.Values(name), b.Header.Values(name)) || len(b.Header.Values(name)) > 1 {
				t.Errorf("%s: %s is %q with, %q without", what, name, b.Header.Values(name), a.Header.Values(name))
			}
		}
		if vary := b.Header.Values("Vary"); len(vary) != 1 || !strings.HasPrefix(vary[0], "Origin") {
			t.Errorf("%s: Vary is %q", what, vary)
		}
	}
}

// Calls stream, sessions have their stream, and DELETE ends them, for pages too.
func TestMCPStreamsUnderIt(t *testing.T) {
	app := newApp(fastmcp.Config{})
	app.Use(cors.New(cors.Config{App: app, Expose: []string{"X-Own"}}))
	s := livetest.Serve(t, app)
	if a := s.Call("streams", `{}`, livetest.Headers{"Origin": friend}); !a.IsStream() || len(a.Messages(t)) != 2 || !passes(a.Header, friend, "POST") {
		t.Errorf("%d %v %s", a.Status, a.Header, a.Body)
	}
	h := s.Session("2025-11-25", livetest.Headers{"Origin": friend})
	l := s.Listen(h)
	if !passes(l.Header, friend, "GET") || l.Header.Get("Content-Type") != "text/event-stream" || !strings.HasSuffix(l.Header.Get("Access-Control-Expose-Headers"), ", X-Own") {
		t.Errorf("the stream: %v", l.Header)
	}
	if err := app.Session(h["Mcp-Session-Id"]).Notify("notifications/x", map[string]string{"said": "now"}); err != nil {
		t.Error(err)
	}
	if got := l.Next(); !strings.Contains(got, `"said":"now"`) {
		t.Errorf("on the stream came %q", got)
	}
	if a := s.Request("DELETE", "", h, ""); a.Status/100 != 2 || !passes(a.Header, friend, "DELETE") && a.Header.Get("Access-Control-Allow-Origin") != friend {
		t.Errorf("DELETE: %d %v", a.Status, a.Header)
	}
	if a := s.Send(h, "ping", ""); a.Status != 404 || a.Header.Get("Access-Control-Allow-Origin") != friend {
		t.Errorf("the session goes on: %d %v", a.Status, a.Header)
	}
}

func TestAListOfItsOwn(t *testing.T) {
	app := newApp(fastmcp.Config{Origins: []string{friend, "https://admin.example"}})
	app.Use(cors.New(cors.Config{
		Origins: []string{"https://admin.example", "https://other.example"}, Methods: []string{"GET", "PUT"}, Headers: []string{"X-CSRF-Token"},
		Expose: []string{"X-Page", "X-Pages"}, Credentials: true, MaxAge: 90*time.Second + 1,
	}))
	s := livetest.Serve(t, app)
	a := s.Request("OPTIONS", "/own", preflight("https://other.example", "PUT", "x-csrf-token"), "")
	if a.Status != 204 || !passes(a.Header, "https://other.example", "PUT", "x-csrf-token") || a.Header.Get("Access-Control-Allow-Credentials") != "true" ||
		a.Header.Get("Access-Control-Max-Age") != "90" || a.Header.Get("Access-Control-Allow-Methods") != "GET, PUT" ||
		a.Header.Get("Vary") != "Origin, Access-Control-Request-Method, Access-Control-Request-Headers" {
		t.Errorf("%d %v", a.Status, a.Header)
	}
	// Errors are for pages to read, too.
	a = s.Request("PUT", "/own", livetest.Headers{"Origin": "https://other.example"}, "")
	if a.Status != 409 || !passes(a.Header, "https://other.example", "GET") || !strings.HasSuffix(a.Header.Get("Access-Control-Expose-Headers"), ", X-Page, X-Pages") {
		t.Errorf("%d %v", a.Status, a.Header)
	}
	// MCP is for those in both lists.
	for origin, want := range map[string]int{"https://admin.example": 200, "https://other.example": 403} {
		if a := s.Call("plain", `{}`, livetest.Headers{"Origin": origin}); a.Status != want {
			t.Errorf("a call by %s: %d %s", origin, a.Status, a.Body)
		}
	}
	if a := s.Call("plain", `{}`, livetest.Headers{"Origin": friend}); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("who is in one list only can read: %v", a.Header)
	}
}

func TestMaxAgeAndNext(t *testing.T) {
	app := newApp(fastmcp.Config{})
	app.Use(cors.New(cors.Config{Origins: []string{"*"}, MaxAge: -1, Next: func(c *fiber.Ctx) bool { return c.Get("X-Skip") != "" }}))
	s := livetest.Serve(t, app)
	if a := s.Request("OPTIONS", "/own", preflight(stranger, "PUT"), ""); a.Status != 204 || a.Header.Values("Access-Control-Max-Age") != nil {
		t.Errorf("%d %v", a.Status, a.Header)
	}
	if a := s.Request("GET", "/own", livetest.Headers{"Origin": stranger, "X-Skip": "1"}, ""); a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("Vary") != "" {
		t.Errorf("skipped: %v", a.Header)
	}
	// An OPTIONS that is no preflight is the route's affair.
	if a := s.Request("OPTIONS", "/own", livetest.Headers{"Origin": stranger}, ""); a.Status == 204 {
		t.Errorf("%d %v", a.Status, a.Header)
	}
}

func TestWrongSettingsPanic(t *testing.T) {
	app, open := fastmcp.New(), fastmcp.New(fastmcp.Config{Origins: []string{"https://*.example.com"}})
	origins := func(all ...string) cors.Config { return cors.Config{Origins: all} }
	for _, test := range []struct {
		words  string
		config cors.Config
	}{
		{"set App", cors.Config{}},
		{"Config has App and Origins", cors.Config{App: app, Origins: []string{"*"}}},
		{`"example.com" is no origin`, origins("https://ok.example", "example.com")},
		{`"https://a.example/" is no origin`, origins("https://a.example/")},
		{`"https://a.example?x" is no origin`, origins("https://a.example?x")},
		{`"https://a.example#" is no origin`, origins("https://a.example#")},
		{`"https://u@a.example" is no origin`, origins("https://u@a.example")},
		{`"null" is no origin`, origins("null")},
		{`"" is no origin`, origins("")},
		{`a wildcard stands for the first labels`, origins("https://a.*.example")},
		{"without wildcards", cors.Config{Origins: []string{"*"}, Credentials: true}},
		{"Config.Origins, without wildcards", cors.Config{Origins: []string{"https://*.example"}, Credentials: true}},
		{"fastmcp.Config.Origins, without", cors.Config{App: app, Credentials: true}},
		{"fastmcp.Config.Origins, without", cors.Config{App: open, Credentials: true}},
		{`Config.Headers: "*"`, cors.Config{App: app, Headers: []string{"*"}}},
		{`Config.Expose: "a, b"`, cors.Config{App: app, Expose: []string{"a, b"}}},
		{`Config.Methods: ""`, cors.Config{App: app, Methods: []string{""}}},
	} {
		func() {
			defer func() {
				if v, _ := recover().(string); !strings.Contains(v, test.words) || !strings.HasPrefix(v, "cors: ") {
					t.Errorf("%s: %q", test.words, v)
				}
			}()
			cors.New(test.config)
		}()
	}
	cors.New(cors.Config{App: fastmcp.New(fastmcp.Config{Origins: []string{"https://a.example"}}), Credentials: true})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("without a Config it says of no page that it may")
			}
		}()
		cors.New()
	}()
}

// An App that is mounted has preflights answered by what the Fiber app around it uses.
func TestMounted(t *testing.T) {
	f := fiber.New(fiber.Config{ReadBufferSize: 16 << 10, ReadTimeout: time.Second})
	app := newApp(fastmcp.Config{Origins: []string{friend}})
	f.Use(cors.New(cors.Config{App: app}))
	app.Mount(f.Group("/api"))
	req, err := http.NewRequest("OPTIONS", "/api/own", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range preflight(friend, "PUT", "content-type") {
		req.Header.Set(name, value)
	}
	res, err := f.Test(req)
	if err != nil || res.StatusCode != 204 || !passes(res.Header, friend, "PUT", "content-type") {
		t.Errorf("%v %+v", err, res)
	}
}

func BenchmarkCORS(b *testing.B) {
	h := cors.New(cors.Config{Origins: []string{friend}})
	f := fiber.New()
	f.Use(h)
	f.Get("/", func(*fiber.Ctx) error { return nil })
	handler := f.Handler()
	for name, origin := range map[string]string{"no page": "", "page": friend} {
		b.Run(name, func(b *testing.B) {
			ctx := request(origin)
			b.ReportAllocs()
			for b.Loop() {
				ctx.Response.Reset()
				handler(ctx)
			}
		})
	}
}
