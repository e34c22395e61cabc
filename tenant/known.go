package tenant

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// known is a token that this node knows, and until when it believes that.
type known struct {
	grant *grant
	until time.Time // forever: it was given to this process
}

// forever is the until of what no store can say otherwise about.
var forever time.Time

// own tells that the token was given to this process, with its factory.
func (k *known) own() bool { return k.until.Equal(forever) }

// keep knows a token from now on. t.mu is held.
func (t *Tenants) keep(g *grant, until time.Time) {
	t.known[g.digest], t.ids[g.info.ID] = &known{g, until}, g.digest
	delete(t.unknown, g.digest)
}

func (t *Tenants) isOwn(d digest) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	k := t.known[d]
	return k != nil && k.own() && k.grant.is(d)
}

func (t *Tenants) ownInfo(id string) (Info, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if k := t.known[t.ids[id]]; k != nil && k.own() {
		return k.grant.info, true
	}
	return Info{}, false
}

func (t *Tenants) isOwnID(id string) bool {
	_, ok := t.ownInfo(id)
	return ok
}

// forgetOwn forgets a token that was given to this process.
func (t *Tenants) forgetOwn(id string) (Info, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.ids[id]
	k := t.known[d]
	if k == nil || !k.own() {
		return Info{}, false
	}
	delete(t.known, d)
	delete(t.ids, id)
	return k.grant.info, true
}

// The cursors of Page say which of the two lists goes on, and behind which id.
const (
	ownCursor    = "own:"
	storedCursor = "stored:"
)

var errBadCursor = errors.New("tenant: the cursor is none of Page's")

func splitCursor(cursor string) (own, stored bool, rest string) {
	if cursor == "" {
		return true, false, ""
	}
	if rest, own = strings.CutPrefix(cursor, ownCursor); own {
		return true, false, rest
	}
	rest, stored = strings.CutPrefix(cursor, storedCursor)
	return false, stored, rest
}

// ownPage is a page of the tokens of this process, from behind an id. last is that of its last where there are more.
func (t *Tenants) ownPage(after string, n int) (page []Info, last string) {
	t.mu.RLock()
	for _, k := range t.known {
		if k.own() && k.grant.info.ID > after {
			page = append(page, k.grant.info)
		}
	}
	t.mu.RUnlock()
	slices.SortFunc(page, func(a, b Info) int { return strings.Compare(a.ID, b.ID) })
	if len(page) <= n {
		return page, ""
	}
	return page[:n], page[n-1].ID
}

// flight is a question about a token that is on its way to the store. Who wants to know the same waits for its answer.
type flight struct {
	done  chan struct{}
	grant *grant
	err   error
	// stale: the token has changed meanwhile. The answer is good for those who wait, and not kept. t.mu guards it.
	stale bool
}

// find tells what a token stands for; nil when it is none.
func (t *Tenants) find(ctx context.Context, d digest, ip netip.Addr) (*grant, error) {
	now := t.config.Now()
	t.mu.RLock()
	k := t.known[d]
	g, sure := t.recall(d, now)
	t.mu.RUnlock()
	switch {
	case sure:
		return g, nil
	case k == nil && t.remote && !t.lookups.allow(ip, now):
		return nil, errBusy
	}
	return t.ask(ctx, d, now)
}

// recall tells what a token stands for as far as it is known here, and whether that is to be believed. t.mu is held.
func (t *Tenants) recall(d digest, now time.Time) (g *grant, sure bool) {
	if k := t.known[d]; k != nil && k.grant.is(d) && (k.own() || now.Before(k.until)) {
		return k.grant, true
	}
	return nil, now.Before(t.unknown[d])
}

// errBusy: others, or this address, try tokens.
var errBusy = errors.New("tenant: too many unknown tokens: see Config.MaxLookups and MaxLookupsPerIP")

// ask asks the store, once for all who want to know the same.
func (t *Tenants) ask(ctx context.Context, d digest, now time.Time) (*grant, error) {
	if err := t.Open(ctx); err != nil {
		return nil, err
	}
	t.mu.Lock()
	f := t.flights[d]
	first := f == nil
	if first {
		if g, sure := t.recall(d, now); sure { // somebody else's question has just been answered
			t.mu.Unlock()
			return g, nil
		}
		f = &flight{done: make(chan struct{})}
		t.flights[d] = f
	}
	t.mu.Unlock()
	if !first {
		select {
		case <-f.done:
			return f.grant, f.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.err = errors.New("tenant: the storage has ended its goroutine") // runtime.Goexit, or a panic
	defer func() { t.land(d, f, now) }()
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout) // others wait for it, too
	defer cancel()
	f.grant, f.err = t.read(bound, d)
	return f.grant, f.err
}

// land keeps what the store has said.
func (t *Tenants) land(d digest, f *flight, now time.Time) {
	gone := ""
	t.mu.Lock()
	delete(t.flights, d)
	switch old := t.known[d]; {
	case f.err != nil || f.stale || old != nil && old.own():
	case f.grant == nil:
		if old != nil {
			gone = old.grant.info.ID
			delete(t.known, d)
			delete(t.ids, gone)
		}
		t.noteUnknown(d, now)
	default:
		if old != nil && old.grant.turn == f.grant.turn {
			f.grant = old.grant // nothing has changed
		}
		t.keep(f.grant, now.Add(t.config.CacheTTL))
	}
	t.mu.Unlock()
	close(f.done)
	if gone != "" { // another node has removed it, and the news was lost
		t.tellToken(changeRemoved, Info{ID: gone}, true)
		t.dropSoon(gone)
	}
}

// noteUnknown remembers that a token is none. t.mu is held.
func (t *Tenants) noteUnknown(d digest, now time.Time) {
	if len(t.unknown) >= t.config.MaxUnknown {
		for other, until := range t.unknown {
			if !now.Before(until) {
				delete(t.unknown, other)
			}
		}
		if len(t.unknown) >= t.config.MaxUnknown {
			clear(t.unknown) // they are of a flood, and asked for no more often than MaxLookups allows
		}
	}
	t.unknown[d] = now.Add(t.config.UnknownTTL)
}

// doubt has the store asked again before a token is believed, or disbelieved, once more. An id of "" is that of all tokens.
func (t *Tenants) doubt(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	past := t.config.Now()
	for d, f := range t.flights {
		f.stale = f.stale || id == "" || d.id() == id
	}
	if id == "" {
		clear(t.unknown)
		for d, k := range t.known {
			if !k.own() {
				t.known[d] = &known{k.grant, past}
			}
		}
		return
	}
	if d, ok := t.ids[id]; ok && !t.known[d].own() {
		t.known[d] = &known{t.known[d].grant, past}
		return
	}
	clear(t.unknown) // one of them may be it; the others are asked for again, no more often than MaxLookups allows
}

// forget forgets a token that another process, or this one, has taken from the store.
func (t *Tenants) forget(id string) {
	t.doubt(id) // the answers that are on their way
	t.mu.Lock()
	defer t.mu.Unlock()
	if d, ok := t.ids[id]; ok && !t.known[d].own() {
		delete(t.known, d)
		delete(t.ids, id)
	}
}
