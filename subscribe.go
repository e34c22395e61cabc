package fastmcp

import (
	"errors"
	"slices"
	"strings"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
)

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

// maxSubscribed bounds the URIs that a session has subscribed to, in bytes.
const maxSubscribed = 256 << 10

func lengthOf(texts []string) (n int) {
	for _, text := range texts {
		n += len(text)
	}
	return n
}

// subscribe and unsubscribe are the last links of their chains.
func subscribe(c *Context) error {
	r := c.job.record
	if r == nil {
		return protocol.Errorf(protocol.CodeMethodNotFound, "Without a session there is nothing to subscribe with")
	}
	most := c.engine.config.Sessions.MaxSubscriptions
	err := r.Subscribe(func(uris []string) ([]string, error) {
		i, again := slices.BinarySearch(uris, c.name)
		switch {
		case again:
			return uris, nil
		case len(uris) >= most:
			return nil, invalidParams("more than %d subscriptions in a session", most)
		case lengthOf(uris)+len(c.name) > maxSubscribed:
			return nil, invalidParams("the subscriptions of a session are longer than %d bytes", maxSubscribed)
		}
		return slices.Insert(uris, i, c.name), nil
	})
	return c.subscribed(err)
}

func unsubscribe(c *Context) error {
	r := c.job.record
	if r == nil {
		return c.subscribed(nil)
	}
	return c.subscribed(r.Subscribe(func(uris []string) ([]string, error) {
		if i, there := slices.BinarySearch(uris, c.name); there {
			uris = slices.Delete(uris, i, i+1)
		}
		return uris, nil
	}))
}

// subscribed answers what has changed the subscriptions.
func (c *Context) subscribed(err error) error {
	if errors.Is(err, session.ErrUnavailable) {
		return refused{unavailable()}
	}
	if err == nil {
		c.SetResult(members{})
	}
	return err
}

// subscribes tells that the client of a session wants to hear of a resource.
func subscribes(r *session.Record, uri string) bool {
	_, ok := slices.BinarySearch(r.Subscribed(), uri)
	return ok
}

// subscribed tells that somebody wants to hear of a resource.
func (e *engine) subscribed(uri string) (found bool) {
	e.hub.All(func(r *session.Record) bool {
		found = subscribes(r, uri)
		return !found
	})
	return found || e.listeners.any(func(l *listener) bool { return l.has(uri) })
}

// ResourceUpdated tells those who have subscribed to a resource, and may still read it, that it has changed: on every node
// that shares Config.Storage. It returns at once. What is updated several times within 50 ms is told once; then the guards
// are asked, of the principal as of the session's last request. Where other nodes may have missed some of it, because the
// storage was away, those who have subscribed to anything there are told that all of it may have changed.
func (a *App) ResourceUpdated(uri string) { a.engine().changed.updated(strings.Clone(uri)) }
