package fastmcp_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// TestIdempotencyLongRuns: a call that runs for longer than the window is still that one call.
func TestIdempotencyLongRuns(t *testing.T) {
	shared := newKeyedStore()
	h := newHeld()
	config := fastmcp.Config{Idempotency: fastmcp.IdempotencyConfig{Window: time.Nanosecond}} // which is 1 s
	register := func(app *fastmcp.App) { app.AddTool(fastmcp.Tool{Name: "hold", Handler: fastmcp.Get(h.run)}) }
	a, b := shared.node(t, config, register), shared.node(t, config, register)
	over := make(chan answer, 2)
	go func() { over <- a.keyed(aliceHeader, 1, "hold", `{}`, "k", "") }()
	receive(t, "its beginning", h.begun)
	for range 4 {
		before := a.view.touched.Load()
		within(t, 20*time.Second, "it is kept for longer", func() bool { return a.view.touched.Load() > before })
		shared.advance(900 * time.Millisecond)
	}
	go func() { over <- b.keyed(aliceHeader, 2, "hold", `{}`, "k", "") }()
	h.letGo <- nil
	for range 2 {
		receive(t, "an answer", over).says(t, "done")
	}
	if len(h.begun) != 0 {
		t.Error("it ran twice")
	}
}

// TestIdempotencyStoreFails: a step of the store fails, before the function runs and after it has.
func TestIdempotencyStoreFails(t *testing.T) {
	shared := newKeyedStore()
	var runs atomic.Int64
	window := fastmcp.Config{Idempotency: fastmcp.IdempotencyConfig{Window: time.Second}}
	a, b := shared.node(t, window, counting(&runs)), shared.node(t, window, counting(&runs))
	for _, op := range []string{"Get", "Add", "Set", "SetNX"} {
		a := shared.node(t, window, counting(&runs)) // which has given no sign of life yet
		a.view.only.Store(op)
		before := runs.Load()
		a.keyed(aliceHeader, 1, "t", `{}`, op, "").refusedAs(t, 503, -32000, "has not run")
		if runs.Load() != before {
			t.Errorf("%s: it ran", op)
		}
		a.view.only.Store("")
		if r := b.keyed(aliceHeader, 2, "t", `{}`, op, "").message(t).tool(t); r.IsError || runs.Load() != before+1 {
			t.Errorf("%s: %+v, %d runs", op, r, runs.Load()-before)
		}
	}
	// The store has taken the key and said that it has not, and does not take it back at once.
	a.view.only.Store("SetNX")
	a.view.took.Store(true)
	before := runs.Load()
	a.keyed(aliceHeader, 1, "t", `{}`, "took", "").refusedAs(t, 503, -32000, "has not run")
	a.view.only.Store("SetNX CAS")
	a.keyed(aliceHeader, 1, "t", `{}`, "took for longer", "").refusedAs(t, 503, -32000, "has not run")
	a.view.took.Store(false)
	a.view.only.Store("")
	for i, key := range []string{"took", "took for longer"} {
		if r := b.keyed(aliceHeader, 2, "t", `{}`, key, "").message(t).tool(t); r.IsError || runs.Load() != before+int64(i)+1 {
			t.Errorf("%+v, %d runs", r, runs.Load()-before)
		}
	}
	// What it came to is not taken: its caller has it, and others learn that it has run.
	a.view.only.Store("CAS")
	before = runs.Load()
	if r := a.keyed(aliceHeader, 1, "t", `{}`, "lost", "").message(t).tool(t); r.IsError {
		t.Errorf("%+v", r)
	}
	a.view.only.Store("")
	if r := b.keyed(aliceHeader, 2, "t", `{}`, "lost", "").message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "The call has run, but") || runs.Load() != before+1 {
		t.Errorf("%+v, %d runs", r, runs.Load()-before)
	}
	if !strings.Contains(a.log.String(), "could not be kept") {
		t.Errorf("the operator reads %s", a.log)
	}
}

// TestIdempotencyStoreIsEmptied: the store has lost everything while a call runs, and it may have been begun again.
func TestIdempotencyStoreIsEmptied(t *testing.T) {
	shared := newKeyedStore()
	h := newHeld()
	register := func(app *fastmcp.App) { app.AddTool(fastmcp.Tool{Name: "hold", Handler: fastmcp.Get(h.run)}) }
	a, b := shared.node(t, fastmcp.Config{}, register), shared.node(t, fastmcp.Config{}, register)
	over := make(chan answer)
	go func() { over <- a.keyed(aliceHeader, 1, "hold", `{}`, "k", "") }()
	receive(t, "its beginning", h.begun)
	if err := shared.Reset(); err != nil {
		t.Fatal(err)
	}
	h.letGo <- nil
	receive(t, "its answer", over).says(t, "done")
	b.keyed(aliceHeader, 2, "hold", `{}`, "k", "").says(t, "done")

	go func() { over <- a.keyed(aliceHeader, 1, "hold", `{}`, "twice", "") }()
	receive(t, "its beginning", h.begun)
	if err := shared.Reset(); err != nil {
		t.Fatal(err)
	}
	other := make(chan answer)
	go func() { other <- b.keyed(aliceHeader, 1, "hold", `{}`, "twice", "") }()
	receive(t, "its beginning, once more", h.begun)
	h.letGo <- nil
	h.letGo <- nil
	receive(t, "an answer", over).says(t, "done")
	receive(t, "the other", other).says(t, "done")
	if !strings.Contains(a.log.String()+b.log.String(), "is kept already, or its idempotency key was used again") {
		t.Errorf("the operator reads %s", a.log)
	}
}

// holdingCalls are those of a tool that holds them, and where the errors go that they end with.
func holdingCalls() (h *held, ended chan error, register func(app *fastmcp.App)) {
	h, ended = newHeld(), make(chan error, 8)
	return h, ended, func(app *fastmcp.App) {
		app.Use(func(c *fastmcp.Context) error {
			err := c.Next()
			if err != nil {
				ended <- err
			}
			return err
		})
		app.AddTool(fastmcp.Tool{Name: "hold", Handler: fastmcp.Get(h.run)})
	}
}

// TestIdempotencyWhoWaitsLeaves: one who waits goes away, or its node is about to stop, and the call runs on.
func TestIdempotencyWhoWaitsLeaves(t *testing.T) {
	shared := newKeyedStore()
	h, ended, register := holdingCalls()
	a, b := shared.node(t, fastmcp.Config{}, register), shared.node(t, fastmcp.Config{}, register)
	over := make(chan answer)
	go func() { over <- a.keyed(aliceHeader, 1, "hold", `{}`, "k", "") }()
	receive(t, "its beginning", h.begun)
	ctx, leave := context.WithCancel(t.Context())
	head, body := keyedRequest(aliceHeader, 2, "hold", `{}`, keyedMeta("k"), "")
	request := b.request(ctx, "POST", head, body)
	go func() {
		if res, err := http.DefaultClient.Do(request); err == nil {
			t.Errorf("an answer: %s", res.Status)
			_ = res.Body.Close()
		}
	}()
	before := shared.keyed.Load()
	within(t, 20*time.Second, "it waits", func() bool { return shared.keyed.Load() > before+3 })
	leave()
	if err := receive(t, "its end", ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	waits := make(chan answer)
	go func() { waits <- b.keyed(aliceHeader, 3, "hold", `{}`, "k", "") }()
	before = shared.keyed.Load()
	within(t, 20*time.Second, "it waits", func() bool { return shared.keyed.Load() > before+3 })
	b.view.only.Store("Get")
	receive(t, "an answer", waits).refusedAs(t, 503, -32000, "has not run")
	b.view.only.Store("")
	go func() { waits <- b.keyed(aliceHeader, 4, "hold", `{}`, "k", "") }()
	before = shared.keyed.Load()
	within(t, 20*time.Second, "it waits", func() bool { return shared.keyed.Load() > before+3 })
	stopped := make(chan error)
	go func() { stopped <- b.app.Shutdown(t.Context()) }()
	receive(t, "an answer", waits).refusedAs(t, 503, -32000, "shutting down")
	if err := receive(t, "the stop", stopped); err != nil {
		t.Error(err)
	}
	h.letGo <- nil
	receive(t, "the answer", over).says(t, "done")
}

// TestIdempotencyRace: two find nothing under their key, and one is first to take it. The other waits, unless its client has gone
// away meanwhile.
func TestIdempotencyRace(t *testing.T) {
	shared := newKeyedStore()
	h, ended, register := holdingCalls()
	a, b := shared.node(t, fastmcp.Config{}, register), shared.node(t, fastmcp.Config{}, register)
	gate := &keyedGate{make(chan struct{}), make(chan struct{})}
	b.view.gate.Store(gate)
	over := make(chan answer, 2)
	go func() { over <- b.keyed(aliceHeader, 2, "hold", `{}`, "k", "") }()
	receive(t, "the second to take it", gate.come)
	ctx, leave := context.WithCancel(t.Context())
	head, body := keyedRequest(aliceHeader, 3, "hold", `{}`, keyedMeta("k")+`,"progressToken":1`, "")
	request := b.request(ctx, "POST", head, body)
	go func() {
		if res, err := http.DefaultClient.Do(request); err == nil {
			t.Errorf("an answer: %s", res.Status)
			_ = res.Body.Close()
		}
	}()
	receive(t, "the third to take it", gate.come)
	go func() { over <- a.keyed(aliceHeader, 1, "hold", `{}`, "k", "") }()
	receive(t, "the first", h.begun)
	leave()
	close(gate.letGo)
	if err := receive(t, "the end of the one that has left", ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	h.letGo <- nil
	for range 2 {
		receive(t, "an answer", over).says(t, "done")
	}
	if len(h.begun) != 0 {
		t.Error("it ran twice")
	}
}
