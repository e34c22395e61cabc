package uritemplate

import (
	"errors"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	off := map[Rule]Policy{
		RuleNull: {AllowNull: true}, RuleControl: {AllowControl: true}, RuleTraversal: {AllowTraversal: true}, RuleAbsolute: {AllowAbsolute: true},
		RuleBackslash: {AllowBackslash: true}, RuleEncoded: {AllowEncoded: true},
	}
	for _, c := range []struct {
		text string
		rule Rule
		only bool // no other rule refuses it
	}{
		{"", "", true}, {"a", "", true}, {"a/b.txt", "", true}, {"a..b", "", true}, {".", "", true}, {"./a", "", true}, {".../..a", RuleTraversal, true}, {"..a/b..", "", true}, {"100%", "", true},
		{"50%25", "", true}, {"a%20b", "", true}, {"C", "", true}, {"C:x", "", true}, {"urn:x:y", "", true}, {"http://a/b", "", true}, {"é/€", "", true}, {"%zz%", "", true}, {"More ...", "", true},
		{"a\x00b", RuleNull, true}, {"a\nb", RuleControl, true}, {"\x7f", RuleControl, true}, {"\u0085", RuleControl, true},
		{"..", RuleTraversal, true}, {"../a", RuleTraversal, true}, {"a/..", RuleTraversal, true}, {"a/../b", RuleTraversal, true}, {"a/.. /b", RuleTraversal, true}, {"...", RuleTraversal, true}, {`a\..\b`, RuleTraversal, false},
		{"/etc", RuleAbsolute, true}, {"//host/x", RuleAbsolute, true}, {"C:", RuleAbsolute, true}, {"c:/x", RuleAbsolute, true}, {`C:\x`, RuleAbsolute, false}, {`\\host\x`, RuleAbsolute, false}, {`a\b`, RuleBackslash, true},
		{"%2e%2e%2f", RuleEncoded, true}, {"%2E%2E/a", RuleEncoded, true}, {"a/%2e./b", RuleEncoded, true}, {"%2fetc", RuleEncoded, true}, {"a%00", RuleEncoded, true}, {"a%5cb", RuleEncoded, true}, {"%0a", RuleEncoded, true},
		{"%252e%252e%252f", RuleEncoded, true}, {"%25252e%25252e%25252f", RuleEncoded, true}, {"%2525252e%2525252e", "", true},
	} {
		err := Check(Values{Text("fine", "a"), Text("x", c.text)}, Policy{})
		var unsafe *UnsafeError
		if errors.As(err, &unsafe) != (c.rule != "") || unsafe != nil && (unsafe.Rule != c.rule || unsafe.Variable != "x") {
			t.Errorf("%q: %v, want %q", c.text, err, c.rule)
			continue
		}
		if unsafe == nil {
			continue
		}
		if !strings.Contains(err.Error(), "value of x") {
			t.Error(err)
		}
		for rule, policy := range off {
			// What is encoded is let in by its own switch, and by that of what it hides.
			if c.rule == RuleEncoded && rule != c.rule {
				continue
			}
			taken := Check(Values{Text("x", c.text)}, policy) == nil
			if want := rule == c.rule && c.only; taken != want {
				t.Errorf("%q without %s: taken %v, want %v", c.text, rule, taken, want)
			}
		}
		all := Policy{AllowNull: true, AllowControl: true, AllowTraversal: true, AllowAbsolute: true, AllowBackslash: true, AllowEncoded: true}
		if err := Check(Values{Text("x", c.text)}, all); err != nil {
			t.Errorf("%q with nothing on: %v", c.text, err)
		}
		if err := Check(Values{Text("x", c.text)}, Policy{Trusted: []string{"y", "x"}}); err != nil {
			t.Errorf("%q of a trusted variable: %v", c.text, err)
		}
	}
}

// Lists are looked at by element and as a whole, for the handler may use either.
func TestCheckMatched(t *testing.T) {
	for _, c := range []struct {
		template, uri string
		rule          Rule
	}{
		{"f://{path*}", "f://a/b", ""}, {"f://{path*}", "f://a/../b", RuleTraversal}, {"f://{path*}", "f:///etc", RuleAbsolute}, {"f://{path*}", "f://a/%2Fb", RuleAbsolute},
		{"f:{/path*}", "f:/a/%2e%2e/b", RuleTraversal}, {"f:{/path*}", "f:/a%2f..%2fb", RuleTraversal}, {"f://{+path}", "f://%2e%2e/b", RuleTraversal}, {"f://{+path}", "f://%252e%252e/b", RuleEncoded},
		{"f://{id}", "f://%2e%2e%2fb", RuleTraversal}, {"f://{id}", "f://..", RuleTraversal}, {"f://{id}", "f://a%00", RuleNull}, {"f://x{?p*}", "f://x?p=a&p=../b", RuleTraversal}, {"f://{id}", "f://%5c%5chost", RuleAbsolute},
	} {
		v, ok := parsed(t, c.template).Match(c.uri)
		if !ok {
			t.Errorf("%s of %s: no match", c.template, c.uri)
		}
		var unsafe *UnsafeError
		if err := Check(v, Policy{}); errors.As(err, &unsafe) != (c.rule != "") || unsafe != nil && unsafe.Rule != c.rule {
			t.Errorf("%s of %s: %v, want %q", c.template, c.uri, err, c.rule)
		}
	}
}

func TestAppendJSON(t *testing.T) {
	v := Values{Text("a", "\"x\"\n"), {Name: "l", Kind: KindList, Text: "b/c", List: []string{"b", "c"}}, List("none"), Pairs("p", "k", "v", "k2", "")}
	if got, want := string(AppendJSON([]byte("> "), v)), `> {"a":"\"x\"\n","l":["b","c"],"none":[],"p":{"k":"v","k2":""}}`; got != want {
		t.Error(got)
	}
	if got, want := string(AppendJSON(nil, v[1:2], "a", "l")), `{"l":"b/c"}`; got != want {
		t.Error(got)
	}
	if got := string(AppendJSON(nil, nil)); got != "{}" {
		t.Error(got)
	}
}
