package fastmcptest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// hearer keeps what a test is told when it ends.
type hearer struct {
	testing.TB
	mu       sync.Mutex
	said     string
	cleanups []func()
}

func (h *hearer) Cleanup(f func()) { h.cleanups = append(h.cleanups, f) }

func (h *hearer) Errorf(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said += fmt.Sprintf(format, args...) + "\n"
}

func (h *hearer) end() {
	for i := len(h.cleanups) - 1; i >= 0; i-- {
		h.cleanups[i]()
	}
}

// What does not end fails its test, and does not hold up the others.
func TestWhatDoesNotEnd(t *testing.T) {
	release := make(chan struct{})
	var calls sync.WaitGroup
	defer calls.Wait()
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun := make(chan bool, 2)
	hold := func() {
		begun <- true
		<-release
	}
	newApp := func() *fastmcp.App {
		app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
		app.AddTool(fastmcp.Tool{Name: "hold", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
			hold()
			return "", nil
		})})
		app.AddTool(fastmcp.Tool{Name: "ask", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			var form struct{}
			_, err := fastmcp.Elicit(c, "x", "x", &form)
			return "", err
		})})
		return app
	}
	for tool, words := range map[string]string{"hold": "a handler still runs 200ms after the test", "ask": "the client was not closed in 200ms: is it still in a function of its Config"} {
		h := &hearer{TB: t}
		s := serve(h, newApp(), connected)
		s.patience = 200 * time.Millisecond
		c := s.connect(h, configOf(h, []Config{{Revision: "2025-11-25", Elicit: func(string) map[string]any {
			hold()
			return nil
		}}}))
		calls.Go(func() { _, _ = c.Call(ctx, tool, nil) })
		select {
		case <-begun:
		case <-time.After(patience):
			t.Fatalf("%s has not begun", tool)
		}
		h.end()
		if !strings.Contains(h.said, words) {
			t.Errorf("%s: it says %q", tool, h.said)
		}
	}
}
