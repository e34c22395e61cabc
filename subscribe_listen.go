package fastmcp

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// metaSubscription tags what belongs to a subscription with the id of the request that opened it.
const metaSubscription = "io.modelcontextprotocol/subscriptionId"

// listener is a subscriptions/listen that is open (2026-07-28). What changes while its client reads slowly is told once.
type listener struct {
	c     *Context
	lists int
	uris  []string

	mu      sync.Mutex
	pending int
	updated []string
	wake    chan struct{}
}

// listeners are all that are open.
type listeners struct {
	mu  sync.Mutex
	all map[*listener]struct{}
}

func (l *listeners) none() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all) == 0
}

func (l *listeners) each(f func(*listener)) {
	l.mu.Lock()
	open := make([]*listener, 0, len(l.all))
	for one := range l.all {
		open = append(open, one)
	}
	l.mu.Unlock()
	for _, one := range open {
		f(one)
	}
}

// tell wakes those who want to hear of a list.
func (l *listeners) tell(list int, _ string) {
	l.each(func(one *listener) {
		if one.lists&list != 0 {
			one.add(list, "")
		}
	})
}

// updated wakes those who want to hear of a resource and may read it.
func (l *listeners) updated(ctx context.Context, e *entry, uri string) {
	l.each(func(one *listener) {
		if slices.Contains(one.uris, uri) {
			access := auth.Access{Principal: one.c.Principal(), Op: auth.OpSubscribe, Kind: e.kind, Name: uri}
			if e.ask(ctx, &access).Allowed {
				one.add(0, uri)
			}
		}
	})
}

func (l *listener) add(list int, uri string) {
	l.mu.Lock()
	l.pending |= list
	if uri != "" && !slices.Contains(l.updated, uri) {
		l.updated = append(l.updated, uri)
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// prepareListen reads what is wanted. What is not offered, or may not be read, is left out, and the acknowledgement
// tells.
func prepareListen(j *job) *rpc.Refusal {
	c := j.context.call
	raw := scan.Find(c.Params, "notifications")
	var want struct {
		Tools     bool     `json:"toolsListChanged"`
		Prompts   bool     `json:"promptsListChanged"`
		Resources bool     `json:"resourcesListChanged"`
		URIs      []string `json:"resourceSubscriptions"`
	}
	if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &want) != nil {
		return rpc.Refuse(rpc.Failed, invalidParams("notifications must be an object of what to hear of"))
	}
	if len(want.URIs) > maxSubscriptions {
		return rpc.Refuse(rpc.Failed, invalidParams("more than %d subscriptions", maxSubscriptions))
	}
	l := &listener{c: &j.context, wake: make(chan struct{}, 1)}
	for list, on := range map[int]bool{changedTools: want.Tools, changedPrompts: want.Prompts, changedResources: want.Resources} {
		if on {
			l.lists |= list
		}
	}
	for _, uri := range want.URIs {
		if e, _ := j.catalog.resourceAt(uri); e != nil {
			access := auth.Access{Principal: c.Principal, Op: auth.OpSubscribe, Kind: e.kind, Name: uri}
			if e.ask(&j.context, &access).Allowed {
				l.uris = append(l.uris, uri)
			}
		}
	}
	c.Meta.LogLevel, c.Meta.ProgressToken = nil, nil // neither belongs on this stream, whatever a middleware says
	j.context.listener = l
	return nil
}

// listen is the last link of a listen's chain: it lives as long as its client listens, the credentials hold, and the
// server does not stop.
func listen(c *Context) error {
	l, all := c.listener, &c.engine.listeners
	all.mu.Lock()
	if all.all == nil {
		all.all = make(map[*listener]struct{})
	}
	all.all[l] = struct{}{} // before the acknowledgement: what changes behind that must not be missed
	all.mu.Unlock()
	defer func() {
		all.mu.Lock()
		delete(all.all, l)
		all.mu.Unlock()
	}()
	if err := c.send(l.acknowledgement()); err != nil {
		return err
	}
	ctx := context.Context(c)
	if p := c.Principal(); p != nil && !p.ExpiresAt.IsZero() {
		var stop context.CancelFunc
		ctx, stop = context.WithDeadline(c, p.ExpiresAt)
		defer stop()
	}
	for {
		select {
		case <-ctx.Done():
			return l.end()
		case <-c.engine.stopping:
			return l.end()
		case <-l.wake:
			if err := l.flush(); err != nil {
				return l.end()
			}
		}
	}
}

// end answers the request that opened the listener.
func (l *listener) end() error {
	l.c.SetResult(nil)
	return nil
}

// meta is the tag of what belongs to the listener.
func (l *listener) meta(b []byte) []byte {
	return append(append(append(b, `"_meta":{"`+metaSubscription+`":`...), l.c.call.ID...), '}')
}

func (l *listener) acknowledgement() []byte {
	b := []byte(`{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{`)
	comma := ""
	for _, n := range []struct {
		list int
		name string
	}{{changedTools, "toolsListChanged"}, {changedPrompts, "promptsListChanged"}, {changedResources, "resourcesListChanged"}} {
		if l.lists&n.list != 0 {
			b = append(b, comma+`"`+n.name+`":true`...)
			comma = ","
		}
	}
	if len(l.uris) > 0 {
		uris, _ := marshal(l.uris) // strings always marshal
		b = append(append(b, comma+`"resourceSubscriptions":`...), uris...)
	}
	return append(l.meta(append(b, "},"...)), "}}"...)
}

// flush tells what has changed.
func (l *listener) flush() error {
	l.mu.Lock()
	pending, updated := l.pending, l.updated
	l.pending, l.updated = 0, nil
	l.mu.Unlock()
	for _, n := range changedNotes {
		if pending&n.list != 0 {
			b := []byte(`{"jsonrpc":"2.0","method":"` + n.method + `","params":{`)
			if err := l.c.send(append(l.meta(b), "}}"...)); err != nil {
				return err
			}
		}
	}
	for _, uri := range updated {
		b := scan.AppendString([]byte(`{"jsonrpc":"2.0","method":"`+protocol.NoteResourceUpdated+`","params":{"uri":`), uri)
		if err := l.c.send(append(l.meta(append(b, ',')), "}}"...)); err != nil {
			return err
		}
	}
	return nil
}
