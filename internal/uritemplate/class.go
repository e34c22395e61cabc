package uritemplate

import "unicode/utf8"

// class is a set of ASCII characters.
type class [2]uint64

func of(chars string) class { return class{}.with(chars) }

func (c class) with(chars string) class {
	for i := range len(chars) {
		c[chars[i]>>6&1] |= 1 << (chars[i] & 63)
	}
	return c
}

func (c class) without(chars string) class {
	for i := range len(chars) {
		c[chars[i]>>6&1] &^= 1 << (chars[i] & 63)
	}
	return c
}

func (c class) has(b byte) bool     { return b < utf8.RuneSelf && c[b>>6]>>(b&63)&1 == 1 }
func (c class) meets(d class) bool  { return c[0]&d[0] != 0 || c[1]&d[1] != 0 }
func (c class) union(d class) class { return class{c[0] | d[0], c[1] | d[1]} }

const (
	alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	subDelims    = "!$&'()*+,;="
)

// What RFC 3986, 2 and 3.3 and 3.4, calls them. A percent-encoded character is in all of them: unit sees to it.
var (
	unreserved = of(alphanumeric + "-._~")
	anything   = unreserved.with(":/?#[]@" + subDelims)
	path       = unreserved.with(":@/" + subDelims)
	query      = path.with("?")
	segment    = path.without("/")
	varchars   = of(alphanumeric + "_")
)

// unit returns how many bytes the character at uri[i] takes, percent-encoded or not, and 0 when there is none or it is
// not in the class.
func (c *class) unit(uri string, i int) int {
	if i >= len(uri) {
		return 0
	}
	if b := uri[i]; b != '%' {
		if c.has(b) {
			return 1
		}
		return 0
	}
	return escaped(uri, i)
}

// run returns where the characters of the class end that start at uri[i], and how many there are.
func (c *class) run(uri string, i int) (end, units int) {
	for {
		n := c.unit(uri, i)
		if n == 0 {
			return i, units
		}
		i += n
		units++
	}
}

// escaped returns how many bytes the percent-encoded UTF-8 character at s[i] takes, 3 to 12, and 0 when it is broken.
func escaped(s string, i int) int {
	first, ok := octet(s, i)
	if !ok {
		return 0
	}
	if first < utf8.RuneSelf {
		return 3
	}
	encoded := append(make([]byte, 0, utf8.UTFMax), first)
	for !utf8.FullRune(encoded) {
		b, ok := octet(s, i+3*len(encoded))
		if !ok {
			return 0
		}
		encoded = append(encoded, b)
	}
	if r, size := utf8.DecodeRune(encoded); r == utf8.RuneError && size == 1 {
		return 0
	}
	return 3 * len(encoded)
}

// octet reads the triplet at s[i].
func octet(s string, i int) (b byte, ok bool) {
	if i+2 >= len(s) || s[i] != '%' {
		return 0, false
	}
	high, ok1 := nibble(s[i+1])
	low, ok2 := nibble(s[i+2])
	return high<<4 | low, ok1 && ok2
}

func nibble(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

const upperHex = "0123456789ABCDEF"

// appendEncoded appends s with all that is not in the class percent-encoded, byte by byte. With keep, triplets that
// are in s already stay (RFC 6570, 1.5: reserved expansion).
func appendEncoded(dst []byte, s string, c class, keep bool) []byte {
	for i := range len(s) {
		b := s[i]
		if c.has(b) {
			dst = append(dst, b)
			continue
		}
		if keep && b == '%' {
			if _, ok := octet(s, i); ok {
				dst = append(dst, b)
				continue
			}
		}
		dst = append(dst, '%', upperHex[b>>4], upperHex[b&15])
	}
	return dst
}

// decode undoes percent-encoding once. What is not a triplet stays; a matched value has none of that.
func decode(s string) string {
	i := 0
	for i < len(s) && s[i] != '%' {
		i++
	}
	if i == len(s) {
		return s
	}
	out := append(make([]byte, 0, len(s)), s[:i]...)
	for i < len(s) {
		if b, ok := octet(s, i); ok {
			out = append(out, b)
			i += 3
			continue
		}
		out = append(out, s[i])
		i++
	}
	return string(out)
}
