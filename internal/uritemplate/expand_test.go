package uritemplate

import (
	"strings"
	"testing"
)

// parsed fails the test when template is none.
func parsed(t testing.TB, template string) *Template {
	t.Helper()
	tpl, err := Parse(template)
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

// rfcValues are the variables of RFC 6570, 3.2.
var rfcValues = Values{
	List("count", "one", "two", "three"), List("dom", "example", "com"), Text("dub", "me/too"), Text("hello", "Hello World!"),
	Text("half", "50%"), Text("var", "value"), Text("who", "fred"), Text("base", "http://example.com/home/"), Text("path", "/foo/bar"),
	List("list", "red", "green", "blue"), Pairs("keys", "semi", ";", "dot", ".", "comma", ","), Text("v", "6"), Text("x", "1024"),
	Text("y", "768"), Text("empty", ""), List("empty_keys"),
}

// The examples of RFC 6570, 3.2.1 to 3.2.9, in its order.
func TestExpandRFC6570(t *testing.T) {
	for _, line := range strings.Split(strings.TrimSpace(`
{count} one,two,three
{count*} one,two,three
{/count} /one,two,three
{/count*} /one/two/three
{;count} ;count=one,two,three
{;count*} ;count=one;count=two;count=three
{?count} ?count=one,two,three
{?count*} ?count=one&count=two&count=three
{&count*} &count=one&count=two&count=three
{var} value
{hello} Hello%20World%21
{half} 50%25
O{empty}X OX
O{undef}X OX
{x,y} 1024,768
{x,hello,y} 1024,Hello%20World%21,768
?{x,empty} ?1024,
?{x,undef} ?1024
?{undef,y} ?768
{var:3} val
{var:30} value
{list} red,green,blue
{list*} red,green,blue
{keys} semi,%3B,dot,.,comma,%2C
{keys*} semi=%3B,dot=.,comma=%2C
{+var} value
{+hello} Hello%20World!
{+half} 50%25
{base}index http%3A%2F%2Fexample.com%2Fhome%2Findex
{+base}index http://example.com/home/index
O{+empty}X OX
O{+undef}X OX
{+path}/here /foo/bar/here
here?ref={+path} here?ref=/foo/bar
up{+path}{var}/here up/foo/barvalue/here
{+x,hello,y} 1024,Hello%20World!,768
{+path,x}/here /foo/bar,1024/here
{+path:6}/here /foo/b/here
{+list} red,green,blue
{+list*} red,green,blue
{+keys} semi,;,dot,.,comma,,
{+keys*} semi=;,dot=.,comma=,
{#var} #value
{#hello} #Hello%20World!
{#half} #50%25
foo{#empty} foo#
foo{#undef} foo
{#x,hello,y} #1024,Hello%20World!,768
{#path,x}/here #/foo/bar,1024/here
{#path:6}/here #/foo/b/here
{#list} #red,green,blue
{#list*} #red,green,blue
{#keys} #semi,;,dot,.,comma,,
{#keys*} #semi=;,dot=.,comma=,
{.who} .fred
{.who,who} .fred.fred
{.half,who} .50%25.fred
www{.dom*} www.example.com
X{.var} X.value
X{.empty} X.
X{.undef} X
X{.var:3} X.val
X{.list} X.red,green,blue
X{.list*} X.red.green.blue
X{.keys} X.semi,%3B,dot,.,comma,%2C
X{.keys*} X.semi=%3B.dot=..comma=%2C
X{.empty_keys} X
X{.empty_keys*} X
{/who} /fred
{/who,who} /fred/fred
{/half,who} /50%25/fred
{/who,dub} /fred/me%2Ftoo
{/var} /value
{/var,empty} /value/
{/var,undef} /value
{/var,x}/here /value/1024/here
{/var:1,var} /v/value
{/list} /red,green,blue
{/list*} /red/green/blue
{/list*,path:4} /red/green/blue/%2Ffoo
{/keys} /semi,%3B,dot,.,comma,%2C
{/keys*} /semi=%3B/dot=./comma=%2C
{;who} ;who=fred
{;half} ;half=50%25
{;empty} ;empty
{;v,empty,who} ;v=6;empty;who=fred
{;v,bar,who} ;v=6;who=fred
{;x,y} ;x=1024;y=768
{;x,y,empty} ;x=1024;y=768;empty
{;x,y,undef} ;x=1024;y=768
{;hello:5} ;hello=Hello
{;list} ;list=red,green,blue
{;list*} ;list=red;list=green;list=blue
{;keys} ;keys=semi,%3B,dot,.,comma,%2C
{;keys*} ;semi=%3B;dot=.;comma=%2C
{?who} ?who=fred
{?half} ?half=50%25
{?x,y} ?x=1024&y=768
{?x,y,empty} ?x=1024&y=768&empty=
{?x,y,undef} ?x=1024&y=768
{?var:3} ?var=val
{?list} ?list=red,green,blue
{?list*} ?list=red&list=green&list=blue
{?keys} ?keys=semi,%3B,dot,.,comma,%2C
{?keys*} ?semi=%3B&dot=.&comma=%2C
{&who} &who=fred
{&half} &half=50%25
?fixed=yes{&x} ?fixed=yes&x=1024
{&x,y,empty} &x=1024&y=768&empty=
{&x,y,undef} &x=1024&y=768
{&var:3} &var=val
{&list} &list=red,green,blue
{&list*} &list=red&list=green&list=blue
{&keys} &keys=semi,%3B,dot,.,comma,%2C
{&keys*} &semi=%3B&dot=.&comma=%2C`), "\n") {
		template, want, _ := strings.Cut(line, " ")
		if got, err := parsed(t, template).Expand(rfcValues); got != want || err != nil {
			t.Errorf("%s is %q, %v, want %q", template, got, err, want)
		}
	}
}

func TestExpandBeyondTheTable(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{"{undef}", ""}, {"café/{e:2}", "caf%C3%A9/%C3%A9%E2%82%AC"}, {"{+triplet}", "a%2Fb%25"}, {"{triplet}", "a%252Fb%25"},
		{"a%2fb", "a%2fb"}, {"{a.b_1}", "dotted"}, {"{?empties*}", "?empties=a&empties="}, {"{;empties*}", ";empties=a;empties"},
		{"{?blank*}", "?k="}, {"{;blank*}", ";k"}, {"{/blank*}", "/k="},
	} {
		got, err := parsed(t, c.template).Expand(Values{
			Text("e", "é€x"), Text("triplet", "a%2Fb%"), Text("a.b_1", "dotted"), List("empties", "a", ""), Pairs("blank", "k", ""),
		})
		if got != c.want || err != nil {
			t.Errorf("%s is %q, %v, want %q", c.template, got, err, c.want)
		}
	}
	for template, v := range map[string]Value{
		"{x:3}": List("x", "abcd"), "{?x:3}": Pairs("x", "a", "b"), "{x}": Text("x", "\xff"), "{x*}": List("x", "a", "\xff"), "{+x}": Pairs("x", "odd"),
	} {
		if got, err := parsed(t, template).Expand(Values{v}); err == nil || !strings.Contains(err.Error(), "x ") {
			t.Errorf("%s is %q, %v", template, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for template, why := range map[string]string{
		"{": "never closed", "a{b": "never closed", "}": "closes nothing", "{}": "without a name", "{+}": "without a name", "{a,}": "without a name",
		"{,a}": "reserved", "{=a}": "reserved", "{!a}": "reserved", "{@a}": "reserved", "{|a}": "reserved", "{a b}": "names have", "{a-b}": "names have",
		"{a{b}}": "names have", "{.}": "without a name", "{..a}": "without a name", "{a.}": "ends with a dot", "{a..b}": "ends with a dot",
		"{a:}": "a prefix", "{a:0}": "a prefix", "{a:03}": "a prefix", "{a:10000}": "a prefix", "{a:x}": "a prefix", "{a:3*}": "names have", "{a*:3}": "names have",
		"%": "begins no escape", "%4": "begins no escape", "%zz": "begins no escape", "{%4}": "without a name", "a b": "percent-encoded", "a<b": "percent-encoded", "a\x00": "percent-encoded",
		"a\\b": "percent-encoded", "a\xffb": "not UTF-8", strings.Repeat("a", MaxTemplate+1): "more than", strings.Repeat("{a}/", MaxVariables+1): "more than",
	} {
		tpl, err := Parse(template)
		if e, ok := err.(*SyntaxError); !ok || tpl != nil || !strings.Contains(e.Why, why) {
			t.Errorf("%.40q: %v, want %q", template, err, why)
		}
	}
	for _, template := range []string{"", "plain", "{a:9999}", strings.Repeat("a", MaxTemplate), "{%41}", "x{?a.b}"} {
		parsed(t, template)
	}
	if _, err := Parse("{" + strings.Repeat("a,", MaxVariables-1) + "a}"); err != nil {
		t.Error(err)
	}
}
