package fastmcp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// waiting is a server whose tool t waits, in the way of wait, until it is cancelled or told to leave.
type waiting struct {
	*server
	entered chan struct{}
	leave   chan struct{}
	left    chan error // why it left: Err of its Context, nil when it was told to
}

func newWaiting(t *testing.T, config fastmcp.Config, wait func(c *fastmcp.Context, leave <-chan struct{})) *waiting {
	w := &waiting{entered: make(chan struct{}, 8), leave: make(chan struct{}), left: make(chan error, 8)}
	w.server = doing(t, config, func(c *fastmcp.Context) (any, error) {
		if err := c.Err(); err != nil {
			t.Errorf("at the beginning Err is %v", err)
		}
		w.entered <- struct{}{}
		wait(c, w.leave)
		w.left <- c.Err()
		return "left", nil
	})
	return w
}

// The ways to learn that a request is cancelled.
var ways = map[string]func(c *fastmcp.Context, leave <-chan struct{}){
	"Done": func(c *fastmcp.Context, leave <-chan struct{}) {
		select {
		case <-c.Done():
		case <-leave:
		}
	},
	"Err": func(c *fastmcp.Context, leave <-chan struct{}) {
		for c.Err() == nil {
			select {
			case <-leave:
				return
			case <-time.After(time.Millisecond):
			}
		}
	},
	"AfterFunc": func(c *fastmcp.Context, leave <-chan struct{}) {
		over := make(chan struct{})
		stop := c.AfterFunc(func() { close(over) })
		defer stop()
		select {
		case <-over:
		case <-leave:
		}
	},
	"derived": func(c *fastmcp.Context, leave <-chan struct{}) {
		ctx, cancel := context.WithTimeout(c, time.Minute)
		defer cancel()
		select {
		case <-ctx.Done():
		case <-leave:
		}
	},
}

// start calls t and gives what makes the client go away.
func (w *waiting) start(h headers, body string) (leave context.CancelFunc) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	req := w.request(ctx, "POST", h, body)
	go func() {
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
		}
	}()
	select {
	case <-w.entered:
	case <-time.After(5 * time.Second):
		w.t.Fatal("the call has not begun")
	}
	return cancel
}

func (w *waiting) leftWithin(d time.Duration) error {
	w.t.Helper()
	select {
	case err := <-w.left:
		return err
	case <-time.After(d):
		w.t.Fatalf("the function still waits after %s", d)
		return nil
	}
}

func TestContextIsCancelledWhenAStatelessClientLeaves(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWaiting(t, fastmcp.Config{}, way)
			w.start(statelessHeaders("tools/call", "t"), stateless(1, "tools/call", `"name":"t"`, ""))()
			if err := w.leftWithin(time.Second); !errors.Is(err, context.Canceled) {
				t.Errorf("Err is %v", err)
			}
		})
	}
}

func TestContextOfASessionSurvivesItsConnection(t *testing.T) {
	w := newWaiting(t, fastmcp.Config{}, ways["Done"])
	for _, revision := range revisions {
		w.start(w.open(revision).headers(), `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}`)()
		select {
		case err := <-w.left:
			t.Errorf("%s: it has left: %v", revision, err)
			continue
		case <-time.After(100 * time.Millisecond): // ten times as long as a request goes unwatched
		}
		w.leave <- struct{}{}
		if err := w.leftWithin(5 * time.Second); err != nil {
			t.Errorf("%s: Err is %v", revision, err)
		}
	}
}

func TestContextIsCancelledByANotification(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events := make(chan fastmcp.ToolCallEvent, 8)
			w := newWaiting(t, fastmcp.Config{StreamAfter: 20 * time.Millisecond, On: fastmcp.Events{ToolCall: func(e fastmcp.ToolCallEvent) { events <- e }}}, way)
			for _, revision := range revisions {
				c := w.open(revision)
				st := c.server.listen("POST", c.headers(), `{"jsonrpc":"2.0","id":"call-1","method":"tools/call","params":{"name":"t"}}`)
				<-w.entered
				// Another session's request of the same id is none of its business.
				if a := w.open(revision).cancel(`"call-1"`); a.status != 202 {
					t.Errorf("%s: %d %s", revision, a.status, a.body)
				}
				if a := c.cancel(`"call-2"`); a.status != 202 {
					t.Errorf("%s: %d %s", revision, a.status, a.body)
				}
				if len(w.left) > 0 {
					t.Errorf("%s: cancelled by a notification about another", revision)
				}
				if a := c.cancel(`"call-1"`); a.status != 202 {
					t.Errorf("%s: %d %s", revision, a.status, a.body)
				}
				if err := w.leftWithin(5 * time.Second); !errors.Is(err, context.Canceled) {
					t.Errorf("%s: Err is %v", revision, err)
				}
				for m := range st.events {
					if m.ID != nil || m.Result != nil {
						t.Errorf("%s: an answer to a call that was cancelled: %+v", revision, m)
					}
				}
				if e := <-events; e.Outcome != fastmcp.OutcomeCancelled {
					t.Errorf("%s: %+v", revision, e)
				}
				if r := c.send("ping", ""); r.status != 200 {
					t.Errorf("%s: %d %s", revision, r.status, r.body)
				}
			}
		})
	}
}

// cancel cancels the request with that id.
func (c *client) cancel(id string) answer {
	c.t.Helper()
	return c.do("POST", c.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%s,"reason":"test"}}`, id))
}

func TestContextEndsWithItsRequest(t *testing.T) {
	ended := make(chan error, 4)
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		done := c.Done()
		if c.Done() != done {
			t.Error("Done is another each time")
		}
		if end, ok := c.Deadline(); ok || !end.IsZero() {
			t.Errorf("there is a deadline: %s", end)
		}
		stopped := c.AfterFunc(func() { ended <- errors.New("called although it was stopped") })
		if !stopped() || stopped() {
			t.Error("stop does not tell whether it stopped")
		}
		var stop func() bool
		called := make(chan struct{})
		stop = c.AfterFunc(func() { close(called) })
		go func() {
			<-done
			<-called
			late := make(chan struct{})
			if c.AfterFunc(func() { close(late) })() {
				ended <- errors.New("what is called at once was stopped")
			}
			<-late
			if stop() {
				ended <- errors.New("what has been called was stopped")
			}
			ended <- errors.Join(c.Err(), context.Cause(c))
		}()
		return "ok", nil
	})
	s.with(nil, "")
	s.open("2025-06-18").call("t", `{}`)
	for range 2 {
		select {
		case err := <-ended:
			if err.Error() != "context canceled\ncontext canceled" {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("Done is not closed after the request")
		}
	}
}

func TestContextIsCancelledWhenTheServerIsStopped(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWaiting(t, fastmcp.Config{}, way)
			defer w.start(statelessHeaders("tools/call", "t"), stateless(1, "tools/call", `"name":"t"`, ""))()
			defer w.start(w.open("2025-11-25").headers(), `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}`)()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if err := w.app.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Shutdown: %v", err)
			}
			for range 2 {
				if err := w.leftWithin(5 * time.Second); !errors.Is(err, context.Canceled) {
					t.Errorf("Err is %v", err)
				}
			}
		})
	}
}

func TestContextTimeoutHasADeadline(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	seen := make(chan error, 1)
	app.AddTool(fastmcp.Tool{Name: "t", Timeout: 20 * time.Millisecond, Handler: fastmcp.Do(func(c *fastmcp.Context, _ struct{}) error {
		end, ok := c.Deadline()
		if left := time.Until(end); !ok || left <= 0 || left > 20*time.Millisecond {
			t.Errorf("the deadline is in %s", left)
		}
		ctx, cancel := context.WithTimeout(c, time.Hour)
		defer cancel()
		if derived, _ := ctx.Deadline(); !derived.Equal(end) {
			t.Errorf("a derived context ends %s, not %s", derived, end)
		}
		<-ctx.Done()
		seen <- errors.Join(c.Err(), ctx.Err(), context.Cause(ctx))
		return ctx.Err()
	})})
	s := serve(t, app, l)
	s.callStateless("t", `{}`)
	if err, d := <-seen, context.DeadlineExceeded; err.Error() != errors.Join(d, d, d).Error() {
		t.Error(err)
	}
}

func TestDerivingStartsNoGoroutine(t *testing.T) {
	var called atomic.Int64
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		_ = c.Done()
		time.Sleep(30 * time.Millisecond) // the watch of the connection has begun
		before := runtime.NumGoroutine()
		cancels := make([]context.CancelFunc, 1000)
		for i := range cancels {
			var ctx context.Context
			ctx, cancels[i] = context.WithCancel(c)
			context.AfterFunc(ctx, func() { called.Add(1) })
		}
		if after := runtime.NumGoroutine(); after > before+5 {
			t.Errorf("1000 derived contexts make %d goroutines of %d", after, before)
		}
		for _, cancel := range cancels[:500] {
			cancel()
		}
		return nil, nil // the others end with the request
	})
	s.with(nil, "")
	within(t, 5*time.Second, "all have ended", func() bool { return called.Load() == 1000 })
}
