package protocol

import (
	"encoding/json"
	"fmt"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// The error codes of JSON-RPC 2.0 and of MCP.
const (
	CodeParse          = -32700
	CodeInvalidRequest = -32600
	CodeMethodNotFound = -32601
	CodeInvalidParams  = -32602
	CodeInternal       = -32603

	// CodeServer is for what has no code of its own; -32000 to -32019 are left to implementations.
	CodeServer = -32000
	// CodeResourceNotFound is what the revisions up to 2025-11-25 answer; later ones use CodeInvalidParams.
	CodeResourceNotFound = -32002
	// CodeHeaderMismatch: a header does not repeat the body (2026-07-28).
	CodeHeaderMismatch = -32020
	// CodeMissingCapability: the request needs something that its client did not declare (2026-07-28).
	CodeMissingCapability = -32021
	// CodeUnsupportedVersion: nobody here speaks that revision (2026-07-28).
	CodeUnsupportedVersion = -32022
	// CodeURLElicitationRequired (2025-11-25 only).
	CodeURLElicitationRequired = -32042
)

// Error is a JSON-RPC error. A handler that returns one answers with exactly it; any other error of a handler is
// masked.
type Error struct {
	// Code is one of JSON-RPC's or of MCP's; Message one short sentence.
	Code    int
	Message string
	// Data, if not nil, is marshalled by encoding/json.
	Data any
}

// Error is the message, with the code.
func (e *Error) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Code) }

// Errorf makes an Error with a formatted message.
func Errorf(code int, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// UnsupportedVersion is the error for a revision that nobody here speaks; it tells which ones are.
func UnsupportedVersion(requested string) *Error {
	return &Error{
		Code: CodeUnsupportedVersion, Message: "Unsupported protocol version",
		Data: map[string]any{"supported": Supported(), "requested": requested},
	}
}

// AppendError appends the JSON-RPC message that answers the request id with e. Where the id could not be read it is
// left out, as the schemas since 2025-11-25 want it: null is not an id.
func AppendError(dst, id []byte, e *Error) []byte {
	dst = append(dst, `{"jsonrpc":"2.0",`...)
	if id != nil {
		dst = append(append(append(dst, `"id":`...), id...), ',')
	}
	return append(AppendErrorObject(append(dst, `"error":`...), e), '}')
}

// AppendErrorObject appends e as the error member of a response has it.
func AppendErrorObject(dst []byte, e *Error) []byte {
	dst = fmt.Appendf(append(dst, `{"code":`...), "%d", e.Code)
	dst = scan.AppendString(append(dst, `,"message":`...), e.Message)
	if e.Data != nil {
		// What cannot be marshalled is left out: an error must get through.
		if data, err := json.Marshal(e.Data); err == nil {
			dst = append(append(dst, `,"data":`...), data...)
		}
	}
	return append(dst, '}')
}
