package fastmcp

import (
	"context"
	"errors"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// selector is what a transport hands its calls to where Config.Select says whose they are (rpc.Engine).
type selector struct{ *engine }

var _ rpc.Engine = selector{}

// Accept is Accept of the App that is picked.
func (s selector) Accept(ctx context.Context, c *rpc.Call) (rpc.Job, *rpc.Refusal) {
	for first := true; ; first = false {
		e, r := s.chosen(ctx, c.Principal)
		if r != nil {
			return nil, r
		}
		job, r := e.Accept(ctx, c)
		if r == nil || !first || !e.isLeaving() || s.isLeaving() {
			return job, r
		}
		// Another App was just about to take its place, and is picked by now.
	}
}

// Notify is Notify of the App that is picked.
func (s selector) Notify(ctx context.Context, c *rpc.Call) *rpc.Refusal {
	e, r := s.chosen(ctx, c.Principal)
	if r != nil {
		return r
	}
	return e.Notify(ctx, c)
}

// Answer is Answer of the App that is picked.
func (s selector) Answer(ctx context.Context, c *rpc.Call) *rpc.Refusal {
	e, r := s.chosen(ctx, c.Principal)
	if r != nil {
		return r
	}
	return e.Answer(ctx, c)
}

// Attach is Attach of the App that is picked.
func (s selector) Attach(ctx context.Context, c *rpc.Call, after string, sink rpc.Sink) (detach func(), r *rpc.Refusal) {
	e, r := s.chosen(ctx, c.Principal)
	if r != nil {
		return nil, r
	}
	return e.Attach(ctx, c, after, sink)
}

// End is End of the App that is picked.
func (s selector) End(ctx context.Context, c *rpc.Call) *rpc.Refusal {
	e, r := s.chosen(ctx, c.Principal)
	if r != nil {
		return r
	}
	return e.End(ctx, c)
}

// SessionRevision is that of the App that is picked.
func (s selector) SessionRevision(ctx context.Context, p *auth.Principal, id string) (protocol.Revision, bool) {
	if id == "" {
		return 0, false
	}
	e, r := s.chosen(ctx, p)
	if r != nil {
		return 0, false // Accept says why
	}
	return e.SessionRevision(ctx, p, id)
}

// chosen is the engine of the App that Config.Select picks.
func (s selector) chosen(ctx context.Context, p *auth.Principal) (*engine, *rpc.Refusal) {
	e, err := s.pick(ctx, p)
	if errors.Is(err, errRealmMoved) {
		e, err = s.pick(ctx, p) // another has taken its place, and is picked by now
	}
	if err != nil {
		return nil, s.unselected(ctx, p, err)
	}
	return e, nil
}

func (s selector) pick(ctx context.Context, p *auth.Principal) (*engine, error) {
	var app *App
	err := contain(func() (err error) {
		app, err = s.config.Select(ctx, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	if app == nil || app == s.app {
		return s.engine, nil
	}
	name := app.config.Name
	if p != nil && p.Tenant != "" {
		name = p.Tenant
	}
	if e := app.engine(); e.realm != nil && e.realm.host == s.app && e.realm.name == name && (!e.isLeaving() || s.isLeaving()) {
		return e, nil
	}
	return s.app.realms.take(s.app, app, name)
}

// unselected is the refusal of a caller for whom there is no App.
func (s selector) unselected(ctx context.Context, p *auth.Principal, err error) *rpc.Refusal {
	if r := (refused{}); errors.As(err, &r) {
		return r.Refusal
	}
	if e := (*auth.Error)(nil); errors.As(err, &e) || errors.Is(err, auth.ErrNoCredentials) {
		return rpc.Refuse(rpc.Unauthorized, protocol.Errorf(protocol.CodeServer, "Unauthorized"))
	}
	if e := (*protocol.Error)(nil); errors.As(err, &e) {
		return rpc.Refuse(rpc.Forbidden, e)
	}
	if e := (*Error)(nil); errors.As(err, &e) {
		return rpc.Refuse(rpc.Forbidden, protocol.Errorf(protocol.CodeServer, "%s", e.Message))
	}
	id, attrs := newID(), []any{"principal", p.Key(), "error", err}
	if f := (*fault)(nil); errors.As(err, &f) {
		attrs = append(attrs, "stack", string(f.stack))
	}
	if ctx.Err() == nil {
		s.config.Log.Error("no App could be picked for a request", append(attrs, "correlation", id)...)
	}
	return &rpc.Refusal{Class: rpc.Unavailable, RetryAfter: time.Second, Err: &protocol.Error{
		Code: protocol.CodeServer, Message: "The server cannot serve you at the moment: try again", Data: map[string]string{"correlationId": id},
	}}
}
