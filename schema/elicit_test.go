package schema_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/schema"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// official compiles the protocol's own definition of elicitation/create, its request as a whole. The definitions in
// testdata are the official ones without their descriptions, and only those that the request leads to. They let other
// keywords pass in silence; here they do not, so that what the protocol does not list is found.
func official(t testing.TB, r protocol.Revision) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/elicitation/" + r.String() + ".json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	closeObjects(value)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("elicitation.json", value); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("elicitation.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeObjects(value any) {
	switch v := value.(type) {
	case []any:
		for _, x := range v {
			closeObjects(x)
		}
	case map[string]any:
		for _, x := range v {
			closeObjects(x)
		}
		if _, ok := v["properties"].(map[string]any); ok && v["type"] == "object" && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
	}
}

// request writes the request. The definition of 2025-11-25 has the envelope in it; the others speak of what is inside.
func request(r protocol.Revision, form []byte) []byte {
	envelope := ""
	if r == protocol.V20251125 {
		envelope = `"jsonrpc":"2.0","id":1,`
	}
	return []byte(`{` + envelope + `"method":"elicitation/create","params":{"message":"?","requestedSchema":` + string(form) + `}}`)
}

func formPlan[T any](t testing.TB) *schema.FormPlan {
	t.Helper()
	f, err := schema.New().Form(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var formRevisions = []protocol.Revision{protocol.V20250618, protocol.V20251125, protocol.V20260728}

type survey struct {
	Name    string          `json:"name" validate:"required,min=2,max=20,alpha" title:"Name" description:"as on the card"`
	Mail    string          `json:"mail" validate:"omitempty,email" default:"a@b.co"`
	Site    string          `json:"site" validate:"omitempty,https_url"`
	Day     string          `json:"day" validate:"omitempty,datetime=2006-01-02"`
	Host    string          `json:"host" validate:"omitempty,hostname"`
	At      time.Time       `json:"at"`
	Wait    time.Duration   `json:"wait"`
	Level   level           `json:"level"`
	Age     int             `json:"age" validate:"gt=0,lt=131" default:"30"`
	Small   int8            `json:"small"`
	Many    uint64          `json:"many" validate:"required"`
	Share   *float64        `json:"share" validate:"omitempty,gt=0,lte=1" default:"0.5"`
	Exact   json.Number     `json:"exact"`
	Agree   *bool           `json:"agree" validate:"required"`
	News    bool            `json:"news" default:"true"`
	Color   string          `json:"color" validate:"required,oneof=red green" titles:"Red|Green"`
	Size    string          `json:"size" validate:"omitempty,oneof=s m 'x l'" default:"m"`
	Extras  []string        `json:"extras" validate:"max=2,unique,dive,oneof=a b c" default:"[\"a\"]"`
	Tops    *[]string       `json:"tops" validate:"omitempty,dive,oneof=x y" titles:"Ex|\"Why\"" title:"Toppings"`
	Skipped json.RawMessage `json:"-"`
	surveyEmbedded
}

type surveyEmbedded struct {
	Note string `json:"note" validate:"max=100"`
}

// To the letter, for each revision: what is asked, and with which keywords.
func TestFormJSON(t *testing.T) {
	f := formPlan[survey](t)
	early := `{"type":"object","properties":{` +
		`"name":{"type":"string","title":"Name","description":"as on the card","minLength":2,"maxLength":20},` +
		`"mail":{"type":"string","format":"email"},` +
		`"site":{"type":"string","format":"uri"},` +
		`"day":{"type":"string","format":"date"},` +
		`"host":{"type":"string"},` +
		`"at":{"type":"string","format":"date-time"},` +
		`"wait":{"type":"string","description":"a duration such as \"1h30m\" or \"250ms\""},` +
		`"level":{"type":"string"},` +
		`"age":{"type":"integer","minimum":1,"maximum":130},` +
		`"small":{"type":"integer","minimum":-128,"maximum":127},` +
		`"many":{"type":"integer","minimum":0},` +
		`"share":{"type":"number","minimum":0,"maximum":1},` +
		`"exact":{"type":"number"},` +
		`"agree":{"type":"boolean"},` +
		`"news":{"type":"boolean","default":true},` +
		`"color":{"type":"string","enum":["red","green"],"enumNames":["Red","Green"]},` +
		`"size":{"type":"string","enum":["s","m","x l"]},` +
		`"note":{"type":"string","maxLength":100}},` +
		`"required":["name","many","agree","color"]}`
	full := strings.NewReplacer(
		`"format":"email"`, `"format":"email","default":"a@b.co"`,
		`"maximum":130`, `"maximum":130,"default":30`,
		`"minimum":0,"maximum":1}`, `"minimum":0,"maximum":1,"default":0.5}`,
		`"enum":["red","green"],"enumNames":["Red","Green"]`, `"oneOf":[{"const":"red","title":"Red"},{"const":"green","title":"Green"}]`,
		`"enum":["s","m","x l"]}`, `"enum":["s","m","x l"],"default":"m"},`+
			`"extras":{"type":"array","items":{"type":"string","enum":["a","b","c"]},"maxItems":2,"default":["a"]},`+
			`"tops":{"type":"array","title":"Toppings","items":{"anyOf":[{"const":"x","title":"Ex"},{"const":"y","title":"\"Why\""}]}}`,
	).Replace(early)
	for r, want := range map[protocol.Revision]string{
		protocol.V20241105: "", protocol.V20250326: "", protocol.V20250618: early, protocol.V20251125: full, protocol.V20260728: full, 0: "",
	} {
		if got := string(f.JSON(r)); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", r, got, want)
		}
		if err := f.Supports(r); (err == nil) != (want != "") {
			t.Errorf("%s: %v", r, err)
		}
	}
	f.JSON(protocol.Latest)[0] = '#'
	if f.JSON(protocol.Latest)[0] != '{' {
		t.Error("the plan's own bytes were handed out")
	}
}

// What is produced is what the official definitions take, and the definitions as used here do find what is not theirs.
func TestFormsAreOfficial(t *testing.T) {
	plans := []*schema.FormPlan{formPlan[survey](t), formPlan[struct{}](t), formPlan[*surveyEmbedded](t), formPlan[struct {
		A []string `json:"a" validate:"required,min=1,max=2,dive,required,oneof=x y" titles:"X|Y" default:"[\"x\"]"`
		B *string  `json:"b" validate:"required,oneof=x"`
		C string   `json:"c" validate:"len=3,startswith=a" default:"abc" example:"abd" header:"C"`
		D float32  `json:"d" validate:"ne=3,min=-1e30"`
		E *int     `json:"e" default:"null"`
		F uint8    `json:"f" validate:"eq=3|eq=4"`
		G bool     `json:"g" validate:"eq=true"`
		H string   `json:"h" validate:"oneof=a b,min=1"`
	}](t)}
	for _, r := range formRevisions {
		s := official(t, r)
		for _, f := range plans {
			form := f.JSON(r)
			if form == nil {
				t.Errorf("%s: %v", r, f.Supports(r))
				continue
			}
			if !valid(t, s, request(r, form)) {
				t.Errorf("%s: %s", r, form)
			}
		}
		for _, bad := range []string{
			`{"type":"object","properties":{"a":{"type":"string","pattern":"x"}}}`, `{"type":"object","properties":{},"additionalProperties":false}`,
			`{"type":"object","properties":{"a":{"type":"object"}}}`, `{"type":"object","properties":{"a":{"type":"integer","exclusiveMinimum":1}}}`,
			`{"type":"object","properties":{"a":{"type":["string","null"]}}}`, `{"type":"object","properties":{"a":{"type":"string","format":"uuid"}}}`,
		} {
			if valid(t, s, request(r, []byte(bad))) {
				t.Errorf("%s takes %s", r, bad)
			}
		}
	}
}

// A choice of several that has to be made cannot be asked of the first revision with forms.
func TestFormBeyondARevision(t *testing.T) {
	f := formPlan[struct {
		A []string `json:"a" validate:"required,dive,oneof=x y"`
		B string   `json:"b"`
	}](t)
	if f.JSON(protocol.V20250618) != nil || f.JSON(protocol.V20251125) == nil {
		t.Error("asked where it cannot be")
	}
	if err := f.Supports(protocol.V20250618); err == nil || !strings.Contains(err.Error(), "requires a; make it optional") {
		t.Error(err)
	}
	if err := f.Supports(protocol.V20250326); err == nil || !strings.Contains(err.Error(), "has no forms") {
		t.Error(err)
	}
}

func TestFormBind(t *testing.T) {
	f := formPlan[survey](t)
	var v survey
	answer := `{"name":"Ann","many":0,"agree":false,"color":"red","extra":{"a":1},"Name":1,"extras":["b"],"share":0.25,"at":"2026-01-31T12:00:00Z","wait":"2s","level":"low"}`
	if problems := f.Bind([]byte(answer), &v); problems != nil {
		t.Fatal(schema.Explain(problems))
	}
	if v.Name != "Ann" || *v.Agree || v.Extras[0] != "b" || *v.Share != 0.25 || v.Age != 30 || v.Mail != "a@b.co" || !v.News || v.Wait != 2*time.Second || v.Level != 1 {
		t.Errorf("%+v", v)
	}
	for answer, want := range map[string]string{
		`{"name":"A1"}`:            "name: expected ASCII letters only, got \"A1\"", // the form has no pattern, and the check holds
		`{}`:                       "name: expected a string, which is required, got nothing",
		``:                         "name: expected a string, which is required, got nothing",
		`{"share":0}`:              "share: expected more than 0, got 0",
		`{"extras":["a","a"]}`:     "extras: expected items that are all different",
		`{"extras":["q"]}`:         "extras[0]: expected one of (a, b, c), got \"q\"",
		`{"tops":"x"}`:             "tops: expected an array, got \"x\"",
		`{"many":"5"}`:             "many: expected an integer, not negative, got \"5\"",
		`[]`:                       "expected an object, got []",
		`{"name":"Ann","name":""}`: "name: expected this property only once, got it twice",
	} {
		var v survey
		if got := schema.Explain(f.Bind([]byte(answer), &v)); !strings.Contains("\n"+got, "\n"+want) {
			t.Errorf("%s: %s\nwant %s", answer, got, want)
		}
	}
	// The plan of arguments of the same type goes on to refuse what it does not know.
	c := schema.New()
	if _, err := c.Form(reflect.TypeFor[surveyEmbedded]()); err != nil {
		t.Fatal(err)
	}
	p, _ := c.Input(reflect.TypeFor[surveyEmbedded]())
	var e surveyEmbedded
	if p.Bind([]byte(`{"extra":1}`), &e) == nil {
		t.Error("Input became as lenient as the form")
	}
}

func TestFormMistakes(t *testing.T) {
	for want, typ := range map[string]reflect.Type{
		`.O: a form is flat, and a schema_test.surveyEmbedded has no place in it; embed it, so that`: reflect.TypeFor[struct{ O surveyEmbedded }](),
		`.P: a form is flat, and a schema_test.surveyEmbedded has no place in it; embed it`:          reflect.TypeFor[struct{ P *surveyEmbedded }](),
		`.M: a form is flat, and a map[string]string has no place in it; make the field a string`:    reflect.TypeFor[struct{ M map[string]string }](),
		`.A: a form is flat, and a interface {} has no place in it; make the field`:                  reflect.TypeFor[struct{ A any }](),
		`.B: a form is flat, and a []uint8 has no place in it; make the field`:                       reflect.TypeFor[struct{ B []byte }](),
		`.J: a form is flat, and a schema_test.pair has no place in it; make the field`:              reflect.TypeFor[struct{ J pair }](),
		`.I: a form is flat, and a []int has no place in it; for a choice of several use []string`:   reflect.TypeFor[struct{ I []int }](),
		`.R: a form is flat, and a [2]string has no place in it; for a choice of several use`:        reflect.TypeFor[struct{ R [2]string }](),
		`.L: a list in a form is a choice among known texts; add validate:"dive,oneof=…"`:            reflect.TypeFor[struct{ L []string }](),
		`.Q: a form asks for the value itself; take the option "string" out`: reflect.TypeFor[struct {
			Q int `json:",string"`
		}](),
		`.N: a choice in a form is among texts; make the field a string, or give it a range`: reflect.TypeFor[struct {
			N int `validate:"oneof=1 2"`
		}](),
		`.T: titles are for choices; add a oneof`: reflect.TypeFor[struct {
			T string `titles:"A|B"`
		}](),
		`.U: 3 titles for 2 choices; write one for each`: reflect.TypeFor[struct {
			U string `validate:"oneof=a b" titles:"A|B|C"`
		}](),
		`schema: map[string]string: a form asks for known fields; use a struct`: reflect.TypeFor[map[string]string](),
		`arguments are a JSON object; use a struct`:                             reflect.TypeFor[string](),
		`schema: no type; use a struct`:                                         nil,
		`.D: default: `: reflect.TypeFor[struct {
			D string `validate:"oneof=a b" default:"c"`
		}](),
	} {
		_, err := schema.New().Form(typ)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "schema: ") {
			t.Errorf("%v: %v\nwant %s", typ, err, want)
		}
	}
}

// One plan a type, whoever asks first.
func TestFormIsMadeOnce(t *testing.T) {
	c := schema.New()
	plans := make([]*schema.FormPlan, 8)
	var wg sync.WaitGroup
	for i := range plans {
		wg.Go(func() {
			plans[i], _ = c.Form(reflect.TypeFor[survey]())
			var v survey
			plans[i].Bind([]byte(`{"name":"Ann","many":0,"agree":true,"color":"red"}`), &v)
		})
	}
	wg.Wait()
	for _, p := range plans {
		if p != plans[0] {
			t.Error("made twice")
		}
	}
}
