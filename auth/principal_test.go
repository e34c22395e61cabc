package auth

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestKeyTellsPrincipalsApart(t *testing.T) {
	all := []Principal{
		{},
		{Issuer: "ab"}, {Subject: "ab"}, {ClientID: "ab"}, {Tenant: "ab"},
		{Issuer: "a", Subject: "b"}, {Issuer: "a", ClientID: "b"}, {Subject: "a", ClientID: "b"}, {Issuer: "a", Tenant: "b"},
		{Issuer: "a\x00b"}, {Issuer: "a\x00", Subject: "b"}, {Issuer: "1:a", Subject: "1:b"}, {Issuer: "\x01a"},
		{Subject: strings.Repeat("x", 200)}, {Subject: strings.Repeat("x", 5000)},
	}
	seen := map[string]int{"": -1}
	for i := range all {
		key := all[i].Key()
		if j, ok := seen[key]; ok {
			t.Errorf("%+v has the key of %d", all[i], j)
		}
		if len(key) != 43 {
			t.Errorf("key %q has %d characters, want 43", key, len(key))
		}
		seen[key] = i
	}
}

func TestKeyIsStable(t *testing.T) {
	a := &Principal{Issuer: "https://as", Subject: "u1", ClientID: "c", Tenant: "t"}
	b := &Principal{Issuer: "https://as", Subject: "u1", ClientID: "c", Tenant: "t",
		Scopes: []string{"x"}, Roles: []string{"y"}, ExpiresAt: time.Unix(1, 0), Claims: map[string]any{"z": 1}}
	// Stored sessions and sealed state outlive the process and the version that wrote them.
	const want = "qVXboEVCpBL_Kb7Ah_3_u9NEMvVOHtjZWg51uFFUa9E"
	if a.Key() != want || b.Key() != want {
		t.Errorf("keys %q and %q, want %q", a.Key(), b.Key(), want)
	}
	if n := testing.AllocsPerRun(100, func() { _ = a.Key() }); n > 1 {
		t.Errorf("Key allocates %v times, want 1", n)
	}
}

func TestNilPrincipal(t *testing.T) {
	var p *Principal
	if p.Key() != "" || p.HasScope("a") || p.HasScopes() || p.HasRole("a") || p.Expired(time.Now()) {
		t.Error("an anonymous caller has something")
	}
	if p.LogValue().String() != "anonymous" {
		t.Errorf("LogValue = %v", p.LogValue())
	}
}

func TestExpired(t *testing.T) {
	at := time.Unix(100, 0)
	p := &Principal{ExpiresAt: at}
	if p.Expired(at.Add(-1)) || !p.Expired(at) {
		t.Error("a principal expires at ExpiresAt and not before")
	}
	if (&Principal{}).Expired(at) {
		t.Error("without ExpiresAt it never expires")
	}
}

func TestLogHasNoClaims(t *testing.T) {
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "who", &Principal{Subject: "sue", Claims: map[string]any{"email": "secret"}})
	if s := b.String(); !strings.Contains(s, "who.subject=sue") || strings.Contains(s, "secret") {
		t.Error(s)
	}
}

func BenchmarkKey(b *testing.B) {
	p := &Principal{Issuer: "https://issuer.example", Subject: "user-123", ClientID: "client"}
	b.ReportAllocs()
	for b.Loop() {
		_ = p.Key()
	}
}
