package fastmcp_test

import (
	"context"
	"net/http"
	"testing"
	"unsafe"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/gofiber/fiber/v2"
)

// lent is a text in memory that is used again, as Fiber's parameters of routes are.
func lent(text string) (borrowed string, again func()) {
	b := []byte(text)
	return unsafe.String(&b[0], len(b)), func() {
		for i := range b {
			b[i] = '#'
		}
	}
}

// A route may pass on what Fiber has lent it.
func TestNamesThatWereLent(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "restart", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "fine", nil })})
	s := serve(t, app, l)
	s.begun()
	name, again := lent("restart")
	if err := app.SetToolEnabled(name, false); err != nil {
		t.Fatal(err)
	}
	again()
	if app.ToolEnabled("restart") {
		t.Error("the tool is on again")
	}
}

// A verifier that asks for a header when the route has been answered hears of none: neither a panic nor another's.
func TestVerifierOfARouteThatAsksLater(t *testing.T) {
	var kept []*auth.Request
	app, l := newApp(t, fastmcp.Config{Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Authenticate(
		func(_ context.Context, r *auth.Request) (*auth.Principal, error) {
			if r.Header("X-Id") == "" || r.Header("Authorization") == "" || !r.IP.IsValid() || r.Path != "/private" {
				t.Errorf("%+v", r)
			}
			kept = append(kept, r)
			return &auth.Principal{Subject: "ann"}, nil
		})}})})
	app.AddRoute(fiber.MethodGet, "/private", func(c *fiber.Ctx) error { return c.SendString("fine") })
	s := serve(t, app, l)
	for _, id := range []string{"1", "2"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.addr+"/private", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Id", id)
		req.Header.Set("Authorization", "Bearer 0123456789abcdef")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _ = res.Body.Close(); res.StatusCode != 200 {
			t.Error(res.Status)
		}
	}
	for _, r := range kept {
		if got := r.Header("X-Id"); got != "" {
			t.Errorf("X-Id is %q", got)
		}
	}
}
