package tenant

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

var _ auth.Verifier = (*Tenants)(nil)

// Verify implements auth.Verifier: a token that was added is a principal whose Issuer is Issuer, and whose Subject and
// Tenant are the token's id. A token that is none may be another verifier's (auth.ErrNotMine), which is a 401 when it is
// nobody's. While the store does not answer a token that is to be asked for is neither good nor bad: that is a 503. Among
// several verifiers put the Tenants last, so that the store is not asked for the tokens of the others.
func (t *Tenants) Verify(ctx context.Context, r *auth.Request) (*auth.Principal, error) {
	if r.Token == "" {
		return nil, auth.ErrNoCredentials
	}
	g, err := t.find(ctx, t.digests.of(r.Token), r.IP)
	switch {
	case err != nil:
		return nil, &auth.Error{Code: auth.Unavailable, Cause: err}
	case g == nil:
		return nil, auth.ErrNotMine
	}
	return g.principal, nil
}

// Select picks the server of a call, for fastmcp.Config.Select; nil is the host itself, for callers who are no tenants. It
// builds the server first, if it has to. Where that cannot be done now the error is an *Unavailable, which is a 503 to that
// tenant alone.
func (t *Tenants) Select(ctx context.Context, p *auth.Principal) (*fastmcp.App, error) {
	if p == nil || p.Tenant == "" {
		return nil, nil
	}
	if pick, ok := ctx.Value(settlingKey{}).(*settling); ok {
		pick.picked.Store(true)
		return pick.app, nil
	}
	if p.Issuer != Issuer {
		return t.selectPlan(ctx, p)
	}
	g, err := t.granted(ctx, p.Tenant)
	if err != nil {
		return nil, err
	}
	return t.server(ctx, g)
}

// granted is what a token stands for that was just verified.
func (t *Tenants) granted(ctx context.Context, id string) (*grant, error) {
	t.mu.RLock()
	k := t.known[t.ids[id]]
	t.mu.RUnlock()
	if k != nil {
		return k.grant, nil
	}
	if err := t.Open(ctx); err != nil {
		return nil, err
	}
	_, g, err := t.readID(ctx, id) // it has changed since, so nothing was kept
	switch {
	case err != nil:
		return nil, err
	case g == nil:
		return nil, &auth.Error{Code: auth.InvalidToken, Cause: ErrUnknownToken}
	}
	return g, nil
}

// errTenantName: who could choose such a name would be in the scope of a token.
var errTenantName = fmt.Errorf("tenant: another verifier vouches for a tenant whose name begins with %q, as the ids of tokens do: have it use other names", idPrefix)

// selectPlan picks the server of a caller whom another verifier knows.
func (t *Tenants) selectPlan(ctx context.Context, p *auth.Principal) (*fastmcp.App, error) {
	if strings.HasPrefix(p.Tenant, idPrefix) {
		return nil, errTenantName // the host itself may keep things by that name, too
	}
	t.mu.RLock()
	f := t.byPlan
	t.mu.RUnlock()
	if f == nil {
		return nil, nil
	}
	name := f(p)
	if name == "" {
		return nil, nil
	}
	if err := t.Open(ctx); err != nil {
		return nil, err
	}
	turn := "plan " + name
	if s := t.slotOf(p.Tenant); s != nil {
		if live := s.live.Load(); live != nil {
			if now := t.config.Now(); live.turn == turn || now.Sub(live.built) < t.config.CacheTTL {
				live.touch(now)
				return live.app, nil
			}
		}
	}
	return t.server(ctx, &grant{turn: turn, info: Info{ID: p.Tenant, Plan: name}})
}

// make builds the server of g. What goes wrong in the factory is an error.
func (t *Tenants) make(g *grant) (app *fastmcp.App, limits Limits, err error) {
	build := g.factory
	if build == nil {
		t.mu.RLock()
		p, ok := t.plans[g.info.Plan]
		t.mu.RUnlock()
		if !ok {
			return nil, limits, fmt.Errorf("%w: %q", ErrUnknownPlan, g.info.Plan)
		}
		build = func() (*fastmcp.App, error) { return p.make(g.info) }
		limits = p.limits
	}
	if bad := contain(func() { app, err = build() }); bad != nil {
		return nil, limits, bad
	}
	if err == nil && app == nil {
		err = errors.New("tenant: the factory has returned neither an App nor an error")
	}
	return app, g.info.Limits.over(limits).over(t.config.Limits), err
}
