package schema

import "strconv"

// maxBigDigits bounds the digits of a big integer, so that 1e999999999 costs nothing.
const maxBigDigits = 4096

// integerText writes a JSON number without fraction and exponent: 1.0 becomes 1, 12e2 becomes 1200. whole is false when
// the number has a fraction; text is empty, and whole true, when it has more than limit digits. The text may be b's own
// bytes.
func integerText(b []byte, limit int) (text []byte, whole bool) {
	plain := true
	for _, c := range b {
		if c == '.' || c == 'e' || c == 'E' {
			plain = false
			break
		}
	}
	if plain {
		if len(b) > limit+1 {
			return nil, true
		}
		return b, true
	}
	digits, point, negative, exponent := splitNumber(b)
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
		point--
	}
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	if len(digits) == 0 {
		return []byte("0"), true
	}
	size := point + exponent // how many digits stand before the point
	if size < len(digits) {
		return nil, false
	}
	if size > limit {
		return nil, true
	}
	if negative {
		text = append(text, '-')
	}
	text = append(text, digits...)
	for range size - len(digits) {
		text = append(text, '0')
	}
	return text, true
}

// splitNumber takes a JSON number apart: its digits without the point, how many stand before the point, its sign and its
// exponent, clamped to a million either way.
func splitNumber(b []byte) (digits []byte, point int, negative bool, exponent int) {
	if b[0] == '-' {
		negative, b = true, b[1:]
	}
	point = -1
	for i, c := range b {
		switch c {
		case '.':
			point = len(digits)
		case 'e', 'E':
			if point < 0 {
				point = len(digits)
			}
			n, err := strconv.Atoi(string(b[i+1:]))
			if n > 1_000_000 || err != nil && b[i+1] != '-' {
				n = 1_000_000
			} else if n < -1_000_000 || err != nil {
				n = -1_000_000
			}
			return digits, point, negative, n
		default:
			digits = append(digits, c)
		}
	}
	return digits, point, negative, 0
}

// parseInt reads an integer of so many bits from a JSON number. whole is false for a fraction, fits for an overflow.
func parseInt(b []byte, bits int) (v int64, whole, fits bool) {
	text, whole := integerText(b, 20)
	if !whole || text == nil {
		return 0, whole, false
	}
	v, err := strconv.ParseInt(string(text), 10, bits)
	return v, true, err == nil
}

// parseUint is parseInt for integers without sign.
func parseUint(b []byte, bits int) (v uint64, whole, fits bool) {
	text, whole := integerText(b, 20)
	if !whole || text == nil {
		return 0, whole, false
	}
	if text[0] == '-' && len(text) == 2 && text[1] == '0' {
		text = text[1:]
	}
	v, err := strconv.ParseUint(string(text), 10, bits)
	return v, true, err == nil
}
