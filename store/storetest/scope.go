package storetest

import (
	"testing"

	"github.com/fastmcp-go/fastmcp/store"
)

func (s suite) scope(t *testing.T) {
	s.each(t, map[string]func(*testing.T, *store.Backend){
		"Apart":   apart,
		"Escapes": escapes,
		"Parts":   s.scopedParts,
		"Invalid": func(t *testing.T, b *store.Backend) { invalidKeys(t, b.Scope("a")) },
	})
}

func apart(t *testing.T, b *store.Backend) {
	one, two := b.Scope("one"), b.Scope("two")
	ok(t, one.KV.Set(t.Context(), "k", []byte("1"), 0))
	holds(t, two, "k", nil)
	holds(t, b, "k", nil)
	holds(t, b.Scope("one"), "k", []byte("1"))
	ok(t, one.KV.Ping(t.Context()))
	if one.Shared != b.Shared {
		t.Error("a view is as shared as its backend")
	}
}

// escapes: no name that a tenant chooses reaches into another scope.
func escapes(t *testing.T, b *store.Backend) {
	ok(t, b.Scope("a").Scope("b").KV.Set(t.Context(), "k", []byte("nested"), 0))
	holds(t, b.Scope("a:@b"), "k", nil)
	holds(t, b.Scope("a%3A@b"), "k", nil)
	holds(t, b.Scope("a"), "b:k", nil)
	holds(t, b.Scope("ab"), "k", nil)
	holds(t, b.Scope("a").Scope("b"), "k", []byte("nested"))
}

func (s suite) scopedParts(t *testing.T, b *store.Backend) {
	ctx := t.Context()
	one, two := b.Scope("1"), b.Scope("2")
	if n, err := one.Atomic.Add(ctx, "n", 3, 0); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := two.Atomic.Add(ctx, "n", 1, 0); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	ok(t, one.Index.Put(ctx, "s", "m", 0))
	lists(t, two, "s", 10)
	lists(t, one, "s", 10, "m")
	in, out := s.listen(t, one, "c"), s.listen(t, two, "c")
	_, err := one.Log.Append(ctx, "l", "c", []byte("x"))
	ok(t, err)
	in.next("c", "") // the channel as the scope knows it
	reads(t, one, "l", "", 0, "1=x")
	reads(t, two, "l", "", 0)
	publish(t, two, "c", "2", 1)
	out.next("c", "2")
	in.none()
	ok(t, in.Remove("c"))
	s.deserted(t, one, "c", "1")
}
