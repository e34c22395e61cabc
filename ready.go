package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

var (
	// ErrDraining is what Ready says once the App is about to stop: Drain was called, or Shutdown, or SIGTERM has come.
	ErrDraining = errors.New("fastmcp: draining")
	// ErrStore is what Ready says when Config.Storage cannot be reached. Why is wrapped with it.
	ErrStore = errors.New("fastmcp: the store cannot be reached")
)

// Ready tells whether new work should come to this node: nil, ErrDraining or ErrStore, the last of which bears the
// storage's own error, that may name addresses. It asks the storage, within ctx, and does not depend on who is connected.
// An App that is not ready works on for those who come all the same. routes.Ready makes it the answer to a probe.
func (a *App) Ready(ctx context.Context) error {
	if a.http.Draining() {
		return ErrDraining
	}
	if err := a.reach.ask(ctx, a.base, a.backend.KV); err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	return nil
}

// reach asks a storage whether it is there. One question is under way at a time, and who asks meanwhile waits for its
// answer: a storage of Fiber's knows no Context, and one that hangs would keep a goroutine for each question.
type reach struct {
	mu  sync.Mutex
	now *reached // the question that is under way
}

type reached struct {
	done chan struct{}
	err  error
}

// reachTimeout ends a question that its storage can be told to give up; who asks mostly waits for less.
const reachTimeout = 5 * time.Second

func (r *reach) ask(ctx, base context.Context, kv store.KV) error {
	r.mu.Lock()
	q := r.now
	if q == nil {
		q = &reached{done: make(chan struct{})}
		r.now = q
		go r.run(q, base, kv)
	}
	r.mu.Unlock()
	select {
	case <-q.done:
		return q.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *reach) run(q *reached, base context.Context, kv store.KV) {
	ctx, cancel := context.WithTimeout(base, reachTimeout)
	defer cancel()
	q.err = errors.New("the storage has ended its goroutine") // runtime.Goexit: contain does not come back
	defer func() {
		r.mu.Lock()
		r.now = nil
		r.mu.Unlock()
		close(q.done)
	}()
	q.err = contain(func() error { return kv.Ping(ctx) })
}
