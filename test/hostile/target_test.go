// Package hostile is what clients do to a server that mean it no good, or cannot do better: requests that can be read in
// two ways, requests that never end, connections that say nothing. A real App takes them over TCP.
package hostile

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
)

// patience bounds everything that a test waits for.
const patience = 20 * time.Second

// target is an App that listens for one test.
type target struct {
	t    testing.TB
	app  *fastmcp.App
	addr string
	// hits counts requests that reach a handler which nobody has asked for: what was smuggled.
	hits atomic.Int64
	// echoes counts those that were asked for.
	echoes atomic.Int64
}

type echoInput struct {
	S string `json:"s"`
}

func newTarget(t testing.TB, config fastmcp.Config) *target {
	t.Helper()
	config.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	s := &target{t: t, app: fastmcp.New(config)}
	s.app.AddTool(fastmcp.Tool{Name: "echo", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in echoInput) (string, error) { return in.S, nil })})
	s.app.AddRoute("GET", "/hit", func(c *fiber.Ctx) error {
		s.hits.Add(1)
		return c.JSON("hit")
	}, fastmcp.RouteConfig{Public: true})
	s.app.AddRoute("POST", "/echo", func(c *fiber.Ctx) error {
		s.echoes.Add(1)
		return c.JSON(fmt.Sprintf("%s|%s|%s", c.Body(), c.IP(), c.Get("X-Forwarded-For")))
	}, fastmcp.RouteConfig{Public: true})
	return s
}

// serve has the App listen until the test ends.
func serve(t testing.TB, config fastmcp.Config) *target {
	t.Helper()
	s := newTarget(t, config)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	done := make(chan error, 1)
	go func() { done <- s.app.Listener(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(s.app.Shutdown(ctx), <-done); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return s
}

// dial connects; the connection ends with the test.
func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// answer is one that came on a connection.
type answer struct {
	status int
	header http.Header
	body   string
	// last tells that it says that the connection ends with it.
	last bool
}

// answers are all that come until the server closes the connection. What follows a broken one is an error. More than
// most are not waited for, and then the connection is still open.
func answers(t testing.TB, c net.Conn, most int) (all []answer, closed bool) {
	t.Helper()
	r := bufio.NewReader(c)
	for len(all) < most {
		if _, err := r.Peek(1); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("the connection was not closed; %d answers", len(all))
			}
			return all, true // by FIN or RST: what was to be read has been
		}
		all = append(all, next(t, r))
	}
	return all, false
}

func next(t testing.TB, r *bufio.Reader) answer {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("the answer: %v", err)
	}
	if res.StatusCode == http.StatusContinue {
		return answer{status: res.StatusCode}
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("the body of %s: %v", res.Status, err)
	}
	return answer{res.StatusCode, res.Header, string(body), res.Close}
}

// refused tells that an answer is an error in the form of all errors: JSON-RPC in JSON.
func refused(t testing.TB, name string, a answer, status int) {
	t.Helper()
	var m struct {
		Version string `json:"jsonrpc"`
		Error   struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal([]byte(a.body), &m); err != nil || m.Version != "2.0" || m.Error.Code == 0 || m.Error.Message == "" {
		t.Errorf("%s: %d, and no error in JSON-RPC: %q (%v)", name, a.status, a.body, err)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("%s: Content-Type %q", name, got)
	}
	if a.status != status {
		t.Errorf("%s: status %d, want %d: %s", name, a.status, status, a.body)
	}
	if !a.last {
		t.Errorf("%s: the answer does not say that the connection ends", name)
	}
	if strings.Contains(a.body, "Host:") {
		t.Errorf("%s: the answer repeats the headers: %s", name, a.body)
	}
}

// post is a request to a path of the target, with more lines of headers, each with its end.
func (s *target) post(path, lines, body string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: " + s.addr + "\r\nContent-Type: application/json\r\n" +
		"Accept: application/json, text/event-stream\r\n" + lines + "\r\n" + body
}

func (s *target) hit() string { return "GET /hit HTTP/1.1\r\nHost: " + s.addr + "\r\n\r\n" }

func length(body string) string { return fmt.Sprintf("Content-Length: %d\r\n", len(body)) }

const initialize = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"hostile","version":"1"}}}`

var client = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

// do sends a proper request, on a connection of the pool.
func (s *target) do(method, path string, h map[string]string, body string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.addr+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for k, v := range h {
		req.Header.Set(k, v)
	}
	res, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b), res.Close}
}

// open initializes a session, and gives its headers.
func (s *target) open() map[string]string {
	s.t.Helper()
	a := s.do("POST", "/mcp", nil, initialize)
	if a.status != 200 {
		s.t.Fatalf("initialize: %d %s", a.status, a.body)
	}
	return map[string]string{"Mcp-Session-Id": a.header.Get("Mcp-Session-Id"), "MCP-Protocol-Version": "2025-11-25"}
}

// works tells that a client who means well is served.
func (s *target) works() {
	s.t.Helper()
	h := s.open()
	a := s.do("POST", "/mcp", h, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"s":"still here"}}}`)
	if a.status != 200 || !strings.Contains(a.body, "still here") {
		s.t.Errorf("a client who means well: %d %s", a.status, a.body)
	}
	if a := s.do("DELETE", "/mcp", h, ""); a.status != 204 {
		s.t.Errorf("the end of its session: %d %s", a.status, a.body)
	}
}

// within waits for a condition.
func within(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in %s", what, patience)
		}
	}
}

// over says that nothing more will be sent, if the other side is still there.
func over(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// send writes at once, or byte by byte. The server may close meanwhile: that is for the answer to tell.
func send(c net.Conn, request string, slowly bool) {
	if !slowly {
		_, _ = io.WriteString(c, request)
		return
	}
	for _, b := range []byte(request) {
		if _, err := c.Write([]byte{b}); err != nil {
			return
		}
	}
}
