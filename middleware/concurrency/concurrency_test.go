package concurrency_test

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/middleware/concurrency"
	"github.com/fastmcp-go/fastmcp/middleware/internal/callertest"
)

// works is an App whose tools run until they are let go, and what they have done.
type works struct {
	*fastmcp.App
	letGo chan struct{}

	running, most atomic.Int64
	mu            sync.Mutex
	order         []string // the arguments of those that have begun
}

type input struct {
	ID string `json:"id"`
}

func (w *works) work(c *fastmcp.Context, in input) (string, error) {
	n := w.running.Add(1)
	defer w.running.Add(-1)
	for most := w.most.Load(); n > most && !w.most.CompareAndSwap(most, n); most = w.most.Load() {
	}
	w.mu.Lock()
	w.order = append(w.order, in.ID)
	w.mu.Unlock()
	switch in.ID {
	case "panic":
		panic("in the middle of it")
	case "error":
		return "", errors.New("it has failed")
	}
	<-w.letGo
	return "done", nil
}

func newWorks(use ...fastmcp.Handler) *works {
	w := &works{App: fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)}), letGo: make(chan struct{})}
	for _, h := range use {
		w.Use(h)
	}
	for _, name := range []string{"a", "b"} {
		w.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Typed(w.work)})
	}
	return w
}

// crowd are calls that have been made and not all answered.
type crowd struct {
	t   *testing.T
	w   *works
	all sync.WaitGroup
	mu  sync.Mutex
	got []callertest.Answer
}

// ask makes a call, and goes on when it runs, waits or has been answered.
func (c *crowd) ask(id string, call callertest.Call) {
	if call.Args = `{"id":"` + id + `"}`; call.Tool == "" {
		call.Tool = "a"
	}
	c.all.Go(func() {
		a := callertest.Do(c.t, c.w.App, call)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.got = append(c.got, a)
	})
	synctest.Wait()
}

// answered are the answers that have come since it was last asked.
func (c *crowd) answered() []callertest.Answer {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.got
	c.got = nil
	return got
}

func bubble(t *testing.T, config concurrency.Config, f func(w *works, c *crowd)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorks(concurrency.New(config))
		c := &crowd{t: t, w: w}
		f(w, c)
		close(w.letGo)
		c.all.Wait()
		if n := w.running.Load(); n != 0 {
			t.Errorf("%d run on", n)
		}
		if err := w.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestBounds: Max run, MaxWaiting wait, one more is turned down at once; then those who wait go first, in their order.
func TestBounds(t *testing.T) {
	bubble(t, concurrency.Config{Max: 2, MaxWaiting: 3}, func(w *works, c *crowd) {
		for i := range 5 {
			c.ask(fmt.Sprint(i), callertest.Call{})
		}
		if got := c.answered(); len(got) != 0 || w.running.Load() != 2 {
			t.Errorf("%v, %d run", got, w.running.Load())
		}
		c.ask("5", callertest.Call{})
		got := c.answered()
		if len(got) != 1 || got[0].Status != 429 || got[0].RetryAfter != time.Second ||
			!strings.Contains(got[0].Body, `"code":-32000,"message":"Busy: 2 requests at once are allowed. Try again in a moment.","data":{"retryAfter":1}`) {
			t.Errorf("%+v", got)
		}
		for i := range 3 {
			w.letGo <- struct{}{}
			if got := c.answered(); len(got) != 1 || got[0].Status != 200 || w.running.Load() != 2 {
				t.Errorf("%d: %+v, %d run", i, got, w.running.Load())
			}
		}
		c.ask("6", callertest.Call{}) // there is room in the queue again
		if got := c.answered(); len(got) != 0 || w.running.Load() != 2 {
			t.Errorf("%+v, %d run", got, w.running.Load())
		}
		for range 3 {
			w.letGo <- struct{}{}
			synctest.Wait()
		}
		if want := "0 1 2 3 4 6"; strings.Join(w.order, " ") != want || w.most.Load() != 2 {
			t.Errorf("they have begun in the order %v, want %s; %d at once", w.order, want, w.most.Load())
		}
		if got := c.answered(); len(got) != 3 {
			t.Errorf("%+v", got)
		}
	})
}

// TestWait: who has waited for Wait is turned down, and leaves room in the queue; who comes after goes on waiting.
func TestWait(t *testing.T) {
	for wait, want := range map[time.Duration]time.Duration{0: 4 * time.Second, time.Minute: time.Minute} {
		bubble(t, concurrency.Config{Max: 1, MaxWaiting: 2, Wait: wait}, func(w *works, c *crowd) {
			c.ask("runs", callertest.Call{})
			c.ask("first", callertest.Call{})
			time.Sleep(want / 2)
			c.ask("second", callertest.Call{})
			time.Sleep(want/2 - 1)
			if got := c.answered(); len(got) != 0 {
				t.Errorf("1 ns before: %+v", got)
			}
			time.Sleep(time.Nanosecond)
			if got := c.answered(); len(got) != 1 || got[0].Status != 429 {
				t.Errorf("%+v", got)
			}
			c.ask("third", callertest.Call{})
			for range 3 {
				w.letGo <- struct{}{}
				synctest.Wait()
			}
			if want := "runs second third"; strings.Join(w.order, " ") != want {
				t.Errorf("%v, want %s", w.order, want)
			}
		})
	}
}

// TestNoQueue: a negative MaxWaiting has nobody wait.
func TestNoQueue(t *testing.T) {
	bubble(t, concurrency.Config{Max: 1, MaxWaiting: -1}, func(w *works, c *crowd) {
		c.ask("runs", callertest.Call{})
		c.ask("not", callertest.Call{})
		if got := c.answered(); len(got) != 1 || got[0].Status != 429 {
			t.Errorf("%+v", got)
		}
		w.letGo <- struct{}{}
	})
}

// TestDefaults: ten run, forty wait, for each caller.
func TestDefaults(t *testing.T) {
	bubble(t, concurrency.Config{}, func(w *works, c *crowd) {
		for i := range 51 {
			c.ask(fmt.Sprint(i), callertest.Call{})
		}
		if got := c.answered(); len(got) != 1 || w.running.Load() != 10 {
			t.Errorf("%d answered, %d run", len(got), w.running.Load())
		}
		c.ask("sue", callertest.Call{Principal: &auth.Principal{Subject: "sue"}})
		if n := w.running.Load(); n != 11 {
			t.Errorf("%d run", n)
		}
	})
}

// TestGone: a waiter whose client goes away leaves the queue: it does not run, and those behind it do.
func TestGone(t *testing.T) {
	bubble(t, concurrency.Config{Max: 1, MaxWaiting: 2, Wait: time.Hour}, func(w *works, c *crowd) {
		line := &callertest.Line{}
		c.ask("runs", callertest.Call{})
		c.ask("goes", callertest.Call{Line: line})
		c.ask("stays", callertest.Call{})
		time.Sleep(time.Second)
		line.Cut()
		if got := c.answered(); len(got) != 1 {
			t.Errorf("%+v", got)
		}
		c.ask("comes", callertest.Call{}) // in its place
		for range 3 {
			w.letGo <- struct{}{}
			synctest.Wait()
		}
		if want := "runs stays comes"; strings.Join(w.order, " ") != want {
			t.Errorf("%v, want %s", w.order, want)
		}
		if got := c.answered(); len(got) != 3 {
			t.Errorf("%+v", got)
		}
	})
}

// TestCancelled: so does one that the client of a session cancels.
func TestCancelled(t *testing.T) {
	bubble(t, concurrency.Config{Max: 1, MaxWaiting: 1, Wait: time.Hour}, func(w *works, c *crowd) {
		session := callertest.Open(t, w.App, callertest.Call{})
		c.ask("runs", callertest.Call{})
		c.ask("cancelled", callertest.Call{Session: session})
		callertest.Cancel(t, w.App, session)
		if got := c.answered(); len(got) != 1 || got[0].Body != "" {
			t.Errorf("%+v", got)
		}
		c.ask("comes", callertest.Call{})
		for range 2 {
			w.letGo <- struct{}{}
			synctest.Wait()
		}
		if want := "runs comes"; strings.Join(w.order, " ") != want {
			t.Errorf("%v, want %s", w.order, want)
		}
	})
}

// TestReleased: a place is free again after errors and panics.
func TestReleased(t *testing.T) {
	bubble(t, concurrency.Config{Max: 1, MaxWaiting: -1}, func(w *works, c *crowd) {
		for _, id := range []string{"error", "panic", "error", "panic"} {
			c.ask(id, callertest.Call{})
			if got := c.answered(); len(got) != 1 || got[0].Status != 200 || !strings.Contains(got[0].Body, `"isError":true`) || strings.Contains(got[0].Body, "Busy") {
				t.Errorf("%s: %+v", id, got)
			}
		}
		c.ask("runs", callertest.Call{})
		if n := w.running.Load(); n != 1 {
			t.Errorf("%d run", n)
		}
	})
	// A link behind it that panics is not contained before it.
	synctest.Test(t, func(t *testing.T) {
		w := newWorks(concurrency.New(concurrency.Config{Max: 1, MaxWaiting: -1}), func(*fastmcp.Context) error { panic("a link") })
		for range 2 {
			if a := callertest.Do(t, w.App, callertest.Call{Tool: "a"}); strings.Contains(a.Body, "Busy") {
				t.Errorf("%+v", a)
			}
		}
	})
}

// TestTool: in the Use of a tool the model reads of it, and each tool has its own places, by whatever key.
func TestTool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorks()
		h := concurrency.New(concurrency.Config{Max: 1, MaxWaiting: -1, Key: concurrency.ByTool})
		group := w.Group("g.", h)
		for _, name := range []string{"x", "y"} {
			w.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Typed(w.work), Use: []fastmcp.Handler{h}})
			group.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Typed(w.work)})
		}
		c := &crowd{t: t, w: w}
		for i, name := range []string{"x", "y", "g.x", "g.y"} {
			c.ask("", callertest.Call{Tool: name})
			if n := w.running.Load(); n != int64(i+1) {
				t.Errorf("%s: %d run", name, n)
			}
			c.ask("", callertest.Call{Tool: name, Principal: &auth.Principal{Subject: "sue"}})
			got := c.answered()
			if len(got) != 1 || got[0].Status != 200 || !strings.Contains(got[0].Body, "Busy: 1 requests at once are allowed") ||
				!strings.Contains(got[0].Body, `"isError":true`) || !strings.Contains(got[0].Body, `"retryAfter":1`) {
				t.Errorf("%s: %+v", name, got)
			}
		}
		close(w.letGo)
		c.all.Wait()
	})
}

// TestKeys: what has its own places.
func TestKeys(t *testing.T) {
	sue, joe := &auth.Principal{Subject: "sue"}, &auth.Principal{Subject: "joe"}
	for name, row := range map[string]struct {
		key         func(*fastmcp.Context) string
		same, apart callertest.Call // as, and from, sue's call of a from 192.0.2.1
	}{
		"principal": {concurrency.ByPrincipal, callertest.Call{Principal: sue, IP: "192.0.2.2", Tool: "b"}, callertest.Call{Principal: joe, IP: "192.0.2.1"}},
		"ip":        {concurrency.ByIP, callertest.Call{Principal: joe, IP: "192.0.2.1", Tool: "b"}, callertest.Call{Principal: sue, IP: "192.0.2.2"}},
		"session":   {concurrency.BySession, callertest.Call{Principal: sue, IP: "192.0.2.2", Tool: "b"}, callertest.Call{Principal: joe, IP: "192.0.2.1"}},
		"tool":      {concurrency.ByTool, callertest.Call{Principal: joe, IP: "192.0.2.2"}, callertest.Call{Principal: sue, IP: "192.0.2.1", Tool: "b"}},
		"all":       {func(*fastmcp.Context) string { return "" }, callertest.Call{Principal: joe, Tool: "b"}, callertest.Call{Method: "tools/list"}},
	} {
		bubble(t, concurrency.Config{Max: 1, MaxWaiting: -1, Key: row.key}, func(w *works, c *crowd) {
			c.ask("", callertest.Call{Principal: sue, IP: "192.0.2.1"})
			c.ask("", row.same)
			if got := c.answered(); len(got) != 1 || got[0].Status != 429 {
				t.Errorf("%s: %+v", name, got)
			}
			if row.apart.Method != "" {
				if a := callertest.Do(t, w.App, row.apart); a.Status != 200 {
					t.Errorf("%s: %+v", name, a)
				}
			} else if c.ask("", row.apart); w.running.Load() != 2 {
				t.Errorf("%s: %d run, %+v", name, w.running.Load(), c.answered())
			}
		})
	}
}

// TestWhatCounts: Methods, Next and LimitReached.
func TestWhatCounts(t *testing.T) {
	config := concurrency.Config{
		Max: 1, MaxWaiting: -1, Methods: []string{"tools/call", "tools/list"},
		Next: func(c *fastmcp.Context) bool { return c.Name() == "b" },
		LimitReached: func(c *fastmcp.Context) error {
			if c.Method() == "tools/list" {
				return fastmcp.Errorf("not now")
			}
			c.SetResult("later")
			return nil
		},
	}
	bubble(t, config, func(w *works, c *crowd) {
		c.ask("1", callertest.Call{})
		c.ask("2", callertest.Call{Tool: "b"})
		if n := w.running.Load(); n != 2 {
			t.Errorf("%d run", n)
		}
		c.ask("3", callertest.Call{})
		if got := c.answered(); len(got) != 1 || got[0].Status != 200 || !strings.Contains(got[0].Body, "later") {
			t.Errorf("%+v", got)
		}
		if a := callertest.Do(t, w.App, callertest.Call{Method: "tools/list"}); !strings.Contains(a.Body, "not now") {
			t.Errorf("%+v", a)
		}
	})
}

// TestApps: an App has its own places, though it shares the handler.
func TestApps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := concurrency.New(concurrency.Config{Max: 1, MaxWaiting: -1})
		one, other := newWorks(h), newWorks(h)
		for _, w := range []*works{one, other} {
			c := &crowd{t: t, w: w}
			c.ask("", callertest.Call{})
			defer func() { close(w.letGo); c.all.Wait() }()
			if n := w.running.Load(); n != 1 {
				t.Errorf("%d run", n)
			}
		}
	})
}

// TestCrowd: many at once, in real time: never more than Max, nobody is lost, and nothing is left.
func TestCrowd(t *testing.T) {
	const max, callers, each = 3, 16, 60
	w := newWorks(concurrency.New(concurrency.Config{Max: max, MaxWaiting: callers, Wait: time.Minute, Key: func(*fastmcp.Context) string { return "" }}))
	close(w.letGo)
	var all sync.WaitGroup
	var done atomic.Int64
	for range callers {
		all.Go(func() {
			for range each {
				if a := callertest.Do(t, w.App, callertest.Call{Tool: "a", Args: `{"id":"x"}`}); a.Status == 200 {
					done.Add(1)
				}
				runtime.Gosched()
			}
		})
	}
	all.Wait()
	if w.most.Load() > max || done.Load() != callers*each {
		t.Errorf("%d at once, %d of %d done", w.most.Load(), done.Load(), callers*each)
	}
}

// TestBadConfig: a mistake panics in New, with the cure.
func TestBadConfig(t *testing.T) {
	for want, config := range map[string]concurrency.Config{
		"Max is -1: it must be 1 or more":            {Max: -1},
		"to have no bound leave concurrency out":     {Max: -5},
		"Wait is -1s: set MaxWaiting to -1":          {Wait: -time.Second},
		`Methods has "": name a method`:              {Methods: []string{""}},
		"leave Methods out for those that run the A": {Methods: []string{"tools/call", ""}},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "concurrency: ") || !strings.Contains(got, want) {
					t.Errorf("%q, want %q in it", got, want)
				}
			}()
			concurrency.New(config)
		}()
	}
}
