// Package storage runs an App on storages of Fiber's, as an operator of one node would.
package storage

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/storage/bbolt/v2"
	"github.com/gofiber/storage/memory/v2"
)

// start serves an App on a storage until stop is called.
func start(t *testing.T, s fiber.Storage) (url string, stop func()) {
	t.Helper()
	app := fastmcp.New(fastmcp.Config{Name: "storage", Storage: s, Keys: [][]byte{bytes.Repeat([]byte{1}, 32)}})
	app.AddTool(fastmcp.Tool{Name: "visits", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		n := 0
		err := c.Session().Update(c, "visits", func(old []byte) ([]byte, error) {
			n = len(old) + 1
			return append(old, '|'), nil
		})
		return fmt.Sprint("visit ", n), err
	})})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Listener(ln) }()
	return "http://" + ln.Addr().String() + "/mcp", func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := app.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// post sends a message, and gives the session's id and the answer.
func post(t *testing.T, url, session, body string) (id, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if session != "" {
		req.Header.Set("Mcp-Session-Id", session)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.Header.Get("Mcp-Session-Id"), string(b)
}

func TestSessionsOutliveTheProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.db")
	inMemory := memory.New() // it is not closed: it outlives the App
	for name, open := range map[string]func() (s fiber.Storage, end func()){
		"bbolt": func() (fiber.Storage, func()) {
			s := bbolt.New(bbolt.Config{Database: file, Timeout: 10 * time.Second})
			return s, func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		},
		"memory": func() (fiber.Storage, func()) { return inMemory, func() {} },
	} {
		t.Run(name, func(t *testing.T) {
			session := ""
			for n := 1; n <= 3; n++ { // each in a process of its own, as far as the App can tell
				s, end := open()
				url, stop := start(t, s)
				if session == "" {
					session, _ = post(t, url, "", `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
				}
				if _, answer := post(t, url, session, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"visits","arguments":{}}}`); !strings.Contains(answer, fmt.Sprint("visit ", n)) {
					t.Errorf("%d: %s", n, answer)
				}
				stop()
				end()
			}
		})
	}
}
