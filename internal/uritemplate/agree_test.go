package uritemplate

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// pattern writes nodes as a regular expression that prefers what the package prefers: it is the oracle. Parameters are
// not regular in any order, and left out.
func pattern(t *Template, i int) string {
	if i == len(t.nodes) {
		return ""
	}
	n := &t.nodes[i]
	if n.literal() {
		return regexp.QuoteMeta(n.text) + pattern(t, i+1)
	}
	one, count := unitOf(n.class), "*"
	if n.value.max > 0 {
		count = fmt.Sprintf("{0,%d}", n.value.max)
	}
	if n.lead == 0 {
		return "(" + one + strings.NewReplacer("*", "+", "{0", "{1").Replace(count) + ")" + pattern(t, i+1)
	}
	here := regexp.QuoteMeta(string(n.lead)) + "(" + one + count + ")"
	// Those behind it in the expression are within its option.
	behind := ""
	for j := n.next - 1; j > i; j-- {
		m := &t.nodes[j]
		behind = "(?:" + regexp.QuoteMeta(string(m.lead)) + "(" + unitOf(m.class) + count + ")" + behind + ")?"
	}
	return "(?:" + here + behind + ")?" + pattern(t, n.next)
}

// unitOf matches a character of the class, or an encoded one of those that the test's URIs can have.
func unitOf(c class) string {
	var out strings.Builder
	out.WriteString("(?:[")
	for b := range byte(128) {
		if c.has(b) {
			fmt.Fprintf(&out, `\x%02x`, b)
		}
	}
	return out.String() + `]|%[0-7][0-9A-Fa-f]|%C3%[89ABab][0-9A-Fa-f])`
}

// TestAgreesWithRegexp compares what is matched with what Go's regexp matches, on random templates and URIs that are
// made of the few characters on which the two could disagree.
func TestAgreesWithRegexp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"{V}", "{+V}", "{#V}", "{/V}", "{.V}", "{V:2}", "{V*}", "{/V*}", "{.V*}", "{+V:1}", "{/V,V_2}", "a", "/", ".", "/a", ",", "-", "%41"}
	chars := []string{"a", "a", "b", "/", ".", "-", ",", "#", "?", "%41", "%C3%A9", "%C3", "%"}
	matched, templates, curved := 0, 0, 0
	for templates < 1500 {
		var text strings.Builder
		for i := range 1 + rnd.IntN(6) {
			text.WriteString(strings.ReplaceAll(pieces[rnd.IntN(len(pieces))], "V", fmt.Sprint("v", i)))
		}
		tpl, err := Parse(text.String())
		if err != nil || tpl.Matchable() != nil {
			continue
		}
		templates++
		if !tpl.straight {
			curved++
		}
		oracle := regexp.MustCompile("^" + pattern(tpl, 0) + "$")
		for range 40 {
			var uri strings.Builder
			for range rnd.IntN(12) {
				uri.WriteString(chars[rnd.IntN(len(chars))])
			}
			if agree(t, tpl, oracle, uri.String()) {
				matched++
			}
		}
	}
	if matched < 1500 || curved < 500 {
		t.Errorf("only %d matches, and %d templates that are not straight", matched, curved)
	}
}

func agree(t *testing.T, tpl *Template, oracle *regexp.Regexp, uri string) bool {
	t.Helper()
	v, ok := tpl.Match(uri)
	found := oracle.FindStringSubmatchIndex(uri)
	if ok != (found != nil) {
		t.Fatalf("%s of %q: %v, regexp says %v", tpl, uri, ok, found)
	}
	if !ok {
		return false
	}
	i := 0
	for g := 2; g < len(found); g += 2 {
		if found[g] < 0 {
			continue
		}
		if want := decode(uri[found[g]:found[g+1]]); i >= len(v) || v[i].Text != want {
			t.Fatalf("%s of %q: %s, regexp has %q for number %d", tpl, uri, show(v), want, i)
		}
		i++
	}
	if i != len(v) {
		t.Fatalf("%s of %q: %s, regexp has %d values", tpl, uri, show(v), i)
	}
	return true
}

// TestExpandThenMatch: values come back, whatever they hold, where the template keeps them apart.
func TestExpandThenMatch(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	alphabet := []rune("ab09-._~/?#[]@!$&'()*+,;=:% \"<>\\^`{|}\x00\n\x7fé€😀")
	word := func(least int, without string) string {
		var out strings.Builder
		for range least + rnd.IntN(8) {
			if r := alphabet[rnd.IntN(len(alphabet))]; !strings.ContainsRune(without, r) {
				out.WriteRune(r)
			}
		}
		if out.Len() < least {
			return "x"
		}
		return out.String()
	}
	list := func(n int, without string) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = word(1, without)
		}
		return out
	}
	// A dot is not encoded, and divides {.l*}. What {+x} and {#x} leave as it is, % among it, cannot be told from what the template adds.
	const kept = "?#%;&"
	for _, template := range []string{
		"x://{a}", "x://{a}/{b}", "{a,b}:{c}", "x://{a}/y/{+r}{?q,p*}", "x{/a,b}{;q,p*}{?c}{#f}", "x{/l*}{?q}", "x{.l*}:{a}", "{l*}{?a,b,c}", "x://{a}?k=1{&b,p*}", "{+r}:{a}", "x{#f}", "{a}{/b}{?c}{&q}",
	} {
		tpl := parsed(t, template)
		for range 2000 {
			all := Values{
				Text("a", word(1, "")), Text("b", word(0, "")), Text("c", word(1, "")), Text("r", word(1, kept+":")), Text("f", word(0, "%")),
				Text("q", word(0, "")), List("p", list(1+rnd.IntN(3), "")...), List("l", list(1+rnd.IntN(4), ".")...),
			}
			if template == "x://{a}/{b}" || template == "{a,b}:{c}" {
				all[1] = Text("b", word(1, ""))
			}
			var given Values
			for _, v := range tpl.Variables() {
				value, _ := all.Get(v.Name)
				// {/a,b} is read from the left, and {?c}{&q} begins with '?'.
				if !v.Optional || template == "{a}{/b}{?c}{&q}" || strings.Contains(template, "{/a,b}") && v.Name < "c" || rnd.IntN(3) > 0 {
					given = append(given, value)
				}
			}
			uri, err := tpl.Expand(given)
			if err != nil {
				t.Fatal(err)
			}
			if len(uri) > MaxURI {
				continue
			}
			got, ok := tpl.Match(uri)
			if !ok {
				t.Fatalf("%s with %q is %q, which does not match", template, given, uri)
			}
			for i := range got {
				if got[i].Kind == KindList {
					got[i].Text = ""
				}
			}
			if len(got)+len(given) > 0 && !reflect.DeepEqual(got, given) {
				t.Fatalf("%s with %q is %q, which has %q", template, given, uri, got)
			}
		}
	}
}

// FuzzParse: what is parsed can be matched and expanded, and says of itself what it is.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"x://{a}/{+b}{/c*}{?d,e*}{#f}", "{a:3}{.b}", "{;a}{&b}", "{", "%41{%41}", "é{a}", "{a}{b}", "{/a:1,a}", "{#a,b}{?c}{&d}"} {
		f.Add(s, "x://a/b")
	}
	f.Fuzz(func(t *testing.T, template, uri string) {
		tpl, err := Parse(template)
		if err != nil {
			return
		}
		if _, err := Parse(tpl.String()); err != nil {
			t.Fatal(err)
		}
		var values Values
		for _, v := range tpl.Variables() {
			if v.List {
				values = append(values, List(v.Name, "a", "b"))
			} else {
				values = append(values, Text(v.Name, "a"))
			}
		}
		full, err := tpl.Expand(values)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(full, tpl.Prefix()) {
			t.Fatalf("%q does not begin with %q", full, tpl.Prefix())
		}
		if _, ok := tpl.Match(full); !ok && tpl.Matchable() == nil && len(full) <= MaxURI {
			t.Fatalf("%q does not match its own %q", template, full)
		}
		tpl.Match(uri)
	})
}

// FuzzMatch: both ways of matching agree, what is matched is JSON, and a set finds what its template finds.
func FuzzMatch(f *testing.F) {
	templates := []string{
		"x://{a}/{+b}{/c*}", "x://{a}/y{?d,e*}{#f}", "x{.b}{;c,d*}/z", "{+a}{?q}", "{a*}/{b:3}", "{a}.{b}-{c}", "x{/a,b}{#c,d}", "s?v=1{&q}", "{+a}a{+b}a{+c}", "x{/a}/{b}/x",
	}
	for i := range templates {
		for _, uri := range []string{"x://a/b/c", "x://a/y?d=1&e=2#f", "x.b;c=1;d/z", "aaaaaa", "%C3%A9.%41-a", "s?v=1&q=%zz", "x/x/x/x"} {
			f.Add(uint8(i), uri)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, uri string) {
		tpl := parsed(t, templates[int(which)%len(templates)])
		v, ok := tpl.Match(uri)
		if len(uri) <= MaxURI {
			if w, also := tpl.backwards(uri); ok != also || !reflect.DeepEqual(v, w) {
				t.Fatalf("%s of %q: %v %q, and backwards %v %q", tpl, uri, ok, v, also, w)
			}
		}
		var s Set[string]
		if err := s.Add(tpl, "it"); err != nil {
			t.Fatal(err)
		}
		if found, in := s.Match(uri); in != ok || !reflect.DeepEqual(found.Values, v) {
			t.Fatalf("%s of %q: %v, and in a set %v", tpl, uri, ok, in)
		}
		if !ok {
			return
		}
		if text := AppendJSON(nil, v); !json.Valid(text) {
			t.Fatalf("%s", text)
		}
		for _, one := range v {
			if !utf8Valid(one) {
				t.Fatalf("%s of %q: %q is not UTF-8", tpl, uri, one)
			}
		}
		_ = Check(v, Policy{})
	})
}

func utf8Valid(v Value) bool {
	return strings.ToValidUTF8(v.Text, "") == v.Text && strings.ToValidUTF8(strings.Join(v.List, ""), "") == strings.Join(v.List, "")
}
