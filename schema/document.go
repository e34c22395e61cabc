package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

const (
	// MaxDocument is how many bytes a hand-written schema may have, white space aside.
	MaxDocument = 256 << 10

	// MaxDocumentDepth is how deeply its arrays and objects may nest.
	MaxDocumentDepth = 64

	// maxExponent bounds the exponents of numbers, as maxBigDigits bounds their digits: a short text such as 1e999999
	// stands for a number that takes long to compare with anything.
	maxExponent = 400

	// documentURL is what relative references resolve against. Nothing is ever loaded from it.
	documentURL = "schema://document/schema.json"
)

// Document is a hand-written JSON Schema, compiled. It is safe for concurrent use.
type Document struct {
	text     []byte
	compiled *jsonschema.Schema
}

// Compile reads a JSON Schema: draft 2020-12, or the draft that its $schema names. It must be an object of at most
// [MaxDocument] bytes, nested at most [MaxDocumentDepth] deep, without repeated names. A reference that leads out of the
// document is an error: nothing is ever fetched, from the network or from disk. Keywords that no draft knows are kept and
// ignored. `format` is asserted, for the formats that the JSON Schema specification defines; regular expressions are Go's
// (RE2), so those with lookaround are errors.
func Compile(schema []byte) (*Document, error) {
	text, err := compact(schema)
	if err != nil {
		return nil, err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	if err := inside(value); err != nil {
		return nil, err
	}
	compiled, err := compileValue(value)
	if err != nil {
		return nil, err
	}
	d := &Document{text: text, compiled: compiled}
	if d.endless() {
		return nil, errors.New("schema: a $ref leads back to itself without going into a property or an item; take it out")
	}
	return d, nil
}

// compact checks the text's outer bounds and takes the white space out.
func compact(schema []byte) ([]byte, error) {
	if problems := wellFormed(schema); problems != nil {
		return nil, fmt.Errorf("schema: %s", problems[0])
	}
	var out bytes.Buffer
	if err := json.Compact(&out, schema); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	text := out.Bytes()
	if len(text) > MaxDocument {
		return nil, fmt.Errorf("schema: %d bytes, and at most %d are taken", len(text), MaxDocument)
	}
	if text[0] != '{' {
		return nil, fmt.Errorf("schema: expected an object, got %s", shorten(string(text)))
	}
	if d := depth(text); d > MaxDocumentDepth {
		return nil, fmt.Errorf("schema: nested %d deep, and at most %d is taken", d, MaxDocumentDepth)
	}
	b := binder{in: text}
	b.duplicates(0)
	b.hugeNumbers()
	if len(b.problems) > 0 {
		return nil, fmt.Errorf("schema: %s", Explain(b.problems))
	}
	return text, nil
}

// depth counts how deeply a text nests.
func depth(text []byte) int {
	now, most := 0, 0
	for i := 0; i < len(text); {
		switch text[i] {
		case '"':
			i, _, _ = scan.String(text, i)
			continue
		case '{', '[':
			now++
			most = max(most, now)
		case '}', ']':
			now--
		}
		i++
	}
	return most
}

// hugeNumbers reports numbers whose exponent is out of all proportion.
func (b *binder) hugeNumbers() {
	for i := 0; i < len(b.in); {
		c := b.in[i]
		switch {
		case c == '"':
			i, _, _ = scan.String(b.in, i)
		case c == '-' || '0' <= c && c <= '9':
			end, _, err := scan.Number(b.in, i)
			if err != nil {
				return
			}
			if _, _, _, exponent := splitNumber(b.in[i:end]); exponent > maxExponent || exponent < -maxExponent || end-i > maxBigDigits {
				b.report(fmt.Sprintf("numbers of at most %d digits and an exponent of at most %d", maxBigDigits, maxExponent), shorten(string(b.in[i:end])), nil)
			}
			i = end
		default:
			i++
		}
	}
}

// inside refuses references to the meta-schemas, the one thing outside the document that the compiler has at hand.
func inside(value any) error {
	switch v := value.(type) {
	case []any:
		for _, x := range v {
			if err := inside(x); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, x := range v {
			ref, ok := x.(string)
			if ok && (name == "$ref" || name == "$dynamicRef" || name == "$recursiveRef") && strings.Contains(ref, "://json-schema.org/") {
				return fmt.Errorf("schema: the reference %s leads out of the document; put what it means under $defs", ref)
			}
			if err := inside(x); err != nil {
				return err
			}
		}
	}
	return nil
}

// nothing is a loader that loads nothing.
type nothing struct{}

func (nothing) Load(url string) (any, error) {
	return nil, fmt.Errorf("it leads out of the document (%s), and nothing is fetched; put what it means under $defs", url)
}

func compileValue(value any) (compiled *jsonschema.Schema, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("schema: it cannot be compiled: %v", p)
		}
	}()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(nothing{})
	if err := c.AddResource(documentURL, value); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	compiled, err = c.Compile(documentURL)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", readable(err))
	}
	return compiled, nil
}

// readable says what is wrong with a schema without the meta-schema's name for everything.
func readable(err error) error {
	var invalid *jsonschema.SchemaValidationError
	var found *jsonschema.ValidationError
	if errors.As(err, &invalid) && errors.As(invalid.Err, &found) {
		t := translator{}
		t.problems(found)
		return fmt.Errorf("it is not a valid JSON Schema: %s", Explain(t.out))
	}
	return err
}

// endless tells that a reference leads to itself on the spot, which shows with any instance.
func (d *Document) endless() bool {
	for _, instance := range []any{map[string]any{}, []any{}, "", json.Number("0"), true, nil} {
		var found *jsonschema.ValidationError
		if errors.As(d.validate(instance), &found) && hasCycle(found) {
			return true
		}
	}
	return false
}

func hasCycle(e *jsonschema.ValidationError) bool {
	if _, ok := e.ErrorKind.(*kind.RefCycle); ok {
		return true
	}
	for _, c := range e.Causes {
		if hasCycle(c) {
			return true
		}
	}
	return false
}

// JSON returns the schema as it was written, without white space between the tokens: order, numbers and unknown keywords
// are as they were. The caller may keep and change the bytes.
func (d *Document) JSON() []byte { return bytes.Clone(d.text) }

// Check tells whether instance, JSON text, keeps to the schema. Text that is not strict JSON (something behind the value,
// a name twice, bytes that are not UTF-8) is a problem before the schema is looked at. Empty text is {}. It reports
// everything that is wrong, at most [MaxProblems] of it; nil means that the instance is good.
func (d *Document) Check(instance []byte) []Problem {
	if len(instance) == 0 {
		instance = []byte("{}")
	}
	if problems := wellFormed(instance); problems != nil {
		return problems
	}
	b := binder{in: instance}
	b.duplicates(scan.Space(instance, 0))
	b.hugeNumbers()
	if b.problems != nil {
		return b.problems
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(instance))
	if err != nil {
		return []Problem{{Want: "one well-formed JSON value", Got: err.Error()}}
	}
	var found *jsonschema.ValidationError
	if err := d.validate(value); err == nil {
		return nil
	} else if !errors.As(err, &found) {
		return []Problem{{Want: "a value that the schema can be applied to", Got: err.Error()}}
	}
	t := translator{in: instance, root: value}
	t.problems(found)
	return t.out
}

func (d *Document) validate(value any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the schema cannot be applied: %v", p)
		}
	}()
	return d.compiled.Validate(value)
}
