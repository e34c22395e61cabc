package schema

import (
	"strings"
	"unicode/utf8"
)

const (
	// MaxProblems is how many problems one Bind or Check reports at most; a caller that repairs them all and tries
	// again hears of the rest.
	MaxProblems = 32

	// maxGot is how many bytes of a refused value are shown.
	maxGot = 60

	// maxAllowed is how many allowed values Explain spells out.
	maxAllowed = 40
)

// Problem is one way in which a value is not what its schema asks for.
type Problem struct {
	// Path says where, as in items[2].name; "" is the value as a whole. A map key that is not a plain name is quoted:
	// env["a b"].
	Path string
	// Want says what was expected, as a phrase: "a number", "at most 20 characters".
	Want string
	// Got says what came instead: JSON text, shortened to about 60 bytes, or a word such as "nothing".
	Got string
	// Allowed lists the values that would have been taken, when they can be counted. It may also hold a name that the
	// caller probably meant.
	Allowed []string
}

// String says the problem in one line, in words that a language model can act on.
func (p Problem) String() string {
	var b strings.Builder
	if p.Path != "" {
		b.WriteString(p.Path)
		b.WriteString(": ")
	}
	b.WriteString("expected ")
	b.WriteString(p.Want)
	for i, a := range p.Allowed {
		switch {
		case i == maxAllowed:
			b.WriteString(", …")
		case i == 0:
			b.WriteString(" (")
			b.WriteString(a)
		case i < maxAllowed:
			b.WriteString(", ")
			b.WriteString(a)
		}
	}
	if len(p.Allowed) > 0 {
		b.WriteByte(')')
	}
	if p.Got != "" {
		b.WriteString(", got ")
		b.WriteString(p.Got)
	}
	return b.String()
}

// Explain says all problems, one a line, in words that a language model can act on. It is empty when there are none.
func Explain(ps []Problem) string {
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
	}
	if len(ps) == MaxProblems {
		b.WriteString("\nthere may be more problems")
	}
	return b.String()
}

// shorten cuts s for Got, between characters.
func shorten(s string) string {
	if len(s) <= maxGot {
		return s
	}
	cut := maxGot
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
