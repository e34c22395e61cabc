package sse

import (
	"context"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// peer is the request's side of an exchange: an rpc.Peer.
type peer struct{ streamhttp.Exchange }

// Mirrors tells that headers repeat parts of the body: no revision that this transport serves has that.
func (peer) Mirrors() bool { return false }

// ServeMessage takes a message for a connection. It is answered before a call that it starts has ended.
func (h *Handler) ServeMessage(ctx context.Context, x streamhttp.Exchange) {
	defer x.Release()
	p, ok := h.door.Enter(ctx, x)
	if !ok {
		return
	}
	if x.Method() != "POST" {
		h.notAllowed(x, "POST, OPTIONS")
		return
	}
	body, ok := h.door.Body(x)
	if !ok {
		return
	}
	id := x.Query("sessionId")
	if id == "" {
		h.door.Fail(x, 400, protocol.CodeInvalidRequest, "Invalid request: sessionId is missing: post to the address that the event stream names")
		return
	}
	c := h.find(id, p)
	if c == nil {
		// Whether it never was, is over or is another's is nobody's business.
		h.door.Fail(x, 404, protocol.CodeServer, "Session not found: open a new event stream")
		return
	}
	if i := scan.Space(body, 0); i < len(body) && body[i] == '[' {
		c.answer(x, c.batch(x, p, body))
		return
	}
	envelope, err := protocol.Scan(body)
	if err != nil {
		h.door.Refuse(x, envelope.ID, rpc.Refuse(rpc.BadRequest, err), protocol.LatestStateful)
		return
	}
	call := c.newCall(x, p, envelope)
	if !call.IsRequest() {
		c.answer(x, c.deliver(call))
		return
	}
	c.request(x, call)
}

// request takes a request. What is wrong with it is told on the stream, where its client waits for the answer: the
// clients of this transport do not read the answer to a POST, and some give up at a status that is none of success. Only
// who may call, and when, is said by a status.
func (c *conn) request(x streamhttp.Exchange, call *rpc.Call) {
	if refusal := c.reserve(1); refusal != nil {
		c.h.door.Refuse(x, call.ID, refusal, protocol.LatestStateful)
		return
	}
	refusal := c.start(call)
	switch {
	case refusal == nil:
	case isError(refusal):
		c.h.door.Refused(x, 200, refusal.Err)
		c.reply(protocol.AppendError(nil, call.ID, refusal.Err))
	default:
		c.reply(nil)
		c.h.door.Refuse(x, call.ID, refusal, protocol.LatestStateful)
		return
	}
	c.answer(x, nil)
}

func (c *conn) newCall(x streamhttp.Exchange, p *auth.Principal, e protocol.Envelope) *rpc.Call {
	return &rpc.Call{Envelope: e, Principal: p, Peer: peer{x}, NoReplay: true}
}

// answer answers a POST.
func (c *conn) answer(x streamhttp.Exchange, r *rpc.Refusal) {
	if r != nil {
		c.h.door.Refuse(x, nil, r, protocol.LatestStateful)
		return
	}
	x.Answer(202, "text/plain; charset=utf-8", []byte("Accepted"))
}

// isError tells that a refusal says no more than its error does.
func isError(r *rpc.Refusal) bool {
	switch r.Class {
	case rpc.Failed, rpc.BadRequest, rpc.NoMethod:
		return true
	case rpc.Forbidden:
		return r.Scopes == nil
	}
	return false
}

// deliver takes a notification or the client's answer to a request of the server's.
func (c *conn) deliver(call *rpc.Call) *rpc.Refusal {
	if refusal := c.bind(call); refusal != nil {
		return refusal
	}
	if call.IsResponse() {
		return c.h.engine.Answer(c.ctx, call)
	}
	return c.h.engine.Notify(c.ctx, call)
}

// batch takes an array of messages, which 2025-03-26 has. Each is answered by itself, as that revision allows: nothing
// is to be waited for.
func (c *conn) batch(x streamhttp.Exchange, p *auth.Principal, body []byte) *rpc.Refusal {
	if err := scan.Document(body); err != nil {
		return rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeParse, "Parse error: %s", err))
	}
	if rev := c.negotiated(); !rev.HasBatches() {
		return invalid("%s has no arrays of messages", rev)
	}
	messages := scan.Elements(body, c.h.config.MaxBatch+1)
	switch {
	case len(messages) == 0:
		return invalid("an array of no messages")
	case len(messages) > c.h.config.MaxBatch:
		return invalid("more than %d messages in an array", c.h.config.MaxBatch)
	}
	// There is one status for all: either there is room for each or none begins. What is no call needs none for long.
	if refusal := c.reserve(len(messages)); refusal != nil {
		return refusal
	}
	for _, raw := range messages {
		c.take(x, p, raw)
	}
	return nil
}

// take takes one message of an array, for which there is room.
func (c *conn) take(x streamhttp.Exchange, p *auth.Principal, raw []byte) {
	envelope, err := protocol.Scan(raw)
	call := c.newCall(x, p, envelope)
	switch {
	case err != nil:
		c.reply(protocol.AppendError(nil, envelope.ID, err))
	case !call.IsRequest():
		_ = c.deliver(call) // nothing is ever said about it
		c.reply(nil)
	default:
		if refusal := c.start(call); refusal != nil {
			c.reply(protocol.AppendError(nil, call.ID, refusal.Err))
		}
	}
}

func invalid(format string, args ...any) *rpc.Refusal {
	return rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: "+format, args...))
}
