package responselimit

import (
	"testing"
	"time"
)

// What is not whole is nothing.
func TestKeptIsReadWhole(t *testing.T) {
	of, until := owner{1, 2, 3}, time.UnixMilli(1_800_000_000_123)
	b := appendKept(of, until, document{mime: "text/plain", binary: true, data: []byte("data")})
	gotOf, gotUntil, d, ok := readKept(b)
	if !ok || gotOf != of || !gotUntil.Equal(until) || d.mime != "text/plain" || !d.binary || string(d.data) != "data" {
		t.Errorf("%v %v %v %v", gotOf, gotUntil, d, ok)
	}
	for n := range len(b) - len("data") {
		if _, _, _, ok := readKept(b[:n]); ok {
			t.Errorf("%d bytes of it are read", n)
		}
	}
	b[0]++
	if _, _, _, ok := readKept(b); ok {
		t.Error("another layout is read")
	}
	long := appendKept(of, until, document{mime: string(make([]byte, 256)), data: []byte("data")})
	if _, _, d, ok := readKept(long); !ok || d.mime != "" || string(d.data) != "data" {
		t.Errorf("a type that is none: %v %v", d, ok)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text          string
		most, encoded int
		want          string
	}{
		{"hello", 10, 100, "hello"}, {"hello", 3, 100, "hel"}, {"hello", 0, 100, ""}, {"hello", -1, 100, ""},
		{"éé", 3, 100, "é"}, {"éé", 1, 100, ""}, {"hello", 10, 5, "hel"}, {"\x01\x01\x01", 10, 14, "\x01\x01"}, {"\x01", 10, 7, ""}, {"", 5, 5, ""},
	} {
		if got := cut(c.text, c.most, c.encoded); got != c.want {
			t.Errorf("%q, %d, %d: %q, want %q", c.text, c.most, c.encoded, got, c.want)
		}
	}
}
