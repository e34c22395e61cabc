package fastmcp

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// localCall is a call in process: its own stream (rpc.Stream).
type localCall struct {
	ctx     context.Context
	tool    string
	options CallOptions
	id      string // the request id of the handler that calls; "" elsewhere
	cause   error  // what the chain has returned
}

var _ rpc.Stream = (*localCall)(nil)

// listen is the first link of its chain.
func (l *localCall) listen(c *Context) error {
	l.cause = c.Next()
	return l.cause
}

// Send gives what the tool sends to who wants to hear it; see rpc.Stream.
func (l *localCall) Send(m rpc.Message) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	if l.options.Heard == nil || m.Data == nil {
		return nil
	}
	e, failed := protocol.Scan(m.Data)
	if failed != nil || !e.IsNotification() {
		return nil // there is nobody to answer
	}
	return contain(func() error {
		l.options.Heard(Notification{Method: e.Method, Params: json.RawMessage(clone(e.Params))})
		return nil
	})
}

// errLocal is why a call in process cannot be left and taken up again.
var errLocal = errors.New("fastmcp: a call in process cannot be suspended")

// Suspend is not possible; see rpc.Stream.
func (l *localCall) Suspend(time.Duration) error { return errLocal }

// Gone tells that the caller does not want the call any more; see rpc.Stream.
func (l *localCall) Gone() bool { return l.ctx.Err() != nil }

// OnGone hears of it; see rpc.Stream.
func (l *localCall) OnGone(fn func()) (stop func()) {
	end := context.AfterFunc(l.ctx, fn)
	return func() { end() }
}

// localPeer is who calls from within the process (rpc.Peer): all that is known of it is the request that it is part of.
type localPeer struct{ id string }

// Header is the request id of the handler that calls, as X-Request-Id; there are no others.
func (p localPeer) Header(name string) string {
	if name == "X-Request-Id" {
		return p.id
	}
	return ""
}

// HeaderValues are none.
func (localPeer) HeaderValues(string) []string { return nil }

// RemoteIP is not valid.
func (localPeer) RemoteIP() netip.Addr { return netip.Addr{} }

// Mirrors tells that no headers repeat the body.
func (localPeer) Mirrors() bool { return false }

// Value is nil: what the caller's context has is found by the Context.
func (localPeer) Value(any) any { return nil }

// Keep has nothing to keep.
func (localPeer) Keep() {}

// isWithin tells that a handler of the same App makes the call.
func (j *job) isWithin(e *engine) bool {
	outer, ok := From(j.context.parent)
	return ok && outer.engine == e && !outer.job.isOver()
}
