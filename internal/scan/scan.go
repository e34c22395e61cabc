// Package scan walks JSON text (RFC 8259) in place: it finds where a value ends, checks that it is well formed and
// never allocates. Everything that reads bytes from a client stands on it.
package scan

import "fmt"

// MaxDepth is how deeply arrays and objects may nest in anything that comes from a client. It keeps the recursion of
// every reader above this package bounded.
const MaxDepth = 128

// Error tells where a text stops being JSON, and why.
type Error struct {
	Offset int // in bytes from the start of the text
	Why    string
}

func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.Why, e.Offset) }

func fail(i int, why string) error { return &Error{Offset: i, Why: why} }

// Space returns the index of the first byte at or after i that is not white space; len(b) when there is none.
func Space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// Value checks the value that starts at b[i], which must not be white space, and returns the index after it.
func Value(b []byte, i int) (int, error) { return value(b, i, 0) }

// Document checks that b is one JSON value with nothing but white space around it.
func Document(b []byte) error {
	i, err := Value(b, Space(b, 0))
	if err != nil {
		return err
	}
	if i = Space(b, i); i != len(b) {
		return fail(i, "text after the end of the JSON value")
	}
	return nil
}

func value(b []byte, i, depth int) (int, error) {
	if i >= len(b) {
		return i, fail(i, "unexpected end of JSON")
	}
	switch c := b[i]; {
	case c == '"':
		end, _, err := String(b, i)
		return end, err
	case c == '{':
		return object(b, i, depth+1)
	case c == '[':
		return array(b, i, depth+1)
	case c == '-' || '0' <= c && c <= '9':
		end, _, err := Number(b, i)
		return end, err
	case c == 't':
		return literal(b, i, "true")
	case c == 'f':
		return literal(b, i, "false")
	case c == 'n':
		return literal(b, i, "null")
	}
	return i, fail(i, "invalid character")
}

func literal(b []byte, i int, word string) (int, error) {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return i, fail(i, "invalid literal")
	}
	return i + len(word), nil
}

func array(b []byte, i, depth int) (int, error) {
	if depth > MaxDepth {
		return i, fail(i, "nested too deeply")
	}
	i = Space(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, nil
	}
	for {
		var err error
		if i, err = value(b, i, depth); err != nil {
			return i, err
		}
		i = Space(b, i)
		if i >= len(b) {
			return i, fail(i, "unexpected end of JSON")
		}
		switch b[i] {
		case ']':
			return i + 1, nil
		case ',':
			i = Space(b, i+1)
		default:
			return i, fail(i, "expected , or ] in an array")
		}
	}
}

func object(b []byte, i, depth int) (int, error) {
	if depth > MaxDepth {
		return i, fail(i, "nested too deeply")
	}
	i = Space(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	for {
		_, v, err := Key(b, i)
		if err != nil {
			return v, err
		}
		if i, err = value(b, v, depth); err != nil {
			return i, err
		}
		var more bool
		if i, more, err = Next(b, i); err != nil || !more {
			return i, err
		}
	}
}

// Key reads the member name that starts at b[i] and the colon after it. key includes its quotes; v is where the
// member's value starts.
func Key(b []byte, i int) (key []byte, v int, err error) {
	if i >= len(b) {
		return nil, i, fail(i, "unexpected end of JSON")
	}
	if b[i] != '"' {
		return nil, i, fail(i, "expected a member name")
	}
	end, _, err := String(b, i)
	if err != nil {
		return nil, end, err
	}
	key = b[i:end]
	i = Space(b, end)
	if i >= len(b) || b[i] != ':' {
		return nil, i, fail(i, "expected : after a member name")
	}
	return key, Space(b, i+1), nil
}

// Next reads what follows a member's value: a comma, and then more is true and i is where the next name starts, or the
// closing brace, and then i is the index after it.
func Next(b []byte, i int) (next int, more bool, err error) {
	i = Space(b, i)
	if i >= len(b) {
		return i, false, fail(i, "unexpected end of JSON")
	}
	switch b[i] {
	case '}':
		return i + 1, false, nil
	case ',':
		return Space(b, i+1), true, nil
	}
	return i, false, fail(i, "expected , or } in an object")
}

// String returns the index after the string that starts at b[i], a quote. escaped tells that it holds a backslash, so
// that its text is not its bytes.
func String(b []byte, i int) (end int, escaped bool, err error) {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, escaped, nil
		case c == '\\':
			escaped = true
			n, err := escape(b, i)
			if err != nil {
				return i, true, err
			}
			i = n - 1
		case c < 0x20:
			return i, escaped, fail(i, "control character in a string")
		}
	}
	return i, escaped, fail(i, "unexpected end of a string")
}

func escape(b []byte, i int) (int, error) {
	if i+1 >= len(b) {
		return i, fail(i, "unexpected end of a string")
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, nil
	case 'u':
		if _, ok := hex4(b, i+2); ok {
			return i + 6, nil
		}
	}
	return i, fail(i, "invalid escape in a string")
}

func hex4(b []byte, i int) (r rune, ok bool) {
	if i+4 > len(b) {
		return 0, false
	}
	for _, c := range b[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// Number returns the index after the number that starts at b[i]. integer tells that it has neither a fraction nor an
// exponent.
func Number(b []byte, i int) (end int, integer bool, err error) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b):
		return i, false, fail(i, "unexpected end of JSON")
	case b[i] == '0':
		i++
	case '1' <= b[i] && b[i] <= '9':
		i = digits(b, i)
	default:
		return i, false, fail(i, "invalid number")
	}
	integer = true
	if i < len(b) && b[i] == '.' {
		integer = false
		d := digits(b, i+1)
		if d == i+1 {
			return i, false, fail(i, "invalid number")
		}
		i = d
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		integer = false
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		d := digits(b, i)
		if d == i {
			return i, false, fail(i, "invalid number")
		}
		i = d
	}
	return i, integer, nil
}

func digits(b []byte, i int) int {
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i
}
