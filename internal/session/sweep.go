package session

import "time"

// sweeper is the one goroutine of a Hub. It runs while there are sessions.
type sweeper struct{ stop, done chan struct{} }

// startSweeper sees to it that there is a sweeper. h.mu is held.
func (h *Hub) startSweeper() {
	if h.sweeper != nil {
		return
	}
	s := &sweeper{stop: make(chan struct{}), done: make(chan struct{})}
	h.sweeper = s
	go h.sweepOften(s)
}

func (h *Hub) sweepOften(s *sweeper) {
	defer close(s.done)
	t := time.NewTicker(h.c.SweepEvery)
	defer t.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-t.C:
		}
		h.sweep()
		if h.retire(s) {
			return
		}
	}
}

// retire takes s out of its office when there is nothing left to sweep.
func (h *Hub) retire(s *sweeper) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.total.members) > 0 || h.sweeper != s {
		return false
	}
	h.sweeper = nil
	return true
}

// sweep ends what has expired: sessions, finished streams, connections whose caller's credentials do not count any
// more.
func (h *Hub) sweep() {
	now, clock := h.now(), h.c.Now()
	h.All(func(r *Record) bool {
		if r.expired(now) {
			h.expire(r, now)
			return true
		}
		r.own.endExpired(clock)
		for _, s := range r.allStreams() {
			s.endExpired(clock)
			if at := s.finishedAt.Load(); at != 0 && now-time.Duration(at) >= h.c.ReplayTTL && !s.attached.Load() {
				r.drop(s)
			}
		}
		return true
	})
}

// expire ends a session that nobody has used here. Others may have, when it is shared: then it goes on without this node.
func (h *Hub) expire(r *Record, now time.Duration) {
	why := Expired
	if c := h.cluster; c != nil {
		if there, err := c.there(r.ID); err != nil {
			return // the next sweep asks again
		} else if there || r.adopted {
			why = Elsewhere
		}
	}
	h.finish(r, why, r.endIfExpired(now))
}
