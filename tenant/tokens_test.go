package tenant_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/fastmcp-go/fastmcp/tenant"
)

func TestTokensWhileRunning(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{})
	for request, want := range map[*auth.Request]string{
		bearer(""): "none", bearer("x"): "unknown", bearer(acme): "unknown", bearer(strings.Repeat("x", 100_000)): "unknown",
	} {
		if got := code(tenants.Verify(background(), request)); got != want {
			t.Errorf("%d characters: %s, want %s", len(request.Token), got, want)
		}
	}
	tenants.AddToken(acme, anApp).AddToken(beta, anApp, tenant.Grant{Name: "Beta", Limits: tenant.Limits{Rate: "5-S"}})
	if err := tenants.TryAddToken(acme, anApp); !errors.Is(err, tenant.ErrTokenExists) {
		t.Errorf("twice: %v", err)
	}
	if verify(tenants, acme) != "known" || verify(tenants, beta) != "known" || verify(tenants, acme+"x") != "unknown" {
		t.Error("not those that were added are known")
	}
	all, err := tenants.Tokens(background())
	if err != nil || len(all) != 2 || !slices.IsSortedFunc(all, func(a, b tenant.Info) int { return strings.Compare(a.ID, b.ID) }) {
		t.Fatalf("%+v, %v", all, err)
	}
	at := slices.IndexFunc(all, func(i tenant.Info) bool { return i.Name == "Beta" })
	if at < 0 || all[at].Limits.Rate != "5-S" || all[at].Plan != "" || all[at].Created.IsZero() || all[at].Created != all[at].Updated {
		t.Errorf("%+v", all)
	}
	if err := tenants.UpdateToken(beta, anApp); err != nil {
		t.Error(err)
	}
	if info, err := tenants.Token(background(), all[at].ID); err != nil || info.Name != "Beta" || info.Limits.Rate != "5-S" || info.Created != all[at].Created {
		t.Errorf("%+v, %v: what was granted has not stayed", info, err)
	}
	if err := tenants.UpdateToken(beta, anApp, tenant.Grant{Name: "B"}); err != nil {
		t.Error(err)
	}
	if info, err := tenants.Token(background(), all[at].ID); err != nil || info.Name != "B" || info.Limits.Rate != "" {
		t.Errorf("%+v, %v", info, err)
	}
	if has, err := tenants.HasToken(background(), beta); !has || err != nil {
		t.Errorf("%v, %v", has, err)
	}
	if err := tenants.RemoveToken(background(), beta); err != nil {
		t.Error(err)
	}
	if has, err := tenants.HasToken(background(), beta); has || err != nil || verify(tenants, beta) != "unknown" {
		t.Errorf("%v, %v, %s: it was removed", has, err, verify(tenants, beta))
	}
	for name, err := range map[string]error{
		"remove":        tenants.RemoveToken(background(), beta),
		"remove, by id": tenants.RemoveID(background(), all[at].ID),
		"no id":         tenants.RemoveID(background(), "../x"),
		"update":        tenants.UpdateToken(beta, anApp),
	} {
		if !errors.Is(err, tenant.ErrUnknownToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tenants.Token(background(), all[at].ID); !errors.Is(err, tenant.ErrUnknownToken) {
		t.Error(err)
	}
	if tenants.AddToken(beta, anApp); verify(tenants, beta) != "known" {
		t.Error("what was removed can be added again")
	}
}

func TestGrantsThatAreRefused(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{})
	tenants.Plan("p", someApp)
	for words, g := range map[string]tenant.Grant{
		"Name has 201 bytes: use 200": {Name: strings.Repeat("x", 201)},
		`the rate "0-S"`:              {Limits: tenant.Limits{Rate: "0-S"}},
	} {
		_, byPlan := tenants.AddTokenPlan(background(), acme, "p", g)
		for _, err := range []error{byPlan, tenants.TryAddToken(acme, anApp, g)} {
			if !errors.Is(err, tenant.ErrBadGrant) || !strings.Contains(err.Error(), words) {
				t.Errorf("%v, want %q", err, words)
			}
		}
	}
	if err := tenants.TryAddToken(acme, anApp, tenant.Grant{Name: strings.Repeat("x", 200)}); err != nil {
		t.Error(err)
	}
}

func TestTokensByPlan(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{})
	tenants.Plan("basic", someApp).Plan("pro", someApp)
	ctx := background()
	if _, err := tenants.AddTokenPlan(ctx, acme, "gold"); !errors.Is(err, tenant.ErrUnknownPlan) || !strings.Contains(err.Error(), `"gold"`) {
		t.Error(err)
	}
	if _, err := tenants.UpdateTokenPlan(ctx, acme, "pro"); !errors.Is(err, tenant.ErrUnknownToken) {
		t.Error(err)
	}
	info, err := tenants.AddTokenPlan(ctx, acme, "basic", tenant.Grant{Name: "ACME"})
	if err != nil || info.Plan != "basic" || info.Name != "ACME" || verify(tenants, acme) != "known" {
		t.Fatalf("%+v, %v", info, err)
	}
	if _, err := tenants.AddTokenPlan(ctx, acme, "basic"); !errors.Is(err, tenant.ErrTokenExists) {
		t.Error(err)
	}
	next, err := tenants.UpdateTokenPlan(ctx, acme, "pro")
	if err != nil || next.ID != info.ID || next.Plan != "pro" || next.Name != "ACME" || next.Created != info.Created {
		t.Errorf("%+v, %v", next, err)
	}
	if _, err := tenants.UpdatePlan(ctx, info.ID, "gold"); !errors.Is(err, tenant.ErrUnknownPlan) {
		t.Error(err)
	}
	tenants.AddToken(beta, anApp)
	if err := tenants.TryAddToken(acme, anApp); !errors.Is(err, tenant.ErrTokenExists) {
		t.Errorf("a factory for a token with a plan: %v", err)
	}
	if err := tenants.UpdateToken(acme, anApp); !errors.Is(err, tenant.ErrOtherKind) {
		t.Errorf("a factory for a token with a plan: %v", err)
	}
	if _, err := tenants.AddTokenPlan(ctx, beta, "pro"); !errors.Is(err, tenant.ErrTokenExists) {
		t.Errorf("a plan for a token with a factory: %v", err)
	}
	if _, err := tenants.UpdateTokenPlan(ctx, beta, "pro"); !errors.Is(err, tenant.ErrOtherKind) {
		t.Errorf("a plan for a token with a factory: %v", err)
	}
	if err := tenants.RemoveToken(ctx, acme); err != nil || verify(tenants, acme) != "unknown" {
		t.Errorf("%v, %s", err, verify(tenants, acme))
	}
}

// Pages have every token once, whichever list it is in.
func TestPages(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{})
	tenants.Plan("p", someApp)
	for i := range 7 {
		tenants.AddToken(fmt.Sprintf("own-%016d", i), anApp)
		if _, err := tenants.AddTokenPlan(background(), fmt.Sprintf("plan-%016d", i), "p"); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []int{1, 2, 3, 7, 8, 1000} {
		seen, cursor := map[string]int{}, ""
		for pages := 0; ; pages++ {
			page, next, err := tenants.Page(background(), cursor, n)
			if err != nil || len(page) > n || pages > 20 {
				t.Fatalf("%d: %d tokens, %v, page %d", n, len(page), err, pages)
			}
			for _, info := range page {
				seen[info.ID]++
			}
			if cursor = next; next == "" {
				break
			}
		}
		for id, times := range seen {
			if times != 1 {
				t.Errorf("%d: %s %d times", n, id, times)
			}
		}
		if len(seen) != 14 {
			t.Errorf("%d: %d tokens, want 14", n, len(seen))
		}
	}
	if _, _, err := tenants.Page(background(), "x", 1); err == nil || !strings.Contains(err.Error(), "cursor") {
		t.Errorf("a cursor of nobody: %v", err)
	}
	s, err := tenants.Stats(background())
	if err != nil || s.Tokens != 14 || s.Servers != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// Only one of those who add a token at once has added it, and only one of those who remove it.
func TestTokensAtOnce(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{Storage: newShared()})
	tenants.Plan("p", someApp)
	for range 20 {
		var mu sync.Mutex
		added, removed := 0, 0
		atOnce(8, func() {
			if _, err := tenants.AddTokenPlan(background(), acme, "p"); err == nil {
				mu.Lock()
				defer mu.Unlock()
				added++
			} else if !errors.Is(err, tenant.ErrTokenExists) {
				t.Error(err)
			}
		})
		atOnce(8, func() {
			if err := tenants.RemoveToken(background(), acme); err == nil {
				mu.Lock()
				defer mu.Unlock()
				removed++
			} else if !errors.Is(err, tenant.ErrUnknownToken) {
				t.Error(err)
			}
		})
		if added != 1 || removed != 1 {
			t.Fatalf("added %d times, removed %d times", added, removed)
		}
	}
	if all, err := tenants.Tokens(background()); len(all) != 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
}

func atOnce(n int, f func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(f)
	}
	all.Wait()
}

// What is kept of tokens leads to none, wherever one looks.
func TestNothingHasTheToken(t *testing.T) {
	s := newShared()
	var told []string
	tenants, l := newTenants(t, tenant.Config{Storage: s, On: tenant.Events{
		TokenAdded: func(e tenant.TokenEvent) { told = append(told, fmt.Sprintf("added %+v", e)) },
	}})
	tenants.Plan("p", func(tenant.Info) (*fastmcp.App, error) { return nil, errors.New("no") })
	info, err := tenants.AddTokenPlan(background(), acme, "p")
	if err != nil {
		t.Fatal(err)
	}
	p, err := tenants.Verify(background(), bearer(acme))
	if err != nil {
		t.Fatal(err)
	}
	_, failed := tenants.Select(background(), p)
	if failed == nil {
		t.Fatal("a factory that fails has made a server")
	}
	_, again := tenants.AddTokenPlan(background(), acme, "p")
	all := strings.Join(s.keys, "\n") + l.String() + fmt.Sprintf("%+v %+v %v %v %v", info, p, told, failed, again)
	if !strings.Contains(all, info.ID) || strings.Contains(all, "acme") || len(told) != 1 {
		t.Errorf("%s", all)
	}
}

func TestFactoriesAreForOneProcess(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{Storage: newShared()})
	if err := tenants.TryAddToken(acme, anApp); !errors.Is(err, tenant.ErrShared) {
		t.Error(err)
	}
	if err := tenants.UpdateToken(acme, anApp); !errors.Is(err, tenant.ErrShared) {
		t.Error(err)
	}
	if text := panics(func() { tenants.AddToken(acme, anApp) }); !strings.Contains(text, "register it by Plan, and add the token by AddTokenPlan") {
		t.Error(text)
	}
	// One process's own memory is nobody else's, whoever made it.
	own, _ := newTenants(t, tenant.Config{Storage: store.Memory()})
	if err := own.TryAddToken(acme, anApp); err != nil {
		t.Error(err)
	}
}

func TestClose(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{})
	tenants.Plan("p", someApp).AddToken(acme, anApp)
	p, err := tenants.Verify(background(), bearer(acme))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tenants.Select(background(), p); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := tenants.Close(background()); err != nil {
			t.Error(err)
		}
	}
	_, _, page := tenants.Page(background(), "", 1)
	_, added := tenants.AddTokenPlan(background(), beta, "p")
	_, selected := tenants.Select(background(), p)
	_, stats := tenants.Stats(background())
	for name, err := range map[string]error{
		"Open": tenants.Open(background()), "Page": page, "AddTokenPlan": added, "RemoveToken": tenants.RemoveToken(background(), acme), "Select": selected, "Stats": stats,
	} {
		if !errors.Is(err, tenant.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(background())
	cancel()
	for _, token := range []string{acme, beta} {
		if got := code(tenants.Verify(ctx, bearer(token))); got != "temporarily_unavailable" {
			t.Errorf("Verify: %s", got)
		}
	}
}
