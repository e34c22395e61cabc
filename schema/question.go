package schema

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// question is one field of a form.
type question struct {
	name               string
	kind               string // the JSON Schema type of one answer
	title, description string
	format             string
	low, high          string // JSON literals, "" for none
	minLength          count
	maxLength          count
	choices            [][]byte // JSON strings; nil when the answer is free
	titles             []string // of the choices; nil when they are shown as they are
	several            bool     // of the choices
	minItems, maxItems count
	required           bool
	fallback           []byte
}

// ask makes the question for a field, or says why there is none.
func ask(fd *field) (*question, error) {
	n := fd.node.base()
	if err := askable(n); err != nil {
		return nil, err
	}
	d := describer{}
	f, err := d.value(fd.node, fd.tags, false)
	if err != nil {
		return nil, err
	}
	q := &question{name: fd.name, required: fd.required, title: fd.info.Title, description: fd.info.Description}
	if q.description == "" {
		q.description = f.description
	}
	if string(fd.fallback) != "null" {
		q.fallback = fd.fallback
	}
	if n.shape == shapeSlice {
		q.several, q.minItems, q.maxItems = true, f.minItems, f.maxItems
		if f = f.items; f.enum == nil {
			return nil, errors.New(`a list in a form is a choice among known texts; add validate:"dive,oneof=…", or make the field a string`)
		}
	}
	q.kind, q.choices = f.types[0], f.enum
	switch {
	case q.choices != nil && q.kind != "string":
		return nil, errors.New("a choice in a form is among texts; make the field a string, or give it a range with min and max")
	case q.choices == nil && q.kind == "string":
		q.minLength, q.maxLength, q.format = f.minLength, f.maxLength, formFormat(fd.info.Format)
	case q.choices == nil:
		q.low, q.high = closedBounds(f.bounds, q.kind == "integer")
	}
	return q, q.readTitles(fd)
}

// askable tells why a form has no place for n, with the cure.
func askable(n *node) error {
	cure := "make the field a string, a number or a boolean"
	switch n.shape {
	case shapeString, shapeText, shapeTime, shapeDuration, shapeBool, shapeInt, shapeUint, shapeFloat, shapeNumber, shapeBigInt:
		return nil
	case shapeSlice:
		if n.elem.shape == shapeString {
			return nil
		}
		cure = `for a choice of several use []string with validate:"dive,oneof=…"`
	case shapeArray:
		cure = `for a choice of several use []string with validate:"dive,oneof=…"`
	case shapeStruct:
		cure = "embed it, so that its fields are the form's own, or ask for it in a form of its own"
	case shapeQuoted:
		return errors.New(`a form asks for the value itself; take the option "string" out of the json tag`)
	}
	return fmt.Errorf("a form is flat, and a %s has no place in it; %s", n.typ, cure)
}

// formFormat leaves the formats that a form knows.
func formFormat(format string) string {
	switch format {
	case "email", "uri", "date", "date-time":
		return format
	}
	return ""
}

// closedBounds says a range without exclusive limits, which a form does not know. Between whole numbers nothing is lost;
// otherwise the limit itself is left to Bind to refuse.
func closedBounds(b bounds, whole bool) (low, high string) {
	low, high = b.low, b.high
	if whole && b.lowOpen {
		low = plus(low, 1)
	}
	if whole && b.highOpen {
		high = plus(high, -1)
	}
	return low, high
}

// plus adds to a whole number that this package wrote itself.
func plus(literal string, d int64) string {
	x, ok := new(big.Int).SetString(literal, 10)
	if !ok {
		return literal
	}
	return x.Add(x, big.NewInt(d)).String()
}

func (q *question) readTitles(fd *field) error {
	text, ok := fd.field.Tag.Lookup("titles")
	if !ok {
		return nil
	}
	if q.choices == nil {
		return errors.New("titles are for choices; add a oneof, or use `title` for the field's own")
	}
	q.titles = strings.Split(text, "|")
	if len(q.titles) != len(q.choices) {
		return fmt.Errorf("%d titles for %d choices; write one for each value of oneof, with a | between", len(q.titles), len(q.choices))
	}
	return nil
}
