package stdio

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// errNoReturn is why a call cannot be taken up again: there is one pipe, and who has lost it has lost the server.
var errNoReturn = errors.New("stdio: a client cannot come back for an answer")

// stage is how far a call has come.
type stage uint8

const (
	waiting  stage = iota
	starting       // the engine is asked whether it takes it
	running
)

// call is one request until it is answered. It is the call's stream (rpc.Stream).
type call struct {
	rpc.Call
	s     *server
	batch *batch // the array that it came in; nil when it came alone
	job   rpc.Job

	// ctx is what the call runs in, and gone ends when its client does not want it any more: when it says so, and with
	// the input. In 2026-07-28 they are the same. stop ends both.
	ctx, gone context.Context
	stop      func()

	opened sync.Once
	// muted lets nothing be sent any more that belongs to the call.
	muted    atomic.Bool
	answered atomic.Bool

	// The rest is the queue's, and guarded by it.
	stage stage
	aside bool
	note  *rpc.Call // the cancellation that came while the call was starting
}

// newCall makes a call of a request, in a revision; of what session, its caller says.
func (s *server) newCall(e *protocol.Envelope, r protocol.Revision, b *batch) *call {
	c := &call{s: s, batch: b}
	c.Call = rpc.Call{Envelope: *e, Revision: r, Peer: peer{}, NoReplay: true}
	gone, leave := context.WithCancel(s.input)
	c.ctx, c.gone, c.stop = gone, gone, leave
	if !r.IsStateless() {
		// A client with a session that has gone away has not cancelled: only Drain bounds what it had begun.
		ctx, end := context.WithCancel(s.work)
		c.ctx, c.stop = ctx, func() { end(); leave() }
	}
	return c
}

// run is the life of a call on a goroutine of its own, and then that of the one that has waited for its place.
func (s *server) run(c *call) {
	settled := false
	defer func() {
		// Without a panic it is the end of the goroutine, runtime.Goexit, which a handler may have called.
		if v := recover(); !settled {
			s.config.Log.Error("stdio: a call failed", "method", c.Method, "error", v, "stack", string(debug.Stack()))
			c.answer(protocol.AppendError(nil, c.ID, errInternal))
		}
		c.stop()
		if next := s.queue.done(c); next != nil {
			go s.run(next)
		}
	}()
	s.serve(c)
	settled = true
}

// serve has the engine do the work.
func (s *server) serve(c *call) {
	job, refusal := s.engine.Accept(c.ctx, &c.Call)
	if refusal != nil {
		c.answer(protocol.AppendError(nil, c.ID, refusal.Err))
		return
	}
	c.job = job
	if note := s.queue.accepted(c); note != nil {
		s.tell(note)
	}
	if job.Mode() == rpc.MustStream {
		if next := s.queue.setAside(c); next != nil {
			go s.run(next)
		}
		_ = c.open() // whether the client is still there shows with the next write
	}
	c.reply(job.Run(c.ctx, c))
}

// reply writes what a job has answered.
func (c *call) reply(r rpc.Reply) {
	r = r.Whole()
	data := r.Data
	if data == nil && r.Refusal != nil {
		data = protocol.AppendError(nil, c.ID, r.Refusal.Err)
	}
	c.answer(data)
}

// answer writes the answer, once; nil is none.
func (c *call) answer(data []byte) {
	if c.answered.Swap(true) {
		return
	}
	// First, so that a client may use the id again as soon as it has read the answer.
	c.s.queue.free(c)
	switch {
	case c.batch != nil:
		if c.muted.Load() {
			data = nil
		}
		c.batch.result(data)
	case data != nil:
		_ = c.s.out.write(data, &c.muted) // a client that is gone ends the server, which sees it by itself
	}
}

// mute keeps everything from being sent that belongs to the call.
func (c *call) mute() { c.muted.Store(true) }

// open sends what the stream begins with, once. An event that has only an id is for clients that can come back.
func (c *call) open() (err error) {
	c.opened.Do(func() {
		if first := c.job.Open(); first.Data != nil {
			err = c.s.out.write(first.Data, &c.muted)
		}
	})
	return err
}

// Send writes a message; see rpc.Stream. Its id is left out: on a pipe nothing is taken up again.
func (c *call) Send(m rpc.Message) error {
	if err := c.open(); err != nil {
		return err
	}
	if m.Data == nil {
		return nil
	}
	return c.s.out.write(m.Data, &c.muted)
}

// Suspend is not possible; see rpc.Stream.
func (c *call) Suspend(time.Duration) error { return errNoReturn }

// Gone tells that the input has ended, or that the client has cancelled the call; see rpc.Stream.
func (c *call) Gone() bool { return c.gone.Err() != nil }

// OnGone hears of it; see rpc.Stream.
func (c *call) OnGone(fn func()) (stop func()) {
	end := context.AfterFunc(c.gone, fn)
	return func() { end() }
}
