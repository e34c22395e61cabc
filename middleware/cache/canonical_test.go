package cache

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		`{}`:            `{}`,
		` { } `:         `{}`,
		`{"b":1,"a":2}`: `{"a":2,"b":1}`,
		"{ \"b\" : [ 1 , { \"d\":true,\"c\":null } ] ,\n\t\"a\" : \"x y\" }": `{"a":"x y","b":[1,{"c":null,"d":true}]}`,
		`[ ]`:                         `[]`,
		`{"a":"\u0041\n"}`:            `{"a":"\u0041\n"}`,
		`{"a":1.0,"aa":-0}`:           `{"a":1.0,"aa":-0}`,
		`{"":1,"é":2,"z":3}`:          `{"":1,"z":3,"é":2}`,
		`{"a":1,"a":1}`:               "",
		`{"\u0061":1}`:                "",
		`{"x":[{"a":1,"b":2,"a":3}]}`: "",
		`{"a":`:                       "",
		`{"a"}`:                       "",
		`[1`:                          "",
		`[1 2]`:                       "",
		``:                            "",
		`nul`:                         "",
		strings.Repeat("[", scan.MaxDepth+1) + strings.Repeat("]", scan.MaxDepth+1): "",
		strings.Repeat("[", scan.MaxDepth) + strings.Repeat("]", scan.MaxDepth):     strings.Repeat("[", scan.MaxDepth) + strings.Repeat("]", scan.MaxDepth),
	} {
		got, ok := appendCanonical(nil, []byte(in))
		if ok != (want != "") || ok && string(got) != want {
			t.Errorf("%.60s: %.60q, %t; want %.60q", in, got, ok, want)
		}
	}
}

// What is canonical means what it was made of, and is canonical itself.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"b":1,"a":[2,{"d":"x\u0041","c":null}]}`, `[]`, `{"a":{"a":{}}}`, `"x"`, `-1.5e3`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if scan.Document([]byte(in)) != nil {
			return
		}
		out, ok := appendCanonical(nil, []byte(in))
		if !ok {
			return
		}
		var was, is any
		if err := json.Unmarshal([]byte(in), &was); err != nil {
			return // a number out of range
		}
		if err := json.Unmarshal(out, &is); err != nil || !reflect.DeepEqual(was, is) {
			t.Fatalf("%s became %s: %v", in, out, err)
		}
		if again, ok := appendCanonical(nil, out); !ok || string(again) != string(out) {
			t.Fatalf("%s became %s, and that %s", in, out, again)
		}
	})
}

// No two lists of texts have the same key.
func TestPartsAreApart(t *testing.T) {
	seen := map[string]string{}
	for _, parts := range [][]string{{"a", "bc"}, {"ab", "c"}, {"abc", ""}, {"", "abc"}, {"abc"}, {"\x01a", ""}, {"", "\x01a"}, {strings.Repeat("x", 300)}} {
		var b []byte
		for _, p := range parts {
			b = appendPart(b, p)
		}
		name := strings.Join(parts, "|")
		if other, taken := seen[string(b)]; taken {
			t.Errorf("%q and %q", name, other)
		}
		seen[string(b)] = name
	}
}

func TestItemsAreReadAsTheyAreWritten(t *testing.T) {
	if _, ok := readItem(nil); ok {
		t.Error("nothing is an item")
	}
	for n := range head + 1 {
		if _, ok := readItem(append([]byte{layout}, make([]byte, n)...)[:n]); ok && n <= head {
			t.Errorf("%d bytes are an item", n)
		}
	}
}
