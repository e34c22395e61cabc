package session

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/protocol"
)

func TestTheIdlestMakesRoom(t *testing.T) {
	for name, c := range map[string]Config{"MaxPerPrincipal": {MaxPerPrincipal: 3}, "MaxPerIP": {MaxPerIP: 3}, "MaxTotal": {MaxTotal: 3}} {
		t.Run(name, func(t *testing.T) { idlestMakesRoom(t, name, c) })
	}
}

func idlestMakesRoom(t *testing.T, bound string, c Config) {
	now := newClock()
	var ended []*Record
	c.Now, c.RetryAfter = now.Now, 7*time.Second
	c.OnEnd = func(r *Record, why Reason) {
		if why == Evicted {
			ended = append(ended, r)
		}
	}
	h := newHub(t, c)
	o := Opening{Principal: &auth.Principal{Subject: "sue"}, IP: netip.MustParseAddr("192.0.2.1")}
	next := func() *Record { now.advance(time.Second); return openAs(t, h, o) }
	a, b, d := next(), next(), next()
	now.advance(time.Second)
	if _, err := h.Get(a.ID, a.PrincipalKey); err != nil {
		t.Fatal(err)
	}
	if err := b.Begin([]byte("1"), nil); err != nil {
		t.Fatal(err)
	}
	e := next() // b is busy, d is idle for longer than a
	f := next() // a
	if !slices.Equal(ended, []*Record{d, a}) || h.Len() != 3 {
		t.Fatalf("ended %d, want the third and the first", len(ended))
	}
	attach(t, e.Own(), newSink(t), 0)
	detach := attach(t, f.Own(), newSink(t), 0)
	for range 2 {
		_, err := h.Create(t.Context(), o)
		full, ok := errors.AsType[*FullError](err)
		if !ok || !errors.Is(err, ErrFull) || full.Bound != bound || full.RetryAfter != 7*time.Second {
			t.Fatal(err)
		}
	}
	detach()
	now.advance(refuseFor)
	next()
	if ended[len(ended)-1] != f {
		t.Error("it is idle since its stream was closed")
	}
	h.End(b.ID)
	next() // takes the free place
	if len(ended) != 3 || h.Len() != 3 {
		t.Error("nobody had to go:", len(ended))
	}
}

// TestEvictionOrder compares with the plain rule, over many more sessions than are remembered as candidates.
func TestEvictionOrder(t *testing.T) {
	const n = 3*candidateCount + 5
	now := newClock()
	var ended []*Record
	h := newHub(t, Config{MaxTotal: n, Now: now.Now, OnEnd: func(r *Record, why Reason) {
		if why == Evicted {
			ended = append(ended, r)
		}
	}})
	var order []*Record // idle longest first
	for range n {
		now.advance(time.Millisecond)
		order = append(order, open(t, h))
	}
	for i := range 2 * n {
		now.advance(time.Millisecond)
		if j := (i * 7) % n; i%3 == 0 {
			r := order[j]
			if _, err := h.Get(r.ID, r.PrincipalKey); err != nil {
				t.Fatal(err)
			}
			order = append(slices.Delete(order, j, j+1), r)
			now.advance(time.Millisecond)
		}
		order = append(order, open(t, h))
		if last := ended[len(ended)-1]; last != order[0] {
			t.Fatalf("%d: not the one that was idle longest", i)
		}
		order = order[1:]
	}
}

// One that was found idle some time ago may have begun to work since.
func TestWhoWorksByNowIsSpared(t *testing.T) {
	c := newClock()
	h := newHub(t, Config{MaxTotal: 3, Now: c.Now})
	var all []*Record
	for range 4 { // the last evicts the first, and finds the others to be next
		c.advance(time.Second)
		all = append(all, open(t, h))
	}
	if err := all[1].Begin([]byte("1"), nil); err != nil {
		t.Fatal(err)
	}
	open(t, h)
	if all[1].Ended() || !all[2].Ended() {
		t.Error("a session with a running call made room")
	}
}

func TestAddressesAreCountedTogether(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "::ffff:192.0.2.1": "192.0.2.1/32", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := countedAs(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s is counted as %s, want %s", addr, got, want)
		}
	}
	h := newHub(t, Config{MaxPerIP: 1, MaxPerPrincipal: 1})
	for range 3 {
		openAs(t, h, Opening{})
	}
	if h.Len() != 3 {
		t.Error("callers without address and principal are not counted")
	}
	openAs(t, h, Opening{IP: netip.MustParseAddr("2001:db8::1")})
	openAs(t, h, Opening{IP: netip.MustParseAddr("2001:db8::2")})
	if h.Len() != 4 {
		t.Error("one /64 is one caller")
	}
}

func BenchmarkCreate(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprint("full at ", n), func(b *testing.B) {
			h := newHub(b, Config{MaxTotal: n})
			for range n {
				openAs(b, h, as(""))
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Create(b.Context(), Opening{Revision: protocol.V20251125}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
