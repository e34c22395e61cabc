package fastmcp

import (
	"cmp"
	"net/netip"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
)

// Events are functions that are told what happens. Those that hear of sessions' beginnings and ends and of calls are called
// on the goroutine on which it happens, so they should be quick. What they panic with is logged. Nil ones are not called.
type Events struct {
	// Connect hears of each new session, before its client does.
	Connect func(*Session)
	// Disconnect hears of each session that has ended, once.
	Disconnect func(*Session)
	// ToolCall hears of each call of a tool, when it is over.
	ToolCall func(ToolCallEvent)
	// TransportError hears of each connection that failed beneath MCP, on the connection's goroutine, where the App listens
	// itself. Whoever can connect can cause them. The log has those too, of each fault 10 a minute.
	TransportError func(TransportError)
	// Refused hears of each request over HTTP that was turned down before any link of a chain could see it: a wrong Host or
	// Origin, no credentials or wrong ones, a body that is no message, a session that is over, an unknown method or tool, a
	// caller without a right. It is called on the goroutine that answers, before the answer. Whoever can connect can cause
	// them; Stats has how many there were. What is too long, or no proper HTTP, is a TransportError.
	Refused func(RefusedEvent)

	// The others hear of what the client of a session has told. They are called on a goroutine of their own, one at a time
	// and in order for each session, so that they may take their time and ask the client: Session.Roots in RootsChanged, for
	// one. Shutdown waits for them as it does for calls, and questions of theirs end with its beginning. A client that tells
	// more than they can take loses what does not fit in SessionConfig.MaxEvents and EventBytes; that it does is logged, once
	// until they have caught up. A session may have ended when they hear of it.

	// Initialized hears that a client has said that it is ready (notifications/initialized). Over Streamable HTTP it opens
	// its stream later.
	Initialized func(*Session)
	// Reachable hears that a client can be asked outside a handler, for the first time: it has initialized, and its stream
	// is open. Those of Streamable HTTP that never open one are not reachable.
	Reachable func(*Session)
	// RootsChanged hears that the roots of a client have changed. Changes that come while one waits to be told are that one.
	RootsChanged func(*Session)
	// Cancelled hears that a client has cancelled a request. The request's Context is cancelled before.
	Cancelled func(*Session, Cancellation)
	// Notified hears of every notification, those above among them, and of those that have no event: progress with what the
	// client was asked, tasks/status of 2025-11-25, and methods of one's own.
	Notified func(*Session, Notification)
}

// RefusedEvent is a request that was turned down before any link of a chain could see it.
type RefusedEvent struct {
	// Status is the HTTP status, and Code the JSON-RPC code of the error that the client was given. What only the message
	// says, such as an unknown tool, has status 200.
	Status, Code int
	// Message is the error's text. It may have words of the client's.
	Message string
	// IP is the client's address, as Context.IP.
	IP netip.Addr
}

// Outcome is how a call of a tool went.
type Outcome string

// The outcomes.
const (
	// OutcomeSucceeded: there was a result.
	OutcomeSucceeded Outcome = "succeeded"
	// OutcomeFailed: there was a result that says that the tool failed, or an error.
	OutcomeFailed Outcome = "failed"
	// OutcomeCancelled: its client cancelled it.
	OutcomeCancelled Outcome = "cancelled"
)

// ToolCallEvent is a call of a tool that is over.
type ToolCallEvent struct {
	// Tool is its name, with the prefixes of its groups.
	Tool string
	// Principal is who called; nil is anonymous.
	Principal *auth.Principal
	// Tenant is the scope of the App that was called, where Config.Select has picked it; "" elsewhere.
	Tenant string
	// SessionID is the caller's session, "" without one: see Session.ID. RequestID is what logs name the request by.
	SessionID string
	RequestID string
	// Duration is how long the chain took, the tool's function included.
	Duration time.Duration
	Outcome  Outcome
	// Err is why a call failed, as the operator may know it; nil when the tool itself said so in its result.
	Err error
}

// told tells Events.ToolCall of a call. err is what cannot be said in a result.
func (e *engine) told(c *Context, a answer, err error) {
	j := c.job
	event := ToolCallEvent{
		Tool: c.Name(), Principal: c.Principal(), Tenant: c.Tenant(), SessionID: c.session.ID(), RequestID: c.RequestID(),
		Duration: j.engine.elapsed() - j.begun, Outcome: OutcomeSucceeded, Err: cmp.Or(j.failed, err),
	}
	switch {
	case j.wasCancelled():
		event.Outcome = OutcomeCancelled
	case event.Err != nil || a.isError:
		event.Outcome = OutcomeFailed
	}
	if err := contain(func() error { e.config.On.ToolCall(event); return nil }); err != nil {
		c.Log().Error("Events.ToolCall failed", "error", err)
	}
}

// refused tells Events.Refused; it is nil where nobody wants to hear.
func (a *App) refused() func(streamhttp.Refused) {
	f := a.config.On.Refused
	if f == nil {
		return nil
	}
	return func(r streamhttp.Refused) {
		if err := contain(func() error { f(RefusedEvent(r)); return nil }); err != nil {
			a.config.Log.Error("Events.Refused failed", "error", err)
		}
	}
}
