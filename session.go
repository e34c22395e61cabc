package fastmcp

import (
	"context"
	"errors"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// ErrNoSession is what a session says that has no id: it lasts for one request, and keeps nothing.
var ErrNoSession = errors.New("fastmcp: this client has no session")

// Session is a client of a revision with sessions, from initialize until it, or its time, ends it.
type Session struct {
	engine *engine
	record *session.Record
}

// ID is the session's id, "" for one that lasts for a request only. It proves nothing, but who knows it and is its
// principal can use the session: keep it out of logs.
func (s *Session) ID() string {
	if s.record == nil {
		return ""
	}
	return s.record.ID
}

// LogID names the session in logs, in place of its id, which who knows it could use; "" without a session. Context.Log says
// it as "session".
func (s *Session) LogID() string {
	if s.record == nil {
		return ""
	}
	return s.record.LogID()
}

// Revision is what the session has negotiated; no revision without a session.
func (s *Session) Revision() protocol.Revision {
	if s.record == nil {
		return 0
	}
	return s.record.Revision
}

// Principal is who uses the session, as of its last request; nil is anonymous.
func (s *Session) Principal() *auth.Principal {
	if s.record == nil {
		return nil
	}
	return s.record.Principal()
}

// Client is who the client says it is. It proves nothing.
func (s *Session) Client() protocol.ClientInfo {
	if s.record == nil {
		return protocol.ClientInfo{}
	}
	raw, _ := s.record.Client.([]byte)
	return protocol.ParseClientInfo(raw)
}

func (s *Session) capabilities() protocol.Capabilities {
	if s.record == nil {
		return protocol.Capabilities{}
	}
	raw, _ := s.record.Capabilities.([]byte)
	return protocol.ParseCapabilities(raw)
}

// Created is when the session began; zero without a session.
func (s *Session) Created() time.Time {
	if s.record == nil {
		return time.Time{}
	}
	return s.record.Created()
}

// Get reads a value of the session's state: what its requests leave for each other. ok is false when there is none.
func (s *Session) Get(ctx context.Context, key string) (value []byte, ok bool, err error) {
	if s.record == nil {
		return nil, false, nil
	}
	return s.record.State().Get(ctx, key)
}

// Set writes a value of the state. The last writer wins: where a value is made of the one before, use Update. SessionConfig
// bounds how much that may be.
func (s *Session) Set(ctx context.Context, key string, value []byte) error {
	if s.record == nil {
		return ErrNoSession
	}
	return s.record.State().Set(ctx, key, value)
}

// Delete removes a value of the state.
func (s *Session) Delete(ctx context.Context, key string) error {
	if s.record == nil {
		return ErrNoSession
	}
	return s.record.State().Delete(ctx, key)
}

// Update makes a value of the one before, which is nil when there is none: compare and swap. fn may be called again
// when another request was quicker, so it should do nothing but compute. A nil result removes the value.
func (s *Session) Update(ctx context.Context, key string, fn func(old []byte) ([]byte, error)) error {
	if s.record == nil {
		return ErrNoSession
	}
	return s.record.State().Update(ctx, key, fn)
}

// Notify sends a notification to the client, on the session's own stream. When no stream is open it is kept for the
// next one, as far as the log reaches (SessionConfig.LogEvents).
func (s *Session) Notify(method string, params any) error {
	if s.record == nil {
		return ErrNoSession
	}
	note, err := notification(method, params)
	if err != nil {
		return err
	}
	_, err = s.record.Own().Append(note)
	return err
}

// End ends the session: its streams are closed, its running requests cancelled, and its client must initialize again.
func (s *Session) End() {
	if s.record != nil {
		s.engine.end(s.record.ID)
	}
}

// logLevel is the least level of log messages that the client wants.
func (s *Session) logLevel() protocol.Level {
	if s.record == nil {
		return 0
	}
	if level := s.record.Level(); level != 0 {
		return level
	}
	return protocol.LevelInfo
}

// fingerprint names a session in logs without being its id.
func fingerprint(id string) string { return session.Fingerprint(id) }
