package storetest

import (
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// racers is how many callers go for one key at once.
const racers = 20

func (s suite) atomic(t *testing.T) {
	s.each(t, map[string]func(*testing.T, *store.Backend){
		"Take":      takeRace,
		"SetNX":     setNX,
		"SetNXRace": setNXRace,
		"CAS":       cas,
		"CASRace":   casRace,
		"Add":       add,
		"AddRace":   addRace,
		"AddWindow": s.addWindow,
		"TTL":       s.atomicTTL,
	})
}

// race counts how many of the racers win.
func race(t *testing.T, attempt func(i int) (bool, error)) int {
	t.Helper()
	var wins atomic.Int32
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range racers {
		group.Go(func() {
			<-start
			won, err := attempt(i)
			if err != nil {
				t.Error(err)
			}
			if won {
				wins.Add(1)
			}
		})
	}
	close(start)
	group.Wait()
	return int(wins.Load())
}

func takeRace(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	for range 25 {
		ok(t, b.KV.Set(ctx, "code", []byte("grant"), time.Hour))
		wins := race(t, func(int) (bool, error) {
			val, err := b.Atomic.Take(ctx, "code")
			return string(val) == "grant", err
		})
		if wins != 1 {
			t.Fatalf("%d of %d took it, want 1", wins, racers)
		}
		holds(t, b, "code", nil)
	}
}

func setNX(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	expect := func(want bool, val string) {
		t.Helper()
		got, err := b.Atomic.SetNX(ctx, "k", []byte(val), time.Hour)
		ok(t, err)
		if got != want {
			t.Fatalf("SetNX %q: %v, want %v", val, got, want)
		}
	}
	expect(true, "")
	expect(false, "second")
	holds(t, b, "k", []byte{})
	ok(t, b.KV.Delete(ctx, "k"))
	expect(true, "third")
	holds(t, b, "k", []byte("third"))
}

func setNXRace(t *testing.T, b *store.Backend) {
	wins := race(t, func(i int) (bool, error) {
		return b.Atomic.SetNX(t.Context(), "lease", []byte{byte(i)}, time.Hour)
	})
	if wins != 1 {
		t.Fatalf("%d of %d set it, want 1", wins, racers)
	}
}

func cas(t *testing.T, b *store.Backend) {
	expect := func(want bool, old, new []byte) {
		t.Helper()
		got, err := b.Atomic.CAS(t.Context(), "k", old, new, time.Hour)
		ok(t, err)
		if got != want {
			t.Fatalf("CAS %q -> %q: %v, want %v", old, new, got, want)
		}
	}
	expect(false, []byte("x"), []byte("a"))
	expect(false, []byte{}, []byte("a"))
	expect(true, nil, nil)
	expect(true, nil, []byte("a"))
	expect(false, nil, []byte("b"))
	expect(false, []byte("x"), []byte("b"))
	expect(true, []byte("a"), []byte{})
	holds(t, b, "k", []byte{})
	expect(false, nil, []byte("c"))
	expect(true, []byte{}, []byte("c"))
	expect(false, []byte("x"), nil)
	expect(true, []byte("c"), nil)
	holds(t, b, "k", nil)
}

// casRace counts by reading and swapping: nothing is lost.
func casRace(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	ok(t, b.KV.Set(ctx, "n", []byte("0"), 0))
	race(t, func(int) (bool, error) {
		for {
			old, err := b.KV.Get(ctx, "n")
			if err != nil {
				return false, err
			}
			n, err := strconv.Atoi(string(old))
			if err != nil {
				return false, err
			}
			if won, err := b.Atomic.CAS(ctx, "n", old, []byte(strconv.Itoa(n+1)), 0); won || err != nil {
				return won, err
			}
		}
	})
	holds(t, b, "n", []byte(strconv.Itoa(racers)))
}

func add(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	expect := func(key string, n, want int64) {
		t.Helper()
		got, err := b.Atomic.Add(ctx, key, n, time.Hour)
		ok(t, err)
		if got != want {
			t.Fatalf("Add %d: %d, want %d", n, got, want)
		}
	}
	expect("n", 5, 5)
	expect("n", -7, -2)
	expect("n", 0, -2)
	holds(t, b, "n", []byte("-2"))
	expect("max", math.MaxInt64, math.MaxInt64)
	_, err := b.Atomic.Add(ctx, "max", 1, 0)
	is(t, err, store.ErrNotNumber)
	expect("max", math.MinInt64, -1)
	expect("max", math.MinInt64+1, math.MinInt64)
	_, err = b.Atomic.Add(ctx, "max", -1, 0)
	is(t, err, store.ErrNotNumber)
	ok(t, b.KV.Set(ctx, "text", []byte("no number"), 0))
	_, err = b.Atomic.Add(ctx, "text", 1, 0)
	is(t, err, store.ErrNotNumber)
	holds(t, b, "text", []byte("no number"))
}

func addRace(t *testing.T, b *store.Backend) {
	race(t, func(int) (bool, error) {
		for range 50 {
			if _, err := b.Atomic.Add(t.Context(), "n", 1, time.Hour); err != nil {
				return false, err
			}
		}
		return true, nil
	})
	holds(t, b, "n", []byte(strconv.Itoa(racers*50)))
}

// addWindow: the window began with the first Add, and its end is not put off.
func (s suite) addWindow(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	for range 3 {
		_, err := b.Atomic.Add(ctx, "n", 1, ttl)
		ok(t, err)
	}
	_, err := b.Atomic.Add(ctx, "n", 1, time.Hour)
	ok(t, err)
	s.Advance(2 * ttl)
	got, err := b.Atomic.Add(ctx, "n", 1, time.Hour)
	ok(t, err)
	if got != 1 {
		t.Fatalf("after the window: %d, want 1", got)
	}
}

func (s suite) atomicTTL(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	_, err := b.Atomic.SetNX(ctx, "nx", []byte("v"), ttl)
	ok(t, err)
	ok(t, b.KV.Set(ctx, "cas", []byte("a"), 0))
	_, err = b.Atomic.CAS(ctx, "cas", []byte("a"), []byte("b"), ttl)
	ok(t, err)
	s.Advance(2 * ttl)
	holds(t, b, "cas", nil)
	again, err := b.Atomic.SetNX(ctx, "nx", []byte("w"), 0)
	ok(t, err)
	if !again {
		t.Fatal("SetNX meets what has expired")
	}
	swapped, err := b.Atomic.CAS(ctx, "cas", nil, []byte("c"), 0)
	ok(t, err)
	if !swapped {
		t.Fatal("CAS meets what has expired")
	}
}
