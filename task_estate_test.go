package fastmcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/store"
)

// estate is a store that several nodes share, whose time the test moves.
type estate struct {
	memory store.Storage

	mu  sync.Mutex
	now time.Time
}

func newEstate() *estate {
	e := &estate{now: time.Now()}
	e.memory = store.Memory(store.MemoryConfig{Clock: e.time})
	return e
}

func (e *estate) time() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now
}

func (e *estate) advance(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now = e.now.Add(d)
}

// record is what is kept of a task.
func (e *estate) record(t *testing.T, id string) (r struct {
	Status, Node  string
	Fence         int64
	Losses        int
	Version       int64
	Origin        json.RawMessage
	Result, Error json.RawMessage
}) {
	t.Helper()
	raw, err := e.memory.Get("@task:task:" + id)
	if err != nil || json.Unmarshal(raw, &r) != nil {
		t.Fatalf("%s %v", raw, err)
	}
	return r
}

// mortal is a node, and its way to the store: when it is dead nothing gets through, and nothing comes back.
type mortal struct {
	*server
	store.Storage
	parts *store.Backend
	dead  atomic.Bool
	signs atomic.Int64
}

func (m *mortal) Backend() *store.Backend { return m.parts }
func (m *mortal) fault() error {
	if m.dead.Load() {
		return store.ErrUnavailable
	}
	return nil
}

// node starts one more.
func (e *estate) node(t *testing.T, config fastmcp.Config, register func(app *fastmcp.App)) *mortal {
	t.Helper()
	own := e.memory.(store.Source).Backend()
	m := &mortal{Storage: e.memory}
	m.parts = &store.Backend{
		KV: mortalKV{own.KV, m}, Atomic: mortalAtomic{own.Atomic, m}, Log: own.Log, Bus: mortalBus{own.Bus, m}, Index: mortalIndex{own.Index, m}, Shared: true,
	}
	config.Storage, config.Keys = m, [][]byte{bytes.Repeat([]byte{7}, 32)}
	app, l := newApp(t, config)
	register(app)
	m.server = serve(t, app, l)
	t.Cleanup(func() { m.dead.Store(false) })
	return m
}

type mortalKV struct {
	store.KV
	m *mortal
}

func (s mortalKV) Get(ctx context.Context, key string) ([]byte, error) {
	if err := s.m.fault(); err != nil {
		return nil, err
	}
	return s.KV.Get(ctx, key)
}

func (s mortalKV) Set(ctx context.Context, key string, val []byte, ttl time.Duration) error {
	if err := s.m.fault(); err != nil {
		return err
	}
	if strings.HasPrefix(key, "@task:node:") {
		defer s.m.signs.Add(1)
	}
	return s.KV.Set(ctx, key, val, ttl)
}

func (s mortalKV) Touch(ctx context.Context, key string, ttl time.Duration) error {
	if err := s.m.fault(); err != nil {
		return err
	}
	return s.KV.Touch(ctx, key, ttl)
}

func (s mortalKV) Delete(ctx context.Context, key string) error {
	if err := s.m.fault(); err != nil {
		return err
	}
	return s.KV.Delete(ctx, key)
}

type mortalAtomic struct {
	store.Atomic
	m *mortal
}

func (s mortalAtomic) SetNX(ctx context.Context, key string, val []byte, ttl time.Duration) (bool, error) {
	if err := s.m.fault(); err != nil {
		return false, err
	}
	return s.Atomic.SetNX(ctx, key, val, ttl)
}

func (s mortalAtomic) CAS(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	if err := s.m.fault(); err != nil {
		return false, err
	}
	return s.Atomic.CAS(ctx, key, old, new, ttl)
}

type mortalIndex struct {
	store.Index
	m *mortal
}

func (s mortalIndex) Put(ctx context.Context, set, member string, ttl time.Duration) error {
	if err := s.m.fault(); err != nil {
		return err
	}
	return s.Index.Put(ctx, set, member, ttl)
}

func (s mortalIndex) Remove(ctx context.Context, set, member string) error {
	if err := s.m.fault(); err != nil {
		return err
	}
	return s.Index.Remove(ctx, set, member)
}

type mortalBus struct {
	store.Bus
	m *mortal
}

func (s mortalBus) Publish(ctx context.Context, channel string, data []byte) (int, error) {
	if err := s.m.fault(); err != nil {
		return 0, err
	}
	return s.Bus.Publish(ctx, channel, data)
}

func (s mortalBus) Subscribe(fn func(string, []byte), lost func()) (store.Subscription, error) {
	return s.Bus.Subscribe(func(channel string, data []byte) {
		if s.m.fault() == nil {
			fn(channel, data)
		}
	}, lost)
}

// longLease keeps what nodes do by themselves out of a test: time is the store's.
const longLease = time.Hour

func leased(d time.Duration) fastmcp.Config {
	return fastmcp.Config{Tasks: fastmcp.TaskConfig{Lease: d, TTL: 10 * time.Hour}}
}

// holds registers the tool "hold", and counts in runs who has it run.
func holds(h *held, tool fastmcp.Tool) func(app *fastmcp.App) {
	return func(app *fastmcp.App) {
		tool.Name, tool.Handler, tool.Task = "hold", fastmcp.Get(h.run), fastmcp.TaskOptional
		app.AddTool(tool)
	}
}

// dies kills a node, and has its lease lapse.
func (m *mortal) dies(e *estate) {
	m.dead.Store(true)
	e.advance(longLease + time.Second)
}
