package uritemplate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Set finds the template that a URI belongs to among many, each with something of the caller's. It is a radix tree over
// the templates' literal prefixes; those that share one are divided by the literal that they end with. So the time does
// not grow with the number of templates, but with the number of those that have both in common.
//
// Match may be called by many at a time, but not while Add is: fill a Set, then hand it out.
type Set[T any] struct {
	root  branch[T]
	known map[string]bool
}

// branch is a node of the radix tree.
type branch[T any] struct {
	label    string
	first    []byte // the first bytes of the branches' labels
	branches []*branch[T]
	here     shelf[T]
}

// shelf has the templates of one prefix, by their literal suffix.
type shelf[T any] struct {
	lengths  []int // of the suffixes, longest first
	bySuffix map[string][]*entry[T]
}

type entry[T any] struct {
	template *Template
	value    T
	order    int
}

// before tells that e is preferred to o: it is more specific or, when they are equal, was added first.
func (e *entry[T]) before(o *entry[T]) bool {
	if e.template.literals != o.template.literals {
		return e.template.literals > o.template.literals
	}
	return e.order < o.order
}

// Len is how many templates there are.
func (s *Set[T]) Len() int { return len(s.known) }

// Add puts a template into the set. The error says that the template cannot be matched, or is there already.
func (s *Set[T]) Add(t *Template, value T) error {
	if err := t.Matchable(); err != nil {
		return err
	}
	if s.known[t.text] {
		return fmt.Errorf("uritemplate: %q was added before", t.text)
	}
	if s.known == nil {
		s.known = make(map[string]bool)
	}
	e := &entry[T]{template: t, value: value, order: len(s.known)}
	s.known[t.text] = true
	s.root.at(t.prefix).add(e)
	return nil
}

// at returns the branch for a prefix below b, and makes it when there is none.
func (b *branch[T]) at(prefix string) *branch[T] {
	for prefix != "" {
		i := bytes.IndexByte(b.first, prefix[0])
		if i < 0 {
			leaf := &branch[T]{label: prefix}
			b.first, b.branches = append(b.first, prefix[0]), append(b.branches, leaf)
			return leaf
		}
		child, same := b.branches[i], 0
		for same < len(prefix) && same < len(child.label) && prefix[same] == child.label[same] {
			same++
		}
		if same < len(child.label) {
			fork := &branch[T]{label: child.label[:same], first: []byte{child.label[same]}, branches: []*branch[T]{child}}
			child.label = child.label[same:]
			b.branches[i], child = fork, fork
		}
		b, prefix = child, prefix[same:]
	}
	return b
}

func (b *branch[T]) add(e *entry[T]) {
	s, suffix := &b.here, e.template.suffix
	if s.bySuffix == nil {
		s.bySuffix = make(map[string][]*entry[T])
	}
	if !slices.Contains(s.lengths, len(suffix)) {
		s.lengths = append(s.lengths, len(suffix))
		slices.SortFunc(s.lengths, func(a, b int) int { return b - a })
	}
	list := s.bySuffix[suffix]
	i, _ := slices.BinarySearchFunc(list, e, func(a, b *entry[T]) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	s.bySuffix[suffix] = slices.Insert(list, i, e)
}

// Found is the template that a URI belongs to.
type Found[T any] struct {
	Template *Template
	Value    T
	Values   Values
}

// Match finds the template that uri belongs to: of those that match, the one with the most literal characters, and of
// equals the one that was added first.
func (s *Set[T]) Match(uri string) (Found[T], bool) {
	if len(uri) > MaxURI {
		return Found[T]{}, false
	}
	var best *entry[T]
	var values Values
	for b, rest := &s.root, uri; ; {
		best, values = b.here.match(uri, best, values)
		if rest == "" {
			break
		}
		i := bytes.IndexByte(b.first, rest[0])
		if i < 0 || !strings.HasPrefix(rest, b.branches[i].label) {
			break
		}
		b = b.branches[i]
		rest = rest[len(b.label):]
	}
	if best == nil {
		return Found[T]{}, false
	}
	return Found[T]{Template: best.template, Value: best.value, Values: values}, true
}

// match returns what is better than best, if anything is, or best.
func (s *shelf[T]) match(uri string, best *entry[T], values Values) (*entry[T], Values) {
	for _, n := range s.lengths {
		if n > len(uri) {
			continue
		}
		for _, e := range s.bySuffix[uri[len(uri)-n:]] {
			if best != nil && best.before(e) {
				break
			}
			if v, ok := e.template.Match(uri); ok {
				best, values = e, v
				break
			}
		}
	}
	return best, values
}
