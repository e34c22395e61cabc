// Package rpc is the seam between what moves bytes and what they mean: a transport turns bytes into a Call, an Engine
// turns a Call into a Job, and the Job answers through a Stream. It knows no HTTP and no App.
package rpc

import (
	"context"
	"net/netip"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Call is one message from a client, with who sent it and how. Its bytes belong to the call: a transport that reuses
// its buffers copies the message first.
type Call struct {
	protocol.Envelope
	Revision  protocol.Revision
	Principal *auth.Principal
	// Session is the id that the client presented; the engine looks it up.
	Session string
	Peer    Peer
	// NoReplay tells that what was sent to the client is lost to it with its connection: it cannot come back for it, so
	// that there is nothing to be kept for that.
	NoReplay bool
}

// Peer is where a call came from. Its methods are safe from any goroutine and after the call has ended.
type Peer interface {
	Header(name string) string
	HeaderValues(name string) []string
	RemoteIP() netip.Addr
	// Mirrors tells that the transport carries headers that repeat parts of the body and must be checked.
	Mirrors() bool
	// Value is what the transport's own middleware stored in the request.
	Value(key any) any
	// Keep makes the headers outlive the request. Until then they are gone when the call has been answered.
	Keep()
}

// Mode is what a job asks of its transport.
type Mode uint8

const (
	// Unary jobs answer at once with one body.
	Unary Mode = iota
	// MayStream jobs run user code: they may send messages before they answer, or take long.
	MayStream
	// MustStream jobs answer with a stream from the start.
	MustStream
)

// Job is a call that has been accepted: what is left cannot change the status of the answer.
type Job interface {
	Mode() Mode
	// Open is called once, when the answer becomes a stream, before anything else is sent on it. What it gives is
	// sent first; a zero Message sends nothing.
	Open() Message
	// Run does the work and returns the answer. It is called once. ctx is the transport's: it ends when the
	// transport is stopped by force.
	Run(ctx context.Context, s Stream) Reply
}

// Reply is the answer to a call: one JSON-RPC message, or no Body when there is nothing (more) to say.
type Reply struct {
	// ID is the event id, when the answer is written as an event of a stream.
	Message
	// Shared, when it is not nil, goes on where Data ends, and Tail where it ends: a part that many answers have, which is
	// the engine's and must not be changed. Whole makes one piece of them.
	Shared, Tail []byte
	// Session is a new session's id, to be told to the client.
	Session string
	// Refusal is set when the call was turned down after all, for a reason that has a status of its own.
	Refusal *Refusal
}

// Whole is the reply in one piece.
func (r Reply) Whole() Reply {
	if r.Shared != nil {
		whole := append(make([]byte, 0, len(r.Data)+len(r.Shared)+len(r.Tail)), r.Data...)
		r.Data = append(append(whole, r.Shared...), r.Tail...)
		r.Shared, r.Tail = nil, nil
	}
	return r
}

// Message is one message to a client.
type Message struct {
	// ID is the event's id, "" where events have none.
	ID string
	// Data is a JSON-RPC message on one line. An ID without Data is a priming event.
	Data []byte
	// Retry, if not zero, tells the client how long to wait before it connects again.
	Retry time.Duration
}

// Stream is a call's way to its client while it runs.
type Stream interface {
	// Send writes a message; the answer becomes a stream with the first. It returns an error when the client is gone.
	Send(m Message) error
	// Suspend ends the connection but not the call: the client is told to come back for the rest in retry.
	Suspend(retry time.Duration) error
	// Gone tells that the client is known to have gone away.
	Gone() bool
	// OnGone calls fn, once, when the client goes away, as soon as that can be seen. stop takes it back.
	OnGone(fn func()) (stop func())
}

// Headers is what a Stream also is whose answer has headers: those that are set before it has begun.
type Headers interface {
	SetHeader(name, value string)
}

// Sink is where a session's own stream writes, for as long as its client stays connected.
type Sink interface {
	Send(m ...Message) error
	// Close ends the connection; the client is told to come back in retry, when that is not zero.
	Close(retry time.Duration)
}

// Engine decides. Its methods may be called from any goroutine.
type Engine interface {
	// Accept decides everything about a request that needs a status of its own, without running user code other
	// than guards. Exactly one of its results is not nil.
	Accept(ctx context.Context, c *Call) (Job, *Refusal)
	// Notify takes a notification.
	Notify(ctx context.Context, c *Call) *Refusal
	// Answer takes the client's answer to a request of the server.
	Answer(ctx context.Context, c *Call) *Refusal
	// Attach connects a session's stream to s: its own stream, or, when after is the id of an event, the stream of
	// that event, from the event after it. The engine calls s.Close when the stream ends. detach tells it that the
	// client has gone.
	Attach(ctx context.Context, c *Call, after string, s Sink) (detach func(), r *Refusal)
	// End ends the session at its client's wish.
	End(ctx context.Context, c *Call) *Refusal
	// SessionRevision is the revision that a principal's session has negotiated.
	SessionRevision(ctx context.Context, p *auth.Principal, id string) (r protocol.Revision, ok bool)
	// Drain refuses new work, ends the streams with a wish to come back, and waits for the calls that run.
	Drain(ctx context.Context) error
}
