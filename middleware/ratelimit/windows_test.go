package ratelimit

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/fastmcp-go/fastmcp/store"
	"github.com/ulule/limiter/v3"
)

func key(i int) windowKey { return windowKey{key: fmt.Sprint(i)} }

// TestMaxKeys: beyond the bound keys share one window, and those that have one keep it; what is over makes room.
func TestMaxKeys(t *testing.T) {
	const max, limit = 5, 3
	w, now := newWindows(time.Minute, limit, max), time.Now()
	for i := range max {
		if s := w.spend(key(i), 1, now); !s.fits || s.left != limit-1 {
			t.Errorf("key %d: %+v", i, s)
		}
	}
	for i := range limit {
		if s := w.spend(key(max+i), 1, now); !s.fits || s.left != int64(limit-1-i) {
			t.Errorf("key %d beyond: %+v", i, s)
		}
	}
	if s := w.spend(key(1000), 1, now); s.fits || s.end != now.Add(time.Minute) {
		t.Errorf("those without room have used theirs up: %+v", s)
	}
	if s := w.spend(key(0), 1, now); !s.fits || s.left != limit-2 || w.size() != max {
		t.Errorf("%+v, %d keys", s, w.size())
	}
	now = now.Add(time.Minute - 1)
	if s := w.spend(key(1001), 1, now); s.fits {
		t.Errorf("1 ns before the end: %+v", s)
	}
	now = now.Add(1)
	for i := range max {
		if s := w.spend(key(2000+i), 1, now); !s.fits || s.left != limit-1 || w.size() > max {
			t.Errorf("in the next window: %+v, %d keys", s, w.size())
		}
	}
	if w.spend(key(3000), 1, now); w.size() != max {
		t.Errorf("%d keys", w.size())
	}
}

// TestForgotten: windows that are over go, whoever else comes.
func TestForgotten(t *testing.T) {
	w, now := newWindows(time.Second, 1, 1_000_000), time.Now()
	for i := range 10_000 {
		w.spend(key(i), 1, now.Add(time.Duration(i)*time.Millisecond))
	}
	if n := w.size(); n > 1001 {
		t.Errorf("%d keys are kept, where 1000 come in a second", n)
	}
}

// TestOwnKeys: a window outlives the message that its key is a part of, and must not keep it.
func TestOwnKeys(t *testing.T) {
	w, message := newWindows(time.Minute, 1, 10), strings.Repeat("x", 1<<20)
	w.spend(windowKey{key: message[:10]}, 1, time.Now())
	for kept, e := range w.byKey {
		if unsafe.StringData(kept.key) == unsafe.StringData(message) || unsafe.StringData(e.Value.(*window).key.key) == unsafe.StringData(message) {
			t.Error("the message is kept")
		}
	}
	if w.size() != 1 {
		t.Errorf("%d keys", w.size())
	}
}

// TestMarks: a mark tells an end that is up to a day ahead, or behind, to 10 ms.
func TestMarks(t *testing.T) {
	for range 10_000 {
		now := time.Now().Add(time.Duration(rand.Int64N(int64(20 * 365 * 24 * time.Hour))))
		end := now.Add(time.Duration(rand.Int64N(int64(48*time.Hour))) - 24*time.Hour)
		got := tally{mark: markOf(end)}.end(now)
		if d := got.Sub(end); d < -10*time.Millisecond || d > 20*time.Millisecond {
			t.Fatalf("%s at %s: %s, off by %s", end, now, got, d)
		}
	}
	if v := parseTally(markMask<<usedBits | usedMask); v.used != usedMask || v.mark != markMask {
		t.Errorf("%+v", v)
	}
}

// TestNeverMore: many nodes, random weights: what has passed is never more than the limit, and what is left of it weighs
// less than the heaviest.
func TestNeverMore(t *testing.T) {
	for round := range 50 {
		b, err := store.From(nil)
		if err != nil {
			t.Fatal(err)
		}
		rate := limiter.Rate{Limit: 100 + int64(round), Period: time.Hour}
		var used atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 60 {
					n := 1 + rand.Int64N(9)
					if _, fits, err := (counter{b}).spend(t.Context(), "k", n, rate); err != nil {
						t.Error(err)
					} else if fits {
						used.Add(n)
					}
				}
			})
		}
		all.Wait()
		if n := used.Load(); n > rate.Limit || n <= rate.Limit-9 {
			t.Errorf("%d of %d", n, rate.Limit)
		}
	}
}

// TestSkew: a node whose clock is wrong tells others a wrong end. They believe it as far as it can be true.
func TestSkew(t *testing.T) {
	now := time.Now()
	for name, row := range map[string]struct{ said, want time.Duration }{
		"ahead":  {time.Hour, time.Minute},
		"behind": {-time.Hour, -time.Hour},
		"right":  {20 * time.Second, 20 * time.Second},
	} {
		w := newWindows(time.Minute, 2, 10)
		s := w.observe(key(1), tally{used: 3, mark: markOf(now.Add(row.said))}, false, now)
		if d := s.end.Sub(now) - row.want; s.fits || d < -20*time.Millisecond || d > 20*time.Millisecond {
			t.Errorf("%s: it ends in %s, want %s", name, s.end.Sub(now), row.want)
		}
		_, known := w.exhausted(key(1), 1, now)
		if known != (row.want > 0) {
			t.Errorf("%s: known to be over: %v", name, known)
		}
	}
	w := newWindows(time.Minute, 2, 10)
	if s := w.observe(key(1), tally{used: 2}, true, now); s.end != now.Add(time.Minute) {
		t.Errorf("where nobody has said when: %s", s.end.Sub(now))
	}
	if s := w.observe(key(1), tally{used: 1}, true, now.Add(30*time.Second)); s.end != now.Add(90*time.Second) || s.left != 1 {
		t.Errorf("less has been used, so it is the next: %+v", s)
	}
}
