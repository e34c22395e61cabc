package schema

import (
	"strconv"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// step is one move into a JSON value: into a property, or, when name is empty and item is set, into an array.
type step struct {
	name  string
	index int
	item  bool
}

// pathText writes steps the way people write them: items[2].name, env["a b"].
func pathText(steps []step) string {
	var b []byte
	for _, s := range steps {
		switch {
		case s.item:
			b = append(b, '[')
			b = strconv.AppendInt(b, int64(s.index), 10)
			b = append(b, ']')
		case plainName(s.name):
			if len(b) > 0 {
				b = append(b, '.')
			}
			b = append(b, s.name...)
		default:
			b = append(b, '[')
			b = scan.AppendString(b, shorten(s.name))
			b = append(b, ']')
		}
	}
	return string(b)
}

// plainName tells that a name can stand in a path without quotes.
func plainName(s string) bool {
	if s == "" || len(s) > maxGot {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == '$', c == '-' && i > 0, '0' <= c && c <= '9' && i > 0, c >= 0x80:
		default:
			return false
		}
	}
	return true
}

// under tells that path a is b or lies in it.
func under(a, b string) bool {
	if len(a) < len(b) || a[:len(b)] != b {
		return false
	}
	return len(a) == len(b) || b == "" || a[len(b)] == '.' || a[len(b)] == '['
}
