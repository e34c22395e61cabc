package schema

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// constrain adds to f, the form of n, what the tags ask for in the words of JSON Schema. A tag that could never work on
// such a type is an error.
func constrain(n *node, ts *tagset, f *form, output bool) error {
	// On a pointer, `required` means no more than not null.
	filled := ts.required && n.shape != shapePointer
	n = n.base()
	if n.shape == shapeQuoted {
		// The text of a number has no minimum; on a string in a string the lengths would be off by the quotes.
		if filled && n.elem.shape == shapeString {
			f.minLength.atLeast(3)
		}
		return constrain(n.elem, ts, &form{}, output)
	}
	if filled {
		notEmptyForm(n, f)
	}
	for _, t := range ts.tags {
		if err := constrainOne(n, t, f, output); err != nil {
			return fmt.Errorf("tag %q: %w", t.text, err)
		}
	}
	return nil
}

func notEmptyForm(n *node, f *form) {
	switch n.shape {
	case shapeString:
		f.minLength.atLeast(1)
	case shapeBytes:
		f.minLength.atLeast(4) // the shortest base64
	case shapeSlice:
		f.minItems.atLeast(1)
	case shapeMap:
		f.minProps.atLeast(1)
	}
}

func constrainOne(n *node, t tag, f *form, output bool) error {
	if !t.own {
		return nil
	}
	if len(t.alts) == 1 {
		_, err := callForm(n, t.alts[0], f, output)
		return err
	}
	// Alternatives are worth saying only if each of them can be said.
	var choice []*form
	all := true
	for _, c := range t.alts {
		g := &form{}
		said, err := callForm(n, c, g, output)
		if err != nil {
			return err
		}
		all = all && said
		choice = append(choice, g)
	}
	if all {
		f.either(choice)
	}
	return nil
}

// callForm says one call, and false when JSON Schema has no words for it.
func callForm(n *node, c call, f *form, output bool) (bool, error) {
	switch {
	case sizeTag(c.name):
		return sizeForm(n, c, f, output)
	case c.name == "oneof":
		return oneofForm(n, c, f)
	case c.name == "unique":
		return uniqueForm(n, c, f)
	case valueTag(c.name):
		return false, nil
	}
	switch n.shape {
	case shapeString:
		return textForm(c.name, c.param, f), nil
	case shapeInt, shapeUint, shapeFloat:
		if c.name == "numeric" || c.name == "number" {
			return true, nil
		}
	case shapeBool:
		if c.name == "boolean" {
			return true, nil
		}
	default:
		// Types of the user's own may be what such a tag expects, through String() or a registered type function.
		return false, nil
	}
	return false, fmt.Errorf("it is about text, and the field is a %s; take it out or make the field a string", n.typ)
}

func sizeForm(n *node, c call, f *form, output bool) (bool, error) {
	switch n.shape {
	case shapeInt, shapeUint, shapeFloat:
		literal, err := numberLiteral(n, c.param)
		if err != nil {
			return false, err
		}
		return true, f.compare(c.name, literal)
	case shapeDuration:
		d, err := durationParam(c.param)
		if err != nil || !output {
			return false, err // in input a duration is text
		}
		return true, f.compare(c.name, strconv.FormatInt(int64(d), 10))
	case shapeString, shapeText, shapeNumber:
		if c.name == "eq" || c.name == "ne" {
			return n.shape == shapeString && f.equal(c.name, scan.AppendString(nil, c.param)), nil
		}
	case shapeBool:
		on, err := strconv.ParseBool(c.param)
		if c.name != "eq" && c.name != "ne" || err != nil {
			return false, fmt.Errorf("a boolean knows only eq and ne, with true or false")
		}
		return f.equal(c.name, strconv.AppendBool(nil, on)), nil
	case shapeTime:
		if c.param != "" || c.name == "len" || c.name == "eq" || c.name == "ne" {
			return false, fmt.Errorf("a time knows only gt, gte, lt and lte, without parameter: they compare with now")
		}
		return false, nil
	case shapeSlice, shapeArray, shapeMap, shapeBytes:
	default:
		return false, nil
	}
	length, err := strconv.ParseInt(c.param, 0, 64)
	if err != nil {
		return false, fmt.Errorf("%q is not a whole number", c.param)
	}
	if n.shape == shapeText || n.shape == shapeNumber {
		return false, nil // the validator measures the Go value, not its text
	}
	return f.lengthForm(n.shape, c.name, length), nil
}

// numberLiteral reads a parameter as the validator does for n's type, and writes it as JSON.
func numberLiteral(n *node, param string) (string, error) {
	switch n.shape {
	case shapeInt:
		if v, err := strconv.ParseInt(param, 0, 64); err == nil {
			return strconv.FormatInt(v, 10), nil
		}
		return "", fmt.Errorf("%q is not a whole number", param)
	case shapeUint:
		if v, err := strconv.ParseUint(param, 0, 64); err == nil {
			return strconv.FormatUint(v, 10), nil
		}
		return "", fmt.Errorf("%q is not a whole number from 0 up", param)
	}
	v, err := strconv.ParseFloat(param, n.bits)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return "", fmt.Errorf("%q is not a number", param)
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.FormatFloat(v, format, -1, n.bits), nil
}

func durationParam(param string) (time.Duration, error) {
	if d, err := time.ParseDuration(param); err == nil {
		return d, nil
	}
	i, err := strconv.ParseInt(param, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration", param)
	}
	return time.Duration(i), nil
}

// compare says a comparison with a number.
func (f *form) compare(name, literal string) error {
	switch name {
	case "min", "gte":
		f.bounds.atLeast(literal, false)
	case "gt":
		f.bounds.atLeast(literal, true)
	case "max", "lte":
		f.bounds.atMost(literal, false)
	case "lt":
		f.bounds.atMost(literal, true)
	case "eq", "len":
		f.equal("eq", []byte(literal))
	case "ne":
		f.equal("ne", []byte(literal))
	}
	return nil
}

// equal says that a value is, or is not, the one given.
func (f *form) equal(name string, value []byte) bool {
	if name == "ne" {
		f.not = append(f.not, &form{constant: value})
	} else if f.constant == nil {
		f.constant = value
	} else {
		f.allOf = append(f.allOf, &form{constant: value})
	}
	return true
}

// lengthForm says a comparison of a length.
func (f *form) lengthForm(s shape, name string, n int64) bool {
	low, high := &f.minLength, &f.maxLength
	switch s {
	case shapeSlice, shapeArray:
		low, high = &f.minItems, &f.maxItems
	case shapeMap:
		low, high = &f.minProps, &f.maxProps
	}
	size := func(n int64) int64 {
		if s == shapeBytes {
			return (n + 2) / 3 * 4 // of its base64
		}
		return n
	}
	switch name {
	case "min", "gte":
		low.atLeast(size(max(n, 0)))
	case "gt":
		low.atLeast(size(max(n+1, 0)))
	case "max", "lte", "lt":
		if name == "lt" {
			n--
		}
		if n < 0 {
			f.not = append(f.not, &form{}) // no length is below 0
			return true
		}
		high.atMost(size(n))
	case "len", "eq":
		if n < 0 {
			f.not = append(f.not, &form{})
			return true
		}
		low.atLeast(size(n))
		high.atMost(size(n))
	case "ne":
		if s == shapeBytes {
			return false
		}
		if n >= 0 {
			g := &form{}
			g.lengthForm(s, "len", n)
			f.not = append(f.not, g)
		}
	}
	return true
}

// oneofValues splits the parameter of oneof as the validator does: at spaces, quoted values kept together.
func oneofValues(param string) []string {
	var out []string
	for i := 0; i < len(param); {
		switch c := param[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r':
			i++
		case c == '\'' && strings.IndexByte(param[i+1:], '\'') >= 0:
			end := i + 1 + strings.IndexByte(param[i+1:], '\'')
			out = append(out, param[i+1:end])
			i = end + 1
		default:
			end := i
			for end < len(param) && !strings.ContainsRune(" \t\n\f\r", rune(param[end])) {
				end++
			}
			out = append(out, strings.ReplaceAll(param[i:end], "'", ""))
			i = end
		}
	}
	return out
}

func oneofForm(n *node, c call, f *form) (bool, error) {
	values := oneofValues(c.param)
	if len(values) == 0 {
		return false, fmt.Errorf("it lists no values")
	}
	var list [][]byte
	for _, v := range values {
		var literal []byte
		switch n.shape {
		case shapeString:
			literal = scan.AppendString(nil, v)
		case shapeInt, shapeUint:
			s, err := numberLiteral(n, v)
			if err != nil || s != v {
				return false, fmt.Errorf("%q is not a whole number in plain digits", v)
			}
			literal = []byte(v)
		case shapeText, shapeJSON, shapeNumber:
			return false, nil
		default:
			return false, fmt.Errorf("oneof works on strings and whole numbers, and the field is a %s", n.typ)
		}
		if !slices.ContainsFunc(list, func(have []byte) bool { return string(have) == string(literal) }) {
			list = append(list, literal)
		}
	}
	if f.enum == nil {
		f.enum = list
	} else {
		f.allOf = append(f.allOf, &form{enum: list})
	}
	return true, nil
}

func uniqueForm(n *node, c call, f *form) (bool, error) {
	if n.shape != shapeSlice && n.shape != shapeArray && n.shape != shapeMap {
		return false, nil
	}
	if c.param != "" {
		return false, nil
	}
	e := n.elem.typ
	if n.elem.shape == shapePointer {
		e = e.Elem()
	}
	if n.elem.base().shape == shapeAny || !e.Comparable() {
		return false, fmt.Errorf("unique compares the elements, and a %s cannot be compared in Go", e)
	}
	switch n.elem.base().shape {
	case shapeString, shapeBool, shapeInt, shapeUint, shapeFloat:
		// Only for these is equality in Go the equality of JSON.
		f.unique = n.shape != shapeMap
		return f.unique, nil
	}
	return false, nil
}
