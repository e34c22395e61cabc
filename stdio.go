//go:build !js

package fastmcp

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/transport/stdio"
)

// stdioDrain is how long running calls may take to end once the input has ended, and stdioUnwind how long after they
// have been cancelled. Together they are less than the 2 s that clients wait for a server to exit before they kill it.
const (
	stdioDrain  = time.Second
	stdioUnwind = 300 * time.Millisecond
)

// ServeStdio serves the App to the one client that has started the process, over its standard input and output, until the
// input ends, ctx ends, Shutdown is called, or the process gets SIGTERM or SIGINT: then it returns nil. Running calls may
// take 1 s to end then, or Config.ShutdownTimeout if that is less; those of 2026-07-28 are cancelled at once. The App has
// been shut down when it returns. A second signal ends the process at once. An error is one of Config.Storage, or of
// reading or writing: a client that does not read any more is one.
//
// Standard output belongs to MCP alone. Whatever a handler, or a library, prints there breaks the connection: print to
// os.Stderr. slog.Default, and so the default of Config.Log, writes there unless the program has changed it.
//
// Clients have no name over stdio: the principal is nil, and Config.Auth is not asked, so that guards let in whom they
// would let in anonymously. Fiber's handlers do not run; MCP's do. HTTPConfig.MaxBody and MaxBatch bound messages here,
// too. At most 64 requests run at a time, and 1,024 more wait; what comes on top gets error -32000.
func (a *App) ServeStdio(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second one has its usual effect
	// Without this a client that has gone would end the process with the next write, before the App has been shut down
	// (os/signal, SIGPIPE): with it, the write fails.
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	defer signal.Stop(pipes)
	return a.serveStdio(ctx, os.Stdin, os.Stdout)
}

// serveStdio is ServeStdio on any pair of streams.
func (a *App) serveStdio(ctx context.Context, in io.Reader, out io.Writer) error {
	if err := a.start(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(a.base, cancel)() // Shutdown was called
	c := &a.config
	err := stdio.Serve(ctx, a.Engine(), in, out, stdio.Config{
		MaxMessage: c.HTTP.MaxBody, MaxBatch: c.HTTP.MaxBatch, Drain: min(stdioDrain, c.ShutdownTimeout), Unwind: stdioUnwind, Log: c.Log,
	})
	if a.base.Err() != nil {
		return err // who has called Shutdown hears how it went
	}
	// Calls that have not returned by now were cancelled, and waited for: they are not waited for again.
	over, end := context.WithTimeout(context.Background(), stdioUnwind)
	defer end()
	if stopped := a.Shutdown(over); errors.Is(stopped, context.DeadlineExceeded) {
		c.Log.Warn("stopped before all calls had ended", "error", stopped)
	} else {
		err = errors.Join(err, stopped)
	}
	return err
}
