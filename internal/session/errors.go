package session

import (
	"errors"
	"time"
)

var (
	// ErrNotFound: there is no such session, event or stream, or not any more.
	ErrNotFound = errors.New("session: not found")
	// ErrForeign: the session is there, and another principal's. What the caller is told is the engine's choice; to
	// answer as to ErrNotFound tells least.
	ErrForeign = errors.New("session: belongs to another principal")
	// ErrFull: there are as many sessions as there may be and none of them is idle. It is always a *FullError.
	ErrFull = errors.New("session: too many sessions")
	// ErrClosed: the hub takes no new sessions and streams any more.
	ErrClosed = errors.New("session: shutting down")
	// ErrEnded: the session or the stream has ended in the meantime.
	ErrEnded = errors.New("session: ended")
	// ErrDuplicate: a call with this id is running in the session (MCP 2025-11-25, basic, requests: ids are unique).
	ErrDuplicate = errors.New("session: a call with this id is running")
	// ErrGap: events after the one that the client saw last are not kept any more, so it cannot go on from there.
	ErrGap = errors.New("session: events have been lost")
	// ErrTooMany: the session has as many running calls or streams as it may have.
	ErrTooMany = errors.New("session: too many calls or streams")
	// ErrTooLarge: the session's state would outgrow its bounds.
	ErrTooLarge = errors.New("session: state too large")
	// ErrConflict: an Update was overtaken by others every time it tried.
	ErrConflict = errors.New("session: state changed too often")
)

// FullError says which bound a new session would break, and when it is worth another try.
type FullError struct {
	// Bound is the name of the Config field.
	Bound      string
	RetryAfter time.Duration
}

// Error names the bound.
func (e *FullError) Error() string { return ErrFull.Error() + " (" + e.Bound + ")" }

// Is tells that target is ErrFull.
func (e *FullError) Is(target error) bool { return target == ErrFull }
