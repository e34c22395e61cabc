package stdio_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/transport/stdio"
)

// patience bounds what a test waits for.
const patience = 20 * time.Second

// log is what a server has logged.
type log struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// client is a client at the other end of two pipes.
type client struct {
	t    testing.TB
	in   *os.File
	out  *os.File
	got  chan string
	done chan error
	stop context.CancelFunc
	log  *log
}

// message is one that a server has sent.
type message struct {
	ID     json.RawMessage
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *struct {
		Code    int
		Message string
		Data    json.RawMessage
	}
}

// serve has a server serve a client, until the end of the test.
func serve(t testing.TB, engine rpc.Engine, config stdio.Config) *client {
	t.Helper()
	theirs, in := pipe(t)
	out, ours := pipe(t)
	c := &client{t: t, in: in, out: out, got: make(chan string, 1<<14), done: make(chan error, 1), log: &log{}}
	config.Log = slog.New(slog.NewTextHandler(c.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var ctx context.Context
	ctx, c.stop = context.WithCancel(context.Background())
	go func() {
		c.done <- stdio.Serve(ctx, engine, theirs, ours, config)
		_ = ours.Close()
	}()
	go func() {
		defer close(c.got)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			c.got <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		c.stop()
		_ = in.Close()
	})
	return c
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
}

// send sends lines.
func (c *client) send(lines ...string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, strings.Join(lines, "\n")+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

// next is the next line.
func (c *client) next() string {
	c.t.Helper()
	select {
	case line, ok := <-c.got:
		if !ok {
			c.t.Fatalf("the server has ended: %v\n%s", <-c.done, c.log)
		}
		if !json.Valid([]byte(line)) {
			c.t.Fatalf("%q is not JSON", line)
		}
		return line
	case <-time.After(patience):
		c.t.Fatalf("nothing came\n%s", c.log)
	}
	return ""
}

func (c *client) message() (m message) {
	c.t.Helper()
	line := c.next()
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		c.t.Fatalf("%s: %v", line, err)
	}
	return m
}

// want fails the test unless the next lines have these texts in them.
func (c *client) want(texts ...string) {
	c.t.Helper()
	for _, text := range texts {
		if line := c.next(); !strings.Contains(line, text) {
			c.t.Errorf("got %.500s, want %s in it", line, text)
		}
	}
}

// wantError fails the test unless the next line is an error with that code, for that id; "" is no id.
func (c *client) wantError(name, id string, code int, words string) {
	c.t.Helper()
	line := c.next()
	var m message
	if err := json.Unmarshal([]byte(line), &m); err != nil || m.Error == nil || m.Error.Code != code || string(m.ID) != id || !strings.Contains(line, words) {
		c.t.Errorf("%s: %s, want error %d of %q with %q in it", name, line, code, id, words)
	}
}

// end ends the input, and gives what is still said and how the server has ended.
func (c *client) end() (rest []string, err error) {
	c.t.Helper()
	if err := c.in.Close(); err != nil {
		c.t.Fatal(err)
	}
	return c.ended()
}

// ended waits for the end.
func (c *client) ended() (rest []string, err error) {
	c.t.Helper()
	err = within(c.t, c.done, "the server has not ended")
	for line := range c.got {
		rest = append(rest, line)
	}
	return rest, err
}

// quiet ends the input, and fails the test if anything is said, or went wrong.
func (c *client) quiet() {
	c.t.Helper()
	if rest, err := c.end(); err != nil || rest != nil {
		c.t.Errorf("%v, and said %q", err, rest)
	}
}

// within waits for a value.
func within[T any](t testing.TB, ch <-chan T, otherwise string) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(patience):
		t.Fatal(otherwise)
	}
	return v
}
