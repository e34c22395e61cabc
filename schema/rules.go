package schema

import (
	"reflect"
	"strings"
)

// ruleOf writes what the validator is told of a field in place of its tag.
//
// Presence, and with it `required` and the zero value, is the binder's business: only the binder knows a 0 that was sent
// from one that was not. So `required` goes, and `omitempty` comes before the tags about the value. What looks at other
// fields stays in front, to run as the validator would run it. See the package comment for what this means to users.
func ruleOf(n *node, ts *tagset) string {
	if ts.ignored {
		return "-"
	}
	parts := append([]string(nil), ts.early...)
	below := belowRule(n.base(), ts)
	if len(ts.tags) > 0 || below != "" {
		parts = append(parts, "omitempty")
	}
	for _, t := range ts.tags {
		parts = append(parts, t.text)
	}
	if below != "" {
		parts = append(parts, below)
	}
	if ts.level != "" {
		parts = append(parts, ts.level)
	}
	if len(parts) == 0 && n.base().shape == shapeAny {
		// The validator would go into whatever struct it finds there; the schema says nothing of it.
		return "-"
	}
	return strings.Join(parts, ",")
}

// elementRule writes the rule for what is inside a slice, an array or a map. Elements are always there.
func elementRule(n *node, ts *tagset) string {
	parts := append([]string(nil), ts.early...)
	switch {
	case n.shape == shapePointer && ts.required:
		parts = append(parts, "required")
	case n.shape == shapePointer && len(ts.tags) > 0:
		parts = append(parts, "omitnil") // null is among the values
	case ts.required && (n.shape == shapeSlice || n.shape == shapeMap || n.shape == shapeBytes):
		parts = append(parts, "gt=0") // the validator's own `required` would let an empty one pass
	case ts.required && n.sized():
		parts = append(parts, "required")
	}
	for _, t := range ts.tags {
		parts = append(parts, t.text)
	}
	if below := belowRule(n.base(), ts); below != "" {
		parts = append(parts, below)
	}
	if ts.level != "" {
		parts = append(parts, ts.level)
	}
	return strings.Join(parts, ",")
}

// belowRule is the `dive` part of a rule, written also where the user wrote none but the elements have tags.
func belowRule(n *node, ts *tagset) string {
	if !n.container() || !ts.dive && (!divable(n) || ts.level != "") {
		return ""
	}
	parts := []string{"dive"}
	elem := ts.elem
	if elem == nil {
		elem = &tagset{}
	}
	if ts.keys != nil && n.key != nil {
		if rule := elementRule(n.key, ts.keys); rule != "" {
			parts = append(parts, "keys", rule, "endkeys")
		}
	}
	if rule := elementRule(n.elem, elem); rule != "" {
		parts = append(parts, rule)
	}
	return strings.Join(parts, ",")
}

// divable tells that there are structs inside n for the validator to go into.
func divable(n *node) bool {
	for n.container() || n.shape == shapePointer {
		n = n.elem
		if n.shape == shapeStruct {
			return n.checked
		}
		if n.shape == shapeJSON {
			return n.typ.Kind() == reflect.Struct // it reads itself, and its tags hold all the same
		}
	}
	return false
}
