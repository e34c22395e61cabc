//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/bench/internal/sample"
)

// The generator is what all numbers stand on: these tests give it servers that answer wrongly, and ask whether it saw.

// config of a run against a test server, 4 connections for a blink.
func run(t *testing.T, address, mode string, h func(*config)) sample.Sample {
	t.Helper()
	s, err := newServer(strings.TrimPrefix(address, "http://"), "/mcp", "")
	if err != nil {
		t.Fatal(err)
	}
	c := config{server: s, conns: 4, time: 100 * time.Millisecond, warm: time.Millisecond}
	if h != nil {
		h(&c)
	}
	j, err := newJob(mode, v2026, true, jobSize{bytes: 1 << 10, notes: 3, tools: 2})
	if err != nil {
		t.Fatal(err)
	}
	return measureCalls(c, j)
}

// id is the id of a request.
func id(r *http.Request) string {
	b, _ := io.ReadAll(r.Body)
	_, rest, _ := strings.Cut(string(b), `"id":`)
	return rest[:10]
}

// serving answers each request with what f makes of its id and its number.
func serving(t *testing.T, f func(w http.ResponseWriter, id string, n int64)) string {
	t.Helper()
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f(w, id(r), n.Add(1)) }))
	t.Cleanup(s.Close)
	return s.URL
}

func three(id string) string {
	return `{"jsonrpc":"2.0","id":` + id + `,"result":{"content":[{"type":"text","text":"3"}]}}`
}

func TestRightAnswersCount(t *testing.T) {
	r := run(t, serving(t, func(w http.ResponseWriter, id string, _ int64) { _, _ = io.WriteString(w, three(id)) }), "call", nil)
	if r.Errors != 0 || r.Requests == 0 || r.RPS == 0 || r.P50 == 0 {
		t.Errorf("got %+v, want requests and no errors", r)
	}
}

func TestWrongAnswersAreErrors(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter, id string, n int64){
		"wrong sum": func(w http.ResponseWriter, id string, _ int64) {
			_, _ = io.WriteString(w, strings.Replace(three(id), "3", "4", 1))
		},
		"another id": func(w http.ResponseWriter, _ string, _ int64) { _, _ = io.WriteString(w, three("1000000999")) },
		"status 500": func(w http.ResponseWriter, id string, _ int64) {
			w.WriteHeader(500)
			_, _ = io.WriteString(w, three(id))
		},
		"error of a tool": func(w http.ResponseWriter, id string, _ int64) {
			_, _ = io.WriteString(w, strings.Replace(three(id), `]}`, `],"isError":true}`, 1))
		},
		"JSON-RPC error": func(w http.ResponseWriter, id string, _ int64) {
			_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":`+id+`,"error":{"code":-32603,"message":"\"text\":\"3\""}}`)
		},
		"no JSON":  func(w http.ResponseWriter, id string, _ int64) { _, _ = io.WriteString(w, three(id)+"}") },
		"no body":  func(w http.ResponseWriter, _ string, _ int64) { w.WriteHeader(200) },
		"hangs up": func(http.ResponseWriter, string, int64) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, serving(t, answer), "call", func(c *config) { c.conns = 1 })
			if r.Errors == 0 || r.FirstError == "" {
				t.Errorf("%d errors in %d requests, want at least one: %+v", r.Errors, r.Requests, r)
			}
		})
	}
}

func TestEveryWrongAnswerIsCounted(t *testing.T) {
	var wrong atomic.Uint64
	r := run(t, serving(t, func(w http.ResponseWriter, id string, n int64) {
		body := three(id)
		if n%10 == 0 {
			wrong.Add(1)
			body = strings.Replace(body, `"3"`, `"5"`, 1)
		}
		_, _ = io.WriteString(w, body)
	}), "call", nil)
	if r.Errors != wrong.Load() || r.Errors == 0 {
		t.Errorf("%d errors, want the %d that were made", r.Errors, wrong.Load())
	}
}

// events answers with notifications of these values and the result.
func events(progress ...string) func(w http.ResponseWriter, id string, n int64) {
	return func(w http.ResponseWriter, id string, _ int64) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, p := range progress {
			_, _ = fmt.Fprintf(w, "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":\"tok-1\",\"progress\":%s,\"total\":3}}\n\n", p)
		}
		_, _ = fmt.Fprintf(w, "event: message\ndata: %s\n\n", strings.Replace(three(id), `"3"`, `"done"`, 1))
	}
}

func TestNotificationsAreCountedAndInOrder(t *testing.T) {
	r := run(t, serving(t, events("1", "2", "3")), "progress", nil)
	if r.Errors != 0 || r.Lost != 0 || !r.SSE || r.NotesPS < 2.9*r.RPS || r.NotesPS > 3.1*r.RPS {
		t.Errorf("got %+v, want three notifications a request, none lost", r)
	}
	r = run(t, serving(t, events("1", "3")), "progress", nil)
	if r.Errors != 0 || r.Lost != r.Requests || r.Lost == 0 {
		t.Errorf("%d lost in %d requests, want one in each: %+v", r.Lost, r.Requests, r)
	}
	for _, wrong := range [][]string{{"1", "3", "2"}, {"1", "2", "2"}, {"1", "2", "3", "4"}, {"1", `"2"`, "3"}} {
		if r := run(t, serving(t, events(wrong...)), "progress", nil); r.Errors == 0 || r.Requests != 0 {
			t.Errorf("%v: %d errors, %d requests, want errors alone", wrong, r.Errors, r.Requests)
		}
	}
}

// TestSilenceIsAnError has a server that reads and never answers.
func TestSilenceIsAnError(t *testing.T) {
	hold := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-hold }))
	defer s.Close()
	defer close(hold)
	if r := run(t, s.URL, "call", nil); r.Errors != 4 || r.Requests != 0 {
		t.Errorf("%d errors, %d requests, want one error for each of 4 connections", r.Errors, r.Requests)
	}
}

// TestNobodyThere has an address at which nobody listens.
func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if r := run(t, l.Addr().String(), "call", nil); r.Errors == 0 || r.Requests != 0 {
		t.Errorf("%d errors, %d requests, want an error", r.Errors, r.Requests)
	}
}

// TestPieces has a server that sends its answer byte by byte, in chunks of any size, and closes now and then.
func TestPieces(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go pieces(c)
		}
	}()
	if r := run(t, l.Addr().String(), "call", func(c *config) { c.time = 300 * time.Millisecond }); r.Errors != 0 || r.Requests == 0 || r.Reconnects == 0 {
		t.Errorf("got %+v, want requests, new connections and no errors", r)
	}
}

func pieces(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	for n := range 3 {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body := three(id(r))
		answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n%s\r\n%X\r\n%s\r\n0\r\nTrailer: t\r\n\r\n", body[:5], len(body)-5, body[5:])
		if n == 1 {
			answer = fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		}
		if n == 2 {
			answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body
		}
		for i := range answer {
			if _, err := c.Write([]byte{answer[i]}); err != nil {
				return
			}
		}
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	for i := int64(1); i <= 100_000; i++ {
		h.add(i * 1000)
	}
	for q, want := range map[float64]float64{.5: 50_000, .9: 90_000, .99: 99_000} {
		if got := h.quantile(q); got < want*.98 || got > want*1.02 {
			t.Errorf("quantile %v is %v µs, want %v within 2 %%", q, got, want)
		}
	}
	if h.max != 100_000_000 || h.count != 100_000 {
		t.Errorf("max %d, count %d", h.max, h.count)
	}
}
