package scan

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDocumentAgreesWithEncodingJSON(t *testing.T) {
	for _, in := range []string{
		``, ` `, `1`, `-0`, `01`, `1.`, `1.5e+3`, `1e`, `-`, `.5`, `true`, `tru`, `null`, `nul`, `""`, `"a`, `"\u00e9"`, `"\u00g0"`, `"\x"`, "\"a\nb\"",
		`[]`, `[1,]`, `[1 2]`, `[`, `{}`, `{"a":1,}`, `{"a"}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":{"b":[1,2,{"c":null}]}}`, ` { "a" : [ ] } `, `1 1`, `{"a":1}x`,
	} {
		if got, want := Document([]byte(in)) == nil, json.Valid([]byte(in)); got != want {
			t.Errorf("%q: %v, encoding/json says %v", in, got, want)
		}
	}
}

func TestDepthIsBounded(t *testing.T) {
	nest := func(n int) []byte { return []byte(strings.Repeat("[", n) + strings.Repeat("]", n)) }
	if err := Document(nest(MaxDepth)); err != nil {
		t.Error(err)
	}
	if err := Document(nest(MaxDepth + 1)); err == nil {
		t.Error("one deeper was taken")
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		`""`: "", `"plain"`: "plain", `"a\"b\\c\/d\b\f\n\r\t"`: "a\"b\\c/d\b\f\n\r\t", `"\u00e9\u20ac"`: "é€",
		`"\ud83d\ude00!"`: "😀!", `"\ud83d"`: "\ufffd", `"\ud83dx"`: "\ufffdx", `"\ude00\u0041"`: "\ufffdA",
	} {
		if got := string(Text(nil, []byte(in))); got != want {
			t.Errorf("%s is %q, want %q", in, got, want)
		}
	}
}

func TestAppendString(t *testing.T) {
	for in, want := range map[string]string{
		"": `""`, "a\"\\\n\r\t\x01": `"a\"\\\n\r\t\u0001"`, "é€😀": `"é€😀"`, "<&>": `"<&>"`, "a\xffb": "\"a\ufffdb\"", "\u2028\u2029": `"\u2028\u2029"`,
	} {
		if got := string(AppendString(nil, in)); got != want {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
		if got := string(AppendString(nil, []byte(in))); got != want {
			t.Errorf("%q as bytes is %s, want %s", in, got, want)
		}
	}
}

// FuzzDocument: what is taken is JSON, and strings come back as they were.
func FuzzDocument(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,"x\u0041",null,true]}`, `"\ud800"`, `[[[]]]`, `-0.0`, "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		err := Document(in)
		if valid := json.Valid(in); (err == nil) != valid {
			if _, deep := err.(*Error); !deep || err.(*Error).Why != "nested too deeply" {
				t.Fatalf("%q: %v, encoding/json says %v", in, err, valid)
			}
		}
		quoted := AppendString(nil, in)
		var back string
		if err := json.Unmarshal(quoted, &back); err != nil {
			t.Fatalf("%q: %v", quoted, err)
		}
		if got := string(Text(nil, quoted)); got != back || utf8.Valid(in) && back != string(in) {
			t.Fatalf("%q became %q, and %q for encoding/json", in, got, back)
		}
	})
}

func TestFind(t *testing.T) {
	b := []byte(`{"a": {"b\u0063": [1, {"d":2}], "x": null}, "a2": 5}`)
	for want, path := range map[string][]string{
		`[1, {"d":2}]`: {"a", "bc"}, "null": {"a", "x"}, "5": {"a2"}, string(b): {}, "": {"a", "nope"},
	} {
		if got := string(Find(b, path...)); got != want {
			t.Errorf("%v is %s, want %s", path, got, want)
		}
	}
	if Find(b, "a2", "b") != nil || Find(nil, "a") != nil || Find([]byte(`{}`), "a") != nil {
		t.Error("found what is not there")
	}
	all := Elements([]byte(` [1, "a,]" ,{"b":[2]}] `), 9)
	if len(all) != 3 || string(all[1]) != `"a,]"` || string(all[2]) != `{"b":[2]}` || len(Elements([]byte(`[]`), 9)) != 0 || len(Elements([]byte(`[1,2,3]`), 2)) != 2 {
		t.Errorf("%q", all)
	}
}
