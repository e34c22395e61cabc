package fastmcp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"
)

// tape is a connection without a kernel: it says requests, one after the other, and throws away what it is answered.
type tape struct {
	requests [][]byte
	left     int // requests
	next     int
	at       int // in the one that is being said
	last     []byte
	done     chan struct{}
	once     sync.Once
}

func (t *tape) Read(p []byte) (int, error) {
	if t.left == 0 {
		return 0, io.EOF
	}
	request := t.requests[t.next]
	n := copy(p, request[t.at:])
	if t.at += n; t.at == len(request) {
		t.at = 0
		t.next = (t.next + 1) % len(t.requests)
		t.left--
	}
	return n, nil
}
func (t *tape) Write(p []byte) (int, error) {
	t.last = append(t.last[:0], p...)
	return len(p), nil
}
func (t *tape) Close() error                     { t.once.Do(func() { close(t.done) }); return nil }
func (t *tape) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
func (t *tape) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000} }
func (t *tape) SetDeadline(time.Time) error      { return nil }
func (t *tape) SetReadDeadline(time.Time) error  { return nil }
func (t *tape) SetWriteDeadline(time.Time) error { return nil }

// SyscallConn makes it one that can be streamed to, and be in the lane, as real connections are.
func (t *tape) SyscallConn() (syscall.RawConn, error) { return nil, errors.ErrUnsupported }

// tapes is a listener that is given its connections.
type tapes chan net.Conn

func (l tapes) Accept() (net.Conn, error) {
	c, ok := <-l
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (l tapes) Close() error   { return nil }
func (l tapes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// play has a server answer n requests, over and over again, and gives its last answer.
func (l tapes) play(tb testing.TB, n int, requests ...[]byte) []byte {
	t := &tape{requests: requests, left: n, done: make(chan struct{})}
	l <- t
	<-t.done
	if !bytes.HasPrefix(t.last, []byte("HTTP/1.1 200")) {
		tb.Fatalf("the last answer: %s", t.last)
	}
	return t.last
}

type wireRequest struct {
	name    string
	request []byte
}

// wire is an App behind tapes, and requests to it.
func wire(tb testing.TB) (tapes, []wireRequest) {
	app := New(Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	app.AddTool(Tool{Name: "add", Handler: Typed(func(_ *Context, in struct {
		A float64 `json:"a" validate:"required,gte=-1e9,lte=1e9"`
		B float64 `json:"b" validate:"required,gte=-1e9,lte=1e9"`
	}) (string, error) {
		return fmt.Sprint(in.A + in.B), nil
	})})
	l := make(tapes)
	go func() { _ = app.Listener(l) }()
	id := openSession(tb, app)
	post := func(body, headers string) []byte {
		return fmt.Appendf(nil, "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:80\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n%sContent-Length: %d\r\n\r\n%s", headers, len(body), body)
	}
	return l, []wireRequest{
		{"call", post(`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"add","arguments":{"a":1.5,"b":2}}}`, "Mcp-Session-Id: "+id+"\r\nMCP-Protocol-Version: 2025-11-25\r\n")},
		{"call-2026", post(`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"add","arguments":{"a":1.5,"b":2},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`, "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: add\r\n")},
	}
}

// BenchmarkWire is what requests cost between the bytes of the request and those of the answer: all of it but the kernel.
func BenchmarkWire(b *testing.B) {
	l, requests := wire(b)
	for _, c := range requests {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			l.play(b, b.N, c.request)
		})
	}
}

// What a call allocates from the wire to the wire, in the lane. Three of them are the way there and back: its exchange, its
// answer, and its body, which a tool may keep.
func TestWireAllocations(t *testing.T) {
	l, requests := wire(t)
	for _, c := range requests {
		const calls = 200
		budget := map[string]float64{"call": 10.5, "call-2026": 14.5}[c.name] + raceAllocations
		if n := testing.AllocsPerRun(5, func() { l.play(t, calls, c.request) }) / calls; n > budget {
			t.Errorf("%s: %v allocations, the budget is %v", c.name, n, budget)
		} else {
			t.Logf("%s: %v allocations", c.name, n)
		}
	}
}
