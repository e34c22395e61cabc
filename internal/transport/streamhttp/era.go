package streamhttp

import (
	"context"
	"slices"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// revisionOf decides, for one request, which revision its client speaks. Nothing is remembered of the connection: a
// client of one era may share it with a client of another.
func (h *Handler) revisionOf(ctx context.Context, x Exchange, c *rpc.Call) (protocol.Revision, *rpc.Refusal) {
	header := x.Header(protocol.HeaderVersion)
	named, known := protocol.ParseRevision(header)
	if h.isStateless(ctx, c, header, named, known) {
		return checkStateless(&c.Envelope, header, x.HeaderValues(protocol.HeaderVersion))
	}
	return h.statefulRevision(ctx, c, header, named, known)
}

// isStateless tells that a request carries its own version, or says by its header that it should.
func (h *Handler) isStateless(ctx context.Context, c *rpc.Call, header string, named protocol.Revision, known bool) bool {
	if known && named.IsStateless() {
		return true
	}
	if !c.Meta.IsStateless() {
		return false
	}
	if c.Meta.Version != nil {
		// A client of the older revisions that puts its own version there is still one of them.
		in, ok := protocol.ParseRevision(protocol.String(c.Meta.Version))
		return !(ok && in.HasSessions() && (header == "" || named == in))
	}
	if known && named.HasSessions() {
		return false
	}
	_, live := h.engine.SessionRevision(ctx, c.Principal, c.Session)
	return !live
}

// checkStateless makes the checks that come before anything else is known of a stateless request, in the order that
// tells its client most.
func checkStateless(e *protocol.Envelope, header string, lines []string) (protocol.Revision, *rpc.Refusal) {
	if header == "" && e.Meta.Version != nil {
		return protocol.Latest, rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeHeaderMismatch, "Header mismatch: %s is required", protocol.HeaderVersion))
	}
	if err := e.Meta.Check(); err != nil {
		return protocol.Latest, rpc.Refuse(rpc.BadRequest, err)
	}
	body := protocol.String(e.Meta.Version)
	if header != body || slices.ContainsFunc(lines, func(line string) bool { return line != body }) {
		return protocol.Latest, rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeHeaderMismatch, "Header mismatch: %s is %q, the body says %q", protocol.HeaderVersion, header, body))
	}
	rev, ok := protocol.ParseRevision(body)
	if !ok || !rev.IsStateless() {
		return protocol.Latest, rpc.Refuse(rpc.BadRequest, protocol.UnsupportedVersion(body))
	}
	return rev, nil
}

// statefulRevision is what a session has negotiated, else what the header names, else 2025-03-26, which had no header.
func (h *Handler) statefulRevision(ctx context.Context, c *rpc.Call, header string, named protocol.Revision, known bool) (protocol.Revision, *rpc.Refusal) {
	if header != "" && !known {
		return protocol.LatestStateful, rpc.Refuse(rpc.BadRequest, protocol.UnsupportedVersion(header))
	}
	if c.Session != "" {
		if rev, ok := h.engine.SessionRevision(ctx, c.Principal, c.Session); ok {
			return rev, nil
		}
	}
	if known {
		return named, nil
	}
	return protocol.V20250326, nil
}
