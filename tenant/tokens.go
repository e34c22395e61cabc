package tenant

import (
	"context"
	"errors"
	"fmt"

	"github.com/fastmcp-go/fastmcp/store"
)

// AddToken has a token served by what f makes, on this process. It panics when the token is bad or was added already, when
// f is nil, and where nodes share the store (see Plan). The panic does not have the token.
func (t *Tenants) AddToken(token string, f Factory, grants ...Grant) *Tenants {
	if err := t.TryAddToken(token, f, grants...); err != nil {
		panic(err)
	}
	return t
}

// TryAddToken is AddToken for tokens that come while it runs: a mistake is its error, one of ErrBadToken, ErrTokenExists and
// ErrShared.
func (t *Tenants) TryAddToken(token string, f Factory, grants ...Grant) error {
	g, err := t.ownGrant(token, f, grants)
	if err != nil {
		return err
	}
	switch has, err := t.isThere(token); {
	case err != nil:
		return err
	case has:
		return ErrTokenExists
	}
	t.mu.Lock()
	if k := t.known[g.digest]; k != nil && k.own() {
		t.mu.Unlock()
		return ErrTokenExists
	}
	t.keep(g, forever)
	t.mu.Unlock()
	t.tellToken(changeAdded, g.info, false)
	return nil
}

// UpdateToken has another factory make the server of a token that was added with one. The server that runs is drained: its
// calls end on it, and the sessions go on with the new one. What was granted to it stays, unless a Grant is given.
func (t *Tenants) UpdateToken(token string, f Factory, grants ...Grant) error {
	g, err := t.ownGrant(token, f, grants)
	if err != nil {
		return err
	}
	t.mu.Lock()
	k := t.known[g.digest]
	if k == nil || !k.own() {
		t.mu.Unlock()
		switch has, err := t.isThere(token); {
		case err != nil:
			return err
		case has:
			return ErrOtherKind
		}
		return ErrUnknownToken
	}
	g.succeed(k.grant, grants)
	t.keep(g, forever)
	t.mu.Unlock()
	t.tellToken(changeUpdated, g.info, false)
	t.renew(g)
	return nil
}

// isThere is HasToken for those who bring no context.
func (t *Tenants) isThere(token string) (bool, error) {
	ctx, cancel := context.WithTimeout(t.base, storeTimeout)
	defer cancel()
	return t.HasToken(ctx, token)
}

// ownGrant is that of a token with a factory.
func (t *Tenants) ownGrant(token string, f Factory, grants []Grant) (*grant, error) {
	switch {
	case t.backend.Shared:
		return nil, ErrShared
	case f == nil:
		return nil, errors.New("tenant: the factory is nil: give the function that makes the token's server")
	}
	if err := checkToken(token); err != nil {
		return nil, err
	}
	return newGrant(t.digests.of(token), "", f, first(grants), t.config.Now())
}

func first(grants []Grant) Grant {
	if len(grants) > 0 {
		return grants[0]
	}
	return Grant{}
}

// succeed takes over what stays the same in an update.
func (g *grant) succeed(old *grant, grants []Grant) {
	g.info.Created, g.principal = old.info.Created, old.principal
	if len(grants) == 0 {
		g.info.Name, g.info.Limits = old.info.Name, old.info.Limits
	}
}

// AddTokenPlan has a token served by a plan, on all nodes that share the store. The errors are ErrBadToken, ErrUnknownPlan,
// ErrTokenExists, and the store's.
func (t *Tenants) AddTokenPlan(ctx context.Context, token, plan string, grants ...Grant) (Info, error) {
	if err := t.checkPlan(token, plan); err != nil {
		return Info{}, err
	}
	g, err := newGrant(t.digests.of(token), plan, nil, first(grants), t.config.Now())
	if err != nil {
		return Info{}, err
	}
	if err := t.Open(ctx); err != nil {
		return Info{}, err
	}
	if t.isOwn(g.digest) {
		return Info{}, ErrTokenExists
	}
	// The list comes first: a token that works and is in no list could be found by nobody.
	if err := t.store.Index.Put(ctx, tokensIndex, g.info.ID, 0); err != nil {
		return Info{}, fmt.Errorf("tenant: %w", err)
	}
	fresh, err := t.store.Atomic.SetNX(ctx, tokenKey(g.info.ID), g.record(), 0)
	if err != nil {
		return Info{}, fmt.Errorf("tenant: %w", err)
	}
	if !fresh {
		return Info{}, ErrTokenExists
	}
	t.changed(ctx, changeAdded, g.info)
	return g.info, nil
}

// UpdateTokenPlan gives a token that was added by plan another plan, or the same once more, which builds its server anew:
// see UpdateToken. What was granted to it stays, unless a Grant is given.
func (t *Tenants) UpdateTokenPlan(ctx context.Context, token, plan string, grants ...Grant) (Info, error) {
	if err := t.checkPlan(token, plan); err != nil {
		return Info{}, err
	}
	return t.UpdatePlan(ctx, t.digests.of(token).id(), plan, grants...)
}

// UpdatePlan is UpdateTokenPlan for who knows the token's id only.
func (t *Tenants) UpdatePlan(ctx context.Context, id, plan string, grants ...Grant) (Info, error) {
	if !t.hasPlan(plan) {
		return Info{}, fmt.Errorf("%w: %q", ErrUnknownPlan, plan)
	}
	if err := t.Open(ctx); err != nil {
		return Info{}, err
	}
	if t.isOwnID(id) {
		return Info{}, ErrOtherKind
	}
	for {
		raw, old, err := t.readID(ctx, id)
		if err != nil {
			return Info{}, err
		}
		if old == nil {
			return Info{}, ErrUnknownToken
		}
		g, err := newGrant(old.digest, plan, nil, first(grants), t.config.Now())
		if err != nil {
			return Info{}, err
		}
		g.succeed(old, grants)
		done, err := t.store.Atomic.CAS(ctx, tokenKey(id), raw, g.record(), 0)
		if err != nil {
			return Info{}, fmt.Errorf("tenant: %w", err)
		}
		if done {
			t.changed(ctx, changeUpdated, g.info)
			return g.info, nil
		}
	}
}

// RemoveToken removes a token: from now on it is unknown, and its sessions and streams are ended, on all nodes. Calls that
// run are cancelled. The error is ErrUnknownToken, or the store's; when the token is removed and a session could not be
// ended, it says so, and removing it once more ends those that are left: the error is ErrUnknownToken when none is. A process
// that has no host (see Host and Routes) cannot end sessions whose server is not here.
func (t *Tenants) RemoveToken(ctx context.Context, token string) error {
	return t.RemoveID(ctx, t.digests.of(token).id())
}

// RemoveID is RemoveToken for who knows the token's id only.
func (t *Tenants) RemoveID(ctx context.Context, id string) error {
	if !isID(id) {
		return ErrUnknownToken
	}
	if err := t.Open(ctx); err != nil {
		return err
	}
	if info, ok := t.forgetOwn(id); ok {
		t.tellToken(changeRemoved, info, false)
		return t.expel(ctx, id)
	}
	raw, err := t.store.Atomic.Take(ctx, tokenKey(id))
	if err != nil {
		return fmt.Errorf("tenant: %w", err)
	}
	unlisted := t.unlist(ctx, id)
	if raw == nil {
		// It may have been removed before, and not all of its sessions ended.
		if err := errors.Join(t.expel(ctx, id), unlisted); err != nil {
			return err
		}
		return ErrUnknownToken
	}
	info := Info{ID: id}
	if g, err := parseGrant(raw, id); err == nil {
		info = g.info
	}
	t.changed(ctx, changeRemoved, info)
	return errors.Join(t.expel(ctx, id), unlisted)
}

// unlist takes a token from the list, unless it was added again meanwhile.
func (t *Tenants) unlist(ctx context.Context, id string) error {
	err := t.store.Index.Remove(ctx, tokensIndex, id)
	if err == nil {
		var raw []byte
		if raw, err = t.store.KV.Get(ctx, tokenKey(id)); raw != nil {
			err = t.store.Index.Put(ctx, tokensIndex, id, 0)
		}
	}
	if err != nil {
		return fmt.Errorf("tenant: %s was removed, and may still be counted: %w", id, err)
	}
	return nil
}

// HasToken tells whether a token is known. The error is the store's.
func (t *Tenants) HasToken(ctx context.Context, token string) (bool, error) {
	d := t.digests.of(token)
	if t.isOwn(d) {
		return true, nil
	}
	if t.remote { // what is in memory needs no connection
		if err := t.Open(ctx); err != nil {
			return false, err
		}
	}
	g, err := t.read(ctx, d)
	return g != nil, err
}

// Token is what is known of the token with that id; ErrUnknownToken when there is none.
func (t *Tenants) Token(ctx context.Context, id string) (Info, error) {
	if info, ok := t.ownInfo(id); ok {
		return info, nil
	}
	if err := t.Open(ctx); err != nil {
		return Info{}, err
	}
	_, g, err := t.readID(ctx, id)
	if err == nil && g == nil {
		err = ErrUnknownToken
	}
	if err != nil {
		return Info{}, err
	}
	return g.info, nil
}

// Tokens are all tokens: those with a factory of their own, then those that were added by plan, each in the order of their
// ids. See Page for a great many.
func (t *Tenants) Tokens(ctx context.Context) (all []Info, err error) {
	for cursor := ""; ; {
		page, next, err := t.Page(ctx, cursor, maxPage)
		if err != nil {
			return nil, err
		}
		if all = append(all, page...); next == "" {
			return all, nil
		}
		cursor = next
	}
}

// tellToken tells the event of a change.
func (t *Tenants) tellToken(kind string, info Info, remote bool) {
	e := TokenEvent{ID: info.ID, Plan: info.Plan, At: t.config.Now(), Remote: remote}
	switch on := &t.config.On; kind {
	case changeAdded:
		tell(t, "TokenAdded", on.TokenAdded, e)
	case changeUpdated:
		tell(t, "TokenUpdated", on.TokenUpdated, e)
	case changeRemoved:
		tell(t, "TokenRemoved", on.TokenRemoved, e)
	}
}

func (t *Tenants) hasPlan(name string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	_, ok := t.plans[name]
	return ok
}

func (t *Tenants) checkPlan(token, plan string) error {
	if err := checkToken(token); err != nil {
		return err
	}
	if !t.hasPlan(plan) {
		return fmt.Errorf("%w: %q", ErrUnknownPlan, plan)
	}
	return nil
}

// What the store has, in the tenants' scope: a record for each token, and the list of their ids.
const tokensIndex = "tokens"

func tokenKey(id string) string { return "token/" + id }

// read asks the store for a token.
func (t *Tenants) read(ctx context.Context, d digest) (*grant, error) {
	_, g, err := t.readID(ctx, d.id())
	if g != nil && !g.is(d) {
		return nil, err // another token whose id is the same, which is not this one
	}
	return g, err
}

func (t *Tenants) readID(ctx context.Context, id string) (raw []byte, g *grant, err error) {
	if !isID(id) {
		return nil, nil, nil
	}
	if raw, err = t.store.KV.Get(ctx, tokenKey(id)); err != nil {
		return nil, nil, fmt.Errorf("tenant: %w", err)
	}
	g, err = parseGrant(raw, id)
	return raw, g, err
}

// maxPage is the most that a page has, and a store gives.
const maxPage = 1000

// Page is Tokens in pages of n, at most 1,000. next is the cursor of the page after this one, "" at the end; the first has
// the cursor "". A page may have fewer tokens than n before the end.
func (t *Tenants) Page(ctx context.Context, cursor string, n int) (page []Info, next string, err error) {
	if err := t.Open(ctx); err != nil {
		return nil, "", err
	}
	if n = min(n, maxPage); n < 1 {
		n = store.DefaultPage
	}
	own, stored, rest := splitCursor(cursor)
	if own {
		var last string
		if page, last = t.ownPage(rest, n); last != "" {
			return page, ownCursor + last, nil
		}
		if n, rest = n-len(page), ""; n == 0 {
			return page, storedCursor, nil
		}
	} else if !stored {
		return nil, "", errBadCursor
	}
	ids, next, err := t.store.Index.Members(ctx, tokensIndex, rest, n)
	if err != nil {
		return nil, "", fmt.Errorf("tenant: %w", err)
	}
	for _, id := range ids {
		_, g, err := t.readID(ctx, id)
		if err != nil {
			return nil, "", err
		}
		if g != nil { // else it was just removed, or never quite added
			page = append(page, g.info)
		}
	}
	if next != "" {
		next = storedCursor + next
	}
	return page, next, nil
}
