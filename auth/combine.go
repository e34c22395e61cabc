package auth

import (
	"context"
	"fmt"
	"slices"
)

// All allows what every guard allows. The first denial hides the item, and the guards after it are not asked, so that
// All(RequireAuth(), mine) asks mine about known callers only. The exception is a known caller that lacks scopes: the
// rest are asked too, so that one challenge can name all scopes. Any guard that hides makes the whole hide. Without
// guards it allows. It panics when one is nil.
func All(guards ...Guard) Guard {
	checkGuards("All", guards...)
	guards = slices.Clone(guards)
	return func(ctx context.Context, a *Access) Decision {
		var v verdict
		for _, g := range guards {
			if !v.add(a, g(ctx, a)) {
				break
			}
		}
		return v.decision()
	}
}

// Any allows what one of the guards allows; they are asked in order, up to the first that does. When none does, the
// first open denial is the answer, else the item is hidden. Without guards it denies. It panics when one is nil.
func Any(guards ...Guard) Guard {
	checkGuards("Any", guards...)
	guards = slices.Clone(guards)
	return func(ctx context.Context, a *Access) Decision {
		var out Decision
		for _, g := range guards {
			d := g(ctx, a)
			if d.Allowed {
				return d
			}
			if out.Challenge == nil {
				out.Challenge = d.Challenge
			}
			if out.Public == "" {
				out.Public = d.Public
			}
			if out.need == nil {
				out.need = d.need
			}
		}
		return out
	}
}

// Not allows what g denies, and hides what g allows. It panics when g is nil. An anonymous caller is denied by most
// guards, so Not alone lets it in: All(RequireAuth(), Not(g)) does not.
func Not(g Guard) Guard {
	checkGuards("Not", g)
	return func(ctx context.Context, a *Access) Decision {
		return Decision{Allowed: !g(ctx, a).Allowed}
	}
}

// verdict is the decision of All while it is being found.
type verdict struct {
	denied, hidden bool
	public         string
	// lists are the scopes that the guards require. They are united only when somebody has to be told.
	lists [8][]string
	n     int
	more  []string
}

// add takes one guard's decision about a; more tells whether the next guard is to be asked.
func (v *verdict) add(a *Access, d Decision) (more bool) {
	switch need := d.scopes(); {
	case need == nil:
	case v.n < len(v.lists):
		v.lists[v.n] = need
		v.n++
	default:
		v.more = unite(v.more, need)
	}
	if d.Allowed {
		return true
	}
	v.denied = true
	v.hidden = v.hidden || d.Challenge == nil
	if v.public == "" {
		v.public = d.Public
	}
	// A guard that has no scopes to ask for is final: nothing is gained by asking the others. The others may rely on
	// there being a principal, if one before them requires it.
	return a.Principal != nil && d.scopes() != nil
}

func (v *verdict) decision() Decision {
	if !v.denied && v.n <= 1 {
		return Decision{Allowed: true, need: v.lists[0]}
	}
	need := v.more
	for i := v.n - 1; i >= 0; i-- {
		need = unite(v.lists[i], need)
	}
	d := Decision{Allowed: !v.denied, need: need, Public: v.public}
	if v.denied && !v.hidden {
		d.Challenge = Challenge(need...).Challenge
	}
	return d
}

// scopes are what the decision is about, nil when it is not about scopes.
func (d Decision) scopes() []string {
	if d.need != nil {
		return d.need
	}
	return d.Challenge
}

// unite is a and then what b has besides. It changes neither.
func unite(a, b []string) []string {
	out := a[:len(a):len(a)]
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// checkGuards panics, on behalf of the function by that name, when a guard is nil.
func checkGuards(name string, guards ...Guard) {
	for i, g := range guards {
		if g == nil {
			panic(fmt.Sprintf("auth: %s: guard %d is nil: leave it out, or pass what decides", name, i+1))
		}
	}
}
