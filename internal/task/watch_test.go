package task

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/fastmcp-go/fastmcp/store"
)

// heard is what a watch has been called with.
type heard struct {
	mu  sync.Mutex
	all []*Record
}

func (h *heard) hear(r *Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, r)
}

// last is the newest message, after checking the order.
func (h *heard) last(t *testing.T) (message string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := 1; i < len(h.all); i++ {
		if h.all[i].Version <= h.all[i-1].Version {
			t.Fatalf("version %d was told after %d", h.all[i].Version, h.all[i-1].Version)
		}
	}
	if len(h.all) == 0 {
		return ""
	}
	return h.all[len(h.all)-1].Message
}

func (h *heard) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all)
}

func say(t *testing.T, d *Desk, id, text string) {
	t.Helper()
	if _, err := d.Update(t.Context(), id, func(r *Record) error { r.Message = text; return nil }); err != nil {
		t.Error(err)
	}
}

func watchIt(t *testing.T, d *Desk, id string, f func(*Record)) (stop func()) {
	t.Helper()
	stop, err := d.Watch(id, f)
	if err != nil {
		t.Fatal(err)
	}
	return stop
}

func TestWatch(t *testing.T) {
	d, b, _ := timed(t, store.MemoryConfig{})
	other := New(b.Scope("task")) // another node
	t.Cleanup(other.Close)
	other.now = d.now
	id, beside := create(t, d, &Record{Owner: "o"}).ID, create(t, d, &Record{Owner: "o"}).ID
	var here, again, there, elsewhere heard
	stop := watchIt(t, d, id, here.hear)
	watchIt(t, d, id, again.hear)
	watchIt(t, other, id, there.hear)
	watchIt(t, d, beside, elsewhere.hear)
	for i := range 20 {
		say(t, d, id, fmt.Sprint(i))
	}
	for _, h := range []*heard{&here, &again, &there} {
		eventually(t, "all is told", func() bool { return h.last(t) == "19" })
		if h.count() != 20 { // one after the other, all of them are
			t.Errorf("%d changes were told", h.count())
		}
	}
	stop()
	stop() // once more does nothing
	say(t, d, id, "after")
	eventually(t, "the others hear it", func() bool { return again.last(t) == "after" && there.last(t) == "after" })
	if here.last(t) != "19" || elsewhere.count() != 0 {
		t.Error("who does not watch has heard it")
	}
	long := strings.Repeat("x", maxTold+1) // does not travel, and is read again
	say(t, d, id, long)
	eventually(t, "a long one is told", func() bool { return again.last(t) == long && there.last(t) == long })
}

// TestWatchOrder: changes that are made at the same time are not told backwards, and the last one always is.
func TestWatchOrder(t *testing.T) {
	d, _, _ := timed(t, store.MemoryConfig{})
	for range 20 {
		id := create(t, d, &Record{Owner: "o"}).ID
		var h heard
		stop := watchIt(t, d, id, h.hear)
		var all sync.WaitGroup
		for w := range 8 {
			all.Go(func() {
				for i := range 5 {
					_, err := d.Update(t.Context(), id, func(r *Record) error { r.Message = fmt.Sprint(w, i); return nil })
					if err != nil && !errors.Is(err, ErrOver) {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		r, err := d.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the last is told", func() bool { return h.last(t) == r.Message })
		stop()
	}
}

// TestWatchDropsWhatIsOlder: news that overtook other news.
func TestWatchDropsWhatIsOlder(t *testing.T) {
	d, _, _ := timed(t, store.MemoryConfig{})
	var h heard
	watchIt(t, d, "x", h.hear)
	for _, v := range []int64{2, 1, 2, 4, 3} {
		d.call("x", &Record{ID: "x", Version: v})
	}
	if h.last(t); h.count() != 2 {
		t.Errorf("%d were told, want versions 2 and 4", h.count())
	}
}

// TestWatchLost: when the store has lost news, watches hear how things stand.
func TestWatchLost(t *testing.T) {
	d, _, _ := timed(t, store.MemoryConfig{MaxQueue: 2})
	id, calm := create(t, d, &Record{Owner: "o"}).ID, create(t, d, &Record{Owner: "o"}).ID
	gate, begun := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var h, c heard
	watchIt(t, d, id, func(r *Record) {
		once.Do(func() { close(begun); <-gate })
		h.hear(r)
	})
	watchIt(t, d, calm, c.hear)
	say(t, d, id, "first")
	<-begun
	for i := range 10 {
		say(t, d, id, fmt.Sprint(i))
	}
	say(t, d, calm, "in the meantime") // this news is lost
	close(gate)
	eventually(t, "the last state is told", func() bool { return h.last(t) == "9" && c.last(t) == "in the meantime" })
	if h.count() >= 11 {
		t.Errorf("nothing was lost: %d", h.count())
	}
}

func TestWatchClosed(t *testing.T) {
	d, b, _ := timed(t, store.MemoryConfig{})
	id := create(t, d, &Record{Owner: "o"}).ID
	other := New(b.Scope("task"))
	other.now = d.now
	t.Cleanup(other.Close)
	var h, there heard
	stop := watchIt(t, d, id, h.hear)
	watchIt(t, other, id, there.hear)
	d.Close()
	d.Close()
	stop()
	say(t, d, id, "x")
	if _, err := d.Watch(id, h.hear); !errors.Is(err, store.ErrClosed) {
		t.Errorf("%v", err)
	}
	eventually(t, "another node hears it", func() bool { return there.last(t) == "x" })
	if h.count() != 0 {
		t.Errorf("%d were told", h.count())
	}
}
