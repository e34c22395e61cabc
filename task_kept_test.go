package fastmcp

import (
	"testing"
	"time"
)

// A shelf counts each task once, whatever happens to it, and what comes to it while it is kept.
func TestTaskShelf(t *testing.T) {
	s := newTaskShelf(&TaskConfig{MaxKept: 3, MaxKeptPerOwner: 2, MaxKeptBytes: 400})
	take := func(owner string, size int) *keptTask {
		k, err := s.take(owner, time.Hour, size)
		if (k == nil) == (err == nil) {
			t.Fatal(k, err)
		}
		return k
	}
	a, b := take("a", 10), take("a", 10)
	if a == nil || b == nil || take("a", 0) != nil {
		t.Fatal("an owner has another number than two")
	}
	c := take(ownerAnyone, 0)
	if c == nil || take("b", 0) != nil {
		t.Fatal("all have another number than three")
	}
	b.add(90)
	a.drop()
	a.drop()
	a.add(1000) // nobody keeps it any more
	if take("a", 1) != nil || take("a", 0) == nil {
		t.Error("an owner has a quarter of the bytes: there is room for 0, and for no more")
	}
	b.drop()
	if s.all != (keptShare{count: 2}) || s.owners["a"] != (keptShare{count: 1}) {
		t.Errorf("%v, %v", s.all, s.owners)
	}
	c.add(400)
	if take("b", 1) != nil {
		t.Error("there is room for more bytes than for all")
	}
	c.drop()
	var none *keptTask
	none.add(1)
	short, err := s.take(ownerAnyone, time.Millisecond, 5)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		gone := short.gone && s.all == (keptShare{count: 1}) && len(s.owners) == 1
		s.mu.Unlock()
		if gone {
			return
		}
		if time.Now().After(end) {
			t.Fatal("its time is over, and it counts")
		}
	}
}
