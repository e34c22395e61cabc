package tenant

import "time"

// sweepEvery is how often what nobody asks for is looked at. It is less than CacheTTL, so that the stream of a token that
// was removed ends within that, although its node has missed the news and its client says nothing.
const sweepEvery = 2 * time.Second

// sweeps looks after what nobody asks for, until the tenants are closed.
func (t *Tenants) sweeps() {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	renewed := t.config.Now()
	for {
		select {
		case <-t.base.Done():
			return
		case <-ticker.C:
		}
		t.sweep()
		if now := t.config.Now(); now.Sub(renewed) >= sessionRenewal {
			renewed = now
			t.renewSessions()
		}
	}
}

// sweep asks for the tokens of servers that run, shuts down those that nobody uses, and forgets what is of no use.
func (t *Tenants) sweep() {
	t.refresh("")
	now := t.config.Now()
	var idle []*slot
	t.slotsMu.Lock()
	for tenant, s := range t.slots {
		live := s.live.Load()
		switch {
		case live != nil && t.isIdle(s, live, now):
			t.unlink(s)
			idle = append(idle, s)
		case live == nil && !s.room && s.isOver(now):
			delete(t.slots, tenant)
		}
	}
	t.slotsMu.Unlock()
	for _, s := range idle {
		_, _ = t.empty(t.base, s, ReasonIdle) // it tells of its errors itself
	}
	t.forgetUnused(now)
}

// isIdle tells that a server has not been used for so long, and does nothing by itself.
func (t *Tenants) isIdle(s *slot, live *server, now time.Time) bool {
	if now.Sub(time.Unix(live.used.Load(), 0)) < t.config.IdleTTL || s.busy() {
		return false
	}
	stats := live.app.Stats()
	return stats.Running == 0 && stats.Tasks == 0
}

// isOver tells that a slot has nothing to remember. It tries: one that is in use is not over.
func (s *slot) isOver(now time.Time) bool {
	if !s.mu.TryLock() {
		return false
	}
	defer s.mu.Unlock()
	if s.building != nil || s.live.Load() != nil || now.Before(s.retry) || s.busy() {
		return false
	}
	s.gone = true // who has it already finds another
	return true
}

// forgetUnused forgets tokens that are in the store and were not used for a while, and those that were none.
func (t *Tenants) forgetUnused(now time.Time) {
	t.slotsMu.RLock()
	used := make(map[string]bool, len(t.slots))
	for tenant := range t.slots {
		used[tenant] = true
	}
	t.slotsMu.RUnlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	for d, k := range t.known {
		if !k.own() && now.Sub(k.until) > t.config.CacheTTL && !used[k.grant.info.ID] {
			delete(t.known, d)
			delete(t.ids, k.grant.info.ID)
		}
	}
	for d, until := range t.unknown {
		if !now.Before(until) {
			delete(t.unknown, d)
		}
	}
}

// renewSessions has the sessions of this node go on to count.
func (t *Tenants) renewSessions() {
	for _, live := range t.servers() {
		for _, s := range live.app.Sessions() {
			if live.limits.Sessions > 0 && t.base.Err() == nil {
				t.countSession(s, true)
				if live.app.Session(s.ID()) == nil {
					t.countSession(s, false) // it has ended meanwhile, and would count for as long as one that was left
				}
			}
		}
	}
}

// servers are those that are built.
func (t *Tenants) servers() (all []*server) {
	t.slotsMu.RLock()
	defer t.slotsMu.RUnlock()
	for _, s := range t.slots {
		if live := s.live.Load(); live != nil {
			all = append(all, live)
		}
	}
	return all
}
