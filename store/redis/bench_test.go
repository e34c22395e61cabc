package redis_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/fastmcp-go/fastmcp/store/redis"
)

func benched(b *testing.B) *store.Backend {
	server := redistest.Start(b)
	return opened(b, redis.New(redis.Config{URL: server.URL()}))
}

func BenchmarkGet(b *testing.B) {
	backend := benched(b)
	ok(b, backend.KV.Set(b.Context(), "k", make([]byte, 500), time.Hour))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := backend.KV.Get(b.Context(), "k"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetParallel(b *testing.B) {
	backend := benched(b)
	ok(b, backend.KV.Set(b.Context(), "k", make([]byte, 500), time.Hour))
	b.SetParallelism(8)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := backend.KV.Get(b.Context(), "k"); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkAppend: one entry of 200 bytes, with a wake-up, on a log that is full.
func BenchmarkAppend(b *testing.B) {
	backend := benched(b)
	data := make([]byte, 200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := backend.Log.Append(b.Context(), "l", "c", data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendParallel(b *testing.B) {
	backend := benched(b)
	data := make([]byte, 200)
	b.SetParallelism(8)
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			if _, err := backend.Log.Append(b.Context(), fmt.Sprint("l", i%100), "c", data); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkAfter reads the last of a thousand entries.
func BenchmarkAfter(b *testing.B) {
	backend := benched(b)
	data, last := make([]byte, 200), ""
	for range 1000 {
		was, err := backend.Log.Append(b.Context(), "l", "", data)
		ok(b, err)
		last = was
	}
	_, err := backend.Log.Append(b.Context(), "l", "", data)
	ok(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if entries, err := backend.Log.After(b.Context(), "l", last, 100); len(entries) != 1 || err != nil {
			b.Fatal(len(entries), err)
		}
	}
}

// BenchmarkPublish is until the message has arrived at another node.
func BenchmarkPublish(b *testing.B) {
	server := redistest.Start(b)
	backend := opened(b, redis.New(redis.Config{URL: server.URL()}))
	other := opened(b, redis.New(redis.Config{URL: server.URL()}))
	arrived := make(chan struct{}, 1)
	sub, err := other.Bus.Subscribe(func(string, []byte) { arrived <- struct{}{} }, nil)
	ok(b, err)
	defer sub.Close()
	ok(b, sub.Add("c"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := backend.Bus.Publish(b.Context(), "c", []byte("x")); err != nil {
			b.Fatal(err)
		}
		<-arrived
	}
}

func BenchmarkTouchAll(b *testing.B) {
	backend := benched(b)
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprint("s:", i)
		ok(b, backend.KV.Set(b.Context(), keys[i], nil, time.Hour))
	}
	for b.Loop() {
		ok(b, backend.KV.TouchAll(b.Context(), time.Hour, keys...))
	}
}
