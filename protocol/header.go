package protocol

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// The HTTP headers that repeat parts of a body, so that what stands in front of a server need not read it (SEP-2243).
const (
	HeaderVersion     = "Mcp-Protocol-Version"
	HeaderMethod      = "Mcp-Method"
	HeaderName        = "Mcp-Name"
	HeaderParamPrefix = "Mcp-Param-"
	HeaderSession     = "Mcp-Session-Id"
)

const sentinelHead, sentinelTail = "=?base64?", "?="

// DecodeHeader gives the text of a mirrored header's value. A value in the base64 sentinel is decoded, strictly; any
// other is its own text. ok is false for a sentinel that does not decode, and for bytes that no header may hold.
func DecodeHeader(value string) (text string, ok bool) {
	value = strings.Trim(value, " \t")
	for i := 0; i < len(value); i++ {
		if c := value[i]; c != '\t' && (c < 0x20 || c > 0x7e) {
			return "", false
		}
	}
	inner, head := strings.CutPrefix(value, sentinelHead)
	inner, tail := strings.CutSuffix(inner, sentinelTail)
	if !head || !tail {
		return value, true
	}
	b, err := base64.StdEncoding.Strict().DecodeString(inner)
	if err != nil {
		return "", false
	}
	return string(b), true
}

// HeaderEquals tells that a header's decoded text repeats a raw JSON value: a string exactly, a boolean by name, an
// integer by its number. Nothing repeats an object, an array or null.
func HeaderEquals(text string, raw []byte) bool {
	if len(raw) == 0 {
		return false
	}
	switch raw[0] {
	case '"':
		return text == String(raw)
	case 't', 'f':
		return text == string(raw)
	case '{', '[', 'n':
		return false
	}
	if text == string(raw) {
		return true
	}
	if end, _, err := scan.Number([]byte(text), 0); err != nil || end != len(text) {
		return false
	}
	a, errA := strconv.ParseFloat(text, 64)
	b, errB := strconv.ParseFloat(string(raw), 64)
	// Beyond 2^53 different integers are the same float, and SEP-2243 has none.
	return errA == nil && errB == nil && a == b && math.Abs(a) < 1<<53
}
