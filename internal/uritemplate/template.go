package uritemplate

import "strings"

// Template is a URI template. It never changes, and is safe for concurrent use.
type Template struct {
	text      string
	parts     []part
	variables []Variable

	// What follows is for matching, made by compile.
	refused  error
	nodes    []node
	straight bool // no value can end in more than one place
	prefix   string
	suffix   string
	literals int
	least    int // bytes of the shortest URI that matches
}

// Variable is one that a template names.
type Variable struct {
	Name     string
	Optional bool // a URI may match without it
	List     bool // {x*}: it has any number of values
	Reserved bool // {+x}, {#x}: it may hold reserved characters, '/' among them
}

// String returns the template as it was parsed.
func (t *Template) String() string { return t.text }

// Variables lists them in the order of their first appearance. The slice is the caller's.
func (t *Template) Variables() []Variable { return append([]Variable(nil), t.variables...) }

// Prefix is the literal text, percent-encoded, that every URI of the template begins with; it may be empty.
func (t *Template) Prefix() string { return t.prefix }

// Specificity is the number of literal characters in the template: of two templates that match a URI, the one with
// more of them is meant.
func (t *Template) Specificity() int { return t.literals }

// Matchable returns nil, or why no URI ever matches the template, though it can be expanded: a variable appears twice,
// or two values stand side by side with nothing to tell where the first ends.
func (t *Template) Matchable() error { return t.refused }

func variablesOf(parts []part) []Variable {
	var all []Variable
	seen := make(map[string]bool)
	for _, p := range parts {
		for _, s := range p.specs {
			if seen[s.name] {
				continue
			}
			seen[s.name] = true
			all = append(all, Variable{
				Name: s.name, List: s.explode, Optional: p.op != 0 && p.op != '+', Reserved: p.op == '+' || p.op == '#',
			})
		}
	}
	return all
}

// describe writes an expression as it stands in a template.
func (p part) describe() string {
	var names []string
	for _, s := range p.specs {
		names = append(names, s.name)
	}
	op := ""
	if p.op != 0 {
		op = string(p.op)
	}
	return "{" + op + strings.Join(names, ",") + "}"
}
