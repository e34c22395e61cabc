package store

import (
	"context"
	"strings"
	"time"
)

var scopeEscape = strings.NewReplacer("%", "%25", ":", "%3A")

// Scope is a view of b for a tenant or a purpose: the same names in two scopes are different things. Scopes nest. All
// names of a scope begin with "@", the escaped prefix and ":", so that no prefix, whoever chose it, reaches into another
// scope; names that are used without any scope should not begin with "@". An empty prefix is a scope as well.
func (b *Backend) Scope(prefix string) *Backend {
	p := scope("@" + scopeEscape.Replace(prefix) + ":")
	return &Backend{
		KV:     scopedKV{p, b.KV},
		Atomic: scopedAtomic{p, b.Atomic},
		Log:    scopedLog{p, b.Log},
		Bus:    scopedBus{p, b.Bus},
		Index:  scopedIndex{p, b.Index},
		Shared: b.Shared,
		Filled: b.Filled,
	}
}

type scope string

// name leaves an empty name empty, for the parts to refuse.
func (p scope) name(s string) string {
	if s == "" {
		return ""
	}
	return string(p) + s
}

type scopedKV struct {
	scope
	of KV
}

func (s scopedKV) Get(ctx context.Context, key string) ([]byte, error) {
	return s.of.Get(ctx, s.name(key))
}

func (s scopedKV) Set(ctx context.Context, key string, val []byte, ttl time.Duration) error {
	return s.of.Set(ctx, s.name(key), val, ttl)
}

func (s scopedKV) Touch(ctx context.Context, key string, ttl time.Duration) error {
	return s.of.Touch(ctx, s.name(key), ttl)
}

func (s scopedKV) TouchAll(ctx context.Context, ttl time.Duration, keys ...string) error {
	own := make([]string, len(keys))
	for i, key := range keys {
		own[i] = s.name(key)
	}
	return s.of.TouchAll(ctx, ttl, own...)
}

func (s scopedKV) Delete(ctx context.Context, key string) error {
	return s.of.Delete(ctx, s.name(key))
}

func (s scopedKV) Ping(ctx context.Context) error { return s.of.Ping(ctx) }

type scopedAtomic struct {
	scope
	of Atomic
}

func (s scopedAtomic) Take(ctx context.Context, key string) ([]byte, error) {
	return s.of.Take(ctx, s.name(key))
}

func (s scopedAtomic) SetNX(ctx context.Context, key string, val []byte, ttl time.Duration) (bool, error) {
	return s.of.SetNX(ctx, s.name(key), val, ttl)
}

func (s scopedAtomic) CAS(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	return s.of.CAS(ctx, s.name(key), old, new, ttl)
}

func (s scopedAtomic) Add(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error) {
	return s.of.Add(ctx, s.name(key), n, ttl)
}

type scopedLog struct {
	scope
	of Log
}

func (s scopedLog) Append(ctx context.Context, log, channel string, data ...[]byte) (string, error) {
	return s.of.Append(ctx, s.name(log), s.name(channel), data...)
}

func (s scopedLog) After(ctx context.Context, log, id string, max int) ([]Entry, error) {
	return s.of.After(ctx, s.name(log), id, max)
}

func (s scopedLog) Drop(ctx context.Context, log string) error { return s.of.Drop(ctx, s.name(log)) }

type scopedBus struct {
	scope
	of Bus
}

func (s scopedBus) Publish(ctx context.Context, channel string, data []byte) (int, error) {
	return s.of.Publish(ctx, s.name(channel), data)
}

func (s scopedBus) Subscribe(fn func(channel string, data []byte), lost func()) (Subscription, error) {
	if fn == nil {
		return s.of.Subscribe(nil, lost)
	}
	sub, err := s.of.Subscribe(func(channel string, data []byte) {
		fn(strings.TrimPrefix(channel, string(s.scope)), data)
	}, lost)
	if err != nil {
		return nil, err
	}
	return scopedSubscription{s.scope, sub}, nil
}

type scopedSubscription struct {
	scope
	of Subscription
}

func (s scopedSubscription) Add(channel string) error    { return s.of.Add(s.name(channel)) }
func (s scopedSubscription) Remove(channel string) error { return s.of.Remove(s.name(channel)) }
func (s scopedSubscription) Close() error                { return s.of.Close() }

type scopedIndex struct {
	scope
	of Index
}

func (s scopedIndex) Put(ctx context.Context, set, member string, ttl time.Duration) error {
	return s.of.Put(ctx, s.name(set), member, ttl)
}

func (s scopedIndex) Members(ctx context.Context, set, cursor string, n int) ([]string, string, error) {
	return s.of.Members(ctx, s.name(set), cursor, n)
}

func (s scopedIndex) Remove(ctx context.Context, set, member string) error {
	return s.of.Remove(ctx, s.name(set), member)
}
