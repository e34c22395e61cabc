package fastmcptest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/fastmcp-go/fastmcp/protocol"
)

// record is what a client has been sent.
type record struct {
	mu    sync.Mutex
	notes []note
	taken map[string]int // by method, how many WaitNote has given
	// calls are the requests that wait for their answers, by id; results the answers' results, by progress token.
	calls   map[string]request
	results map[string]json.RawMessage
	tokens  int
	// listen is the id of the last subscriptions/listen; refused tells that it was answered, and so has no stream.
	listen  string
	refused bool
	status  int           // of the last answer
	wake    chan struct{} // closed when there is something new
}

// note is a notification.
type note struct {
	method string
	params []byte
}

func newRecord() *record {
	return &record{taken: map[string]int{}, calls: map[string]request{}, results: map[string]json.RawMessage{}, wake: make(chan struct{})}
}

// changed wakes who waits. r.mu is held.
func (r *record) changed() {
	close(r.wake)
	r.wake = make(chan struct{})
}

func (r *record) sent(call request) {
	if call.ID == nil || call.Method == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[string(call.ID)] = call
	if call.Method == protocol.MethodListen {
		r.listen, r.refused = string(call.ID), false
	}
}

func (r *record) answered(call request, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
	if call.Method == protocol.MethodListen && status >= 300 {
		r.refused = r.refused || r.listen == string(call.ID)
		r.changed()
	}
}

func (r *record) heard(m message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case m.Method != "" && m.ID == nil:
		r.notes = append(r.notes, note{m.Method, m.Params})
	case m.Method == "" && m.ID != nil:
		call := r.calls[string(m.ID)]
		delete(r.calls, string(m.ID))
		if token, ok := call.Params.Meta.ProgressToken.(string); ok && m.Result != nil {
			r.results[token] = m.Result
		}
		r.refused = r.refused || r.listen == string(m.ID)
	default:
		return // the App asks the client
	}
	r.changed()
}

// token is a progress token that has not been used.
func (r *record) token() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens++
	return fmt.Sprintf("fastmcptest-%d", r.tokens)
}

// result is the last result of the requests with a token, as it came; nil when there was none.
func (r *record) result(token string) json.RawMessage {
	r.mu.Lock()
	defer r.mu.Unlock()
	raw := r.results[token]
	delete(r.results, token)
	return raw
}

// all are the params of the notifications of a method, in the order in which they came.
func (r *record) all(method string) [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of(method)
}

func (r *record) of(method string) (all [][]byte) {
	for _, n := range r.notes {
		if n.method == method {
			all = append(all, n.params)
		}
	}
	return all
}

// methods are the notifications that came, each once with how often.
func (r *record) methods() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, n := range r.notes {
		if !slices.Contains(names, n.method) {
			names = append(names, n.method)
			all = append(all, fmt.Sprintf("%d %s", len(r.of(n.method)), n.method))
		}
	}
	return all
}

// wait waits until ok, which is asked with r.mu held, or until ctx ends.
func (r *record) wait(ctx context.Context, ok func() bool) error {
	for {
		r.mu.Lock()
		done, wake := ok(), r.wake
		r.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// next waits for the notification of a method that comes after those that next has given.
func (r *record) next(ctx context.Context, method string) (params []byte, err error) {
	err = r.wait(ctx, func() bool {
		all, n := r.of(method), r.taken[method]
		if n >= len(all) {
			return false
		}
		params, r.taken[method] = all[n], n+1
		return true
	})
	return params, err
}
