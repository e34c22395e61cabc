package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// timed is a Desk and its store, whose clock the test moves.
func timed(t *testing.T, config store.MemoryConfig) (*Desk, *store.Backend, *clock) {
	t.Helper()
	c := &clock{now: time.Date(2026, 7, 28, 12, 0, 0, 123456789, time.UTC)}
	config.Clock = c.time
	b, err := store.From(store.Memory(config))
	if err != nil {
		t.Fatal(err)
	}
	d := New(b.Scope("task"))
	d.now = c.time
	t.Cleanup(d.Close)
	return d, b, c
}

func create(t *testing.T, d *Desk, r *Record) *Record {
	t.Helper()
	if r.ID == "" {
		r.ID = NewID()
	}
	if r.TTL == 0 {
		r.TTL = time.Minute
	}
	if err := d.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return r
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewID()
		if len(id) != 32 || !isID(id) || seen[id] {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
	d, _, _ := timed(t, store.MemoryConfig{})
	for id, could := range map[string]bool{
		"": false, "a b": false, "a:b": false, "../x": false, "ä": false, "\x00": false, "a\n": false, strings.Repeat("x", 65): false,
		"nobody": true, "A-_z09": true, strings.Repeat("x", 64): true,
	} {
		if isID(id) != could {
			t.Errorf("that %q could be an id is %v", id, !could)
		}
		if _, err := d.Get(t.Context(), id); !errors.Is(err, ErrUnknown) {
			t.Errorf("Get(%q): %v", id, err)
		}
		if _, err := d.Update(t.Context(), id, func(*Record) error { t.Error("changed"); return nil }); !errors.Is(err, ErrUnknown) {
			t.Errorf("Update(%q): %v", id, err)
		}
	}
}

func TestCreate(t *testing.T) {
	d, _, c := timed(t, store.MemoryConfig{})
	r := create(t, d, &Record{Tool: "t", Owner: "o", Status: Failed})
	if got, err := d.Get(t.Context(), r.ID); err != nil || got.Status != Working || !got.Created.Equal(c.time().Truncate(time.Millisecond)) || !got.Updated.Equal(got.Created) || got.Tool != "t" || got.Owner != "o" {
		t.Errorf("%+v, %v", got, err)
	}
	if err := d.Create(t.Context(), &Record{ID: r.ID, Owner: "other", TTL: time.Minute}); err == nil || !strings.Contains(err.Error(), "is taken") {
		t.Errorf("the id is given twice: %v", err)
	}
	if got, err := d.Get(t.Context(), r.ID); err != nil || got.Owner != "o" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestCreateOrNothing: what cannot be listed is not kept.
func TestCreateOrNothing(t *testing.T) {
	d, _, _ := timed(t, store.MemoryConfig{MaxEntries: 1})
	r := &Record{ID: "x", Owner: "o", TTL: time.Minute}
	if err := d.Create(t.Context(), r); !errors.Is(err, store.ErrFull) {
		t.Fatalf("%v", err)
	}
	if _, err := d.Get(t.Context(), r.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
}

// TestUpdatesAllCount: of many that change a task at the same time none is lost.
func TestUpdatesAllCount(t *testing.T) {
	d, _, _ := timed(t, store.MemoryConfig{})
	r := create(t, d, &Record{Owner: "o"})
	var all sync.WaitGroup
	const writers, each = 16, 25
	for w := range writers {
		all.Go(func() {
			for i := range each {
				if _, err := d.Update(t.Context(), r.ID, func(r *Record) error {
					r.Question(fmt.Sprintf("%d.%d", w, i), json.RawMessage(`{}`))
					return nil
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got, err := d.Get(t.Context(), r.ID)
	if err != nil || len(got.Inputs) != writers*each || got.Version != writers*each || got.Status != InputRequired {
		t.Errorf("%d questions, version %d, %v", len(got.Inputs), got.Version, err)
	}
}

// TestOneEnd: of many that end a task one does, and what it said stays.
func TestOneEnd(t *testing.T) {
	d, _, _ := timed(t, store.MemoryConfig{})
	for range 20 {
		r := create(t, d, &Record{Owner: "o"})
		var won atomic.Int64
		var all sync.WaitGroup
		for i, status := range []Status{Completed, Failed, Cancelled, Completed, Failed, Cancelled} {
			all.Go(func() {
				got, err := d.Update(t.Context(), r.ID, func(r *Record) error {
					r.End(status)
					r.Message = fmt.Sprint(i)
					return nil
				})
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, ErrOver) || !got.Over():
					t.Errorf("%+v, %v", got, err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d have ended it", won.Load())
		}
	}
}

func TestUpdateThatFails(t *testing.T) {
	d, _, c := timed(t, store.MemoryConfig{})
	r := create(t, d, &Record{Owner: "o"})
	no := errors.New("no")
	if _, err := d.Update(t.Context(), r.ID, func(r *Record) error { r.Message = "x"; return no }); !errors.Is(err, no) {
		t.Error(err)
	}
	if got, err := d.Get(t.Context(), r.ID); err != nil || got.Message != "" || got.Version != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	c.advance(-time.Hour) // a clock that is set back
	if got, err := d.Update(t.Context(), r.ID, func(*Record) error { return nil }); err != nil || got.Updated.Before(got.Created) {
		t.Errorf("%+v, %v", got, err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Update(over, r.ID, func(*Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestExpiry(t *testing.T) {
	d, b, c := timed(t, store.MemoryConfig{})
	r := create(t, d, &Record{Owner: "o", TTL: time.Minute})
	c.advance(time.Minute - time.Second)
	if _, err := d.Update(t.Context(), r.ID, func(r *Record) error { r.Message = "late"; return nil }); err != nil {
		t.Fatal(err) // which does not make it live longer
	}
	if got, err := d.Get(t.Context(), r.ID); err != nil || got.Message != "late" {
		t.Fatalf("%+v, %v", got, err)
	}
	c.advance(time.Second)
	if _, err := d.Get(t.Context(), r.ID); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if _, err := d.Update(t.Context(), r.ID, func(*Record) error { return nil }); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if all, next, err := d.List(t.Context(), "o", "", 10); len(all) != 0 || next != "" || err != nil {
		t.Errorf("%v, %q, %v", all, next, err)
	}
	if raw, err := b.Scope("task").KV.Get(t.Context(), key(r.ID)); raw != nil || err != nil {
		t.Errorf("the store still has %s, %v", raw, err)
	}
}

func TestList(t *testing.T) {
	d, _, c := timed(t, store.MemoryConfig{})
	want := map[string]bool{}
	for i := range 7 {
		want[create(t, d, &Record{Owner: "o"}).ID] = true
		create(t, d, &Record{Owner: "other", TTL: time.Second})
		if i == 3 {
			gone := create(t, d, &Record{Owner: "o", TTL: time.Second})
			c.advance(time.Second)
			if _, err := d.Get(t.Context(), gone.ID); !errors.Is(err, ErrUnknown) {
				t.Error(err)
			}
		}
	}
	for cursor, pages := "", 1; ; pages++ {
		all, next, err := d.List(t.Context(), "o", cursor, 3)
		if err != nil || len(all) > 3 || pages > 4 {
			t.Fatalf("page %d: %v, %v", pages, all, err)
		}
		for _, r := range all {
			if !want[r.ID] || r.Owner != "o" {
				t.Errorf("%+v", r)
			}
			delete(want, r.ID)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if len(want) != 0 {
		t.Errorf("%v are missing", want)
	}
}

func TestRecord(t *testing.T) {
	r := &Record{Status: Working}
	r.Question("a", json.RawMessage(`1`))
	r.Question("b", json.RawMessage(`2`))
	if r.Status != InputRequired || !r.Answer("a", json.RawMessage(`3`)) || r.Status != InputRequired || r.Answer("a", json.RawMessage(`4`)) || r.Answer("c", nil) {
		t.Errorf("%+v", r)
	}
	if r.Withdraw("b"); r.Status != Working || string(r.Answers["a"]) != `3` || len(r.Answers) != 1 {
		t.Errorf("%+v", r)
	}
	r.Question("d", json.RawMessage(`1`))
	for _, s := range []Status{Completed, Failed, Cancelled} {
		if r.End(s); !r.Over() || len(r.Inputs) != 0 || r.Status != s {
			t.Errorf("%+v", r)
		}
	}
	if r.Withdraw("d"); r.Status != Cancelled {
		t.Errorf("%+v", r)
	}
}
