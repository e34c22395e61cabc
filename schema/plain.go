package schema

import (
	"reflect"
	"strconv"
	"unicode/utf8"
)

// plain are the conditions of a struct whose tags only compare numbers and lengths with constants, and texts with a list.
// A value that holds them all needs no validator: what the validator would say of it is known. What does not hold is the
// validator's to judge, and to explain. It takes a twentieth of the validator's time (BenchmarkPlain), and allocates nothing.
type plain []condition

// condition is one tag of one field.
type condition struct {
	index []int // of the field
	holds func(v reflect.Value) bool
}

// hold tells that v, the struct, is good without any doubt.
func (p plain) hold(v reflect.Value) bool {
	for i := range p {
		c := &p[i]
		f := v
		for _, x := range c.index {
			f = f.Field(x)
		}
		if !c.holds(f) {
			return false
		}
	}
	return true
}

// plainOf collects the conditions of a struct; ok is false when a tag, or a type, is none that is understood here.
func plainOf(n *node) (p plain, ok bool) {
	if n.shape != shapeStruct || n.recursive || !n.checked {
		return nil, false
	}
	for _, f := range n.fields {
		if f.tags.ignored {
			continue
		}
		if len(f.tags.early) > 0 || f.tags.level != "" || belowRule(f.node.base(), f.tags) != "" || !straight(n.typ, f.index) {
			return nil, false
		}
		base := f.node.base()
		switch {
		case base.shape == shapeStruct:
			inner, ok := plainOf(base)
			if !ok || f.node.shape == shapePointer || len(f.tags.tags) > 0 {
				return nil, false
			}
			for _, c := range inner {
				p = append(p, condition{append(append([]int(nil), f.index...), c.index...), c.holds})
			}
		case base.typ.Kind() == reflect.Struct && base.shape != shapeTime:
			return nil, false // the validator goes into it
		case len(f.tags.tags) > 0 && f.node.shape == shapePointer:
			return nil, false
		}
		for _, t := range f.tags.tags {
			holds := holdsOf(f, t)
			if holds == nil {
				return nil, false
			}
			p = append(p, condition{f.index, holds})
		}
	}
	return p, true
}

// straight tells that a field is reached without a pointer on the way, which might be nil.
func straight(t reflect.Type, index []int) bool {
	for _, x := range index[:len(index)-1] {
		if t = t.Field(x).Type; t.Kind() != reflect.Struct {
			return false
		}
	}
	return true
}

// holdsOf is the condition that a tag makes of a field; nil when it is not one of these.
func holdsOf(f *field, t tag) func(v reflect.Value) bool {
	if !t.own || len(t.alts) != 1 {
		return nil
	}
	name, param := t.alts[0].name, t.alts[0].param
	switch f.node.shape {
	case shapeString:
		if name == "oneof" && len(f.tags.tags) == 1 && f.info.Enum != nil {
			return among(f.info.Enum)
		}
		return compared(name, param, parseInteger, func(v reflect.Value) int64 { return int64(utf8.RuneCountInString(v.String())) }, false)
	case shapeSlice, shapeMap:
		return compared(name, param, parseInteger, func(v reflect.Value) int64 { return int64(v.Len()) }, false)
	case shapeInt:
		return compared(name, param, parseInteger, reflect.Value.Int, true)
	case shapeUint:
		return compared(name, param, func(s string) (uint64, error) { return strconv.ParseUint(s, 0, 64) }, reflect.Value.Uint, true)
	case shapeFloat:
		if f.node.typ.Kind() == reflect.Float64 { // the validator reads the constants of others with less precision
			return compared(name, param, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) }, reflect.Value.Float, true)
		}
	}
	return nil
}

func parseInteger(s string) (int64, error) { return strconv.ParseInt(s, 0, 64) }

// compared is the comparison with a constant. eq and ne mean lengths only of slices and maps, and values of texts, so
// they are taken for numbers alone.
func compared[T int64 | uint64 | float64](name, param string, parse func(string) (T, error), of func(reflect.Value) T, number bool) func(reflect.Value) bool {
	c, err := parse(param)
	if err != nil {
		return nil
	}
	switch name {
	case "min", "gte":
		return func(v reflect.Value) bool { return of(v) >= c }
	case "max", "lte":
		return func(v reflect.Value) bool { return of(v) <= c }
	case "gt":
		return func(v reflect.Value) bool { return of(v) > c }
	case "lt":
		return func(v reflect.Value) bool { return of(v) < c }
	case "len":
		return func(v reflect.Value) bool { return of(v) == c }
	case "eq":
		if number {
			return func(v reflect.Value) bool { return of(v) == c }
		}
	case "ne":
		if number {
			return func(v reflect.Value) bool { return of(v) != c }
		}
	}
	return nil
}

func among(list []string) func(reflect.Value) bool {
	return func(v reflect.Value) bool {
		s := v.String()
		for _, one := range list {
			if s == one {
				return true
			}
		}
		return false
	}
}
