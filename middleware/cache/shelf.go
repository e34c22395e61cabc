package cache

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/store"
)

// What a cache has in a store is under names of its own: those of a store.Scope that is called cache.
const (
	itemPrefix       = "@cache:item:"
	generationPrefix = "@cache:since:"
	setPrefix        = "@cache:of:"
)

// shelf is where results are kept: the App's store.
type shelf struct {
	k       *keeper
	c       *fastmcp.Context
	backend *store.Backend
}

func (key itemKey) String() string {
	var b [len(itemPrefix) + 32]byte
	copy(b[:], itemPrefix)
	base64.RawURLEncoding.Encode(b[len(itemPrefix):], key[:])
	return string(b[:])
}

// bounded is what a step of the store lasts in. It does not end with the request: to be told of that costs more than a step
// does, and what is kept is kept for others. In this process's memory there is nothing to wait for.
func (s shelf) bounded() (context.Context, context.CancelFunc) {
	if !s.backend.Shared {
		return context.Background(), func() {}
	}
	return context.WithTimeout(context.Background(), s.k.config.StoreTimeout)
}

// get is what is kept, while it is good, and when that was found out; ok is false when there is nothing.
func (s shelf) get(key itemKey) (it item, now time.Time, ok bool, err error) {
	ctx, cancel := s.bounded()
	defer cancel()
	data, err := s.backend.KV.Get(ctx, key.String())
	s.heard(err)
	if err != nil {
		return it, now, false, err
	}
	it, ok = readItem(data)
	if now = s.k.config.Clock(); it.until <= now.UnixMilli() {
		ok = false
	}
	return it, now, ok, nil
}

// put keeps it, unless its name was forgotten while it was made. Where that happens just now, either this or Forget finds
// out: the index is written before, and the generation is read behind.
func (s shelf) put(at flightKey, of subject, it *item) {
	now := s.k.config.Clock()
	ttl := time.UnixMilli(it.until).Sub(now)
	if ttl < time.Millisecond || !s.isIn(at.generation, of) || !s.k.budget.Take(now, len(it.data)) {
		return
	}
	ctx, cancel := s.bounded()
	defer cancel()
	key := at.key.String()
	err := s.backend.Index.Put(ctx, setOf(of.name), key, ttl)
	if err == nil && of.target != of.name {
		err = s.backend.Index.Put(ctx, setOf(of.target), key, ttl)
	}
	if err == nil {
		err = s.backend.KV.Set(ctx, key, it.data, ttl)
	}
	if s.heard(err); err == nil && !s.isIn(at.generation, of) {
		s.heard(s.backend.KV.Delete(ctx, key))
	}
}

// rest is how long a store that fails is left alone, so that not every call waits for it.
const rest = time.Second

// rests tells that the store is left alone.
func (s shelf) rests() bool {
	until := s.k.rest.Load()
	if until == 0 {
		return false
	}
	left := time.Duration(until - s.k.config.Clock().UnixNano())
	return left > 0 && left <= rest // more is a clock that was set back
}

// heard tells the operator of a store that does not do what it should, once until it does again.
func (s shelf) heard(err error) {
	if err == nil {
		if s.k.rest.Load() != 0 && s.k.rest.Swap(0) != 0 {
			s.c.Log().Info("cache: the store answers again")
		}
		return
	}
	if s.k.rest.Swap(s.k.config.Clock().Add(rest).UnixNano()) == 0 {
		s.c.Log().Warn("cache: the store fails: calls run as if nothing was kept", "error", err)
	}
}
