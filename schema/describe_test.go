package schema_test

//lint:file-ignore SA5008 odd tags and fields that nobody uses are what is tested

import (
	"bytes"
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/schema"
)

type list struct {
	Value int   `json:"value"`
	Next  *list `json:"next"`
}

type left struct {
	Right *right `json:"right"`
}

type right struct {
	Lefts []left `json:"lefts"`
}

type generic[T any] struct {
	Self *generic[T] `json:"self"`
	V    T           `json:"v"`
}

func field[T any](tags string) reflect.Type {
	return reflect.StructOf([]reflect.StructField{{Name: "V", Type: reflect.TypeFor[T](), Tag: reflect.StructTag(`json:"v" ` + tags)}})
}

// What stands at "v" in the schema of a struct with this one field.
func TestInputSchemas(t *testing.T) {
	for _, c := range []struct {
		typ  reflect.Type
		want string
	}{
		{field[string](``), `{"type":"string"}`},
		{field[bool](``), `{"type":"boolean"}`},
		{field[int](``), `{"type":"integer"}`},
		{field[int64](``), `{"type":"integer"}`},
		{field[uint](``), `{"type":"integer","minimum":0}`},
		{field[int8](``), `{"type":"integer","minimum":-128,"maximum":127}`},
		{field[uint32](``), `{"type":"integer","minimum":0,"maximum":4294967295}`},
		{field[float32](``), `{"type":"number"}`},
		{field[time.Time](``), `{"type":"string","format":"date-time"}`},
		{field[[]byte](``), `{"type":"string","contentEncoding":"base64"}`},
		{field[[3]byte](``), `{"type":"array","minItems":3,"maxItems":3,"items":{"type":"integer","minimum":0,"maximum":255}}`},
		{field[any](``), `{}`}, {field[json.RawMessage](``), `{}`}, {field[pair](``), `{}`}, {field[*any](``), `{}`},
		{field[json.Number](``), `{"type":"number"}`}, {field[*big.Int](``), `{"type":["integer","null"]}`}, {field[big.Int](``), `{"type":"integer"}`},
		{field[level](``), `{"type":"string"}`}, {field[*level](`validate:"required"`), `{"type":"string"}`},
		{field[*string](``), `{"type":["string","null"]}`}, {field[*string](`validate:"required"`), `{"type":"string"}`},
		{field[*string](`validate:"oneof=a b"`), `{"anyOf":[{"type":"string","enum":["a","b"]},{"type":"null"}]}`},
		{field[[]string](``), `{"type":"array","items":{"type":"string"}}`},
		{field[[]*string](``), `{"type":"array","items":{"type":["string","null"]}}`},
		{field[map[string]int](``), `{"type":"object","additionalProperties":{"type":"integer"}}`},
		{field[map[string]any](``), `{"type":"object"}`},
		{field[map[int]bool](``), `{"type":"object","propertyNames":{"pattern":"^(0|-?[1-9][0-9]*)$"},"additionalProperties":{"type":"boolean"}}`},
		{field[struct{}](``), `{"type":"object","properties":{},"additionalProperties":false}`},
		{field[string](`title:"T" description:"D \"q\"" example:"E" default:"F"`), `{"type":"string","title":"T","description":"D \"q\"","default":"F","examples":["E"]}`},
		{field[int](`default:"5" example:"6"`), `{"type":"integer","default":5,"examples":[6]}`},
		{field[[]int](`default:"[1, 2]"`), `{"type":"array","items":{"type":"integer"},"default":[1, 2]}`},
		{field[time.Duration](`default:"1m" description:"how long"`), `{"type":"string","description":"how long","pattern":"^[-+]?(0|(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$","default":"1m"}`},
		{field[string](`validate:"required"`), `{"type":"string","minLength":1}`},
		{field[[]int](`validate:"required"`), `{"type":"array","minItems":1,"items":{"type":"integer"}}`},
		{field[map[string]int](`validate:"required"`), `{"type":"object","minProperties":1,"additionalProperties":{"type":"integer"}}`},
		{field[string](`validate:"min=2,max=5"`), `{"type":"string","minLength":2,"maxLength":5}`},
		{field[string](`validate:"gt=2,lt=5"`), `{"type":"string","minLength":3,"maxLength":4}`},
		{field[string](`validate:"len=4"`), `{"type":"string","minLength":4,"maxLength":4}`},
		{field[float64](`validate:"gt=0,lt=1e9"`), `{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1000000000}`},
		{field[float64](`validate:"gte=0.5,lte=1e30"`), `{"type":"number","minimum":0.5,"maximum":1e+30}`},
		{field[int64](`validate:"lte=9223372036854775807"`), `{"type":"integer","maximum":9223372036854775807}`},
		{field[int8](`validate:"gte=-200,lte=100"`), `{"type":"integer","minimum":-128,"maximum":100}`},
		{field[int](`validate:"gte=0x10"`), `{"type":"integer","minimum":16}`},
		{field[int](`validate:"eq=3"`), `{"type":"integer","const":3}`}, {field[int](`validate:"ne=3,ne=4"`), `{"type":"integer","not":{"anyOf":[{"const":3},{"const":4}]}}`},
		{field[string](`validate:"ne=x"`), `{"type":"string","not":{"const":"x"}}`}, {field[bool](`validate:"eq=true"`), `{"type":"boolean","const":true}`},
		{field[string](`validate:"oneof=red 'dark green' blue red"`), `{"type":"string","enum":["red","dark green","blue"]}`},
		{field[int](`validate:"oneof=1 2 3"`), `{"type":"integer","enum":[1,2,3]}`},
		{field[[]string](`validate:"unique,min=1,dive,min=2"`), `{"type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","minLength":2}}`},
		{field[map[string]int](`validate:"dive,keys,min=2,endkeys,gte=1"`), `{"type":"object","propertyNames":{"minLength":2},"additionalProperties":{"type":"integer","minimum":1}}`},
		{field[[]byte](`validate:"min=2,max=4"`), `{"type":"string","contentEncoding":"base64","minLength":4,"maxLength":8}`},
		{field[string](`validate:"email"`), `{"type":"string","pattern":"^.+@[^@ ]+$"}`},
		{field[string](`validate:"uuid4"`), `{"type":"string","format":"uuid","pattern":"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"}`},
		{field[string](`validate:"ip"`), `{"type":"string","anyOf":[{"format":"ipv4"},{"format":"ipv6"}]}`},
		{field[string](`validate:"datetime=2006-01-02"`), `{"type":"string","format":"date"}`},
		{field[string](`validate:"startswith=a.b,endswith=0x2C"`), `{"type":"string","allOf":[{"pattern":"^a\\.b"},{"pattern":",$"}]}`},
		{field[string](`validate:"alpha|numeric"`), `{"type":"string","anyOf":[{"pattern":"^[a-zA-Z]+$"},{"pattern":"^[-+]?[0-9]+([.][0-9]+)?$"}]}`},
		{field[string](`validate:"alpha|credit_card"`), `{"type":"string"}`},
		{field[string](`validate:"iscolor"`), `{"type":"string"}`},
	} {
		p, err := schema.Of(c.typ)
		if err != nil {
			t.Errorf("%s: %v", c.typ, err)
			continue
		}
		independent(t, p.JSON())
		got := strings.TrimPrefix(string(p.JSON()), `{"type":"object","properties":{"v":`)
		if !strings.HasPrefix(got, c.want+"}") {
			t.Errorf("%s\ngot  %s\nwant %s", c.typ, got, c.want)
		}
	}
}

func TestQuotedSchemas(t *testing.T) {
	type in struct {
		I int     `json:"i,string"`
		U uint    `json:"u,string"`
		F float64 `json:"f,string"`
		B bool    `json:"b,string"`
		S string  `json:"s,string" validate:"required"`
		P *int    `json:"p,string"`
		L []int   `json:"l,string"`
	}
	want := `"properties":{"i":{"type":"string","pattern":"^-?(0|[1-9][0-9]*)$"},"u":{"type":"string","pattern":"^(0|[1-9][0-9]*)$"},` +
		`"f":{"type":"string","pattern":"^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?$"},"b":{"type":"string","enum":["true","false"]},` +
		`"s":{"type":"string","pattern":"^\".*\"$","minLength":3},"p":{"type":["string","null"],"pattern":"^-?(0|[1-9][0-9]*)$"},"l":{"type":"array","items":{"type":"integer"}}}`
	if got := string(planOf[in](t).JSON()); !strings.Contains(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRecursiveSchemas(t *testing.T) {
	for _, c := range []struct {
		typ  reflect.Type
		want string
	}{
		{reflect.TypeFor[list](), `{"type":"object","properties":{"value":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/list"},{"type":"null"}]}},"additionalProperties":false,` +
			`"$defs":{"list":{"type":"object","properties":{"value":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/list"},{"type":"null"}]}},"additionalProperties":false}}}`},
		{reflect.TypeFor[generic[time.Time]](), `"$defs":{"Time":{`},
		{reflect.TypeFor[left](), `{"type":"object","properties":{"right":{"type":["object","null"],"properties":{"lefts":{"type":"array","items":{"$ref":"#/$defs/left"}}},"additionalProperties":false}},"additionalProperties":false,` +
			`"$defs":{"left":{"type":"object","properties":{"right":{"type":["object","null"],"properties":{"lefts":{"type":"array","items":{"$ref":"#/$defs/left"}}},"additionalProperties":false}},"additionalProperties":false}}}`},
	} {
		p, err := schema.Of(c.typ)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(p.JSON()), c.want) {
			t.Errorf("got  %s\nwant %s", p.JSON(), c.want)
		}
		independent(t, p.JSON())
	}
	var l list
	if ps := planOf[list](t).Bind([]byte(`{"value":1,"next":{"value":2,"next":null}}`), &l); ps != nil || l.Next.Value != 2 {
		t.Errorf("%+v %q", l, schema.Explain(ps))
	}
}

type wide struct{ A, B, C, D, E, F, G, H, I, J wider }
type wider struct{ A, B, C, D, E, F, G, H, I, J widest }
type widest struct{ A, B, C, D, E, F, G, H, I, J string }

// A struct that is used a thousand times is written once.
func TestLargeSchemasShare(t *testing.T) {
	p := planOf[wide](t)
	if n := len(p.JSON()); n > 4096 {
		t.Errorf("%d bytes", n)
	}
	if !bytes.Contains(p.JSON(), []byte(`"$ref":"#/$defs/widest"`)) {
		t.Errorf("no reference: %s", p.JSON())
	}
	independent(t, p.JSON())
}

func TestSchemaIsDeterministic(t *testing.T) {
	first := planOf[everything](t).JSON()
	for range 20 {
		if again := planOf[everything](t).JSON(); !bytes.Equal(first, again) {
			t.Fatalf("%s\n%s", first, again)
		}
	}
}

func TestSchemaIsACopy(t *testing.T) {
	p := planOf[inner](t)
	p.JSON()[0] = '#'
	if p.JSON()[0] != '{' {
		t.Error("the plan's own bytes were handed out")
	}
}

// Of validate:"-", structonly and nostructlevel the schema says what the validator does: nothing below.
func TestUnvalidatedStructs(t *testing.T) {
	type low struct {
		N string `json:"n" validate:"required,min=5"`
	}
	type in struct {
		A low `json:"a" validate:"-"`
		B low `json:"b" validate:"structonly"`
		C low `json:"c" validate:"nostructlevel"`
		D low `json:"d"`
	}
	p := planOf[in](t)
	var v in
	ps := p.Bind([]byte(`{"a":{"n":"x"},"b":{},"c":{"n":""},"d":{"n":"x"}}`), &v)
	if len(ps) != 1 || ps[0].Path != "d.n" {
		t.Errorf("%q", schema.Explain(ps))
	}
	s := independent(t, p.JSON())
	if !valid(t, s, []byte(`{"a":{"n":"x"},"b":{},"c":{"n":""},"d":{"n":"12345"}}`)) || valid(t, s, []byte(`{"d":{"n":"x"}}`)) {
		t.Errorf("%s", p.JSON())
	}
}

func TestFieldInfo(t *testing.T) {
	type in struct {
		Colour string    `json:"colour" validate:"required,oneof=red 'dark green'" description:"d" title:"t" mine:"x"`
		Mail   string    `json:"mail" validate:"omitempty,email"`
		Site   string    `json:"site" validate:"url"`
		When   time.Time `json:"when"`
		Day    string    `json:"day" validate:"datetime=2006-01-02"`
		N      int       `json:"n" default:"3" validate:"required"`
	}
	p := planOf[in](t)
	if got := strings.Join(p.Fields(), " "); got != "colour mail site when day n" {
		t.Error(got)
	}
	f, ok := p.Field("colour")
	if !ok || !f.Required || f.Title != "t" || f.Description != "d" || f.Tag.Get("mine") != "x" || f.Type.Kind() != reflect.String || strings.Join(f.Enum, "|") != "red|dark green" {
		t.Errorf("%+v", f)
	}
	for name, want := range map[string]string{"mail": "email", "site": "uri", "when": "date-time", "day": "date", "n": ""} {
		if f, _ := p.Field(name); f.Format != want {
			t.Errorf("%s: format %q, want %q", name, f.Format, want)
		}
	}
	if f, _ := p.Field("n"); f.Required || string(f.Default) != "3" {
		t.Errorf("%+v", f)
	}
	if _, ok := p.Field("Colour"); ok {
		t.Error("found in the wrong case")
	}
	m := planOf[map[string]int](t)
	if _, ok := m.Field("x"); ok || m.Fields() != nil {
		t.Error("a map has no fields")
	}
}
