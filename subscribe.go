package fastmcp

import (
	"sync"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
)

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
	missing := func() *rpc.Refusal { return rpc.Refuse(rpc.Failed, notFound(c.Revision, j.context.name)) }
	e, values := j.catalog.resourceAt(j.context.name)
	if e == nil {
		return missing()
	}
	if r := j.guard(e, auth.OpSubscribe, j.context.name, missing); r != nil {
		return r
	}
	if err := e.resource.checkValues(values); err != nil { // nobody could read what it would be told of
		return rpc.Refuse(rpc.Failed, unsafeValue(err))
	}
	return nil
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
	if _, again := s.uris[c.name]; !again && len(s.uris) >= c.engine.config.Sessions.MaxSubscriptions {
		return invalidParams("more than %d subscriptions in a session", c.engine.config.Sessions.MaxSubscriptions)
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

// subscribed tells that somebody wants to hear of a resource.
func (e *engine) subscribed(uri string) (found bool) {
	e.hub.All(func(r *session.Record) bool {
		found = subscriptionsOf(r).has(uri)
		return !found
	})
	return found || e.listeners.any(func(l *listener) bool { return l.has(uri) })
}

// ResourceUpdated tells those who have subscribed to a resource, and may still read it, that it has changed. It returns
// at once. What is updated several times within 50 ms is told once; then the guards are asked, of the principal as of
// the session's last request.
func (a *App) ResourceUpdated(uri string) { a.engine.changed.updated(uri) }
