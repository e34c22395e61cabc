package uritemplate

import "github.com/fastmcp-go/fastmcp/internal/scan"

// Kind is what a Value holds.
type Kind uint8

// The kinds of values (RFC 6570, 2.3).
const (
	KindText  Kind = iota // a string
	KindList              // strings in order
	KindPairs             // an associative array; Match gives none
)

// Value is a variable's value. Make one with Text, List or Pairs.
type Value struct {
	Name string
	Kind Kind
	// Text is a string value. Of a list that was matched it is the whole, decoded, with what divided it: "docs/a.txt".
	// Parameters of the same name are joined with commas.
	Text string
	// List has the elements of a list, and of pairs a name, its value, the next name and so on.
	List []string
}

// Text makes a string value.
func Text(name, text string) Value { return Value{Name: name, Text: text} }

// List makes a list. One without elements is undefined.
func List(name string, elements ...string) Value {
	return Value{Name: name, Kind: KindList, List: elements}
}

// Pairs makes an associative array: a name, its value, the next name and so on. One without elements is undefined.
func Pairs(name string, pairs ...string) Value {
	return Value{Name: name, Kind: KindPairs, List: pairs}
}

// Values are those of a template's variables; each name appears once.
type Values []Value

// Get returns the value of a variable, and false when it is undefined.
func (v Values) Get(name string) (Value, bool) {
	if found := v.find(name); found != nil {
		return *found, true
	}
	return Value{}, false
}

func (v Values) find(name string) *Value {
	for i := range v {
		if v[i].Name == name {
			return &v[i]
		}
	}
	return nil
}

// AppendJSON appends values as a JSON object: text as a string, a list as an array of strings, pairs as an object. Lists
// that are named in asText are written as their Text: for {path*}, which is a string to whoever uses it as a wildcard.
func AppendJSON(dst []byte, values Values, asText ...string) []byte {
	dst = append(dst, '{')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(scan.AppendString(dst, v.Name), ':')
		kind := v.Kind
		for _, name := range asText {
			if name == v.Name && kind == KindList {
				kind = KindText
			}
		}
		switch kind {
		case KindText:
			dst = scan.AppendString(dst, v.Text)
		case KindList:
			dst = append(dst, '[')
			for j, element := range v.List {
				if j > 0 {
					dst = append(dst, ',')
				}
				dst = scan.AppendString(dst, element)
			}
			dst = append(dst, ']')
		case KindPairs:
			dst = appendObject(dst, v.List)
		}
	}
	return append(dst, '}')
}

func appendObject(dst []byte, pairs []string) []byte {
	dst = append(dst, '{')
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(scan.AppendString(dst, pairs[i]), ':')
		dst = scan.AppendString(dst, pairs[i+1])
	}
	return append(dst, '}')
}
