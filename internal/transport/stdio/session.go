package stdio

import (
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// session is what initialize has agreed upon. There is at most one: a pipe has one client.
type session struct {
	revision protocol.Revision // no revision before initialize
	id       string            // "" where the engine gives no sessions
}

func (s *server) current() session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session
}

// initialize opens the session, and ends the one that there was. It is done before the next line is read: what follows it
// is spoken in what it has agreed upon, even when a client does not wait.
func (s *server) initialize(e *protocol.Envelope) {
	c := s.newCall(e, protocol.LatestStateful, nil)
	defer c.stop()
	job, refusal := s.engine.Accept(c.ctx, &c.Call)
	if refusal != nil {
		c.answer(protocol.AppendError(nil, c.ID, refusal.Err))
		return
	}
	c.job = job
	reply := job.Run(c.ctx, c)
	opened, ok := agreed(reply)
	if !ok {
		c.reply(reply) // the session that there is goes on
		return
	}
	taken := s.enter(opened)
	c.reply(reply)
	if taken && opened.id != "" {
		s.attach(opened, "")
	}
}

// agreed reads what the client is about to be told: it is what the client will speak, whoever decided it.
func agreed(reply rpc.Reply) (session, bool) {
	answer, err := protocol.Scan(reply.Data)
	if err != nil || answer.Result == nil {
		return session{}, false
	}
	r, known := protocol.ParseRevision(protocol.String(scan.Find(answer.Result, "protocolVersion")))
	if !known || !r.HasSessions() {
		r = protocol.LatestStateful
	}
	return session{revision: r, id: reply.Session}, true
}

// enter makes a session the current one. It is false when the server is about to end, and then so does the session.
func (s *server) enter(opened session) bool {
	s.mu.Lock()
	over, last := s.over, s.session
	if !over {
		s.session = opened
	}
	s.mu.Unlock()
	if over {
		s.leave(opened)
		return false
	}
	if last.revision == 0 {
		return true
	}
	// The new session's requests may have the ids of the old one's: none of those is answered any more.
	for _, c := range s.queue.forget() {
		c.mute()
		c.answer(nil)
		c.stop()
	}
	s.leave(last)
	return true
}

// leave ends a session.
func (s *server) leave(last session) {
	if last.id == "" {
		return
	}
	s.contain("the end of a session", func() {
		if refusal := s.engine.End(s.work, last.call()); refusal != nil {
			s.config.Log.Debug("stdio: the session had ended", "error", refusal.Err)
		}
	})
}

// call is one that has nothing but a session.
func (s session) call() *rpc.Call {
	return &rpc.Call{Revision: s.revision, Session: s.id, Peer: peer{}, NoReplay: true}
}

// attach connects the session's own stream to the output, after an event that has been written, or from its beginning.
func (s *server) attach(to session, after string) {
	s.contain("a session's stream", func() {
		// It is detached by the end of the session, which comes with the end of the client.
		if _, refusal := s.engine.Attach(s.work, to.call(), after, &sink{s: s, session: to}); refusal != nil {
			s.config.Log.Debug("stdio: the session has no stream", "error", refusal.Err)
		}
	})
}

// sink writes the session's own stream (rpc.Sink). The engine calls it from one goroutine at a time.
type sink struct {
	s       *server
	session session
	last    string // the last event that has been written
}

// Send writes messages; see rpc.Sink. Priming events and retries are for clients that can come back.
func (k *sink) Send(messages ...rpc.Message) error {
	for _, m := range messages {
		if m.Data == nil {
			continue
		}
		if err := k.s.out.write(m.Data, nil); err != nil {
			return err
		}
		k.last = m.ID
	}
	return nil
}

// Close ends the stream; see rpc.Sink. A client that is to come back, because it was too slow to be told everything, is
// one that is still here: it comes back at once, and hears of the gap. An engine that is stopping refuses.
func (k *sink) Close(retry time.Duration) {
	if retry > 0 && k.s.input.Err() == nil {
		go k.s.attach(k.session, k.last) // on a goroutine of its own: the stream is closing its connection just now
	}
}
