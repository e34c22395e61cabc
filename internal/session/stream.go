package session

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

// Pending, as the event to attach after, takes a stream up at the first event that has been written to nobody and is
// still kept: what a client gets that does not say what it saw last.
const Pending int64 = -1

// Position is the place of an event in its stream, that of one which a client says it saw last.
type Position struct {
	n    int64
	mark string // that the log in a store has beside the number
}

// Live is the place of Pending.
var Live = Position{n: Pending}

// Stream is a sequence of events with a log and at most one connection that reads it. Events are numbered from 1 on;
// the id of one is "<stream>.<number>" and is looked up within the session only. There are two kinds:
//
//   - The stream of a call is written by the goroutine that sends: Append returns when the event has been written, or
//     writing has failed. That is the call's backpressure. Without a connection events go to the log alone.
//   - The session's own stream, to which everybody may send, is never waited for: Append goes to the log, and a
//     goroutine that lives only while there is something to write brings it to the connection. When a reader is so
//     slow that events which it has not been given fall out of the log, its connection is closed with a retry: it
//     comes back with the last event that it saw, and learns of the gap.
type Stream struct {
	rec *Record
	id  string
	own bool
	// finishedAt is when the last event was appended, in the hub's time and never 0 then. It and attached are written
	// under mu.
	finishedAt atomic.Int64
	attached   atomic.Bool

	// turn is whose turn it is to send on a call's stream. Who waits for it has not appended yet, so that however many
	// there are, they do not push events out of the log that the connection has not got.
	turn sync.Mutex

	mu        sync.Mutex
	log       eventLog // made with the first event
	at        *attachment
	sent      int64 // the newest event that has been written to a connection
	finished  bool
	discarded bool

	// Of a stream whose log is in the store.
	far     *far
	request []byte // the JSON-RPC id of the call
	mine    bool   // the call runs here
	headed  bool   // the log has its head
	pulling bool   // a goroutine reads the log, and will
	again   bool   // look again
	joining int    // readers that are about to be
	behind  bool   // the window has no room for what the log has
	fence   int64  // of the reader
	noted   place  // as it was last written
}

func newStream(r *Record, n int64, request []byte) *Stream {
	s := &Stream{rec: r, id: strconv.FormatInt(n, 10)}
	if c := r.hub.cluster; c != nil {
		s.id = c.node + "-" + s.id // other nodes have streams of this session, too
		s.far, s.request, s.mine = newFar(c, r.ID, s.id), request, true
	}
	return s
}

// ID is the stream's id within the session.
func (s *Stream) ID() string { return s.id }

// Prime is the priming event of SEP-1699: an id without data, from which the whole stream can be taken up.
func (s *Stream) Prime() rpc.Message {
	if s.far != nil {
		return rpc.Message{ID: s.farID(0, startMark)}
	}
	return rpc.Message{ID: s.eventID(0)}
}

// Append adds an event, writes it to the connection if there is one, in the way of the stream's kind, and returns it
// with its id. data is kept and must not be changed any more; it may be shared by many streams. A connection that
// fails is let go and is no error: the client can come back for the rest. The error is ErrEnded when the stream has
// finished or the session has ended.
func (s *Stream) Append(data []byte) (rpc.Message, error) {
	if !s.own {
		s.turn.Lock()
		defer s.turn.Unlock()
	}
	s.mu.Lock()
	if s.finished || s.discarded {
		s.mu.Unlock()
		return rpc.Message{}, ErrEnded
	}
	if s.far != nil {
		s.mu.Unlock()
		return s.sendFar(data)
	}
	n := s.push(data)
	a := s.at
	if s.own {
		a.wake()
		a = nil
	}
	s.mu.Unlock()
	if a != nil {
		a.flush()
	}
	return rpc.Message{ID: s.eventID(n), Data: data}, nil
}

// Finish ends the stream of a call with its answer, if data is not nil. The stream can be taken up for Config.ReplayTTL
// after. When the connection that reads it is mine, Finish lets go of it without writing or closing, and direct is
// true: the caller writes m there itself, as the last thing. Any other connection gets the answer and is closed. mine is
// compared with ==, so it is a pointer.
func (s *Stream) Finish(data []byte, mine rpc.Sink) (m rpc.Message, direct bool) {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	if s.finished || s.discarded {
		s.mu.Unlock()
		return rpc.Message{Data: data}, false
	}
	a := s.at
	if direct = a != nil && mine != nil && a.sink == mine && a.caughtUp(); direct {
		a.letGo()
		a = nil
	}
	if s.far != nil {
		s.mu.Unlock()
		return s.finishFar(data), direct
	}
	if data != nil {
		m = rpc.Message{ID: s.eventID(s.push(data)), Data: data}
	}
	if direct {
		s.sent = s.events().last()
	}
	s.finished = true
	s.finishedAt.Store(int64(s.rec.hub.now()))
	s.mu.Unlock()
	if a != nil {
		a.flush()
	}
	return m, direct
}

// Attach makes sink the stream's connection, from the event after that number on, or from Pending: first what the log
// has, then what comes, each event once. It does not block and calls nothing of sink's before it returns, other than
// by a goroutine that brings what the log has. The connection that was there before is closed. sink.Close is called
// exactly once, never beside a Send, unless detach comes first; detach is for a client that has gone. Once until has
// passed, if it is not zero, the connection is closed with a retry: it is when the caller's credentials expire.
//
// The slice that sink.Send is given is used again afterwards; what is in it is not.
//
// It returns ErrGap when events after that one are not kept any more, ErrNotFound when there never was such an event or
// the stream is not kept, ErrEnded when the session has ended and ErrClosed when the hub is shutting down.
func (s *Stream) Attach(sink rpc.Sink, after int64, until time.Time) (detach func(), err error) {
	return s.AttachAt(sink, Position{n: after, mark: startMark}, until)
}

// AttachAt is Attach with a place that Record.Stream has found.
func (s *Stream) AttachAt(sink rpc.Sink, p Position, until time.Time) (detach func(), err error) {
	after := p.n
	if s.far != nil && !s.begins(after) {
		return s.attachFar(sink, after, p.mark, until)
	}
	s.mu.Lock()
	a, err := s.join(sink, after, until)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	old := s.at
	if after == Pending && old != nil && old.writing {
		a.before = old // what it is writing is pending only if that fails
	}
	s.at = a
	s.attached.Store(true)
	mustClose := old.leave(0)
	if s.finished || !a.caughtUp() || a.before != nil {
		a.wake()
	}
	s.mu.Unlock()
	if mustClose {
		old.sink.Close(0)
	}
	return a.detach, nil
}

// join makes an attachment after that event, if that is possible. s.mu is held.
func (s *Stream) join(sink rpc.Sink, after int64, until time.Time) (*attachment, error) {
	if s.discarded {
		return nil, ErrNotFound
	}
	log := s.events()
	if after == Pending {
		after = max(s.sent, log.first()-1)
	}
	switch {
	case after < 0 || after > log.last():
		return nil, ErrNotFound
	case after < log.first()-1:
		return nil, ErrGap
	case s.rec.hub.draining.Load():
		return nil, ErrClosed
	}
	if err := s.rec.acquire(); err != nil {
		return nil, err
	}
	return &attachment{s: s, sink: sink, cursor: after + 1, until: until}, nil
}

// Suspend closes the connection, if there is one; its client is told to come back in retry. The stream goes on.
func (s *Stream) Suspend(retry time.Duration) {
	s.mu.Lock()
	a := s.at
	mustClose := a.leave(retry)
	s.mu.Unlock()
	if mustClose {
		a.sink.Close(retry)
	}
}

// Attached tells that a connection reads the stream.
func (s *Stream) Attached() bool { return s.attached.Load() }

// endExpired closes the connection if its caller's credentials have expired.
func (s *Stream) endExpired(now time.Time) {
	s.mu.Lock()
	a := s.at
	over := a != nil && !a.until.IsZero() && !now.Before(a.until)
	mustClose := over && a.leave(s.rec.hub.c.Retry)
	s.mu.Unlock()
	if mustClose {
		a.sink.Close(s.rec.hub.c.Retry)
	}
}

// discard ends the stream for good and forgets its events.
func (s *Stream) discard(retry time.Duration) {
	s.mu.Lock()
	s.discarded = true
	a := s.at
	mustClose := a.leave(retry)
	if s.log != nil {
		s.log.clear()
	}
	s.mu.Unlock()
	if mustClose {
		a.sink.Close(retry)
	}
}

// events is the stream's log. s.mu is held.
func (s *Stream) events() eventLog {
	if s.log == nil {
		s.log = &ring{c: &s.rec.hub.c, shared: &s.rec.hub.top.bytes}
	}
	return s.log
}

func (s *Stream) eventID(n int64) string {
	var buf [40]byte
	b := append(buf[:0], s.id...)
	b = append(b, '.')
	return string(strconv.AppendInt(b, n, 10))
}

// startMark stands where the first event is yet to come.
const startMark = "-"

func (s *Stream) farID(n int64, mark string) string {
	return s.id + "." + mark + "." + strconv.FormatInt(n, 10)
}

// parseEventID reads an event id in the one form that eventID, or farID, gives it.
func parseEventID(id string, far bool) (stream string, p Position, ok bool) {
	stream, rest, ok := strings.Cut(id, ".")
	if ok && far {
		p.mark, rest, ok = strings.Cut(rest, ".")
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	if !ok || err != nil || n < 0 || strconv.FormatInt(n, 10) != rest || far && (n == 0) != (p.mark == startMark) {
		return "", Position{}, false
	}
	p.n = n
	return stream, p, true
}
