package streamhttp

import (
	"bytes"
	"context"
	"strings"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// post takes one message, or an array of them where a revision has that.
func (h *Handler) post(ctx context.Context, x Exchange, p *auth.Principal) {
	body, ok := h.Body(x)
	if !ok {
		return
	}
	json, sse := Accepted(x)
	if !json && !sse {
		h.Fail(x, 406, protocol.CodeServer, "Not acceptable: accept application/json and text/event-stream")
		return
	}
	if i := scan.Space(body, 0); i < len(body) && body[i] == '[' {
		h.batch(ctx, x, p, body, json, sse)
		return
	}
	a := &answer{h: h, peer: peer{x}, json: json, sse: sse && x.CanStream()}
	if err := a.call.Scan(body); err != nil {
		h.Refuse(x, a.call.ID, rpc.Refuse(rpc.BadRequest, err), protocol.Latest)
		return
	}
	a.call.Principal, a.call.Session, a.call.Peer = p, x.Header(protocol.HeaderSession), a
	if a.call.IsRequest() {
		h.request(ctx, a)
		return
	}
	h.oneWay(ctx, a)
}

// Body is what was posted, when it may be a message: of the right type and not too long. ok is false when the answer has
// been given. The message is copied once: all that a handler gets points into the copy, and may be kept.
func (h *Handler) Body(x Exchange) (body []byte, ok bool) {
	if !isJSON(x.Header("Content-Type")) {
		h.Fail(x, 415, protocol.CodeInvalidRequest, "Unsupported media type: send Content-Type: application/json")
		return nil, false
	}
	if len(x.Body()) > h.config.MaxBody {
		h.Fail(x, 413, protocol.CodeInvalidRequest, "The message is longer than %d bytes", h.config.MaxBody)
		return nil, false
	}
	return bytes.Clone(x.Body()), true
}

// request runs one request to its end.
func (h *Handler) request(ctx context.Context, a *answer) {
	c := &a.call
	rev, refusal := h.revisionOf(ctx, a.x, c)
	c.Revision = rev
	if refusal != nil {
		h.Refuse(a.x, c.ID, refusal, rev)
		return
	}
	if c.Method == protocol.MethodListen {
		if !h.enterStream(a.x) {
			return
		}
		defer h.streams.Add(-1)
	}
	job, refusal := h.engine.Accept(ctx, c)
	if refusal != nil {
		h.Refuse(a.x, c.ID, refusal, rev)
		return
	}
	a.run(ctx, job)
}

// oneWay takes a notification or the client's answer to a request of the server's.
func (h *Handler) oneWay(ctx context.Context, a *answer) {
	if refusal := h.deliver(ctx, a); refusal != nil {
		h.Refuse(a.x, nil, refusal, a.call.Revision)
		return
	}
	a.x.Answer(202, "", nil)
}

func (h *Handler) deliver(ctx context.Context, a *answer) *rpc.Refusal {
	c := &a.call
	header := a.x.Header(protocol.HeaderVersion)
	named, known := protocol.ParseRevision(header)
	switch {
	case header != "" && !known:
		return rpc.Refuse(rpc.BadRequest, protocol.UnsupportedVersion(header))
	case named.IsStateless() && c.IsResponse():
		return rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: %s has no responses from clients", named))
	case named.IsStateless():
		return nil // a client that wants to cancel goes away; there is nothing else to be told
	}
	rev, refusal := h.statefulRevision(ctx, c, header, named, known)
	c.Revision = rev
	if refusal != nil {
		return refusal
	}
	if c.IsResponse() {
		return h.engine.Answer(ctx, c)
	}
	return h.engine.Notify(ctx, c)
}

// isJSON tells that a media type is JSON, whatever its parameters.
func isJSON(contentType string) bool {
	if contentType == typeJSON {
		return true
	}
	mediaType, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), typeJSON)
}

// Accepted tells what of the two the client can read. Several lines of Accept are one list (RFC 9110, 5.3).
func Accepted(x Exchange) (json, sse bool) {
	if json, sse = accepts(x.Header("Accept")); json && sse {
		return true, true
	}
	return accepts(strings.Join(x.HeaderValues("Accept"), ","))
}

// accepts tells what of the two the client can read. Nothing said is anything.
func accepts(header string) (json, sse bool) {
	switch header {
	case "", "application/json, text/event-stream", "text/event-stream, application/json":
		return true, true // what nearly all clients say
	}
	for part := range strings.SplitSeq(header, ",") {
		mediaType, params, _ := strings.Cut(part, ";")
		if _, q, ok := strings.Cut(params, "q=0"); ok {
			if q, _, _ = strings.Cut(q, ";"); strings.Trim(q, ".0 ") == "" {
				continue // it is refused by name
			}
		}
		switch strings.ToLower(strings.TrimSpace(mediaType)) {
		case "*/*":
			return true, true
		case typeJSON, "application/*":
			json = true
		case typeSSE, "text/*":
			sse = true
		}
	}
	return json, sse
}
