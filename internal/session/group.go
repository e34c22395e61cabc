package session

import (
	"slices"
	"time"
)

// group is the sessions that count against one bound. Hub.mu guards it.
type group struct {
	members map[*Record]struct{}
	// next are those that have been idle longest, longest first, as of some earlier time. Who has not been used since
	// is still the one: all others, and all that came later, have been used since. So the members need be looked
	// through only once for every candidateCount evictions.
	next []candidate
	// refuse is until when to say that nobody is idle without looking again, so that a crowd at a full hub does not
	// make it look through all sessions for each.
	refuse time.Duration
}

type candidate struct {
	r    *Record
	used int64
}

const (
	candidateCount = 64
	refuseFor      = time.Second
)

func (g *group) add(r *Record) {
	if g.members == nil {
		g.members = map[*Record]struct{}{}
	}
	g.members[r] = struct{}{}
}

func (g *group) remove(r *Record) {
	delete(g.members, r)
	g.refuse = 0
}

// evict ends the session that has been idle longest and returns it, nil when none is idle.
func (g *group) evict(now time.Duration) *Record {
	for {
		for len(g.next) > 0 {
			c := g.next[0]
			g.next = g.next[1:]
			if c.r.endIfIdleSince(c.used) {
				return c.r
			}
		}
		if now < g.refuse {
			return nil
		}
		if g.next = g.idlest(); len(g.next) == 0 {
			g.refuse = now + refuseFor
			return nil
		}
	}
}

// idlest are up to candidateCount idle members, those first that have been idle longest.
func (g *group) idlest() []candidate {
	out := make([]candidate, 0, candidateCount+1)
	for r := range g.members {
		c := candidate{r, r.used.Load()}
		if r.busy.Load() > 0 || len(out) == candidateCount && c.used >= out[len(out)-1].used {
			continue
		}
		i, _ := slices.BinarySearchFunc(out, c, func(a, b candidate) int {
			if a.used <= b.used {
				return -1
			}
			return 1
		})
		out = slices.Insert(out, i, c)
		out = out[:min(len(out), candidateCount)]
	}
	return out
}

func join[K comparable](groups map[K]*group, key K, r *Record) {
	g := groups[key]
	if g == nil {
		g = &group{}
		groups[key] = g
	}
	g.add(r)
}

func leave[K comparable](groups map[K]*group, key K, r *Record) {
	g := groups[key]
	if g == nil {
		return
	}
	g.remove(r)
	if len(g.members) == 0 {
		delete(groups, key)
	}
}
