package session

import (
	"bytes"
	"context"
	"sync"
)

// State is a session's key-value store. A session that has ended has none: reads find nothing and writes return
// ErrEnded.
type State interface {
	// Get is the value under key; ok is false when there is none. The bytes are the caller's.
	Get(ctx context.Context, key string) (value []byte, ok bool, err error)
	// Set stores a copy of value. It returns ErrTooLarge, and changes nothing, when the state would outgrow StateKeys
	// or StateBytes.
	Set(ctx context.Context, key string, value []byte) error
	// Delete removes key, if it is there.
	Delete(ctx context.Context, key string) error
	// Update replaces the value under key by what fn makes of it: old is nil when there is none, and a nil result
	// removes the key. fn runs without a lock and again when somebody else has changed the value meanwhile, so it must
	// have no effects of its own. An error of fn's is returned and changes nothing; ErrConflict is returned after too
	// many attempts.
	Update(ctx context.Context, key string, fn func(old []byte) ([]byte, error)) error
}

// updateAttempts bounds Update. Each attempt that fails is one that somebody else's succeeded in.
const updateAttempts = 1000

// state is State in memory.
type state struct {
	c *Config

	mu      sync.Mutex
	ended   bool
	values  map[string]entry
	size    int
	version uint64
}

// entry is a value and when, in the order of changes, it was written. Values are never changed in place.
type entry struct {
	value   []byte
	version uint64
}

func (s *state) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	e, ok := s.load(key)
	return bytes.Clone(e.value), ok, nil
}

func (s *state) Set(ctx context.Context, key string, value []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(key, copied(value))
}

func (s *state) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(key, nil)
}

func (s *state) Update(ctx context.Context, key string, fn func(old []byte) ([]byte, error)) error {
	for range updateAttempts {
		if err := ctx.Err(); err != nil {
			return err
		}
		old, _ := s.load(key)
		value, err := fn(bytes.Clone(old.value))
		if err != nil {
			return err
		}
		if value != nil {
			value = copied(value)
		}
		if done, err := s.swap(key, old.version, value); done {
			return err
		}
	}
	return ErrConflict
}

func (s *state) load(key string) (entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.values[key]
	return e, ok
}

// swap puts value if what is there is still of that version; an absent key has version 0.
func (s *state) swap(key string, version uint64, value []byte) (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values[key].version != version {
		return false, nil
	}
	return true, s.put(key, value)
}

// put stores value, which it keeps; nil removes the key. s.mu is held.
func (s *state) put(key string, value []byte) error {
	if s.ended {
		return ErrEnded
	}
	old, had := s.values[key]
	size := s.size
	if had {
		size -= len(key) + len(old.value)
	}
	if value == nil {
		delete(s.values, key)
		s.size = size
		return nil
	}
	size += len(key) + len(value)
	if size > s.c.StateBytes || !had && len(s.values) >= s.c.StateKeys {
		return ErrTooLarge
	}
	if s.values == nil {
		s.values = map[string]entry{}
	}
	s.version++
	s.values[key] = entry{value, s.version}
	s.size = size
	return nil
}

func (s *state) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended, s.values, s.size = true, nil, 0
}

// copied is a copy of value that is not nil.
func copied(value []byte) []byte { return append(make([]byte, 0, len(value)), value...) }
