package sse

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// conn is a client's connection: its stream, and the session that it opens there. It ends with its stream, and
// everything of it with it.
type conn struct {
	h *Handler
	// id is not to be guessed, and not the session's: that one is good for Streamable HTTP.
	id        string
	principal *auth.Principal // who opened it
	peer      rpc.Peer
	feed      *streamhttp.Feed
	ctx       context.Context // ends with the connection
	cancel    context.CancelFunc
	attached  chan struct{} // closed when the session has its own stream here

	mu           sync.Mutex
	timer        *time.Timer // what ends it when it does not initialize
	session      string
	revision     protocol.Revision
	initializing bool
	detach       func() // takes the session's own stream off
	running      int    // calls that take up room
	unanswered   int    // calls whose answer has not been written
	draining     bool   // it ends when all are
	over         bool

	// answering is held by the call whose answer is being written.
	answering sync.Mutex
}

func newConn(ctx context.Context, h *Handler, p *auth.Principal, x streamhttp.Exchange, feed *streamhttp.Feed) *conn {
	// 2024-11-05 is the revision that has this transport; what its client speaks it says with initialize.
	c := &conn{h: h, id: rand.Text(), principal: p, peer: peer{x}, feed: feed, revision: protocol.V20241105, attached: make(chan struct{})}
	c.ctx, c.cancel = context.WithCancel(ctx)
	return c
}

// wait begins to wait for initialize.
func (c *conn) wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.timer = time.AfterFunc(c.h.config.Patience, func() {
			if c.isSilent() {
				c.end()
			}
		})
	}
}

func (c *conn) isSilent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session == ""
}

func (c *conn) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// negotiated is the revision that its client speaks, as far as it is known.
func (c *conn) negotiated() protocol.Revision {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.revision
}

// send writes messages to the client.
func (c *conn) send(messages ...rpc.Message) error {
	if c.isOver() {
		return errGone
	}
	return c.feed.Send("message", messages...)
}

// reserve makes room for n calls; each must be replied to.
func (c *conn) reserve(n int) *rpc.Refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.draining:
		return stopping()
	case c.running+n > c.h.config.MaxCalls:
		return &rpc.Refusal{Class: rpc.TooMany, RetryAfter: time.Second, Err: protocol.Errorf(protocol.CodeServer, "Too many requests are running on this connection")}
	}
	c.running += n
	c.unanswered += n
	return nil
}

// reply writes the answer to a call and gives its room back. There is none, nil, to one that its client has cancelled.
// The room is given back just before, so that a client that has read the answer finds it, and one call at a time, so that
// a client that does not read finds none.
func (c *conn) reply(data []byte) {
	c.answering.Lock()
	c.mu.Lock()
	c.running--
	c.mu.Unlock()
	if data != nil {
		_ = c.send(rpc.Message{Data: data}) // when the client is gone there is nobody to tell
	}
	c.answering.Unlock()
	c.mu.Lock()
	c.unanswered--
	last := c.draining && c.unanswered == 0
	c.mu.Unlock()
	if last {
		c.end()
	}
}

// initialized notes what has become of a call, if it is initialize: session is "" when it failed. It tells that the
// connection has a session now. One that was opened when the connection had just ended ends, too.
func (c *conn) initialized(call *rpc.Call, session string) bool {
	if call.Method != protocol.MethodInitialize {
		return false
	}
	rev, _ := c.h.engine.SessionRevision(c.ctx, c.principal, session)
	c.mu.Lock()
	c.initializing = false
	over := c.over
	if session != "" && !over {
		c.session, c.revision = session, rev
		c.timer.Stop()
	}
	c.mu.Unlock()
	if session != "" && over {
		c.endSession(session)
	}
	return session != "" && !over
}

// attach connects the session's own stream.
func (c *conn) attach(call *rpc.Call) {
	whole := *call
	whole.Session, whole.Revision = c.session, c.revision // they do not change any more
	detach, refusal := c.h.engine.Attach(c.ctx, &whole, "", own{c})
	switch {
	case refusal == nil:
		c.mu.Lock()
		c.detach = detach
		over := c.over
		c.mu.Unlock()
		if over {
			detach()
		}
	case refusal.Class != rpc.Unavailable: // else the server is about to stop: Drain lets the calls end
		c.end()
	}
}

// own is the connection as what a session's own stream is written to.
type own struct{ c *conn }

// Send writes events; see rpc.Sink.
func (s own) Send(messages ...rpc.Message) error { return s.c.send(messages...) }

// Close ends the connection: the session has ended, its client has fallen too far behind, its caller's credentials have
// expired, or the server is about to stop. Only the last lets the calls end first. The engine must not be called from
// here.
func (s own) Close(time.Duration) {
	if s.c.h.isDraining() {
		s.c.drain()
		return
	}
	go s.c.end()
}

// drain ends the connection when its calls have been answered, and takes no more. It does not wait.
func (c *conn) drain() {
	c.mu.Lock()
	c.draining = true
	idle := c.unanswered == 0
	c.mu.Unlock()
	if idle {
		go c.end() // it may have to wait for a slow reader
	}
}

// end ends the connection and everything of it.
func (c *conn) end() {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return
	}
	c.over = true
	session, detach := c.session, c.detach
	if c.timer != nil {
		c.timer.Stop()
	}
	c.mu.Unlock()
	defer c.h.open.Done()
	c.h.forget(c)
	c.cancel()
	if detach != nil {
		detach()
	}
	if session != "" {
		c.endSession(session)
	}
	c.feed.Close(0) // the last thing, because it waits for a write that may be under way
}

func (c *conn) endSession(session string) {
	// That it has ended already is no news.
	_ = c.h.engine.End(context.WithoutCancel(c.ctx), &rpc.Call{Principal: c.principal, Session: session, Revision: c.negotiated(), Peer: c.peer})
}
