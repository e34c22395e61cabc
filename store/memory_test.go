package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// timed is a memory whose clock the test moves.
func timed(config MemoryConfig) (m *memory, advance func(time.Duration)) {
	now := time.Date(2026, 7, 28, 0, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	config.Clock = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	return Memory(config).(*memory), func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(d)
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func full(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ErrFull) {
		t.Fatalf("error %v, want %v", err, ErrFull)
	}
}

func TestMaxEntries(t *testing.T) {
	m, advance := timed(MemoryConfig{MaxEntries: 3})
	ctx := t.Context()
	must(t, m.kv.Set(ctx, "k", nil, time.Minute), m.index.Put(ctx, "s", "m", time.Minute))
	_, err := m.log.Append(ctx, "l", "", []byte("a"))
	must(t, err)
	full(t, m.kv.Set(ctx, "more", nil, 0))
	full(t, m.index.Put(ctx, "s", "more", 0))
	_, err = m.log.Append(ctx, "more", "", []byte("a"))
	full(t, err)
	// What is there can be replaced, a log can grow, and what goes makes room.
	must(t, m.kv.Set(ctx, "k", []byte("new"), time.Minute), m.index.Put(ctx, "s", "m", time.Minute))
	_, err = m.log.Append(ctx, "l", "", []byte("b"))
	must(t, err, m.kv.Delete(ctx, "k"), m.kv.Set(ctx, "k2", nil, time.Minute))
	advance(time.Minute) // so does what expires, in another part as well
	must(t, m.kv.Set(ctx, "k3", nil, 0), m.kv.Set(ctx, "k4", nil, 0))
	full(t, m.kv.Set(ctx, "k5", nil, 0))
}

func TestMaxBytes(t *testing.T) {
	m, advance := timed(MemoryConfig{MaxBytes: 2*entryOverhead + 20})
	ctx := t.Context()
	must(t, m.kv.Set(ctx, "k", make([]byte, 10), time.Minute), m.kv.Set(ctx, "j", make([]byte, 8), 0)) // exactly
	full(t, m.kv.Set(ctx, "j", make([]byte, 9), 0))
	if val, err := m.kv.Get(ctx, "j"); len(val) != 8 || err != nil {
		t.Fatalf("a refused Set left %d bytes: %v", len(val), err)
	}
	must(t, m.kv.Set(ctx, "k", make([]byte, 9), time.Minute), m.kv.Set(ctx, "j", make([]byte, 9), 0))
	advance(time.Minute)
	must(t, m.kv.Set(ctx, "j", make([]byte, 100), 0))
}

// TestAccounts: whatever was done, nothing is owed when all is gone.
func TestAccounts(t *testing.T) {
	m, advance := timed(MemoryConfig{MaxLogEntries: 3, MaxLogBytes: 10, LogTTL: time.Minute})
	ctx := t.Context()
	for i := range 200 {
		key := strconv.Itoa(i % 50)
		must(t, m.kv.Set(ctx, key, make([]byte, i), time.Duration(i%3)*time.Second), m.kv.Touch(ctx, key, time.Hour))
		must(t, m.index.Put(ctx, "s"+key, key, time.Duration(1+i%7)*time.Second))
		_, err := m.log.Append(ctx, "l"+key, "", make([]byte, i%11), make([]byte, i%5))
		must(t, err)
		if i%9 == 0 {
			_, err := m.kv.Take(ctx, key)
			must(t, err, m.index.Remove(ctx, "s"+key, key), m.log.Drop(ctx, "l"+key))
		}
		advance(500 * time.Millisecond)
	}
	advance(2 * time.Hour)
	for range 20 {
		must(t, m.kv.Ping(ctx))
	}
	if m.in.entries != 0 || m.in.bytes != 0 || len(m.in.due.heap) != 0 ||
		len(m.kv.items)+len(m.index.sets)+len(m.log.logs) != 0 {
		t.Fatalf("left: %d entries, %d bytes, %d dates, %d %d %d", m.in.entries, m.in.bytes, len(m.in.due.heap),
			len(m.kv.items), len(m.index.sets), len(m.log.logs))
	}
}

// TestSweepStep: a call removes what has expired, but not without bound.
func TestSweepStep(t *testing.T) {
	m, advance := timed(MemoryConfig{})
	for i := range sweepStep + 10 {
		must(t, m.kv.Set(t.Context(), strconv.Itoa(i), nil, time.Second))
	}
	advance(time.Second)
	must(t, m.kv.Ping(t.Context()))
	if len(m.kv.items) != 10 {
		t.Fatalf("%d left after a call, want 10", len(m.kv.items))
	}
}

func TestLogBounds(t *testing.T) {
	m, advance := timed(MemoryConfig{MaxLogEntries: 4, MaxLogBytes: 10, LogTTL: time.Minute})
	ctx := t.Context()
	after := func(id, want string) {
		t.Helper()
		entries, err := m.log.After(ctx, "l", id, 0)
		got := ""
		for _, e := range entries {
			got += e.ID + " "
		}
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Fatalf("after %s: %q, want %q", id, got, want)
		}
	}
	put := func(sizes ...int) {
		t.Helper()
		data := make([][]byte, len(sizes))
		for i, n := range sizes {
			data[i] = make([]byte, n)
		}
		_, err := m.log.Append(ctx, "l", "", data...)
		must(t, err)
	}
	put(1, 1, 1, 1) // 4 entries fit
	after("0", "1 2 3 4 ")
	put(1) // 5 do not
	after("0", ErrGap.Error())
	after("1", "2 3 4 5 ")
	put(7) // 2..6 are 5 entries; 3..6 are 10 bytes, which fit
	after("2", "3 4 5 6 ")
	put(3) // 11 bytes, so one more goes than the count asks for
	after("5", "6 7 ")
	after("4", ErrGap.Error())
	put(10)
	after("7", "8 ")
	put(2, 2, 2, 2, 2, 2) // one append may be more than the log keeps
	after("10", "11 12 13 14 ")
	advance(59 * time.Second)
	after("14", "") // reading keeps it
	advance(59 * time.Second)
	after("14", "")
	advance(time.Minute)
	after("14", ErrGap.Error())
	put(1)
	after("0", "1 ")
}

// TestBusLost: what is published before a loss comes before lost, nothing that was dropped comes, and what is published
// after lost was called comes after it.
func TestBusLost(t *testing.T) {
	bus := newMemoryBus(2)
	gate, events := make(chan struct{}), make(chan string, 10)
	sub, err := bus.Subscribe(
		func(_ string, data []byte) { <-gate; events <- string(data) },
		func() { events <- "lost" })
	must(t, err, sub.Add("c"))
	send := func(data string) int {
		n, err := bus.Publish(t.Context(), "c", []byte(data))
		must(t, err)
		return n
	}
	send("1")
	s := sub.(*memorySubscription)
	for waiting := 1; waiting > 0; runtime.Gosched() { // until the subscriber is in its function
		bus.mu.Lock()
		waiting = len(s.waiting)
		bus.mu.Unlock()
	}
	if got := fmt.Sprint(send("2"), send("3"), send("dropped"), send("dropped")); got != "1 1 0 0" {
		t.Errorf("receivers %s, want 1 1 0 0", got)
	}
	close(gate)
	for _, want := range []string{"1", "2", "3", "lost"} {
		if got := <-events; got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	send("4")
	if got := <-events; got != "4" {
		t.Fatalf("%s, want 4", got)
	}
}

// TestNoGoroutine: nothing runs before there is something to deliver, and nothing after.
func TestNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	m := Memory().(*memory)
	sub, err := m.bus.Subscribe(func(string, []byte) {}, nil)
	must(t, err, sub.Add("c"), m.kv.Set(t.Context(), "k", nil, time.Hour))
	if now := runtime.NumGoroutine(); now != before {
		t.Errorf("%d goroutines, %d before", now, before)
	}
	_, err = m.bus.Publish(t.Context(), "c", nil)
	must(t, err)
	s := sub.(*memorySubscription)
	for deadline := time.Now().Add(5 * time.Second); ; runtime.Gosched() {
		m.bus.mu.Lock()
		busy := s.draining
		m.bus.mu.Unlock()
		if !busy {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the goroutine does not end")
		}
	}
	must(t, m.Close())
}

// failing is a bus that cannot wake.
type failing struct{ Bus }

func (failing) Publish(context.Context, string, []byte) (int, error) { return 0, ErrClosed }

// TestAppendNotWoken: the id beside the error tells that the entries are in.
func TestAppendNotWoken(t *testing.T) {
	log := newMemoryLog(newCore(nil), failing{})
	id, err := log.Append(t.Context(), "l", "c", []byte("a"))
	if id != "1" || !errors.Is(err, ErrClosed) {
		t.Errorf("%q, %v", id, err)
	}
	if entries, err := log.After(t.Context(), "l", "", 0); len(entries) != 1 || err != nil {
		t.Error(entries, err)
	}
}

func BenchmarkMemory(b *testing.B) {
	m, ctx, val := Memory().(*memory), context.Background(), make([]byte, 256)
	b.Run("Set", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = m.kv.Set(ctx, "key", val, time.Hour)
		}
	})
	b.Run("Get", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = m.kv.Get(ctx, "key")
		}
	})
	b.Run("Add", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = m.kv.Add(ctx, "n", 1, time.Hour)
		}
	})
	b.Run("Append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = m.log.Append(ctx, "l", "", val)
		}
	})
	b.Run("Publish", func(b *testing.B) {
		sub, _ := m.bus.Subscribe(func(string, []byte) {}, nil)
		_ = sub.Add("c")
		b.ReportAllocs()
		for b.Loop() {
			_, _ = m.bus.Publish(ctx, "c", nil)
		}
	})
	b.Run("IndexPut", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			_ = m.index.Put(ctx, "s", strconv.Itoa(i*7919%100_000), time.Hour)
			i++
		}
	})
}
