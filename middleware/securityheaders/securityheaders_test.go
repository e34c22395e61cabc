package securityheaders_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/internal/livetest"
	"github.com/fastmcp-go/fastmcp/middleware/securityheaders"
	"github.com/gofiber/fiber/v2"
)

func newApp(config fastmcp.Config, use securityheaders.Config) *fastmcp.App {
	config.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	app := fastmcp.New(config)
	app.Use(securityheaders.New(use))
	app.AddTool(fastmcp.Tool{Name: "plain", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "said", nil })})
	app.AddTool(fastmcp.Tool{Name: "streams", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		return "told", c.Notify("notifications/x", map[string]int{"n": 1})
	})})
	route := func(path string, h fiber.Handler) {
		app.AddRoute(fiber.MethodGet, path, h, fastmcp.RouteConfig{Public: true})
	}
	route("/own", func(c *fiber.Ctx) error { return c.SendString("own") })
	route("/kept", func(c *fiber.Ctx) error { c.Set("Cache-Control", "max-age=60"); return c.SendString("kept") })
	route("/file", func(c *fiber.Ctx) error {
		c.Set("Last-Modified", "Tue, 28 Jul 2026 12:00:00 GMT")
		return c.SendString("file")
	})
	route("/tagged", func(c *fiber.Ctx) error { c.Set("ETag", `"1"`); return c.SendString("tagged") })
	route("/page", func(c *fiber.Ctx) error {
		c.Set("Content-Security-Policy", "default-src 'self'")
		return c.SendString("page")
	})
	route("/fails", func(c *fiber.Ctx) error { return fiber.NewError(fiber.StatusTeapot, "tea") })
	return app
}

var usual = map[string]string{
	"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'none'",
	"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Strict-Transport-Security": "", "Permissions-Policy": "",
}

// has compares the headers of an answer with the usual ones, but for some.
func has(t *testing.T, what string, a livetest.Answer, but map[string]string) {
	t.Helper()
	for name, want := range usual {
		if other, ok := but[name]; ok {
			want = other
		}
		if got := strings.Join(a.Header.Values(name), " | "); got != want {
			t.Errorf("%s: %s is %q, want %q", what, name, got, want)
		}
	}
}

func TestEveryAnswerHasThem(t *testing.T) {
	s := livetest.Serve(t, newApp(fastmcp.Config{}, securityheaders.Config{}))
	get := func(path string) livetest.Answer { return s.Request("GET", path, nil, "") }
	has(t, "a route", get("/own"), nil)
	has(t, "an error", get("/fails"), nil)
	has(t, "nothing", get("/nowhere"), nil)
	has(t, "what says how it is kept", get("/kept"), map[string]string{"Cache-Control": "max-age=60"})
	has(t, "a file", get("/file"), map[string]string{"Cache-Control": ""})
	has(t, "what has a tag", get("/tagged"), map[string]string{"Cache-Control": ""})
	has(t, "a page of its own", get("/page"), map[string]string{"Content-Security-Policy": "default-src 'self'"})
	has(t, "a call", s.Call("plain", `{}`), nil)
	has(t, "a call that is refused", s.Request("POST", "", nil, `{"jsonrpc":"2.0","id":1,"method":"tools/call"}`), nil)
	has(t, "who comes from elsewhere", s.Call("plain", `{}`, livetest.Headers{"Origin": "https://evil.example"}), nil)

	stream := map[string]string{"Cache-Control": "no-cache, no-transform"}
	a := s.Call("streams", `{}`)
	if has(t, "a stream", a, stream); !a.IsStream() || len(a.Messages(t)) != 2 {
		t.Errorf("%v %s", a.Header, a.Body)
	}
	h := s.Session("2025-11-25")
	for range 2 { // the connection goes on behind a stream
		if a := s.Send(h, "tools/call", `"name":"streams"`); !a.IsStream() || a.Result(t).Text() != "told" {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if a := s.Send(h, "tools/call", `"name":"plain"`); a.Result(t).Text() != "said" {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	l := s.Listen(h)
	has(t, "the stream of a session", livetest.Answer{Header: l.Header}, stream)
	if err := s.App.Session(h["Mcp-Session-Id"]).Notify("notifications/x", nil); err != nil {
		t.Error(err)
	}
	if got := l.Next(); !strings.Contains(got, "notifications/x") {
		t.Errorf("on the stream came %q", got)
	}
	has(t, "DELETE", s.Request("DELETE", "", h, ""), nil)
}

func TestEachHasASwitch(t *testing.T) {
	const off = securityheaders.Off
	none := map[string]string{}
	for name := range usual {
		none[name] = ""
	}
	s := livetest.Serve(t, newApp(fastmcp.Config{}, securityheaders.Config{
		ContentTypeOptions: off, FrameOptions: off, ContentSecurityPolicy: off, ReferrerPolicy: off, PermissionsPolicy: off, CacheControl: off, HSTS: -1,
	}))
	has(t, "all off", s.Request("GET", "/own", nil, ""), none)
	s = livetest.Serve(t, newApp(fastmcp.Config{}, securityheaders.Config{Next: func(c *fiber.Ctx) bool { return c.Path() == "/own" }}))
	has(t, "skipped", s.Request("GET", "/own", nil, ""), none)
	has(t, "not skipped", s.Request("GET", "/fails", nil, ""), nil)
	own := map[string]string{
		"X-Content-Type-Options": "a", "X-Frame-Options": "SAMEORIGIN", "Content-Security-Policy": "c", "Referrer-Policy": "d", "Permissions-Policy": "camera=()", "Cache-Control": "private",
	}
	s = livetest.Serve(t, newApp(fastmcp.Config{}, securityheaders.Config{
		ContentTypeOptions: "a", FrameOptions: "SAMEORIGIN", ContentSecurityPolicy: "c", ReferrerPolicy: "d", PermissionsPolicy: "camera=()", CacheControl: "private",
	}))
	has(t, "all its own", s.Request("GET", "/own", nil, ""), own)
}

// HSTS is said over TLS, the App's own or that of a proxy that is trusted, and not where somebody only says so.
func TestHSTSIsForTLS(t *testing.T) {
	const year, twoDays = "max-age=31536000", "max-age=172800; includeSubDomains"
	forwarded := livetest.Headers{"X-Forwarded-Proto": "https"}
	app := func(trusted ...string) *fastmcp.App {
		return newApp(fastmcp.Config{HTTP: fastmcp.HTTPConfig{TrustedProxies: trusted}}, securityheaders.Config{})
	}
	s := livetest.Serve(t, app())
	has(t, "somebody says so", s.Request("GET", "/own", forwarded, ""), nil)
	s = livetest.Serve(t, app("127.0.0.1"))
	has(t, "a trusted proxy says so", s.Request("GET", "/own", forwarded, ""), map[string]string{"Strict-Transport-Security": year})
	has(t, "a trusted proxy without TLS", s.Request("GET", "/own", livetest.Headers{"X-Forwarded-Proto": "http"}, ""), nil)
	has(t, "a call", s.Call("plain", `{}`, forwarded), map[string]string{"Strict-Transport-Security": year})

	for want, use := range map[string]securityheaders.Config{
		year: {}, twoDays: {HSTS: 48*time.Hour + 999*time.Millisecond, HSTSSubdomains: true}, "": {HSTS: -1}, "max-age=1": {HSTS: time.Second},
	} {
		if got := overTLS(t, newApp(fastmcp.Config{}, use)); got != want {
			t.Errorf("over TLS: %q, want %q", got, want)
		}
	}
}

// overTLS is what an App that listens by TLS says of it.
func overTLS(t *testing.T, app *fastmcp.App) string {
	t.Helper()
	lender := httptest.NewTLSServer(nil) // of a certificate, and a client that trusts it
	defer lender.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- app.Listener(tls.NewListener(ln, &tls.Config{Certificates: lender.TLS.Certificates, MinVersion: tls.VersionTLS12}))
	}()
	res, err := lender.Client().Get("https://" + ln.Addr().String() + "/own")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	lender.Client().CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), livetest.Patience)
	defer cancel()
	if err := app.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	return res.Header.Get("Strict-Transport-Security")
}

func TestWrongSettingsPanic(t *testing.T) {
	for words, config := range map[string]securityheaders.Config{
		"Config.HSTS is 999ms":                {HSTS: time.Second - time.Millisecond},
		"Config.HSTS is off":                  {HSTS: -1, HSTSSubdomains: true},
		"Config.FrameOptions has a character": {FrameOptions: "DENY\r\nX: y"},
		"Config.CacheControl has a character": {CacheControl: "é"},
	} {
		func() {
			defer func() {
				if v, _ := recover().(string); !strings.Contains(v, words) || !strings.HasPrefix(v, "securityheaders: ") {
					t.Errorf("%s: %q", words, v)
				}
			}()
			securityheaders.New(config)
		}()
	}
	securityheaders.New(securityheaders.ConfigDefault)
}
