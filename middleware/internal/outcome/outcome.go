// Package outcome says in one word how a request went, so that logs, metrics and traces say it alike.
package outcome

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Kind is how a request went.
type Kind uint8

// The kinds.
const (
	// Succeeded: there was a result.
	Succeeded Kind = iota
	// Failed: there was an error, or a tool's result that says so.
	Failed
	// Cancelled: the client did not want an answer any more.
	Cancelled
	// Asked: the answer asks the client, who is to come again (2026-07-28).
	Asked

	// Kinds is how many there are.
	Kinds
)

var names = [Kinds]string{string(fastmcp.OutcomeSucceeded), string(fastmcp.OutcomeFailed), string(fastmcp.OutcomeCancelled), "asked"}

// String is the kind in one word: that of fastmcp.Outcome where there is one.
func (k Kind) String() string { return names[k] }

// Of is how a request went that was answered with a.
func Of(a fastmcp.Answer) Kind {
	switch {
	case a.Again:
		return Asked
	case a.Bytes == 0:
		return Cancelled
	case a.Err != nil && errors.Is(a.Err, context.Canceled):
		return Cancelled // the client of 2026-07-28 has gone, and will not read that
	case a.Err != nil || a.IsError:
		return Failed
	}
	return Succeeded
}

// The reasons of a failure, beside the codes of JSON-RPC.
const (
	// ReasonTool: the tool says so to the model, as the conventions of OpenTelemetry call it.
	ReasonTool = "tool_error"
	// ReasonPanic: a handler has panicked.
	ReasonPanic = "panic"
	// ReasonTimeout: the tool had no time left.
	ReasonTimeout = "timeout"
	// ReasonInternal: an error that the client may not read.
	ReasonInternal = "internal"
	// ReasonOther is a JSON-RPC error with a code that is not the protocol's.
	ReasonOther = "other"
)

// codes are those of the protocol, so that there are few reasons.
var codes = []int{
	protocol.CodeParse, protocol.CodeInvalidRequest, protocol.CodeMethodNotFound, protocol.CodeInvalidParams, protocol.CodeInternal,
	protocol.CodeServer, protocol.CodeResourceNotFound, protocol.CodeHeaderMismatch, protocol.CodeMissingCapability,
	protocol.CodeUnsupportedVersion, protocol.CodeURLElicitationRequired,
}

// Reason is why a request failed: one of the reasons above, or a code of the protocol's as text. There are not many.
func Reason(a fastmcp.Answer) string {
	switch p := (*protocol.Error)(nil); {
	case fastmcp.IsPanic(a.Err):
		return ReasonPanic
	case errors.Is(a.Err, context.DeadlineExceeded):
		return ReasonTimeout
	case isForModel(a.Err), a.Err == nil:
		if a.IsError {
			return ReasonTool
		}
		return strconv.Itoa(protocol.CodeInternal)
	case errors.As(a.Err, &p):
		if !slices.Contains(codes, p.Code) {
			return ReasonOther
		}
		return strconv.Itoa(p.Code)
	}
	return ReasonInternal
}

// isForModel tells that an error, or one that it wraps, is for the model to read, and no JSON-RPC error.
func isForModel(err error) bool {
	if _, ok := err.(*fastmcp.Error); ok {
		return true // whatever it wraps
	}
	p, e := (*protocol.Error)(nil), (*fastmcp.Error)(nil)
	return !errors.As(err, &p) && errors.As(err, &e)
}

// Code is the code and the text of the JSON-RPC error that a request was answered with. ok is false where it was answered
// with a result.
func Code(a fastmcp.Answer) (code int, message string, ok bool) {
	if a.Err == nil || a.IsError {
		return 0, "", false
	}
	if p := (*protocol.Error)(nil); !isForModel(a.Err) && errors.As(a.Err, &p) {
		return p.Code, p.Message, true
	}
	if e := (*fastmcp.Error)(nil); errors.As(a.Err, &e) {
		return protocol.CodeInternal, e.Message, true
	}
	return protocol.CodeInternal, "Internal error", true
}
