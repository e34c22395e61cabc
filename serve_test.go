package fastmcp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// logs is an operator's log that a test can read.
type logs struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logs) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// server is an App that listens for one test.
type server struct {
	t    testing.TB
	app  *fastmcp.App
	addr string
	url  string
	log  *logs
}

func newApp(t testing.TB, config fastmcp.Config) (*fastmcp.App, *logs) {
	l := &logs{}
	if config.Log == nil {
		config.Log = l.logger()
	}
	return fastmcp.New(config), l
}

func serve(t testing.TB, app *fastmcp.App, l *logs) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Listener(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := app.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("listener: %v", err)
		}
	})
	addr := ln.Addr().String()
	return &server{t: t, app: app, addr: addr, url: "http://" + addr + "/mcp", log: l}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// message is a JSON-RPC message as a test looks at it.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	} `json:"error"`
	event string
}

// toolResult is the result of a tool call.
type toolResult struct {
	Content []struct {
		Type, Text string
	} `json:"content"`
	Structured json.RawMessage `json:"structuredContent"`
	IsError    bool            `json:"isError"`
	Meta       map[string]any  `json:"_meta"`
	Type       string          `json:"resultType"`
}

func (m message) tool(t testing.TB) (r toolResult) {
	t.Helper()
	if m.Result == nil {
		t.Fatalf("no result: %+v", m)
	}
	if err := json.Unmarshal(m.Result, &r); err != nil {
		t.Fatalf("%s: %v", m.Result, err)
	}
	return r
}

func (r toolResult) text() string {
	var all []string
	for _, c := range r.Content {
		all = append(all, c.Text)
	}
	return strings.Join(all, "\n")
}

func (a answer) message(t testing.TB) (m message) {
	t.Helper()
	all := a.messages(t)
	if len(all) == 0 {
		t.Fatalf("no message in %d %q", a.status, a.body)
	}
	return all[len(all)-1]
}

// messages are the one of a JSON body, or those of a stream.
func (a answer) messages(t testing.TB) (all []message) {
	t.Helper()
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
		if a.body == "" {
			return nil
		}
		var m message
		if err := json.Unmarshal([]byte(a.body), &m); err != nil {
			t.Fatalf("%q: %v", a.body, err)
		}
		return []message{m}
	}
	scanner := bufio.NewScanner(strings.NewReader(a.body))
	scanner.Buffer(nil, 8<<20)
	for m, ok := nextEvent(scanner); ok; m, ok = nextEvent(scanner) {
		if m.Method != "" || m.ID != nil {
			all = append(all, m)
		}
	}
	return all
}

// nextEvent reads one event. Comments and priming events are messages without anything but their event's id.
func nextEvent(s *bufio.Scanner) (m message, ok bool) {
	id, data := "", ""
	for s.Scan() {
		line := s.Text()
		switch {
		case line == "":
			if data != "" {
				if err := json.Unmarshal([]byte(data), &m); err != nil {
					m.Method = "invalid: " + data
				}
			}
			m.event = id
			return m, true
		case strings.HasPrefix(line, "id: "):
			id = line[4:]
		case strings.HasPrefix(line, "data: "):
			data += line[6:]
		}
	}
	return m, false
}

type headers map[string]string

func (s *server) request(ctx context.Context, method string, h headers, body string) *http.Request {
	s.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, s.url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if method == "POST" {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
	}
	for name, value := range h {
		if name == "Host" {
			req.Host = value
		} else if value == "" {
			req.Header.Del(name)
		} else {
			req.Header.Set(name, value)
		}
	}
	return req
}

func (s *server) do(method string, h headers, body string) answer {
	s.t.Helper()
	res, err := http.DefaultClient.Do(s.request(s.t.Context(), method, h, body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatalf("reading the answer: %v (%q)", err, b)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

const statelessMeta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}%s}`

// stateless is a request of 2026-07-28. extra goes into _meta, as `,"name":value`.
func stateless(id int, method, params, extra string) string {
	meta := fmt.Sprintf(statelessMeta, extra)
	if params != "" {
		meta += ","
	}
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":{%s%s}}`, id, method, meta, params)
}

func statelessHeaders(method, name string) headers {
	h := headers{"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method}
	if name != "" {
		h["Mcp-Name"] = name
	}
	return h
}

// callStateless calls a tool in 2026-07-28.
func (s *server) callStateless(tool, args string) answer {
	s.t.Helper()
	return s.do("POST", statelessHeaders("tools/call", tool), stateless(1, "tools/call", fmt.Sprintf(`"name":%q,"arguments":%s`, tool, args), ""))
}

// client is a client with a session.
type client struct {
	*server
	id       string
	revision string
	next     int
	extra    headers
}

// open initializes a session.
func (s *server) open(revision string, extra ...headers) *client {
	s.t.Helper()
	c := &client{server: s, revision: revision, extra: headers{}}
	for _, h := range extra {
		for k, v := range h {
			c.extra[k] = v
		}
	}
	a := s.do("POST", c.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":%q,"capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`, revision))
	if a.status != 200 {
		s.t.Fatalf("initialize: %d %s", a.status, a.body)
	}
	c.id = a.header.Get("Mcp-Session-Id")
	if a := s.do("POST", c.headers(), `{"jsonrpc":"2.0","method":"notifications/initialized"}`); a.status != 202 {
		s.t.Fatalf("initialized: %d %s", a.status, a.body)
	}
	return c
}

func (c *client) headers() headers {
	h := headers{"MCP-Protocol-Version": c.revision}
	if c.id != "" {
		h["Mcp-Session-Id"] = c.id
	}
	for k, v := range c.extra {
		h[k] = v
	}
	return h
}

func (c *client) send(method, params string) answer {
	c.t.Helper()
	c.next++
	return c.do("POST", c.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":{%s}}`, c.next, method, params))
}

func (c *client) call(tool, args string) answer {
	c.t.Helper()
	return c.send("tools/call", fmt.Sprintf(`"name":%q,"arguments":%s`, tool, args))
}

// stream is an open event stream.
type stream struct {
	t      testing.TB
	events chan message
	close  func()
	header http.Header
}

// listen opens a stream: a GET, or a POST whose answer is one.
func (s *server) listen(method string, h headers, body string) *stream {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	res, err := http.DefaultClient.Do(s.request(ctx, method, h, body))
	if err != nil {
		s.t.Fatal(err)
	}
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		b, _ := io.ReadAll(res.Body)
		s.t.Fatalf("no stream: %d %s", res.StatusCode, b)
	}
	st := &stream{t: s.t, events: make(chan message, 4096), header: res.Header, close: func() { cancel(); _ = res.Body.Close() }}
	s.t.Cleanup(st.close)
	go func() {
		defer close(st.events)
		scanner := bufio.NewScanner(res.Body)
		scanner.Buffer(nil, 8<<20)
		for m, ok := nextEvent(scanner); ok; m, ok = nextEvent(scanner) {
			st.events <- m
		}
	}()
	return st
}

func (c *client) listen(after string) *stream {
	c.t.Helper()
	h := c.headers()
	h["Accept"] = "text/event-stream"
	if after != "" {
		h["Last-Event-ID"] = after
	}
	return c.server.listen("GET", h, "")
}

// message is the next event with a message in it.
func (s *stream) message() message {
	s.t.Helper()
	timeout := time.After(5 * time.Second)
	for {
		select {
		case m, ok := <-s.events:
			if !ok {
				s.t.Fatal("the stream has ended")
			}
			if m.Method != "" || m.ID != nil {
				return m
			}
		case <-timeout:
			s.t.Fatal("no message in 5 s")
		}
	}
}

// ended waits for the end of the stream.
func (s *stream) ended() {
	s.t.Helper()
	timeout := time.After(5 * time.Second)
	for {
		select {
		case _, ok := <-s.events:
			if !ok {
				return
			}
		case <-timeout:
			s.t.Fatal("the stream has not ended in 5 s")
		}
	}
}

// within waits for a condition.
func within(t testing.TB, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(d); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", d, what)
		}
	}
}
