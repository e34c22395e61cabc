package fastmcp

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// askers is how many principals' guards are asked at once, so that one that is slow about one principal does not keep
// the others from their news.
const askers = 16

// updatedNote is what is told of a resource that has been updated.
func updatedNote(uri string) []byte {
	note := scan.AppendString([]byte(`{"jsonrpc":"2.0","method":"`+protocol.NoteResourceUpdated+`","params":{"uri":`), uri)
	return append(note, "}}"...)
}

// tellEverybody tells what no guard has a say in, and gives back what one has.
func (e *engine) tellEverybody(n news) (guarded news) {
	for _, note := range changedNotes {
		if n.lists&note.list != 0 {
			e.hint(note.note)
			e.listeners.each(func(l *listener) { l.listChanged(note.list) })
		}
	}
	guarded.hidden = n.hidden
	if n.every {
		n = e.everyResource()
	}
	var open news
	catalog := e.current()
	for _, uri := range n.uris {
		switch entry, _ := catalog.resourceAt(uri); {
		case entry == nil: // who could read it?
		case len(entry.guards) > 0:
			guarded.addURI(uri)
		default:
			open.addURI(uri)
		}
	}
	if len(open.uris) == 0 {
		return guarded
	}
	e.hub.All(func(r *session.Record) bool {
		for _, uri := range open.ofSession(r) {
			_ = r.Own().Hint(updatedNote(uri)) // a session that has just ended hears nothing
		}
		return true
	})
	e.listeners.each(func(l *listener) {
		for _, uri := range open.of(l.uris, l.has) {
			l.add(0, uri)
		}
	})
	return guarded
}

// ofSession are the updated resources that the client of a session wants to hear of.
func (n *news) ofSession(r *session.Record) []string {
	return n.of(r.Subscribed(), func(uri string) bool { return subscribes(r, uri) })
}

// everyResource is the news that all resources have been updated that anybody here wants to hear of.
func (e *engine) everyResource() (n news) {
	e.hub.All(func(r *session.Record) bool {
		for _, uri := range r.Subscribed() {
			n.addURI(uri)
		}
		return true
	})
	e.listeners.each(func(l *listener) {
		for _, uri := range l.uris {
			n.addURI(uri)
		}
	})
	return n
}

// audience is who is told together: sessions and listeners of one principal, about whom guards say the same.
type audience struct {
	principal *auth.Principal
	records   []*session.Record
	listeners []*listener
	lists     int // of which one of them wants to hear
	// updates are whom to tell of a resource that has been updated.
	updates map[string][]func(uri string)
}

func (a *audience) wants(uris []string, tell func(uri string)) {
	if a.updates == nil {
		a.updates = make(map[string][]func(string))
	}
	for _, uri := range uris {
		a.updates[uri] = append(a.updates[uri], tell)
	}
}

// audiences are all who want some of the news. Principals are told apart by identity: another that has the same key
// may have other scopes, and two requests seldom share one.
func (e *engine) audiences(n news) map[*auth.Principal]*audience {
	all := make(map[*auth.Principal]*audience)
	of := func(p *auth.Principal) *audience {
		if all[p] == nil {
			all[p] = &audience{principal: p}
		}
		return all[p]
	}
	lists := 0
	for list := range n.hidden {
		lists |= list
	}
	e.hub.All(func(r *session.Record) bool {
		uris := n.ofSession(r)
		if lists != 0 || len(uris) > 0 {
			a := of(r.Principal())
			a.records, a.lists = append(a.records, r), lists
			a.wants(uris, func(uri string) { _ = r.Own().Hint(updatedNote(uri)) })
		}
		return true
	})
	e.listeners.each(func(l *listener) {
		uris := n.of(l.uris, l.has)
		if l.lists&lists != 0 || len(uris) > 0 {
			a := of(l.c.Principal())
			a.listeners, a.lists = append(a.listeners, l), a.lists|l.lists&lists
			a.wants(uris, func(uri string) { l.add(0, uri) })
		}
	})
	return all
}

// tellSome tells those whom the guards let know. They are asked once a principal, and no lock is held meanwhile: they
// may be slow.
func (e *engine) tellSome(n news) {
	catalog := e.current()
	var all sync.WaitGroup
	slots := make(chan struct{}, askers)
	for _, a := range e.audiences(n) {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			a.hearLists(e.app.base, n)
			a.hearUpdates(e.app.base, catalog, &n)
		})
	}
	all.Wait()
}

// hearLists tells of the lists in which the audience may see something that has come, or could see what has gone.
func (a *audience) hearLists(ctx context.Context, n news) {
	for _, note := range changedNotes {
		seen := a.lists&note.list != 0 && slices.ContainsFunc(n.hidden[note.list], func(e *entry) bool {
			return e.ask(ctx, &auth.Access{Principal: a.principal, Op: auth.OpList, Kind: e.kind, Name: e.key}).Listed()
		})
		if !seen {
			continue
		}
		for _, r := range a.records {
			_ = r.Own().Hint(note.note)
		}
		for _, l := range a.listeners {
			l.listChanged(note.list)
		}
	}
}

// hearUpdates tells of the resources that the audience may still read.
func (a *audience) hearUpdates(ctx context.Context, catalog *catalog, n *news) {
	for _, uri := range slices.SortedFunc(maps.Keys(a.updates), n.before) {
		e, _ := catalog.resourceAt(uri)
		if e == nil {
			continue
		}
		if !e.ask(ctx, &auth.Access{Principal: a.principal, Op: auth.OpSubscribe, Kind: e.kind, Name: uri}).Allowed {
			continue
		}
		for _, tell := range a.updates[uri] {
			tell(uri)
		}
	}
}
