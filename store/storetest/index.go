package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

func (s suite) index(t *testing.T) {
	s.each(t, map[string]func(*testing.T, *store.Backend){
		"PutRemove": putRemove,
		"Paging":    paging,
		"Changing":  changing,
		"Expiry":    s.indexExpiry,
		"Invalid":   invalidIndex,
	})
}

// lists checks a whole set, read n at a time.
func lists(t *testing.T, b *store.Backend, set string, n int, want ...string) {
	t.Helper()
	var all []string
	for cursor, pages := "", 0; ; pages++ {
		page, next, err := b.Index.Members(t.Context(), set, cursor, n)
		ok(t, err)
		all = append(all, page...)
		if len(page) > n || pages > len(want) {
			t.Fatalf("page %d has %d members, bound %d", pages, len(page), n)
		}
		if next == "" {
			break
		}
		cursor = next
	}
	if fmt.Sprint(all) != fmt.Sprint(want) {
		t.Fatalf("members %v, want %v", all, want)
	}
}

func putRemove(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	lists(t, b, "s", 10)
	for _, m := range []string{"b", "a", "c", "a"} {
		ok(t, b.Index.Put(ctx, "s", m, 0))
	}
	ok(t, b.Index.Put(ctx, "other", "z", time.Hour))
	lists(t, b, "s", 10, "a", "b", "c")
	ok(t, b.Index.Remove(ctx, "s", "b"))
	ok(t, b.Index.Remove(ctx, "s", "b"))
	ok(t, b.Index.Remove(ctx, "none", "b"))
	lists(t, b, "s", 10, "a", "c")
	lists(t, b, "other", 10, "z")
}

func paging(t *testing.T, b *store.Backend) {
	var want []string
	for i := range 250 {
		want = append(want, fmt.Sprintf("m%03d", i))
	}
	for i := range want {
		ok(t, b.Index.Put(t.Context(), "s", want[(i*7)%len(want)], 0))
	}
	for _, n := range []int{1, 7, 50, 249, 250, 251} {
		lists(t, b, "s", n, want...)
	}
	page, next, err := b.Index.Members(t.Context(), "s", "", 0)
	ok(t, err)
	if len(page) != store.DefaultPage || next == "" {
		t.Fatalf("a page without n has %d members, next %q", len(page), next)
	}
}

// changing: what comes and goes between pages moves nobody to two pages or to none.
func changing(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	for _, m := range []string{"b", "d", "f", "h"} {
		ok(t, b.Index.Put(ctx, "s", m, 0))
	}
	first, next, err := b.Index.Members(ctx, "s", "", 2)
	ok(t, err)
	ok(t, b.Index.Remove(ctx, "s", "b"))
	ok(t, b.Index.Remove(ctx, "s", "d")) // the cursor's own member as well
	ok(t, b.Index.Put(ctx, "s", "a", 0))
	second, next, err := b.Index.Members(ctx, "s", next, 2)
	ok(t, err)
	if got := fmt.Sprintf("%v %v %q", first, second, next); got != `[b d] [f h] ""` {
		t.Fatal(got)
	}
}

func (s suite) indexExpiry(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	for _, m := range []string{"brief", "kept", "later"} {
		ok(t, b.Index.Put(ctx, "s", m, ttl))
	}
	ok(t, b.Index.Put(ctx, "s", "later", time.Hour))
	ok(t, b.Index.Put(ctx, "s", "kept", 0))
	s.Advance(2 * ttl)
	lists(t, b, "s", 10, "kept", "later")
}

func invalidIndex(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	_, _, err := b.Index.Members(ctx, "", "", 0)
	for _, err := range []error{
		err, b.Index.Put(ctx, "", "m", 0), b.Index.Put(ctx, "s", "", 0), b.Index.Put(ctx, "s", "m", -1),
		b.Index.Remove(ctx, "s", ""),
	} {
		is(t, err, store.ErrInvalid)
	}
}
