package tenant

// Sweep does now what is done every few seconds.
func (t *Tenants) Sweep() { t.sweep() }

// RenewSessions does now what is done every few minutes.
func (t *Tenants) RenewSessions() { t.renewSessions() }

// Unknown is how many tokens are remembered that are none, Known how many that are.
func (t *Tenants) Unknown() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.unknown)
}

func (t *Tenants) Known() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.known)
}

// Slots is how many tenants have a place for a server, and Room how many of those take room.
func (t *Tenants) Slots() (slots, room int) {
	t.slotsMu.RLock()
	defer t.slotsMu.RUnlock()
	return len(t.slots), t.live
}

// StaleFlights is how many questions are on their way whose answers are not to be kept.
func (t *Tenants) StaleFlights() (n int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, f := range t.flights {
		if f.stale {
			n++
		}
	}
	return n
}
