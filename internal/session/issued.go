package session

import "slices"

// issuedMost bounds the ids that a session remembers: the oldest are forgotten first.
const issuedMost = 256

// Issue notes that the client has been given an id that it will be told of again. One that it has been given is not
// noted twice.
func (r *Record) Issue(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || slices.Contains(r.issued, id) {
		return
	}
	if len(r.issued) >= issuedMost {
		r.issued = slices.Delete(r.issued, 0, 1)
	}
	r.issued = append(r.issued, id)
}

// Redeem takes back an id that the client has been given, and tells whether it had been.
func (r *Record) Redeem(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.issued, id)
	if i < 0 {
		return false
	}
	r.issued = slices.Delete(r.issued, i, i+1)
	return true
}
