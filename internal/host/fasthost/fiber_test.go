package fasthost

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/compress"
	"github.com/gofiber/fiber/v2/middleware/cors"
	"github.com/gofiber/fiber/v2/middleware/etag"
	"github.com/gofiber/fiber/v2/middleware/helmet"
	"github.com/gofiber/fiber/v2/middleware/logger"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/gofiber/fiber/v2/middleware/requestid"
)

// newFiber is a Fiber app with middleware that looks at, and changes, the response after the handler.
func newFiber(track *Conns) *fiber.App {
	a := fiber.New(fiber.Config{DisableStartupMessage: true, ReadTimeout: 5 * time.Second})
	cfg := &Config{Track: track, Server: a.Server}
	a.Use(recover.New(), logger.New(logger.Config{Output: io.Discard, Format: "${status} ${bytesSent} ${resBody}\n"}), cors.New(), helmet.New(),
		requestid.New(), etag.New(), compress.New())
	a.All("/mcp/:end", func(c *fiber.Ctx) error {
		x := Acquire(c.Context(), cfg)
		defer x.Release()
		if !x.CanStream() {
			x.Answer(200, "application/json", []byte("{}"))
			return nil
		}
		b, err := x.Stream()
		if err != nil {
			return err
		}
		for range 3 {
			if err := b.Write([]byte("data: x\n\n")); err != nil {
				return err
			}
		}
		_ = b.Close()
		switch c.Params("end") {
		case "error":
			return errors.New("after the stream")
		case "panic":
			panic("after the stream")
		}
		return nil
	})
	a.Get("/plain", func(c *fiber.Ctx) error { return c.SendString("plain") })
	return a
}

func TestFiber(t *testing.T) {
	for _, wrap := range []bool{true, false} {
		t.Run(fmt.Sprint(wrap), func(t *testing.T) {
			track := NewConns(0)
			a := newFiber(track)
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			s := &server{ln: ln}
			if wrap {
				ln = NewListener(ln)
			}
			done := make(chan error, 1)
			go func() { done <- a.Listener(ln) }()
			c := s.dial(t)
			for range 20 {
				for _, end := range []string{"good", "error", "panic"} {
					c.send("GET /mcp/" + end + " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nOrigin: http://a\r\n\r\n")
					r, b := c.answer()
					if b != "data: x\n\ndata: x\n\ndata: x\n\n" || r.StatusCode != 200 || r.Header.Get("Access-Control-Allow-Origin") != "*" {
						t.Fatalf("%s: %v %q", end, r, b)
					}
				}
				if _, b := c.get("/plain"); b != "plain" {
					t.Fatalf("%q", b)
				}
			}
			track.CloseAll()
			if err := a.ShutdownWithTimeout(3 * time.Second); err != nil {
				t.Error(err)
			}
			if err := soon(t, done); err != nil {
				t.Error(err)
			}
			c.expectEnd()
		})
	}
}

func TestFiberInMemory(t *testing.T) {
	a := newFiber(NewConns(0))
	r, err := a.Test(httptest.NewRequest("GET", "/mcp/good", nil))
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(r.Body); string(b) != "{}" {
		t.Errorf("%q", b)
	}
}
