package fastmcp

import (
	"encoding/json"
	"fmt"
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
// It is once for as long as the client goes on from where it was: one that begins anew, or answers the same question
// twice, has fn run for each. fn must not call Once with its own key.
func Once[T any](c *Context, key string, fn func() (T, error)) (T, error) {
	var zero T
	a := c.job.asks()
	for {
		o, mine := a.begin(key)
		if mine {
			return runOnce(a, key, o, fn)
		}
		select {
		case <-o.done:
		case <-c.Done():
			return zero, c.Err()
		}
		if o.result == nil {
			continue // who ran it has failed
		}
		var v T
		if err := json.Unmarshal(o.result, &v); err != nil {
			return zero, fmt.Errorf("fastmcp: the result of Once %q is no %T: %w", key, zero, err)
		}
		return v, nil
	}
}

func runOnce[T any](a *inquiry, key string, o *once, fn func() (T, error)) (T, error) {
	var raw []byte
	defer func() { a.settle(key, o, raw) }() // whatever fn does, those that wait go on
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
