package protocol

import (
	"encoding/base64"
	"testing"
)

func TestDecodeHeader(t *testing.T) {
	for _, c := range []struct {
		in, want string
		ok       bool
	}{
		{"add", "add", true},
		{"  add\t", "add", true},
		{"", "", true},
		{"=?base64?SGVsbG8=?=", "Hello", true},
		{"=?base64?w7xiZXI=?=", "über", true},
		{"=?base64??=", "", true},
		{"=?base64?SGVsbG8?=", "", false},
		{"=?base64?SGVs!!!bG8=?=", "", false},
		{"=?BASE64?SGVsbG8=?=", "=?BASE64?SGVsbG8=?=", true},
		{"SGVsbG8=?=", "SGVsbG8=?=", true},
		{"=?base64?SGVsbG8=", "=?base64?SGVsbG8=", true},
		{"=?base64?=", "=?base64?=", true},
		{"\u00fcber", "", false},
		{"a\x00b", "", false},
	} {
		if got, ok := DecodeHeader(c.in); got != c.want || ok != c.ok {
			t.Errorf("%q gives %q, %v; want %q, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestHeaderEquals(t *testing.T) {
	for _, c := range []struct {
		text, raw string
		want      bool
	}{
		{"a", `"a"`, true}, {"A", `"a"`, false}, {"true", "true", true}, {"1", "true", false}, {"42", "42", true},
		{"42.0", "42", true}, {"43", "42", false}, {"x", "42", false}, {"null", "null", false}, {"{}", "{}", false}, {"", "", false},
	} {
		if got := HeaderEquals(c.text, []byte(c.raw)); got != c.want {
			t.Errorf("%q = %s: %v", c.text, c.raw, got)
		}
	}
}

// FuzzDecodeHeader: nothing panics, and what was encoded comes back.
func FuzzDecodeHeader(f *testing.F) {
	for _, s := range []string{"add", "=?base64?SGVsbG8=?=", "=?base64?", "?=", "  x ", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		DecodeHeader(s)
		if got, ok := DecodeHeader("=?base64?" + base64.StdEncoding.EncodeToString([]byte(s)) + "?="); !ok || got != s {
			t.Fatalf("%q came back as %q, %v", s, got, ok)
		}
	})
}
