package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

const goodToken = "0123456789abcdef"

func TestTokens(t *testing.T) {
	now := time.Unix(1000, 0)
	claims := map[string]any{"a": 1}
	v := newTokens(map[string]Principal{
		goodToken:             {Subject: "sue", Scopes: []string{"read"}, Claims: claims},
		goodToken + "-tenant": {Tenant: "acme"},
		goodToken + "-old":    {ClientID: "old", ExpiresAt: now},
	}, func() time.Time { return now })
	claims["a"] = 2
	for token, want := range map[string]error{
		goodToken: nil, goodToken + "-tenant": nil, "": ErrNoCredentials, goodToken + "-old": ErrInvalidToken,
		goodToken + "x": ErrNotMine, goodToken[:15]: ErrNotMine, strings.ToUpper(goodToken): ErrNotMine,
	} {
		p, err := v.Verify(t.Context(), &Request{Token: token})
		if !errors.Is(err, want) || (p == nil) != (want != nil) {
			t.Errorf("%q: %v, %v", token, p, err)
		}
	}
	p, _ := v.Verify(t.Context(), &Request{Token: goodToken})
	if p.Subject != "sue" || p.Claims["a"] != 1 {
		t.Errorf("%+v", p)
	}
}

func TestTokensKeepNoToken(t *testing.T) {
	v := Tokens(map[string]Principal{goodToken: {Subject: "u"}})
	if strings.Contains(fmt.Sprintf("%+v %#v", v, v), goodToken) {
		t.Error("the token can be read from the verifier")
	}
	a, b := v.(*tokens).hash(goodToken), Tokens(map[string]Principal{goodToken: {Subject: "u"}}).(*tokens).hash(goodToken)
	if a == b {
		t.Error("two instances have the same key")
	}
}

func TestTokenMistakesPanicWithoutTheToken(t *testing.T) {
	u := Principal{Subject: "sue"}
	mustPanic(t, "none", func() { Tokens(nil) })
	for _, token := range []string{"short-Secret", "Secret with spaces in it", "Secret-with-ümlaut-in-it", strings.Repeat("Secret", 2000), "Secret=in=the=middle=of=it"} {
		text := mustPanic(t, token, func() { Tokens(map[string]Principal{token: u}) })
		if !strings.HasPrefix(text, "auth: Tokens: ") || !strings.Contains(text, "sue") || strings.Contains(text, "Secret") {
			t.Error(text)
		}
	}
	mustPanic(t, "nobody", func() { Tokens(map[string]Principal{goodToken: {Issuer: "x", Scopes: []string{"a"}}}) })
}

func TestTokensFromManyGoroutines(t *testing.T) {
	v := Tokens(map[string]Principal{goodToken: {Subject: "a"}, goodToken + "1": {Subject: "b"}})
	done := make(chan bool)
	for i := range 8 {
		token, want := goodToken, "a"
		if i%2 == 1 {
			token, want = goodToken+"1", "b"
		}
		go func() {
			ok := true
			for range 500 {
				p, err := v.Verify(t.Context(), &Request{Token: token})
				ok = ok && err == nil && p.Subject == want
			}
			done <- ok
		}()
	}
	for range 8 {
		if !<-done {
			t.Error("a token was taken for another")
		}
	}
}
