package fastmcp_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// TestIdempotencyAcrossRounds: a call that asks twice is one call to the end. Each of its rounds is sent several times, at once
// and to both nodes, as a client does that loses answers, and each has the tool run once.
func TestIdempotencyAcrossRounds(t *testing.T) {
	shared := newKeyedStore()
	var paid, runs, events atomic.Int64
	register := func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			runs.Add(1)
			n, err := fastmcp.Once(c, "pay", func() (int64, error) { return paid.Add(1), nil })
			if err != nil {
				return "", err
			}
			var one, two person
			if _, err := fastmcp.Elicit(c, "one", "1", &one); err != nil {
				return "", err
			}
			_, err = fastmcp.Elicit(c, "two", "2", &two)
			return fmt.Sprint("paid ", n, " ", one.Name, two.Name), err
		})})
	}
	config := fastmcp.Config{On: fastmcp.Events{ToolCall: func(e fastmcp.ToolCallEvent) {
		if e.Outcome == fastmcp.OutcomeSucceeded { // those that are refused have failed
			events.Add(1)
		}
	}}}
	nodes := []*keyedNode{shared.node(t, config, register), shared.node(t, config, register)}
	send := func(key, more string) answer {
		t.Helper()
		all := make([]answer, 6)
		var senders sync.WaitGroup
		for i := range all {
			senders.Go(func() { all[i] = nodes[i%2].keyed(aliceHeader, 7, "t", `{}`, key, more) })
		}
		senders.Wait()
		for _, a := range all {
			if a.body != all[0].body || a.status != all[0].status {
				t.Errorf("%d %s and %d %s", a.status, a.body, all[0].status, all[0].body)
			}
		}
		return all[0]
	}
	const yes = `{%q:{"action":"accept","content":{"name":%q}}}`
	one := send("k", "").inputs(t)
	answer1 := back(one.State, fmt.Sprintf(yes, "one", "A"))
	two := send("k", answer1).inputs(t)
	if two.Requests["two"].Method == "" || len(two.Requests) != 1 {
		t.Fatalf("%+v", two)
	}
	if q := send("k", "").inputs(t); q.State != two.State {
		t.Errorf("who begins anew is asked %+v", q)
	}
	other := send("other", "").inputs(t)
	send("k", back(other.State, fmt.Sprintf(yes, "one", "B"))).refusedAs(t, 200, -32602, "requestState")
	answer2 := back(two.State, fmt.Sprintf(yes, "two", "B"))
	send("k", answer2).says(t, "paid 1 AB")
	for _, more := range []string{answer2, answer1, "", back(two.State, fmt.Sprintf(yes, "two", "C"))} {
		send("k", more).says(t, "paid 1 AB")
	}
	if runs.Load() != 4 || paid.Load() != 2 || events.Load() != 1 {
		t.Errorf("%d runs, paid %d times, %d events", runs.Load(), paid.Load(), events.Load())
	}
	// A key that comes with the answers only is one from then on.
	late := nodes[0].round(aliceHeader, "t", `{}`, taskCapabilities, "").inputs(t)
	two = send("late", back(late.State, fmt.Sprintf(yes, "one", "L"))).inputs(t)
	send("late", back(two.State, fmt.Sprintf(yes, "two", "M"))).says(t, "paid 3 LM")
	if paid.Load() != 3 {
		t.Errorf("paid %d times", paid.Load())
	}
}

// TestIdempotencyWaitsForAnswers: a question is kept as long as its client may answer it, and the answer for a window.
func TestIdempotencyWaitsForAnswers(t *testing.T) {
	shared := newKeyedStore()
	var paid atomic.Int64
	s := shared.node(t, fastmcp.Config{Idempotency: fastmcp.IdempotencyConfig{Window: time.Minute}}, func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			n, err := fastmcp.Once(c, "pay", func() (int64, error) { return paid.Add(1), nil })
			if err != nil {
				return "", err
			}
			_, err = fastmcp.Elicit(c, "who", "Who?", new(person))
			return fmt.Sprint("paid ", n), err
		})})
	})
	state := s.keyed(aliceHeader, 1, "t", `{}`, "k", "").inputs(t).State
	shared.advance(30*time.Minute - time.Second)
	if q := s.keyed(aliceHeader, 1, "t", `{}`, "k", "").inputs(t); q.State != state {
		t.Errorf("%+v", q)
	}
	s.keyed(aliceHeader, 1, "t", `{}`, "k", back(state, annIsIt)).says(t, "paid 1")
	shared.advance(time.Minute - time.Second)
	s.keyed(aliceHeader, 1, "t", `{}`, "k", "").says(t, "paid 1")
	shared.advance(time.Second)
	if q := s.keyed(aliceHeader, 1, "t", `{}`, "k", "").inputs(t); q.State == state || paid.Load() != 2 {
		t.Errorf("%+v, paid %d times", q, paid.Load())
	}
}

// TestIdempotencyOfAsk: a function whose question is declared runs once, and the question of a middleware takes no key.
func TestIdempotencyOfAsk(t *testing.T) {
	shared := newKeyedStore()
	var runs atomic.Int64
	s := shared.node(t, fastmcp.Config{}, func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "t", Task: fastmcp.TaskOptional, Handler: fastmcp.Ask("who", "Who?", func(c *fastmcp.Context, in struct{}, p person, a fastmcp.Action) (string, error) {
			return fmt.Sprint(p.Name, runs.Add(1)), nil
		})})
		app.AddTool(fastmcp.Tool{Name: "m", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) { return fmt.Sprint("m", runs.Add(1)), nil }), Use: []fastmcp.Handler{func(c *fastmcp.Context) error {
			if _, err := fastmcp.Elicit(c, "who", "Who?", new(person)); err != nil {
				return err
			}
			return c.Next()
		}}})
	})
	for i, tool := range []string{"m", "t"} {
		state := s.keyed(aliceHeader, 1, tool, `{}`, "k", "").inputs(t).State
		first := s.keyed(aliceHeader, 2, tool, `{}`, "k", back(state, annIsIt))
		again := s.keyed(aliceHeader, 2, tool, `{}`, "k", back(state, annIsIt))
		if first.body != again.body {
			t.Errorf("%s: %s and %s", tool, first.body, again.body)
		}
		if tool == "t" {
			s.until(aliceHeader, first.task(t).ID, "completed")
		}
		if runs.Load() != int64(i)+1 {
			t.Errorf("%s: %d runs", tool, runs.Load())
		}
	}
}

// TestIdempotencyOfTasks: a call that becomes a task becomes one.
func TestIdempotencyOfTasks(t *testing.T) {
	shared := newKeyedStore()
	h := newHeld()
	register := func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "hold", Task: fastmcp.TaskOptional, Handler: fastmcp.Get(h.run)})
	}
	nodes := []*keyedNode{shared.node(t, fastmcp.Config{}, register), shared.node(t, fastmcp.Config{}, register)}
	all := make([]answer, 8)
	var senders sync.WaitGroup
	for i := range all {
		senders.Go(func() { all[i] = nodes[i%2].keyed(aliceHeader, 7, "hold", `{}`, "k", "") })
	}
	senders.Wait()
	v := all[0].task(t)
	for _, a := range all {
		if a.body != all[0].body || v.Type != "task" {
			t.Errorf("%s and %s", a.body, all[0].body)
		}
	}
	receive(t, "its beginning", h.begun)
	h.letGo <- nil
	nodes[1].until(aliceHeader, v.ID, "completed")
	if w := nodes[1].keyed(aliceHeader, 9, "hold", `{}`, "k", "").task(t); w.ID != v.ID || len(h.begun) != 0 {
		t.Errorf("%+v", w)
	}
	// The same arguments without a task are another call.
	c := nodes[0].open("2025-11-25", aliceHeader)
	c.send("tools/call", `"name":"hold","arguments":{},"_meta":{`+keyedMeta("k")+`}`).refusedAs(t, 200, -32602, "2026-07-28 task")
}

// TestIdempotencyOfATaskThatIsRefused: for want of room no task was made, and nothing has run.
func TestIdempotencyOfATaskThatIsRefused(t *testing.T) {
	shared := newKeyedStore()
	h := newHeld()
	s := shared.node(t, fastmcp.Config{Tasks: fastmcp.TaskConfig{MaxPerOwner: 1}}, func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "hold", Task: fastmcp.TaskOptional, Handler: fastmcp.Get(h.run)})
	})
	v := s.keyed(aliceHeader, 1, "hold", `{}`, "one", "").task(t)
	for range 2 {
		s.keyed(aliceHeader, 2, "hold", `{}`, "two", "").refusedAs(t, 429, -32000, "Too many of your tasks")
	}
	h.letGo <- nil
	s.until(aliceHeader, v.ID, "completed")
	within(t, 20*time.Second, "there is room", func() bool { return s.keyed(aliceHeader, 3, "hold", `{}`, "two", "").status == 200 })
	h.letGo <- nil
	s.until(aliceHeader, s.keyed(aliceHeader, 4, "hold", `{}`, "two", "").task(t).ID, "completed")
	if len(h.begun) != 2 {
		t.Errorf("%d runs", len(h.begun))
	}
}

// TestIdempotencyTakesNoSlot: who waits for a call takes no place from those that run.
func TestIdempotencyTakesNoSlot(t *testing.T) {
	shared := newKeyedStore()
	h := newHeld()
	var arrived atomic.Int64
	s := shared.node(t, fastmcp.Config{}, func(app *fastmcp.App) {
		app.Use(func(c *fastmcp.Context) error { arrived.Add(1); return c.Next() })
		app.AddTool(fastmcp.Tool{Name: "hold", MaxConcurrent: 1, MaxWaiting: -1, Timeout: time.Minute, Abandon: true, Handler: fastmcp.Get(h.run)})
	})
	over := make(chan answer, 6)
	for i := range 6 {
		go func() { over <- s.keyed(aliceHeader, i, "hold", `{}`, "k", "") }()
		if i == 0 {
			receive(t, "its beginning", h.begun)
		}
	}
	within(t, 20*time.Second, "all have come", func() bool { return arrived.Load() == 6 })
	h.letGo <- nil
	for range 6 {
		receive(t, "an answer", over).says(t, "done")
	}
}

// TestIdempotencyTimeout: what a client is told when a call's time is over is what it came to.
func TestIdempotencyTimeout(t *testing.T) {
	for _, abandon := range []bool{false, true} {
		shared := newKeyedStore()
		h := newHeld()
		s := shared.node(t, fastmcp.Config{}, func(app *fastmcp.App) {
			app.AddTool(fastmcp.Tool{Name: "hold", Timeout: 20 * time.Millisecond, Abandon: abandon, Handler: fastmcp.Get(h.run)})
		})
		for range 2 {
			if r := s.keyed(aliceHeader, 1, "hold", `{}`, "k", "").message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "timed out after 20ms") || len(h.begun) != 1 {
				t.Errorf("abandoned %v: %+v, %d runs", abandon, r, len(h.begun))
			}
		}
	}
}
