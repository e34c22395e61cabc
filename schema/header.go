package schema

import (
	"fmt"
	"strings"
)

// headerOf reads a `header` tag (SEP-2243): an HTTP header of that name repeats the property, so that what stands in
// front of the server can act on it. Clients drop a tool whose tag breaks a rule, so it is an error here. What handlers
// return is repeated nowhere: in output the tag means nothing.
func headerOf(m member, n *node, output bool) (string, error) {
	name, ok := m.field.Tag.Lookup("header")
	if !ok || output {
		return "", nil
	}
	if !token(name) {
		return "", fmt.Errorf("header %q is not a token of RFC 9110; use letters, digits and hyphens", name)
	}
	if !n.base().mirrorable() {
		return "", fmt.Errorf("header %q: only a string, an integer or a boolean fits into a header, and this is a %s; take the tag out, or change the type", name, m.field.Type)
	}
	return name, nil
}

// mirrorable tells that the schema of n has the type string, integer or boolean.
func (n *node) mirrorable() bool {
	switch n.shape {
	case shapeString, shapeText, shapeTime, shapeDuration, shapeBytes, shapeQuoted, shapeBool, shapeInt, shapeUint, shapeBigInt:
		return true
	}
	return false
}

// token is the production of RFC 9110, section 5.6.2.
func token(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// headerWalk goes through a type in search of headers.
type headerWalk struct {
	below  map[*node]bool    // whether there are headers in a struct; set before its fields are gone into
	closed map[*node]bool    // structs met where no header may be
	taken  map[string]string // Go paths of the headers met, by names in lower case
}

// placeHeaders checks where the headers of a plan stand: each once, in the root or in structs in it.
func placeHeaders(root *node) error {
	w := headerWalk{below: map[*node]bool{}, closed: map[*node]bool{}, taken: map[string]string{}}
	if !w.has(root) {
		return nil
	}
	return w.walk(root, root.typ.String(), "")
}

// has tells that there are headers in n or below. Structs that contain themselves are gone into once.
func (w *headerWalk) has(n *node) bool {
	for n.shape == shapePointer || n.container() {
		n = n.elem
	}
	if n.shape != shapeStruct {
		return false
	}
	if known, ok := w.below[n]; ok {
		return known
	}
	w.below[n] = false
	found := false
	for _, f := range n.fields {
		found = w.has(f.node) || f.header != "" || found
	}
	w.below[n] = found
	return found
}

// walk looks at the headers in n. inside says what keeps a client from reaching it by names alone, "" when nothing does.
// It is quick, whatever the type: a struct with headers that is met twice ends it.
func (w *headerWalk) walk(n *node, path, inside string) error {
	for n.shape == shapePointer || n.container() {
		if n.container() {
			inside, path = "a list or a map", path+"[]"
		}
		n = n.elem
	}
	if !w.has(n) {
		return nil
	}
	if n.recursive && inside == "" {
		inside = "a type that contains itself"
	}
	if inside != "" {
		if w.closed[n] {
			return nil
		}
		w.closed[n] = true
	}
	for _, f := range n.fields {
		at := path + "." + f.goName
		if err := w.take(f, at, inside); err != nil {
			return err
		}
		if err := w.walk(f.node, at, inside); err != nil {
			return err
		}
	}
	return nil
}

// take notes the header of f, if it has one.
func (w *headerWalk) take(f *field, at, inside string) error {
	if f.header == "" {
		return nil
	}
	if inside != "" {
		return fmt.Errorf("%s: header %q stands in %s, where it would have no one value; move the field to the root or to a struct in it, or take the tag out", at, f.header, inside)
	}
	folded := strings.ToLower(f.header)
	if other, ok := w.taken[folded]; ok {
		return fmt.Errorf("%s: header %q is that of %s too, for upper and lower case do not count; give each its own", at, f.header, other)
	}
	w.taken[folded] = at
	return nil
}
