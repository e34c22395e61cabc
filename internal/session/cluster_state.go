package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
)

// errUnreadable: a session's state is not what this package writes.
var errUnreadable = errors.New("session: the state in the store cannot be read")

// sharedState is State in a store: all values of a session in one, so that its bounds hold whoever writes.
type sharedState struct {
	r *Record
	c *cluster
}

func (s sharedState) read(ctx context.Context) (values map[string][]byte, text []byte, err error) {
	if s.r.Ended() {
		return nil, nil, ErrEnded
	}
	if text, err = s.c.b.KV.Get(ctx, stateKey(s.r.ID)); err != nil {
		return nil, nil, s.c.failed(err)
	}
	values = map[string][]byte{}
	if text != nil && json.Unmarshal(text, &values) != nil {
		return nil, nil, errUnreadable
	}
	return values, text, nil
}

// Get is a value; see State.
func (s sharedState) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if s.r.Ended() {
		return nil, false, nil
	}
	values, _, err := s.read(ctx)
	if err != nil {
		return nil, false, err
	}
	value, ok := values[key]
	return value, ok, nil
}

// Set writes a value; see State.
func (s sharedState) Set(ctx context.Context, key string, value []byte) error {
	value = copied(value)
	return s.change(ctx, key, func([]byte) ([]byte, error) { return value, nil })
}

// Delete removes a value; see State.
func (s sharedState) Delete(ctx context.Context, key string) error {
	return s.change(ctx, key, func([]byte) ([]byte, error) { return nil, nil })
}

// Update changes a value; see State.
func (s sharedState) Update(ctx context.Context, key string, fn func(old []byte) ([]byte, error)) error {
	return s.change(ctx, key, fn)
}

func (s sharedState) change(ctx context.Context, key string, fn func(old []byte) ([]byte, error)) error {
	for range updateAttempts {
		values, old, err := s.read(ctx)
		if err != nil {
			return err
		}
		value, err := fn(bytes.Clone(values[key]))
		if err != nil {
			return err
		}
		if value == nil {
			delete(values, key)
		} else {
			values[key] = value
		}
		if !s.fits(values) {
			return ErrTooLarge
		}
		text, err := json.Marshal(values)
		if err != nil {
			return err // bytes under strings always marshal
		}
		done, err := s.c.b.Atomic.CAS(ctx, stateKey(s.r.ID), old, text, s.c.h.c.TTL)
		if err != nil {
			return s.c.failed(err)
		}
		if done {
			return nil
		}
	}
	return ErrConflict
}

func (s sharedState) fits(values map[string][]byte) bool {
	size := 0
	for key, value := range values {
		size += len(key) + len(value)
	}
	return size <= s.c.h.c.StateBytes && len(values) <= s.c.h.c.StateKeys
}
