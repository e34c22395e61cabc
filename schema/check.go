package schema

import (
	"reflect"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// Check tells whether v, of the plan's type or a pointer to it, keeps to the tags that the schema is made of. A value
// that encoding/json leaves out is not looked at, nor is a zero value under `omitempty`; 0 and false are values like any
// other. nil means that v is good.
func (p *Plan) Check(v any) []Problem {
	rv := reflect.ValueOf(v)
	for rv.IsValid() && rv.Kind() == reflect.Pointer && !rv.IsNil() {
		rv = rv.Elem()
	}
	if !rv.IsValid() || rv.Type() != p.base.typ {
		if p.base.shape == shapeAny {
			return nil
		}
		return []Problem{{Want: p.base.want(), Got: gotText(rv)}}
	}
	c := checker{}
	c.value(p.base, rv)
	if !p.judged || c.deep {
		return c.problems
	}
	found := p.judge.run(rv, p.rule)
	if len(found) == 0 {
		return c.problems
	}
	return p.judge.verdicts(found, rv, c.problems, func(steps []step) bool { return p.base.leavesOut(rv, steps) })
}

// checker walks a Go value and looks at what the validator is not asked about: what is nil, empty or zero.
type checker struct {
	binder
	deep bool // the value nests without end, or nearly so
}

func (c *checker) value(n *node, v reflect.Value) {
	if len(c.steps) > scan.MaxDepth {
		if !c.deep {
			c.report("a value that does not contain itself", "one that nests too deeply", nil)
		}
		c.deep = true
		return
	}
	switch n.shape {
	case shapePointer:
		if !v.IsNil() {
			c.value(n.elem, v.Elem())
		}
	case shapeStruct:
		if n.zeros {
			c.structure(n, v)
		}
	case shapeSlice, shapeArray:
		if !n.zerosInside() {
			return
		}
		for i := range v.Len() {
			c.push(step{index: i, item: true})
			c.value(n.elem, v.Index(i))
			c.pop()
		}
	case shapeMap:
		if !n.zerosInside() {
			return
		}
		for it := v.MapRange(); it.Next(); {
			c.push(step{name: keyName(it.Key())})
			c.value(n.elem, it.Value())
			c.pop()
		}
	}
}

func (c *checker) structure(n *node, outer reflect.Value) {
	for _, f := range n.fields {
		v, ok := f.peek(outer)
		if !ok || f.omits(v) {
			continue
		}
		c.push(step{name: f.name})
		switch {
		case f.notNull && v.IsNil():
			c.report(f.node.want(), "nothing", nil)
		case f.notEmpty && v.Len() == 0:
			c.report(atLeastOne(f.node), "an empty one", nil)
		case f.zeroProblem != nil && !f.tags.omit && v.IsZero():
			c.report(f.zeroProblem.Want, f.zeroProblem.Got, f.zeroProblem.Allowed)
		default:
			c.value(f.node, v)
		}
		c.pop()
	}
}

// leavesOut tells that encoding/json writes nothing, or null, where steps lead from v, a value of n's type.
func (n *node) leavesOut(v reflect.Value, steps []step) bool {
	for n.shape == shapePointer {
		if v.IsNil() {
			return true
		}
		n, v = n.elem, v.Elem()
	}
	if len(steps) == 0 {
		return nilable(n) && v.IsNil()
	}
	switch n.shape {
	case shapeStruct:
		x := n.find([]byte(steps[0].name), 0)
		if x < 0 {
			return false
		}
		f := n.fields[x]
		inner, ok := f.peek(v)
		return !ok || f.omits(inner) || f.node.leavesOut(inner, steps[1:])
	case shapeSlice, shapeArray:
		return steps[0].index < v.Len() && n.elem.leavesOut(v.Index(steps[0].index), steps[1:])
	}
	// What is in a map is there, as far as this question goes.
	return false
}

// omits tells that encoding/json leaves the field out.
func (f *field) omits(v reflect.Value) bool {
	if f.omitZero {
		if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
			return v.Kind() == reflect.Pointer && v.IsNil() || z.IsZero()
		}
		if v.IsZero() {
			return true
		}
	}
	if !f.omitEmpty {
		return false
	}
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
