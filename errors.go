package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Error is an error that the model may read, and should: it says what to do differently. A tool answers it as a result
// with isError; another method as a JSON-RPC error. Any other error of a handler, but *protocol.Error, is kept from the
// client: it reads an id, under which the operator's log has the cause.
type Error struct {
	// Message is what the model reads.
	Message string
	// Extra is more that the model may use: what was expected, what exists. It is marshalled by encoding/json.
	Extra map[string]any
	cause error
	// arguments tells that it is about arguments that do not fit.
	arguments bool
}

// Errorf makes an Error. What it wraps with %w is found by errors.Is and goes into the operator's log; its text is part
// of the message, which the client reads.
func Errorf(format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	e := &Error{Message: err.Error(), cause: errors.Unwrap(err)}
	if _, several := err.(interface{ Unwrap() []error }); several {
		e.cause = err
	}
	return e
}

// With adds to what the model may use.
func (e *Error) With(key string, value any) *Error {
	next := *e
	next.Extra = maps.Clone(e.Extra)
	if next.Extra == nil {
		next.Extra = make(map[string]any)
	}
	next.Extra[key] = value
	return &next
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.cause }

// forModel tells that an error is an Error itself, whatever it wraps.
func forModel(err error) bool {
	_, ok := err.(*Error)
	return ok
}

// refused is a call that was turned down after it had been accepted, with a status of its own.
type refused struct{ *rpc.Refusal }

// Error is what the client reads.
func (r refused) Error() string { return r.Err.Message }

// Unwrap is the JSON-RPC error, for transports without statuses and answers that are streams.
func (r refused) Unwrap() error { return r.Err }

// fault is a panic of user code.
type fault struct {
	value any
	stack []byte
}

// Error is what was panicked with.
func (f *fault) Error() string { return fmt.Sprintf("panic: %v", f.value) }

// contain runs f and makes a panic of it an error. A panic must not end the process, nor the connection.
func contain(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &fault{value: v, stack: debug.Stack()}
		}
	}()
	return f()
}

// mask logs an error that is not the client's to read, and gives the id to ask the operator about.
func (c *Context) mask(err error) (id string) {
	id = newID()
	attrs := []any{"correlation", id, "error", err}
	if f := (*fault)(nil); errors.As(err, &f) {
		attrs = append(attrs, "stack", string(f.stack))
	}
	if errors.Is(err, context.Canceled) && c.life.error() != nil {
		c.Log().Debug("cancelled", attrs...)
		return id
	}
	c.Log().Error("handler failed", attrs...)
	return id
}

// noteCause logs what an error wraps that the client reads.
func (c *Context) noteCause(e *Error) {
	if e.cause != nil {
		c.Log().Warn("handler failed", "error", e.Message, "cause", e.cause)
	}
}

// protocolError is the JSON-RPC error that err is answered with, where a result cannot say it.
func (c *Context) protocolError(err error) *protocol.Error {
	if p := (*protocol.Error)(nil); !forModel(err) && errors.As(err, &p) {
		return p
	}
	if e := (*Error)(nil); errors.As(err, &e) {
		c.noteCause(e)
		p := &protocol.Error{Code: protocol.CodeInternal, Message: e.Message}
		if len(e.Extra) > 0 {
			p.Data = e.Extra
		}
		return p
	}
	id := c.mask(err)
	return &protocol.Error{Code: protocol.CodeInternal, Message: "Internal error", Data: map[string]string{"correlationId": id}}
}
