package store_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

func ExampleFrom() {
	b, err := store.From(nil) // any fiber.Storage; nil is store.Memory()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	ctx := context.Background()
	_ = b.KV.Set(ctx, "greeting", []byte("hello"), time.Hour)
	val, _ := b.KV.Get(ctx, "greeting")
	fmt.Printf("%s, shared: %v\n", val, b.Shared)
	// Output: hello, shared: false
}

func ExampleMemory() {
	m := store.Memory(store.MemoryConfig{MaxEntries: 1})
	defer m.Close()
	fmt.Println(m.Set("a", []byte("1"), time.Minute))
	fmt.Println(errors.Is(m.Set("b", []byte("2"), time.Minute), store.ErrFull))
	// Output:
	// <nil>
	// true
}

func ExampleBackend_Scope() {
	b, _ := store.From(nil)
	defer b.Close()
	ctx := context.Background()
	_ = b.Scope("acme").KV.Set(ctx, "plan", []byte("gold"), 0)
	other, _ := b.Scope("umbrella").KV.Get(ctx, "plan")
	fmt.Println(other == nil)
	// Output: true
}

// A one-time code is taken once, whoever asks first.
func ExampleAtomic() {
	b, _ := store.From(nil)
	defer b.Close()
	ctx := context.Background()
	_ = b.KV.Set(ctx, "code", []byte("grant"), time.Minute)
	first, _ := b.Atomic.Take(ctx, "code")
	second, _ := b.Atomic.Take(ctx, "code")
	fmt.Printf("%s, %v\n", first, second == nil)
	// Output: grant, true
}

func ExampleLog() {
	b, _ := store.From(nil)
	defer b.Close()
	ctx := context.Background()
	_, _ = b.Log.Append(ctx, "session", "", []byte("one"), []byte("two"), []byte("three"))
	entries, _ := b.Log.After(ctx, "session", "1", 0)
	for _, e := range entries {
		fmt.Printf("%s: %s\n", e.ID, e.Data)
	}
	_, err := b.Log.After(ctx, "session", "99", 0)
	fmt.Println(errors.Is(err, store.ErrGap))
	// Output:
	// 2: two
	// 3: three
	// true
}

func ExampleBus() {
	b, _ := store.From(nil)
	defer b.Close()
	arrived := make(chan string)
	sub, _ := b.Bus.Subscribe(func(channel string, data []byte) { arrived <- channel + ": " + string(data) }, nil)
	defer sub.Close()
	_ = sub.Add("news")
	n, _ := b.Bus.Publish(context.Background(), "news", []byte("hello"))
	fmt.Println(n, <-arrived)
	// Output: 1 news: hello
}

func ExampleIndex() {
	b, _ := store.From(nil)
	defer b.Close()
	ctx := context.Background()
	for _, session := range []string{"c", "a", "b"} {
		_ = b.Index.Put(ctx, "alice's sessions", session, time.Hour)
	}
	page, next, _ := b.Index.Members(ctx, "alice's sessions", "", 2)
	rest, _, _ := b.Index.Members(ctx, "alice's sessions", next, 2)
	fmt.Println(page, rest)
	// Output: [a b] [c]
}
