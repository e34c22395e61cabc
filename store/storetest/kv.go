package storetest

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

func (s suite) kv(t *testing.T) {
	s.each(t, map[string]func(*testing.T, *store.Backend){
		"SetGetDelete": setGetDelete,
		"EmptyValue":   emptyValue,
		"Copies":       copies,
		"Invalid":      invalidKeys,
		"DoneContext":  doneContext,
		"Ping":         func(t *testing.T, b *store.Backend) { ok(t, b.KV.Ping(t.Context())) },
		"Expiry":       s.expiry,
		"SetAnew":      s.setAnew,
		"Touch":        s.touch,
		"TouchAll":     s.touchAll,
	})
}

func setGetDelete(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	holds(t, b, "k", nil)
	ok(t, b.KV.Delete(ctx, "k"))
	ok(t, b.KV.Set(ctx, "k", []byte("one"), 0))
	holds(t, b, "k", []byte("one"))
	ok(t, b.KV.Set(ctx, "k", []byte("\x00\xff two"), time.Hour))
	holds(t, b, "k", []byte("\x00\xff two"))
	ok(t, b.KV.Delete(ctx, "k"))
	holds(t, b, "k", nil)
}

func emptyValue(t *testing.T, b *store.Backend) {
	ok(t, b.KV.Set(t.Context(), "k", nil, 0))
	holds(t, b, "k", []byte{})
}

func copies(t *testing.T, b *store.Backend) {
	val := []byte("value")
	ok(t, b.KV.Set(t.Context(), "k", val, 0))
	val[0] = '!'
	got, err := b.KV.Get(t.Context(), "k")
	ok(t, err)
	same(t, got, []byte("value"))
	got[0] = '?'
	holds(t, b, "k", []byte("value"))
}

func invalidKeys(t *testing.T, b *store.Backend) {
	ctx, v := t.Context(), []byte("v")
	_, getErr := b.KV.Get(ctx, "")
	_, takeErr := b.Atomic.Take(ctx, "")
	_, nxErr := b.Atomic.SetNX(ctx, "k", v, -1)
	_, casErr := b.Atomic.CAS(ctx, "k", nil, v, -1)
	_, addErr := b.Atomic.Add(ctx, "k", 1, -1)
	for _, err := range []error{
		getErr, takeErr, nxErr, casErr, addErr, b.KV.Set(ctx, "", v, 0), b.KV.Set(ctx, "k", v, -1),
		b.KV.Touch(ctx, "k", -time.Hour), b.KV.Delete(ctx, ""),
		b.KV.TouchAll(ctx, -time.Hour, "k"), b.KV.TouchAll(ctx, time.Hour, "k", ""),
	} {
		is(t, err, store.ErrInvalid)
	}
	holds(t, b, "k", nil)
}

func doneContext(t *testing.T, b *store.Backend) {
	ctx := done(t)
	_, getErr := b.KV.Get(ctx, "k")
	_, takeErr := b.Atomic.Take(ctx, "k")
	_, addErr := b.Atomic.Add(ctx, "k", 1, 0)
	_, appendErr := b.Log.Append(ctx, "l", "", []byte("x"))
	_, afterErr := b.Log.After(ctx, "l", "", 0)
	_, publishErr := b.Bus.Publish(ctx, "c", nil)
	_, _, membersErr := b.Index.Members(ctx, "s", "", 0)
	for _, err := range []error{
		getErr, takeErr, addErr, appendErr, afterErr, publishErr, membersErr,
		b.KV.Set(ctx, "k", nil, 0), b.KV.Ping(ctx), b.Index.Put(ctx, "s", "m", 0), b.KV.TouchAll(ctx, time.Hour),
	} {
		is(t, err, context.Canceled)
	}
	holds(t, b, "k", nil)
}

func (s suite) expiry(t *testing.T, b *store.Backend) {
	ok(t, b.KV.Set(t.Context(), "brief", []byte("v"), ttl))
	ok(t, b.KV.Set(t.Context(), "ever", []byte("v"), 0))
	holds(t, b, "brief", []byte("v"))
	s.Advance(2 * ttl)
	holds(t, b, "brief", nil)
	holds(t, b, "ever", []byte("v"))
	took, err := b.Atomic.Take(t.Context(), "brief")
	ok(t, err)
	same(t, took, nil)
}

// setAnew: a Set has the ttl that it says, whatever went before.
func (s suite) setAnew(t *testing.T, b *store.Backend) {
	ok(t, b.KV.Set(t.Context(), "k", []byte("1"), ttl))
	ok(t, b.KV.Set(t.Context(), "k", []byte("2"), 0))
	s.Advance(2 * ttl)
	holds(t, b, "k", []byte("2"))
	ok(t, b.KV.Set(t.Context(), "k", []byte("3"), ttl))
	s.Advance(2 * ttl)
	holds(t, b, "k", nil)
}

func (s suite) touch(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	ok(t, b.KV.Set(ctx, "k", bytes.Repeat([]byte("v"), 100), ttl))
	ok(t, b.KV.Touch(ctx, "k", time.Hour))
	s.Advance(2 * ttl)
	holds(t, b, "k", bytes.Repeat([]byte("v"), 100))
	ok(t, b.KV.Touch(ctx, "k", ttl))
	s.Advance(2 * ttl)
	holds(t, b, "k", nil)
	ok(t, b.KV.Touch(ctx, "k", time.Hour)) // does not bring it back
	holds(t, b, "k", nil)
}

// touchAll renews more keys than a storage takes at once; some of them are not there, some named twice.
func (s suite) touchAll(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	ok(t, b.KV.TouchAll(ctx, time.Hour))
	var keys []string
	for i := range 1100 {
		key := fmt.Sprint("s:", i%1050, ":record")
		keys = append(keys, key)
		if i%2 == 0 {
			ok(t, b.KV.Set(ctx, key, []byte("v"), time.Minute))
		}
	}
	ok(t, b.KV.Set(ctx, "other", []byte("v"), time.Minute))
	ok(t, b.KV.TouchAll(ctx, ttl, keys...))
	s.Advance(2 * ttl)
	for _, key := range keys {
		holds(t, b, key, nil)
	}
	holds(t, b, "other", []byte("v"))
	ok(t, b.KV.Set(ctx, "k", []byte("v"), ttl))
	ok(t, b.KV.TouchAll(ctx, 0, "k", "none"))
	s.Advance(2 * ttl)
	holds(t, b, "k", []byte("v"))
	holds(t, b, "none", nil)
}
