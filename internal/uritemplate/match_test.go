package uritemplate

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// show writes values as JSON, and the text of a list behind it.
func show(v Values) string {
	out := string(AppendJSON(nil, v))
	for _, one := range v {
		if one.Kind == KindList {
			out += " " + one.Text
		}
	}
	return out
}

func TestMatch(t *testing.T) {
	const no = "no"
	for _, c := range []struct{ template, uri, want string }{
		{"", "", `{}`}, {"", "a", no}, {"test://static", "test://static", `{}`}, {"test://static", "test://static/", no},
		{"café://x", "caf%C3%A9://x", `{}`}, {"café://x", "café://x", no},
		// {x}
		{"test://template/{id}/data", "test://template/123/data", `{"id":"123"}`}, {"t://{id}", "t://", no}, {"t://{id}", "t://a/b", no},
		{"t://{id}", "t://a%2Fb", `{"id":"a/b"}`}, {"t://{id}", "t://a@b", no}, {"t://{id}", "t://a?x=1", no}, {"t://{id}", "t://a#b", no},
		{"t://{id}", "t://%C3%A9", `{"id":"é"}`}, {"t://{id}", "t://%c3%a9", `{"id":"é"}`}, {"t://{id}", "t://é", no}, {"t://{id}", "t://%C3", no}, {"t://{id}", "t://%FF", no},
		{"t://{id}", "t://%ED%A0%80", no}, {"t://{id}", "t://%C0%AF", no}, {"t://{id}", "t://%", no}, {"t://{id}", "t://%4", no}, {"t://{id}", "t://%4g", no},
		{"t://{id}", "t://%25", `{"id":"%"}`}, {"t://{id}", "t://%252e%252e%252f", `{"id":"%2e%2e%2f"}`}, {"t://{id}", "t://%00", "{\"id\":\"\\u0000\"}"},
		{"t://{id}", "t://a b", no}, {"t://{id}", "t://a+b", no}, {"t://{a}-{b}", "t://x-y-z", `{"a":"x-y","b":"z"}`}, {"t://{a}.{b}", "t://x", no},
		{"{x,y}", "1,2", `{"x":"1","y":"2"}`}, {"{x,y}", "1", no}, {"{x,y}", "1,", no},
		{"{x:3}", "abc", `{"x":"abc"}`}, {"{x:3}", "ab", `{"x":"ab"}`}, {"{x:3}", "abcd", no}, {"{x:2}", "%C3%A9%E2%82%AC", `{"x":"é€"}`}, {"{x:2}", "%C3%A9%E2%82%ACx", no},
		{"{x:2}b{y}", "abbb", `{"x":"ab","y":"b"}`}, {"{x:2}b{y}", "abab", `{"x":"a","y":"ab"}`},
		// {x*}, the wildcard
		{"f://{path*}", "f://docs/a,b.txt", `{"path":["docs","a","b.txt"]} docs/a,b.txt`}, {"f://{path*}", "f://docs/a%2Fb", `{"path":["docs","a/b"]} docs/a/b`},
		{"f://{path*}", "f://", no}, {"f://{path*}", "f:///etc", `{"path":["","etc"]} /etc`}, {"f://{path*}", "f://a?b", no}, {"f://{path*}", "f://me@x:1/(a)", `{"path":["me@x:1","(a)"]} me@x:1/(a)`},
		{"f://{path*}/raw", "f://a/raw/b/raw", `{"path":["a","raw","b"]} a/raw/b`}, {"f://{path*}{?v}", "f://a/b?v=1", `{"path":["a","b"],"v":"1"} a/b`},
		// {+x}
		{"w://{+url}", "w://http://a/b?c=d#e", `{"url":"http://a/b?c=d#e"}`}, {"w://{+url}", "w://", no}, {"f://{+path}{?q}", "f://a/b?q=1", `{"path":"a/b","q":"1"}`},
		{"f://{+path}{?q}", "f://a/b", `{"path":"a/b"}`}, {"f://{+path}{?q}", "f://a/b?r=1", no}, {"f://{+path}/raw{?q}", "f://x/raw?q=/raw", `{"path":"x","q":"/raw"}`},
		{"f://{+path}/raw{#f}", "f://x/raw/raw#f", `{"path":"x/raw","f":"f"}`}, {"{+x,y}", "a,b,c", `{"x":"a,b","y":"c"}`}, {"{+x*}", "a/b,c", `{"x":["a/b","c"]} a/b,c`},
		{"{+a}?b={b}", "x?b=1?b=2", `{"a":"x?b=1","b":"2"}`}, {"{+path}{.ext}", "a/b.txt", `{"path":"a/b","ext":"txt"}`}, {"{+x:3}", "a/bc", no}, {"{+x:3}", "a/b", `{"x":"a/b"}`},
		// {#x}
		{"p{#f}", "p#a/b?c", `{"f":"a/b?c"}`}, {"p{#f}", "p", `{}`}, {"p{#f}", "p#", `{"f":""}`}, {"p{#a,b}", "p#x,y,z", `{"a":"x","b":"y,z"}`}, {"p{#a,b}", "p#x", `{"a":"x"}`}, {"p{#a,b}", "p,x", no},
		{"p{#f*}", "p#a,b", `{"f":["a","b"]} a,b`},
		// {/x} {.x}
		{"f:{/a,b}", "f:/x/y", `{"a":"x","b":"y"}`}, {"f:{/a,b}", "f:/x", `{"a":"x"}`}, {"f:{/a,b}", "f:", `{}`}, {"f:{/a,b}", "f://", `{"a":"","b":""}`}, {"f:{/a,b}", "f:/x/y/z", no},
		{"f:{/a}/x", "f:/x", `{}`}, {"f:{/a}/x", "f:/y/x", `{"a":"y"}`}, {"f:{/a}/x", "f:/x/x", `{"a":"x"}`}, {"f:{/a}/x", "f:/x/x/x", no},
		{"f:{/p*}", "f:/a/b%2Fc/d", `{"p":["a","b/c","d"]} a/b/c/d`}, {"f:{/p*}", "f:", `{}`}, {"f:{/p*}", "f:/", `{"p":[""]} `}, {"f:{/p*}", "f:/a,b", no}, {"f:{/p*}/end", "f:/a/end/end", `{"p":["a","end"]} a/end`},
		{"{name}{.ext}", "a.tar.gz", `{"name":"a","ext":"tar.gz"}`}, {"{name}{.ext}", "a", `{"name":"a"}`}, {"www{.d*}", "www.example.com", `{"d":["example","com"]} example.com`}, {"x{.a,b}", "x.1.2.3", `{"a":"1","b":"2.3"}`},
		{"u:{/id}{?f}", "u:?f=1", `{"f":"1"}`},
		// {?x} {&x} {;x}
		{"s{?q,n}", "s?q=a&n=1", `{"q":"a","n":"1"}`}, {"s{?q,n}", "s?n=1&q=a", `{"n":"1","q":"a"}`}, {"s{?q,n}", "s", `{}`}, {"s{?q,n}", "s?n=1", `{"n":"1"}`}, {"s{?q,n}", "s?x=1", no}, {"s{?q,n}", "s?q=1&x=1", no},
		{"s{?q}", "s?", no}, {"s{?q}", "s?q=1&", no}, {"s{?q}", "s?&q=1", no}, {"s{?q}", "s?q=1&q=2", no}, {"s{?q}", "s?q", `{"q":""}`}, {"s{?q}", "s?q=", `{"q":""}`}, {"s{?q}", "s?q=a=b", `{"q":"a=b"}`},
		{"s{?q}", "s?q=a+b/c?d", `{"q":"a+b/c?d"}`}, {"s{?q}", "s?q=%26%3D%2B", `{"q":"\u0026=+"}`}, {"s{?q}", "s?q=%zz", no}, {"s{?q}", "s?q=1#f", no}, {"s{?q}{#f}", "s?q=1#f", `{"q":"1","f":"f"}`}, {"s{?q}#f", "s?q=1#f", `{"q":"1"}`},
		{"s{?q*}", "s?q=1&q=2", `{"q":["1","2"]} 1,2`}, {"s{?q:2}", "s?q=%C3%A9x", `{"q":"éx"}`}, {"s{?q:2}", "s?q=abc", no}, {"s{?Q}", "s?q=1", no}, {"s{?q}", "s?%71=1", no},
		{"s?v=1{&q}", "s?v=1&q=2", `{"q":"2"}`}, {"s?v=1{&q}", "s?v=1", `{}`}, {"s?v=1{&q}", "s?q=2&v=1", no}, {"s{?a}{&b}{&c}", "s?c=1&a=2", `{"c":"1","a":"2"}`}, {"s{?a}{&b}{#f}", "s#f", `{"f":"f"}`},
		{"m{;x,y}", "m;y=2;x=1", `{"y":"2","x":"1"}`}, {"m{;x}", "m;x", `{"x":""}`}, {"m{;x}/r", "m;x=1/r", `{"x":"1"}`}, {"m{;x}/r", "m/r", `{}`}, {"m{;x}/r", "m;y=1/r", no}, {"m{;x*}", "m;x=1;x=2", `{"x":["1","2"]} 1,2`},
		{"m{;x}{?y}", "m;x=1?y=2", `{"x":"1","y":"2"}`}, {"{+a}/m{;x}", "a/m/m;x=1", `{"a":"a/m","x":"1"}`}, {"{a}x{;p}x", "xx;p=1x", no},
	} {
		got, want := no, strings.ReplaceAll(c.want, `\u0026`, "&")
		if v, ok := parsed(t, c.template).Match(c.uri); ok {
			got = show(v)
		} else if v != nil {
			t.Errorf("%s of %s: values of a URI that does not match", c.template, c.uri)
		}
		if got != want {
			t.Errorf("%s of %s: %s, want %s", c.template, c.uri, got, want)
		}
	}
}

func TestMatchable(t *testing.T) {
	for _, template := range []string{
		"{a}{b}", "{a}{+b}", "{+a}{+b}", "{/a}{b}", "{/a*}{b*}", "{?a}{b}", "{a}/{a}", "{/a:1,a}", "{/a*,b}", "{x*}{/y}", "{?a}&b", "{;a}.json", "{?a}/x{&b}", "{.a*}{.b}", "{a}{/b}{c}",
	} {
		tpl := parsed(t, template)
		if err := tpl.Matchable(); err == nil || !strings.Contains(err.Error(), template) {
			t.Errorf("%s: %v", template, err)
		}
		if _, ok := tpl.Match("x"); ok {
			t.Errorf("%s matches", template)
		}
	}
}

func TestVariables(t *testing.T) {
	tpl := parsed(t, "x://{a}/{+b}{/c*}{?d,e*}{#f}")
	want := []Variable{{Name: "a"}, {Name: "b", Reserved: true}, {Name: "c", Optional: true, List: true}, {Name: "d", Optional: true}, {Name: "e", Optional: true, List: true}, {Name: "f", Optional: true, Reserved: true}}
	if got := tpl.Variables(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if tpl.Prefix() != "x://" || tpl.Specificity() != 5 || tpl.String() != "x://{a}/{+b}{/c*}{?d,e*}{#f}" {
		t.Error(tpl.Prefix(), tpl.Specificity(), tpl)
	}
	if got := len(parsed(t, "{/a:1,a}").Variables()); got != 1 {
		t.Errorf("%d variables", got)
	}
}

func TestURIBound(t *testing.T) {
	tpl := parsed(t, "{+x}")
	if _, ok := tpl.Match(strings.Repeat("a", MaxURI)); !ok {
		t.Error("the longest is not taken")
	}
	if _, ok := tpl.Match(strings.Repeat("a", MaxURI+1)); ok {
		t.Error("one longer is taken")
	}
}

// worst are templates and URIs on which a backtracking matcher takes exponential time, or a naive one quadratic.
func worst(n int) map[string]string {
	return map[string]string{
		"{+a}a{+b}a{+c}a{+d}a{+e}a{+f}a{+g}a{+h}b{+i}b": strings.Repeat("a", n-1) + "b",
		"{a}.{b}.{c}.{d}.{e}.{f}.{g}.{h}!{i}!":          strings.Repeat(".", n-1) + "!",
		"{a:999}a{b:999}a{c:999}a{d:999}a{+e}z":         strings.Repeat("a", n-1) + "z",
		"{/a}{/b}{/c}{/d}{/e}/x{/f*}/y":                 strings.Repeat("/x", n/2-1) + "/y",
		"x{;p*}":                                        "x" + strings.Repeat(";p", n/2-1),
		"{+a};{b}{;p}":                                  strings.Repeat(";", n),
		"{+a};{+b};{+c}z":                               strings.Repeat(";%41", n/4-1) + "z",
		"s{?q*}":                                        "s?q" + strings.Repeat("&q=", n/3-2),
	}
}

// TestLinear: 16 times the URI takes about 16 times the time. Quadratic would be 256 times; 64 leaves room for a busy
// machine.
func TestLinear(t *testing.T) {
	const short, long = MaxURI / 16, MaxURI
	longs := worst(long)
	for template, uri := range worst(short) {
		tpl := parsed(t, template)
		if err := tpl.Matchable(); err != nil {
			t.Fatal(err)
		}
		a, b := fastest(tpl, uri), fastest(tpl, longs[template])
		if b > 64*max(a, time.Microsecond) || b > time.Second {
			t.Errorf("%s: %v for %d bytes, %v for %d", template, a, len(uri), b, len(longs[template]))
		}
	}
}

func fastest(tpl *Template, uri string) time.Duration {
	best := time.Hour
	for range 5 {
		start := time.Now()
		tpl.Match(uri)
		best = min(best, time.Since(start))
	}
	return best
}

func TestAllocations(t *testing.T) {
	for _, c := range []struct {
		template, uri string
		most          float64
	}{
		{"test://template/{id}/data", "test://template/123/data", 1}, {"test://template/{id}/data", "test://template/a%20b/data", 2},
		{"test://template/{id}/data", "test://template/123/date", 0}, {"f://{+path}{?q}", "f://a/b?q=1", 1}, {"f://{path*}", "f://a/b/c", 2},
	} {
		tpl := parsed(t, c.template)
		if n := testing.AllocsPerRun(100, func() { tpl.Match(c.uri) }); n > c.most {
			t.Errorf("%s of %s allocates %v times, %v is the most", c.template, c.uri, n, c.most)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, c := range []struct{ template, uri string }{
		{"test://template/{id}/data", "test://template/123/data"}, {"f://{+path}{?q,n}", "f://docs/guide/a.txt?n=1&q=x"}, {"f://{path*}", "f://docs/guide/a.txt"},
		{"img://{name}.{ext}", "img://photo.2024.png"}, {"{+a}/raw/{+b}", strings.Repeat("a/raw/b/", 1000)},
	} {
		b.Run(fmt.Sprintf("%s,%d", c.template, len(c.uri)), func(b *testing.B) {
			tpl := parsed(b, c.template)
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := tpl.Match(c.uri); !ok {
					b.Fatal("no match")
				}
			}
		})
	}
}
