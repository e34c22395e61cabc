package schema_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/schema"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

type fuzzed struct {
	S    string            `json:"s,omitempty" validate:"min=2,max=5"`
	Req  string            `json:"req" validate:"required,alphanum"`
	I    int               `json:"i" validate:"required,gte=-5,lte=500"`
	U8   uint8             `json:"u8,omitempty"`
	I64  int64             `json:"i64,omitempty"`
	F    float64           `json:"f,omitempty" validate:"gt=-2,lt=2.5"`
	B    bool              `json:"b,omitempty"`
	Enum string            `json:"enum,omitempty" validate:"omitempty,oneof=a b 'c d'"`
	Mail string            `json:"mail,omitempty" validate:"email"`
	URL  string            `json:"url,omitempty" validate:"url"`
	IP   string            `json:"ip,omitempty" validate:"ip"`
	Date string            `json:"date,omitempty" validate:"datetime=2006-01-02T15:04:05Z07:00"`
	Raw  json.RawMessage   `json:"raw,omitempty"`
	Any  any               `json:"any,omitempty"`
	P    *int              `json:"p,omitempty" validate:"gte=1"`
	L    []int             `json:"l,omitempty" validate:"max=3,unique,dive,gte=1"`
	A    *[2]string        `json:"a,omitempty"`
	M    map[string]string `json:"m,omitempty" validate:"max=3,dive,keys,min=2,endkeys,required"`
	MI   map[int8]int      `json:"mi,omitempty"`
	Tree *fuzzedTree       `json:"tree,omitempty"`
	By   []byte            `json:"by,omitempty" validate:"max=6"`
	Q    int               `json:"q,string,omitempty"`
	Exported
}

type fuzzedTree struct {
	V    string       `json:"v" validate:"ne=x"`
	Kids []fuzzedTree `json:"kids,omitempty" validate:"max=2"`
}

// FuzzBind: no text makes Bind panic; what it takes, the schema takes; and what it took, written and read again, is what
// it was.
func FuzzBind(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, `{"req":"a","i":0}`, `{"req":"a","i":1e2,"s":"abc","u8":255,"i64":-9223372036854775808,"f":0.5,"b":true,"enum":"c d"}`,
		`{"req":"a","i":1,"mail":"a@b.co","url":"http://a/b","ip":"::1","date":"2026-01-31T12:00:00Z","raw":[1,{"a":2}],"any":{"a":[null]},"p":null}`,
		`{"req":"a","i":1,"l":[1,2],"a":["x","y"],"m":{"ab":"c"},"mi":{"-1":2},"tree":{"v":"","kids":[{"v":"y"}]},"by":"aGk=","q":"12","e":3,"f":1}`,
		`{"Req":"a","i":1.5,"i":2,"zzz":{}}`, "{\"req\":\"\\ud83d\\ude42\",\"i\":\"\xff\"}", `{"req":"a","i":0,"any":[[[[[[{"a":1,"a":2}]]]]]]}`,
	} {
		f.Add([]byte(seed))
	}
	p := planOf[fuzzed](f)
	s := independent(f, p.JSON())
	f.Fuzz(func(t *testing.T, args []byte) {
		var v fuzzed
		ps := p.Bind(args, &v)
		if len(ps) > schema.MaxProblems {
			t.Fatalf("%d problems", len(ps))
		}
		_ = schema.Explain(ps)
		if ps != nil {
			return
		}
		if len(args) == 0 {
			t.Fatal("required properties are missing")
		}
		if err := s.Validate(rounded(t, args)); err != nil {
			t.Fatalf("Bind takes %q and the schema does not: %v", args, err)
		}
		text := marshal(t, v)
		var again fuzzed
		if ps := p.Bind(text, &again); ps != nil {
			t.Fatalf("taken at first, as %s not again: %s", text, schema.Explain(ps))
		}
		if second := marshal(t, again); !bytes.Equal(text, second) {
			t.Fatalf("%s became %s", text, second)
		}
	})
}

// rounded decodes args with fractions rounded to float64, as Go sees them.
func rounded(t *testing.T, args []byte) any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(args))
	if err != nil {
		t.Fatal(err)
	}
	return round(value)
}

func round(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for k := range v {
			v[k] = round(v[k])
		}
	case []any:
		for i := range v {
			v[i] = round(v[i])
		}
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			if x, err := v.Float64(); err == nil {
				return json.Number(strconv.FormatFloat(x, 'g', -1, 64))
			}
			return json.Number("0") // only where anything goes is such a number taken
		}
	}
	return value
}

func marshal(t *testing.T, v fuzzed) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// FuzzCompile: no schema and no instance makes Compile or Check panic; what was compiled compiles again from its own
// text.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}`, `{"$defs":{"n":{"$anchor":"x","items":{"$ref":"#x"}}},"$ref":"#/$defs/n"}`,
		`{"$id":"http://x.y/z","$defs":{"a":{"$id":"w"}},"$ref":"w"}`, `{"if":{"minimum":1},"then":{"maximum":3},"else":{"not":{}}}`, `{"oneOf":[{"pattern":"^a"},{"const":1}]}`,
		`{"$dynamicAnchor":"n","properties":{"k":{"$dynamicRef":"#n"}},"unevaluatedProperties":false}`, `{"$schema":"http://json-schema.org/draft-07/schema#","dependencies":{"a":["b"]}}`,
		`{"$ref":"#"}`, `{"multipleOf":0.1,"format":"date-time","contentEncoding":"base64"}`, `{"propertyNames":{"maxLength":2},"patternProperties":{"x":{}},"contains":{},"minContains":2}`,
	} {
		f.Add([]byte(seed), []byte(`{"a":1,"b":[1,"x",null,{"k":1.5}]}`))
		f.Add([]byte(seed), []byte(`[1,2]`))
	}
	f.Fuzz(func(t *testing.T, text, instance []byte) {
		d, err := schema.Compile(text)
		if err != nil {
			return
		}
		_ = schema.Explain(d.Check(instance))
		again, err := schema.Compile(d.JSON())
		if err != nil {
			t.Fatalf("%s compiled, and %s does not: %v", text, d.JSON(), err)
		}
		if !bytes.Equal(d.JSON(), again.JSON()) {
			t.Fatalf("%s became %s", d.JSON(), again.JSON())
		}
		var before, after any
		if json.Unmarshal(text, &before) != nil || json.Unmarshal(d.JSON(), &after) != nil || !reflect.DeepEqual(before, after) {
			t.Fatalf("%s became %s", text, d.JSON())
		}
	})
}
