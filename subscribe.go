package fastmcp

import (
	"context"
	"sync"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// maxSubscriptions is how many resources a session, or a listener, may subscribe to.
const maxSubscriptions = 1000

// subscriptions are the resources that a session wants to hear of.
type subscriptions struct {
	mu   sync.Mutex
	uris map[string]struct{}
}

type subscriptionsKey struct{}

// subscriptionsOf are a session's own.
func subscriptionsOf(r *session.Record) *subscriptions {
	if s, ok := r.Locals(subscriptionsKey{}).(*subscriptions); ok {
		return s
	}
	return nil
}

// prepareSubscribe finds the resource and asks its guards.
func prepareSubscribe(j *job) *rpc.Refusal {
	c := j.context.call
	if c.URI == nil || c.URI[0] != '"' {
		return rpc.Refuse(rpc.Failed, invalidParams("uri must be a string"))
	}
	j.context.name = protocol.String(c.URI)
	if c.Method == protocol.MethodUnsubscribe {
		return nil
	}
	missing := rpc.Refuse(rpc.Failed, notFound(c.Revision, j.context.name))
	e, _ := j.catalog.resourceAt(j.context.name)
	if e == nil {
		return missing
	}
	return j.guard(e, auth.OpSubscribe, j.context.name, missing)
}

// subscribe and unsubscribe are the last links of their chains.
func subscribe(c *Context) error {
	r := c.job.record
	if r == nil {
		return protocol.Errorf(protocol.CodeMethodNotFound, "Without a session there is nothing to subscribe with")
	}
	c.engine.subscribing.Lock()
	s := subscriptionsOf(r)
	if s == nil {
		s = &subscriptions{uris: make(map[string]struct{})}
		r.Locals(subscriptionsKey{}, s)
	}
	c.engine.subscribing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := s.uris[c.name]; !again && len(s.uris) >= maxSubscriptions {
		return invalidParams("more than %d subscriptions in a session", maxSubscriptions)
	}
	s.uris[c.name] = struct{}{}
	c.SetResult(members{})
	return nil
}

func unsubscribe(c *Context) error {
	if r := c.job.record; r != nil {
		if s := subscriptionsOf(r); s != nil {
			s.mu.Lock()
			delete(s.uris, c.name)
			s.mu.Unlock()
		}
	}
	c.SetResult(members{})
	return nil
}

func (s *subscriptions) has(uri string) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.uris[uri]
	return ok
}

// ResourceUpdated tells those who have subscribed to a resource, and may still read it, that it has changed.
func (a *App) ResourceUpdated(uri string) {
	e := a.engine
	catalog := e.current()
	entry, _ := catalog.resourceAt(uri)
	if entry == nil {
		return // who could read it?
	}
	note := append([]byte(`{"jsonrpc":"2.0","method":"`+protocol.NoteResourceUpdated+`","params":{"uri":`), scan.AppendString(nil, uri)...)
	note = append(note, "}}"...)
	ctx := context.WithoutCancel(a.base)
	e.hub.All(func(r *session.Record) bool {
		if subscriptionsOf(r).has(uri) {
			access := auth.Access{Principal: r.Principal(), Op: auth.OpSubscribe, Kind: entry.kind, Name: uri, SessionID: r.ID}
			if entry.ask(ctx, &access).Allowed {
				_, _ = r.Own().Append(note) // a session that has just ended hears nothing
			}
		}
		return true
	})
	e.listeners.updated(ctx, entry, uri)
}
