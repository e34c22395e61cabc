package schema_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fastmcp-go/fastmcp/schema"
)

func document(t testing.TB, text string) *schema.Document {
	t.Helper()
	d, err := schema.Compile([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

// Nothing is lost and nothing is moved.
func TestDocumentKeepsItsText(t *testing.T) {
	text := `{ "z": 1.0, "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
	"x-unknown": {"b": [1e2, null], "a": "\u00e9 < & \u2028"},
	"$defs": {"n": {"$anchor": "num", "type": "number"}, "s": {"$id": "urn:s", "type": "string"}},
	"properties": {"q": {"$ref": "#num"}, "a": {"$ref": "#/$defs/n"}, "u": {"$ref": "urn:s"}},
	"if": {"required": ["q"]}, "then": {"required": ["a"]}, "else": {"maxProperties": 3},
	"allOf": [{"minProperties": 0}], "anyOf": [true], "oneOf": [{}], "not": {"required": ["bad"]} }`
	want := `{"z":1.0,"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",` +
		`"x-unknown":{"b":[1e2,null],"a":"\u00e9 < & \u2028"},` +
		`"$defs":{"n":{"$anchor":"num","type":"number"},"s":{"$id":"urn:s","type":"string"}},` +
		`"properties":{"q":{"$ref":"#num"},"a":{"$ref":"#/$defs/n"},"u":{"$ref":"urn:s"}},` +
		`"if":{"required":["q"]},"then":{"required":["a"]},"else":{"maxProperties":3},` +
		`"allOf":[{"minProperties":0}],"anyOf":[true],"oneOf":[{}],"not":{"required":["bad"]}}`
	d := document(t, text)
	if got := string(d.JSON()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	d.JSON()[0] = '#'
	if d.JSON()[0] != '{' {
		t.Error("the document's own bytes were handed out")
	}
	for instance, want := range map[string]string{
		`{"q":1,"a":2}`:             "",
		`{"q":1}`:                   "a",
		`{"q":"x","a":1}`:           "q",
		`{"u":1}`:                   "u",
		`{"b":1,"c":1,"d":1,"e":1}`: "",
		`{"bad":1}`:                 "",
	} {
		ps := d.Check([]byte(instance))
		if want == "" && (instance == `{"bad":1}` || instance == `{"b":1,"c":1,"d":1,"e":1}`) {
			if len(ps) != 1 || ps[0].Path != "" {
				t.Errorf("%s: %q", instance, schema.Explain(ps))
			}
			continue
		}
		if got := strings.Join(paths(ps), " "); got != want {
			t.Errorf("%s: %q, want %q", instance, got, want)
		}
	}
}

func TestDocumentProblems(t *testing.T) {
	for _, c := range []struct{ schema, instance, want string }{
		{`{"type":"integer"}`, `1.5`, "expected the type integer, got 1.5"},
		{`{"type":["string","null"]}`, `1`, "expected the type null or string, got 1"},
		{`{"properties":{"a":{"items":{"minLength":2}}}}`, `{"a":["xx","x"]}`, `a[1]: expected at least 2 characters, got "x"`},
		{`{"properties":{"a":{"items":{"minLength":2}}}}`, `{"a":[ "x" , "y" ]}`, "a[0]: expected at least 2 characters, got \"x\"\na[1]: expected at least 2 characters, got \"y\""},
		{`{"required":["a","b"]}`, `{}`, "a: expected a value, which is required, got nothing\nb: expected a value, which is required, got nothing"},
		{`{"properties":{"a":{}},"additionalProperties":false}`, `{"b c":1}`, `["b c"]: expected a known property, got "b c"`},
		{`{"enum":["x",1,null]}`, `2`, "expected one of (x, 1, null), got 2"}, {`{"const":{"a":1}}`, `2`, `expected exactly ({"a":1}), got 2`},
		{`{"minimum":3,"multipleOf":0.5}`, `1.2`, "expected at least 3, got 1.2\nexpected a multiple of 0.5, got 1.2"},
		{`{"exclusiveMaximum":3}`, `3`, "expected less than 3, got 3"}, {`{"exclusiveMinimum":3}`, `3`, "expected more than 3, got 3"}, {`{"maximum":3}`, `4`, "expected at most 3, got 4"},
		{`{"pattern":"^a$"}`, `"b"`, `expected text that matches ^a$, got "b"`}, {`{"format":"email"}`, `"b"`, `expected text in the format email, got "b"`}, {`{"format":"who-knows"}`, `"b"`, ""},
		{`{"uniqueItems":true}`, `[1,2,1]`, "expected items that are all different, and items 0 and 2 are equal, got [1,2,1]"},
		{`{"minItems":1}`, `[]`, "expected at least 1 item, got []"}, {`{"maxItems":0}`, `[1]`, "expected at most 0 items, got [1]"}, {`{"maxLength":1}`, `"ab"`, `expected at most 1 character, got "ab"`},
		{`{"minProperties":1}`, `{}`, "expected at least 1 property, got {}"}, {`{"maxProperties":0}`, `{"a":1}`, `expected at most 0 properties, got {"a":1}`},
		{`{"not":{"type":"string"}}`, `"x"`, `expected something that the schema does not rule out, got "x"`}, {`{"properties":{"a":false}}`, `{"a":1}`, "a: expected nothing here, got 1"},
		{`{"anyOf":[{"type":"string"},{"const":5},{"type":"null"}]}`, `1`, "expected the type string or null or exactly (5), got 1"},
		{`{"oneOf":[{"type":"integer"},{"minimum":3}]}`, `4`, "expected exactly one form to fit, and forms 1 and 2 both do, got 4"},
		{`{"anyOf":[{"type":"string"},{"type":"object","required":["a"]}]}`, `{}`, "a: expected a value, which is required, got nothing"},
		{`{"anyOf":[{"required":["a","c"]},{"required":["b","d"]}]}`, `{}`,
			"expected one of several forms, and none fits: (1) a: expected a value, which is required, got nothing; c: expected a value, which is required, got nothing " +
				"(2) b: expected a value, which is required, got nothing; d: expected a value, which is required, got nothing, got {}"},
		{`{"contains":{"const":1}}`, `[2]`, "expected an item of the kind that must be among them, got [2]"}, {`{"contains":{"const":1},"minContains":2}`, `[1]`, "expected at least 2 items of the kind that must be among them, got [1]"},
		{`{"contains":{"const":1},"maxContains":1}`, `[1,1]`, "expected at most 1 items of the kind that may be among them, got [1,1]"},
		{`{"propertyNames":{"maxLength":1}}`, `{"ab":1}`, `expected a property name that is allowed, got "ab"`}, {`{"dependentRequired":{"a":["b"]}}`, `{"a":1}`, `expected also b, because a is there, got {"a":1}`},
		{`{"$schema":"http://json-schema.org/draft-07/schema#","items":[{}],"additionalItems":false}`, `[1,2]`, "expected 1 items fewer, got [1,2]"},
		{`{"$defs":{"n":{"properties":{"next":{"$ref":"#/$defs/n"},"v":{"type":"integer"}}}},"$ref":"#/$defs/n"}`, `{"next":{"next":{"v":"x"}}}`, `next.next.v: expected the type integer, got "x"`},
		{`{"unevaluatedProperties":false,"allOf":[{"properties":{"a":{}}}]}`, `{"a":1,"b":2}`, "b: expected nothing here, got 2"},
		{`{}`, `{"a":1,"a":2}`, "a: expected this property only once, got it twice"}, {`{}`, `{"x":[{"a":1,"a":2}]}`, "x[0].a: expected this property only once, got it twice"},
		{`{}`, `1 2`, "expected one well-formed JSON value, got text after the end of the JSON value at byte 2"}, {`{}`, ` `, "expected one well-formed JSON value, got unexpected end of JSON at byte 1"},
		{`{}`, "\"\xff\"", "expected JSON text in UTF-8, got bytes that are not UTF-8"}, {`{"minimum":1}`, `1e401`, "expected numbers of at most 4096 digits and an exponent of at most 400, got 1e401"},
		{`{"minimum":1}`, `1e400`, ""}, {`{"required":["a"]}`, ``, "a: expected a value, which is required, got nothing"}, {`{}`, ``, ""},
	} {
		if got := schema.Explain(document(t, c.schema).Check([]byte(c.instance))); got != c.want {
			t.Errorf("%s\n%s\ngot  %s\nwant %s", c.schema, c.instance, got, c.want)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "other.json")
	if err := os.WriteFile(file, []byte(`{"type":"string"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ schema, want string }{
		{``, "well-formed"}, {`{`, "well-formed"}, {`{} {}`, "text after the end"}, {`[]`, "expected an object"}, {`true`, "expected an object"}, {`null`, "expected an object"},
		{`{"type":"strin"}`, "not a valid JSON Schema: type"}, {`{"minLength":-1}`, "minLength: expected at least 0"}, {`{"properties":[]}`, "properties"}, {`{"pattern":"("}`, "pattern"},
		{`{"pattern":"(?=a)b"}`, "pattern"}, {`{"a":1,"a":2}`, "only once"}, {`{"minimum":1e500}`, "exponent"},
		{`{"$ref":"https://example.com/x.json"}`, "leads out of the document"}, {`{"$ref":"other.json"}`, "leads out of the document"}, {`{"$ref":"file://` + file + `"}`, "leads out of the document"},
		{`{"$ref":"` + file + `"}`, "leads out of the document"}, {`{"properties":{"a":{"$ref":"http://x.y"}}}`, "leads out of the document"}, {`{"$schema":"https://example.com/meta"}`, "leads out of the document"},
		{`{"$ref":"https://json-schema.org/draft/2020-12/schema"}`, "leads out of the document"}, {`{"$dynamicRef":"http://json-schema.org/draft-07/schema#"}`, "leads out of the document"},
		{`{"$ref":"#/$defs/none"}`, "not found"}, {`{"$ref":"#"}`, "leads back to itself"}, {`{"allOf":[{"$ref":"#"}]}`, "leads back to itself"},
	} {
		if _, err := schema.Compile([]byte(c.schema)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.schema, err, c.want)
		}
	}
}

func TestCompileBounds(t *testing.T) {
	nested := func(n int) string { return strings.Repeat(`{"not":`, n-1) + `{}` + strings.Repeat("}", n-1) }
	sized := func(n int) string { return `{"title":"` + strings.Repeat("x", n-len(`{"title":""}`)) + `"}` }
	for _, c := range []struct {
		name, text string
		ok         bool
	}{
		{"depth at the bound", nested(schema.MaxDocumentDepth), true}, {"depth over it", nested(schema.MaxDocumentDepth + 1), false},
		{"size at the bound", sized(schema.MaxDocument), true}, {"size over it", sized(schema.MaxDocument + 1), false},
		{"white space does not count", strings.Repeat(" ", schema.MaxDocument) + "{}", true},
	} {
		if _, err := schema.Compile([]byte(c.text)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestDocumentBoundsProblems(t *testing.T) {
	d := document(t, `{"items":{"type":"string"}}`)
	if n := len(d.Check([]byte("[" + strings.TrimSuffix(strings.Repeat("1,", 100), ",") + "]"))); n != schema.MaxProblems {
		t.Errorf("%d problems", n)
	}
}

func TestDocumentConcurrentUse(t *testing.T) {
	d := document(t, `{"$defs":{"n":{"properties":{"v":{"type":"integer"},"n":{"$ref":"#/$defs/n"}}}},"$ref":"#/$defs/n","patternProperties":{"^x":{"format":"uuid"}}}`)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if ps := d.Check([]byte(`{"v":1,"n":{"v":"x"},"xy":"z"}`)); len(ps) != 2 {
					t.Errorf("%q", schema.Explain(ps))
				}
			}
		})
	}
	wg.Wait()
}
