package fastmcp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
)

// sequence is what happened, as it came.
type sequence struct {
	mu  sync.Mutex
	all []string
}

func (o *sequence) add(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, what)
}

func (o *sequence) is(t testing.TB, want ...string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Equal(o.all, want) {
		t.Errorf("%q, want %q", o.all, want)
	}
}

// notes has an App tell what is called.
func (o *sequence) notes(app *fastmcp.App) {
	for _, n := range []string{"1", "2"} {
		app.OnStart(func(context.Context) error { o.add("start " + n); return nil })
		app.OnListen(func(info fastmcp.ListenInfo) { o.add("listen " + n) })
		app.OnShutdown(func(context.Context) error { o.add("shutdown " + n); return nil })
	}
}

func TestHooksOfListener(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	var o sequence
	var info fastmcp.ListenInfo
	listens := make(chan struct{})
	o.notes(app)
	app.OnListen(func(i fastmcp.ListenInfo) {
		info = i
		res, err := http.Get(i.URL) // what listens answers
		if err != nil {
			t.Error(err)
		} else {
			_ = res.Body.Close()
		}
		close(listens)
	})
	s := serve(t, app, l)
	receive(t, "OnListen", listens)
	if info.Network != "tcp" || info.Address != s.addr || info.URL != s.url || info.TLS || info.Admin {
		t.Errorf("%+v", info)
	}
	for range 2 {
		if err := app.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	o.is(t, "start 1", "start 2", "listen 1", "listen 2", "shutdown 2", "shutdown 1")
}

func TestHooksOfMountAndStdioAndStart(t *testing.T) {
	mounted, _ := newApp(t, fastmcp.Config{})
	var o sequence
	o.notes(mounted)
	mounted.Mount(fiber.New())
	if err := mounted.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	o.is(t, "start 1", "start 2", "shutdown 2", "shutdown 1")

	started, _ := newApp(t, fastmcp.Config{})
	o = sequence{}
	o.notes(started)
	for range 2 {
		if err := started.Start(); err != nil {
			t.Error(err)
		}
	}
	o.is(t, "start 1", "start 2")
	if started.Stats().Started.IsZero() {
		t.Error("it does not tell when it was started")
	}
	if err := started.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	o.is(t, "start 1", "start 2", "shutdown 2", "shutdown 1")

	never, _ := newApp(t, fastmcp.Config{})
	o = sequence{}
	o.notes(never)
	if err := never.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	o.is(t, "shutdown 2", "shutdown 1")
}

func TestOnStartFails(t *testing.T) {
	broken := errors.New("no database")
	for name, f := range map[string]func(context.Context) error{
		"error": func(context.Context) error { return broken },
		"panic": func(context.Context) error { panic(broken) },
	} {
		app, l := newApp(t, fastmcp.Config{})
		var o sequence
		app.OnStart(f)
		app.OnStart(func(context.Context) error { o.add("start"); return nil })
		app.OnListen(func(fastmcp.ListenInfo) { o.add("listen") })
		app.OnShutdown(func(context.Context) error { o.add("shutdown"); return nil })
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		err = app.Listener(ln)
		if err == nil || !strings.Contains(err.Error(), "OnStart") || !strings.Contains(err.Error(), "no database") || name == "error" && !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
			t.Errorf("%s: it listens", name)
		}
		if name == "panic" && !strings.Contains(l.String(), "lifecycle_test.go") {
			t.Errorf("the log has no stack: %s", l)
		}
		if !app.Stats().Started.IsZero() {
			t.Errorf("%s: it says that it serves", name)
		}
		if err := app.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		o.is(t, "shutdown")
		expectPanic(t, "no database", func() {
			other, _ := newApp(t, fastmcp.Config{})
			other.OnStart(f)
			other.Mount(fiber.New())
		})
	}
}

// What OnStart leaves running ends before the functions of OnShutdown are called, which may wait for it.
func TestOnStartMayLeaveGoroutines(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	ended := make(chan struct{})
	app.OnStart(func(ctx context.Context) error {
		go func() { <-ctx.Done(); close(ended) }()
		return nil
	})
	app.OnShutdown(func(ctx context.Context) error {
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	serve(t, app, l).begun()
	if err := app.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// The functions of OnShutdown are called when the calls are over and the storage is still open.
func TestOnShutdownComesBetweenCallsAndStorage(t *testing.T) {
	kept := &closing{mapped: mapped{values: map[string][]byte{}}}
	l := livingApp(t, fastmcp.Config{Storage: kept, Keys: [][]byte{[]byte(strings.Repeat("k", 32))}})
	var o sequence
	l.app.OnShutdown(func(context.Context) error {
		o.add(fmt.Sprintf("%d calls, closed: %v", l.app.Stats().Running, kept.closed))
		return nil
	})
	l.server = serve(t, l.app, l.log)
	c := l.open("2025-11-25")
	held := l.start(func() answer { return c.call("hold", "{}") })
	over := make(chan error, 1)
	go func() { over <- l.app.Shutdown(context.Background()) }()
	l.comes("it is about to stop", func(s fastmcp.Stats) bool { return s.Draining })
	o.is(t)
	l.letGo <- struct{}{}
	receive(t, "the answer", held)
	if err := receive(t, "the end", over); err != nil {
		t.Error(err)
	}
	o.is(t, "0 calls, closed: false")
	if !kept.closed {
		t.Error("the storage was not closed")
	}
}

// closing is a storage that the App opens, and so closes.
type closing struct {
	mapped
	closed bool
}

func (c *closing) Open(context.Context) error { return nil }
func (c *closing) Close() error               { c.closed = true; return nil }

func TestOnShutdownFails(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	first, second := errors.New("first"), errors.New("second")
	var o sequence
	app.OnShutdown(func(context.Context) error { o.add("last"); return first })
	app.OnShutdown(func(context.Context) error { panic(second) })
	app.OnShutdown(func(context.Context) error {
		app.OnShutdown(func(context.Context) error { o.add("late"); return nil })
		return second
	})
	err := app.Shutdown(t.Context())
	if !errors.Is(err, first) || !errors.Is(err, second) || !strings.Contains(err.Error(), "panic: second") || strings.Count(err.Error(), "OnShutdown") != 3 {
		t.Error(err)
	}
	o.is(t, "late", "last")
	if !strings.Contains(l.String(), "OnShutdown panicked") {
		t.Error(l)
	}
	expectPanic(t, "OnShutdown was called when the App had been shut down", func() { app.OnShutdown(func(context.Context) error { return nil }) })
}

// One that does not come back does not hold up the others, nor Shutdown.
func TestOnShutdownIsBounded(t *testing.T) {
	app, _ := newApp(t, fastmcp.Config{})
	stuck := make(chan struct{})
	defer close(stuck)
	var o sequence
	app.OnShutdown(func(ctx context.Context) error { o.add("last"); return ctx.Err() })
	app.OnShutdown(func(context.Context) error { <-stuck; return nil })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	begun := time.Now()
	err := app.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "still running") {
		t.Error(err)
	}
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("it took %s", d)
	}
	o.is(t, "last")
}

func TestHooksComeTooLate(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	listens := make(chan struct{})
	app.OnStart(func(context.Context) error {
		app.OnStart(func(context.Context) error { return nil }) // in time
		app.OnListen(func(fastmcp.ListenInfo) { close(listens) })
		return nil
	})
	serve(t, app, l)
	receive(t, "OnListen", listens)
	expectPanic(t, "OnStart was called when the App was serving already: register its functions before", func() { app.OnStart(func(context.Context) error { return nil }) })
	expectPanic(t, "OnListen was called when the App was listening already: register its functions before Listen", func() { app.OnListen(func(fastmcp.ListenInfo) {}) })
	app.OnShutdown(func(context.Context) error { return nil })
	expectPanic(t, "OnStart was given nil", func() { app.OnStart(nil) })
	expectPanic(t, "OnListen was given nil", func() { app.OnListen(nil) })
	expectPanic(t, "OnShutdown was given nil", func() { app.OnShutdown(nil) })
}

func TestOnListenPanics(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(addTool)
	app.OnListen(func(fastmcp.ListenInfo) { panic("broken") })
	s := serve(t, app, l)
	if r := s.callStateless("add", `{"a":1,"b":2}`).message(t).tool(t); r.IsError {
		t.Errorf("%+v", r)
	}
	within(t, 5*time.Second, "the panic is logged", func() bool { return strings.Contains(l.String(), "OnListen panicked") })
}

// expectPanic makes sure that f panics, and says so.
func expectPanic(t testing.TB, says string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), says) {
			t.Errorf("it panicked with %v, want %q", v, says)
		}
	}()
	f()
}

// An App that is shut down before it serves, or while it starts to, ends as one that is shut down while it serves, and
// starts no more.
func TestShutDownBeforeItServes(t *testing.T) {
	app, _ := newApp(t, fastmcp.Config{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := app.Listener(ln); err != nil {
		t.Errorf("Listener: %v", err)
	}
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
	if err := app.Start(); err == nil || !strings.Contains(err.Error(), "has been shut down") {
		t.Errorf("Start: %v", err)
	}
	for range 20 {
		app, _ := newApp(t, fastmcp.Config{})
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- app.Listener(ln) }()
		if err := app.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Errorf("Listener: %v", err)
		}
	}
}
