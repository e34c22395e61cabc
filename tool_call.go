package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// slots bounds how many calls of a tool run at once, and how many wait.
type slots struct {
	free    chan struct{}
	waiting atomic.Int64
	most    int64 // that wait
}

// maxWait is how long a call waits when the tool has no Timeout.
const maxWait = 30 * time.Second

func newSlots(n, waiting int) *slots {
	return &slots{free: make(chan struct{}, n), most: int64(max(waiting, 0))}
}

// take waits for a free slot; the error tells the model that there is none.
func (s *slots) take(c *Context) error {
	select {
	case s.free <- struct{}{}:
		return nil
	default:
	}
	busy := Errorf("The tool is busy: %d calls are running. Try again in a moment.", cap(s.free))
	if s.waiting.Add(1) > s.most {
		s.waiting.Add(-1)
		return busy
	}
	defer s.waiting.Add(-1)
	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	select {
	case s.free <- struct{}{}:
		return nil
	case <-c.Done():
		if errors.Is(c.Err(), context.DeadlineExceeded) {
			return busy
		}
		return c.Err()
	case <-timer.C:
		return busy
	}
}

func (s *slots) release() { <-s.free }

// callTool is the last link of a tool call's chain: the function itself.
func callTool(c *Context) error {
	if c.job.keyed != nil {
		return callKeyed(c)
	}
	return runTool(c)
}

// runTool runs the function, when it is its turn.
func runTool(c *Context) error {
	t := c.tool
	if t.def.Timeout > 0 {
		defer c.life.limit(t.def.Timeout)()
	}
	if t.slots != nil {
		if err := t.slots.take(c); err != nil {
			return err
		}
	}
	if t.def.Timeout > 0 && t.def.Abandon {
		return abandonable(c)
	}
	if t.slots != nil {
		defer t.slots.release()
	}
	v, err := t.def.Handler.call(c, c.binder())
	if err != nil {
		return timedOut(c, err)
	}
	c.result = v
	return nil
}

// abandonable runs the function on a goroutine of its own and stops waiting for it when its time is over.
func abandonable(c *Context) error {
	t := c.tool
	c.call.Peer.Keep()
	type outcome struct {
		v   any
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		if t.slots != nil {
			defer t.slots.release()
		}
		var o outcome
		o.err = contain(func() (err error) {
			o.v, err = t.def.Handler.call(c, c.binder())
			return err
		})
		done <- o
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return timedOut(c, o.err)
		}
		c.result = o.v
		return nil
	case <-c.Done():
		return timedOut(c, c.Err())
	}
}

// timedOut tells a model that a tool had no time left, when that is why it failed.
func timedOut(c *Context, err error) error {
	if c.tool.def.Timeout <= 0 {
		return err // it was the end of a task's TTL
	}
	if !errors.Is(c.life.error(), context.DeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		return err
	}
	e := Errorf("The tool %s timed out after %s.", c.tool.def.Name, c.tool.def.Timeout)
	if e.cause = err; !errors.Is(err, context.DeadlineExceeded) {
		e.cause = fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	return e
}
