package auth

import "errors"

var (
	// ErrNoCredentials says that a request does not even try to say who sends it: 401 without an error code (RFC 6750
	// section 3.1).
	ErrNoCredentials = errors.New("auth: no credentials")
	// ErrNotMine says that a verifier does not know the credentials and that another one may. When none does, they
	// are invalid.
	ErrNotMine = errors.New("auth: credentials of another kind")
	// ErrInvalidToken says that the credentials are wrong, expired, revoked or meant for somebody else: 401
	// invalid_token. Every *Error with that code is one for errors.Is.
	ErrInvalidToken = errors.New("auth: invalid token")
	// ErrInsufficientScope says that the caller is known and may not do this: 403 insufficient_scope. Every *Error
	// with that code is one for errors.Is.
	ErrInsufficientScope = errors.New("auth: insufficient scope")
)

// Code is an error code of RFC 6750 section 3.1, or Unavailable.
type Code string

const (
	// InvalidRequest: the request is malformed: 400.
	InvalidRequest Code = "invalid_request"
	// InvalidToken: the credentials do not count: 401.
	InvalidToken Code = "invalid_token"
	// InsufficientScope: the credentials do not suffice: 403.
	InsufficientScope Code = "insufficient_scope"
	// Unavailable: nobody can tell at the moment, because the issuer or a database does not answer: 503. The code is
	// OAuth's (RFC 6749 section 4.1.2.1) and is not sent in a challenge.
	Unavailable Code = "temporarily_unavailable"
)

// Error says why a caller is turned away, and what it may be told about it.
type Error struct {
	// Code decides the status. An unknown code is told as InvalidToken.
	Code Code
	// Description is for the caller: one short sentence that gives nothing away. Empty gives a fixed text for each
	// Code. Characters that a header cannot carry are replaced.
	Description string
	// Scopes are what the caller would need, when Code is InsufficientScope.
	Scopes []string
	// Cause is for the log and never reaches the caller.
	Cause error
}

// Error is for the log: it has the cause.
func (e *Error) Error() string {
	text := "auth: " + string(e.Code)
	if e.Description != "" {
		text += ": " + e.Description
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is tells that target is the sentinel of e's code.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrInvalidToken:
		return e.Code == InvalidToken
	case ErrInsufficientScope:
		return e.Code == InsufficientScope
	}
	return false
}

// asError is err as an *Error: what it is, or what kind of trouble it stands for. err is neither nil nor
// ErrNoCredentials.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if errors.Is(err, ErrInsufficientScope) {
		return &Error{Code: InsufficientScope, Cause: err}
	}
	if t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && t.Timeout() {
		return &Error{Code: Unavailable, Cause: err}
	}
	return &Error{Code: InvalidToken, Cause: err}
}
