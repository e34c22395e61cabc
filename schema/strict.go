package schema

import (
	"unicode/utf8"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// wellFormed checks that text is one JSON value in UTF-8 and nothing else.
func wellFormed(text []byte) []Problem {
	if err := scan.Document(text); err != nil {
		return []Problem{{Want: "one well-formed JSON value", Got: err.Error()}}
	}
	if !utf8.Valid(text) {
		return []Problem{{Want: "JSON text in UTF-8", Got: "bytes that are not UTF-8"}}
	}
	return nil
}

// duplicates reports names that occur twice in an object, anywhere in the value at i. encoding/json would silently take
// the last, and another reader of the same text the first.
func (b *binder) duplicates(i int) int {
	switch b.in[i] {
	case '[':
		i = scan.Space(b.in, i+1)
		if b.in[i] == ']' {
			return i + 1
		}
		for index := 0; ; index++ {
			b.push(step{index: index, item: true})
			i = scan.Space(b.in, b.duplicates(i))
			b.pop()
			if b.in[i] == ']' {
				return i + 1
			}
			i = scan.Space(b.in, i+1)
		}
	case '{':
		return b.duplicateNames(i)
	}
	return b.skip(i)
}

func (b *binder) duplicateNames(i int) int {
	i = scan.Space(b.in, i+1)
	if b.in[i] == '}' {
		return i + 1
	}
	names := map[string]struct{}{}
	for more := true; more; {
		quoted, at, _ := scan.Key(b.in, i)
		name := string(b.name(quoted))
		b.push(step{name: name})
		if _, twice := names[name]; twice {
			b.report("this property only once", "it twice", nil)
		}
		names[name] = struct{}{}
		i = b.duplicates(at)
		b.pop()
		i, more, _ = scan.Next(b.in, i)
	}
	return i
}
