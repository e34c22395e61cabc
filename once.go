package fastmcp

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// once is the result of a Once, and done is closed when there is one, or none.
type once struct {
	done   chan struct{}
	result json.RawMessage // nil while fn runs
}

// Once runs fn the first time that the request comes by, and afterwards gives what it returned: in 2026-07-28, where a
// handler that asks runs again from its beginning, it keeps effects before a question from happening twice. The key
// names it within the request, beside the keys of questions. The result travels through the client, sealed, so it is
// JSON and should be small. An error is not kept: the next time fn runs again.
//
// What has run is also noted in Config.Storage for Config.AskTTL, so that a client which sends the same answers twice, at
// once or to two nodes of a shared storage, has fn run once; the one that comes later waits for the result. A client that
// begins anew, without the state that it was given, has begun another request. In a task that another node may run again
// (Tool.TaskResumable) it is noted in every revision, for as long as the task may last. Where the storage cannot be reached, fn
// does not run and the error is the storage's. When a node dies while fn runs, fn may run again after half a minute. fn
// must not call Once with its own key.
func Once[T any](c *Context, key string, fn func() (T, error)) (T, error) {
	var zero T
	a := c.job.asks()
	for {
		o, mine := a.begin(key)
		if mine {
			return runOnce(c, a, key, o, fn)
		}
		select {
		case <-o.done:
		case <-c.Done():
			return zero, c.Err()
		}
		if o.result == nil {
			continue // who ran it has failed
		}
		return resultOfOnce[T](key, o.result)
	}
}

func resultOfOnce[T any](key string, raw []byte) (v T, err error) {
	if err := json.Unmarshal(raw, &v); err != nil {
		var zero T
		return zero, fmt.Errorf("fastmcp: the result of Once %q is no %T: %w", key, zero, err)
	}
	return v, nil
}

func runOnce[T any](c *Context, a *inquiry, key string, o *once, fn func() (T, error)) (T, error) {
	var raw []byte
	defer func() { a.settle(key, o, raw) }() // whatever fn does, those that wait go on
	note, earlier, err := c.noteOnce(a, key)
	if err != nil {
		var zero T
		return zero, err
	}
	if earlier != nil {
		raw = earlier
		return resultOfOnce[T](key, raw)
	}
	defer func() { note.settle(raw) }()
	v, err := fn()
	if err != nil {
		return v, err
	}
	b, err := json.Marshal(v)
	if err != nil {
		var zero T
		return zero, fmt.Errorf("fastmcp: the result of Once %q is not JSON: %w", key, err)
	}
	raw = b
	return v, nil
}

// begin finds a Once, or makes it the caller's to run.
func (a *inquiry) begin(key string) (o *once, mine bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if o := a.once[key]; o != nil {
		return o, false
	}
	if a.once == nil {
		a.once = make(map[string]*once)
	}
	o = &once{done: make(chan struct{})}
	a.once[key] = o
	return o, true
}

// settle keeps a result; nil forgets that it was tried.
func (a *inquiry) settle(key string, o *once, result []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if o.result = result; result == nil {
		delete(a.once, key)
	}
	close(o.done)
}

// requestID names the request through all its rounds. It travels in the sealed state.
func (a *inquiry) requestID() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.name()
	return a.id
}

// name gives the request its id. a.mu is held.
func (a *inquiry) name() {
	if a.id == "" {
		a.id = newID()
	}
}

// onceLease is how long a node that runs a Once is believed to be alive, without a sign; it gives three in that time.
const onceLease = 30 * time.Second

// onceLook is how often the result of a Once is looked for that runs elsewhere.
const onceLook = 50 * time.Millisecond

// onceNote is what the store knows of a Once that runs here. In the revisions with sessions, where a handler runs once,
// there is none: nil.
type onceNote struct {
	c    *Context
	name string
	stop context.CancelFunc
}

// runsAgain tells that the job is a task that another node may run again, in whatever revision.
func (j *job) runsAgain() bool { return j.task != nil && j.task.resumable }

// keepsOnce is how long it is known what has run once: as long as it may come by again.
func (c *Context) keepsOnce() time.Duration {
	if c.job.runsAgain() {
		return max(c.job.task.ttl, c.engine.config.AskTTL)
	}
	return c.engine.config.AskTTL
}

// noteOnce notes that a Once begins to run, or finds what it has come to, when it has run in another round.
func (c *Context) noteOnce(a *inquiry, key string) (note *onceNote, result []byte, err error) {
	if !c.call.Revision.IsStateless() && !c.job.runsAgain() {
		return nil, nil, nil
	}
	name, kv := a.requestID()+" "+key, c.engine.notes
	for {
		mine, err := kv.Atomic.SetNX(c, name, []byte{}, onceLease)
		if err != nil {
			return nil, nil, fmt.Errorf("fastmcp: Once %q: %w", key, err)
		}
		if mine {
			note := &onceNote{c: c, name: name}
			note.stop = note.keepAlive()
			return note, nil, nil
		}
		if result, err = kv.KV.Get(c, name); err != nil {
			return nil, nil, fmt.Errorf("fastmcp: Once %q: %w", key, err)
		}
		if len(result) > 0 {
			return nil, result, nil
		}
		look := time.NewTimer(onceLook)
		select {
		case <-look.C:
		case <-c.Done():
			look.Stop()
			return nil, nil, c.Err()
		}
	}
}

// keepAlive gives signs of life, while fn runs.
func (n *onceNote) keepAlive() context.CancelFunc {
	ctx, stop := context.WithCancel(context.Background())
	var sign func()
	sign = func() {
		if ctx.Err() == nil && n.c.engine.notes.KV.Touch(ctx, n.name, onceLease) == nil {
			time.AfterFunc(onceLease/3, sign)
		}
	}
	time.AfterFunc(onceLease/3, sign)
	return stop
}

// settle keeps the result for as long as the client may come back with it; nil has it run again.
func (n *onceNote) settle(result []byte) {
	if n == nil {
		return
	}
	n.stop()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(n.c), storeTimeout)
	defer cancel()
	e, err := n.c.engine, error(nil)
	if result == nil {
		err = e.notes.KV.Delete(ctx, n.name)
	} else {
		err = e.notes.KV.Set(ctx, n.name, result, n.c.keepsOnce())
	}
	if err != nil {
		n.c.Log().Error("the result of a Once could not be kept", "error", err)
	}
}
