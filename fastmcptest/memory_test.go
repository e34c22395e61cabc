package fastmcptest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
)

// Both kinds of connections carry everything: systems without the first have the second.
func TestConnections(t *testing.T) {
	for name, pair := range map[string]pairing{"of the kernel": connected, "pipes": pipe} {
		t.Run(name, func(t *testing.T) {
			app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
			app.AddTool(fastmcp.Tool{Name: "work", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
				var yes struct {
					Yes bool `json:"yes"`
				}
				_, err := fastmcp.Elicit(c, "yes", "Yes?", &yes)
				return strings.Repeat("x", 1<<20), errors.Join(err, c.Progress(1, 2))
			})})
			app.AddResource(fastmcp.Resource{URI: "note://x", Name: "x", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "x", nil })})
			first := serve(t, app, pair).connect(t, configOf(t, nil))
			for _, revision := range Revisions() {
				c := first.Connect(t, Config{Revision: revision, Elicit: func(string) map[string]any { return map[string]any{"yes": true} }})
				if r, err := c.Call(t.Context(), "work", nil); err != nil || !r.IsError && len(r.Text()) != 1<<20 {
					t.Errorf("%s: %v", revision, err)
				}
				if err := c.Subscribe(t.Context(), "note://x"); err != nil {
					t.Errorf("%s: %v", revision, err)
				}
				app.ResourceUpdated("note://x")
				c.WaitNote(t.Context(), "notifications/resources/updated")
				c.WaitNote(t.Context(), "notifications/progress")
			}
		})
	}
}

func TestMemory(t *testing.T) {
	m := newMemory(pipe)
	if m.Addr().String() != "127.0.0.1:80" {
		t.Error(m.Addr())
	}
	accepted := make(chan net.Conn)
	go func() {
		c, err := m.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	client, err := m.dial(t.Context(), "tcp", "localhost:80")
	if err != nil {
		t.Fatal(err)
	}
	server := <-accepted
	if server.RemoteAddr().String() != "127.0.0.1:1024" || server.LocalAddr().String() != "127.0.0.1:80" {
		t.Error(server.RemoteAddr(), server.LocalAddr())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.dial(ctx, "", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody accepts, and it says %v", err)
	}
	for range 2 {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := m.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := m.dial(t.Context(), "", ""); !errors.Is(err, errStopped) {
		t.Error(err)
	}
	m.hangUp()
	if _, err := client.Write([]byte("x")); err == nil {
		t.Error("the client's end is still open")
	}
	m = newMemory(func() (net.Conn, net.Conn, error) { return nil, nil, io.ErrNoProgress })
	if _, err := m.dial(t.Context(), "", ""); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

// Events may come in any pieces.
func TestTap(t *testing.T) {
	stream := "id: 1\ndata:\n\n: comment\nevent: message\r\ndata: {\"method\":\"a\",\r\ndata: \"params\":{\"x\":1}}\r\n\r\ndata:{\"id\":7,\"result\":{}}\n\ndata: what\n\ndata: {\"method\":\"b\"}\n\n"
	for size := 1; size <= len(stream); size++ {
		var got []string
		body := &tap{ReadCloser: io.NopCloser(strings.NewReader(stream)), events: true, heard: func(m message) {
			got = append(got, m.Method+string(m.Params)+string(m.ID)+string(m.Result))
		}}
		var read strings.Builder
		if _, err := io.CopyBuffer(&read, struct{ io.Reader }{body}, make([]byte, size)); err != nil || read.String() != stream {
			t.Fatalf("%v %q", err, read.String())
		}
		if all := strings.Join(got, " "); all != `a{"x":1} 7{} b` {
			t.Fatalf("in pieces of %d: %s", size, all)
		}
	}
}
