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

// End makes a status final. Nobody waits for answers any more.
func (r *Record) End(s Status) {
	r.Status = s
	clear(r.Inputs)
}
