package schema

import (
	"math/bits"
	"reflect"
	"sync"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// binder reads one JSON text into Go values. The text has been checked to be well formed, so it only has to find its way.
// It collects problems and goes on, so that all are reported together.
type binder struct {
	in       []byte
	problems []Problem
	steps    []step
	room     [8]step // for steps, while the nesting is shallow
	scratch  []byte
}

// maxScratch bounds what a binder that waits for its next use may hold, in bytes.
const maxScratch = 4 << 10

// binders are used again: nothing of theirs is in what they have filled, nor in the problems that they have found.
var binders = sync.Pool{New: func() any { return new(binder) }}

// fill reads the value at args[i], which n describes, into v.
func fill(n *node, args []byte, i int, v reflect.Value) []Problem {
	b := binders.Get().(*binder)
	b.in, b.steps = args, b.room[:0]
	b.value(n, i, v)
	problems := b.problems
	b.in, b.problems, b.steps = nil, nil, nil
	if cap(b.scratch) <= maxScratch {
		binders.Put(b)
	}
	return problems
}

// seen holds a bit for each property met.
type seen [maxFields / 64]uint64

func (s *seen) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }
func (s *seen) add(i int)      { s[i/64] |= 1 << (i % 64) }

func (b *binder) push(s step) { b.steps = append(b.steps, s) }
func (b *binder) pop()        { b.steps = b.steps[:len(b.steps)-1] }

// skip returns the index after the value at i.
func (b *binder) skip(i int) int {
	end, err := scan.Value(b.in, i)
	if err != nil {
		return len(b.in) // cannot be: the text was checked
	}
	return end
}

// value reads the value at i into v, whose type is n's, and returns the index after it.
func (b *binder) value(n *node, i int, v reflect.Value) int {
	switch n.shape {
	case shapeStruct:
		return b.object(n, i, v)
	case shapePointer:
		return b.pointer(n, i, v)
	case shapeSlice:
		return b.slice(n, i, v)
	case shapeArray:
		return b.array(n, i, v)
	case shapeMap:
		return b.mapping(n, i, v)
	case shapeAny, shapeRaw, shapeJSON:
		return b.free(n, i, v)
	}
	return b.scalar(n, i, v)
}

func (b *binder) pointer(n *node, i int, v reflect.Value) int {
	if b.in[i] == 'n' {
		v.SetZero()
		return i + len("null")
	}
	if v.IsNil() {
		v.Set(reflect.New(n.elem.typ))
	}
	return b.value(n.elem, i, v.Elem())
}

// object reads the members of a struct.
func (b *binder) object(n *node, i int, v reflect.Value) int {
	if b.in[i] != '{' {
		return b.mismatch(n, i)
	}
	var have seen
	i = scan.Space(b.in, i+1)
	guess := 0 // members mostly come in the schema's order
	for more := b.in[i] != '}'; more; {
		key, at, _ := scan.Key(b.in, i)
		x := n.find(b.name(key), guess)
		switch {
		case x < 0:
			b.unknown(n, key)
			i = b.skip(at)
		case have.has(x):
			b.push(step{name: n.fields[x].name})
			b.report("this property only once", "it twice", nil)
			b.pop()
			i = b.skip(at)
		default:
			have.add(x)
			i = b.member(n.fields[x], at, v)
		}
		guess = x + 1
		i, more, _ = scan.Next(b.in, i)
		if !more {
			b.absent(n, &have, v)
			return i
		}
	}
	b.absent(n, &have, v)
	return i + 1
}

// name is what a quoted key says. It is good until the next call.
func (b *binder) name(quoted []byte) []byte {
	text := scan.Text(b.scratch[:0], quoted)
	if len(text) != len(quoted)-2 {
		b.scratch = text
	}
	return text
}

// find returns the index of the property with this name, or -1. guess is tried first.
func (n *node) find(name []byte, guess int) int {
	if guess < len(n.fields) && n.fields[guess].name == string(name) {
		return guess
	}
	if n.byName != nil {
		if x, ok := n.byName[string(name)]; ok {
			return x
		}
		return -1
	}
	for x, f := range n.fields {
		if f.name == string(name) {
			return x
		}
	}
	return -1
}

// member reads one property of a struct.
func (b *binder) member(f *field, i int, outer reflect.Value) int {
	b.push(step{name: f.name})
	defer b.pop()
	if f.noNull && b.in[i] == 'n' {
		return b.mismatch(f.node, i)
	}
	before := len(b.problems)
	v := f.at(outer)
	end := b.value(f.node, i, v)
	if len(b.problems) > before {
		return end
	}
	switch {
	case f.notEmpty && v.Len() == 0:
		b.report(atLeastOne(f.node), "an empty one", nil)
	case f.zeroProblem != nil && v.IsZero():
		want := f.zeroProblem.Want
		if !f.required {
			want += ", or the property left out"
		}
		b.report(want, shorten(string(b.in[i:end])), f.zeroProblem.Allowed)
	}
	return end
}

// atLeastOne says what `required` asks of something that has a length.
func atLeastOne(n *node) string {
	switch n.shape {
	case shapeSlice:
		return "at least 1 item"
	case shapeMap:
		return "at least 1 property"
	case shapeBytes:
		return "at least 1 byte"
	}
	return "text that is not empty"
}

// absent deals with the properties that were not there: it binds defaults and reports what is required.
func (b *binder) absent(n *node, have *seen, v reflect.Value) {
	for w := range have {
		low := w * 64
		if low >= len(n.fields) {
			return
		}
		missing := ^have[w]
		if rest := len(n.fields) - low; rest < 64 {
			missing &= 1<<rest - 1
		}
		for ; missing != 0; missing &= missing - 1 {
			b.leave(n.fields[low+bits.TrailingZeros64(missing)], v)
		}
	}
}

// leave deals with one absent property.
func (b *binder) leave(f *field, outer reflect.Value) {
	switch {
	case f.fallback != nil:
		b.fallback(f, f.fallback, outer)
	case f.required:
		b.push(step{name: f.name})
		b.report(b.required(f), "nothing", f.allowed())
		b.pop()
	case f.node.shape == shapeStruct && !f.node.shut && f.node.defaults:
		// {} would have been valid, and would have brought the defaults inside.
		b.fallback(f, []byte("{}"), outer)
	}
}

// required says what a missing property should have been.
func (b *binder) required(f *field) string {
	return f.node.want() + ", which is required"
}

// allowed lists the values that the field's tags allow, when they can be counted.
func (f *field) allowed() []string { return f.info.Enum }

// fallback binds JSON that is not the client's.
func (b *binder) fallback(f *field, text []byte, outer reflect.Value) {
	in := b.in
	b.in = text
	b.push(step{name: f.name})
	b.value(f.node, 0, f.at(outer))
	b.pop()
	b.in = in
}

// slice reads an array of any length.
func (b *binder) slice(n *node, i int, v reflect.Value) int {
	if b.in[i] != '[' {
		return b.mismatch(n, i)
	}
	length := 0
	v.SetZero()
	i = scan.Space(b.in, i+1)
	if b.in[i] == ']' {
		v.Set(reflect.MakeSlice(n.typ, 0, 0)) // empty, not nil: it was there
		return i + 1
	}
	for {
		if length == v.Cap() {
			v.Grow(max(4, length))
		}
		length++
		v.SetLen(length)
		item := v.Index(length - 1)
		item.SetZero()
		var more bool
		if i, more = b.item(n.elem, i, length-1, item); !more {
			return i
		}
	}
}

// array reads an array of the length that its type says.
func (b *binder) array(n *node, i int, v reflect.Value) int {
	if b.in[i] != '[' {
		return b.mismatch(n, i)
	}
	start, length, size := i, 0, n.typ.Len()
	i = scan.Space(b.in, i+1)
	for more := b.in[i] != ']'; more; length++ {
		if length < size {
			i, more = b.item(n.elem, i, length, v.Index(length))
			continue
		}
		i = scan.Space(b.in, b.skip(i))
		more = b.in[i] == ','
		i = scan.Space(b.in, i+1)
	}
	if length == 0 {
		i++
	}
	if length != size {
		b.report(n.want(), itemCount(length)+" in "+shorten(string(b.in[start:i])), nil)
	}
	return i
}

// item reads one item of an array, and returns where the next one starts, or, when there is none, the index after the
// array.
func (b *binder) item(n *node, i, index int, v reflect.Value) (next int, more bool) {
	b.push(step{index: index, item: true})
	i = b.value(n, i, v)
	b.pop()
	i = scan.Space(b.in, i)
	more = b.in[i] == ','
	i++
	if more {
		i = scan.Space(b.in, i)
	}
	return i, more
}

// mapping reads an object with free names.
func (b *binder) mapping(n *node, i int, v reflect.Value) int {
	if b.in[i] != '{' {
		return b.mismatch(n, i)
	}
	v.Set(reflect.MakeMap(n.typ))
	i = scan.Space(b.in, i+1)
	if b.in[i] == '}' {
		return i + 1
	}
	key, elem := reflect.New(n.key.typ).Elem(), reflect.New(n.elem.typ).Elem()
	for more := true; more; {
		quoted, at, _ := scan.Key(b.in, i)
		name := string(b.name(quoted))
		b.push(step{name: name})
		key.SetZero()
		elem.SetZero()
		good := b.mapKey(n.key, name, key)
		if good && v.MapIndex(key).IsValid() {
			b.report("this property only once", "it twice", nil)
		}
		i = b.value(n.elem, at, elem)
		b.pop()
		if good {
			v.SetMapIndex(key, elem)
		}
		i, more, _ = scan.Next(b.in, i)
	}
	return i
}
