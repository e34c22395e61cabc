// Package fingerprint names what must be kept out of logs: the id of a session, or of a task, which who knows it can use.
package fingerprint

import (
	"crypto/sha256"
	"encoding/hex"
)

// Of names an id as fastmcp.Context.Log does, so that lines can be put together.
func Of(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:6])
}
