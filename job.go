package fastmcp

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// job is a request that has been accepted, until it is answered (rpc.Job).
type job struct {
	context Context
	engine  *engine
	method  *method
	catalog *catalog
	record  *session.Record // the caller's session, nil without
	opened  *session.Record // the session that this request opens
	session Session         // what the Context shows of record
	begun   time.Duration   // when the chain began, since the engine's clock did
	failed  error           // what the chain returned
	page    listPage        // what the answer shares with others
	embeds  atomic.Int32    // resources that are being embedded

	// The log is made when the answer becomes a stream, and not any more once the job is over.
	logOnce   sync.Once
	logStream *session.Stream

	told atomic.Bool // something was sent beside the answer: see Context.Replayable

	mu        sync.Mutex
	inquiry   *inquiry // nil until something is asked
	over      bool     // it has been answered
	cancelled bool     // its client does not want an answer
	isError   bool     // the answer is a tool's result that says so
	again     bool     // the answer asks
	heard     hearing  // who hears of the answer

	task  *taskRun   // what it becomes, or is part of; nil for most
	keyed *keyedCall // what it is for its idempotency key; nil for most
}

// Mode is what the method asks of its transport; see rpc.Job.
func (j *job) Mode() rpc.Mode { return j.method.mode }

// Open gives what a stream begins with; see rpc.Job.
func (j *job) Open() rpc.Message {
	log := j.log()
	if log == nil || !j.context.call.Revision.HasPriming() {
		return rpc.Message{}
	}
	return log.Prime()
}

// log is where the request's messages are kept for a client that comes back, which those with a session can. Making it
// attaches it to the connection.
func (j *job) log() *session.Stream {
	j.logOnce.Do(func() {
		if j.record == nil || j.context.call.NoReplay || j.method.mode == rpc.Unary {
			return
		}
		log, err := j.record.OpenStream(j.context.call.ID)
		if err != nil {
			return // too many at once, or the session is ending: this one cannot be taken up again
		}
		var until time.Time
		if p := j.context.call.Principal; p != nil {
			until = p.ExpiresAt
		}
		if _, err := log.Attach(j, 0, until); err == nil {
			j.logStream = log
		}
	})
	return j.logStream
}

// noLog makes sure that no log is made any more.
func (j *job) noLog() *session.Stream {
	j.logOnce.Do(func() {})
	return j.logStream
}

// Send writes events of the log to the connection (rpc.Sink).
func (j *job) Send(messages ...rpc.Message) error {
	for _, m := range messages {
		if err := j.context.stream.Send(m); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the connection, not the request (rpc.Sink): the client has come back on another, or is to.
func (j *job) Close(retry time.Duration) {
	_ = j.context.stream.Suspend(retry) // a connection that is gone already is ended, too
}

// send sends a message of the request's. data may be used again afterwards.
func (c *Context) send(data []byte) error {
	c.job.told.Store(true)
	if c.job.isOver() {
		return ErrEnded
	}
	if c.stream == nil {
		return errors.New("fastmcp: the request has not begun: guards cannot send")
	}
	if err := c.life.error(); err != nil {
		return err // who has cancelled does not want to hear more
	}
	return c.job.keyed.unheard(c.write(data))
}

// write is send, whether or not the request has been cancelled.
func (c *Context) write(data []byte) error {
	if log := c.job.log(); log != nil {
		_, err := log.Append(bytes.Clone(data))
		if errors.Is(err, session.ErrEnded) {
			return ErrEnded
		}
		return err
	}
	return c.stream.Send(rpc.Message{Data: data})
}

// alive is the error of a Context that has nobody to answer to.
func (c *Context) alive() error {
	if c.job.isOver() {
		return ErrEnded
	}
	return c.life.error()
}

func (j *job) isOver() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.over
}

// register makes the request one that its client can cancel.
func (j *job) register() *rpc.Refusal {
	if j.record == nil {
		return nil
	}
	j.record.Seen(j.context.call.Principal)
	switch err := j.record.Begin(j.context.call.ID, j); {
	case errors.Is(err, session.ErrDuplicate):
		return rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: a request with this id is running in this session"))
	case errors.Is(err, session.ErrTooMany):
		return &rpc.Refusal{Class: rpc.TooMany, RetryAfter: time.Second, Err: protocol.Errorf(protocol.CodeServer, "Too many requests are running in this session")}
	case err != nil:
		return rpc.Refuse(rpc.Gone, protocol.Errorf(protocol.CodeServer, "Session not found: initialize again"))
	}
	j.record.CancelledEarly(j.context.call.ID)
	return nil
}

// Cancel is what a client's notifications/cancelled does (session.Canceler).
func (j *job) Cancel(string) {
	if j.keyed.outlasts(j) {
		return
	}
	j.mu.Lock()
	j.cancelled = true
	j.mu.Unlock()
	j.context.life.cancel(context.Canceled)
}

// Run runs the chain and writes the answer; see rpc.Job.
func (j *job) Run(ctx context.Context, s rpc.Stream) rpc.Reply {
	c := &j.context
	if j.keyed != nil {
		ctx, s = j.keyed.enter(ctx, s)
	}
	c.parent = ctx
	c.life.begin(c, s)
	j.begun = j.engine.elapsed()
	defer j.end()
	if j.task != nil {
		return j.runTask()
	}
	err := contain(c.Next)
	if err == nil && c.call.Method == protocol.MethodToolsCall && c.tool == nil {
		err = fmt.Errorf("fastmcp: a tool call without a tool")
	}
	return j.reply(err)
}

// answeredWith is how the request was answered, for those that hear of it.
func (j *job) answeredWith(r *rpc.Reply, err error) Answer {
	a := Answer{Bytes: len(r.Data) + len(r.Shared) + len(r.Tail), Err: cmp.Or(err, j.failed), IsError: j.isError, Again: j.again, At: time.Now()}
	a.Took = a.At.Sub(j.engine.clock) - j.begun
	if a.Again {
		a.Err = nil // that a question is open is no failure, whatever the handler made of it
	}
	return a
}

// end is what follows a request, however it went.
func (j *job) end() {
	j.context.life.finish()
	if j.keyed != nil {
		j.keyed.end()
	}
	if j.record != nil {
		j.record.Finish(j.context.call.ID)
	}
	j.engine.running.Done()
}

// reply writes the answer.
func (j *job) reply(err error) rpc.Reply {
	c := &j.context
	var reply rpc.Reply
	var data []byte
	if j.keyed != nil {
		data, err = j.encodeKeyed(err)
	} else {
		data, err = j.encodeContained(err)
	}
	if err != nil {
		if r := (refused{}); errors.As(err, &r) && !j.streaming() {
			reply.Refusal = r.Refusal
		}
		if j.opened != nil {
			j.engine.end(j.opened.ID) // what refused it did so after the session was opened
		}
		data = protocol.AppendError(nil, c.call.ID, c.protocolError(err))
	} else if j.opened != nil {
		reply.Session = j.opened.ID
	}
	j.mu.Lock()
	j.over = true
	if j.cancelled {
		data = nil // who has cancelled a request gets no answer to it
	}
	heard := j.heard.first[0] != nil
	j.mu.Unlock()
	if reply.Data = data; data != nil && err == nil && j.page != nil {
		reply.Shared, reply.Tail = j.page, j.endResult(nil, false, nil)
	}
	if heard {
		defer func(a Answer) { j.tellAnswer(a) }(j.answeredWith(&reply, err))
	}
	if log := j.noLog(); log != nil {
		m, direct := log.Finish(data, j)
		reply.Message = m
		if !direct {
			reply.Data = nil
		}
	}
	return reply
}

func (j *job) streaming() bool { return j.noLog() != nil }
