package hostile

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
)

// mounted is a target on somebody else's server.
func mounted(t *testing.T, config fiber.Config) *target {
	t.Helper()
	config.DisableStartupMessage, config.ReadBufferSize, config.ReadTimeout = true, 16<<10, 5*time.Second
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	site := fiber.New(config)
	app.Mount(site)
	s := &target{t: t, app: app}
	site.Get("/hit", func(c *fiber.Ctx) error {
		s.hits.Add(1)
		return c.JSON("hit")
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	served := make(chan error, 1)
	go func() { served <- site.Listener(ln) }()
	t.Cleanup(func() {
		if err := errors.Join(app.Shutdown(t.Context()), site.Shutdown(), <-served); err != nil && !errors.Is(err, t.Context().Err()) {
			t.Error(err)
		}
	})
	return s
}

// A server that reads bodies as streams leaves what nobody has read of one where the next request is expected.
func TestMountedWithStreams(t *testing.T) {
	s := mounted(t, fiber.Config{StreamRequestBody: true})
	for _, method := range []string{"GET", "DELETE", "POST"} {
		body := strings.Repeat("a", 8192) + s.hit()
		c := dial(t, s.addr)
		send(c, method+" /mcp HTTP/1.1\r\nHost: "+s.addr+"\r\n"+length(body)+"\r\n"+body, false)
		if all, closed := answers(t, c, 2); len(all) != 1 || !closed {
			t.Errorf("%s: %d answers, closed %t", method, len(all), closed)
		}
		_ = c.Close()
	}
	c := dial(t, s.addr)
	send(c, s.post("/mcp", "Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"), false)
	if all, closed := answers(t, c, 2); len(all) != 1 || all[0].status != 411 || !closed {
		t.Errorf("chunks: %+v, closed %t", all, closed)
	}
	if s.hits.Load() != 0 {
		t.Error("a request was smuggled")
	}
	if a := s.do("POST", "/mcp", nil, initialize); a.status != 200 {
		t.Errorf("a client who means well: %d %s", a.status, a.body)
	}
}

// A server that the App is mounted in has its own settings. What it takes for a request of MCP's, and others might not, is
// refused all the same, and nothing behind it is read.
func TestMounted(t *testing.T) {
	s := mounted(t, fiber.Config{})
	inspected := 0
	for _, sh := range shapes {
		if !strings.HasPrefix(sh.head, "POST PATH HTTP/") || strings.HasSuffix(sh.name, "in Host") {
			continue // what fasthttp makes of it is none of MCP's paths or methods: it is Fiber's to answer
		}
		c := dial(t, s.addr)
		send(c, sh.text(s.addr, "/mcp"), false)
		over(c)
		all, _ := answers(t, c, 3)
		_ = c.Close()
		switch {
		case len(all) != 1:
			t.Errorf("%s: %d answers: %+v", sh.name, len(all), all)
		case all[0].header.Get("Content-Type") == "application/json":
			inspected++
			refused(t, sh.name, all[0], sh.status)
		case all[0].status < 400: // Fiber has refused it in its own words
			t.Errorf("%s: %d", sh.name, all[0].status)
		}
	}
	if inspected < 20 {
		t.Errorf("the App has refused %d shapes", inspected)
	}
	if n := s.hits.Load(); n != 0 {
		t.Errorf("%d requests were smuggled", n)
	}
	c := dial(t, s.addr)
	send(c, s.post("/mcp", "Transfer-Encoding: chunked\r\n", "2;\nxx\r\n{}\r\n0\r\n\r\n")+s.hit(), false)
	if all, closed := answers(t, c, 2); len(all) != 1 || !closed {
		t.Errorf("chunks: %+v", all)
	}
	if a := s.do("POST", "/mcp", nil, initialize); a.status != 200 {
		t.Errorf("a client who means well: %d %s", a.status, a.body)
	}
}
