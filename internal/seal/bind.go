package seal

import (
	"crypto/sha256"
	"encoding/binary"
)

// maxVerbatim is the longest part of a binding that stands in it as it is; a longer one is hashed, so that a binding
// stays small whatever a client sends.
const maxVerbatim = 64

const (
	verbatim byte = iota
	hashed
)

// Bind makes of parts what Seal and Open bind a token to. Every part has its kind and its length before it (8 bytes,
// big endian), so that other parts, or as many bytes divided otherwise, give another binding: Bind("ab", "c") is not
// Bind("a", "bc"), and Bind(nil) is not Bind(). A part of more than 64 bytes is there as its SHA-256. Parts are not
// kept.
func Bind(parts ...[]byte) []byte {
	size := 0
	for _, p := range parts {
		size += 1 + 8 + min(len(p), maxVerbatim)
	}
	out := make([]byte, 0, size)
	for _, p := range parts {
		if len(p) <= maxVerbatim {
			out = binary.BigEndian.AppendUint64(append(out, verbatim), uint64(len(p)))
			out = append(out, p...)
			continue
		}
		sum := sha256.Sum256(p)
		out = binary.BigEndian.AppendUint64(append(out, hashed), uint64(len(p)))
		out = append(out, sum[:]...)
	}
	return out
}
