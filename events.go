package fastmcp

import (
	"cmp"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
)

// Events are functions that are told what happens. They are called on the goroutine on which it happens, so they should
// be quick; nil ones are not called.
type Events struct {
	// Connect hears of each new session, before its client does.
	Connect func(*Session)
	// Disconnect hears of each session that has ended, once.
	Disconnect func(*Session)
	// ToolCall hears of each call of a tool, when it is over.
	ToolCall func(ToolCallEvent)
}

// Outcome is how a call of a tool went.
type Outcome string

// The outcomes.
const (
	// OutcomeSucceeded: there was a result.
	OutcomeSucceeded Outcome = "succeeded"
	// OutcomeFailed: there was a result that says that the tool failed, or an error.
	OutcomeFailed Outcome = "failed"
	// OutcomeCancelled: its client cancelled it.
	OutcomeCancelled Outcome = "cancelled"
)

// ToolCallEvent is a call of a tool that is over.
type ToolCallEvent struct {
	// Tool is its name, with the prefixes of its groups.
	Tool string
	// Principal is who called; nil is anonymous.
	Principal *auth.Principal
	// SessionID is the caller's session, "" without one: see Session.ID. RequestID is what logs name the request by.
	SessionID string
	RequestID string
	// Duration is how long the chain took, the tool's function included.
	Duration time.Duration
	Outcome  Outcome
	// Err is why a call failed, as the operator may know it; nil when the tool itself said so in its result.
	Err error
}

// told tells Events.ToolCall of a call. err is what cannot be said in a result.
func (e *engine) told(c *Context, a *answer, err error) {
	j := c.job
	event := ToolCallEvent{
		Tool: c.Name(), Principal: c.Principal(), SessionID: c.session.ID(), RequestID: c.RequestID(),
		Duration: time.Since(j.begun), Outcome: OutcomeSucceeded, Err: cmp.Or(j.failed, err),
	}
	j.mu.Lock()
	cancelled := j.cancelled
	j.mu.Unlock()
	switch {
	case cancelled || c.call.Revision.HasCancelByDisconnect() && c.stream.Gone():
		event.Outcome = OutcomeCancelled
	case event.Err != nil || a != nil && a.isError:
		event.Outcome = OutcomeFailed
	}
	if err := contain(func() error { e.config.On.ToolCall(event); return nil }); err != nil {
		c.Log().Error("Events.ToolCall failed", "error", err)
	}
}
