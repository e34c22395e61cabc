package session

// call is a request of the client's that is running.
type call struct {
	cancel    func(reason string)
	cancelled bool
}

// Begin notes that a call with that JSON-RPC id, exactly as sent, is running: the session is in use until Finish. cancel
// is called at most once, when the client cancels the call or the session ends. It returns ErrDuplicate, ErrTooMany or
// ErrEnded, and then there is nothing to Finish.
func (r *Record) Begin(id []byte, cancel func(reason string)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended:
		return ErrEnded
	case r.calls[string(id)] != nil:
		return ErrDuplicate
	case len(r.calls) >= r.hub.c.CallsPerSession:
		return ErrTooMany
	}
	if r.calls == nil {
		r.calls = map[string]*call{}
	}
	r.calls[string(id)] = &call{cancel: cancel}
	r.busy.Add(1)
	return nil
}

// Finish notes that the call is over.
func (r *Record) Finish(id []byte) {
	r.mu.Lock()
	_, ok := r.calls[string(id)]
	delete(r.calls, string(id))
	r.mu.Unlock()
	if ok {
		r.release()
	}
}

// Cancel cancels a running call at its client's wish, and tells whether it was running and not cancelled before.
func (r *Record) Cancel(id []byte, reason string) bool {
	r.mu.Lock()
	c := r.calls[string(id)]
	ok := c != nil && !c.cancelled
	if ok {
		c.cancelled = true
	}
	r.mu.Unlock()
	if ok && c.cancel != nil {
		c.cancel(reason)
	}
	return ok
}

// Calls is how many calls are running.
func (r *Record) Calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.calls)
}

// cancelAll marks all calls as cancelled and returns what does it. r.mu is held.
func (r *Record) cancelAll() (cancels []func(reason string)) {
	for _, c := range r.calls {
		if !c.cancelled && c.cancel != nil {
			cancels = append(cancels, c.cancel)
		}
		c.cancelled = true
	}
	return cancels
}
