package session

import (
	"crypto/sha256"
	"encoding/hex"
)

// Fingerprint names an id in logs: who knows a session's id can use it.
func Fingerprint(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:6])
}

// LogID is the Fingerprint of the session's id. It is made once.
func (r *Record) LogID() string {
	if p := r.logID.Load(); p != nil {
		return *p
	}
	id := Fingerprint(r.ID)
	r.logID.Store(&id)
	return id
}
