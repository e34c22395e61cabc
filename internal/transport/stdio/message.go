package stdio

import (
	"fmt"
	"strings"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// message takes a message that came alone.
func (s *server) message(e *protocol.Envelope) {
	switch {
	case !e.IsRequest():
		s.oneWay(e)
	case e.Method == protocol.MethodInitialize && !s.isStateless(e):
		s.initialize(e)
	default:
		s.request(e, nil)
	}
}

// request has a request run, or wait for its turn. b is the array that it came in, or nil.
func (s *server) request(e *protocol.Envelope, b *batch) {
	r, err := s.revisionOf(e)
	if err == nil && b != nil && r.IsStateless() {
		err = protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: %s has no arrays of messages", r)
	}
	if err != nil {
		s.decline(e, b, err)
		return
	}
	if r == 0 { // the one request that has an answer before there is a session
		s.refuseOrAnswer(b, append(append([]byte(`{"jsonrpc":"2.0","id":`), e.ID...), `,"result":{}}`...))
		return
	}
	c := s.newCall(e, r, b)
	if !r.IsStateless() {
		c.Session = s.current().id
	}
	starts, err := s.queue.add(c)
	if err != nil {
		c.stop()
		s.decline(e, b, err)
		return
	}
	if starts {
		go s.run(c)
	}
}

// decline answers a request with an error.
func (s *server) decline(e *protocol.Envelope, b *batch, err *protocol.Error) {
	s.refuseOrAnswer(b, protocol.AppendError(nil, e.ID, err))
}

func (s *server) refuseOrAnswer(b *batch, data []byte) {
	if b != nil {
		b.result(data)
		return
	}
	_ = s.out.write(data, nil) // a client that is gone ends the server, which sees it by itself
}

// isStateless tells that a request is of 2026-07-28, or of a revision that nobody here speaks. Each message is looked at
// by itself: a client of both eras may ask server/discover first and say initialize later.
func (s *server) isStateless(e *protocol.Envelope) bool {
	switch {
	case !e.Meta.IsStateless():
		return false
	case e.Meta.Version == nil:
		// What is missing is told, unless a session has it, or is about to.
		return s.current().revision == 0 && e.Method != protocol.MethodInitialize
	}
	// A client of the older revisions that puts its own version there is still one of them.
	r, known := protocol.ParseRevision(protocol.String(e.Meta.Version))
	return !known || !r.HasSessions()
}

// revisionOf decides which revision a request speaks. No revision is a ping that comes before all else.
func (s *server) revisionOf(e *protocol.Envelope) (protocol.Revision, *protocol.Error) {
	if !s.isStateless(e) {
		r := s.current().revision
		if r == 0 && e.Method != protocol.MethodPing {
			return 0, notInitialized()
		}
		return r, nil
	}
	if err := e.Meta.Check(); err != nil {
		return 0, err
	}
	version := protocol.String(e.Meta.Version)
	r, known := protocol.ParseRevision(version)
	if !known {
		return 0, protocol.UnsupportedVersion(version)
	}
	return r, nil
}

// notInitialized is for a request that does not say which revision it is of, and comes before one was agreed upon.
func notInitialized() *protocol.Error {
	supported := protocol.Supported()
	return &protocol.Error{
		Code: protocol.CodeInvalidParams,
		Message: fmt.Sprintf("Invalid params: initialize first, or name a version in _meta[%q]: %s are supported",
			protocol.MetaVersion, strings.Join(supported, ", ")),
		Data: map[string]any{"supported": supported},
	}
}

// oneWay takes a notification or the client's answer to a request of the server's. Nothing is ever said about either.
func (s *server) oneWay(e *protocol.Envelope) {
	session := s.current()
	note := &rpc.Call{Envelope: *e, Revision: session.revision, Session: session.id, Peer: peer{}, NoReplay: true}
	switch {
	case e.Method == protocol.NoteCancelled && s.cancel(e, note):
	case session.revision == 0:
		s.config.Log.Debug("stdio: ignored before initialize", "method", e.Method)
	default:
		s.tell(note)
	}
}

// tell hands the engine what wants no answer.
func (s *server) tell(note *rpc.Call) {
	hear := s.engine.Notify
	if note.IsResponse() {
		hear = s.engine.Answer
	}
	if refusal := hear(s.work, note); refusal != nil {
		s.config.Log.Debug("stdio: not taken", "method", note.Method, "error", refusal.Err)
	}
}

// cancel cancels the request that a notification names: nothing more is sent for it (MCP, cancellation). It is false when
// no such request is running.
func (s *server) cancel(e *protocol.Envelope, note *rpc.Call) bool {
	id := scan.Find(e.Params, "requestId")
	if id == nil {
		return false
	}
	c, was := s.queue.cancel(id, note)
	if c == nil {
		return false
	}
	c.mute()
	switch {
	case was == waiting:
		c.answer(nil)
		c.stop()
	case c.Session == "":
		c.stop() // there is no session whose call it is, and so nobody else who could stop it
	case was == running:
		s.tell(note)
	}
	return true
}
