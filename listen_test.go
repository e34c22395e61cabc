package fastmcp_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// opened is an App that listens on an address of its own, and a client that reaches it there.
type opened struct {
	t      *testing.T
	app    *fastmcp.App
	log    *logs
	client *http.Client
	base   string
	done   chan error
}

// listens has an App listen, and waits until it answers. The test stops it.
func listens(t *testing.T, app *fastmcp.App, l *logs, addr string, client *http.Client) *opened {
	t.Helper()
	return starts(t, app, l, client, "http://inside", func() error { return app.Listen(addr) })
}

func starts(t *testing.T, app *fastmcp.App, l *logs, client *http.Client, base string, listen func() error) *opened {
	t.Helper()
	s := &opened{t: t, app: app, log: l, client: client, base: base, done: make(chan error, 1)}
	go func() { s.done <- listen() }()
	t.Cleanup(func() { s.stop() })
	within(t, 10*time.Second, "the App answers: "+l.String(), func() bool {
		select {
		case err := <-s.done:
			s.done <- err
			t.Fatalf("it does not listen: %v", err)
		default:
		}
		res, err := client.Get(base + "/nowhere")
		if err != nil {
			return strings.Contains(err.Error(), "tls: ") // whoever refuses a certificate is there
		}
		return res.Body.Close() == nil
	})
	return s
}

// stop shuts the App down, and waits for Listen.
func (s *opened) stop() {
	s.t.Helper()
	s.client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.app.Shutdown(ctx); err != nil {
		s.t.Errorf("shutdown: %v", err)
	}
	select {
	case err := <-s.done:
		if err != nil {
			s.t.Errorf("listen: %v", err)
		}
		s.done <- nil
	case <-time.After(10 * time.Second):
		s.t.Error("Listen does not return")
	}
}

func (s *opened) get(path string, h headers) answer {
	s.t.Helper()
	return getURL(s.t, s.client, s.base+path, h)
}

// getURL gets a URL.
func getURL(t testing.TB, client *http.Client, url string, h headers) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range h {
		if name == "Host" {
			req.Host = value
		} else {
			req.Header.Set(name, value)
		}
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

// An App may be stopped at any moment of its beginning.
func TestShutdownWhileItBegins(t *testing.T) {
	for range 20 {
		app, _ := newApp(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{AdminAddr: "127.0.0.1:0"}})
		done := make(chan error, 1)
		go func() { done <- app.Listen("127.0.0.1:0") }()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		if err := app.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		cancel()
		select {
		case <-done: // with an error, if it had not begun
		case <-time.After(10 * time.Second):
			t.Fatal("Listen goes on")
		}
	}
}
