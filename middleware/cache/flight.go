package cache

import (
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/store"
)

// flightKey is what calls have in common that are the same: where it is kept, under what, and since when nothing of that
// name was forgotten.
type flightKey struct {
	backend    *store.Backend
	key        itemKey
	generation generation
}

// flight is a call that runs, and that others wait for.
type flight struct {
	done chan struct{}
	// kept or err are what it came to; neither when it is good for nobody else.
	kept *item
	err  error
}

// board finds the flight of a call, or begins it. It is nil when there are too many.
func (k *keeper) board(at flightKey) (f *flight, mine bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if f = k.flights[at]; f != nil {
		return f, false
	}
	if len(k.flights) >= k.config.MaxFlights {
		return nil, false
	}
	f = &flight{done: make(chan struct{})}
	k.flights[at] = f
	return f, true
}

// lead runs a call that others may wait for. They are let go however it ends, by a panic too.
func (k *keeper) lead(c *fastmcp.Context, s shelf, at flightKey, f *flight, of subject) error {
	defer func() {
		k.mu.Lock()
		delete(k.flights, at)
		k.mu.Unlock()
		close(f.done)
	}()
	if kept, now, ok, _ := s.get(at.key); ok { // by one that has ended just before this began
		f.kept = &kept
		kept.give(c, now)
		return nil
	}
	return k.run(c, s, at, of, f)
}

// arrival is what waiting for a flight has led to.
type arrival int

const (
	answered arrival = iota
	useless          // it came to nothing that is of use here
	late
)

// wait waits for a flight.
func (k *keeper) wait(c *fastmcp.Context, f *flight) (arrival, error) {
	timer := time.NewTimer(k.config.Wait)
	defer timer.Stop()
	select {
	case <-f.done:
	case <-c.Done():
		return answered, c.Err()
	case <-timer.C:
		return late, nil
	}
	switch {
	case f.kept != nil:
		f.kept.give(c, k.config.Clock())
		return answered, nil
	case f.err != nil:
		return answered, f.err
	}
	return useless, nil
}
