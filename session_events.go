package fastmcp

import (
	"encoding/json"
	"errors"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Notification is what a session's client has told: Events.Notified hears of it.
type Notification struct {
	// Method is its name, and Params what it says, as JSON; nil when it says nothing. They prove nothing.
	Method string
	Params json.RawMessage
}

// Cancellation is the wish of a session's client that a request be cancelled: Events.Cancelled hears of it.
type Cancellation struct {
	// RequestID is the id that the client gave the request, as JSON: a number or a string.
	RequestID json.RawMessage
	// Reason is why, if the client says so.
	Reason string
	// Running tells that there was such a request to cancel. It may have been answered in the meantime.
	Running bool
}

// hear does what a notification is for, and tells the events.
func (e *engine) hear(r *session.Record, c *rpc.Call) *rpc.Refusal {
	on := &e.config.On
	switch c.Method {
	case protocol.NoteInitialized:
		first, err := r.SetInitialized()
		if errors.Is(err, session.ErrUnavailable) {
			return unavailable()
		}
		if first && on.Initialized != nil {
			e.post(r, "Events.Initialized", "", 0, on.Initialized)
		}
		e.reached(r)
	case protocol.NoteCancelled:
		id, reason := cancelled(c.Params)
		running := r.Cancel(id, reason)
		if on.Cancelled != nil && id != nil {
			n := Cancellation{clone(id), reason, running}
			e.post(r, "Events.Cancelled", "", len(id)+len(reason), func(s *Session) { on.Cancelled(s, n) })
		}
	case protocol.NoteProgress:
		r.Progressed(protocol.String(scan.Find(c.Params, "progressToken")))
	case protocol.NoteRootsChanged:
		if on.RootsChanged != nil && !e.config.NoRoots {
			e.post(r, "Events.RootsChanged", "roots", 0, on.RootsChanged)
		}
	}
	if on.Notified != nil {
		n := Notification{c.Method, clone(c.Params)}
		e.post(r, "Events.Notified", "", len(c.Method)+len(c.Params), func(s *Session) { on.Notified(s, n) })
	}
	return nil
}

// reached tells of a session whose client can be asked from now on.
func (e *engine) reached(r *session.Record) {
	if f := e.config.On.Reachable; f != nil && r.SetReachable() {
		e.post(r, "Events.Reachable", "", 0, f)
	}
}

// post has an event told on the session's own goroutine for that, after those before: what hears of it may ask the client,
// whose answer comes by the way that this notification has come by. What does not fit is lost.
func (e *engine) post(r *session.Record, name, key string, size int, f func(*Session)) {
	if !e.begin(nil) {
		return // the server is about to stop
	}
	p := r.Post(key, size, func() {
		defer e.running.Done()
		e.tell(name, f, r)
	})
	if p != session.Queued {
		e.running.Done()
	}
	if p == session.Lost {
		e.config.Log.Warn("a session's client tells more than its events can take: they are lost until it can", "event", name, "session", fingerprint(r.ID))
	}
}
