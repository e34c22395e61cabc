package tenant

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// Events are functions that are told what happens to tenants. They are called on the goroutine on which it happens, so
// they should be quick. What they panic with is logged. Nil ones are not called. None of them is told a token.
type Events struct {
	// TokenAdded, TokenUpdated and TokenRemoved hear of tokens, on all nodes that are running: see TokenEvent.Remote.
	TokenAdded, TokenUpdated, TokenRemoved func(TokenEvent)
	// ServerRegistered hears that a server was built, on this node; ServerUpdated that another has taken its place, and
	// ServerRemoved that it is gone. Calls that run on it may still end.
	ServerRegistered, ServerUpdated, ServerRemoved func(ServerEvent)
	// ServerFailed hears that a server could not be built.
	ServerFailed func(ServerFailure)
	// SessionCreated and SessionEnded hear of the sessions of tenants, each once: see Tenants.Events.
	SessionCreated, SessionEnded func(SessionEvent)
	// ToolCalled hears of each call of a tool by a tenant, when it is over: see Tenants.Events.
	ToolCalled func(ToolEvent)
}

// TokenEvent is something that has happened to a token.
type TokenEvent struct {
	// ID is the token's id, which is also its tenant's name.
	ID string
	// Plan is the plan that it has now, or had; "" with a factory of its own.
	Plan string
	// At is when this node has heard of it.
	At time.Time
	// Remote tells that another node has done it.
	Remote bool
}

// Reason is why a server is gone.
type Reason string

// The reasons.
const (
	// ReasonRemoved: its token was removed.
	ReasonRemoved Reason = "removed"
	// ReasonIdle: nobody has used it for Config.IdleTTL.
	ReasonIdle Reason = "idle"
	// ReasonEvicted: another needed the room.
	ReasonEvicted Reason = "evicted"
	// ReasonClosed: the tenants were closed.
	ReasonClosed Reason = "closed"
)

// ServerEvent is something that has happened to a tenant's server.
type ServerEvent struct {
	// Tenant is whose it is, and Plan what it was built by; "" with a factory of its own.
	Tenant, Plan string
	// At is when, and Duration how long it took to build, or how long it was there.
	At       time.Time
	Duration time.Duration
	// Reason is why it is gone, in ServerRemoved.
	Reason Reason
	// Sessions is how many sessions it had on this node, in ServerRemoved.
	Sessions int
}

// ServerFailure is a server that could not be built.
type ServerFailure struct {
	// Tenant is whose it is, and Plan what it was to be built by.
	Tenant, Plan string
	// Err is why, and Correlation the id that the operator's log and the tenant's client have for it.
	Err         error
	Correlation string
	// Failures is how many there were in a row, and RetryAfter when the factory is asked again.
	Failures   int
	RetryAfter time.Duration
}

// SessionEvent is a session of a tenant that begins or has ended.
type SessionEvent struct {
	// Tenant is whose it is.
	Tenant string
	// SessionID is the session's id. It proves nothing, but keep it out of logs: see fastmcp.Session.ID.
	SessionID string
	// Principal is who uses it; nil where a node ends it that has not seen the caller, of another verifier.
	Principal *auth.Principal
	// Created is when it began, and Duration how long it was there, in SessionEnded.
	Created  time.Time
	Duration time.Duration
}

// ToolEvent is a call of a tool by a tenant: its duration and outcome are in the ToolCallEvent.
type ToolEvent struct {
	// Tenant is whose it was, and Plan what its server was built by.
	Tenant, Plan string
	fastmcp.ToolCallEvent
}

// tell calls one of the events.
func tell[E any](t *Tenants, name string, f func(E), e E) {
	if f == nil {
		return
	}
	if err := contain(func() { f(e) }); err != nil {
		t.config.Log.Error("tenant: Events."+name+" failed", "error", err)
	}
}

// contain makes an error of what f panics with.
func contain(f func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	f()
	return nil
}

// seldom keeps a log from being flooded by what happens often.
type seldom struct{ last atomic.Int64 } // in seconds

// warnEvery is how often the operator is told the same, in seconds.
const warnEvery = 60

// again tells that it is time to say it again.
func (s *seldom) again(at time.Time) bool {
	now, last := at.Unix(), s.last.Load()
	return now-last >= warnEvery && s.last.CompareAndSwap(last, now)
}
