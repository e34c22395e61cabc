package fastmcp

import (
	"context"
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
			e.broadcast(note.note)
			e.listeners.each(func(l *listener) { l.listChanged(note.list) })
		}
	}
	guarded.hidden = n.hidden
	catalog := e.current()
	for _, uri := range n.uris {
		switch entry, _ := catalog.resourceAt(uri); {
		case entry == nil: // who could read it?
		case len(entry.guards) > 0:
			guarded.addURI(uri)
		default:
			note := updatedNote(uri)
			e.hub.All(func(r *session.Record) bool {
				if subscriptionsOf(r).has(uri) {
					_, _ = r.Own().Append(note) // a session that has just ended hears nothing
				}
				return true
			})
			e.listeners.each(func(l *listener) {
				if l.has(uri) {
					l.add(0, uri)
				}
			})
		}
	}
	return guarded
}

// audience is who is told together: sessions and listeners of one principal, about whom guards say the same.
type audience struct {
	principal *auth.Principal
	records   []*session.Record
	listeners []*listener
	lists     int // of which one of them wants to hear
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
		if lists != 0 || slices.ContainsFunc(n.uris, subscriptionsOf(r).has) {
			a := of(r.Principal())
			a.records, a.lists = append(a.records, r), lists
		}
		return true
	})
	e.listeners.each(func(l *listener) {
		if l.lists&lists != 0 || slices.ContainsFunc(n.uris, l.has) {
			a := of(l.c.Principal())
			a.listeners, a.lists = append(a.listeners, l), a.lists|l.lists&lists
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
			a.hearUpdates(e.app.base, catalog, n)
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
			_, _ = r.Own().Append(note.note)
		}
		for _, l := range a.listeners {
			l.listChanged(note.list)
		}
	}
}

// hearUpdates tells of the resources that the audience may still read.
func (a *audience) hearUpdates(ctx context.Context, catalog *catalog, n news) {
	for _, uri := range n.uris {
		e, _ := catalog.resourceAt(uri)
		if e == nil || !a.wants(uri) {
			continue
		}
		if !e.ask(ctx, &auth.Access{Principal: a.principal, Op: auth.OpSubscribe, Kind: e.kind, Name: uri}).Allowed {
			continue
		}
		note := updatedNote(uri)
		for _, r := range a.records {
			if subscriptionsOf(r).has(uri) {
				_, _ = r.Own().Append(note)
			}
		}
		for _, l := range a.listeners {
			if l.has(uri) {
				l.add(0, uri)
			}
		}
	}
}

func (a *audience) wants(uri string) bool {
	return slices.ContainsFunc(a.records, func(r *session.Record) bool { return subscriptionsOf(r).has(uri) }) ||
		slices.ContainsFunc(a.listeners, func(l *listener) bool { return l.has(uri) })
}
