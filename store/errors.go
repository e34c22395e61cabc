package store

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrGap tells that a log cannot be read on after an id: entries behind it were trimmed, or the log never gave out
	// that id, or has expired. The reader must get the truth elsewhere.
	ErrGap = errors.New("store: entries after that id were trimmed")
	// ErrFull tells that a bound of MemoryConfig is reached, and its text names the field; or that a server has no room,
	// as Redis at its maxmemory. Nothing is evicted instead: what is kept may be a one-time code already used, and
	// forgetting it would let it be used again.
	ErrFull = errors.New("store: memory is full")
	// ErrTooLarge tells that a single entry is over a bound that no waiting will lift.
	ErrTooLarge = errors.New("store: too large")
	// ErrClosed tells that the storage, the bus or the subscription was closed.
	ErrClosed = errors.New("store: closed")
	// ErrNotNumber tells that Add met a value that is no decimal int64, or would leave the range of one.
	ErrNotNumber = errors.New("store: not a number that can be added to")
	// ErrInvalid tells of a mistake of the caller: an empty name, a negative ttl.
	ErrInvalid = errors.New("store: invalid argument")
	// ErrForeign tells that a value in a plain Storage was not written by this package, or that a server has something of
	// another kind under that name.
	ErrForeign = errors.New("store: value of another origin under this key")
	// ErrUnavailable tells that the server that keeps the storage did not answer in time, or is in no state to: trying
	// again later may help. What was asked may have been done, or may not.
	ErrUnavailable = errors.New("store: the storage is not available")
)

func checkName(what, name string) error {
	if name == "" {
		return fmt.Errorf("%w: empty %s", ErrInvalid, what)
	}
	return nil
}

// checkKeys finds what is wrong with any of keys before something is done to the others.
func checkKeys(keys []string, ttl time.Duration) error {
	for _, key := range keys {
		if err := checkKey(key, ttl); err != nil {
			return err
		}
	}
	return nil
}

func checkKey(key string, ttl time.Duration) error {
	if ttl < 0 {
		return fmt.Errorf("%w: negative ttl %v", ErrInvalid, ttl)
	}
	return checkName("key", key)
}
