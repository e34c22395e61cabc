package fastmcp

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/store"
)

// storesSessions tells that sessions are kept in Config.Storage: other nodes find them there, or this one when it has been
// started anew.
func (e *engine) storesSessions() bool { return storesSessions(e.config, e.backend) }

func storesSessions(c *Config, b *store.Backend) bool {
	return !c.Stateless && (b.Shared || b.Filled != nil)
}

// nodeNameLength makes names of 50 bits, which are part of each event's id on a call's stream.
const nodeNameLength = 10

// newHub makes the hub of a backend's sessions. now is whose they are. with is a hub of this node that gives its signs of
// life already; it may be nil.
func newHub(config *Config, b *store.Backend, now func() *engine, with *session.Hub) *session.Hub {
	s := config.Sessions
	c := session.Config{
		TTL: s.TTL, MaxPerPrincipal: s.MaxPerPrincipal, MaxPerIP: s.MaxPerIP, MaxTotal: s.Max,
		LogSize: s.LogEvents, LogBytes: s.LogBytes, StateKeys: s.StateKeys, StateBytes: s.StateBytes, CallsPerSession: s.MaxCalls,
		InboxSize: s.MaxEvents, InboxBytes: s.EventBytes,
		Retry: config.HTTP.Retry, Above: with,
	}
	// Streams outlive their credentials, and Events.Disconnect is late, by so much at most.
	c.SweepEvery = min(max(s.TTL/4, 10*time.Millisecond), 5*time.Second)
	c.OnCreate = func(r *session.Record) {
		e := now()
		e.pinger.start()
		if f := e.config.On.Connect; f != nil {
			e.tell("Events.Connect", f, r)
		}
	}
	c.OnEnd = func(r *session.Record, _ session.Reason) {
		e := now()
		if f := e.config.On.Disconnect; f != nil {
			e.tell("Events.Disconnect", f, r)
		}
	}
	c.OnChange = func(r *session.Record) { now().reached(r) } // its client may have initialized by another node
	c.OnGone = func() {
		if e := now(); e.realm != nil {
			e.realm.sessionEnded()
		}
	}
	if storesSessions(config, b) {
		c.Share = &session.Share{Backend: b.Scope("sessions"), Node: strings.ToLower(rand.Text()[:nodeNameLength]), Log: config.Log, With: with}
	}
	return session.New(c)
}

// tell tells an event of a session. What it panics with is its own affair.
func (e *engine) tell(name string, f func(*Session), r *session.Record) {
	if err := contain(func() error { f(&Session{engine: e, record: r}); return nil }); err != nil {
		e.config.Log.Error(name+" failed", "error", err, "stack", string(err.(*fault).stack))
	}
}

func (e *engine) sessions() (all []*Session) {
	e.hub.All(func(r *session.Record) bool {
		all = append(all, &Session{engine: e, record: r})
		return true
	})
	return all
}

func (e *engine) session(id string) *Session {
	if r, ok := e.hub.Peek(id); ok {
		return &Session{engine: e, record: r}
	}
	return nil
}

// end ends a session at the server's wish. One that the store keeps all the same is there until its time is over.
func (e *engine) end(id string) {
	if _, err := e.hub.End(id); err != nil {
		e.config.Log.Error("a session cannot be ended in the store", "session", fingerprint(id), "error", err)
	}
}

// hint tells every session that something may have changed.
func (e *engine) hint(note []byte) {
	e.hub.News()
	e.hub.All(func(r *session.Record) bool {
		_ = r.Own().Hint(note) // a session that has just ended hears nothing
		return true
	})
}

// Attach connects a session's stream; see rpc.Engine.
func (e *engine) Attach(_ context.Context, c *rpc.Call, after string, s rpc.Sink) (detach func(), refusal *rpc.Refusal) {
	record, refusal := e.find(c)
	if refusal != nil {
		return nil, refusal
	}
	record.Seen(c.Principal)
	stream, place := record.Own(), session.Live
	if after != "" {
		var err error
		if stream, place, err = record.Stream(after); err != nil {
			return nil, rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: Last-Event-ID is of no stream of this session"))
		}
	}
	var until time.Time
	if c.Principal != nil {
		until = c.Principal.ExpiresAt
	}
	missed := stream == record.Own() && record.Missed()
	detach, err := stream.AttachAt(s, place, until)
	switch {
	case err == nil:
		if missed {
			hintAll(record)
		}
		e.reached(record)
		return detach, nil
	case errors.Is(err, session.ErrGap):
		return e.attachBehindGap(record, stream, s, until)
	}
	return nil, unattached(err)
}

// unattached says why a stream could not be connected.
func unattached(err error) *rpc.Refusal {
	switch {
	case errors.Is(err, session.ErrClosed):
		return &rpc.Refusal{Class: rpc.Unavailable, RetryAfter: time.Second, Err: protocol.Errorf(protocol.CodeServer, "The server is shutting down")}
	case errors.Is(err, session.ErrUnavailable):
		return unavailable()
	case errors.Is(err, session.ErrEnded):
		return rpc.Refuse(rpc.Gone, protocol.Errorf(protocol.CodeServer, "Session not found: initialize again"))
	}
	return rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: Last-Event-ID is of no event of this session"))
}

// attachBehindGap is for a client that was away for so long that events are lost. On the session's own stream it is told
// that every list may have changed, and goes on; the stream of a request cannot be made whole.
func (e *engine) attachBehindGap(r *session.Record, stream *session.Stream, s rpc.Sink, until time.Time) (func(), *rpc.Refusal) {
	if stream != r.Own() {
		return nil, rpc.Refuse(rpc.Conflict, &protocol.Error{
			Code: protocol.CodeInternal, Message: "Events after that one are not kept any more", Data: map[string]any{"gap": true},
		})
	}
	// A log of this process is told first: afterwards it might push an event out of a full log that the connection is about
	// to get. Where sessions are in a store, only who reads is told.
	if !e.storesSessions() {
		hintAll(r)
	}
	detach, err := stream.AttachAt(s, session.Live, until)
	if err != nil {
		return nil, unattached(err)
	}
	if e.storesSessions() {
		hintAll(r)
	}
	return detach, nil
}

// hintAll tells that every list, and each resource that the client has subscribed to, may have changed.
func hintAll(r *session.Record) {
	for _, n := range changedNotes {
		_ = r.Own().Hint(n.note) // a session that has just ended hears nothing
	}
	for _, uri := range r.Subscribed() {
		_ = r.Own().Hint(updatedNote(uri))
	}
}
