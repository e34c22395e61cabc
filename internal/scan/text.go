package scan

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Text returns what a quoted string says. Without escapes it is the bytes between the quotes, not copied; otherwise it
// is decoded behind dst, which may be nil. Quoted must have passed String. A lone surrogate becomes U+FFFD, as in
// encoding/json.
func Text(dst, quoted []byte) []byte {
	in := quoted[1 : len(quoted)-1]
	for i, c := range in {
		if c == '\\' {
			return unescape(append(dst, in[:i]...), in[i:])
		}
	}
	return in
}

func unescape(dst, in []byte) []byte {
	for i := 0; i < len(in); {
		if in[i] != '\\' {
			dst = append(dst, in[i])
			i++
			continue
		}
		if in[i+1] != 'u' {
			dst = append(dst, plain(in[i+1]))
			i += 2
			continue
		}
		r, _ := hex4(in, i+2)
		i += 6
		if utf16.IsSurrogate(r) {
			low, ok := rune(0), i+6 <= len(in) && in[i] == '\\' && in[i+1] == 'u'
			if ok {
				low, ok = hex4(in, i+2)
			}
			if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
				i += 6
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

func plain(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD; U+2028 and U+2029 are escaped, so
// that the text is also a line of JavaScript; nothing else is escaped that need not be.
func AppendString[S ~string | ~[]byte](dst []byte, s S) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		var tail [utf8.UTFMax]byte
		r, size := utf8.DecodeRune(tail[:copy(tail[:], s[i:])])
		if r == utf8.RuneError && size == 1 {
			dst = append(append(dst, s[start:i]...), "\ufffd"...)
			start = i + 1
		} else if r == '\u2028' || r == '\u2029' {
			dst = append(append(dst, s[start:i]...), `\u202`...)
			dst = append(dst, hexDigits[r&15])
			start = i + size
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
