package auth

import "context"

// Guard decides whether a caller may see and use something. It is asked when lists are made and again at each use, from
// any goroutine, so it should be quick. The Access is not the guard's to keep or to change.
//
// A guard that panics denies: the engine sees to that. A guard's Decision about the same Access should depend on the
// principal and the arguments only, since lists are cached for those who are allowed the same, and since who may hear of
// a change is asked once for all sessions of a principal.
type Guard func(ctx context.Context, a *Access) Decision

// Op is what a caller wants to do.
type Op uint8

const (
	// OpList: see it in a list. There are no arguments and the guard is asked about each item.
	OpList Op = iota + 1
	// OpCall: call a tool or a route.
	OpCall
	// OpRead: read a resource.
	OpRead
	// OpGet: get a prompt.
	OpGet
	// OpComplete: be offered values for an argument.
	OpComplete
	// OpSubscribe: hear of its changes.
	OpSubscribe
)

// String is the operation's name in lower case.
func (o Op) String() string {
	switch o {
	case OpList:
		return "list"
	case OpCall:
		return "call"
	case OpRead:
		return "read"
	case OpGet:
		return "get"
	case OpComplete:
		return "complete"
	case OpSubscribe:
		return "subscribe"
	}
	return "unknown"
}

// The values of Access.Kind.
const (
	KindTool     = "tool"
	KindResource = "resource"
	KindTemplate = "template"
	KindPrompt   = "prompt"
	KindRoute    = "route"
	// KindMethod is a method that the protocol does not have.
	KindMethod = "method"
)

// Access is what a guard is asked about.
type Access struct {
	// Principal is who asks; nil is anonymous.
	Principal *Principal
	Op        Op
	// Kind is what kind of thing it is: KindTool, KindResource, ...
	Kind string
	// Name is its name; of a resource or a template the URI that is asked for, or the template when listed.
	Name string
	// Args are the arguments as the caller sent them, JSON that nothing has checked yet; nil in lists.
	Args []byte
	// SessionID is the session, "" where there is none and when the question is who may hear of a change. It identifies
	// nobody: that is what Principal is for.
	SessionID string
}

// Decision is a guard's answer. The zero value denies and hides.
type Decision struct {
	// Allowed lets the caller in. The other fields mean nothing then.
	Allowed bool
	// Challenge, when not nil, makes the denial an open one: the item is listed, and a use of it is answered with 403
	// insufficient_scope and these scopes, or with 401 when the caller is anonymous, so that a client can ask its user
	// for more. It names all scopes that the use needs, also those that the caller has (RFC 6750 section 3.1). When
	// nil, the item is hidden: it is absent from lists, and a use is answered as that of an unknown name.
	Challenge []string
	// Public, when not empty, is told to a caller that uses the item, instead of that it is unknown. It does not make
	// the item appear in lists.
	Public string

	// need are the scopes that decided, so that Discoverable can ask for them.
	need []string
}

// Listed tells that the item belongs into the caller's lists: it is allowed, or openly denied.
func (d Decision) Listed() bool { return d.Allowed || d.Challenge != nil }

// Allow lets the caller in.
func Allow() Decision { return Decision{Allowed: true} }

// Deny refuses and hides the item: it is absent from lists, and a use is answered as that of an unknown name.
func Deny() Decision { return Decision{} }

// DenyWith refuses a use with a text that the caller may read. The item is still absent from lists.
func DenyWith(public string) Decision { return Decision{Public: public} }

// Challenge refuses openly: the item is listed, and a use is answered with the wish for these scopes.
func Challenge(scopes ...string) Decision {
	if scopes == nil {
		scopes = []string{}
	}
	return Decision{Challenge: scopes, need: scopes}
}
