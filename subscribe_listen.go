package fastmcp

import (
	"context"
	"encoding/json"
	"errors"
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
	uris  []string // in the client's order
	wants map[string]struct{}
	tasks *taskListener // nil: of none

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

func (l *listeners) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
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

// any tells that one of them is so.
func (l *listeners) any(so func(*listener) bool) (found bool) {
	l.each(func(one *listener) { found = found || so(one) })
	return found
}

// has tells that the listener wants to hear of a resource.
func (l *listener) has(uri string) bool {
	_, ok := l.wants[uri]
	return ok
}

// listChanged is told of each list, and tells the client of those that it wants to hear of.
func (l *listener) listChanged(list int) {
	if l.lists&list != 0 {
		l.add(list, "")
	}
}

// add tells the client of a list, or of a resource, once it reads again.
func (l *listener) add(list int, uri string) {
	l.mu.Lock()
	l.pending |= list
	if uri != "" && !slices.Contains(l.updated, uri) {
		l.updated = append(l.updated, uri)
	}
	l.mu.Unlock()
	l.knock()
}

// knock has the listener look at what there is to tell.
func (l *listener) knock() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// maxListen bounds the parameters of a subscriptions/listen, in bytes: they are held for as long as the client listens.
const maxListen = 128 << 10

// prepareListen reads what is wanted. What is not offered, or may not be read, is left out, and the acknowledgement
// tells.
func prepareListen(j *job) *rpc.Refusal {
	c := j.context.call
	if len(c.Params) > maxListen {
		return rpc.Refuse(rpc.Failed, invalidParams("what to hear of is longer than %d bytes", maxListen))
	}
	raw := scan.Find(c.Params, "notifications")
	var want struct {
		Tools     bool     `json:"toolsListChanged"`
		Prompts   bool     `json:"promptsListChanged"`
		Resources bool     `json:"resourcesListChanged"`
		URIs      []string `json:"resourceSubscriptions"`
		Tasks     []string `json:"taskIds"`
	}
	if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &want) != nil {
		return rpc.Refuse(rpc.Failed, invalidParams("notifications must be an object of what to hear of"))
	}
	if most := j.engine.config.Sessions.MaxSubscriptions; len(want.URIs) > most {
		return rpc.Refuse(rpc.Failed, invalidParams("more than %d subscriptions", most))
	}
	l := &listener{c: &j.context, wants: make(map[string]struct{}), wake: make(chan struct{}, 1)}
	for list, on := range map[int]bool{changedTools: want.Tools, changedPrompts: want.Prompts, changedResources: want.Resources} {
		if on {
			l.lists |= list
		}
	}
	asked := make(map[string]bool, len(want.URIs)) // so that a guard is asked once of each
	for _, uri := range want.URIs {
		if asked[uri] {
			continue
		}
		asked[uri] = true
		e, values := j.catalog.resourceAt(uri)
		if e == nil || e.resource.checkValues(values) != nil {
			continue
		}
		access := auth.Access{Principal: c.Principal, Op: auth.OpSubscribe, Kind: e.kind, Name: uri}
		if e.ask(&j.context, &access).Allowed {
			l.uris, l.wants[uri] = append(l.uris, uri), struct{}{}
		}
	}
	if r := l.prepareTasks(j, want.Tasks); r != nil {
		return r
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
	defer l.tasks.close()
	if err := l.tasks.open(c); err != nil {
		return err
	}
	told := make(map[string]int64)
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
			if errors.Join(l.flush(), l.tasks.flush(l, told)) != nil {
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
	if l.tasks != nil {
		if l.lists != 0 || len(l.uris) > 0 {
			b = append(b, ',')
		}
		ids, _ := marshal(l.tasks.ids)
		b = append(append(b, `"taskIds":`...), ids...)
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
