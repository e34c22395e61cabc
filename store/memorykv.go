package store

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// memoryKV is KV and Atomic in process.
type memoryKV struct {
	in    *core
	items map[string]*item
}

type item struct {
	date
	kv  *memoryKV
	key string
	val []byte
}

func newMemoryKV(in *core) *memoryKV { return &memoryKV{in: in, items: map[string]*item{}} }

func (it *item) cost() int { return len(it.key) + len(it.val) + entryOverhead }

func (it *item) perish() {
	delete(it.kv.items, it.key)
	it.kv.in.release(1, it.cost())
}

// find is the item under key, nil when there is none or it has expired.
func (kv *memoryKV) find(key string, now int64) *item {
	it := kv.items[key]
	if it == nil || it.past(now) {
		return nil
	}
	return it
}

// put stores val until at, in place of any other.
func (kv *memoryKV) put(key string, val []byte, now, at int64) error {
	it := kv.items[key]
	if it != nil && it.past(now) {
		kv.drop(it)
		it = nil
	}
	if it == nil {
		// The caller's key may lie in a request buffer that is used again.
		it = &item{kv: kv, key: strings.Clone(key), val: val}
		if err := kv.in.admit(now, 1, it.cost()); err != nil {
			return err
		}
		it.val = copied(val)
		kv.items[it.key] = it
	} else {
		if err := kv.in.admit(now, 0, len(val)-len(it.val)); err != nil {
			return err
		}
		it.val = copied(val)
	}
	kv.in.due.set(it, at)
	return nil
}

func (kv *memoryKV) drop(it *item) {
	kv.in.due.remove(it)
	it.perish()
}

// copied is a copy that is never nil.
func copied(b []byte) []byte { return append(make([]byte, 0, len(b)), b...) }

func (kv *memoryKV) Get(ctx context.Context, key string) (val []byte, err error) {
	if err := checkKey(key, 0); err != nil {
		return nil, err
	}
	err = kv.in.run(ctx, func(now int64) error {
		if it := kv.find(key, now); it != nil {
			val = copied(it.val)
		}
		return nil
	})
	return val, err
}

func (kv *memoryKV) Set(ctx context.Context, key string, val []byte, ttl time.Duration) error {
	if err := checkKey(key, ttl); err != nil {
		return err
	}
	return kv.in.run(ctx, func(now int64) error { return kv.put(key, val, now, until(now, ttl)) })
}

func (kv *memoryKV) Touch(ctx context.Context, key string, ttl time.Duration) error {
	if err := checkKey(key, ttl); err != nil {
		return err
	}
	return kv.in.run(ctx, func(now int64) error {
		if it := kv.find(key, now); it != nil {
			kv.in.due.set(it, until(now, ttl))
		}
		return nil
	})
}

func (kv *memoryKV) TouchAll(ctx context.Context, ttl time.Duration, keys ...string) error {
	if err := checkKeys(keys, ttl); err != nil {
		return err
	}
	return kv.in.run(ctx, func(now int64) error {
		for _, key := range keys {
			if it := kv.find(key, now); it != nil {
				kv.in.due.set(it, until(now, ttl))
			}
		}
		return nil
	})
}

func (kv *memoryKV) Delete(ctx context.Context, key string) error {
	if err := checkKey(key, 0); err != nil {
		return err
	}
	return kv.in.run(ctx, func(now int64) error {
		if it := kv.items[key]; it != nil {
			kv.drop(it)
		}
		return nil
	})
}

func (kv *memoryKV) Ping(ctx context.Context) error {
	return kv.in.run(ctx, func(int64) error { return nil })
}

func (kv *memoryKV) Take(ctx context.Context, key string) (val []byte, err error) {
	if err := checkKey(key, 0); err != nil {
		return nil, err
	}
	err = kv.in.run(ctx, func(now int64) error {
		if it := kv.find(key, now); it != nil {
			kv.drop(it)
			val = it.val
		}
		return nil
	})
	return val, err
}

func (kv *memoryKV) SetNX(ctx context.Context, key string, val []byte, ttl time.Duration) (done bool, err error) {
	return kv.CAS(ctx, key, nil, copied(val), ttl)
}

func (kv *memoryKV) CAS(ctx context.Context, key string, old, new []byte, ttl time.Duration) (done bool, err error) {
	if err := checkKey(key, ttl); err != nil {
		return false, err
	}
	err = kv.in.run(ctx, func(now int64) error {
		it := kv.find(key, now)
		if (it == nil) != (old == nil) || it != nil && !bytes.Equal(it.val, old) {
			return nil
		}
		if new != nil {
			err := kv.put(key, new, now, until(now, ttl))
			done = err == nil
			return err
		}
		if it != nil {
			kv.drop(it)
		}
		done = true
		return nil
	})
	return done, err
}

func (kv *memoryKV) Add(ctx context.Context, key string, n int64, ttl time.Duration) (sum int64, err error) {
	if err := checkKey(key, ttl); err != nil {
		return 0, err
	}
	err = kv.in.run(ctx, func(now int64) error {
		at, was := until(now, ttl), []byte(nil)
		if it := kv.find(key, now); it != nil {
			at, was = it.at, it.val
		}
		next, err := addTo(was, n)
		if err != nil {
			return err
		}
		sum = next
		var digits [20]byte
		return kv.put(key, strconv.AppendInt(digits[:0], next, 10), now, at)
	})
	if err != nil {
		return 0, err
	}
	return sum, nil
}

// addTo adds n to a number in decimal text; nil is 0.
func addTo(was []byte, n int64) (int64, error) {
	if was == nil {
		return n, nil
	}
	have, err := strconv.ParseInt(string(was), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: the value is no decimal int64", ErrNotNumber)
	}
	if sum := have + n; (sum > have) == (n > 0) {
		return sum, nil
	}
	return 0, fmt.Errorf("%w: %d and %d overflow", ErrNotNumber, have, n)
}
