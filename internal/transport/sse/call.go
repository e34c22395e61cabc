package sse

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

var (
	errGone     = errors.New("the client is gone")
	errNoReturn = errors.New("a client of HTTP+SSE cannot come back for an answer")
)

// bind gives a call what the connection knows: its session and revision. It refuses what may not come now. What a client
// sends when it has read the answer to initialize waits until its session's own stream is there: it may be asked there for
// what it sends.
func (c *conn) bind(call *rpc.Call) *rpc.Refusal {
	refusal := c.place(call)
	if refusal == nil && call.Session != "" {
		select {
		case <-c.attached:
		case <-c.ctx.Done():
		}
	}
	return refusal
}

func (c *conn) place(call *rpc.Call) *rpc.Refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	call.Session, call.Revision = c.session, c.revision
	switch {
	case call.Method == protocol.MethodInitialize && call.IsRequest():
		if c.session != "" || c.initializing {
			return invalid("this connection has been initialized: open another")
		}
		c.initializing = true
	case c.session != "":
	case call.Method == protocol.MethodDiscover:
		// A client of both eras asks this first. It must not be told to initialize, but that this is the older era.
		return rpc.Refuse(rpc.NoMethod, protocol.Errorf(protocol.CodeMethodNotFound, "Method not found: %s", call.Method))
	default:
		return invalid("initialize first")
	}
	return nil
}

// start has the engine decide about a request, for which there is room, and runs it on a goroutine of its own.
func (c *conn) start(call *rpc.Call) *rpc.Refusal {
	if refusal := c.bind(call); refusal != nil {
		return refusal
	}
	job, refusal := c.h.engine.Accept(c.ctx, call)
	if refusal != nil {
		c.initialized(call, "")
		return refusal
	}
	call.Peer.Keep() // the request is answered before the call is
	go c.run(job, call)
	return nil
}

// run runs a call to its end.
func (c *conn) run(job rpc.Job, call *rpc.Call) {
	s := &stream{c: c}
	reply := c.contain(job, call, s)
	reply = reply.Whole()
	open := c.initialized(call, reply.Session)
	s.finish()
	c.reply(reply.Data)
	if open {
		c.attach(call)
		close(c.attached) // a connection has one session
	}
}

// contain is job.Run. What user code panics with has been contained by then. That this never happens is no reason to let
// a bug of ours end the process.
func (c *conn) contain(job rpc.Job, call *rpc.Call, s rpc.Stream) (reply rpc.Reply) {
	defer func() {
		if v := recover(); v != nil {
			c.h.config.Log.Error("serving failed", "error", v, "stack", string(debug.Stack()))
			reply = rpc.Reply{Message: rpc.Message{Data: protocol.AppendError(nil, call.ID, protocol.Errorf(protocol.CodeInternal, "Internal error"))}}
		}
	}()
	return job.Run(c.ctx, s)
}

// stream is a call's way to its client: the connection's stream (rpc.Stream).
type stream struct {
	c *conn

	mu   sync.Mutex
	over bool // the answer comes next: nothing of this call's may follow it
}

// Send writes a message of the call's.
func (s *stream) Send(m rpc.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return errGone
	}
	return s.c.send(m)
}

// Suspend is not possible: what was sent meanwhile would be lost, and the other calls' answers with it.
func (s *stream) Suspend(time.Duration) error { return errNoReturn }

// Gone tells that the connection has ended.
func (s *stream) Gone() bool { return s.c.isOver() }

// OnGone calls fn when the connection ends.
func (s *stream) OnGone(fn func()) (stop func()) {
	take := context.AfterFunc(s.c.ctx, fn)
	return func() { take() }
}

// finish waits for a message that is being written, and lets no other follow.
func (s *stream) finish() {
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
}
