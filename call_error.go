package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// CallCode is why App.CallTool has no success to tell of.
type CallCode string

// The codes.
const (
	// CallFailed: the tool has run and failed, or its chain has, or could not be answered.
	CallFailed CallCode = "failed"
	// CallUnknown: there is no such tool, or none that the caller may know of.
	CallUnknown CallCode = "unknown tool"
	// CallInvalid: the arguments are no JSON object, or do not fit the tool's schema.
	CallInvalid CallCode = "invalid arguments"
	// CallForbidden: a guard lets somebody else call it; Scopes are what is missing, where the guard says so.
	CallForbidden CallCode = "forbidden"
	// CallTooMany: a limit is reached; RetryAfter is when it may be worth another try.
	CallTooMany CallCode = "too many"
	// CallUnavailable: not now: the App is being shut down, or its storage does not answer.
	CallUnavailable CallCode = "unavailable"
	// CallCancelled: ctx has ended. errors.Is finds its error.
	CallCancelled CallCode = "cancelled"
	// CallUnsupported: the tool needs what a call in process does not have: somebody to ask, or to be a task.
	CallUnsupported CallCode = "unsupported"
)

// CallError is why App.CallTool has no success to tell of.
type CallError struct {
	// Tool is the name that was called, and Code why it has not succeeded.
	Tool string
	Code CallCode
	// Message is what a client would read.
	Message string
	// Scopes are those that the caller would need, where Code is CallForbidden and a guard has named them.
	Scopes []string
	// RetryAfter is when it may be worth another try, where Code is CallTooMany or CallUnavailable; 0 is not said.
	RetryAfter time.Duration
	// Err is the cause, as the tool or its chain has returned it, unmasked: an *Error, a *protocol.Error, an *UnsupportedError or any
	// other. It is what errors.Is and errors.As find. It is not for clients.
	Err error
}

// Error is the tool, the code and the message.
func (e *CallError) Error() string {
	return fmt.Sprintf("fastmcp: the tool %q: %s: %s", e.Tool, e.Code, e.Message)
}

// Unwrap is the cause.
func (e *CallError) Unwrap() error { return e.Err }

func (l *localCall) fail(code CallCode, message string, err error) *CallError {
	return &CallError{Tool: l.tool, Code: code, Message: message, Err: err}
}

// refused is the error of a call that was turned down, before or while it ran.
func (l *localCall) refused(r *rpc.Refusal, cause error) *CallError {
	e := l.failedWith(r.Err, cause)
	e.Scopes, e.RetryAfter = r.Scopes, r.RetryAfter
	switch r.Class {
	case rpc.Unauthorized, rpc.Forbidden:
		e.Code = CallForbidden
	case rpc.TooMany:
		e.Code = CallTooMany
	case rpc.Unavailable:
		e.Code = CallUnavailable
	}
	return e
}

// failedWith is the error of a call that was answered with a JSON-RPC error.
func (l *localCall) failedWith(p *protocol.Error, cause error) *CallError {
	e := l.fail(CallFailed, p.Message, cause)
	if cause == nil {
		e.Err = p
	}
	switch {
	case l.cancelled(cause):
		return l.fail(CallCancelled, l.ctx.Err().Error(), l.ctx.Err())
	case p.Message == unknownToolError(l.tool).Message:
		e.Code = CallUnknown
	case p.Code == protocol.CodeInvalidParams:
		e.Code = CallInvalid
	case p.Code == protocol.CodeMissingCapability, p.Code == protocol.CodeMethodNotFound, errors.Is(cause, ErrUnsupported):
		e.Code = CallUnsupported
	}
	return e
}

// failedIn is the error of a call whose result says that it has failed.
func (l *localCall) failedIn(r *Result, cause error) *CallError {
	e := l.fail(CallFailed, r.Text(), cause)
	own := (*Error)(nil)
	switch {
	case l.cancelled(cause):
		return l.fail(CallCancelled, l.ctx.Err().Error(), l.ctx.Err())
	case errors.As(cause, &own) && own.arguments:
		e.Code = CallInvalid
	case errors.Is(cause, ErrUnsupported):
		e.Code = CallUnsupported
	}
	return e
}

// cancelled tells that a call has failed because its caller did not want it any more.
func (l *localCall) cancelled(cause error) bool {
	if l.ctx.Err() == nil {
		return false
	}
	return cause == nil || errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded)
}
