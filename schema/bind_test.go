package schema_test

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/schema"
)

type level int

func (l *level) UnmarshalText(text []byte) error {
	switch string(text) {
	case "low":
		*l = 1
	case "high":
		*l = 2
	default:
		return errLevel
	}
	return nil
}

func (l level) MarshalText() ([]byte, error) { return []byte([]string{"", "low", "high"}[l]), nil }

var errLevel = &json.UnsupportedValueError{Str: "neither low nor high"}

type pair struct{ a, b int }

func (p *pair) UnmarshalJSON(text []byte) error {
	var both [2]int
	err := json.Unmarshal(text, &both)
	p.a, p.b = both[0], both[1]
	return err
}

type inner struct {
	X int `json:"x" validate:"required"`
	Y int `json:"y" default:"7"`
}

type defaulted struct {
	Z int    `json:"z" default:"3"`
	W string `json:"w" default:"w"`
}

type everything struct {
	S     string            `json:"s"`
	B     bool              `json:"b"`
	I     int               `json:"i"`
	I8    int8              `json:"i8"`
	I64   int64             `json:"i64"`
	U     uint              `json:"u"`
	U8    uint8             `json:"u8"`
	U64   uint64            `json:"u64"`
	F     float64           `json:"f"`
	F32   float32           `json:"f32"`
	T     time.Time         `json:"t"`
	D     time.Duration     `json:"d"`
	Bytes []byte            `json:"bytes"`
	Raw   json.RawMessage   `json:"raw"`
	Any   any               `json:"any"`
	Num   json.Number       `json:"num"`
	Big   *big.Int          `json:"big"`
	Level level             `json:"level"`
	Addr  netip.Addr        `json:"addr"`
	Pair  pair              `json:"pair"`
	P     *int              `json:"p"`
	PP    **string          `json:"pp"`
	L     []int             `json:"l"`
	LL    [][]string        `json:"ll"`
	A     [2]int            `json:"a"`
	M     map[string]int    `json:"m"`
	MI    map[int8]string   `json:"mi"`
	ML    map[level]bool    `json:"ml"`
	In    inner             `json:"in"`
	PIn   *inner            `json:"pin"`
	Ins   []inner           `json:"ins"`
	MIn   map[string]*inner `json:"min"`
	Def   defaulted         `json:"def"`
	QI    int               `json:"qi,string"`
	QS    string            `json:"qs,string"`
	QB    *bool             `json:"qb,string"`
}

func TestBindValues(t *testing.T) {
	p := planOf[everything](t)
	get := func(args string) (v everything) {
		t.Helper()
		if ps := p.Bind([]byte(args), &v); ps != nil {
			t.Fatalf("%s: %s", args, schema.Explain(ps))
		}
		return v
	}
	x, s, yes := 5, "deep", true
	ps := &s
	for _, c := range []struct {
		args string
		got  func(everything) any
		want any
	}{
		{`{"s":"a\u00e9\n\ud83d\ude42\ud800"}`, func(v everything) any { return v.S }, "aé\n🙂\ufffd"},
		{`{"b":true}`, func(v everything) any { return v.B }, true},
		{`{"i":1.0}`, func(v everything) any { return v.I }, 1},
		{`{"i":1e2}`, func(v everything) any { return v.I }, 100},
		{`{"i":-12.50e1}`, func(v everything) any { return v.I }, -125},
		{`{"i":0e999999999}`, func(v everything) any { return v.I }, 0},
		{`{"i8":-128}`, func(v everything) any { return v.I8 }, int8(-128)},
		{`{"i64":9223372036854775807}`, func(v everything) any { return v.I64 }, int64(9223372036854775807)},
		{`{"i64":-9223372036854775808}`, func(v everything) any { return v.I64 }, int64(-9223372036854775808)},
		{`{"u64":18446744073709551615}`, func(v everything) any { return v.U64 }, uint64(18446744073709551615)},
		{`{"u64":18446744073709551615.0}`, func(v everything) any { return v.U64 }, uint64(18446744073709551615)},
		{`{"u":-0}`, func(v everything) any { return v.U }, uint(0)},
		{`{"u8":255}`, func(v everything) any { return v.U8 }, uint8(255)},
		{`{"f":0.1}`, func(v everything) any { return v.F }, 0.1},
		{`{"f":9007199254740993}`, func(v everything) any { return v.F }, 9007199254740992.0},
		{`{"f32":0.1}`, func(v everything) any { return v.F32 }, float32(0.1)},
		{`{"t":"2026-01-31T12:00:00.5+02:00"}`, func(v everything) any { return v.T.UTC().Format(time.RFC3339Nano) }, "2026-01-31T10:00:00.5Z"},
		{`{"d":"1h30m"}`, func(v everything) any { return v.D }, 90 * time.Minute},
		{`{"bytes":"aGk="}`, func(v everything) any { return v.Bytes }, []byte("hi")},
		{`{"bytes":""}`, func(v everything) any { return v.Bytes }, []byte{}},
		{`{"raw": {"a": [1, 2]} }`, func(v everything) any { return string(v.Raw) }, `{"a": [1, 2]}`},
		{`{"raw":null}`, func(v everything) any { return string(v.Raw) }, `null`},
		{`{"any":{"a":[1,"x",null,true,false,{}, []]}}`, func(v everything) any { return v.Any },
			map[string]any{"a": []any{1.0, "x", nil, true, false, map[string]any{}, []any{}}}},
		{`{"any":null}`, func(v everything) any { return v.Any }, nil},
		{`{"num":1.50}`, func(v everything) any { return v.Num }, json.Number("1.50")},
		{`{"big":123456789012345678901234567890}`, func(v everything) any { return v.Big.String() }, "123456789012345678901234567890"},
		{`{"big":1.5e3}`, func(v everything) any { return v.Big.String() }, "1500"},
		{`{"level":"high"}`, func(v everything) any { return v.Level }, level(2)},
		{`{"addr":"::1"}`, func(v everything) any { return v.Addr }, netip.IPv6Loopback()},
		{`{"pair":[1,2]}`, func(v everything) any { return v.Pair }, pair{1, 2}},
		{`{"p":5}`, func(v everything) any { return v.P }, &x},
		{`{"p":null}`, func(v everything) any { return v.P }, (*int)(nil)},
		{`{"pp":"deep"}`, func(v everything) any { return v.PP }, &ps},
		{`{"l":[1,2,3,4,5,6,7,8,9,10]}`, func(v everything) any { return v.L }, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{`{"l":[ ]}`, func(v everything) any { return v.L }, []int{}},
		{`{"ll":[["a"],[],["b","c"]]}`, func(v everything) any { return v.LL }, [][]string{{"a"}, {}, {"b", "c"}}},
		{`{"a":[1 , 2]}`, func(v everything) any { return v.A }, [2]int{1, 2}},
		{`{"m":{ "a" : 1 , "b\u0021" : 2 }}`, func(v everything) any { return v.M }, map[string]int{"a": 1, "b!": 2}},
		{`{"m":{}}`, func(v everything) any { return v.M }, map[string]int{}},
		{`{"mi":{"-1":"x","7":"y"}}`, func(v everything) any { return v.MI }, map[int8]string{-1: "x", 7: "y"}},
		{`{"ml":{"low":true}}`, func(v everything) any { return v.ML }, map[level]bool{1: true}},
		{`{"in":{"x":0}}`, func(v everything) any { return v.In }, inner{0, 7}},
		{`{"pin":{"x":1,"y":2}}`, func(v everything) any { return v.PIn }, &inner{1, 2}},
		{`{"ins":[{"x":1},{"x":2,"y":3}]}`, func(v everything) any { return v.Ins }, []inner{{1, 7}, {2, 3}}},
		{`{"min":{"k":{"x":1},"n":null}}`, func(v everything) any { return v.MIn }, map[string]*inner{"k": {1, 7}, "n": nil}},
		{`{}`, func(v everything) any { return v.Def }, defaulted{3, "w"}},
		{`{"def":{"z":1}}`, func(v everything) any { return v.Def }, defaulted{1, "w"}},
		{`{}`, func(v everything) any { return v.In }, inner{}},
		{`{"qi":"12"}`, func(v everything) any { return v.QI }, 12},
		{`{"qs":"\"a\\nb\""}`, func(v everything) any { return v.QS }, "a\nb"},
		{`{"qb":"true"}`, func(v everything) any { return v.QB }, &yes},
		{"", func(v everything) any { return v.S }, ""},
		{` {"\u0073":"escaped name"} `, func(v everything) any { return v.S }, "escaped name"},
	} {
		if got := c.got(get(c.args)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %#v, want %#v", c.args, got, c.want)
		}
	}
}

func TestBindRefuses(t *testing.T) {
	p := planOf[everything](t)
	for _, c := range []struct{ args, path, want string }{
		{`[]`, "", "an object"}, {`null`, "", "an object"}, {`"x"`, "", "an object"},
		{`{"s":"a"} x`, "", "one well-formed JSON value"}, {`{"s":"a"}{}`, "", "one well-formed"}, {`{`, "", "one well-formed"}, {`{"s":01}`, "", "one well-formed"},
		{` `, "", "one well-formed"}, {"{\"s\":\"\xff\"}", "", "UTF-8"},
		{`{"S":"a"}`, "S", `did you mean "s"?`}, {`{"bites":""}`, "bites", `did you mean "bytes"?`}, {`{"quite other":1}`, `["quite other"]`, "a known property"},
		{`{"s":"a","s":"b"}`, "s", "only once"}, {`{"s":"a","\u0073":"b"}`, "s", "only once"}, {`{"m":{"a":1,"a":2}}`, "m.a", "only once"},
		{`{"any":{"a":{"b":1,"b":2}}}`, "any.a.b", "only once"}, {`{"raw":[{"a":1,"a":1}]}`, "raw[0].a", "only once"},
		{`{"s":null}`, "s", "a string"}, {`{"s":1}`, "s", "a string"}, {`{"b":"true"}`, "b", "true or false"}, {`{"b":null}`, "b", "true or false"}, {`{"b":0}`, "b", "true or false"},
		{`{"i":"1"}`, "i", "an integer"}, {`{"i":1.5}`, "i", "an integer"}, {`{"i":1e-1}`, "i", "an integer"}, {`{"i":null}`, "i", "an integer"}, {`{"i":1e99}`, "i", "from -9223372036854775808"},
		{`{"i8":128}`, "i8", "from -128 to 127"}, {`{"i8":-129}`, "i8", "from -128 to 127"}, {`{"i64":9223372036854775808}`, "i64", "to 9223372036854775807"},
		{`{"i":1e999999999}`, "i", "from -9"}, {`{"i":1e-999999999999999999999}`, "i", "an integer"},
		{`{"u":-1}`, "u", "from 0 to"}, {`{"u8":256}`, "u8", "from 0 to 255"}, {`{"u64":18446744073709551616}`, "u64", "from 0 to 18446744073709551615"},
		{`{"f":1e400}`, "f", "of 64 bits"}, {`{"f32":1e39}`, "f32", "of 32 bits"}, {`{"f":"1"}`, "f", "a number"}, {`{"any":[1e400]}`, "any[0]", "of 64 bits"},
		{`{"t":"2026-01-31"}`, "t", "a date and time"}, {`{"t":1}`, "t", "a date and time"}, {`{"t":null}`, "t", "a date and time"}, {`{"t":"2026-02-30T00:00:00Z"}`, "t", "a date and time"},
		{`{"d":"1"}`, "d", "a duration"}, {`{"d":60}`, "d", "a duration"}, {`{"bytes":"!"}`, "bytes", "base64"}, {`{"bytes":null}`, "bytes", "base64"},
		{`{"num":"1"}`, "num", "a number"}, {`{"big":1.5}`, "big", "an integer"}, {`{"big":1e5000}`, "big", "4096 digits"},
		{`{"level":"mid"}`, "level", "neither low nor high"}, {`{"level":1}`, "level", "a string"}, {`{"pair":{"a":1}}`, "pair", "can be read"},
		{`{"l":null}`, "l", "an array"}, {`{"l":{}}`, "l", "an array"}, {`{"l":[1,"x",2.5]}`, "l[1]", "an integer"}, {`{"l":[null]}`, "l[0]", "an integer"},
		{`{"a":[1]}`, "a", "an array of 2 items"}, {`{"a":[]}`, "a", "an array of 2 items"}, {`{"a":[1,2,3]}`, "a", "an array of 2 items"},
		{`{"m":null}`, "m", "an object"}, {`{"m":{"a b":"x"}}`, `m["a b"]`, "an integer"}, {`{"mi":{"128":"x"}}`, `mi["128"]`, "from -128 to 127"}, {`{"mi":{"01":"x"}}`, `mi["01"]`, "integer"},
		{`{"ml":{"mid":true}}`, "ml.mid", "can be read"}, {`{"in":{}}`, "in.x", "required"}, {`{"in":null}`, "in", "an object"}, {`{"ins":[{"x":1},{}]}`, "ins[1].x", "required"},
		{`{"min":{"k":{"q":1,"x":1}}}`, "min.k.q", "a known property"}, {`{"qi":12}`, "qi", "in a string"}, {`{"qi":" 12"}`, "qi", "in a string"}, {`{"qi":"1.0"}`, "qi", "in a string"},
		{`{"qs":"a"}`, "qs", "in a string"}, {`{"qb":"null"}`, "qb", "in a string"},
	} {
		var v everything
		ps := p.Bind([]byte(c.args), &v)
		if len(ps) == 0 {
			t.Errorf("%s: taken", c.args)
			continue
		}
		if ps[0].Path != c.path || !strings.Contains(ps[0].Want, c.want) {
			t.Errorf("%s: %q at %q, want %q at %q", c.args, ps[0].Want, ps[0].Path, c.want, c.path)
		}
	}
}

func TestBindReportsEverything(t *testing.T) {
	type in struct {
		Name  string  `json:"name" validate:"required"`
		Count int     `json:"count" validate:"required,gte=1,lte=10"`
		Unit  string  `json:"unit" validate:"oneof=c f"`
		Tags  []int   `json:"tags" validate:"min=1,dive,gte=5"`
		Sub   []inner `json:"sub"`
	}
	p := planOf[in](t)
	var v in
	got := schema.Explain(p.Bind([]byte(`{"Name":"x","count":11,"unit":"k","tags":[7,1],"sub":[{"x":"1"},{}],"extra":{"a":1}}`), &v))
	want := `Name: expected a known property; did you mean "name"? (name, count, unit, tags, sub), got "Name"
sub[0].x: expected an integer, got "1"
sub[1].x: expected an integer, which is required, got nothing
extra: expected a known property (name, count, unit, tags, sub), got "extra"
name: expected a string, which is required, got nothing
count: expected at most 10, got 11
unit: expected one of (c, f), got "k"
tags[1]: expected at least 5, got 1`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestBindBoundsProblems(t *testing.T) {
	type in struct {
		L []int `json:"l"`
	}
	p := planOf[in](t)
	for n, want := range map[int]int{schema.MaxProblems - 1: schema.MaxProblems - 1, schema.MaxProblems: schema.MaxProblems, schema.MaxProblems + 1: schema.MaxProblems} {
		var v in
		args := `{"l":[` + strings.TrimSuffix(strings.Repeat(`"x",`, n), ",") + `]}`
		if got := len(p.Bind([]byte(args), &v)); got != want {
			t.Errorf("%d mistakes: %d problems, want %d", n, got, want)
		}
	}
}

func TestBindKeepsNothingOfArgs(t *testing.T) {
	type in struct {
		S string          `json:"s"`
		M map[string]any  `json:"m"`
		R json.RawMessage `json:"r"`
		N json.Number     `json:"n"`
		B []byte          `json:"b"`
		L []string        `json:"l"`
		P pair            `json:"p"`
	}
	p := planOf[in](t)
	args := []byte(`{"s":"text","m":{"key":"value"},"r":[1],"n":12,"b":"aGk=","l":["x","y"],"p":[1,2]}`)
	var v, want in
	if ps := p.Bind(args, &v); ps != nil {
		t.Fatal(schema.Explain(ps))
	}
	if ps := p.Bind(append([]byte(nil), args...), &want); ps != nil {
		t.Fatal(schema.Explain(ps))
	}
	for i := range args {
		args[i] = '#'
	}
	if !reflect.DeepEqual(v, want) {
		t.Errorf("changed with its input: %+v", v)
	}
}

func TestBindWide(t *testing.T) {
	var fields []reflect.StructField
	var args []string
	for i := range 256 {
		name := "F" + strings.Repeat("x", i/26) + string(rune('A'+i%26))
		fields = append(fields, reflect.StructField{Name: name, Type: reflect.TypeFor[int](), Tag: `validate:"required"`})
		args = append(args, `"`+name+`":1`)
	}
	typ := reflect.StructOf(fields)
	p, err := schema.Of(typ)
	if err != nil {
		t.Fatal(err)
	}
	if ps := p.Bind([]byte("{"+strings.Join(args, ",")+"}"), reflect.New(typ).Interface()); ps != nil {
		t.Error(schema.Explain(ps))
	}
	ps := p.Bind([]byte("{"+strings.Join(args[:255], ",")+"}"), reflect.New(typ).Interface())
	if len(ps) != 1 || ps[0].Path != fields[255].Name {
		t.Errorf("the last of 256 is missing: %q", schema.Explain(ps))
	}
	fields = append(fields, reflect.StructField{Name: "Last", Type: reflect.TypeFor[int]()})
	if _, err := schema.Of(reflect.StructOf(fields)); err == nil || !strings.Contains(err.Error(), "256") {
		t.Errorf("257 properties: %v", err)
	}
}

func TestBindDepth(t *testing.T) {
	type in struct {
		A any `json:"a"`
	}
	p := planOf[in](t)
	for n, ok := range map[int]bool{127: true, 128: false} {
		var v in
		ps := p.Bind([]byte(`{"a":`+strings.Repeat("[", n)+strings.Repeat("]", n)+`}`), &v)
		if (ps == nil) != ok {
			t.Errorf("%d arrays in an object: %q", n, schema.Explain(ps))
		}
	}
}

func TestBindIntoPointersAndMaps(t *testing.T) {
	p := planOf[*inner](t)
	var v *inner
	if ps := p.Bind([]byte(`{"x":1}`), &v); ps != nil || v.X != 1 {
		t.Errorf("%v %q", v, schema.Explain(ps))
	}
	m := planOf[map[string][]inner](t)
	var out map[string][]inner
	if ps := m.Bind([]byte(`{"a":[{"x":1}]}`), &out); ps != nil || out["a"][0].X != 1 {
		t.Errorf("%v %q", out, schema.Explain(ps))
	}
	if ps := m.Bind([]byte(`{"a":[{"x":1},{}]}`), &out); len(ps) != 1 || ps[0].Path != "a[1].x" {
		t.Errorf("%q", schema.Explain(ps))
	}
	type low struct {
		N int `json:"n" validate:"lte=3"`
	}
	lows := planOf[map[string]low](t)
	var got map[string]low
	if ps := lows.Bind([]byte(`{"a.b":{"n":4}}`), &got); len(ps) != 1 || ps[0].Path != `["a.b"].n` {
		t.Errorf("%q", schema.Explain(ps))
	}
}

func TestBindPanicsOnTheWrongDestination(t *testing.T) {
	p := planOf[inner](t)
	for _, dst := range []any{nil, inner{}, (*inner)(nil), new(int)} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.Contains(r.(string), "*schema_test.inner") {
					t.Errorf("%T: %v", dst, r)
				}
			}()
			p.Bind(nil, dst)
		}()
	}
}
