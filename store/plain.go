package store

import (
	"bytes"
	"context"
	"strconv"
	"time"
)

// plain is KV and Atomic over any Storage. Its steps are atomic because all of this Backend's writes to a key go through
// one lock; nothing stops another process.
type plain struct {
	of    Storage
	with  contextual // nil: the storage takes no contexts
	clock func() time.Time
	locks stripes
}

// contextual are the methods by which newer drivers take a context (gofiber/storage, Fiber v3).
type contextual interface {
	GetWithContext(ctx context.Context, key string) ([]byte, error)
	SetWithContext(ctx context.Context, key string, val []byte, exp time.Duration) error
	DeleteWithContext(ctx context.Context, key string) error
}

func newPlain(of Storage, clock func() time.Time) *plain {
	with, _ := of.(contextual)
	return &plain{of: of, with: with, clock: clock, locks: newStripes()}
}

// load is the envelope under key; one without a value when there is none or it has expired.
func (p *plain) load(ctx context.Context, key string) (envelope, error) {
	if err := ctx.Err(); err != nil {
		return envelope{}, err
	}
	var sealed []byte
	var err error
	if p.with != nil {
		sealed, err = p.with.GetWithContext(ctx, key)
	} else {
		sealed, err = p.of.Get(key)
	}
	if err != nil || len(sealed) == 0 {
		return envelope{}, err
	}
	e, err := openEnvelope(sealed)
	if err != nil || e.past(p.clock()) {
		return envelope{}, err
	}
	return e, nil
}

func (p *plain) save(ctx context.Context, key string, e envelope) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	exp := e.expiry(p.clock())
	if p.with != nil {
		return p.with.SetWithContext(ctx, key, e.seal(), exp)
	}
	return p.of.Set(key, e.seal(), exp)
}

func (p *plain) remove(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.with != nil {
		return p.with.DeleteWithContext(ctx, key)
	}
	return p.of.Delete(key)
}

// step runs fn with the lock of key.
func (p *plain) step(ctx context.Context, key string, ttl time.Duration, fn func() error) error {
	if err := checkKey(key, ttl); err != nil {
		return err
	}
	unlock, err := p.locks.lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	return fn()
}

func (p *plain) Get(ctx context.Context, key string) ([]byte, error) {
	if err := checkKey(key, 0); err != nil {
		return nil, err
	}
	e, err := p.load(ctx, key)
	return e.val, err
}

func (p *plain) Set(ctx context.Context, key string, val []byte, ttl time.Duration) error {
	return p.step(ctx, key, ttl, func() error { return p.save(ctx, key, newEnvelope(val, p.clock(), ttl)) })
}

// Touch reads and writes the value, since a Storage can do no less.
func (p *plain) Touch(ctx context.Context, key string, ttl time.Duration) error {
	return p.step(ctx, key, ttl, func() error {
		e, err := p.load(ctx, key)
		if err != nil || e.val == nil {
			return err
		}
		return p.save(ctx, key, newEnvelope(e.val, p.clock(), ttl))
	})
}

// TouchAll goes from key to key: there is no more to a Storage.
func (p *plain) TouchAll(ctx context.Context, ttl time.Duration, keys ...string) error {
	if err := checkKeys(keys, ttl); err != nil {
		return err
	}
	for _, key := range keys {
		if err := p.Touch(ctx, key, ttl); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (p *plain) Delete(ctx context.Context, key string) error {
	return p.step(ctx, key, 0, func() error { return p.remove(ctx, key) })
}

// Ping asks for a key that need not exist.
func (p *plain) Ping(ctx context.Context) error {
	_, err := p.load(ctx, "@ping")
	return err
}

func (p *plain) Take(ctx context.Context, key string) (val []byte, err error) {
	err = p.step(ctx, key, 0, func() error {
		e, err := p.load(ctx, key)
		if err != nil || e.val == nil {
			return err
		}
		if err := p.remove(ctx, key); err != nil {
			return err // not taken: who is told so may try again
		}
		val = e.val
		return nil
	})
	return val, err
}

func (p *plain) SetNX(ctx context.Context, key string, val []byte, ttl time.Duration) (bool, error) {
	return p.CAS(ctx, key, nil, copied(val), ttl)
}

func (p *plain) CAS(ctx context.Context, key string, old, new []byte, ttl time.Duration) (done bool, err error) {
	err = p.step(ctx, key, ttl, func() error {
		e, err := p.load(ctx, key)
		if err != nil || (e.val == nil) != (old == nil) || !bytes.Equal(e.val, old) {
			return err
		}
		if new != nil {
			err = p.save(ctx, key, newEnvelope(new, p.clock(), ttl))
		} else if e.val != nil {
			err = p.remove(ctx, key)
		}
		done = err == nil
		return err
	})
	return done, err
}

func (p *plain) Add(ctx context.Context, key string, n int64, ttl time.Duration) (sum int64, err error) {
	err = p.step(ctx, key, ttl, func() error {
		e, err := p.load(ctx, key)
		if err != nil {
			return err
		}
		next, err := addTo(e.val, n)
		if err != nil {
			return err
		}
		if e.val == nil {
			e = newEnvelope(nil, p.clock(), ttl)
		}
		e.val = strconv.AppendInt(nil, next, 10)
		if err := p.save(ctx, key, e); err != nil {
			return err
		}
		sum = next
		return nil
	})
	return sum, err
}
