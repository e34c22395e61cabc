package schema

import (
	"reflect"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// MaxRepairs is how many repairs are listed at most. All are made: an array of a thousand numbers in quotes is read, and
// the first of them are listed.
const MaxRepairs = 256

// Repair is one value that was read as what it was meant to be.
type Repair struct {
	// Path says where, as in [Problem].
	Path string
	// From is the JSON text that came, shortened to about 60 bytes. It is the client's, and may hold what no log should.
	From string
	// To is the JSON text that it was read as, shortened likewise; "" when the property was read as left out.
	To string
}

// BindLenient is [Plan.Bind] for callers that would rather read what a model meant than send it back. What Bind takes is
// bound as Bind does, at Bind's price. Only of what Bind refuses, values of the wrong kind are read in the one way that
// the schema leaves:
//
//   - a string that holds a number, where a number is asked for, and a whole one where an integer is;
//   - "true" and "false", where a boolean is asked for;
//   - a string that holds an object or an array, where that is asked for, taken out of its string once: strings in it that
//     hold JSON stay strings;
//   - null for an optional property, which is read as left out.
//
// Properties whose schema is a string or takes anything are never touched, whatever stands in them. Text with names that
// occur twice is not repaired at all.
//
// The repaired text is then bound by Bind, and what that says is returned: nil problems mean that dst is good, and others
// are about the values as repaired. repairs lists what was changed in either case; it is nil when nothing was.
func (p *Plan) BindLenient(args []byte, dst any) (repairs []Repair, problems []Problem) {
	problems = p.Bind(args, dst)
	if problems == nil {
		return nil, nil
	}
	fixed, repairs := mend(args, planPlace{p.base})
	if repairs == nil {
		return nil, problems
	}
	reflect.ValueOf(dst).Elem().SetZero() // the first attempt has left its traces
	return repairs, p.Bind(fixed, dst)
}

// planPlace is a place in a plan.
type planPlace struct{ n *node }

func (p planPlace) reading() reading {
	switch p.n.base().shape {
	case shapeInt, shapeUint, shapeBigInt, shapeFloat, shapeNumber:
		return readNumber
	case shapeBool:
		return readBoolean
	case shapeSlice, shapeArray:
		return readArray
	case shapeStruct, shapeMap:
		return readObject
	}
	return readNothing
}

// takes asks the binder itself, so that what it would refuse as a fraction or an overflow stays the string that it was.
func (p planPlace) takes(number []byte) bool {
	n := p.n.base()
	b := binder{in: number}
	b.number(n, number, reflect.New(n.typ).Elem())
	return b.problems == nil
}

func (p planPlace) property(name []byte) (inner place, mayGo bool) {
	n := p.n.base()
	if n.shape == shapeMap {
		return planPlace{n.elem}, false
	}
	x := n.find(name, 0)
	if x < 0 {
		return nil, false
	}
	f := n.fields[x]
	nullTaken := f.node.shape == shapePointer && !f.noNull
	return planPlace{f.node}, !f.required && !nullTaken
}

func (p planPlace) item(int) place { return planPlace{p.n.base().elem} }

// unambiguous tells that text can be read in one way: it is JSON, and no name occurs twice.
func unambiguous(text []byte) bool {
	if wellFormed(text) != nil {
		return false
	}
	b := binder{in: text}
	b.duplicates(scan.Space(text, 0))
	return b.problems == nil
}
