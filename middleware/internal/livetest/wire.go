package livetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// Wire is an App that is served without a kernel: connections are in memory, say requests, and throw away what they are
// answered. It is for measuring what all of an App costs but the network.
type Wire struct {
	tb    testing.TB
	conns chan net.Conn
}

// NewWire serves an App until the test ends.
func NewWire(tb testing.TB, app *fastmcp.App) *Wire {
	tb.Helper()
	w := &Wire{tb: tb, conns: make(chan net.Conn)}
	over := make(chan struct{})
	l := &wireListener{conns: w.conns, closed: over}
	done := make(chan error, 1)
	go func() { done <- app.Listener(l) }()
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		if err := app.Shutdown(ctx); err != nil {
			tb.Errorf("shutdown: %v", err)
		}
		<-done
	})
	return w
}

// Post is a request in bytes.
func Post(headers Headers, body string) []byte {
	b := []byte("POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:80\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n")
	for name, value := range headers {
		b = fmt.Appendf(b, "%s: %s\r\n", name, value)
	}
	return fmt.Appendf(b, "Content-Length: %d\r\n\r\n%s", len(body), body)
}

// Play says a request n times over one connection, and gives the last answer.
func (w *Wire) Play(n int, request []byte) []byte {
	w.tb.Helper()
	t := &tape{request: request, left: n, done: make(chan struct{})}
	w.conns <- t
	<-t.done
	if !bytes.HasPrefix(t.last, []byte("HTTP/1.1 20")) {
		w.tb.Fatalf("the last answer: %s", t.last)
	}
	return bytes.Clone(t.last)
}

type wireListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *wireListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *wireListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *wireListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// tape is a connection of a Wire.
type tape struct {
	request []byte
	left    int // requests
	at      int // in the one that is being said
	last    []byte
	done    chan struct{}
	once    sync.Once
}

func (t *tape) Read(p []byte) (int, error) {
	if t.left == 0 {
		return 0, io.EOF
	}
	n := copy(p, t.request[t.at:])
	if t.at += n; t.at == len(t.request) {
		t.at = 0
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
