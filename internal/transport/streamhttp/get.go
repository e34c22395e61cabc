package streamhttp

import (
	"context"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// get opens a session's own stream, or takes up one that broke.
func (h *Handler) get(ctx context.Context, x Exchange, p *auth.Principal) {
	if h.config.Stateless || isStatelessHeader(x) || !x.CanStream() {
		h.notAllowed(x)
		return
	}
	if _, sse := Accepted(x); !sse {
		h.Fail(x, 406, protocol.CodeServer, "Not acceptable: accept text/event-stream")
		return
	}
	feed, ok := h.Feed(x)
	if !ok {
		return
	}
	var detach func()
	c, refusal := h.sessionCall(ctx, x, p, &peer{x})
	if refusal == nil {
		detach, refusal = h.engine.Attach(ctx, c, x.Header("Last-Event-ID"), sink{feed})
	}
	if refusal != nil {
		feed.Close(0) // it has not begun
		h.Refuse(x, nil, refusal, c.Revision)
		return
	}
	feed.Park(detach)
}

// delete ends a session.
func (h *Handler) delete(ctx context.Context, x Exchange, p *auth.Principal) {
	if h.config.Stateless || isStatelessHeader(x) {
		h.notAllowed(x)
		return
	}
	c, refusal := h.sessionCall(ctx, x, p, &peer{x})
	if refusal == nil {
		refusal = h.engine.End(ctx, c)
	}
	if refusal != nil {
		h.Refuse(x, nil, refusal, c.Revision)
		return
	}
	x.Answer(204, "", nil)
}

// sessionCall is a request that has no body: only a session.
func (h *Handler) sessionCall(ctx context.Context, x Exchange, p *auth.Principal, peer rpc.Peer) (*rpc.Call, *rpc.Refusal) {
	c := &rpc.Call{Principal: p, Session: x.Header(protocol.HeaderSession), Peer: peer}
	header := x.Header(protocol.HeaderVersion)
	named, known := protocol.ParseRevision(header)
	var refusal *rpc.Refusal
	if c.Revision, refusal = h.statefulRevision(ctx, c, header, named, known); refusal != nil {
		return c, refusal
	}
	if c.Session == "" {
		return c, rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: %s is required", protocol.HeaderSession))
	}
	return c, nil
}

// sink is a session's stream on one connection.
type sink struct{ *Feed }

// Send writes events; see rpc.Sink.
func (s sink) Send(messages ...rpc.Message) error { return s.Feed.Send("", messages...) }
