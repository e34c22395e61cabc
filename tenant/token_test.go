package tenant_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/tenant"
)

const (
	acme = "acme-0123456789abcdef"
	beta = "beta-0123456789abcdef"
)

func TestTokensThatAreRefused(t *testing.T) {
	for name, bad := range map[string]struct{ token, words string }{
		"empty":         {"", "0 characters"},
		"short":         {"0123456789abcde", "15 characters: use 16 to 8192"},
		"long":          {strings.Repeat("x", auth.MaxTokenBytes+1), "8193 characters"},
		"space":         {"0123456789 abcdef", "no Authorization header"},
		"leading space": {" 0123456789abcdef", "no Authorization header"},
		"quote":         {`0123456789"abcdef`, "no Authorization header"},
		"line":          {"0123456789\nabcdef", "no Authorization header"},
		"not ASCII":     {"0123456789äbcdefg", "no Authorization header"},
		"only ====":     {"================", "no Authorization header"},
	} {
		t.Run(name, func(t *testing.T) {
			tenants, _ := newTenants(t, tenant.Config{})
			tenants.Plan("p", someApp)
			err := tenants.TryAddToken(bad.token, anApp)
			_, byPlan := tenants.AddTokenPlan(background(), bad.token, "p")
			for _, err := range []error{err, byPlan} {
				if !errors.Is(err, tenant.ErrBadToken) || !strings.Contains(err.Error(), bad.words) {
					t.Errorf("%v, want %q", err, bad.words)
				}
				if len(bad.token) > 3 && strings.Contains(err.Error(), bad.token) {
					t.Error("the error has the token")
				}
			}
			if text := panics(func() { tenants.AddToken(bad.token, anApp) }); text != err.Error() {
				t.Errorf("AddToken panics with %q, want %q", text, err)
			}
		})
	}
	tenants, _ := newTenants(t, tenant.Config{})
	for _, good := range []string{strings.Repeat("x", 16), strings.Repeat("x", auth.MaxTokenBytes), "A-._~+/abcdefghij=="} {
		if err := tenants.TryAddToken(good, anApp); err != nil {
			t.Errorf("%d characters: %v", len(good), err)
		}
	}
	if err := tenants.TryAddToken(acme, nil); err == nil || !strings.Contains(err.Error(), "the factory is nil") {
		t.Errorf("no factory: %v", err)
	}
}

// Principals are named by ids that say nothing of the token, and are the same on all nodes that have the same pepper.
func TestIDs(t *testing.T) {
	ids := map[string]bool{}
	id := func(config tenant.Config, token string) string {
		tenants, _ := newTenants(t, config)
		tenants.AddToken(token, anApp)
		p, err := tenants.Verify(background(), bearer(token))
		if err != nil {
			t.Fatal(err)
		}
		if p.Issuer != tenant.Issuer || p.Subject != p.Tenant || !regexp.MustCompile(`^t_[a-z2-7]{16}$`).MatchString(p.Tenant) {
			t.Errorf("%+v", p)
		}
		ids[p.Tenant] = true
		return p.Tenant
	}
	pepper := []byte("0123456789abcdef")
	if a, b := id(tenant.Config{}, acme), id(tenant.Config{}, acme); a != b {
		t.Errorf("%s and %s are of one token", a, b)
	}
	if a, b := id(tenant.Config{Pepper: pepper}, acme), id(tenant.Config{Pepper: pepper}, acme); a != b {
		t.Errorf("%s and %s are of one token and pepper", a, b)
	}
	id(tenant.Config{Pepper: []byte("fedcba9876543210")}, acme)
	id(tenant.Config{}, beta)
	if len(ids) != 4 {
		t.Errorf("%d ids, want 4: %v", len(ids), ids)
	}
	// It is the same in every version: it is part of the names in stores.
	if got := id(tenant.Config{}, acme); got != "t_k75qmk3aegycigtx" {
		t.Errorf("the id of %s is %s", acme, got)
	}
}

func TestNewToken(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token := tenant.NewToken()
		if !regexp.MustCompile(`^[A-Za-z0-9_-]{32}$`).MatchString(token) || seen[token] {
			t.Fatalf("%q, again: %v", token, seen[token])
		}
		seen[token] = true
	}
}

func TestConfigThatIsRefused(t *testing.T) {
	for words, config := range map[string]tenant.Config{
		"Config.Pepper has 15 bytes: use 16":                     {Pepper: make([]byte, 15)},
		"Config.MaxServers is -1: use a positive value":          {MaxServers: -1},
		"Config.MaxUnknown is -2":                                {MaxUnknown: -2},
		"Config.MaxLookups is -3":                                {MaxLookups: -3},
		"Config.MaxLookupsPerIP is -4":                           {MaxLookupsPerIP: -4},
		"Config.DrainTimeout is -1ns":                            {DrainTimeout: -1},
		"Config.BuildTimeout is -1ns":                            {BuildTimeout: -1},
		"Config.RetryAfter is -1ns":                              {RetryAfter: -1},
		"Config.CacheTTL is 10.000000001s":                       {CacheTTL: 10e9 + 1},
		`Config.Limits: the rate "0-M" is out of range`:          {Limits: tenant.Limits{Rate: "0-M"}},
		`Config.Limits: the rate "1000000001-S" is out of ran`:   {Limits: tenant.Limits{Rate: "1000000001-S"}},
		`Config.Limits: the rate "10/m" is none: write a number`: {Limits: tenant.Limits{Rate: "10/m"}},
		`the rate "10-m" is none`:                                {Limits: tenant.Limits{Rate: "10-m"}},
		`the rate "010-M" is none`:                               {Limits: tenant.Limits{Rate: "010-M"}},
		`the rate "-10-M" is none`:                               {Limits: tenant.Limits{Rate: "-10-M"}},
		`the rate "99999999999999999999-S" is none`:              {Limits: tenant.Limits{Rate: "99999999999999999999-S"}},
	} {
		if text := panics(func() { tenant.New(config) }); !strings.Contains(text, words) {
			t.Errorf("%q, want %q", text, words)
		}
	}
	for _, good := range []string{"", "off", "1-S", "1000000000-D", "5-H", "100-M"} {
		if text := panics(func() { tenant.New(tenant.Config{Limits: tenant.Limits{Rate: good}}) }); text != "" {
			t.Errorf("%q: %s", good, text)
		}
	}
}

func TestPlansThatAreRefused(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{})
	tenants.Plan("p", someApp)
	for words, f := range map[string]func(){
		`the name ""`:                   func() { tenants.Plan("", someApp) },
		`use 1 to 100 bytes`:            func() { tenants.Plan(strings.Repeat("x", 101), someApp) },
		`Plan "q" has no factory`:       func() { tenants.Plan("q", nil) },
		`Plan "p" was registered befor`: func() { tenants.Plan("p", someApp) },
		`Plan "r": the rate "x"`:        func() { tenants.Plan("r", someApp, tenant.Limits{Rate: "x"}) },
	} {
		if text := panics(f); !strings.Contains(text, words) {
			t.Errorf("%q, want %q", text, words)
		}
	}
	if text := panics(func() { tenants.Plan(strings.Repeat("x", 100), someApp) }); text != "" {
		t.Error(text)
	}
}
