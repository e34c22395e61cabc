package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/cache"
	"github.com/fastmcp-go/fastmcp/middleware/internal/livetest"
)

// held is a tool whose calls wait until they are let go, and then do what each is told to.
type held struct {
	runs    atomic.Int64
	let     chan struct{}
	outcome func(c *fastmcp.Context, run int64) (string, error)
}

func newHeld(outcome func(c *fastmcp.Context, run int64) (string, error)) *held {
	return &held{let: make(chan struct{}), outcome: outcome}
}

func (h *held) tool() fastmcp.Tool {
	return fastmcp.Tool{Name: "held", Annotations: readOnly, Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
		Q string `json:"q"`
	}) (string, error) {
		n := h.runs.Add(1)
		select {
		case <-h.let:
		case <-c.Done():
			return "", c.Err()
		}
		return h.outcome(c, n)
	})}
}

// arrivals counts the calls that have come as far as the cache.
type arrivals struct{ n atomic.Int64 }

func (a *arrivals) count(c *fastmcp.Context) error {
	if c.Method() == "tools/call" {
		a.n.Add(1)
	}
	return c.Next()
}

// crowd makes n calls at once and gives their answers, once all have come and f has been called.
func crowd(t *testing.T, s *livetest.Server, come *arrivals, n int, args string, f func()) []livetest.Answer {
	t.Helper()
	var wg sync.WaitGroup
	all := make([]livetest.Answer, n)
	before := come.n.Load()
	for i := range n {
		wg.Go(func() {
			h, body := livetest.Modern("tools/call", "held", `"name":"held","arguments":`+args, "")
			var err error
			if all[i], err = s.Do(context.Background(), "POST", "", h, body); err != nil {
				t.Error(err)
			}
		})
	}
	livetest.Wait(t, "call", func() bool { return come.n.Load() == before+int64(n) })
	f()
	wg.Wait()
	return all
}

func crowded(t *testing.T, h *held, use cache.Config) (*livetest.Server, *arrivals) {
	come := &arrivals{}
	app := fastmcp.New(quiet())
	app.Use(come.count, cache.New(use))
	app.AddTool(h.tool())
	return livetest.Serve(t, app), come
}

func TestManyAtOnceRunOnce(t *testing.T) {
	h := newHeld(func(_ *fastmcp.Context, run int64) (string, error) { return fmt.Sprint("run ", run), nil })
	s, come := crowded(t, h, cache.Config{})
	for i, a := range crowd(t, s, come, 40, `{}`, func() { close(h.let) }) {
		if got := a.Result(t).Text(); got != "run 1" {
			t.Errorf("%d: %s", i, got)
		}
	}
	if h.runs.Load() != 1 {
		t.Errorf("%d runs", h.runs.Load())
	}
}

// An error is one for all that wait for it, and is gone with them.
func TestErrorsAreSharedAndNotKept(t *testing.T) {
	for name, err := range map[string]error{"for the model": fastmcp.Errorf("the well is dry"), "masked": errors.New("secret")} {
		t.Run(name, func(t *testing.T) {
			h := newHeld(func(*fastmcp.Context, int64) (string, error) { return "", err })
			s, come := crowded(t, h, cache.Config{})
			for i, a := range crowd(t, s, come, 10, `{}`, func() {
				livetest.Wait(t, "run", func() bool { return h.runs.Load() > 0 })
				close(h.let)
			}) {
				if r := a.Result(t); !r.IsError || strings.Contains(r.Text(), "secret") {
					t.Errorf("%d: %s", i, a.Body)
				}
			}
			before := h.runs.Load()
			if s.Call("held", `{}`); h.runs.Load() != before+1 {
				t.Error("an error was kept")
			}
		})
	}
}

// Who runs a call for others may fail without them.
func TestWhoFailsFailsAlone(t *testing.T) {
	for name, outcome := range map[string]func(c *fastmcp.Context, run int64) (string, error){
		"panic": func(_ *fastmcp.Context, run int64) (string, error) {
			if run == 1 {
				panic("secret")
			}
			return "well", nil
		},
		"asks": func(c *fastmcp.Context, run int64) (string, error) {
			if run > 1 {
				return "well", nil
			}
			var form struct {
				Size int `json:"size"`
			}
			_, err := fastmcp.Elicit(c, "size", "How many?", &form)
			return "", err
		},
		"streams": func(c *fastmcp.Context, run int64) (string, error) { return "well", c.Progress(1, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHeld(outcome)
			s, come := crowded(t, h, cache.Config{})
			good := 0
			all := crowd(t, s, come, 10, `{}`, func() { close(h.let) })
			for _, a := range all {
				if r := a.Message(t).Result; r != nil && !r.IsError && r.Type == "complete" && r.Text() == "well" {
					good++
				}
			}
			if good < 9 {
				t.Errorf("%d of 10 were answered: %+v", good, all)
			}
		})
	}
}

func TestWhoGoesAwayLeavesItToOthers(t *testing.T) {
	h := newHeld(func(_ *fastmcp.Context, run int64) (string, error) { return fmt.Sprint("run ", run), nil })
	s, come := crowded(t, h, cache.Config{})
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		head, body := livetest.Modern("tools/call", "held", `"name":"held","arguments":{}`, "")
		_, err := s.Do(ctx, "POST", "", head, body)
		gone <- err
	}()
	livetest.Wait(t, "run", func() bool { return h.runs.Load() == 1 })
	for i, a := range crowd(t, s, come, 8, `{}`, func() {
		leave()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		livetest.Wait(t, "second run", func() bool { return h.runs.Load() >= 2 })
		close(h.let)
	}) {
		if got := a.Result(t).Text(); !strings.HasPrefix(got, "run ") || got == "run 1" {
			t.Errorf("%d: %s", i, got)
		}
	}
	if n := h.runs.Load(); n != 2 {
		t.Errorf("%d runs, want the one that was left and another", n)
	}
}

// Who only waits can leave, too.
func TestWhoWaitsCanLeave(t *testing.T) {
	h := newHeld(func(_ *fastmcp.Context, run int64) (string, error) { return "well", nil })
	s, come := crowded(t, h, cache.Config{})
	for _, a := range crowd(t, s, come, 1, `{}`, func() {
		livetest.Wait(t, "run", func() bool { return h.runs.Load() == 1 })
		ctx, leave := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		before := come.n.Load()
		go func() {
			head, body := livetest.Modern("tools/call", "held", `"name":"held","arguments":{}`, "")
			_, err := s.Do(ctx, "POST", "", head, body)
			gone <- err
		}()
		livetest.Wait(t, "call", func() bool { return come.n.Load() == before+1 })
		leave()
		<-gone
		close(h.let)
	}) {
		if a.Result(t).Text() != "well" {
			t.Error(a.Body)
		}
	}
	if h.runs.Load() != 1 {
		t.Errorf("%d runs", h.runs.Load())
	}
}

// Who has waited for Config.Wait runs by itself.
func TestWaitIsBounded(t *testing.T) {
	h := newHeld(func(_ *fastmcp.Context, run int64) (string, error) { return "well", nil })
	s, come := crowded(t, h, cache.Config{Wait: 20 * time.Millisecond})
	crowd(t, s, come, 4, `{}`, func() {
		livetest.Wait(t, "run of its own for each", func() bool { return h.runs.Load() == 4 })
		close(h.let)
	})
}

// Beyond MaxFlights calls run for themselves; at it they are shared.
func TestFlightsAreBounded(t *testing.T) {
	h := newHeld(func(_ *fastmcp.Context, run int64) (string, error) { return "well", nil })
	s, come := crowded(t, h, cache.Config{MaxFlights: 2})
	var wg sync.WaitGroup
	for i, want := range []int64{1, 2, 5} { // the third of them runs for each of its three callers
		callers := 3
		before := come.n.Load()
		for range callers {
			wg.Go(func() {
				head, body := livetest.Modern("tools/call", "held", fmt.Sprintf(`"name":"held","arguments":{"q":"%d"}`, i), "")
				if a, err := s.Do(context.Background(), "POST", "", head, body); err != nil || a.Status != 200 {
					t.Errorf("%v %+v", err, a)
				}
			})
		}
		livetest.Wait(t, "call", func() bool { return come.n.Load() == before+int64(callers) })
		livetest.Wait(t, fmt.Sprintf("runs: %d of %d", h.runs.Load(), want), func() bool { return h.runs.Load() == want })
	}
	close(h.let)
	wg.Wait()
	if h.runs.Load() != 5 {
		t.Errorf("%d runs, want 5", h.runs.Load())
	}
}
