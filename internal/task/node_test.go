package task

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

func runBy(t *testing.T, d *Desk, node string) *Record {
	t.Helper()
	return create(t, d, &Record{Owner: "o", Node: node, Fence: 1})
}

func leftOn(t *testing.T, d *Desk, node string) (all []string) {
	t.Helper()
	if err := d.Left(t.Context(), node, func(id string) { all = append(all, id) }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSigns(t *testing.T) {
	d, _, c := timed(t, store.MemoryConfig{})
	known := func() (all []string) {
		if err := d.Nodes(t.Context(), func(node string) { all = append(all, node) }); err != nil {
			t.Fatal(err)
		}
		return all
	}
	alive := func(node string, want bool) {
		t.Helper()
		if is, err := d.Alive(t.Context(), node); err != nil || is != want {
			t.Errorf("%s alive: %v %v", node, is, err)
		}
	}
	for _, node := range []string{"a", "b"} {
		if err := d.Sign(t.Context(), node, 30*time.Second, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	alive("a", true)
	alive("nobody", false)
	c.advance(29 * time.Second)
	if err := d.Sign(t.Context(), "a", 30*time.Second, time.Hour); err != nil {
		t.Fatal(err)
	}
	c.advance(2 * time.Second)
	alive("a", true)
	alive("b", false)
	if err := d.Leave(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	alive("a", false)
	if err := d.Bury(t.Context(), "b"); err != nil || !slices.Equal(known(), []string{"a"}) {
		t.Errorf("%v %v", known(), err)
	}
	c.advance(time.Hour)
	if len(known()) > 0 {
		t.Errorf("kept for longer than what it may have left: %v", known())
	}
}

// Who has lost a task writes nothing any more, and the one who has it does.
func TestFence(t *testing.T) {
	d, _, _ := timed(t, store.MemoryConfig{})
	r := runBy(t, d, "a")
	say := func(fence int64, text string) error {
		_, err := d.Write(t.Context(), r.ID, fence, func(r *Record) { r.Message = text })
		return err
	}
	if err := say(1, "mine"); err != nil {
		t.Fatal(err)
	}
	seen, err := d.Get(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	claimed, err := d.Claim(t.Context(), seen, "b")
	if err != nil || claimed.Node != "b" || claimed.Fence != 2 || claimed.Losses != 1 || claimed.Message != "" {
		t.Fatalf("%+v %v", claimed, err)
	}
	if again, err := d.Claim(t.Context(), seen, "c"); !errors.Is(err, ErrLost) {
		t.Errorf("claimed twice: %+v %v", again, err)
	}
	if err := say(1, "late"); !errors.Is(err, ErrLost) {
		t.Errorf("%v", err)
	}
	if err := say(2, "mine now"); err != nil {
		t.Error(err)
	}
	if a, b := leftOn(t, d, "a"), leftOn(t, d, "b"); len(a) > 0 || !slices.Equal(b, []string{r.ID}) {
		t.Errorf("%v %v", a, b)
	}
	free, err := d.Release(t.Context(), r.ID, 2)
	if err != nil || free.Node != "" {
		t.Fatalf("%+v %v", free, err)
	}
	for _, fence := range []int64{2, 3} {
		if err := say(fence, "nobody's"); !errors.Is(err, ErrLost) {
			t.Errorf("%d: %v", fence, err)
		}
	}
	if claimed, err = d.Claim(t.Context(), free, "c"); err != nil || claimed.Losses != 1 || claimed.Fence != 4 {
		t.Errorf("nobody has died: %+v %v", claimed, err)
	}
	if _, err := d.Write(t.Context(), r.ID, 4, func(r *Record) { r.End(Completed) }); err != nil {
		t.Error(err)
	}
	if _, err := d.Claim(t.Context(), claimed, "a"); !errors.Is(err, ErrOver) {
		t.Errorf("%v", err)
	}
	if err := d.Settle(t.Context(), "c", r.ID); err != nil || len(leftOn(t, d, "c")) > 0 {
		t.Errorf("%v", err)
	}
}

// A claim keeps the answers, takes the questions back, and remembers their keys.
func TestClaimTakesQuestionsBack(t *testing.T) {
	d, _, _ := timed(t, store.MemoryConfig{})
	r := runBy(t, d, "a")
	seen, err := d.Write(t.Context(), r.ID, 1, func(r *Record) {
		r.Question("who", []byte(`{}`))
		r.Question("why", []byte(`{}`))
		r.Answer("who", []byte(`"me"`))
	})
	if err != nil {
		t.Fatal(err)
	}
	now, err := d.Claim(t.Context(), seen, "b")
	if err != nil || now.Status != Working || len(now.Inputs) > 0 || string(now.Answers["who"]) != `"me"` || !slices.Equal(now.Used, []string{"why"}) {
		t.Errorf("%+v %v", now, err)
	}
}

func TestOneClaim(t *testing.T) {
	d, _, _ := timed(t, store.MemoryConfig{})
	r := runBy(t, d, "a")
	seen, err := d.Get(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	var won atomic.Int64
	var racers sync.WaitGroup
	for i := range 20 {
		racers.Go(func() {
			if _, err := d.Claim(t.Context(), seen, "node"+string(rune('a'+i))); err == nil {
				won.Add(1)
			} else if !errors.Is(err, ErrLost) {
				t.Error(err)
			}
		})
	}
	racers.Wait()
	if won.Load() != 1 {
		t.Errorf("%d won", won.Load())
	}
}

func TestClaimAtItsEnd(t *testing.T) {
	d, b, c := timed(t, store.MemoryConfig{})
	r := runBy(t, d, "a")
	seen, err := d.Get(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	c.advance(time.Minute)
	if _, err := d.Claim(t.Context(), seen, "b"); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
	if len(leftOn(t, d, "b")) > 0 {
		t.Error("it is on a list")
	}
	torn := runBy(t, d, "a")
	if err := b.Scope("task").KV.Set(t.Context(), key(torn.ID), []byte("{"), time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Get(t.Context(), torn.ID); !errors.Is(err, ErrUnreadable) || strings.Contains(err.Error(), torn.ID) {
		t.Errorf("%v", err)
	}
	if err := d.Drop(t.Context(), torn.ID); err != nil {
		t.Error(err)
	}
	if _, err := d.Get(t.Context(), torn.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
}

// Many tasks of a node are several pages of the index.
func TestLeftPages(t *testing.T) {
	d, _, _ := timed(t, store.MemoryConfig{})
	for range store.DefaultPage + 50 {
		runBy(t, d, "a")
	}
	if all := leftOn(t, d, "a"); len(slices.Compact(slices.Sorted(slices.Values(all)))) != store.DefaultPage+50 {
		t.Errorf("%d", len(all))
	}
}
