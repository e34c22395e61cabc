package tenant

import "errors"

var (
	// ErrBadToken tells that a token is too short, too long, or cannot be sent in an Authorization header.
	ErrBadToken = errors.New("tenant: bad token")
	// ErrTokenExists tells that a token was added before.
	ErrTokenExists = errors.New("tenant: this token was added already: update it, or remove it first")
	// ErrUnknownToken tells that there is no such token, or none with that id.
	ErrUnknownToken = errors.New("tenant: there is no such token")
	// ErrUnknownPlan tells that no plan of that name was registered, on this node.
	ErrUnknownPlan = errors.New("tenant: there is no such plan: register it by Plan, on every node")
	// ErrOtherKind tells that a token with a factory of its own was to be updated by a plan's name, or the other way round.
	ErrOtherKind = errors.New("tenant: a token that was added with a factory is updated by UpdateToken, one that was added by plan by UpdateTokenPlan")
	// ErrBadGrant tells that a Grant has a name that is too long, or a rate that is none.
	ErrBadGrant = errors.New("tenant: bad grant")
	// ErrShared tells that a factory was given with a token where nodes share the store: the others could not build it.
	ErrShared = errors.New("tenant: a factory is a closure of one process, and the store is shared by several: register it by Plan, and add the token by AddTokenPlan")
	// ErrClosed tells that the tenants were closed.
	ErrClosed = errors.New("tenant: closed")
)
