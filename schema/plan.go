package schema

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// Plan is what is known of one type, compiled once: its JSON Schema, how to bind JSON to it, and how to check it. It is
// safe for concurrent use.
type Plan struct {
	typ    reflect.Type
	root   *node
	base   *node // root without pointers
	output bool
	text   []byte
	judge  *judge
	rule   string // for the validator, when base is not a struct
	judged bool   // the validator has something to say
	// plain are the conditions that take its place for values that hold them, when isPlain.
	plain   plain
	isPlain bool
}

// JSON returns the schema, draft 2020-12, without $schema. Properties are in the order of the fields, and the bytes are
// the same for the same type. The caller may keep and change them.
func (p *Plan) JSON() []byte { return bytes.Clone(p.text) }

// Bind reads args, a JSON object, into dst, a pointer to a value of the plan's type that is zero, and has the validator
// judge it. Empty args are {}. It reports everything that is wrong, at most [MaxProblems] of it; nil means that dst is
// good. dst shares no memory with args.
//
// It panics if dst is not a pointer to the plan's type, which is a mistake in the program.
func (p *Plan) Bind(args []byte, dst any) []Problem {
	if len(args) == 0 {
		args = []byte("{}")
	}
	if problems := wellFormed(args); problems != nil {
		return problems
	}
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Type().Elem() != p.typ {
		panic(fmt.Sprintf("schema: Bind needs a *%s, not a %T", p.typ, dst))
	}
	i := scan.Space(args, 0)
	if args[i] != '{' {
		return []Problem{{Want: p.base.want(), Got: shorten(string(args[i:]))}}
	}
	v = v.Elem()
	for v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	problems := fill(p.base, args, i, v)
	if !p.judged || p.isPlain && p.plain.hold(v) {
		return problems
	}
	found := p.judge.run(v, p.rule)
	if len(found) == 0 {
		return problems
	}
	return p.judge.verdicts(found, v, problems, func(steps []step) bool { return missing(args, steps) })
}

// Fields lists the names of the root's properties in JSON, in the order of the fields. It is nil for a root that is not a
// struct.
func (p *Plan) Fields() []string {
	if p.base.shape != shapeStruct {
		return nil
	}
	names := make([]string, len(p.base.fields))
	for i, f := range p.base.fields {
		names[i] = f.name
	}
	return names
}

// Field tells what is known of a property of the root, by its name in JSON.
func (p *Plan) Field(name string) (info FieldInfo, ok bool) {
	if p.base.shape != shapeStruct {
		return FieldInfo{}, false
	}
	if x := p.base.find([]byte(name), 0); x >= 0 {
		return p.base.fields[x].info, true
	}
	return FieldInfo{}, false
}
