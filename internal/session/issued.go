package session

import "slices"

// issuedMost bounds the ids that a session remembers: the oldest are forgotten first.
const issuedMost = 256

// Issue notes that the client has been given an id that it will be told of again. One that it has been given is not
// noted twice. An error is ErrUnavailable, or ErrConflict.
func (r *Record) Issue(id string) error {
	if c := r.hub.cluster; c != nil {
		return c.change(r, func(s *stored) { s.Issued = issued(s.Issued, id) })
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		r.issued = issued(r.issued, id)
	}
	return nil
}

func issued(all []string, id string) []string {
	if slices.Contains(all, id) {
		return all
	}
	if len(all) >= issuedMost {
		all = slices.Delete(all, 0, 1)
	}
	return append(all, id)
}

// Redeem takes back an id that the client has been given, and tells whether it had been.
func (r *Record) Redeem(id string) (had bool) {
	if c := r.hub.cluster; c != nil {
		err := c.change(r, func(s *stored) {
			i := slices.Index(s.Issued, id)
			if had = i >= 0; had {
				s.Issued = slices.Delete(s.Issued, i, i+1)
			}
		})
		return had && err == nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.issued, id)
	if i < 0 {
		return false
	}
	r.issued = slices.Delete(r.issued, i, i+1)
	return true
}
