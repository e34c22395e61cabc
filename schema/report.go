package schema

import (
	"strconv"
	"strings"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// report adds a problem with the value that the binder stands on.
func (b *binder) report(want, got string, allowed []string) {
	if len(b.problems) < MaxProblems {
		b.problems = append(b.problems, Problem{Path: pathText(b.steps), Want: want, Got: got, Allowed: allowed})
	}
}

// mismatch reports a value of the wrong kind, and returns the index after it.
func (b *binder) mismatch(n *node, i int) int {
	end := b.skip(i)
	b.report(n.want(), shorten(string(b.in[i:end])), nil)
	return end
}

// unknown reports a property that the struct does not have, and the one that was probably meant.
func (b *binder) unknown(n *node, quoted []byte) {
	if n.open {
		return
	}
	name := string(b.name(quoted))
	b.push(step{name: name})
	defer b.pop()
	if len(n.fields) == 0 {
		b.report("no properties at all", "the property "+quote(shorten(name)), nil)
		return
	}
	want := "a known property"
	if near := n.nearest(name); near != "" {
		want += "; did you mean " + quote(near) + "?"
	}
	names := make([]string, len(n.fields))
	for i, f := range n.fields {
		names[i] = f.name
	}
	b.report(want, quote(shorten(name)), names)
}

// want says what a value of this type is in JSON.
func (n *node) want() string {
	switch n.shape {
	case shapeStruct, shapeMap:
		return "an object"
	case shapePointer:
		return n.elem.want()
	case shapeSlice:
		return "an array"
	case shapeArray:
		return "an array of " + itemCount(n.typ.Len())
	case shapeString, shapeText:
		return "a string"
	case shapeBool:
		return "true or false"
	case shapeInt, shapeBigInt:
		return "an integer"
	case shapeUint:
		return "an integer, not negative"
	case shapeFloat, shapeNumber:
		return "a number"
	case shapeTime:
		return `a date and time such as "2026-01-31T12:00:00Z"`
	case shapeDuration:
		return `a duration such as "1h30m"`
	case shapeBytes:
		return "a string of base64"
	case shapeQuoted:
		if n.elem.shape == shapeDuration {
			return "an integer in a string"
		}
		return n.elem.want() + " in a string"
	}
	return "a value"
}

func itemCount(n int) string { return plural(int64(n), "item") }

func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	if strings.HasSuffix(word, "y") {
		return strconv.FormatInt(n, 10) + " " + strings.TrimSuffix(word, "y") + "ies"
	}
	return strconv.FormatInt(n, 10) + " " + word + "s"
}

func quote(s string) string { return string(scan.AppendString(nil, s)) }

// nearest finds the property that name was probably meant to be: the same letters in another case or with other
// separators, or a word of a slip or two's distance.
func (n *node) nearest(name string) string {
	if len(name) > maxGot {
		return ""
	}
	folded, best, bestAt := fold(name), "", 1+len(name)/4
	for _, f := range n.fields {
		other := fold(f.name)
		if other == folded {
			return f.name
		}
		if len(f.name) <= maxGot {
			if d := distance(folded, other); d <= bestAt && d < len(other) {
				best, bestAt = f.name, d-1
			}
		}
	}
	return best
}

// fold takes case and separators out of a name.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// distance counts the letters to put in, take out or replace to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
