package metrics

import (
	"context"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

type timedKV struct {
	of store.KV
	*timer
}

func (s timedKV) Get(ctx context.Context, key string) ([]byte, error) {
	begun := time.Now()
	v, err := s.of.Get(ctx, key)
	s.done(opGet, begun, err)
	return v, err
}

func (s timedKV) Set(ctx context.Context, key string, val []byte, ttl time.Duration) error {
	begun := time.Now()
	err := s.of.Set(ctx, key, val, ttl)
	s.done(opSet, begun, err)
	return err
}

func (s timedKV) Touch(ctx context.Context, key string, ttl time.Duration) error {
	begun := time.Now()
	err := s.of.Touch(ctx, key, ttl)
	s.done(opTouch, begun, err)
	return err
}

func (s timedKV) TouchAll(ctx context.Context, ttl time.Duration, keys ...string) error {
	begun := time.Now()
	err := s.of.TouchAll(ctx, ttl, keys...)
	s.done(opTouchAll, begun, err)
	return err
}

func (s timedKV) Delete(ctx context.Context, key string) error {
	begun := time.Now()
	err := s.of.Delete(ctx, key)
	s.done(opDelete, begun, err)
	return err
}

func (s timedKV) Ping(ctx context.Context) error {
	begun := time.Now()
	err := s.of.Ping(ctx)
	s.done(opPing, begun, err)
	return err
}

type timedAtomic struct {
	of store.Atomic
	*timer
}

func (s timedAtomic) Take(ctx context.Context, key string) ([]byte, error) {
	begun := time.Now()
	v, err := s.of.Take(ctx, key)
	s.done(opTake, begun, err)
	return v, err
}

func (s timedAtomic) SetNX(ctx context.Context, key string, val []byte, ttl time.Duration) (bool, error) {
	begun := time.Now()
	v, err := s.of.SetNX(ctx, key, val, ttl)
	s.done(opSetNX, begun, err)
	return v, err
}

func (s timedAtomic) CAS(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	begun := time.Now()
	v, err := s.of.CAS(ctx, key, old, new, ttl)
	s.done(opCAS, begun, err)
	return v, err
}

func (s timedAtomic) Add(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error) {
	begun := time.Now()
	v, err := s.of.Add(ctx, key, n, ttl)
	s.done(opAdd, begun, err)
	return v, err
}

type timedLog struct {
	of store.Log
	*timer
}

func (s timedLog) Append(ctx context.Context, log, channel string, data ...[]byte) (string, error) {
	begun := time.Now()
	v, err := s.of.Append(ctx, log, channel, data...)
	s.done(opAppend, begun, err)
	return v, err
}

func (s timedLog) After(ctx context.Context, log, id string, max int) ([]store.Entry, error) {
	begun := time.Now()
	v, err := s.of.After(ctx, log, id, max)
	s.done(opAfter, begun, err)
	return v, err
}

func (s timedLog) Drop(ctx context.Context, log string) error {
	begun := time.Now()
	err := s.of.Drop(ctx, log)
	s.done(opDrop, begun, err)
	return err
}

type timedIndex struct {
	of store.Index
	*timer
}

func (s timedIndex) Put(ctx context.Context, set, member string, ttl time.Duration) error {
	begun := time.Now()
	err := s.of.Put(ctx, set, member, ttl)
	s.done(opPut, begun, err)
	return err
}

func (s timedIndex) Remove(ctx context.Context, set, member string) error {
	begun := time.Now()
	err := s.of.Remove(ctx, set, member)
	s.done(opRemove, begun, err)
	return err
}

func (s timedIndex) Members(ctx context.Context, set, cursor string, n int) (members []string, next string, err error) {
	begun := time.Now()
	members, next, err = s.of.Members(ctx, set, cursor, n)
	s.done(opMembers, begun, err)
	return members, next, err
}

type timedBus struct {
	of store.Bus
	*timer
}

func (s timedBus) Publish(ctx context.Context, channel string, data []byte) (int, error) {
	begun := time.Now()
	n, err := s.of.Publish(ctx, channel, data)
	s.done(opPublish, begun, err)
	return n, err
}

// Subscribe listens to no channel yet; what takes time is to Add one.
func (s timedBus) Subscribe(fn func(channel string, data []byte), lost func()) (store.Subscription, error) {
	sub, err := s.of.Subscribe(fn, lost)
	if err != nil {
		return nil, err
	}
	return timedSubscription{sub, s.timer}, nil
}

type timedSubscription struct {
	store.Subscription
	*timer
}

func (s timedSubscription) Add(channel string) error {
	begun := time.Now()
	err := s.Subscription.Add(channel)
	s.done(opSubscribe, begun, err)
	return err
}
