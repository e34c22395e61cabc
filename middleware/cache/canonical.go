package cache

import (
	"bytes"
	"slices"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// appendCanonical appends JSON without white space and with the members of its objects in the order of their names, as
// RFC 8785 has them. Numbers and strings stay as they are written: 1 and 1.0 are two keys, which costs a call and no more.
// ok is false where a name is given twice or is written with an escape: who reads which of them is not known here, and two
// that differ must never be one key.
func appendCanonical(dst, b []byte) (_ []byte, ok bool) {
	dst, _, ok = canonicalValue(dst, b, scan.Space(b, 0), 0)
	return dst, ok
}

func canonicalValue(dst, b []byte, i, depth int) (_ []byte, end int, ok bool) {
	if i >= len(b) || depth == scan.MaxDepth && (b[i] == '{' || b[i] == '[') {
		return dst, i, false
	}
	switch b[i] {
	case '{':
		return canonicalObject(dst, b, i, depth+1)
	case '[':
		return canonicalArray(dst, b, i, depth+1)
	}
	end, err := scan.Value(b, i)
	if err != nil {
		return dst, i, false
	}
	return append(dst, b[i:end]...), end, true
}

// member is a name with its quotes, and where its value stands.
type member struct {
	name  []byte
	value int
}

func canonicalObject(dst, b []byte, i, depth int) (_ []byte, end int, ok bool) {
	var room [8]member
	members, end, ok := listMembers(room[:0], b, i)
	if !ok {
		return dst, i, false
	}
	slices.SortFunc(members, func(x, y member) int { return bytes.Compare(x.name, y.name) })
	dst = append(dst, '{')
	for n, m := range members {
		if n > 0 {
			if bytes.Equal(m.name, members[n-1].name) {
				return dst, i, false
			}
			dst = append(dst, ',')
		}
		dst = append(append(dst, m.name...), ':')
		if dst, _, ok = canonicalValue(dst, b, m.value, depth); !ok {
			return dst, i, false
		}
	}
	return append(dst, '}'), end, true
}

// listMembers finds the members of the object that begins at i, and its end.
func listMembers(all []member, b []byte, i int) (_ []member, end int, ok bool) {
	if i = scan.Space(b, i+1); i < len(b) && b[i] == '}' {
		return all, i + 1, true
	}
	for {
		name, v, err := scan.Key(b, i)
		if err != nil || bytes.IndexByte(name, '\\') >= 0 {
			return all, i, false
		}
		all = append(all, member{name, v})
		if i, err = scan.Value(b, v); err != nil {
			return all, i, false
		}
		var more bool
		if i, more, err = scan.Next(b, i); err != nil {
			return all, i, false
		}
		if !more {
			return all, i, true
		}
	}
}

func canonicalArray(dst, b []byte, i, depth int) (_ []byte, end int, ok bool) {
	dst = append(dst, '[')
	if i = scan.Space(b, i+1); i < len(b) && b[i] == ']' {
		return append(dst, ']'), i + 1, true
	}
	for {
		if dst, i, ok = canonicalValue(dst, b, i, depth); !ok {
			return dst, i, false
		}
		if i = scan.Space(b, i); i >= len(b) {
			return dst, i, false
		}
		switch b[i] {
		case ']':
			return append(dst, ']'), i + 1, true
		case ',':
			dst, i = append(dst, ','), scan.Space(b, i+1)
		default:
			return dst, i, false
		}
	}
}
