package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp/protocol"
)

// ErrNoStream is what errors.Is finds when a client has no stream open on which it could be asked outside a handler: one
// of Streamable HTTP opens it with a GET, and may do so later, or never. Over stdio and HTTP+SSE there always is one.
var ErrNoStream = errors.New("fastmcp: the client has no open stream of its own (GET)")

// errStopping is what a question ends with when the server is about to stop.
var errStopping = errors.New("fastmcp: the server is shutting down, and does not wait for answers")

// asker is who is asked: what the engine knows of a client when it makes a question.
type asker struct {
	engine   *engine
	revision protocol.Revision
	can      protocol.Capabilities
}

func (c *Context) asker() asker { return asker{c.engine, c.call.Revision, c.Can()} }

func (s *Session) asker() asker { return asker{s.engine, s.Revision(), s.capabilities()} }

// Sample asks the client's model outside a handler: when the server, and not the client, has something to begin. The
// client is asked on the session's own stream, so one must be open, and must have said notifications/initialized:
// Events.Reachable tells when that is so. In a handler Context.Sample is the better choice: it works in 2026-07-28, too, and
// needs no other stream.
//
// It waits for Config.AskTimeout, which begins anew whenever the client tells of its progress, and for Config.AskLimit in
// all; ctx, the end of the session and the end of the server end it before. A client that need not answer any more is
// told so (notifications/cancelled). The answer is checked as Context.Sample does it.
//
// The errors: an UnsupportedError where the client cannot be asked, which is the case without a session, as in 2026-07-28
// and with Config.Stateless, and without the capability; ErrNoStream, ErrNoAnswer, ErrSessionEnded and ctx.Err(), by
// errors.Is; a *protocol.Error, if that is the client's answer; and an *Error for an answer that does not fit, or when
// SessionConfig.MaxCalls questions wait already.
func (s *Session) Sample(ctx context.Context, r SampleRequest) (*SampleResult, error) {
	if err := s.needsSession(protocol.MethodSample); err != nil {
		return nil, err
	}
	q, result, err := r.question(protocol.MethodSample, s.asker())
	if err != nil {
		return nil, err
	}
	if err := s.ask(ctx, q); err != nil {
		return nil, err
	}
	return *result, nil
}

// Roots asks the client for its roots, outside a handler and under the conditions of Session.Sample. It may be called from
// Events.RootsChanged.
func (s *Session) Roots(ctx context.Context) ([]Root, error) {
	if err := s.needsSession(protocol.MethodRoots); err != nil {
		return nil, err
	}
	q, roots, err := rootsQuestion(protocol.MethodRoots, s.asker())
	if err != nil {
		return nil, err
	}
	if err := s.ask(ctx, q); err != nil {
		return nil, err
	}
	return *roots, nil
}

// ElicitSession asks the client's user to fill in a form, outside a handler and under the conditions of Session.Sample. The
// form is Elicit's.
func ElicitSession[T any](ctx context.Context, s *Session, message string, form *T) (Action, error) {
	if err := s.needsSession(protocol.MethodElicit); err != nil {
		return Cancelled, err
	}
	q, action, err := newForm(protocol.MethodElicit, message, form, s.asker())
	if err != nil {
		return Cancelled, err
	}
	if err := s.ask(ctx, q); err != nil {
		return Cancelled, err
	}
	return *action, nil
}

// Ping asks the client for a sign of life on the session's own stream, and tells how long that took. It waits for
// PingConfig.Timeout; its errors are those of Session.Sample. Any client may be pinged, at any time.
func (s *Session) Ping(ctx context.Context) (time.Duration, error) {
	if err := s.needsSession(protocol.MethodPing); err != nil {
		return 0, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, s.engine.config.Ping.Timeout, errNoPong)
	defer cancel()
	begun := time.Now()
	q := &question{key: protocol.MethodPing, method: protocol.MethodPing, able: true, read: func([]byte) error { return nil }}
	err := s.ask(limited, q)
	if err != nil && context.Cause(limited) == errNoPong && ctx.Err() == nil {
		return 0, noAnswer("The client did not answer a ping within %s.", s.engine.config.Ping.Timeout)
	}
	if err != nil {
		return 0, err
	}
	return time.Since(begun), nil
}

// errNoPong is why a ping is given up.
var errNoPong = errors.New("fastmcp: no answer to a ping")

// needsSession is the error of a session that lasts for a request only.
func (s *Session) needsSession(method string) error {
	if s.record != nil {
		return nil
	}
	return &UnsupportedError{Method: method, Reason: "it has no session, and so no stream of its own: only a handler can ask it, with its answer (2026-07-28; Config.Stateless)"}
}

// ask asks on the session's own stream.
func (s *Session) ask(ctx context.Context, q *question) error {
	if err := s.askable(q); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	asked, err := s.record.Ask()
	if err != nil {
		return unasked(err)
	}
	defer s.record.Unask(asked)
	if _, err := s.record.Own().Append(q.request(asked.ID)); err != nil {
		return unasked(err)
	}
	answer, err := s.engine.await(q, asked, ctx.Done(), s.engine.stopping)
	switch {
	case errors.Is(err, ErrNoAnswer):
		s.withdraw(asked.ID, "there was no answer in time")
	case errors.Is(err, errInterrupted) && ctx.Err() != nil:
		s.withdraw(asked.ID, "nobody waits for the answer")
		return ctx.Err()
	case errors.Is(err, errInterrupted):
		s.withdraw(asked.ID, "the server is shutting down")
		return errStopping
	}
	if err != nil {
		return err
	}
	return q.read(answer)
}

// askable tells why the client cannot be asked now.
func (s *Session) askable(q *question) error {
	switch {
	case !q.able:
		return &UnsupportedError{Method: q.method, Reason: "it does not say that it has the capability " + q.needs}
	case s.record.Ended():
		return ErrSessionEnded
	case !s.record.Initialized() && q.method != protocol.MethodPing: // MCP, lifecycle: until then there are pings only
		return &UnsupportedError{Method: q.method, Reason: "it has not said notifications/initialized yet: ask it from Events.Reachable on"}
	}
	read, err := s.record.ReadAnywhere()
	if err == nil && !read {
		return fmt.Errorf("%w: %s", ErrNoStream, q.method)
	}
	return err
}

// withdraw tells the client that a question needs no answer any more.
func (s *Session) withdraw(id, reason string) {
	_, _ = s.record.Own().Append(withdrawn(id, reason)) // a session that has ended has put the question away
}
