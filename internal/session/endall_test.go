package session

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
)

func TestEndAll(t *testing.T) {
	h := newHub(t, Config{})
	for range 3 {
		openAs(t, h, Opening{})
	}
	if n, err := h.EndAll(t.Context()); n != 3 || err != nil || h.Len() != 0 {
		t.Errorf("%d of 3, %d are left: %v", n, h.Len(), err)
	}
	if n, err := h.EndAll(t.Context()); n != 0 || err != nil {
		t.Errorf("%d of none: %v", n, err)
	}
}

// The sessions of all nodes end, whoever is asked; each node is told when those that it knew are gone.
func TestEndAllOnAllNodes(t *testing.T) {
	s := newShared(t)
	var gone, ended atomic.Int64
	a := s.node(t, "aaa", Config{})
	b := s.node(t, "bbb", Config{OnGone: func() { gone.Add(1) }, OnEnd: func(*Record, Reason) { ended.Add(1) }})
	mine := openAs(t, a, Opening{Principal: &auth.Principal{Subject: "sue"}})
	theirs := openAs(t, b, Opening{Principal: &auth.Principal{Subject: "sue"}})
	on(t, b, mine)
	if n, err := a.EndAll(t.Context()); n != 2 || err != nil {
		t.Errorf("%d of 2: %v", n, err)
	}
	for _, r := range []*Record{mine, theirs} {
		if _, err := a.Get(r.ID, sueKey); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	}
	for end := time.Now().Add(10 * time.Second); gone.Load() < 2 && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	if gone.Load() != 2 || ended.Load() != 0 { // where they ended hears of the end
		t.Errorf("gone %d, ended %d", gone.Load(), ended.Load())
	}
}

// While the store does not answer nobody can know that they are over: here their streams end, and the error says that they may be
// there still.
func TestEndAllWithoutStore(t *testing.T) {
	s := newShared(t)
	h := s.node(t, "aaa", Config{})
	r := openAs(t, h, Opening{Principal: &auth.Principal{Subject: "sue"}})
	sink := newSink(t)
	if _, err := r.Own().Attach(sink, 0, time.Time{}); err != nil {
		t.Fatal(err)
	}
	s.down.Store(true)
	if _, err := h.EndAll(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if h.Len() != 0 || r.Own().Attached() {
		t.Errorf("%d are left; its stream is read: %t", h.Len(), r.Own().Attached())
	}
	s.down.Store(false)
	if n, err := h.EndAll(t.Context()); n != 1 || err != nil {
		t.Errorf("%d of the one that the store has: %v", n, err)
	}
}
