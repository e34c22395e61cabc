package redis_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/fastmcp-go/fastmcp/store/redis"
	"github.com/fastmcp-go/fastmcp/store/storetest"
)

// anew is config with a prefix that nobody else has.
func anew(config redis.Config) redis.Config {
	config.Prefix = "test" + rand.Text()[:8] + ":"
	return config
}

// opened is a storage, and its backend, that end with the test.
func opened(t testing.TB, s *redis.Storage) *store.Backend {
	t.Helper()
	b, err := store.From(s)
	ok(t, err)
	ok(t, b.Open(t.Context()))
	t.Cleanup(func() { ok(t, b.Close()) })
	if !b.Shared || b.Filled != nil {
		t.Fatalf("Shared %v, Filled %v", b.Shared, b.Filled)
	}
	return b
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

// admin is a client for what the storage itself would not do.
func admin(t testing.TB, s *redistest.Server) *goredis.Client {
	t.Helper()
	c := goredis.NewClient(&goredis.Options{Network: "unix", Addr: s.Socket, Protocol: 2})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// eventually waits until is is true.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

func TestSingle(t *testing.T) {
	server := redistest.Start(t)
	storetest.Run(t, func(t *testing.T) *store.Backend {
		return opened(t, redis.New(anew(redis.Config{URL: server.URL()})))
	})
}

func TestDatabase(t *testing.T) {
	server := redistest.Start(t)
	b := opened(t, redis.New(redis.Config{URL: server.URL() + "/3"}))
	ok(t, b.KV.Set(t.Context(), "k", []byte("v"), 0))
	n, err := admin(t, server).Do(t.Context(), "DBSIZE").Int()
	ok(t, err)
	keyspace := admin(t, server).Info(t.Context(), "keyspace").Val()
	if n != 0 || !strings.Contains(keyspace, "db3:keys=") {
		t.Fatalf("%d keys in database 0; %s", n, keyspace)
	}
}

func TestSocket(t *testing.T) {
	server := redistest.Start(t)
	storetest.Run(t, func(t *testing.T) *store.Backend {
		return opened(t, redis.New(anew(redis.Config{URL: "unix://" + server.Socket + "?db=1"})))
	})
}

// TestWrap: the suite over a client, and over gofiber's storage, of which neither may be closed.
func TestWrap(t *testing.T) {
	server := redistest.Start(t)
	conn := goredis.NewClient(&goredis.Options{Addr: server.Addr, DB: 2})
	defer conn.Close()
	storetest.Run(t, func(t *testing.T) *store.Backend {
		return opened(t, redis.Wrap(conn, anew(redis.Config{})))
	})
	ok(t, conn.Ping(t.Context()).Err())
}

func TestWrapRefuses(t *testing.T) {
	ring := goredis.NewRing(&goredis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}})
	defer ring.Close()
	for want, conn := range map[string]goredis.UniversalClient{"Ring": ring, "<nil>": nil, "*redis.Client": (*goredis.Client)(nil)} {
		s := redis.Wrap(conn)
		err := s.Open(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want it to name %s", err, want)
		}
		if _, err := s.Backend().Bus.Subscribe(func(string, []byte) {}, nil); err == nil {
			t.Error("it subscribes")
		}
		ok(t, s.Close())
	}
}

func TestPlainStorage(t *testing.T) {
	server := redistest.Start(t)
	s := redis.New(redis.Config{URL: server.URL()})
	b := opened(t, s)
	val, err := s.Get("k")
	ok(t, err)
	if val != nil {
		t.Fatalf("%q, want nil", val)
	}
	ok(t, s.Set("k", []byte("v"), time.Hour))
	ok(t, s.Set("k", nil, time.Hour)) // ignored, as is the empty key
	ok(t, s.Set("", []byte("v"), time.Hour))
	is(t, s.Set("k", []byte("w"), -1), store.ErrInvalid)
	val, err = s.Get("")
	ok(t, err)
	if val != nil {
		t.Fatalf("%q under no key", val)
	}
	val, err = s.Get("k")
	ok(t, err)
	same, err := b.KV.Get(t.Context(), "k")
	ok(t, err)
	if string(val) != "v" || string(same) != "v" {
		t.Fatalf("%q and %q, want v", val, same)
	}
	if left := s.Conn().PTTL(t.Context(), "fastmcp:k:{k}").Val(); left <= 59*time.Minute || left > time.Hour {
		t.Fatalf("it ends in %v", left)
	}
	ok(t, s.Set("brief", []byte("v"), 1)) // less than a millisecond is one
	eventually(t, "it expires", func() bool { val, err := s.Get("brief"); return val == nil && err == nil })
	ok(t, s.Delete("k"))
	ok(t, s.Delete("k"))
	ok(t, s.Delete(""))
	val, err = s.Get("k")
	ok(t, err)
	if val != nil {
		t.Fatalf("%q, want nil", val)
	}
}

// TestReset: only what is under the prefix goes, which has the characters of patterns in it.
func TestReset(t *testing.T) {
	server := redistest.Start(t)
	reset(t, func(prefix string) *redis.Storage { return redis.New(redis.Config{URL: server.URL(), Prefix: prefix}) })
}

func reset(t *testing.T, open func(prefix string) *redis.Storage) {
	mine, other, plain := open(`a*[b]?\:`), open(`aX[b]?\:`), open(`ab`)
	backends := []*store.Backend{opened(t, mine), opened(t, other), opened(t, plain)}
	ctx := t.Context()
	for _, b := range backends {
		for _, name := range many(1200) {
			ok(t, b.KV.Set(ctx, name, []byte("v"), time.Hour))
		}
		_, err := b.Log.Append(ctx, "l", "", []byte("x"))
		ok(t, err)
		ok(t, b.Index.Put(ctx, "s", "m", time.Hour))
	}
	ok(t, mine.Reset())
	for i, b := range backends {
		for _, name := range many(1200) {
			val, err := b.KV.Get(ctx, name)
			ok(t, err)
			if (val == nil) != (i == 0) {
				t.Fatalf("storage %d has %q under %s", i, val, name)
			}
		}
		entries, err := b.Log.After(ctx, "l", "", 0)
		ok(t, err)
		members, _, err := b.Index.Members(ctx, "s", "", 0)
		ok(t, err)
		if gone := len(entries) == 0 && len(members) == 0; gone != (i == 0) {
			t.Fatalf("storage %d has %v and %v", i, entries, members)
		}
	}
}

func many(n int) (names []string) {
	for i := range n {
		names = append(names, "name"+string(rune('a'+i%26))+strings.Repeat("x", i/26))
	}
	return names
}

// TestClosed: after Close every call says so, and Apps that share a storage close it together.
func TestClosed(t *testing.T) {
	server := redistest.Start(t)
	s := redis.New(redis.Config{URL: server.URL()})
	one, err := store.From(s)
	ok(t, err)
	two, err := store.From(s)
	ok(t, err)
	ok(t, one.Open(t.Context()))
	ok(t, two.Open(t.Context()))
	sub, err := one.Bus.Subscribe(func(string, []byte) {}, nil)
	ok(t, err)
	ok(t, sub.Add("c"))
	ok(t, one.Close())
	ok(t, two.KV.Set(t.Context(), "k", nil, 0))
	ok(t, two.Close())
	ok(t, s.Close())
	ctx := t.Context()
	_, get := one.KV.Get(ctx, "k")
	_, take := one.Atomic.Take(ctx, "k")
	_, appended := one.Log.Append(ctx, "l", "c", nil)
	_, published := one.Bus.Publish(ctx, "c", nil)
	_, subscribed := one.Bus.Subscribe(func(string, []byte) {}, nil)
	for _, err := range []error{
		get, take, appended, published, subscribed, sub.Add("d"), sub.Remove("c"), one.KV.Ping(ctx), s.Reset(), s.Delete("k"), s.Open(ctx),
		one.Index.Remove(ctx, "s", "m"),
	} {
		is(t, err, store.ErrClosed)
	}
	ok(t, sub.Close())
	eventually(t, "all connections are closed", func() bool {
		return !strings.Contains(admin(t, server).ClientList(context.Background()).Val(), "sub=1")
	})
}

// TestWrongType: what others put under our names is told apart, and kept, but by Set and Delete.
func TestWrongType(t *testing.T) {
	server := redistest.Start(t)
	b, raw, ctx := opened(t, redis.New(redis.Config{URL: server.URL()})), admin(t, server), t.Context()
	for _, key := range []string{"fastmcp:k:{k}", "fastmcp:l:{k}", "fastmcp:i:{k}", "fastmcp:e:{k}"} {
		ok(t, raw.RPush(ctx, key, "x").Err())
	}
	_, get := b.KV.Get(ctx, "k")
	_, take := b.Atomic.Take(ctx, "k")
	_, cas := b.Atomic.CAS(ctx, "k", []byte("x"), nil, 0)
	_, add := b.Atomic.Add(ctx, "k", 1, 0)
	_, appended := b.Log.Append(ctx, "k", "", []byte("x"))
	_, after := b.Log.After(ctx, "k", "", 0)
	_, _, list := b.Index.Members(ctx, "k", "", 0)
	for i, err := range []error{get, take, cas, add, appended, after, list, b.Index.Put(ctx, "k", "m", 0), b.Index.Remove(ctx, "k", "m")} {
		if !errors.Is(err, store.ErrForeign) {
			t.Errorf("%d: %v, want ErrForeign", i, err)
		}
	}
	if n := raw.LLen(ctx, "fastmcp:k:{k}").Val(); n != 1 {
		t.Errorf("%d left of what others put there", n)
	}
	ok(t, b.KV.Set(ctx, "k", []byte("v"), 0))
	ok(t, b.Log.Drop(ctx, "k"))
	_, err := b.Log.Append(ctx, "k", "", []byte("x"))
	ok(t, err)
}

// TestForeignStream: streams that no log is.
func TestForeignStream(t *testing.T) {
	server := redistest.Start(t)
	b, raw, ctx := opened(t, redis.New(redis.Config{URL: server.URL()})), admin(t, server), t.Context()
	ok(t, raw.XAdd(ctx, &goredis.XAddArgs{Stream: "fastmcp:l:{time}", Values: []string{"d", "x", "s", "1", "m", ""}}).Err())
	ok(t, raw.XAdd(ctx, &goredis.XAddArgs{Stream: "fastmcp:l:{fields}", ID: "0-1", Values: []string{"other", "x"}}).Err())
	ok(t, raw.XAdd(ctx, &goredis.XAddArgs{Stream: "fastmcp:l:{sum}", ID: "0-1", Values: []string{"d", "x", "s", "many"}}).Err())
	for _, name := range []string{"time", "fields", "sum"} {
		_, err := b.Log.Append(ctx, name, "", []byte("y"))
		is(t, err, store.ErrForeign)
		if n := raw.XLen(ctx, "fastmcp:l:{"+name+"}").Val(); n != 1 {
			t.Errorf("%s: %d entries, want 1", name, n)
		}
		if name != "sum" {
			_, err = b.Log.After(ctx, name, "", 0)
			is(t, err, store.ErrForeign)
		}
	}
	for range 3 {
		_, err := b.Log.Append(ctx, "hole", "", []byte("x"))
		ok(t, err)
	}
	ok(t, raw.XDel(ctx, "fastmcp:l:{hole}", "0-2").Err())
	_, err := b.Log.After(ctx, "hole", "1", 0)
	is(t, err, store.ErrGap)
	_, err = b.Log.After(ctx, "hole", "", 0)
	is(t, err, store.ErrGap)
	entries, err := b.Log.After(ctx, "hole", "2", 0) // nothing that follows it is gone
	ok(t, err)
	if len(entries) != 1 || entries[0].ID != "3" {
		t.Errorf("%v", entries)
	}
}
