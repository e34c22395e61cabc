package session

// Lost is how many messages nobody will get: events that were pushed out of their log before a connection had got them, and
// what was posted to a session that had no room for it. Of a log in a store the events are counted when their client comes
// back.
func (h *Hub) Lost() int64 { return h.lost.Load() }

// lose counts n messages.
func (h *Hub) lose(n int64) {
	h.lost.Add(n)
	if h.c.Above != nil {
		h.c.Above.lose(n)
	}
}

// Reading is how many connections read streams of the sessions here.
func (h *Hub) Reading() (n int) {
	h.All(func(r *Record) bool {
		if r.own.Attached() {
			n++
		}
		r.mu.Lock()
		for _, s := range r.streams {
			if s.Attached() {
				n++
			}
		}
		r.mu.Unlock()
		return true
	})
	return n
}

// push puts an event into the stream's log, and counts those that go for it and that nobody has got. s.mu is held.
func (s *Stream) push(data []byte) int64 {
	log, next := s.events(), s.sent+1
	if s.at != nil {
		next = s.at.cursor
	}
	first := max(log.first(), next)
	n := log.append(data)
	if gone := log.first() - first; gone > 0 {
		s.rec.hub.lose(gone)
	}
	return n
}
