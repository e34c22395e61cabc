package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// hooks are what is to be called when an App begins and ends to serve.
type hooks struct {
	// starting is held while functions of OnStart run, ending while those of OnShutdown do: who comes meanwhile waits, and finds
	// nothing left to be called.
	starting, ending sync.Mutex

	mu       sync.Mutex
	start    []func(context.Context) error
	listen   []func(ListenInfo)
	shutdown []func(context.Context) error
	started  bool // those of OnStart have run
	listens  bool // those of OnListen have been called
	over     bool // those of OnShutdown have run
}

// ListenInfo is where an App listens: what the functions of OnListen get.
type ListenInfo struct {
	// Network is "tcp" or "unix", and Address where: "127.0.0.1:8080", with the port that the system has chosen for ":0", or the path of
	// the socket.
	Network, Address string
	// TLS tells that connections are encrypted.
	TLS bool
	// Admin tells that it is the second listener, HTTPConfig.AdminAddr.
	Admin bool
	// URL is that of the endpoint as this machine may reach it, "http://127.0.0.1:8080/mcp"; "" on a socket in the file system, and of the second
	// listener.
	URL string
}

// OnStart has f called before the App begins to serve, when Config.Storage is open: to connect what handlers need, or to look
// whether it is there. Several are called in the order of registration. An error ends Listen with it, and what f panics with is an
// error, too; Shutdown is then still to be called by whoever has to close what others have opened. ctx ends when the App has been
// shut down, before the functions of OnShutdown are called, so that f may leave goroutines that live as long.
//
// It holds for Listen, ListenTLS, Listener, ServeStdio and RunTask, whose error it becomes, for Mount, which panics with it, and for
// Start. Once one of them has begun to serve OnStart panics.
func (a *App) OnStart(f func(ctx context.Context) error) {
	h := &a.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	if f == nil {
		panic("fastmcp: OnStart was given nil")
	}
	if h.started {
		panic("fastmcp: OnStart was called when the App was serving already: register its functions before Listen, Mount, ServeStdio or Start")
	}
	h.start = append(h.start, f)
}

// OnListen has f called when the App listens and connections are served: once for each listener. Listen, ListenTLS and Listener wait
// for it, so that it should be quick; what it panics with is logged. Mount and ServeStdio open nothing, and call nobody. Once a
// listener has been opened OnListen panics.
func (a *App) OnListen(f func(ListenInfo)) {
	h := &a.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	if f == nil {
		panic("fastmcp: OnListen was given nil")
	}
	if h.listens {
		panic("fastmcp: OnListen was called when the App was listening already: register its functions before Listen")
	}
	h.listen = append(h.listen, f)
}

// OnShutdown has f called by Shutdown, however the App was served, and also when it was not: when the calls are over, or ctx was, and
// before Config.Storage closes. The one registered last is called first, as deferred functions are. ctx is Shutdown's; a function
// that has not returned 100 ms after ctx has ended is left behind. What they return or panic with is part of Shutdown's error. It
// may be called while the App serves, for what is opened then; when all have been called it panics.
func (a *App) OnShutdown(f func(ctx context.Context) error) {
	h := &a.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	if f == nil {
		panic("fastmcp: OnShutdown was given nil")
	}
	if h.over {
		panic("fastmcp: OnShutdown was called when the App had been shut down: nobody would call it")
	}
	h.shutdown = append(h.shutdown, f)
}

// Start does what comes before serving: it opens Config.Storage and calls the functions of OnStart. Listen, Mount and ServeStdio do it
// themselves; call it where an App is only called in process (CallTool). It does nothing when it has been done. Shutdown ends what it
// has begun.
func (a *App) Start() error { return a.start() }

// begin calls the functions of OnStart, once. One that registers another has that called, too.
func (h *hooks) begin(a *App) error {
	h.starting.Lock()
	defer h.starting.Unlock()
	for i := 0; ; i++ {
		h.mu.Lock()
		if h.started || i == len(h.start) {
			h.started = true
			h.mu.Unlock()
			return nil
		}
		f := h.start[i]
		h.mu.Unlock()
		if a.base.Err() != nil {
			return errShutDown
		}
		if err := a.hooked("OnStart", func() error { return f(a.base) }); err != nil {
			return err
		}
	}
}

// hooked calls a function of the program's. What it panics with is an error that has its stack in the log.
func (a *App) hooked(name string, f func() error) error {
	err := contain(f)
	if p := (*fault)(nil); errors.As(err, &p) {
		a.config.Log.Error(name+" panicked", "error", err, "stack", string(p.stack))
	}
	if err != nil {
		return fmt.Errorf("fastmcp: %s: %w", name, err)
	}
	return nil
}

// listening calls the functions of OnListen.
func (a *App) listening(info ListenInfo) {
	h := &a.hooks
	h.mu.Lock()
	h.listens = true
	all := h.listen
	h.mu.Unlock()
	for _, f := range all {
		_ = a.hooked("OnListen", func() error { f(info); return nil }) // a panic is in the log
	}
}

// lastWords is how long a function of OnShutdown may take when there is no time left.
const lastWords = 100 * time.Millisecond

// end calls the functions of OnShutdown, the last first. One that is registered meanwhile is called, too.
func (h *hooks) end(ctx context.Context, a *App) error {
	h.ending.Lock()
	defer h.ending.Unlock()
	var all []error
	for {
		h.mu.Lock()
		last := len(h.shutdown) - 1
		if last < 0 {
			h.over = true
			h.mu.Unlock()
			return errors.Join(all...)
		}
		f := h.shutdown[last]
		h.shutdown = h.shutdown[:last]
		h.mu.Unlock()
		all = append(all, a.lastCall(ctx, f))
	}
}

// lastCall calls a function of OnShutdown, and waits for it until ctx has ended, and a little longer.
func (a *App) lastCall(ctx context.Context, f func(context.Context) error) error {
	done := make(chan error, 1)
	go func() {
		err := errors.New("fastmcp: OnShutdown: a function has ended its goroutine") // runtime.Goexit: contain does not come back
		defer func() { done <- err }()
		err = a.hooked("OnShutdown", func() error { return f(ctx) })
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	timer := time.NewTimer(lastWords)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("fastmcp: OnShutdown: a function is still running: %w", ctx.Err())
	}
}
