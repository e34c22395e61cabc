package fastmcp

import (
	"context"
	"sync/atomic"
)

// running counts the calls that run, until it is closed to more of them. Make it with newRunning. Its methods may be
// called from any goroutine; begin and Done take a single step each.
type running struct {
	n       atomic.Int64 // how many; from closed upwards once no more may begin
	calls   atomic.Int64 // of tools that are over; beside n, which the same call has just written
	failed  atomic.Int64
	waiting atomic.Bool // somebody has waited, so the last one to end must tell
	wake    chan struct{}
}

// closed is far below any number of calls.
const closed = -1 << 62

func newRunning() *running { return &running{wake: make(chan struct{}, 1)} }

// begin counts one more, unless it is closed.
func (r *running) begin() bool {
	if r.n.Add(1) > 0 {
		return true
	}
	r.Done() // for a moment it looked as if one more were running
	return false
}

// also counts one more for one that runs: it is waited for anyway.
func (r *running) also() bool {
	r.n.Add(1)
	return true
}

// now is how many run.
func (r *running) now() int {
	n := r.n.Load()
	if n < 0 {
		n -= closed
	}
	return int(max(n, 0))
}

// Done counts one less.
func (r *running) Done() {
	if n := r.n.Add(-1); (n == 0 || n == closed) && r.waiting.Load() {
		r.tell()
	}
}

// tell wakes one who waits.
func (r *running) tell() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// none waits until none runs. More may begin meanwhile, and afterwards.
func (r *running) none(ctx context.Context) error {
	return r.until(ctx, func(n int64) bool { return n == 0 || n == closed })
}

// close lets no more begin and waits until none runs.
func (r *running) close(ctx context.Context) error {
	for n := r.n.Load(); n >= 0 && !r.n.CompareAndSwap(n, n+closed); n = r.n.Load() {
	}
	return r.until(ctx, func(n int64) bool { return n == closed })
}

func (r *running) until(ctx context.Context, enough func(n int64) bool) error {
	r.waiting.Store(true)
	for !enough(r.n.Load()) {
		select {
		case <-r.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.tell() // another may wait, too
	return nil
}
