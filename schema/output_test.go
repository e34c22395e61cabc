package schema_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/schema"
	"github.com/go-playground/validator/v10"
)

func outputOf(t testing.TB, typ reflect.Type) *schema.Plan {
	t.Helper()
	p, err := schema.New().Output(typ)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type report struct {
	ID     int               `json:"id" validate:"required"`
	Name   string            `json:"name" validate:"required,max=8"`
	Unit   string            `json:"unit" validate:"omitempty,oneof=c f"`
	Grade  string            `json:"grade,omitempty" validate:"oneof=a b"`
	Score  int               `json:"score" validate:"omitempty,gte=5"`
	Level  int               `json:"level" validate:"gte=1,lte=9"`
	Ratio  float64           `json:"ratio,omitzero" validate:"gt=0.5"`
	Tags   []string          `json:"tags" validate:"max=2,dive,min=1"`
	Must   []int             `json:"must" validate:"required,dive,gte=0"`
	Opt    []int             `json:"opt,omitempty" validate:"required,unique"`
	Zero   []int             `json:"zero,omitzero" validate:"min=1"`
	Map    map[string]int    `json:"map" validate:"dive,keys,min=1,endkeys,lte=5"`
	Ptr    *int              `json:"ptr" validate:"required,lte=5"`
	Free   *int              `json:"free"`
	Gone   *string           `json:"gone,omitempty" validate:"min=1"`
	Sub    inner             `json:"sub"`
	Subs   []subReport       `json:"subs"`
	SubMap map[int]subReport `json:"submap,omitempty"`
	SubPtr *subReport        `json:"subptr"`
	Any    any               `json:"any" validate:"required"`
	Raw    json.RawMessage   `json:"raw,omitempty"`
	Wait   time.Duration     `json:"wait" validate:"min=-5ns,max=5ns"`
	Bytes  []byte            `json:"bytes"`
	Array  [2]string         `json:"array" validate:"dive,min=1"`
	Flag   bool              `json:"flag" validate:"eq=true"`
	Quoted int               `json:"quoted,string"`
	*Exported
}

type subReport struct {
	Text string `json:"text" validate:"required"`
	N    *int   `json:"n" validate:"omitempty,gte=0"`
}

// What Check passes, encoding/json writes so that the schema passes it, and the other way round.
func TestCheckAndSchemaAgree(t *testing.T) {
	p := outputOf(t, reflect.TypeFor[report]())
	s := independent(t, p.JSON())
	r := rand.New(rand.NewPCG(3, 4))
	taken := 0
	for range 20000 {
		v := goodReport()
		for range r.IntN(3) {
			spoil(r, reflect.ValueOf(&v).Elem(), 3)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		problems := p.Check(&v)
		if ok := valid(t, s, text); ok != (problems == nil) {
			t.Fatalf("%s\nschema %s\nschema takes it: %v; Check: %q", text, p.JSON(), ok, schema.Explain(problems))
		}
		if problems == nil {
			taken++
		}
		if (p.Check(v) == nil) != (problems == nil) {
			t.Fatalf("%s: the value and a pointer to it are judged apart", text)
		}
	}
	if taken < 2000 || taken > 18000 {
		t.Errorf("%d of 20000 values were good: the test says little", taken)
	}
}

func goodReport() report {
	n := 3
	return report{ID: 0, Name: "n", Level: 1, Must: []int{0}, Ptr: &n, Array: [2]string{"a", "b"}, Flag: true, Sub: inner{}}
}

// spoil changes one place, at random, to something of the right type.
func spoil(r *rand.Rand, v reflect.Value, deep int) {
	switch v.Kind() {
	case reflect.Struct:
		spoil(r, v.Field(r.IntN(v.NumField())), deep)
	case reflect.Pointer:
		if r.IntN(3) == 0 || deep == 0 {
			v.SetZero()
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		spoil(r, v.Elem(), deep-1)
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte(`[1]`))
			return
		}
		if r.IntN(4) == 0 {
			v.SetZero()
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(4), 4))
		for i := range v.Len() {
			spoil(r, v.Index(i), deep-1)
		}
	case reflect.Array:
		spoil(r, v.Index(r.IntN(v.Len())), deep)
	case reflect.Map:
		if r.IntN(4) == 0 {
			v.SetZero()
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		for range r.IntN(3) {
			key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			spoil(r, key, 0)
			spoil(r, elem, deep-1)
			v.SetMapIndex(key, elem)
		}
	case reflect.String:
		v.SetString([]string{"", "a", "b", "c", "é", "abcdefgh", "abcdefghi", "a.b]"}[r.IntN(8)])
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(r.IntN(14) - 3))
	case reflect.Uint8:
		v.SetUint(uint64(r.IntN(256)))
	case reflect.Float64:
		v.SetFloat(float64(r.IntN(8)-2) / 4)
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Interface:
		v.Set(reflect.ValueOf([]any{1, "x", struct{ A int }{1}, inner{}}[r.IntN(4)]))
	}
}

func TestOutputSchemas(t *testing.T) {
	type in struct {
		A int            `json:"a"`
		B int            `json:"b,omitempty"`
		C []int          `json:"c"`
		D []int          `json:"d,omitempty"`
		E *int           `json:"e"`
		F *int           `json:"f,omitzero"`
		G map[string]int `json:"g" validate:"required"`
		H string         `json:"h" validate:"omitempty,oneof=x y"`
		I int            `json:"i" validate:"omitempty,gte=5"`
		J time.Duration  `json:"j" description:"how long"`
		K error          `json:"k"`
		L level          `json:"l"`
		M [][]int        `json:"m,omitempty"`
	}
	want := `{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"},"c":{"type":["array","null"],"items":{"type":"integer"}},` +
		`"d":{"type":"array","items":{"type":"integer"}},"e":{"type":["integer","null"]},"f":{"type":"integer"},"g":{"type":"object","minProperties":1,"additionalProperties":{"type":"integer"}},` +
		`"h":{"type":"string","enum":["x","y",""]},"i":{"anyOf":[{"type":"integer","minimum":5},{"const":0}]},"j":{"type":"integer","description":"how long"},"k":{},"l":{"type":"string"},` +
		`"m":{"type":"array","items":{"type":["array","null"],"items":{"type":"integer"}}}},"required":["a","c","e","g","h","i","j","k","l"]}`
	if got := string(outputOf(t, reflect.TypeFor[in]()).JSON()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, c := range []struct {
		typ  reflect.Type
		want string
	}{
		{reflect.TypeFor[string](), `{"type":"string"}`}, {reflect.TypeFor[[]int](), `{"type":["array","null"],"items":{"type":"integer"}}`}, {reflect.TypeFor[any](), `{}`},
		{reflect.TypeFor[*inner](), `{"type":"object","properties":{"x":{"type":"integer"},"y":{"type":"integer","default":7}},"required":["x","y"]}`},
		{reflect.TypeFor[time.Time](), `{"type":"string","format":"date-time"}`}, {reflect.TypeFor[map[string]bool](), `{"type":["object","null"],"additionalProperties":{"type":"boolean"}}`},
	} {
		if got := string(outputOf(t, c.typ).JSON()); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
	if _, err := schema.New().Output(reflect.TypeFor[chan int]()); err == nil {
		t.Error("a channel has no JSON form")
	}
}

func TestCheck(t *testing.T) {
	p := outputOf(t, reflect.TypeFor[report]())
	v := report{Name: "much too long", Subs: []subReport{{}}, SubMap: map[int]subReport{-1: {}}, Tags: []string{"a", "b", "c"}, Map: map[string]int{"a]": 9}}
	want := []string{"level", "must", "ptr", "subs[0].text", `submap["-1"].text`, "flag", "name", "tags", `map["a]"]`}
	got := strings.Join(paths(p.Check(v)), " ")
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%s is missing in %s", w, got)
		}
	}
	if ps := p.Check(nil); len(ps) != 1 || ps[0].Path != "" {
		t.Errorf("%q", schema.Explain(ps))
	}
	if ps := p.Check((*report)(nil)); len(ps) != 1 {
		t.Errorf("%q", schema.Explain(ps))
	}
	if ps := p.Check(inner{}); len(ps) != 1 {
		t.Errorf("%q", schema.Explain(ps))
	}
	l := outputOf(t, reflect.TypeFor[[]subReport]())
	if got := strings.Join(paths(l.Check([]subReport{{Text: "x"}, {}})), " "); got != "[1].text" {
		t.Error(got)
	}
	type low struct {
		N int `json:"n" validate:"lte=3"`
	}
	m := outputOf(t, reflect.TypeFor[map[string][]low]())
	if got := strings.Join(paths(m.Check(map[string][]low{"a": {{1}, {4}}})), " "); got != "a[1].n" {
		t.Error(got)
	}
}

func TestCheckLooksPastWhatIsLeftOut(t *testing.T) {
	type ticket struct {
		Plate string   `json:"plate,omitempty" validate:"plate"`
		Shown string   `json:"shown" validate:"plate"`
		Inner *ticketX `json:"inner,omitempty"`
		Gone  ticketX  `json:"gone,omitzero"`
	}
	v := validator.New()
	if err := v.RegisterValidation("plate", func(fl validator.FieldLevel) bool { return strings.HasPrefix(fl.Field().String(), "N-") }); err != nil {
		t.Fatal(err)
	}
	p, err := schema.New(schema.Config{Validator: v}).Output(reflect.TypeFor[ticket]())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(paths(p.Check(ticket{})), " "); got != "shown" {
		t.Error(got)
	}
	if got := strings.Join(paths(p.Check(ticket{Plate: "X", Shown: "N-1", Inner: &ticketX{}, Gone: ticketX{B: "b"}})), " "); got != "plate inner.a" {
		t.Error(got)
	}
}

type ticketX struct {
	A string `json:"a" validate:"required_without=B"`
	B string `json:"b"`
}

func TestCheckCycles(t *testing.T) {
	l := &list{Value: 1}
	l.Next = l
	ps := outputOf(t, reflect.TypeFor[list]()).Check(l)
	if len(ps) != 1 || !strings.Contains(ps[0].Want, "does not contain itself") {
		t.Errorf("%q", schema.Explain(ps))
	}
}
