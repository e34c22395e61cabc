package sse

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
)

// exchange is one request in memory.
type exchange struct {
	method, path, query, body string
	header                    map[string]string
	cannot                    bool // the host does not stream
	onPath                    func()

	mu       sync.Mutex
	kept     bool
	released bool
	status   int
	answer   string
	set      map[string]string
	stream   *body
}

func (x *exchange) Method() string { return x.method }
func (x *exchange) Path() string {
	if x.onPath != nil {
		x.onPath()
	}
	return x.path
}
func (x *exchange) Query(name string) string {
	if name == "sessionId" {
		return x.query
	}
	return ""
}

// Header is empty once the request is over, as a host's is.
func (x *exchange) Header(name string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.released && !x.kept {
		return ""
	}
	return x.header[name]
}

func (x *exchange) HeaderValues(name string) []string {
	if v := x.Header(name); v != "" {
		return []string{v}
	}
	return nil
}
func (x *exchange) Host() string         { return "localhost" }
func (x *exchange) Body() []byte         { return []byte(x.body) }
func (x *exchange) RemoteIP() netip.Addr { return netip.MustParseAddr("127.0.0.1") }
func (x *exchange) LocalIP() netip.Addr  { return netip.MustParseAddr("127.0.0.1") }
func (x *exchange) Value(any) any        { return nil }

func (x *exchange) SetHeader(name, value string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.set == nil {
		x.set = map[string]string{}
	}
	x.set[name] = value
}

func (x *exchange) Answer(status int, contentType string, body []byte) {
	x.AnswerParts(status, contentType, body)
}

func (x *exchange) AnswerParts(status int, _ string, parts ...[]byte) {
	body := bytes.Join(parts, nil)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.status, x.answer = status, string(body)
}

func (x *exchange) CanStream() bool { return !x.cannot }

func (x *exchange) Stream() (streamhttp.Body, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.stream, nil
}

func (x *exchange) OnGone(func()) (stop func()) { return nil }

func (x *exchange) Keep() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.kept = true
}

func (x *exchange) Release() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.released = true
}

var errBroken = errors.New("broken")

// body is an open stream in memory.
type body struct {
	events chan string
	ended  chan struct{}

	mu     sync.Mutex
	gone   func()
	closed bool
	broken bool
	// gate, if not nil, is received from before a write returns.
	gate chan struct{}
}

func newBody() *body { return &body{events: make(chan string, 1024), ended: make(chan struct{})} }

func (b *body) Write(p []byte) error {
	b.mu.Lock()
	gate, fails := b.gate, b.broken || b.closed
	b.mu.Unlock()
	if gate != nil {
		<-gate
	}
	if fails {
		return errBroken
	}
	for event := range strings.SplitAfterSeq(string(p), "\n\n") {
		if event != "" {
			b.events <- event
		}
	}
	return nil
}

func (b *body) Park(gone func()) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken || b.closed {
		return errBroken
	}
	b.gone = gone
	return nil
}

func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		close(b.ended)
	}
	return nil
}

func (b *body) Hangup() error { return b.Close() }

func (b *body) Last(p []byte) error { return errors.Join(b.Write(p), b.Close()) }

// hangUp is the client going away.
func (b *body) hangUp() {
	b.mu.Lock()
	b.broken = true
	gone := b.gone
	b.mu.Unlock()
	_ = b.Close()
	gone()
}

func (b *body) breakDown() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = true
}

func (b *body) setGate(gate chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gate = gate
}

func receive[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(5 * time.Second):
		t.Fatal("not in 5 s: " + what)
	}
	return v
}

// client is a connection, and what is posted to it.
type client struct {
	t  *testing.T
	h  *Handler
	id string
	*body
}

// get opens a connection.
func get(t *testing.T, h *Handler) *client {
	t.Helper()
	c := &client{t: t, h: h, body: newBody()}
	x := &exchange{method: "GET", path: "/sse", stream: c.body}
	h.ServeStream(t.Context(), x)
	if x.status != 0 {
		t.Fatalf("%d %s", x.status, x.answer)
	}
	id, ok := strings.CutPrefix(receive(t, "the endpoint", c.events), "event: endpoint\ndata: /messages?sessionId=")
	if !ok {
		t.Fatalf("%q", id)
	}
	c.id = strings.TrimSpace(id)
	return c
}

// post sends a message.
func (c *client) post(body string) *exchange {
	c.t.Helper()
	x := &exchange{method: "POST", path: "/messages", query: c.id, body: body, header: map[string]string{"Content-Type": "application/json", "X-Mark": "mark"}}
	c.h.ServeMessage(context.Background(), x)
	if !x.released {
		c.t.Error("the exchange was not released")
	}
	return x
}

// expect posts a message and wants a status.
func (c *client) expect(status int, body string) *exchange {
	c.t.Helper()
	x := c.post(body)
	if x.status != status || status == 202 && x.answer != "Accepted" || status != 202 && !strings.HasPrefix(x.answer, `{"jsonrpc":"2.0",`) {
		c.t.Errorf("%s: %d %s, want %d", body, x.status, x.answer, status)
	}
	return x
}

// message is the next message on the stream.
func (c *client) message() string {
	c.t.Helper()
	event := receive(c.t, "a message", c.events)
	data, ok := strings.CutPrefix(event, "event: message\ndata: ")
	if !ok || !strings.HasSuffix(data, "\n\n") {
		c.t.Errorf("%q", event)
	}
	return strings.TrimSpace(data)
}

func (c *client) initialize() {
	c.t.Helper()
	c.expect(202, `{"jsonrpc":"2.0","id":0,"method":"initialize"}`)
	if got := c.message(); got != `{"result":0}` {
		c.t.Errorf("%s", got)
	}
}

// forgotten waits until there is no such connection.
func (c *client) forgotten() {
	c.t.Helper()
	for end := time.Now().Add(5 * time.Second); c.post(`{"jsonrpc":"2.0","method":"notifications/x"}`).status != 404; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			c.t.Fatal("the connection is still there")
		}
	}
}
