package store

import (
	"context"
	"time"
)

// Storage has the method set of fiber.Storage, so that any of Fiber's drivers fits; store never imports Fiber.
type Storage interface {
	// Get returns the value of key; nil, nil when there is none.
	Get(key string) ([]byte, error)
	// Set stores val under key for exp; 0 is for ever. Fiber's contract: an empty key or value is ignored.
	Set(key string, val []byte, exp time.Duration) error
	// Delete removes key; it is no error when there is none.
	Delete(key string) error
	// Reset removes everything.
	Reset() error
	// Close ends the storage.
	Close() error
}

// Opener is a Storage that connects when it is asked to, at start, so that its New in a struct literal needs no error.
type Opener interface {
	// Open connects, or tells why it cannot.
	Open(ctx context.Context) error
}

// Source is a Storage that has parts of a Backend of its own. From asks it once, before Open.
type Source interface {
	Storage
	// Backend gives the parts. KV and Atomic come together, since a step is only atomic among calls that know of each
	// other; Log, Bus and Index may be nil, and are then kept in process.
	Backend() *Backend
}
