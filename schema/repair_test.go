package schema_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/schema"
)

func TestDocumentRepair(t *testing.T) {
	d := document(t, `{
		"type": "object",
		"properties": {
			"n": {"type": "number"}, "i": {"type": "integer", "maximum": 9}, "b": {"type": "boolean"}, "s": {"type": "string"}, "any": {},
			"two": {"type": ["integer", "null"]}, "orstring": {"type": ["string", "integer"]}, "choice": {"anyOf": [{"type": "integer"}, {"type": "boolean"}]},
			"a": {"type": "array", "items": {"type": "integer"}}, "t": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}]},
			"o": {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}, "required": ["x"], "additionalProperties": {"type": "number"}},
			"ref": {"$ref": "#/$defs/o"}, "refi": {"$ref": "#/$defs/i"}, "nul": {"type": "null"}, "req": {"type": "integer"}
		},
		"$defs": {"o": {"type": "object", "properties": {"z": {"$ref": "#/$defs/i"}, "kid": {"$ref": "#/$defs/o"}}}, "i": {"type": "integer"}},
		"required": ["req"]
	}`)
	for _, c := range []struct{ instance, fixed, paths string }{
		{`{"req":1,"n":"1.5"}`, `{"req":1,"n":1.5}`, "n"},
		{`{"req":"1","i":"2.0"}`, `{"req":1,"i":2.0}`, "req i"},
		{`{"req":1,"b":"true","s":"true"}`, `{"req":1,"b":true,"s":"true"}`, "b"},
		{`{"req":1,"a":"[1,\"2\"]"}`, `{"req":1,"a":[1,2]}`, "a a[1]"},
		{`{"req":1,"t":["1","true","true"]}`, `{"req":1,"t":["1",true,"true"]}`, "t[1]"},
		{`{"req":1,"o":"{\"x\":1,\"y\":\"1\",\"w\":\"1\"}"}`, `{"req":1,"o":{"x":1,"y":"1","w":1}}`, "o o.w"},
		{`{"req":1,"ref":{"z":"1","kid":{"z":"2"}},"refi":"3"}`, `{"req":1,"ref":{"z":1,"kid":{"z":2}},"refi":3}`, "ref.z ref.kid.z refi"},
		{`{"i":null,"req":1,"o":null}`, `{"req":1}`, "i o"},
		{`{"req":1,"i":"10"}`, `{"req":1,"i":10}`, "i"}, // and Check goes on to refuse it
	} {
		fixed, repairs := d.Repair([]byte(c.instance))
		var at []string
		for _, r := range repairs {
			at = append(at, r.Path)
		}
		if string(fixed) != c.fixed || strings.Join(at, " ") != c.paths {
			t.Errorf("%s: %s %q, want %s %s", c.instance, fixed, at, c.fixed, c.paths)
		}
		if problems := d.Check(fixed); (problems != nil) != strings.Contains(c.fixed, `"i":10`) {
			t.Errorf("%s: %s", fixed, schema.Explain(problems))
		}
	}
	for _, instance := range []string{
		`{"req":1}`, ` {"req" : 1, "s":"1"} `, `{"req":null}`, `{"req":1,"s":1}`, `{"req":1,"s":null}`, `{"req":1,"two":"1"}`, `{"req":1,"orstring":true}`,
		`{"req":1,"choice":"1"}`, `{"req":1,"i":"1.5"}`, `{"req":1,"n":"1e999"}`, `{"req":1,"nul":"null"}`, `{"req":1,"o":{"x":1,"w":null}}`, `{"req":1,"req":"2"}`,
		`{"req":1,"a":[null]}`, `"{\"req\":1}"`, `{"req":1`, ``,
	} {
		if fixed, repairs := d.Repair([]byte(instance)); string(fixed) != instance || repairs != nil {
			t.Errorf("%s became %s: %s", instance, fixed, repairText(repairs))
		}
	}
}

// Older drafts say items their own way.
func TestDocumentRepairOlderDrafts(t *testing.T) {
	d := document(t, `{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"integer"},{"items":{"type":"boolean"},"type":"array"}],"type":"array"}`)
	fixed, repairs := d.Repair([]byte(`["1",["true"],"1"]`))
	if string(fixed) != `[1,[true],"1"]` || len(repairs) != 2 {
		t.Errorf("%s %s", fixed, repairText(repairs))
	}
}

// slipsOf writes a value as it is, in a string, and in a string inside something.
func slipsOf(value string) []string {
	text, _ := json.Marshal(value)
	return []string{value, string(text), "[" + string(text) + "]", `{"a":` + string(text) + "}"}
}

// For every type and every tag of the agreement test: what is valid is never changed, by a plan or a document; strings
// are never touched; and what is repaired is what the strict binder takes of the repaired text.
func TestRepairKeepsWhatIsValid(t *testing.T) {
	var values []string
	for _, v := range anyValues() {
		values = append(values, slipsOf(v)...)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		text, err := json.Marshal(randomValue(r, 2))
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, string(text))
	}
	for _, a := range agreements {
		for i, tags := range a.tags {
			if i%8 != 0 || !meaningful(a.typ, tags) {
				continue // tags decide nothing here: an eighth of them is plenty
			}
			t.Run(a.typ.String()+"/"+tags, func(t *testing.T) { keepsValid(t, oneField(a.typ, tags), a.typ, values) })
		}
	}
}

func keepsValid(t *testing.T, typ, field reflect.Type, values []string) {
	t.Helper()
	p, err := schema.Of(typ)
	if err != nil {
		t.Fatal(err)
	}
	d := document(t, string(p.JSON()))
	for field.Kind() == reflect.Pointer {
		field = field.Elem()
	}
	untouchable := field.Kind() == reflect.String || field.Kind() == reflect.Interface || field == reflect.TypeFor[json.RawMessage]()
	for _, value := range values {
		args := []byte(`{"v":` + value + `}`)
		strict, lenient, again := reflect.New(typ), reflect.New(typ), reflect.New(typ)
		good := p.Bind(args, strict.Interface()) == nil
		made, problems := p.BindLenient(args, lenient.Interface())
		fixed, byDocument := d.Repair(args)
		switch {
		case good && (made != nil || problems != nil || !reflect.DeepEqual(strict.Interface(), lenient.Interface())):
			t.Errorf("%s is good, and was changed: %s", args, repairText(made))
		case good && (byDocument != nil || string(fixed) != string(args)):
			t.Errorf("%s is good, and the document made it %s", args, fixed)
		case untouchable && (made != nil || byDocument != nil):
			t.Errorf("%s was touched: %s%s", args, repairText(made), repairText(byDocument))
		case byDocument != nil && (d.Check(fixed) == nil) != (problems == nil):
			t.Errorf("%s: the document made it %s, which is good: %v; the plan says %q", args, fixed, d.Check(fixed) == nil, schema.Explain(problems))
		case problems == nil && byDocument != nil:
			if p.Bind(fixed, again.Interface()); !reflect.DeepEqual(again.Interface(), lenient.Interface()) {
				t.Errorf("%s: bound as %v, and its repair %s as %v", args, lenient.Elem(), fixed, again.Elem())
			}
		}
	}
}

// A chain of references that is too long to follow is left alone.
func TestDocumentRepairFollowsSoFar(t *testing.T) {
	defs := `"d0":{"type":"object","properties":{"n":{"type":"integer"}}}`
	for i := range 20 {
		defs += `,"d` + strconv.Itoa(i+1) + `":{"$ref":"#/$defs/d` + strconv.Itoa(i) + `"}`
	}
	d := document(t, `{"properties":{"near":{"$ref":"#/$defs/d3"},"far":{"$ref":"#/$defs/d20"}},"type":"object","$defs":{`+defs+`}}`)
	fixed, _ := d.Repair([]byte(`{"near":{"n":"1"},"far":{"n":"1"}}`))
	if want := `{"near":{"n":1},"far":{"n":"1"}}`; string(fixed) != want {
		t.Errorf("%s, want %s", fixed, want)
	}
}
