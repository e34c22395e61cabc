package auth

import (
	"context"
	"slices"
	"testing"
)

func decide(g Guard, p *Principal) Decision {
	return g(context.Background(), &Access{Principal: p, Op: OpCall, Kind: KindTool, Name: "x"})
}

func deny(context.Context, *Access) Decision  { return Deny() }
func allow(context.Context, *Access) Decision { return Allow() }

// relies is a guard that a careless user may write: it takes a principal for granted.
func relies(_ context.Context, a *Access) Decision {
	return Decision{Allowed: a.Principal.Subject == "root"}
}

func TestGuards(t *testing.T) {
	var (
		nobody  *Principal
		known   = &Principal{Subject: "u"}
		reader  = &Principal{Subject: "u", Scopes: []string{"read"}}
		writer  = &Principal{Subject: "u", Scopes: []string{"read", "write"}, Roles: []string{"admin"}}
		scopes  = RequireScopes("read", "write")
		open    = Discoverable(scopes)
		private = RequireRole("admin", "owner")
	)
	tests := []struct {
		name      string
		g         Guard
		p         *Principal
		allowed   bool
		challenge []string // nil: hidden
	}{
		{"auth, nobody", RequireAuth(), nobody, false, nil},
		{"auth, known", RequireAuth(), known, true, nil},
		{"auth discoverable, nobody", Discoverable(RequireAuth()), nobody, false, []string{}},
		{"scopes, nobody", scopes, nobody, false, nil},
		{"scopes, one missing", scopes, reader, false, nil},
		{"scopes, all", scopes, writer, true, nil},
		{"discoverable, nobody", open, nobody, false, []string{"read", "write"}},
		{"discoverable, one missing", open, reader, false, []string{"read", "write"}},
		{"discoverable, all", open, writer, true, nil},
		{"discoverable keeps a challenge", Discoverable(func(context.Context, *Access) Decision { return Challenge("own") }), known, false, []string{"own"}},
		{"role, nobody", private, nobody, false, nil},
		{"role, none", private, known, false, nil},
		{"role, one of two", private, writer, true, nil},

		{"all of none", All(), nobody, true, nil},
		{"all allow", All(RequireAuth(), scopes, private), writer, true, nil},
		{"all stops at a denial that hides", All(RequireAuth(), relies), nobody, false, nil},
		{"all stops for nobody", All(open, relies), nobody, false, []string{"read", "write"}},
		{"all names all scopes", All(Discoverable(RequireScopes("a")), Discoverable(RequireScopes("b", "a"))), known, false, []string{"a", "b"}},
		{"all names scopes that the caller has", All(RequireScopes("read"), Discoverable(RequireScopes("b"))), reader, false, []string{"read", "b"}},
		{"all hides if one hides", All(Discoverable(RequireScopes("a")), RequireScopes("b")), known, false, nil},
		{"all hides if the last hides", All(Discoverable(RequireScopes("a")), deny), known, false, nil},
		{"discoverable of all", Discoverable(All(RequireScopes("a"), RequireScopes("b"))), known, false, []string{"a", "b"}},
		{"all within all", Discoverable(All(RequireScopes("a"), All(RequireScopes("read"), RequireScopes("b")))), reader, false, []string{"a", "read", "b"}},

		{"any of none", Any(), writer, false, nil},
		{"any first", Any(private, deny), writer, true, nil},
		{"any last", Any(deny, allow), nobody, true, nil},
		{"any hides", Any(scopes, private), known, false, nil},
		{"any challenges", Any(deny, open), known, false, []string{"read", "write"}},
		{"discoverable of any", Discoverable(Any(deny, scopes)), known, false, []string{"read", "write"}},

		{"not", Not(private), known, true, nil},
		{"not not", Not(Not(private)), writer, true, nil},
		{"not hides", Not(private), writer, false, nil},
	}
	for _, tt := range tests {
		d := decide(tt.g, tt.p)
		if d.Allowed != tt.allowed {
			t.Errorf("%s: allowed %v, want %v", tt.name, d.Allowed, tt.allowed)
		}
		if !d.Allowed && ((d.Challenge == nil) != (tt.challenge == nil) || !slices.Equal(d.Challenge, tt.challenge)) {
			t.Errorf("%s: challenge %#v, want %#v", tt.name, d.Challenge, tt.challenge)
		}
		if d.Listed() != (tt.allowed || tt.challenge != nil) {
			t.Errorf("%s: listed %v", tt.name, d.Listed())
		}
	}
}

func TestAllBeyondItsRoom(t *testing.T) {
	var guards []Guard
	var want []string
	for c := 'a'; c < 'a'+20; c++ {
		guards = append(guards, RequireScopes(string(c)))
		want = append(want, string(c))
	}
	d := decide(Discoverable(All(guards...)), &Principal{})
	got := slices.Sorted(slices.Values(d.Challenge))
	if !slices.Equal(got, want) {
		t.Errorf("challenge %v, want %v", got, want)
	}
}

func TestPublicTextStays(t *testing.T) {
	say := func(context.Context, *Access) Decision { return DenyWith("not on Sundays") }
	for name, g := range map[string]Guard{"all": All(allow, say), "any": Any(deny, say), "discoverable": Discoverable(say)} {
		if d := decide(g, nil); d.Allowed || d.Public != "not on Sundays" {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestGuardsKeepTheirArguments(t *testing.T) {
	s := []string{"a"}
	g := RequireScopes(s...)
	s[0] = "b"
	if decide(g, &Principal{Scopes: []string{"b"}}).Allowed {
		t.Error("a guard changed with the slice that it was made from")
	}
}

func TestAllowedCallsDoNotAllocate(t *testing.T) {
	g := All(RequireAuth(), RequireScopes("a"), Any(RequireRole("x"), RequireRole("y")))
	a := &Access{Principal: &Principal{Scopes: []string{"a", "b"}, Roles: []string{"y"}}}
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() { g(ctx, a) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestRegisteringMistakesPanic(t *testing.T) {
	mustPanic(t, "RequireScopes()", func() { RequireScopes() })
	mustPanic(t, "two scopes in one", func() { RequireScopes("a b") })
	mustPanic(t, "quote in scope", func() { RequireScopes(`a"`) })
	mustPanic(t, "RequireRole()", func() { RequireRole() })
	mustPanic(t, "empty role", func() { RequireRole("a", "") })
	mustPanic(t, "nil in All", func() { All(RequireAuth(), nil) })
	mustPanic(t, "nil in Any", func() { Any(nil) })
	mustPanic(t, "Not(nil)", func() { Not(nil) })
	mustPanic(t, "Discoverable(nil)", func() { Discoverable(nil) })
	mustPanic(t, "Authenticate(nil)", func() { Authenticate(nil) })
}

// mustPanic returns what fn panicked with.
func mustPanic(t *testing.T, name string, fn func()) (text string) {
	t.Helper()
	defer func() {
		x := recover()
		if x == nil {
			t.Errorf("%s: no panic", name)
			return
		}
		text, _ = x.(string)
	}()
	fn()
	return ""
}

func TestOpNames(t *testing.T) {
	for o, want := range []string{"unknown", "list", "call", "read", "get", "complete", "subscribe", "unknown"} {
		if got := Op(o).String(); got != want {
			t.Errorf("Op(%d) = %q, want %q", o, got, want)
		}
	}
}

func BenchmarkGuard(b *testing.B) {
	g := All(RequireAuth(), RequireScopes("a"))
	a := &Access{Principal: &Principal{Scopes: []string{"a", "b"}}}
	b.ReportAllocs()
	for b.Loop() {
		g(b.Context(), a)
	}
}
