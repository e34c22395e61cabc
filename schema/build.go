package schema

import (
	"fmt"
	"reflect"
)

// maxFields is how many properties one struct may have: the binder keeps a bit for each.
const maxFields = 256

// narrow is up to how many properties a linear search beats a map.
const narrow = 8

// builder makes the nodes of one plan.
type builder struct {
	output  bool
	aliases map[string]string
	structs map[structKey]*node
	order   []*node // the structs, in the order met
}

// structKey tells apart the one struct whose tags hold from the same struct under validate:"-".
type structKey struct {
	typ     reflect.Type
	checked bool
}

// build makes the node of t. path is the way to it in Go, for errors.
func (b *builder) build(t reflect.Type, path string, checked bool) (*node, error) {
	if s, ok := knownShape(t); ok {
		return &node{shape: s, typ: t}, nil
	}
	if s, ok := customShape(t, b.output); ok {
		if t.Kind() == reflect.Struct && checked {
			b.aside(t, path)
		}
		return &node{shape: s, typ: t}, nil
	}
	if s, bits, ok := scalarShape(t); ok {
		return &node{shape: s, typ: t, bits: bits}, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return b.holder(shapePointer, t, path, checked)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 && !reflect.PointerTo(t.Elem()).Implements(typeOf[interface{ UnmarshalText([]byte) error }]()) {
			return &node{shape: shapeBytes, typ: t}, nil
		}
		return b.holder(shapeSlice, t, path+"[]", checked)
	case reflect.Array:
		return b.holder(shapeArray, t, path+"[]", checked)
	case reflect.Map:
		return b.mapNode(t, path, checked)
	case reflect.Struct:
		return b.structNode(t, path, checked)
	case reflect.Interface:
		if t.NumMethod() == 0 || b.output {
			return &node{shape: shapeAny, typ: t}, nil
		}
		return nil, fmt.Errorf("%s: JSON cannot choose a type for the interface %s; use a concrete type, any or json.RawMessage", path, t)
	}
	return nil, fmt.Errorf("%s: a %s has no JSON form; leave it out with `json:\"-\"` or use a type that encoding/json knows", path, t)
}

func scalarShape(t reflect.Type) (shape, int, bool) {
	switch t.Kind() {
	case reflect.String:
		return shapeString, 0, true
	case reflect.Bool:
		return shapeBool, 0, true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return shapeInt, t.Bits(), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return shapeUint, t.Bits(), true
	case reflect.Float32, reflect.Float64:
		return shapeFloat, t.Bits(), true
	}
	return 0, 0, false
}

func (b *builder) holder(s shape, t reflect.Type, path string, checked bool) (*node, error) {
	elem, err := b.build(t.Elem(), path, checked)
	if err != nil {
		return nil, err
	}
	return &node{shape: s, typ: t, elem: elem}, nil
}

func (b *builder) mapNode(t reflect.Type, path string, checked bool) (*node, error) {
	key := &node{typ: t.Key()}
	if s, ok := customShape(t.Key(), b.output); ok && s == shapeText {
		key.shape = shapeText
	} else if s, bits, ok := scalarShape(t.Key()); ok && (s == shapeString || s == shapeInt || s == shapeUint) {
		key.shape, key.bits = s, bits
	} else {
		return nil, fmt.Errorf("%s: a map with %s for keys has no JSON form; use string or integer keys, or a type with MarshalText and UnmarshalText", path, t.Key())
	}
	if b.output && t.Key().Kind() == reflect.String {
		key.shape = shapeString // encoding/json takes the string itself before any method
	}
	elem, err := b.build(t.Elem(), path+"[]", checked)
	if err != nil {
		return nil, err
	}
	return &node{shape: shapeMap, typ: t, key: key, elem: elem}, nil
}

func (b *builder) structNode(t reflect.Type, path string, checked bool) (*node, error) {
	id := structKey{t, checked}
	if n := b.structs[id]; n != nil {
		n.used++
		if n.state == visiting {
			n.recursive = true
		}
		return n, nil
	}
	n := &node{shape: shapeStruct, typ: t, checked: checked, state: visiting, used: 1}
	b.structs[id] = n
	b.order = append(b.order, n)
	list := members(t)
	if len(list) > maxFields {
		return nil, fmt.Errorf("%s: %s has %d properties and at most %d are taken; group them into structs", path, t, len(list), maxFields)
	}
	for _, m := range list {
		f, err := b.field(t, m, path, checked)
		if err != nil {
			return nil, err
		}
		n.fields = append(n.fields, f)
	}
	if len(list) > narrow {
		n.byName = make(map[string]int, len(list))
		for i, f := range n.fields {
			n.byName[f.name] = i
		}
	}
	n.state = visited
	if checked {
		b.embeds(t, path)
	}
	return n, nil
}

// aside makes a node that stands in no schema, for the validator's rules only: it goes into structs that are embedded
// and into those that read themselves, too. What cannot be made has no rules.
func (b *builder) aside(t reflect.Type, path string) {
	if n, err := b.structNode(t, path, true); err == nil {
		n.used--
	}
}

func (b *builder) embeds(t reflect.Type, path string) {
	for i := range t.NumField() {
		f := t.Field(i)
		base := f.Type
		if base.Kind() == reflect.Pointer {
			base = base.Elem()
		}
		if flattened(f, base) && f.Tag.Get("validate") != "-" {
			b.aside(base, path)
		}
	}
}

// flattened tells that the members of an embedded struct are taken as the outer one's.
func flattened(f reflect.StructField, base reflect.Type) bool {
	tag := readJSONTag(f)
	return f.Anonymous && base.Kind() == reflect.Struct && !tag.skip && tag.name == ""
}

func (b *builder) field(outer reflect.Type, m member, path string, checked bool) (*field, error) {
	path += "." + m.goName
	if !b.output {
		if err := settable(outer, m.index); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	checked = checked && !m.unchecked
	ts := &tagset{}
	if checked {
		var err error
		if ts, err = parseTags(m.field.Tag.Get("validate"), b.aliases); err != nil {
			return nil, fmt.Errorf("%s: validate tag: %w", path, err)
		}
	}
	n, err := b.build(m.field.Type, path, checked && !ts.ignored && ts.level == "")
	if err != nil {
		return nil, err
	}
	if m.quoted {
		n = quoteNode(n)
	}
	if err := fits(n, ts); err != nil {
		return nil, fmt.Errorf("%s: validate %w", path, err)
	}
	f := &field{member: m, node: n, tags: ts}
	f.fallback, err = defaultJSON(n, m.field.Tag)
	if err != nil {
		return nil, fmt.Errorf("%s: default: %w", path, err)
	}
	f.required = ts.required && f.fallback == nil
	f.notNull = ts.required && n.shape == shapePointer
	f.notEmpty = ts.required && n.sized()
	if f.header, err = headerOf(m, n, b.output); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f.noNull = f.notNull || f.header != ""
	f.info = infoOf(f)
	return f, nil
}

// quoteNode puts the json option "string" around a scalar. encoding/json looks through one pointer.
func quoteNode(n *node) *node {
	switch n.shape {
	case shapePointer:
		p := *n
		p.elem = quoteNode(n.elem)
		return &p
	case shapeString, shapeBool, shapeInt, shapeUint, shapeFloat, shapeDuration:
		return &node{shape: shapeQuoted, typ: n.typ, elem: n}
	}
	return n
}

// settable refuses what encoding/json refuses to fill: a nil pointer to an unexported struct.
func settable(t reflect.Type, index []int) error {
	for _, i := range index[:len(index)-1] {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		f := t.Field(i)
		if f.Type.Kind() == reflect.Pointer && !f.IsExported() {
			return fmt.Errorf("the embedded pointer to %s is unexported and cannot be filled in; embed the struct itself", f.Type.Elem())
		}
		t = f.Type
	}
	return nil
}

// fits checks that the tags can work on n, and that dive has something to go into, all the way down.
func fits(n *node, ts *tagset) error {
	if err := constrain(n, ts, &form{}, false); err != nil {
		return err
	}
	n = n.base()
	if !ts.dive {
		return nil
	}
	if !n.container() {
		return fmt.Errorf("tag: dive needs a slice, an array or a map, and this is a %s", n.typ)
	}
	if ts.keys != nil {
		if n.shape != shapeMap {
			return fmt.Errorf("tag: keys needs a map, and this is a %s", n.typ)
		}
		if err := fits(n.key, ts.keys); err != nil {
			return err
		}
	}
	return fits(n.elem, ts.elem)
}
