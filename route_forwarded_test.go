package fastmcp_test

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/gofiber/fiber/v2"
)

// forwardedApp tells, from a tool and from routes, who is believed to have sent a request, and how.
func forwardedApp(t *testing.T, trusted ...string) (*fastmcp.App, *logs) {
	t.Helper()
	app, l := newApp(t, fastmcp.Config{
		Hosts: []string{"*"}, HTTP: fastmcp.HTTPConfig{TrustedProxies: trusted},
		Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Authenticate(func(_ context.Context, r *auth.Request) (*auth.Principal, error) {
			return &auth.Principal{Subject: r.IP.String()}, nil
		})}}),
	})
	app.AddTool(fastmcp.Tool{Name: "ip", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) { return c.IP().String() + " " + c.Principal().Subject, nil })})
	app.AddRoute("GET", "/ip", func(c *fiber.Ctx) error {
		return c.SendString(app.RemoteIP(c).String() + " " + fastmcp.PrincipalOf(c).Subject)
	})
	app.AddRoute("GET", "/base", func(c *fiber.Ctx) error { return c.SendString(c.BaseURL()) }, fastmcp.RouteConfig{Public: true})
	return app, l
}

// What stands left of the first address that is not a proxy's anybody may have written.
func TestForwardedFor(t *testing.T) {
	for _, c := range []struct {
		name    string
		trusted []string
		chain   string
		want    string
	}{
		{"nobody is trusted", nil, "203.0.113.7", "127.0.0.1"},
		{"another is trusted", []string{"192.0.2.1", "10.0.0.0/8"}, "203.0.113.7", "127.0.0.1"},
		{"no header", []string{"127.0.0.1"}, "", "127.0.0.1"},
		{"one hop", []string{"127.0.0.1"}, "203.0.113.7", "203.0.113.7"},
		{"a range", []string{"127.0.0.0/8"}, "203.0.113.7", "203.0.113.7"},
		{"a client that writes one itself", []string{"127.0.0.1"}, "192.168.1.1, 203.0.113.7", "203.0.113.7"},
		{"two proxies", []string{"127.0.0.1", "10.0.0.0/8"}, "192.168.1.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"},
		{"two proxies, one is known", []string{"127.0.0.1"}, "203.0.113.7, 10.0.0.2", "10.0.0.2"},
		{"proxies alone", []string{"127.0.0.1", "10.0.0.0/8"}, "10.0.0.1, 10.0.0.2", "10.0.0.1"},
		{"nonsense behind", []string{"127.0.0.1"}, "203.0.113.7, secret", "127.0.0.1"},
		{"nonsense before", []string{"127.0.0.1"}, "secret, 203.0.113.7", "203.0.113.7"},
		{"IPv6, a port", []string{"127.0.0.1"}, "[2001:db8::7]:4711", "2001:db8::7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			app, l := forwardedApp(t, c.trusted...)
			s := serve(t, app, l)
			h := statelessHeaders("tools/call", "ip")
			h["X-Forwarded-For"] = c.chain
			want := c.want + " " + c.want
			if a := s.do("POST", h, stateless(1, "tools/call", `"name":"ip","arguments":{}`, "")); a.message(t).tool(t).text() != want {
				t.Errorf("a tool: %d %s, want %s", a.status, a.body, want)
			}
			if a := s.at("GET", "/ip", headers{"X-Forwarded-For": c.chain}); a.body != want {
				t.Errorf("a route: %d %s, want %s", a.status, a.body, want)
			}
		})
	}
}

// X-Forwarded-Proto and -Host matter to what makes links: c.BaseURL, c.Protocol, c.Secure, c.Hostname.
func TestForwardedProto(t *testing.T) {
	h := headers{"X-Forwarded-Proto": "https", "X-Forwarded-Host": "mcp.example.com", "Host": "inside"}
	for want, trusted := range map[string][]string{
		"http://inside":           nil,
		"https://mcp.example.com": {"127.0.0.1"},
	} {
		app, l := forwardedApp(t, trusted...)
		if a := serve(t, app, l).at("GET", "/base", h); a.body != want {
			t.Errorf("%v: %s, want %s", trusted, a.body, want)
		}
	}
}

// A proxy on a socket in the file system has no address: it is named as what it is.
func TestForwardedByUnixSocket(t *testing.T) {
	for want, trusted := range map[string][]string{
		"invalid IP invalid IP http://inside":             {"127.0.0.1"},
		"203.0.113.7 203.0.113.7 https://mcp.example.com": {"unix"},
	} {
		path := filepath.Join(t.TempDir(), "mcp.sock")
		app, l := forwardedApp(t, trusted...)
		s := listens(t, app, l, "unix:"+path, &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return net.Dial("unix", path)
		}}})
		h := headers{"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "mcp.example.com"}
		if got := s.get("/ip", h).body + " " + s.get("/base", h).body; got != want {
			t.Errorf("%v: %s, want %s", trusted, got, want)
		}
	}
}

func TestTrustedProxiesMistake(t *testing.T) {
	v := panicOf(func() { fastmcp.New(fastmcp.Config{HTTP: fastmcp.HTTPConfig{TrustedProxies: []string{"proxy.local"}}}) })
	if err, _ := v.(error); err == nil {
		t.Errorf("%v", v)
	}
}
