package schema

import (
	"fmt"
	"slices"
	"strconv"
)

const (
	// durationPattern is what time.ParseDuration reads.
	durationPattern = `^[-+]?(0|(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`
	intPattern      = `^-?(0|[1-9][0-9]*)$`
	uintPattern     = `^(0|[1-9][0-9]*)$`
	intKeyPattern   = `^(0|-?[1-9][0-9]*)$`
	numberPattern   = `^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?$`

	// largeSchema is from how many bytes on structs that occur more than once are written once, under $defs. Below it
	// they are repeated, because some clients and most models do better without references.
	largeSchema = 16 << 10

	// maxSchema is how large a schema may become.
	maxSchema = 1 << 20
)

// describer writes the schema of nodes.
type describer struct {
	output bool
	share  bool // put all structs that occur twice under $defs, not only recursive ones
	names  map[*node]string
	taken  map[string]bool
	defs   []property
	budget int // structs that may still be written out
}

// describe writes the schema of a plan's root.
func describe(root *node, output bool) ([]byte, error) {
	for _, share := range []bool{false, true} {
		d := &describer{output: output, share: share, names: map[*node]string{}, taken: map[string]bool{}, budget: 2000}
		f, err := d.root(root)
		if err != nil {
			return nil, err
		}
		if d.budget < 0 && !share {
			continue
		}
		text := f.append(nil)
		if len(text) > largeSchema && !share {
			continue
		}
		if len(text) > maxSchema || d.budget < 0 {
			return nil, fmt.Errorf("%s: its schema is larger than %d bytes; split the type", root.typ, maxSchema)
		}
		return text, nil
	}
	return nil, fmt.Errorf("%s: its schema is too large", root.typ)
}

// root writes the outermost schema. A root that contains itself stands under $defs as well, so that there is an object
// at the top whatever a client makes of references.
func (d *describer) root(n *node) (f *form, err error) {
	if b := n.base(); b.shape == shapeStruct {
		f, err = d.structForm(b)
	} else {
		f, err = d.value(n.base(), &tagset{}, true)
	}
	if err != nil {
		return nil, err
	}
	f.defs = d.defs
	return f, nil
}

// value describes n under the tags given; null tells that a nil may be there.
func (d *describer) value(n *node, ts *tagset, null bool) (*form, error) {
	b := n.base()
	f, err := d.bare(b, ts)
	if err != nil {
		return nil, err
	}
	if err := constrain(n, ts, f, d.output); err != nil {
		return nil, err
	}
	if null && (n.shape == shapePointer || d.output && nilable(b)) {
		f = f.nullable()
	}
	return f, nil
}

// nilable tells that encoding/json writes null for the zero value.
func nilable(n *node) bool {
	return n.shape == shapeSlice || n.shape == shapeMap || n.shape == shapeBytes
}

// bare describes n, its own tags aside; those of its elements are in.
func (d *describer) bare(n *node, ts *tagset) (*form, error) {
	switch n.shape {
	case shapeStruct:
		return d.structRef(n)
	case shapeSlice, shapeArray:
		f := &form{types: []string{"array"}}
		if n.shape == shapeArray {
			f.minItems.atLeast(int64(n.typ.Len()))
			f.maxItems.atMost(int64(n.typ.Len()))
		}
		items, err := d.value(n.elem, ts.element(), !ts.element().required)
		f.items = items
		return f, err
	case shapeMap:
		return d.mapForm(n, ts)
	case shapeQuoted:
		return quotedForm(n.elem), nil
	}
	return d.scalar(n), nil
}

// element gives the tags behind a dive.
func (ts *tagset) element() *tagset {
	if ts.elem == nil {
		return &tagset{}
	}
	return ts.elem
}

func (d *describer) scalar(n *node) *form {
	f := &form{}
	switch n.shape {
	case shapeString, shapeText:
		f.types = []string{"string"}
	case shapeBool:
		f.types = []string{"boolean"}
	case shapeInt:
		f.types = []string{"integer"}
		if n.bits < 64 {
			f.bounds.atLeast(strconv.FormatInt(-1<<(n.bits-1), 10), false)
			f.bounds.atMost(strconv.FormatInt(1<<(n.bits-1)-1, 10), false)
		}
	case shapeUint:
		f.types = []string{"integer"}
		f.bounds.atLeast("0", false)
		if n.bits < 64 {
			f.bounds.atMost(strconv.FormatUint(1<<n.bits-1, 10), false)
		}
	case shapeFloat, shapeNumber:
		f.types = []string{"number"}
	case shapeBigInt:
		f.types = []string{"integer"}
	case shapeTime:
		f.types, f.format = []string{"string"}, "date-time"
	case shapeBytes:
		f.types, f.encoding = []string{"string"}, "base64"
	case shapeDuration:
		if d.output {
			f.types, f.description = []string{"integer"}, "nanoseconds"
		} else {
			f.types, f.patterns = []string{"string"}, []string{durationPattern}
			f.description = `a duration such as "1h30m" or "250ms"`
		}
	}
	return f
}

// quotedForm describes a scalar in a string.
func quotedForm(n *node) *form {
	f := &form{types: []string{"string"}}
	switch n.shape {
	case shapeBool:
		f.enum = [][]byte{[]byte(`"true"`), []byte(`"false"`)}
	case shapeInt, shapeDuration:
		f.match(intPattern)
	case shapeUint:
		f.match(uintPattern)
	case shapeFloat:
		f.match(numberPattern)
	case shapeString:
		f.match(`^".*"$`)
	}
	return f
}

func (d *describer) mapForm(n *node, ts *tagset) (*form, error) {
	f := &form{types: []string{"object"}}
	values, err := d.value(n.elem, ts.element(), !ts.element().required)
	if err != nil {
		return nil, err
	}
	if n.elem.base().shape != shapeAny {
		f.values = values
	}
	names := &form{}
	switch n.key.shape {
	case shapeInt:
		names.match(intKeyPattern)
	case shapeUint:
		names.match(uintPattern)
	}
	if ts.keys != nil {
		target := names
		if n.key.shape != shapeString {
			target = &form{} // its tags are about the Go value
		}
		if err := constrain(n.key, ts.keys, target, d.output); err != nil {
			return nil, err
		}
	}
	if text := names.append(nil); len(text) > len("{}") {
		f.names = names
	}
	return f, nil
}

// structRef describes a struct in place, or by reference where it must be.
func (d *describer) structRef(n *node) (*form, error) {
	if !n.recursive && !(d.share && n.used > 1) {
		return d.structForm(n)
	}
	name, ok := d.names[n]
	if !ok {
		name = d.defName(n)
		d.names[n] = name
		slot := len(d.defs)
		d.defs = append(d.defs, property{name: name})
		f, err := d.structForm(n)
		if err != nil {
			return nil, err
		}
		d.defs[slot].form = f
	}
	return &form{ref: "#/$defs/" + name}, nil
}

// defName makes a name of the Go type's, of letters that need no escape in a reference.
func (d *describer) defName(n *node) string {
	var b []byte
	for _, c := range []byte(n.typ.Name()) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_':
			b = append(b, c)
		case c == '/' || c == '.':
			b = b[:0] // the path of a type argument's package says nothing to a client
		}
	}
	name := string(b)
	if name == "" {
		name = "Object"
	}
	for i, base := 2, name; d.taken[name]; i++ {
		name = base + strconv.Itoa(i)
	}
	d.taken[name] = true
	return name
}

func (d *describer) structForm(n *node) (*form, error) {
	f := &form{types: []string{"object"}, object: true, closed: !d.output}
	if d.budget--; d.budget < 0 {
		return f, nil
	}
	for _, fd := range n.fields {
		p, err := d.fieldForm(fd)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", n.typ, fd.goName, err)
		}
		f.props = append(f.props, property{fd.name, p})
		if d.output && !fd.omitEmpty && !fd.omitZero && !fd.behindPtr || !d.output && fd.required {
			f.required = append(f.required, fd.name)
		}
	}
	return f, nil
}

func (d *describer) fieldForm(fd *field) (*form, error) {
	// In output a nil that is left out is never written as null.
	null := !fd.tags.required && fd.header == "" && !(d.output && (fd.omitEmpty || fd.omitZero))
	f, err := d.value(fd.node, fd.tags, null)
	if err != nil {
		return nil, err
	}
	if d.output && fd.tags.omit && fd.zeroProblem != nil {
		f = allowZero(fd.node, f)
	}
	return d.words(fd, f)
}

// allowZero lets the zero value in where `omitempty` keeps the validator from looking at it and encoding/json still
// writes it.
func allowZero(n *node, f *form) *form {
	var zero []byte
	switch n.shape {
	case shapeString:
		zero = []byte(`""`)
	case shapeInt, shapeUint, shapeFloat, shapeDuration:
		zero = []byte("0")
	case shapeBool:
		zero = []byte("false")
	default:
		return f
	}
	if f.enum != nil && f.plainEnum() {
		if !slices.ContainsFunc(f.enum, func(v []byte) bool { return string(v) == string(zero) }) {
			f.enum = append(slices.Clip(f.enum), zero)
		}
		return f
	}
	return f.or(&form{constant: zero})
}

// plainEnum tells that the enum is all that is asked of the value.
func (f *form) plainEnum() bool {
	return f.constant == nil && f.anyOf == nil && f.allOf == nil && f.not == nil && f.patterns == nil && f.format == "" &&
		!f.minLength.set && !f.maxLength.set && f.bounds == (bounds{})
}

// words adds what the field's tags say to people and models.
func (d *describer) words(fd *field, f *form) (*form, error) {
	example, err := exampleJSON(fd.node, fd.field.Tag)
	if err != nil {
		return nil, fmt.Errorf("example: %w", err)
	}
	g := *f
	if fd.info.Title != "" {
		g.title = fd.info.Title
	}
	if fd.info.Description != "" {
		g.description = fd.info.Description
	}
	if example != nil {
		g.examples = [][]byte{example}
	}
	g.fallback = fd.fallback
	g.header = fd.header
	return &g, nil
}
