package fastmcp

import (
	"encoding/json"
	"reflect"

	"github.com/fastmcp-go/fastmcp/content"
)

// Func is a function of a user's with its types erased once. Typed, Do, Get and Raw make one; tools take it.
type Func struct {
	in, out reflect.Type // nil: no arguments, no schema for the result
	schema  []byte       // a hand-written schema of the arguments
	call    func(c *Context, bind binder) (any, error)
	// check finds a mistake in what the function needs beside its arguments; nil where there is nothing to check.
	check func(a *App) error
	// late: its arguments are bound, but it has a question before it may become a task, and calls Context.reach itself.
	late bool
	// of makes the call for a resource, where it matters which; nil where it does not.
	of func(def *Resource) func(c *Context, bind binder) (any, error)
}

// checked is what check finds.
func (f *Func) checked(a *App) error {
	if f.check == nil {
		return nil
	}
	return f.check(a)
}

// binder fills dst, a pointer to the arguments' type, or tells why it cannot.
type binder func(c *Context, dst any) error

// Typed makes a Func of a function with arguments and a result. In's fields become the schema of the arguments, and
// Out's, where Out is a struct or a map, that of the result.
func Typed[In, Out any](fn func(c *Context, in In) (Out, error)) Func {
	return Func{
		in: reflect.TypeFor[In](), out: outputType[Out](),
		call: func(c *Context, bind binder) (any, error) {
			var in In
			if err := bind(c, &in); err != nil {
				return nil, err
			}
			return erase(fn(c, in))
		},
	}
}

// Do makes a Func of a function without a result.
func Do[In any](fn func(c *Context, in In) error) Func {
	return Func{
		in: reflect.TypeFor[In](),
		call: func(c *Context, bind binder) (any, error) {
			var in In
			if err := bind(c, &in); err != nil {
				return nil, err
			}
			return nil, fn(c, in)
		},
	}
}

// Get makes a Func of a function without arguments.
func Get[Out any](fn func(c *Context) (Out, error)) Func {
	return Func{
		in: reflect.TypeFor[struct{}](), out: outputType[Out](),
		call: func(c *Context, bind binder) (any, error) {
			var none struct{}
			if err := bind(c, &none); err != nil {
				return nil, err
			}
			return erase(fn(c))
		},
	}
}

// Raw makes a Func of a function that reads its arguments itself, and a hand-written JSON Schema for them, whose root
// says "type": "object". The schema is compiled when the tool is added, and reaches clients with all that it says; it
// may refer to parts of itself only, be 256 KiB long and nest 64 deep. Arguments are checked against it first.
func Raw[S ~string | ~[]byte](schema S, fn func(c *Context, args json.RawMessage) (any, error)) Func {
	return Func{
		schema: []byte(schema),
		call: func(c *Context, bind binder) (any, error) {
			var args json.RawMessage
			if err := bind(c, &args); err != nil {
				return nil, err
			}
			return fn(c, args)
		},
	}
}

// erase hides a result that is nil in an interface that is not.
func erase[Out any](out Out, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return out, nil
}

// outputType is the type whose schema describes the result; nil where the result is content and not data.
func outputType[Out any]() reflect.Type {
	t := reflect.TypeFor[Out]()
	switch t {
	case reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[*Result](), reflect.TypeFor[Result](), reflect.TypeFor[json.RawMessage](), reflect.TypeFor[[]content.Block]():
		return nil
	}
	if t.Kind() == reflect.Interface || t.Implements(reflect.TypeFor[content.Block]()) {
		return nil
	}
	if t.Kind() == reflect.Slice && t.Elem().Implements(reflect.TypeFor[content.Block]()) {
		return nil
	}
	return t
}
