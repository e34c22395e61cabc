package tenant

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Stats is how the tenants are doing.
type Stats struct {
	// Tokens is how many are registered: those of this process, and those in the store. It may be Config.CacheTTL old.
	Tokens int `json:"tokens"`
	// Servers is how many are built on this node, and Failing how many could not be built and are to be tried again.
	Servers int `json:"servers"`
	Failing int `json:"failing"`
	// Sessions is how many sessions those servers have: the ones that this node has opened or served lately.
	Sessions int `json:"sessions"`
	// Started is when the Tenants were made, and Uptime how long ago that is.
	Started time.Time     `json:"started"`
	Uptime  time.Duration `json:"uptime"` // in nanoseconds
}

// counted is how many tokens the store has.
type counted struct {
	mu    sync.Mutex
	count int
	until time.Time
	turn  int // a count that was begun before a change is not kept
}

func (c *counted) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = time.Time{}
	c.turn++
}

// Stats tells how the tenants are doing. It counts the tokens in the store at most once in Config.CacheTTL; the error is
// the store's, and the other figures are good then.
func (t *Tenants) Stats(ctx context.Context) (Stats, error) {
	now := t.config.Now()
	s := Stats{Started: t.started, Uptime: now.Sub(t.started)}
	t.mu.RLock()
	for _, k := range t.known {
		if k.own() {
			s.Tokens++
		}
	}
	t.mu.RUnlock()
	t.slotsMu.RLock()
	slots := slices.Collect(maps.Values(t.slots))
	t.slotsMu.RUnlock() // before the slots' own locks
	for _, slot := range slots {
		if slot.isFailing() {
			s.Failing++
		}
	}
	for _, live := range t.servers() {
		s.Servers++
		s.Sessions += len(live.app.Sessions())
	}
	stored, err := t.countStored(ctx, now)
	s.Tokens += stored
	return s, err
}

// isFailing tells that the last try to build its server has failed.
func (s *slot) isFailing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures > 0
}

func (t *Tenants) countStored(ctx context.Context, now time.Time) (int, error) {
	c := &t.counted
	c.mu.Lock()
	count, fresh, turn := c.count, now.Before(c.until), c.turn
	c.mu.Unlock()
	if fresh {
		return count, nil
	}
	if err := t.Open(ctx); err != nil {
		return 0, err
	}
	count = 0
	for cursor := ""; ; {
		page, next, err := t.store.Index.Members(ctx, tokensIndex, cursor, maxPage)
		if err != nil {
			return 0, fmt.Errorf("tenant: %w", err)
		}
		if count += len(page); next == "" {
			break
		}
		cursor = next
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turn == turn {
		c.count, c.until = count, now.Add(t.config.CacheTTL)
	}
	return count, nil
}
