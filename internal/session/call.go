package session

import "bytes"

// Canceler is what ends a running call.
type Canceler interface {
	// Cancel is called at most once, when the client cancels the call or the session ends.
	Cancel(reason string)
}

// call is a request of the client's that is running.
type call struct {
	id        []byte
	canceler  Canceler
	cancelled bool
}

func (c *call) cancel(reason string) {
	if c.canceler != nil {
		c.canceler.Cancel(reason)
	}
}

// Begin notes that a call with that JSON-RPC id, exactly as sent, is running: the session is in use until Finish, and id
// must not change until then. It returns ErrDuplicate, ErrTooMany or ErrEnded, and then there is nothing to Finish.
func (r *Record) Begin(id []byte, c Canceler) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended:
		return ErrEnded
	case r.running(id) >= 0:
		return ErrDuplicate
	case len(r.calls) >= r.hub.c.CallsPerSession:
		return ErrTooMany
	}
	r.calls = append(r.calls, call{id: id, canceler: c})
	r.busy.Add(1)
	return nil
}

// CancelledEarly ends a call that has begun if its cancellation has come before it, by another node.
func (r *Record) CancelledEarly(id []byte) {
	if c := r.hub.cluster; c != nil && c.wasEarly(r.ID, id) {
		r.cancelHere(id, "cancelled before it began")
	}
}

// running is the place of the call with that id, -1 when there is none. Nearly always there are few, and a list that is
// used again costs less than a map. r.mu is held.
func (r *Record) running(id []byte) int {
	for i := range r.calls {
		if bytes.Equal(r.calls[i].id, id) {
			return i
		}
	}
	return -1
}

// Finish notes that the call is over.
func (r *Record) Finish(id []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := r.running(id)
	if i < 0 {
		return
	}
	last := len(r.calls) - 1
	r.calls[i] = r.calls[last]
	r.calls[last] = call{} // what it holds is let go
	r.calls = r.calls[:last]
	r.used.Store(int64(r.hub.now()))
	r.busy.Add(-1)
}

// Cancel cancels a running call at its client's wish, and tells whether it was running here and not cancelled before. One
// that runs on another node is cancelled there.
func (r *Record) Cancel(id []byte, reason string) bool {
	if r.cancelHere(id, reason) {
		return true
	}
	if c := r.hub.cluster; c != nil && len(id) > 0 {
		c.keepEarly(r.ID, id)
		if r.cancelHere(id, reason) { // it has come meanwhile, and has not seen that
			return true
		}
		c.tell(everyNode, message{Kind: toldCancel, Session: r.ID, ID: id, Text: reason})
	}
	return false
}

func (r *Record) cancelHere(id []byte, reason string) bool {
	c, ok := r.mark(id)
	if ok {
		c.cancel(reason)
	}
	return ok
}

// mark notes that a running call has been cancelled.
func (r *Record) mark(id []byte) (c call, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := r.running(id)
	if i < 0 || r.calls[i].cancelled {
		return call{}, false
	}
	r.calls[i].cancelled = true
	return r.calls[i], true
}

// Calls is how many calls are running.
func (r *Record) Calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.calls)
}

// cancelAll marks all calls as cancelled and returns those that were not. r.mu is held.
func (r *Record) cancelAll() (cancelled []call) {
	for i := range r.calls {
		if !r.calls[i].cancelled {
			cancelled = append(cancelled, r.calls[i])
		}
		r.calls[i].cancelled = true
	}
	return cancelled
}
