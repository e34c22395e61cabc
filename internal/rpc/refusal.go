package rpc

import (
	"time"

	"github.com/fastmcp-go/fastmcp/protocol"
)

// Class is why a call was turned down, in no transport's terms. Over HTTP it becomes a status.
type Class uint8

const (
	// Failed calls get what their error code says.
	Failed Class = iota
	// BadRequest: the message breaks the protocol.
	BadRequest
	// Unauthorized: nobody is known to have sent it.
	Unauthorized
	// Forbidden: who sent it may not.
	Forbidden
	// Gone: the session is not, or not any more.
	Gone
	// NoMethod: the method does not exist in this revision.
	NoMethod
	// TooMany: later.
	TooMany
	// Unavailable: not now.
	Unavailable
	// Conflict: something else is in the way.
	Conflict
)

// Refusal is a call turned down. The transport alone makes it a status.
type Refusal struct {
	Err   *protocol.Error
	Class Class
	// Scopes are what the caller would need, when Forbidden or Unauthorized.
	Scopes []string
	// RetryAfter is when it may be worth another try, when not zero.
	RetryAfter time.Duration
}

// Refuse makes a Refusal.
func Refuse(class Class, err *protocol.Error) *Refusal { return &Refusal{Err: err, Class: class} }
