package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/schema"
)

type slips struct {
	F    float64            `json:"f"`
	I    int                `json:"i" validate:"gte=-5,lte=500"`
	U8   uint8              `json:"u8"`
	Num  json.Number        `json:"num"`
	Big  *big.Int           `json:"big"`
	B    bool               `json:"b"`
	P    *int               `json:"p"`
	PB   **bool             `json:"pb"`
	S    string             `json:"s"`
	Q    int                `json:"q,string"`
	By   []byte             `json:"by"`
	Lv   level              `json:"lv"`
	Any  any                `json:"any"`
	Raw  json.RawMessage    `json:"raw"`
	Pair pair               `json:"pair"`
	L    []int              `json:"l" validate:"max=4"`
	Ls   []string           `json:"ls"`
	A    [2]bool            `json:"a"`
	Ll   [][]int            `json:"ll"`
	M    map[string]float64 `json:"m"`
	O    slipsInner         `json:"o"`
	Os   []slipsInner       `json:"os"`
	Po   *slipsInner        `json:"po"`
	D    int                `json:"d" default:"7"`
	Pd   *int               `json:"pd" validate:"required" default:"8"`
}

type slipsInner struct {
	X  int    `json:"x" validate:"required"`
	Y  *int   `json:"y" validate:"omitempty,gte=1"`
	T  string `json:"t"`
	Zs []bool `json:"zs"`
}

func repairText(repairs []schema.Repair) string {
	var lines []string
	for _, r := range repairs {
		lines = append(lines, fmt.Sprintf("%s: %s -> %s", r.Path, r.From, r.To))
	}
	return strings.Join(lines, "\n")
}

// Each case is bound as the strict binder binds the text beside it.
func TestBindLenientRepairs(t *testing.T) {
	p := planOf[slips](t)
	for _, c := range []struct{ args, meant, repairs string }{
		{`{"f":"10"}`, `{"f":10}`, `f: "10" -> 10`},
		{`{"f":"-1.5e2"}`, `{"f":-1.5e2}`, `f: "-1.5e2" -> -1.5e2`},
		{`{"i":"10"}`, `{"i":10}`, `i: "10" -> 10`},
		{`{"i":"1.0","u8":"255"}`, `{"i":1,"u8":255}`, "i: \"1.0\" -> 1.0\nu8: \"255\" -> 255"},
		{`{"num":"1.50","big":"123456789012345678901234567890"}`, `{"num":1.50,"big":123456789012345678901234567890}`,
			"num: \"1.50\" -> 1.50\nbig: \"123456789012345678901234567890\" -> 123456789012345678901234567890"},
		{`{"b":"true"}`, `{"b":true}`, `b: "true" -> true`},
		{`{"b":"\u0066alse"}`, `{"b":false}`, `b: "\u0066alse" -> false`},
		{`{"p":"3","pb":"true"}`, `{"p":3,"pb":true}`, "p: \"3\" -> 3\npb: \"true\" -> true"},
		{`{"l":"[1,2]"}`, `{"l":[1,2]}`, `l: "[1,2]" -> [1,2]`},
		{`{"l":["1",2,"3"]}`, `{"l":[1,2,3]}`, "l[0]: \"1\" -> 1\nl[2]: \"3\" -> 3"},
		{`{"l":" [ ]\n"}`, `{"l":[]}`, `l: " [ ]\n" -> [ ]`},
		{`{"l":"[\"1\"]"}`, `{"l":[1]}`, "l: \"[\\\"1\\\"]\" -> [\"1\"]\nl[0]: \"1\" -> 1"},
		{`{"ls":"[\"a\",\"1\"]"}`, `{"ls":["a","1"]}`, `ls: "[\"a\",\"1\"]" -> ["a","1"]`},
		{`{"a":["true",false]}`, `{"a":[true,false]}`, `a[0]: "true" -> true`},
		{`{"ll":["[1]",["2"]]}`, `{"ll":[[1],[2]]}`, "ll[0]: \"[1]\" -> [1]\nll[1][0]: \"2\" -> 2"},
		{`{"m":{"a b":"1"}}`, `{"m":{"a b":1}}`, `m["a b"]: "1" -> 1`},
		{`{"m":"{\"k\":1}"}`, `{"m":{"k":1}}`, `m: "{\"k\":1}" -> {"k":1}`},
		{`{"o":{"x":"1","t":"1"}}`, `{"o":{"x":1,"t":"1"}}`, `o.x: "1" -> 1`},
		{`{"o":"{\"x\":\"1\"}"}`, `{"o":{"x":1}}`, "o: \"{\\\"x\\\":\\\"1\\\"}\" -> {\"x\":\"1\"}\no.x: \"1\" -> 1"},
		{`{"os":[{"x":1},{"x":"2","y":"3","zs":["true"]}]}`, `{"os":[{"x":1},{"x":2,"y":3,"zs":[true]}]}`,
			"os[1].x: \"2\" -> 2\nos[1].y: \"3\" -> 3\nos[1].zs[0]: \"true\" -> true"},
		{`{"po":"{\"x\":0}"}`, `{"po":{"x":0}}`, `po: "{\"x\":0}" -> {"x":0}`},
		{`{"i":null,"b":null,"l":null,"m":null,"d":null}`, `{}`, "i: null -> \nb: null -> \nl: null -> \nm: null -> \nd: null -> "},
		{` { "pd" : null , "f" : 1 , "o" : null } `, `{"f":1}`, "pd: null -> \no: null -> "},
		{`{"f":"1","p":null,"by":"aGk=","q":"5","lv":"low","any":"1","raw":"[1]","s":"true","pair":[1,2]}`,
			`{"f":1,"p":null,"by":"aGk=","q":"5","lv":"low","any":"1","raw":"[1]","s":"true","pair":[1,2]}`, `f: "1" -> 1`},
	} {
		var got, want slips
		repairs, problems := p.BindLenient([]byte(c.args), &got)
		if problems != nil {
			t.Errorf("%s: %s", c.args, schema.Explain(problems))
		}
		if text := repairText(repairs); text != c.repairs {
			t.Errorf("%s: repairs\n%s\nwant\n%s", c.args, text, c.repairs)
		}
		if problems := p.Bind([]byte(c.meant), &want); problems != nil {
			t.Fatalf("%s: %s", c.meant, schema.Explain(problems))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", c.args, got, want)
		}
	}
}

// What has more than one reading, or none, stays a problem, in the words of the strict binder.
func TestBindLenientLeavesAlone(t *testing.T) {
	p := planOf[slips](t)
	for _, args := range []string{
		`{"i":"1.5"}`, `{"i":"99999999999999999999"}`, `{"u8":"256"}`, `{"u8":"-1"}`, `{"f":"1e999"}`,
		`{"f":""}`, `{"f":" 1"}`, `{"f":"1 "}`, `{"f":"+1"}`, `{"f":"01"}`, `{"f":"0x1F"}`, `{"f":"1,5"}`, `{"f":"NaN"}`, `{"f":"null"}`, `{"f":"ten"}`,
		`{"b":"True"}`, `{"b":"yes"}`, `{"b":"1"}`, `{"b":1}`, `{"b":0}`, `{"f":true}`, `{"i":1.5}`, `{"f":["1"]}`,
		`{"s":1}`, `{"s":true}`, `{"s":null}`, `{"s":["a"]}`, `{"by":1}`, `{"lv":1}`, `{"q":5}`,
		`{"l":"1,2"}`, `{"l":"[1,2"}`, `{"l":"1"}`, `{"l":1}`, `{"ls":"a"}`, `{"l":"{}"}`, `{"m":"[]"}`, `{"m":"{"}`, `{"l":"\"[1]\""}`,
		`{"l":"[1] [2]"}`, `{"m":"{\"a\":1,\"a\":2}"}`, `{"l":[null]}`, `{"m":{"a":null}}`, `{"o":{"x":null}}`,
		`{"i":1,"i":"2"}`, `{"i":null,"i":2}`, `{"zzz":"1"}`, `{"zzz":null}`, `"{\"f\":1}"`, `[]`, `null`, `{"f":"1"`, "{\"f\":\"\xff\"}",
	} {
		var v, w slips
		repairs, problems := p.BindLenient([]byte(args), &v)
		if repairs != nil {
			t.Errorf("%s: repaired: %s", args, repairText(repairs))
		}
		if strict := p.Bind([]byte(args), &w); !reflect.DeepEqual(problems, strict) || problems == nil {
			t.Errorf("%s: %q, and the strict binder says %q", args, schema.Explain(problems), schema.Explain(strict))
		}
	}
}

// A value is taken out of its string once: strings in it that hold JSON are not opened.
func TestBindLenientUnquotesOnce(t *testing.T) {
	var v slips
	repairs, problems := planOf[slips](t).BindLenient([]byte(`{"ll":"[\"[1]\"]"}`), &v)
	if text := repairText(repairs); text != `ll: "[\"[1]\"]" -> ["[1]"]` {
		t.Error(text)
	}
	if got, want := schema.Explain(problems), `ll[0]: expected an array, got "[1]"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A repair is no way round the tags: what they say of the repaired value is what comes back.
func TestBindLenientValidates(t *testing.T) {
	p := planOf[slips](t)
	for args, want := range map[string]string{
		`{"i":"501"}`:             "i: expected at most 500, got 501",
		`{"l":"[1,2,3,4,5]"}`:     "l: expected at most 4 items, got 5 items",
		`{"o":{"x":"1","y":"0"}}`: "o.y: expected at least 1, got 0",
		`{"o":"{}"}`:              "o.x: expected an integer, which is required, got nothing",
		`{"f":"1","b":"no"}`:      `b: expected true or false, got "no"`,
	} {
		var v slips
		repairs, problems := p.BindLenient([]byte(args), &v)
		if got := schema.Explain(problems); got != want {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
		if len(repairs) == 0 {
			t.Errorf("%s: what was repaired is not listed", args)
		}
	}
}

// What the first attempt bound before it failed must not show through.
func TestBindLenientStartsAfresh(t *testing.T) {
	p := planOf[slips](t)
	var v slips
	if _, problems := p.BindLenient([]byte(`{"m":{"a":1},"p":5,"l":[1],"i":null,"f":"2"}`), &v); problems != nil {
		t.Fatal(schema.Explain(problems))
	}
	if v.F != 2 || *v.P != 5 || len(v.L) != 1 || v.I != 0 {
		t.Errorf("%+v", v)
	}
}

// All is repaired, and the list of it ends somewhere.
func TestRepairsAreBounded(t *testing.T) {
	type in struct {
		L []int `json:"l"`
	}
	many := schema.MaxRepairs + 50
	args := []byte(`{"l":[` + strings.TrimSuffix(strings.Repeat(`"7",`, many), ",") + `]}`)
	var v in
	repairs, problems := planOf[in](t).BindLenient(args, &v)
	if problems != nil || len(v.L) != many || len(repairs) != schema.MaxRepairs {
		t.Errorf("%d items, %d repairs, %s", len(v.L), len(repairs), schema.Explain(problems))
	}
	long := `{"l":"[` + strings.Repeat(" ", 500) + `1]"}`
	if repairs, _ = planOf[in](t).BindLenient([]byte(long), &v); len(repairs) != 1 || len(repairs[0].From) > 70 || len(repairs[0].To) > 70 {
		t.Errorf("%q", repairs)
	}
}

// For maps, and pointers at the root.
func TestBindLenientRoots(t *testing.T) {
	var m map[string]int
	if repairs, problems := planOf[map[string]int](t).BindLenient([]byte(`{"a":"1"}`), &m); problems != nil || len(repairs) != 1 || m["a"] != 1 {
		t.Error(m, repairs, problems)
	}
	var s *slips
	if repairs, problems := planOf[*slips](t).BindLenient([]byte(`{"i":"1"}`), &s); problems != nil || len(repairs) != 1 || s.I != 1 {
		t.Error(s, repairs, problems)
	}
}

// What is good costs what it costs the strict binder.
func TestBindLenientAllocs(t *testing.T) {
	p := planOf[benchAdd](t)
	if n := testing.AllocsPerRun(100, func() {
		var in benchAdd
		if _, ps := p.BindLenient(benchAddArgs, &in); ps != nil {
			t.Fatal(schema.Explain(ps))
		}
	}); n > 2 {
		t.Errorf("two required numbers: %v allocations, and 2 are allowed", n)
	}
}

func BenchmarkBindLenientGood(b *testing.B) {
	p := planOf[benchAdd](b)
	b.ReportAllocs()
	for b.Loop() {
		var in benchAdd
		p.BindLenient(benchAddArgs, &in)
	}
}

func BenchmarkBindLenientRepaired(b *testing.B) {
	p := planOf[benchAdd](b)
	args := []byte(`{"a":"1.5","b":2}`)
	b.ReportAllocs()
	for b.Loop() {
		var in benchAdd
		p.BindLenient(args, &in)
	}
}

// FuzzBindLenient: what Bind takes comes out as Bind has it, and a repair's result, read again, needs no other.
func FuzzBindLenient(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"f":"1","i":"2.0","b":"true"}`, `{"o":"{\"x\":\"1\"}","os":["{}"],"l":"[\"1\"]","i":null}`, `{"i":1}`, `{"m":{"a":"1"},"ll":"[[1]]"}`,
	} {
		f.Add([]byte(seed))
	}
	p := planOf[slips](f)
	d, err := schema.Compile(p.JSON())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, args []byte) {
		was := bytes.Clone(args)
		var strict, lenient slips
		good := p.Bind(args, &strict) == nil
		repairs, problems := p.BindLenient(args, &lenient)
		if good && (repairs != nil || problems != nil || !reflect.DeepEqual(strict, lenient)) {
			t.Fatalf("%q is good, and became %+v (%s)", args, lenient, repairText(repairs))
		}
		fixed, _ := d.Repair(args)
		if again, more := d.Repair(fixed); more != nil && d.Check(fixed) == nil {
			t.Fatalf("%q repaired to %q, and that to %q", args, fixed, again)
		}
		if !bytes.Equal(was, args) {
			t.Fatalf("%q was written to", was)
		}
	})
}
