package session

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
)

func as(name string) Opening {
	if name == "" {
		return Opening{}
	}
	return Opening{Principal: &auth.Principal{Subject: name}}
}

func TestGetTellsWhose(t *testing.T) {
	h := newHub(t, Config{})
	sue, nobody := openAs(t, h, as("sue")), openAs(t, h, as(""))
	sueKey, bobKey := as("sue").Principal.Key(), as("bob").Principal.Key()
	for _, tt := range []struct {
		id, key string
		want    *Record
		err     error
	}{
		{sue.ID, sueKey, sue, nil},
		{sue.ID, bobKey, nil, ErrForeign},
		{sue.ID, "", nil, ErrForeign},
		{nobody.ID, "", nobody, nil},
		{nobody.ID, sueKey, nil, ErrForeign},
		{"", sueKey, nil, ErrNotFound},
		{"x", "", nil, ErrNotFound},
		{newID(), sueKey, nil, ErrNotFound},
		{sue.ID + "x", sueKey, nil, ErrNotFound},
	} {
		if r, err := h.Get(tt.id, tt.key); r != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("Get(%q, %q) = %v, %v", tt.id, tt.key, r, err)
		}
	}
	if r, ok := h.Peek(sue.ID); r != sue || !ok {
		t.Error("Peek does not ask who")
	}
	if !ended(h, sue.ID) || ended(h, sue.ID) || !sue.Ended() || h.Len() != 1 {
		t.Error("End")
	}
	if _, err := h.Get(sue.ID, sueKey); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if _, ok := h.Peek(sue.ID); ok {
		t.Error("Peek finds what has ended")
	}
}

func TestGetDoesNotAllocate(t *testing.T) {
	h := newHub(t, Config{})
	r := open(t, h)
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := h.Get(r.ID, r.PrincipalKey); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 10000 {
		id := newID()
		if len(id) != idLength || seen[id] {
			t.Fatal(id)
		}
		seen[id] = true
		for _, c := range id {
			if c < 0x21 || c > 0x7E {
				t.Fatalf("%q is not visible ASCII", id)
			}
		}
	}
}

func TestIdleTime(t *testing.T) {
	c := newClock()
	ended := map[*Record]Reason{}
	h := newHub(t, Config{Now: c.Now, TTL: time.Minute, OnEnd: func(r *Record, why Reason) { ended[r] = why }})
	used, idle, peeked, calling, listening := open(t, h), open(t, h), open(t, h), open(t, h), open(t, h)
	if err := calling.Begin([]byte("1"), nil); err != nil {
		t.Fatal(err)
	}
	detach := attach(t, listening.Own(), newSink(t), 0)
	c.advance(time.Minute - 1)
	if _, err := h.Get(used.ID, used.PrincipalKey); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Get(idle.ID, "another"); !errors.Is(err, ErrForeign) {
		t.Fatal(err)
	}
	h.Peek(peeked.ID)
	h.sweep()
	if h.Len() != 5 {
		t.Fatal("ended too early:", ended)
	}
	c.advance(1)
	if _, err := h.Get(idle.ID, idle.PrincipalKey); !errors.Is(err, ErrNotFound) {
		t.Error("found out without the sweeper:", err)
	}
	h.sweep()
	if len(ended) != 2 || ended[idle] != Expired || ended[peeked] != Expired {
		t.Error(ended)
	}
	c.advance(time.Hour)
	h.sweep()
	if h.Len() != 2 {
		t.Error("running calls and open streams are use:", ended)
	}
	calling.Finish([]byte("1"))
	detach()
	c.advance(time.Minute - 1)
	h.sweep()
	if h.Len() != 2 {
		t.Error("the idle time begins with their end:", ended)
	}
	c.advance(1)
	h.sweep()
	if h.Len() != 0 || len(ended) != 5 {
		t.Error(ended)
	}
}

func TestNoGoroutineWithoutSessions(t *testing.T) {
	h := New(Config{SweepEvery: 20 * time.Millisecond})
	before := runtime.NumGoroutine() // those of other tests may still be ending
	sweeping := func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.sweeper != nil
	}
	if sweeping() {
		t.Error("a hub starts a goroutine")
	}
	for range 2 {
		a, b := open(t, h), open(t, h)
		if n := runtime.NumGoroutine(); n > before+1 || !sweeping() {
			t.Errorf("%d goroutines, want one", n-before)
		}
		h.End(a.ID)
		h.End(b.ID)
		eventually(t, "the sweeper retires", func() bool { return !sweeping() && runtime.NumGoroutine() <= before })
	}
	open(t, h)
	h.Close()
	if n := runtime.NumGoroutine(); n > before || sweeping() {
		t.Errorf("%d goroutines after Close", n-before)
	}
	h.Close()
}

func TestSweeperSweeps(t *testing.T) {
	c := newClock()
	h := newHub(t, Config{SweepEvery: time.Millisecond, Now: c.Now, TTL: time.Minute})
	open(t, h)
	c.advance(time.Hour)
	eventually(t, "expiry", func() bool { return h.Len() == 0 })
}

func TestDrainAndClose(t *testing.T) {
	var ended []Reason
	h := New(Config{Retry: 4 * time.Second, OnEnd: func(_ *Record, why Reason) { ended = append(ended, why) }})
	r := open(t, h)
	own, call := newSink(t), newSink(t)
	attach(t, r.Own(), own, 0)
	s := openStream(t, r)
	attach(t, s, call, 0)
	var cancelled string
	if err := r.Begin([]byte("1"), cancelFunc(func(reason string) { cancelled = reason })); err != nil {
		t.Fatal(err)
	}
	h.Drain()
	if own.closed() != 4*time.Second || !call.isOpen() || cancelled != "" {
		t.Error("draining ends own streams and leaves calls")
	}
	if _, err := h.Create(t.Context(), as("sue")); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := r.Own().Attach(newSink(t), 0, time.Time{}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	say(t, s, "x")
	h.Close()
	if call.closed() != 4*time.Second || cancelled != "session closed" || call.data() != "x" || h.Len() != 0 || !slices.Equal(ended, []Reason{Closed}) {
		t.Error(cancelled, ended)
	}
	r.Finish([]byte("1"))
}

func TestHooks(t *testing.T) {
	var log []string
	var h *Hub
	h = newHub(t, Config{MaxTotal: 1,
		OnCreate: func(r *Record) {
			log = append(log, "create "+r.Client.(string))
			if h.Len() != 1 {
				t.Error("a hook may ask the hub")
			}
		},
		OnEnd: func(r *Record, why Reason) { log = append(log, why.String()+" "+r.Client.(string)) },
	})
	a := openAs(t, h, Opening{Client: "a"})
	openAs(t, h, Opening{Client: "b"})
	h.All(func(r *Record) bool { h.End(r.ID); return true })
	h.End(a.ID)
	if want := []string{"create a", "evicted a", "create b", "deleted b"}; !slices.Equal(log, want) {
		t.Error(log)
	}
}

func TestAllStops(t *testing.T) {
	h := newHub(t, Config{})
	for range 10 {
		open(t, h)
	}
	n := 0
	h.All(func(*Record) bool { n++; return n < 3 })
	if n != 3 {
		t.Error(n)
	}
}

func TestCreateIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := newHub(t, Config{})
	if _, err := h.Create(ctx, as("sue")); !errors.Is(err, context.Canceled) || h.Len() != 0 {
		t.Error(err)
	}
}

func TestHubFromManyGoroutines(t *testing.T) {
	var mu sync.Mutex
	created, ended := 0, 0
	h := newHub(t, Config{MaxTotal: 20, MaxPerPrincipal: 8,
		OnCreate: func(*Record) { mu.Lock(); created++; mu.Unlock() },
		OnEnd:    func(*Record, Reason) { mu.Lock(); ended++; mu.Unlock() },
	})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			o := as(fmt.Sprint("user", i%4))
			for j := range 200 {
				r, err := h.Create(t.Context(), o)
				if err != nil {
					continue
				}
				if err := r.Begin([]byte("1"), nil); err == nil {
					_, err := h.Get(r.ID, r.PrincipalKey)
					if err != nil {
						t.Error("a session with a running call has gone:", err)
					}
					r.Finish([]byte("1"))
				}
				if j%5 == 0 {
					h.End(r.ID)
				}
				if n := h.Len(); n > 20 {
					t.Error("sessions:", n)
				}
			}
		})
	}
	all.Wait()
	h.Close()
	if created != ended || created == 0 || h.Len() != 0 || len(h.principals) != 0 || len(h.ips) != 0 {
		t.Error(created, ended, h.Len(), len(h.principals), len(h.ips))
	}
}

func TestDefaults(t *testing.T) {
	c := Config{MaxTotal: -1, LogTotalBytes: -1, TTL: -1}.withDefaults()
	if c.MaxTotal != unbounded || c.MaxPerIP != 1000 || c.TTL != time.Hour || c.LogSize != 256 || c.LogBytes != 1<<20 || c.LogTotalBytes != int64(unbounded) {
		t.Errorf("%+v", c)
	}
	for why, want := range []string{"unknown", "deleted", "expired", "evicted", "closed", "ended elsewhere", "unknown"} {
		if got := Reason(why).String(); got != want {
			t.Error(got)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	h := newHub(b, Config{})
	var ids []string
	for range 1024 {
		ids = append(ids, openAs(b, h, as("")).ID)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := h.Get(ids[i&1023], ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// ended is End where no store can be in the way.
func ended(h *Hub, id string) bool {
	ok, err := h.End(id)
	return ok && err == nil
}
