package auth

import (
	"errors"
	"strings"
	"testing"
)

func TestParseBearer(t *testing.T) {
	long := strings.Repeat("a", MaxTokenBytes)
	for header, want := range map[string]string{ // "" none, "!" malformed
		"":                     "",
		"Basic dTpw":           "",
		"Bearerabc":            "",
		"Bearer\tabc":          "",
		" Bearer abc":          "",
		"Token Bearer abc":     "",
		"Bearer abc":           "abc",
		"bearer abc":           "abc",
		"BEARER   abc":         "abc",
		"Bearer a-._~+/Z9==":   "a-._~+/Z9==",
		"Bearer " + long:       long,
		"Bearer":               "!",
		"Bearer ":              "!",
		"Bearer ==":            "!",
		"Bearer a b":           "!",
		"Bearer abc ":          "!",
		"Bearer abc, Basic x":  "!",
		"Bearer a=b":           "!",
		"Bearer \"abc\"":       "!",
		"Bearer abc\r\nX: y":   "!",
		"Bearer ü":             "!",
		"Bearer " + long + "a": "!",
	} {
		token, ok, err := ParseBearer(header)
		got := token
		if err != nil {
			e, is := errors.AsType[*Error](err)
			if !is || e.Code != InvalidRequest || ok || token != "" {
				t.Errorf("%.40q: %v, %v, %v", header, token, ok, err)
			}
			got = "!"
		}
		if got != want || ok != (want != "" && want != "!") {
			t.Errorf("%.40q: %.40q, %v, %v", header, token, ok, err)
		}
	}
}

func FuzzParseBearer(f *testing.F) {
	for _, s := range []string{"", "Bearer abc", "bearer  a==", "Bearer", "Basic x", "Bearer a\x00b", "BEARER a,b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		token, ok, err := ParseBearer(header)
		if ok != (token != "") || ok && err != nil {
			t.Fatal(token, ok, err)
		}
		if !ok {
			return
		}
		if len(token) > MaxTokenBytes || strings.ContainsAny(token, " \t\r\n\",;\\") || !strings.HasSuffix(header, token) {
			t.Fatalf("%q from %q", token, header)
		}
		if again, ok, err := ParseBearer("Bearer " + token); again != token || !ok || err != nil {
			t.Fatalf("%q is not read again: %v", token, err)
		}
	})
}
