package schema

import "math/big"

// bounds is the range of a number. The limits are JSON literals, empty when there is none, so that 64-bit integers keep
// every digit.
type bounds struct {
	low, high         string
	lowOpen, highOpen bool
}

// atLeast narrows the range from below; the tighter limit stays.
func (b *bounds) atLeast(literal string, open bool) {
	if b.low != "" {
		c := compareLiterals(literal, b.low)
		if c < 0 || c == 0 && !open {
			return
		}
	}
	b.low, b.lowOpen = literal, open
}

// atMost narrows the range from above; the tighter limit stays.
func (b *bounds) atMost(literal string, open bool) {
	if b.high != "" {
		c := compareLiterals(literal, b.high)
		if c > 0 || c == 0 && !open {
			return
		}
	}
	b.high, b.highOpen = literal, open
}

// compareLiterals compares two numbers that this package wrote itself, so both parse and neither is huge.
func compareLiterals(a, b string) int {
	x, _ := new(big.Rat).SetString(a)
	y, _ := new(big.Rat).SetString(b)
	return x.Cmp(y)
}
