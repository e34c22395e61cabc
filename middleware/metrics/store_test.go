package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/fastmcptest"
	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/middleware/metrics"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/fastmcp-go/fastmcp/store/redis"
	"github.com/prometheus/client_golang/prometheus"
)

// plainStorage is one of Fiber's.
type plainStorage struct {
	values map[string][]byte
	err    error
}

func (s *plainStorage) Get(key string) ([]byte, error) { return s.values[key], s.err }
func (s *plainStorage) Set(key string, val []byte, _ time.Duration) error {
	s.values[key] = val
	return s.err
}
func (s *plainStorage) Delete(key string) error { delete(s.values, key); return s.err }
func (s *plainStorage) Reset() error            { s.values = map[string][]byte{}; return s.err }
func (*plainStorage) Close() error              { return nil }

// openStorage also connects when it is asked to.
type openStorage struct {
	plainStorage
	opened bool
}

func (s *openStorage) Open(context.Context) error { s.opened = true; return nil }

// What is timed is what was there: no part comes, none goes.
func TestStoreKeepsItsParts(t *testing.T) {
	for name, of := range map[string]store.Storage{
		"memory": store.Memory(), "plain": &plainStorage{values: map[string][]byte{}}, "opener": &openStorage{plainStorage: plainStorage{values: map[string][]byte{}}},
		"redis": redis.New(redis.Config{URL: "redis://127.0.0.1:1"}),
	} {
		timed := metrics.Store(of, metrics.Config{Registerer: prometheus.NewRegistry()})
		_, source := of.(store.Source)
		_, opener := of.(store.Opener)
		if _, ok := timed.(store.Source); ok != source {
			t.Errorf("%s: a Source: %t, want %t", name, ok, source)
		}
		if _, ok := timed.(store.Opener); ok != opener {
			t.Errorf("%s: an Opener: %t, want %t", name, ok, opener)
		}
		was, err := store.From(of)
		if err != nil {
			t.Fatal(err)
		}
		is, err := store.From(timed)
		if err != nil || is.Shared != was.Shared || fmt.Sprint(is.Filled) != fmt.Sprint(was.Filled) {
			t.Errorf("%s: %v %v, want %v %v; %v", name, is.Shared, is.Filled, was.Shared, was.Filled, err)
		}
	}
	o := &openStorage{plainStorage: plainStorage{values: map[string][]byte{}}}
	b, err := store.From(metrics.Store(o, metrics.Config{Registerer: prometheus.NewRegistry()}))
	if err != nil || b.Open(t.Context()) != nil || !o.opened {
		t.Errorf("it was not opened: %v", err)
	}
}

// use does everything that a Backend can do, once.
func use(t *testing.T, b *store.Backend) {
	t.Helper()
	ctx := t.Context()
	heard := make(chan string, 4)
	sub, err := b.Bus.Subscribe(func(_ string, data []byte) { heard <- string(data) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	for what, f := range map[string]func() error{
		"kv": func() error {
			return errors.Join(b.KV.Set(ctx, "a", []byte("1"), time.Minute), b.KV.Touch(ctx, "a", time.Minute), b.KV.TouchAll(ctx, time.Minute, "a", "b"),
				b.KV.Delete(ctx, "a"), b.KV.Ping(ctx))
		},
		"get":    func() error { v, err := b.KV.Get(ctx, "none"); return unless(v == nil, err) },
		"take":   func() error { v, err := b.Atomic.Take(ctx, "none"); return unless(v == nil, err) },
		"set_nx": func() error { ok, err := b.Atomic.SetNX(ctx, "nx", []byte("1"), time.Minute); return unless(ok, err) },
		"cas": func() error {
			ok, err := b.Atomic.CAS(ctx, "cas", nil, []byte("1"), time.Minute)
			return unless(ok, err)
		},
		"add": func() error { n, err := b.Atomic.Add(ctx, "n", 7, time.Minute); return unless(n == 7, err) },
		"log": func() error {
			id, err := b.Log.Append(ctx, "log", "", []byte("x"))
			entries, after := b.Log.After(ctx, "log", "0", 0)
			_, gap := b.Log.After(ctx, "log", "17", 0)
			return errors.Join(unless(id == "1" && len(entries) == 1 && errors.Is(gap, store.ErrGap), err), after, b.Log.Drop(ctx, "log"))
		},
		"bus": func() error {
			err := sub.Add("c")
			_, told := b.Bus.Publish(ctx, "c", []byte("hello"))
			if err == nil && told == nil {
				err = unless(<-heard == "hello", nil)
			}
			return errors.Join(err, told, sub.Remove("c"), sub.Close())
		},
		"index": func() error {
			err := b.Index.Put(ctx, "set", "m", time.Minute)
			members, _, listed := b.Index.Members(ctx, "set", "", 0)
			return errors.Join(unless(len(members) == 1, err), listed, b.Index.Remove(ctx, "set", "m"))
		},
	} {
		if err := f(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func unless(ok bool, err error) error {
	if err == nil && !ok {
		return errors.New("another answer than the storage gives")
	}
	return err
}

// Every operation is timed, of each kind of storage.
func TestStoreTimesAll(t *testing.T) {
	server := redistest.Start(t)
	for name, c := range map[string]struct {
		of    store.Storage
		timed string // those of its operations that go through it
	}{
		"memory": {nil, "get set touch touch_all delete ping take set_nx cas add append after drop publish subscribe put members remove"},
		"redis":  {redis.New(redis.Config{URL: server.URL()}), "get set touch touch_all delete ping take set_nx cas add append after drop publish subscribe put members remove"},
		"plain":  {&plainStorage{values: map[string][]byte{}}, "get set delete"},
	} {
		t.Run(name, func(t *testing.T) {
			r := prometheus.NewRegistry()
			timed := metrics.Store(c.of, metrics.Config{Registerer: r})
			b, err := store.From(timed)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Open(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = b.Close() }()
			use(t, b)
			for operation := range strings.FieldsSeq(c.timed) {
				if n, _ := number(t, r, "mcp_store_operation_duration_seconds", map[string]string{"operation": operation}); n == 0 {
					t.Errorf("%s is not timed", operation)
				}
			}
			if n, _ := number(t, r, "mcp_store_errors_total", nil); n != 0 {
				t.Errorf("%v errors", n)
			}
		})
	}
}

// What Fiber's middleware does with a storage is timed, too.
func TestStoreAsFibers(t *testing.T) {
	r := prometheus.NewRegistry()
	s := metrics.Store(store.Memory(), metrics.Config{Registerer: r})
	if err := s.Set("a", []byte("1"), time.Minute); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Get("a"); string(v) != "1" || err != nil {
		t.Errorf("%s, %v", v, err)
	}
	if err := errors.Join(s.Delete("a"), s.Reset()); err != nil {
		t.Error(err)
	}
	for _, operation := range []string{"get", "set", "delete", "reset"} {
		if n, _ := number(t, r, "mcp_store_operation_duration_seconds", map[string]string{"operation": operation}); n != 1 {
			t.Errorf("%s: %v", operation, n)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Get("a"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("%v", err)
	}
	expect(t, r, 1, "mcp_store_errors_total", map[string]string{"operation": "get", "reason": "closed"})
}

func TestStoreErrors(t *testing.T) {
	r, of := prometheus.NewRegistry(), &plainStorage{values: map[string][]byte{}}
	s := metrics.Store(of, metrics.Config{Registerer: r})
	for err, reason := range map[error]string{
		store.ErrUnavailable: "unavailable", context.DeadlineExceeded: "unavailable", context.Canceled: "cancelled", store.ErrFull: "full",
		store.ErrTooLarge: "too_large", store.ErrClosed: "closed", store.ErrInvalid: "invalid", store.ErrNotNumber: "invalid", errDisk: "other",
	} {
		before, _ := number(t, r, "mcp_store_errors_total", map[string]string{"operation": "set", "reason": reason})
		of.err = fmt.Errorf("so: %w", err)
		if got := s.Set("a", []byte("1"), 0); !errors.Is(got, err) {
			t.Errorf("%v", got)
		}
		expect(t, r, before+1, "mcp_store_errors_total", map[string]string{"operation": "set", "reason": reason})
	}
}

// An App works with a storage that is timed as with the storage itself, over Redis: sessions are found by another node.
func TestStoreOfAnApp(t *testing.T) {
	server, r := redistest.Start(t), prometheus.NewRegistry()
	config := fastmcp.Config{
		Log: slog.New(slog.DiscardHandler), Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")},
		Storage: metrics.Store(redis.New(redis.Config{URL: server.URL()}), metrics.Config{Registerer: r}),
	}
	app := fastmcp.New(config)
	app.AddTool(fastmcp.Tool{Name: "fine", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "fine", nil })})
	c := fastmcptest.New(t, app, fastmcptest.Config{Revision: "2025-11-25"})
	call(t, c, "fine")
	if s := app.Stats().Storage; s.Mode != "shared" {
		t.Errorf("%+v", s)
	}
	n, _ := number(t, r, "mcp_store_operation_duration_seconds", nil)
	if n == 0 {
		t.Error("nothing was timed")
	}
}
