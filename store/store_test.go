package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
	"github.com/fastmcp-go/fastmcp/store/storetest"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 7, 28, 0, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// mapStorage is the least that is a Storage. It counts in whole seconds and keeps what it is given, as some drivers do,
// and lets others go first, so that races are seen.
type mapStorage struct {
	mu             sync.Mutex
	values         map[string][]byte
	opened, closed int
}

func newMap() *mapStorage { return &mapStorage{values: map[string][]byte{}} }

func (m *mapStorage) Get(key string) ([]byte, error) {
	defer runtime.Gosched()
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.values[key], nil
}

func (m *mapStorage) Set(key string, val []byte, exp time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if exp%time.Second != 0 {
		return fmt.Errorf("%v are not whole seconds", exp)
	}
	m.values[key] = val
	return nil
}

func (m *mapStorage) Delete(key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

func (m *mapStorage) Reset() error { m.values = map[string][]byte{}; return nil }
func (m *mapStorage) Close() error { m.closed++; return nil }

// from opens a backend that is closed with the test.
func from(t *testing.T, s store.Storage, config ...store.MemoryConfig) *store.Backend {
	t.Helper()
	b, err := store.From(s, config...)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestMemory(t *testing.T) {
	c := newClock()
	storetest.Run(t, func(t *testing.T) *store.Backend {
		return from(t, store.Memory(store.MemoryConfig{Clock: c.Now}))
	}, storetest.Config{Advance: c.Advance})
}

func TestNilIsMemory(t *testing.T) {
	c := newClock()
	storetest.Run(t, func(t *testing.T) *store.Backend {
		return from(t, nil, store.MemoryConfig{Clock: c.Now})
	}, storetest.Config{Advance: c.Advance})
}

func TestPlain(t *testing.T) {
	c := newClock()
	storetest.Run(t, func(t *testing.T) *store.Backend {
		return from(t, newMap(), store.MemoryConfig{Clock: c.Now})
	}, storetest.Config{Advance: c.Advance})
}

// TestScoped: a view does all that a backend does.
func TestScoped(t *testing.T) {
	c := newClock()
	storetest.Run(t, func(t *testing.T) *store.Backend {
		return from(t, nil, store.MemoryConfig{Clock: c.Now}).Scope("tenant:1")
	}, storetest.Config{Advance: c.Advance})
}

func TestFilled(t *testing.T) {
	b := from(t, newMap())
	if got := fmt.Sprint(b.Filled, b.Shared); got != "[Atomic Log Bus Index] false" {
		t.Error(got)
	}
	for _, b := range []*store.Backend{from(t, nil), from(t, store.Memory())} {
		if b.Filled != nil || b.Shared {
			t.Error(b.Filled, b.Shared)
		}
	}
}

// partial is a Source that has some parts.
type partial struct {
	*mapStorage
	parts *store.Backend
}

func (p partial) Backend() *store.Backend { return p.parts }

func (p partial) Open(context.Context) error { p.opened++; return nil }

func TestPartialSource(t *testing.T) {
	own := from(t, nil)
	p := partial{newMap(), &store.Backend{KV: own.KV, Atomic: own.Atomic, Bus: own.Bus, Shared: true}}
	b := from(t, p)
	if got := fmt.Sprint(b.Filled, b.Shared); got != "[Log Index] false" {
		t.Error(got)
	}
	p.parts.Log, p.parts.Index = own.Log, own.Index
	if b = from(t, p); b.Filled != nil || !b.Shared {
		t.Error(b.Filled, b.Shared)
	}
	p.parts.Atomic = nil
	if _, err := store.From(p); err == nil {
		t.Error("KV without Atomic was taken")
	}
}

// TestWhoClosesWhat: who opens a storage closes it, and nobody else.
func TestWhoClosesWhat(t *testing.T) {
	given := newMap()
	b, err := store.From(given)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Open(t.Context()), b.Scope("x").Close(), b.Close()); err != nil || given.closed != 0 {
		t.Errorf("closed %d times: %v", given.closed, err)
	}
	own := from(t, nil)
	p := partial{newMap(), &store.Backend{KV: own.KV, Atomic: own.Atomic}}
	if b, err = store.From(p); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil || p.closed != 0 {
		t.Errorf("closed %d times without Open: %v", p.closed, err)
	}
	if err := errors.Join(b.Open(t.Context()), b.Close(), b.Close()); err != nil || p.opened != 1 || p.closed != 1 {
		t.Errorf("opened %d, closed %d: %v", p.opened, p.closed, err)
	}
}

func TestMemoryClosed(t *testing.T) {
	m := store.Memory()
	b := from(t, m)
	sub, err := b.Bus.Subscribe(func(string, []byte) {}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(m.Set("k", []byte("v"), 0), sub.Add("c"), m.Close(), m.Close(), sub.Close()); err != nil {
		t.Fatal(err)
	}
	_, getErr := b.KV.Get(t.Context(), "k")
	_, subErr := b.Bus.Subscribe(func(string, []byte) {}, nil)
	_, pubErr := b.Bus.Publish(t.Context(), "c", nil)
	for _, err := range []error{getErr, subErr, pubErr, sub.Add("d"), b.KV.Ping(t.Context()), b.Index.Put(t.Context(), "s", "m", 0)} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%v, want %v", err, store.ErrClosed)
		}
	}
}

// TestMemoryAsStorage: Memory keeps to Fiber's contract where that differs from KV's.
func TestMemoryAsStorage(t *testing.T) {
	c := newClock()
	m := store.Memory(store.MemoryConfig{Clock: c.Now})
	defer m.Close()
	if err := errors.Join(m.Set("", []byte("v"), 0), m.Set("empty", nil, 0), m.Set("k", []byte("v"), time.Second), m.Delete("")); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"": "", "empty": "", "k": "v"} {
		if got, err := m.Get(key); string(got) != want || (got == nil) != (want == "") || err != nil {
			t.Errorf("%q: %q, %v", key, got, err)
		}
	}
	c.Advance(time.Second)
	if got, err := m.Get("k"); got != nil || err != nil {
		t.Errorf("expired: %q, %v", got, err)
	}
	if err := errors.Join(m.Set("k", []byte("v"), 0), m.Reset()); err != nil {
		t.Fatal(err)
	}
	if got, err := m.Get("k"); got != nil || err != nil {
		t.Errorf("reset: %q, %v", got, err)
	}
}

func TestPlainForeignValue(t *testing.T) {
	m := newMap()
	m.values["k"] = []byte("written by somebody else")
	if _, err := from(t, m).KV.Get(t.Context(), "k"); !errors.Is(err, store.ErrForeign) {
		t.Error(err)
	}
}

// TestPlainForeverTTL: the longest ttl does not wrap around into the past.
func TestPlainForeverTTL(t *testing.T) {
	for _, b := range []*store.Backend{from(t, newMap()), from(t, nil)} {
		if err := b.KV.Set(t.Context(), "k", []byte("v"), 1<<63-1); err != nil {
			t.Fatal(err)
		}
		if got, err := b.KV.Get(t.Context(), "k"); string(got) != "v" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// slow is a Storage whose Get waits, and that takes contexts.
type slow struct {
	*mapStorage
	entered, gate chan struct{}
}

func (s slow) GetWithContext(ctx context.Context, key string) ([]byte, error) {
	s.entered <- struct{}{}
	select {
	case <-s.gate:
		return s.Get(key)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s slow) SetWithContext(_ context.Context, key string, val []byte, exp time.Duration) error {
	return s.Set(key, val, exp)
}

func (s slow) DeleteWithContext(_ context.Context, key string) error { return s.Delete(key) }

// TestPlainContext: waiting for the storage, and for the lock that such a wait holds, ends with the context.
func TestPlainContext(t *testing.T) {
	s := slow{newMap(), make(chan struct{}, 10), make(chan struct{})}
	b := from(t, s)
	first, cancelFirst := context.WithCancel(t.Context())
	second, cancelSecond := context.WithCancel(t.Context())
	results := make(chan error, 2)
	take := func(ctx context.Context) {
		_, err := b.Atomic.Take(ctx, "k")
		results <- err
	}
	go take(first)
	<-s.entered // the first is in the storage and holds the lock
	go take(second)
	cancelSecond()
	if err := <-results; !errors.Is(err, context.Canceled) {
		t.Error("the second:", err)
	}
	cancelFirst()
	if err := <-results; !errors.Is(err, context.Canceled) {
		t.Error("the first:", err)
	}
	close(s.gate)
	if _, err := b.Atomic.Take(t.Context(), "k"); err != nil {
		t.Error("the lock was not given back:", err)
	}
}

func TestErrorsNameTheSetting(t *testing.T) {
	b := from(t, nil, store.MemoryConfig{MaxEntries: 1, MaxLogBytes: 4})
	if err := b.KV.Set(t.Context(), "a", nil, 0); err != nil {
		t.Fatal(err)
	}
	err := b.KV.Set(t.Context(), "b", nil, 0)
	if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "MemoryConfig.MaxEntries") {
		t.Error(err)
	}
	_, err = b.Log.Append(t.Context(), "l", "", []byte("12345"))
	if !errors.Is(err, store.ErrTooLarge) || !strings.Contains(err.Error(), "MemoryConfig.MaxLogBytes") {
		t.Error(err)
	}
}
