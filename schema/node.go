package schema

import (
	"encoding"
	"encoding/json"
	"math/big"
	"reflect"
	"time"
)

// shape is how a Go type looks in JSON.
type shape uint8

const (
	shapeStruct shape = iota
	shapeMap
	shapeSlice
	shapeArray
	shapePointer
	shapeString
	shapeBool
	shapeInt
	shapeUint
	shapeFloat
	shapeTime
	shapeDuration
	shapeBytes  // base64
	shapeRaw    // json.RawMessage
	shapeAny    // an empty interface; in output, any interface
	shapeNumber // json.Number
	shapeBigInt
	shapeJSON   // reads or writes itself as JSON
	shapeText   // reads or writes itself as text
	shapeQuoted // a scalar in a string, by the json option "string"
)

// node is what is known of one Go type: how its values are described, read and judged. Nodes of recursive types form
// cycles.
type node struct {
	shape     shape
	typ       reflect.Type
	bits      int   // of a number
	elem      *node // of a pointer, slice, array, map, quoted scalar
	key       *node // of a map
	fields    []*field
	byName    map[string]int // for structs too wide for a linear search
	checked   bool           // the validate tags of this struct hold here
	open      bool           // properties that this struct does not have are ignored
	recursive bool           // a struct that contains itself
	used      int            // how many places refer to it
	state     visit
	// zeros tells that somewhere below are values whose zero is refused, so that an output must be walked.
	zeros bool
	// shut tells that {} is no value of this struct, because something in it is required. An absent struct that is not
	// shut takes the defaults inside.
	shut bool
	// defaults tells that there are defaults somewhere inside this struct.
	defaults bool
}

// visit marks how far a walk over the nodes has come.
type visit uint8

const (
	unvisited visit = iota
	visiting
	visited
)

// field is a struct's property.
type field struct {
	member
	node     *node
	tags     *tagset
	required bool // the property must be there
	notNull  bool // and its pointer must not be nil
	noNull   bool // null is refused where the property is there
	notEmpty bool // and it must hold something
	// zeroProblem says why the zero value is refused, nil when it is not.
	zeroProblem *Problem
	fallback    []byte // the default, as JSON; nil when there is none
	header      string // the part of an HTTP header's name that repeats the property, "" for none
	info        FieldInfo
}

// at returns the field in struct v, nil pointers to embedded structs on the way filled in.
func (f *field) at(v reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return v.Field(f.index[0])
	}
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}

// peek returns the field in struct v, and false when an embedded pointer on the way is nil.
func (f *field) peek(v reflect.Value) (reflect.Value, bool) {
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, true
}

// base follows pointers.
func (n *node) base() *node {
	for n.shape == shapePointer {
		n = n.elem
	}
	return n
}

// container tells that n holds other values that tags after `dive` speak of.
func (n *node) container() bool {
	return n.shape == shapeSlice || n.shape == shapeArray || n.shape == shapeMap
}

// sized tells that for n `required` also means not empty.
func (n *node) sized() bool {
	return n.shape == shapeString || n.shape == shapeSlice || n.shape == shapeMap || n.shape == shapeBytes ||
		n.shape == shapeQuoted && n.elem.shape == shapeString
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// knownShape gives the shape of types that are what they are whatever their methods.
func knownShape(t reflect.Type) (shape, bool) {
	switch t {
	case typeOf[time.Time]():
		return shapeTime, true
	case typeOf[time.Duration]():
		return shapeDuration, true
	case typeOf[json.RawMessage]():
		return shapeRaw, true
	case typeOf[json.Number]():
		return shapeNumber, true
	case typeOf[big.Int]():
		return shapeBigInt, true
	}
	return 0, false
}

// customShape tells that t reads itself (input) or writes itself (output).
func customShape(t reflect.Type, output bool) (shape, bool) {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return 0, false // what it points to is asked
	}
	p := reflect.PointerTo(t)
	if output {
		switch {
		case p.Implements(typeOf[json.Marshaler]()):
			return shapeJSON, true
		case t.Implements(typeOf[encoding.TextMarshaler]()):
			return shapeText, true
		case p.Implements(typeOf[encoding.TextMarshaler]()):
			// encoding/json uses the method only where the value can be addressed, so either form may come.
			return shapeJSON, true
		}
		return 0, false
	}
	switch {
	case p.Implements(typeOf[json.Unmarshaler]()):
		return shapeJSON, true
	case p.Implements(typeOf[encoding.TextUnmarshaler]()):
		return shapeText, true
	}
	return 0, false
}
