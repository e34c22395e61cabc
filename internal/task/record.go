// Package task keeps what is known of tasks: calls that are answered at once and finish later (the extension
// io.modelcontextprotocol/tasks of 2026-07-28, and the experimental tasks of 2025-11-25). It knows where they are kept and
// who is told when one changes; what runs them it does not know.
package task

import (
	"encoding/json"
	"time"
)

// Status is where a task stands.
type Status string

// The statuses. A task begins as Working and goes back and forth to InputRequired until it is one of the others, which it
// stays.
const (
	Working       Status = "working"
	InputRequired Status = "input_required"
	Completed     Status = "completed"
	Failed        Status = "failed"
	Cancelled     Status = "cancelled"
)

// Record is a task as it is kept.
type Record struct {
	ID   string `json:"id"`
	Tool string `json:"tool"`
	// Args are the call's arguments, for the guards that look at them.
	Args json.RawMessage `json:"args,omitempty"`
	// Owner is whose it is, and Legacy that it is of 2025-11-25: to others it does not exist.
	Owner  string `json:"owner"`
	Legacy bool   `json:"legacy,omitempty"`

	// Node runs the task; "" is nobody, until one claims it. Fence counts who had it: what another than the last writes is
	// refused. Losses is how many nodes are believed to have died with it.
	Node   string `json:"node,omitempty"`
	Fence  int64  `json:"fence,omitempty"`
	Losses int    `json:"losses,omitempty"`
	// Elsewhere tells that an engine of its own has it run: nobody else runs it, or runs it again.
	Elsewhere bool `json:"elsewhere,omitempty"`
	// Session is the session that it began in, if it is one of 2025-11-25: its questions are asked there.
	Session string `json:"session,omitempty"`
	// Resumable tells that it may be run again, from its beginning, when its node has died.
	Resumable bool `json:"resumable,omitempty"`
	// Origin is what it takes to run it elsewhere; nil where it is not to be, and when it is over.
	Origin *Origin `json:"origin,omitempty"`

	Status  Status `json:"status"`
	Message string `json:"message,omitempty"`
	// Version counts the changes: of two Records of a task the one with more of them is newer.
	Version int64 `json:"version,omitempty"`
	// Created and Updated have milliseconds. It is kept until Created + TTL.
	Created time.Time     `json:"created"`
	Updated time.Time     `json:"updated"`
	TTL     time.Duration `json:"ttl"`

	// Result is what a completed task has come to, Error why one failed; either is JSON as it goes out.
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
	// Inputs are the questions that wait for an answer, and Answers those that have one, by their keys. A key is never
	// used again.
	Inputs  map[string]json.RawMessage `json:"inputs,omitempty"`
	Answers map[string]json.RawMessage `json:"answers,omitempty"`
	// Used are keys of questions that nobody asks any more.
	Used []string `json:"used,omitempty"`
}

// Origin is the call that has become a task, for who runs it on another node.
type Origin struct {
	// Revision is that of the call, as its client names it, ID the call's JSON-RPC id, and Params all that it said.
	Revision string          `json:"revision"`
	ID       json.RawMessage `json:"id"`
	Params   json.RawMessage `json:"params"`
	// Request names it in logs, and Effects where effects are noted that happen once.
	Request string `json:"request"`
	Effects string `json:"effects"`
	// Caller is who called and in which session, sealed: nobody gets rights by writing into a store.
	Caller string `json:"caller"`
}

// Over tells that the status is final.
func (r *Record) Over() bool {
	return r.Status == Completed || r.Status == Failed || r.Status == Cancelled
}

// Question adds something to be answered.
func (r *Record) Question(key string, request json.RawMessage) {
	if r.Inputs == nil {
		r.Inputs = make(map[string]json.RawMessage)
	}
	r.Inputs[key] = request
	r.Status = InputRequired
}

// Answer takes the answer to a question that waits, and tells whether one did.
func (r *Record) Answer(key string, answer json.RawMessage) bool {
	if _, ok := r.Inputs[key]; !ok {
		return false
	}
	if r.Answers == nil {
		r.Answers = make(map[string]json.RawMessage)
	}
	r.Answers[key] = answer
	r.Withdraw(key)
	return true
}

// Withdraw takes a question back.
func (r *Record) Withdraw(key string) {
	delete(r.Inputs, key)
	if len(r.Inputs) == 0 && r.Status == InputRequired {
		r.Status = Working
	}
}

// End makes a status final. Nobody waits for answers any more, and nobody runs it again.
func (r *Record) End(s Status) {
	r.Status, r.Origin = s, nil
	clear(r.Inputs)
}
