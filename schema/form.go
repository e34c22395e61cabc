package schema

import (
	"slices"
	"strconv"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// form is one JSON Schema being put together. Its members are written in a fixed order, so that one type always gives
// the same bytes.
type form struct {
	ref         string
	types       []string
	title       string
	description string
	format      string
	encoding    string // contentEncoding
	patterns    []string
	bounds      bounds
	minLength   count
	maxLength   count
	minItems    count
	maxItems    count
	minProps    count
	maxProps    count
	unique      bool
	enum        [][]byte
	constant    []byte
	not         []*form
	anyOf       []*form
	allOf       []*form
	items       *form
	props       []property
	object      bool // write properties even when there are none
	required    []string
	closed      bool // additionalProperties: false
	values      *form
	names       *form
	fallback    []byte // default
	examples    [][]byte
	header      string // x-mcp-header
	defs        []property
}

type property struct {
	name string
	form *form
}

// count is a length that may be unset.
type count struct {
	n   int64
	set bool
}

func (c *count) atLeast(n int64) {
	if !c.set || n > c.n {
		*c = count{n, true}
	}
}

func (c *count) atMost(n int64) {
	if !c.set || n < c.n {
		*c = count{n, true}
	}
}

// writer appends the members of one object.
type writer struct {
	b     []byte
	first bool
}

func (w *writer) key(name string) {
	if !w.first {
		w.b = append(w.b, ',')
	}
	w.first = false
	w.b = scan.AppendString(w.b, name)
	w.b = append(w.b, ':')
}

func (w *writer) text(name, value string) {
	if value != "" {
		w.key(name)
		w.b = scan.AppendString(w.b, value)
	}
}

func (w *writer) raw(name string, value []byte) {
	if value != nil {
		w.key(name)
		w.b = append(w.b, value...)
	}
}

func (w *writer) count(name string, c count) {
	if c.set {
		w.key(name)
		w.b = strconv.AppendInt(w.b, c.n, 10)
	}
}

func (w *writer) flag(name string, on, value bool) {
	if on {
		w.key(name)
		w.b = strconv.AppendBool(w.b, value)
	}
}

func (w *writer) strings(name string, values []string) {
	if len(values) == 0 {
		return
	}
	w.key(name)
	w.b = append(w.b, '[')
	for i, s := range values {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = scan.AppendString(w.b, s)
	}
	w.b = append(w.b, ']')
}

func (w *writer) raws(name string, values [][]byte) {
	if len(values) == 0 {
		return
	}
	w.key(name)
	w.b = append(w.b, '[')
	for i, v := range values {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, v...)
	}
	w.b = append(w.b, ']')
}

func (w *writer) form(name string, f *form) {
	if f != nil {
		w.key(name)
		w.b = f.append(w.b)
	}
}

func (w *writer) forms(name string, forms []*form) {
	if len(forms) == 0 {
		return
	}
	w.key(name)
	w.b = append(w.b, '[')
	for i, f := range forms {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = f.append(w.b)
	}
	w.b = append(w.b, ']')
}

func (w *writer) properties(name string, props []property, always bool) {
	if len(props) == 0 && !always {
		return
	}
	w.key(name)
	w.b = append(w.b, '{')
	for i, p := range props {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = scan.AppendString(w.b, p.name)
		w.b = append(w.b, ':')
		w.b = p.form.append(w.b)
	}
	w.b = append(w.b, '}')
}

// append writes the schema behind b.
func (f *form) append(b []byte) []byte {
	w := &writer{b: append(b, '{'), first: true}
	w.text("$ref", f.ref)
	switch len(f.types) {
	case 0:
	case 1:
		w.text("type", f.types[0])
	default:
		w.strings("type", f.types)
	}
	w.text("title", f.title)
	w.text("description", f.description)
	w.text("format", f.format)
	w.text("contentEncoding", f.encoding)
	all := f.allOf
	if len(f.patterns) == 1 {
		w.text("pattern", f.patterns[0])
	} else {
		// A schema has room for one pattern; the others go into schemas of their own.
		for _, p := range f.patterns {
			all = append(slices.Clip(all), &form{patterns: []string{p}})
		}
	}
	f.appendLimits(w)
	w.raws("enum", f.enum)
	w.raw("const", f.constant)
	if len(f.not) == 1 {
		w.form("not", f.not[0])
	} else if len(f.not) > 1 {
		w.form("not", &form{anyOf: f.not})
	}
	w.forms("anyOf", f.anyOf)
	w.forms("allOf", all)
	w.form("items", f.items)
	w.properties("properties", f.props, f.object)
	w.strings("required", f.required)
	w.form("propertyNames", f.names)
	w.form("additionalProperties", f.values)
	w.flag("additionalProperties", f.closed, false)
	w.raw("default", f.fallback)
	w.raws("examples", f.examples)
	w.text("x-mcp-header", f.header)
	w.properties("$defs", f.defs, false)
	return append(w.b, '}')
}

func (f *form) appendLimits(w *writer) {
	w.text2("minimum", f.bounds.low, f.bounds.lowOpen, "exclusiveMinimum")
	w.text2("maximum", f.bounds.high, f.bounds.highOpen, "exclusiveMaximum")
	w.count("minLength", f.minLength)
	w.count("maxLength", f.maxLength)
	w.count("minItems", f.minItems)
	w.count("maxItems", f.maxItems)
	w.flag("uniqueItems", f.unique, true)
	w.count("minProperties", f.minProps)
	w.count("maxProperties", f.maxProps)
}

// text2 writes a bound under its closed or its open name.
func (w *writer) text2(closed, literal string, open bool, openName string) {
	if literal == "" {
		return
	}
	if open {
		closed = openName
	}
	w.key(closed)
	w.b = append(w.b, literal...)
}

// plain tells that nothing but a type and words are said, so that null may simply be added to the types.
func (f *form) plain() bool {
	return len(f.types) > 0 && f.enum == nil && f.constant == nil && f.ref == "" && f.anyOf == nil && f.allOf == nil && f.not == nil
}

// nullable returns f with null let in.
func (f *form) nullable() *form {
	if len(f.types) == 0 && f.ref == "" && f.anyOf == nil {
		return f // {} takes null already
	}
	if f.plain() {
		g := *f
		g.types = append(slices.Clone(f.types), "null")
		return &g
	}
	return f.or(&form{types: []string{"null"}})
}

// or returns a schema that takes what f or other takes; f's words stay on the outside, where clients look for them.
func (f *form) or(other *form) *form {
	inner := *f
	outer := &form{title: f.title, description: f.description, fallback: f.fallback, examples: f.examples}
	inner.title, inner.description, inner.fallback, inner.examples = "", "", nil, nil
	outer.anyOf = []*form{&inner, other}
	return outer
}
