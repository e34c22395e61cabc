package streamhttp

import (
	"strconv"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

const (
	typeJSON = "application/json"
	typeSSE  = "text/event-stream"
)

// StatusOf is the HTTP status of a refusal. A method that does not exist is 404 where requests stand alone; a session's
// client would take that for the end of its session.
func StatusOf(r *rpc.Refusal, rev protocol.Revision) int {
	switch r.Class {
	case rpc.BadRequest:
		return 400
	case rpc.Unauthorized:
		return 401
	case rpc.Forbidden:
		return 403
	case rpc.Gone:
		return 404
	case rpc.NoMethod:
		if rev.IsStateless() {
			return 404
		}
	case rpc.Conflict:
		return 409
	case rpc.TooMany:
		return 429
	case rpc.Unavailable:
		return 503
	}
	return 200
}

// Refuse turns a request down, or what should have been one, with an error.
func (h *Handler) Refuse(x Exchange, id []byte, r *rpc.Refusal, rev protocol.Revision) {
	h.Refused(x, StatusOf(r, rev), r.Err)
	h.refuse(x, id, r, rev)
}

// refuse answers what a chain has refused: its links have seen that.
func (h *Handler) refuse(x Exchange, id []byte, r *rpc.Refusal, rev protocol.Revision) {
	status := StatusOf(r, rev)
	switch {
	case r.Class == rpc.Unauthorized:
		h.challenge(x, auth.ErrNoCredentials, r.Scopes)
	case r.Class == rpc.Forbidden && r.Scopes != nil:
		h.challenge(x, auth.ErrInsufficientScope, r.Scopes)
	}
	if r.RetryAfter > 0 {
		x.SetHeader("Retry-After", strconv.Itoa(int((r.RetryAfter+time.Second-1)/time.Second)))
	}
	x.Answer(status, typeJSON, protocol.AppendError(nil, id, r.Err))
}
