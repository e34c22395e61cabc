package fastmcp_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/gofiber/fiber/v2"
)

// sick is a storage that answers as it is told to, and knows no Context, as Fiber's.
type sick struct {
	mu    sync.Mutex
	asked int
	reply func() ([]byte, error)
}

func (s *sick) Get(string) ([]byte, error) {
	s.mu.Lock()
	s.asked++
	reply := s.reply
	s.mu.Unlock()
	return reply()
}

func (s *sick) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *sick) replies(f func() ([]byte, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply = f
}

func (*sick) Set(string, []byte, time.Duration) error { return nil }
func (*sick) Delete(string) error                     { return nil }
func (*sick) Reset() error                            { return nil }
func (*sick) Close() error                            { return nil }

func healthy() ([]byte, error) { return nil, nil }

func TestReady(t *testing.T) {
	storage := &sick{reply: healthy}
	app := fastmcp.New(fastmcp.Config{Storage: storage})
	if err := app.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	broken := errors.New("connection refused")
	for name, reply := range map[string]func() ([]byte, error){
		"error": func() ([]byte, error) { return nil, broken },
		"panic": func() ([]byte, error) { panic("nil map") },
	} {
		storage.replies(reply)
		if err := app.Ready(t.Context()); !errors.Is(err, fastmcp.ErrStore) || name == "error" && !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	storage.replies(healthy)
	if err := app.Ready(t.Context()); err != nil {
		t.Errorf("it is back: %v", err)
	}
	app.Drain()
	app.Drain()
	if err := app.Ready(t.Context()); !errors.Is(err, fastmcp.ErrDraining) {
		t.Error(err)
	}
}

// A storage that hangs has one question to answer, however many ask.
func TestReadyOfAStorageThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := make(chan struct{})
		storage := &sick{reply: func() ([]byte, error) { <-back; return nil, nil }}
		app := fastmcp.New(fastmcp.Config{Storage: storage})
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				bound := time.Duration(i+1) * time.Second
				ctx, cancel := context.WithTimeout(t.Context(), bound)
				defer cancel()
				begun := time.Now()
				if err := app.Ready(ctx); !errors.Is(err, fastmcp.ErrStore) || !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != bound {
					t.Errorf("after %s: %v", time.Since(begun), err)
				}
			})
		}
		all.Wait()
		if n := storage.count(); n != 1 {
			t.Errorf("it was asked %d times", n)
		}
		close(back)
		synctest.Wait()
		if err := app.Ready(t.Context()); err != nil || storage.count() != 2 {
			t.Errorf("it is back: %v, asked %d times", err, storage.count())
		}
	})
}

// TestDrain: everything is served as before, and each answer ends its connection.
func TestDrain(t *testing.T) {
	app, log := newApp(t, fastmcp.Config{})
	app.AddTool(addTool)
	app.AddTool(fastmcp.Tool{Name: "notes", Handler: fastmcp.Typed(sendNotes)})
	app.AddRoute(fiber.MethodGet, "/ready", routes.Ready(app))
	app.AddRoute(fiber.MethodGet, "/health", routes.Health(app))
	s := serve(t, app, log)
	c := s.open("2025-11-25")
	stream := c.listen("")
	kept := s.kept()
	app.Drain()
	for _, r := range []struct {
		name, request string
		status        int
	}{
		{"ready", "GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n", 503},
		{"health", "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
		{"no route", "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404},
	} {
		conn := s.rawConn()
		if a := conn.send("GET", r.request); a.status != r.status || a.header.Get("Connection") != "close" {
			t.Errorf("%s: %d %v %s", r.name, a.status, a.header, a.body)
		}
		conn.ended()
	}
	for name, args := range map[string]string{
		"JSON":   `"name":"add","arguments":{"a":1,"b":2}`,
		"stream": `"name":"notes","arguments":{"from":1,"to":3}`,
	} {
		conn := kept
		if name == "stream" {
			conn = s.rawConn()
		}
		a := conn.do("POST", c.headers().lines(), `{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{`+args+`}}`)
		if a.status != 200 || a.header.Get("Connection") != "close" || !strings.Contains(a.body, `"result"`) {
			t.Errorf("%s: %d %v %s", name, a.status, a.header, a.body)
		}
		conn.ended()
	}
	stream.silent(c.session()) // it goes on
	if a := s.open("2025-06-18").call("add", `{"a":1,"b":2}`); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
