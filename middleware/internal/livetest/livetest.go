// Package livetest serves Apps on free ports and speaks to them as clients do, for the tests of middleware.
package livetest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// Patience bounds what a test waits for.
const Patience = 30 * time.Second

// Log is an operator's log that a test can read. The zero value is ready.
type Log struct {
	mu sync.Mutex
	b  strings.Builder
}

// Write adds to it.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all of it.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Logger writes into it, from debug on.
func (l *Log) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Server is an App that listens for one test.
type Server struct {
	App *fastmcp.App
	// Addr is host:port, URL where MCP is.
	Addr, URL string
	t         testing.TB
	client    *http.Client
}

// Serve serves an App until the test ends.
func Serve(t testing.TB, app *fastmcp.App) *Server {
	t.Helper()
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Listener(ln) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		if err := app.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("listener: %v", err)
		}
	})
	addr := ln.Addr().String()
	return &Server{App: app, Addr: addr, URL: "http://" + addr + "/mcp", t: t, client: &http.Client{Transport: transport, Timeout: Patience}}
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Message is a JSON-RPC message as a test looks at it.
type Message struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result *Result         `json:"result"`
	Error  *struct {
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	} `json:"error"`
}

// Result is the result of a call or a read.
type Result struct {
	Content []struct {
		Type, Text, URI, Name, MimeType, Description string
		Size                                         int64
	} `json:"content"`
	Structured json.RawMessage `json:"structuredContent"`
	IsError    bool            `json:"isError"`
	Meta       map[string]any  `json:"_meta"`
	Type       string          `json:"resultType"`
	Contents   []struct {
		URI, MimeType, Text string
		Blob                []byte
	} `json:"contents"`
	TTL   *int64 `json:"ttlMs"`
	Scope string `json:"cacheScope"`
}

// Text is all text of a result.
func (r *Result) Text() string {
	var all []string
	for _, c := range r.Content {
		all = append(all, c.Text)
	}
	for _, c := range r.Contents {
		all = append(all, c.Text)
	}
	return strings.Join(all, "\n")
}

// Messages are the one of a JSON body, or those of a stream.
func (a Answer) Messages(t testing.TB) (all []Message) {
	t.Helper()
	texts := []string{a.Body}
	if a.IsStream() {
		texts = nil
		s := bufio.NewScanner(strings.NewReader(a.Body))
		s.Buffer(nil, 64<<20)
		for s.Scan() {
			if data, ok := strings.CutPrefix(s.Text(), "data: "); ok && data != "" {
				texts = append(texts, data)
			}
		}
	}
	for _, text := range texts {
		var m Message
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatalf("%d %q: %v", a.Status, text, err)
		}
		all = append(all, m)
	}
	return all
}

// Message is the last message.
func (a Answer) Message(t testing.TB) Message {
	t.Helper()
	all := a.Messages(t)
	if len(all) == 0 {
		t.Fatalf("no message in %d %q", a.Status, a.Body)
	}
	return all[len(all)-1]
}

// Result is the result of the last message, which must have one.
func (a Answer) Result(t testing.TB) *Result {
	t.Helper()
	m := a.Message(t)
	if m.Result == nil {
		t.Fatalf("no result: %d %s", a.Status, a.Body)
	}
	return m.Result
}

// IsStream tells that it came as an event stream.
func (a Answer) IsStream() bool {
	return strings.HasPrefix(a.Header.Get("Content-Type"), "text/event-stream")
}

// Headers are headers of a request; an empty value takes one away.
type Headers map[string]string

// Plus is h and more.
func (h Headers) Plus(more Headers) Headers {
	all := maps.Clone(h)
	if all == nil {
		all = Headers{}
	}
	maps.Copy(all, more)
	return all
}

// Do makes a request to a path of the server, "" for MCP's.
func (s *Server) Do(ctx context.Context, method, path string, h Headers, body string) (Answer, error) {
	url := s.URL
	if path != "" {
		url = "http://" + s.Addr + path
	}
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
	}
	for name, value := range h {
		if name == "Host" {
			req.Host = value
		} else if req.Header.Set(name, value); value == "" {
			req.Header.Del(name)
		}
	}
	res, err := s.client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	return Answer{res.StatusCode, res.Header, string(b)}, err
}

// Request is Do, which must work.
func (s *Server) Request(method, path string, h Headers, body string) Answer {
	s.t.Helper()
	a, err := s.Do(s.t.Context(), method, path, h, body)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// Modern is a request of 2026-07-28 and its headers. params are members, extra goes into _meta, as `,"name":value`.
func Modern(method, name, params, extra string) (Headers, string) {
	if params != "" {
		params = "," + params
	}
	h := Headers{"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, "Mcp-Name": name}
	return h, fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",`+
		`"io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}%s}%s}}`, method, extra, params)
}

// Call calls a tool in 2026-07-28.
func (s *Server) Call(tool, args string, more ...Headers) Answer {
	s.t.Helper()
	h, body := Modern("tools/call", tool, fmt.Sprintf(`"name":%q,"arguments":%s`, tool, args), "")
	for _, m := range more {
		h = h.Plus(m)
	}
	return s.Request(http.MethodPost, "", h, body)
}

// Read reads a resource in 2026-07-28.
func (s *Server) Read(uri string, more ...Headers) Answer {
	s.t.Helper()
	h, body := Modern("resources/read", uri, fmt.Sprintf(`"uri":%q`, uri), "")
	for _, m := range more {
		h = h.Plus(m)
	}
	return s.Request(http.MethodPost, "", h, body)
}

// Session opens a session of an older revision, and gives the headers that its requests have.
func (s *Server) Session(revision string, more ...Headers) Headers {
	s.t.Helper()
	h := Headers{}
	for _, m := range more {
		h = h.Plus(m)
	}
	a := s.Request(http.MethodPost, "", h, fmt.Sprintf(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":%q,`+
		`"capabilities":{},"clientInfo":{"name":"livetest","version":"1"}}}`, revision))
	id := a.Header.Get("Mcp-Session-Id")
	if id == "" {
		s.t.Fatalf("no session: %d %s", a.Status, a.Body)
	}
	h = h.Plus(Headers{"Mcp-Session-Id": id, "MCP-Protocol-Version": revision})
	s.Request(http.MethodPost, "", h, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	return h
}

// Send makes a request in a session.
func (s *Server) Send(session Headers, method, params string) Answer {
	s.t.Helper()
	return s.Request(http.MethodPost, "", session, fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":{%s}}`, method, params))
}

// Wait waits until a condition holds.
func Wait(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %s there is still no %s", Patience, what)
		}
	}
}
