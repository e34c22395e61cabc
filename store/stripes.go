package store

import (
	"context"
	"hash/maphash"
)

// stripes are locks for any number of keys: keys share one when their hashes do. They are channels, so that waiting ends
// with the context: what holds a lock may be waiting for a network.
type stripes struct {
	seed  maphash.Seed
	locks []chan struct{}
}

// stripeCount is how many keys can be worked on at once at most.
const stripeCount = 256

func newStripes() stripes {
	s := stripes{seed: maphash.MakeSeed(), locks: make([]chan struct{}, stripeCount)}
	for i := range s.locks {
		s.locks[i] = make(chan struct{}, 1)
	}
	return s
}

func (s stripes) lock(ctx context.Context, key string) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	lock := s.locks[maphash.String(s.seed, key)%stripeCount]
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
