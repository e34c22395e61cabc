// Fiber serves the hand-written core with Fiber v2: what everything is measured against.
// BENCH_MODE "goccy" takes goccy/go-json in place of encoding/json.
package main

import (
	"bufio"
	"strings"

	"github.com/fastmcp-go/fastmcp/bench/internal/contract"
	"github.com/fastmcp-go/fastmcp/bench/internal/handwritten"
	"github.com/goccy/go-json"
	"github.com/gofiber/fiber/v2"
)

func main() {
	env := contract.Load()
	codec := handwritten.Standard
	if env.Mode == "goccy" {
		codec = handwritten.Codec{Marshal: json.Marshal, Unmarshal: json.Unmarshal}
	}
	s := server{handwritten.New(codec, env.Tools)}
	app := fiber.New(fiber.Config{DisableStartupMessage: true, BodyLimit: 8 << 20})
	app.Post("/mcp", s.post)
	app.Get("/mcp", s.stream)
	app.Delete("/mcp", s.end)
	if env.Cert != "" {
		contract.Exit(app.ListenTLS(env.Addr, env.Cert, env.Key))
	}
	contract.Exit(app.Listen(env.Addr))
}

type server struct{ core *handwritten.Core }

func (s server) post(c *fiber.Ctx) error {
	if o := c.Get("Origin"); o != "" && !strings.HasPrefix(o, "http://127.0.0.1") {
		return c.SendStatus(403)
	}
	r := s.core.Post(handwritten.Headers{
		Accept: c.Get("Accept"), Session: c.Get("Mcp-Session-Id"), Version: c.Get("Mcp-Protocol-Version"),
		Method: c.Get("Mcp-Method"), Name: c.Get("Mcp-Name"),
	}, c.Body())
	if r.Stream != nil {
		c.Set("Content-Type", "text/event-stream")
		c.Set("Cache-Control", "no-cache")
		c.Context().SetBodyStreamWriter(func(w *bufio.Writer) { r.Stream(func(b []byte) error { return event(w, b) }) })
		return nil
	}
	if r.Session != "" {
		c.Set("Mcp-Session-Id", r.Session)
	}
	c.Status(r.Status)
	if len(r.Body) > 0 {
		c.Set("Content-Type", "application/json")
		c.Response().SetBodyRaw(r.Body)
	}
	return nil
}

func (s server) stream(c *fiber.Ctx) error {
	session := s.core.Session(c.Get("Mcp-Session-Id"))
	if session == nil {
		return c.SendStatus(404)
	}
	c.Set("Content-Type", "text/event-stream")
	c.Set("Cache-Control", "no-cache")
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		// fasthttp sends the head with the first bytes of the body: without this comment the client would wait for it
		// until the first notification.
		_, _ = w.WriteString(":\n\n")
		if w.Flush() != nil {
			return
		}
		for b := range session.Out {
			if event(w, b) != nil {
				return
			}
		}
	})
	return nil
}

func (s server) end(c *fiber.Ctx) error {
	if !s.core.Delete(c.Get("Mcp-Session-Id")) {
		return c.SendStatus(404)
	}
	return c.SendStatus(204)
}

func event(w *bufio.Writer, b []byte) error {
	_, _ = w.WriteString("event: message\ndata: ")
	_, _ = w.Write(b)
	_, _ = w.WriteString("\n\n")
	return w.Flush()
}
