package store

import (
	"context"
	"time"
)

// KV keeps values under keys for a time.
type KV interface {
	// Get returns the value of key; nil, nil when there is none. An empty value is not nil.
	Get(ctx context.Context, key string) ([]byte, error)
	// Set stores val for ttl, in place of any other.
	Set(ctx context.Context, key string, val []byte, ttl time.Duration) error
	// Touch gives what is under key a new ttl from now; nothing happens when there is no such key.
	Touch(ctx context.Context, key string, ttl time.Duration) error
	// TouchAll is Touch for many keys, in as few round trips as can be. It is not one step: an error may leave some of
	// them renewed.
	TouchAll(ctx context.Context, ttl time.Duration, keys ...string) error
	// Delete removes key; it is no error when there is none.
	Delete(ctx context.Context, key string) error
	// Ping tells that the storage can be reached.
	Ping(ctx context.Context) error
}

// Atomic are steps that no other step on the same key, and no Set, Touch or Delete, comes between.
type Atomic interface {
	// Take returns the value of key and removes it: of many takers one gets it, the others nil, nil.
	Take(ctx context.Context, key string) ([]byte, error)
	// SetNX stores val for ttl when there is no such key, and tells whether it did.
	SetNX(ctx context.Context, key string, val []byte, ttl time.Duration) (bool, error)
	// CAS stores new for ttl when the value is old, and tells whether it did. An old of nil stands for no such key, a
	// new of nil removes the key. Empty is not nil.
	CAS(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error)
	// Add adds n to the number under key, 0 when there is none, and returns the sum. ttl counts from the Add that makes
	// the key; later ones leave it, so that a window that is counted in ends. The number is kept as decimal text.
	// ErrNotNumber when there is something else under key, or the sum would overflow.
	Add(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error)
}
