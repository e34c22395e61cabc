package fastmcp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/store"
)

// keyedStore is one store that several nodes have, with a clock, and with what may happen to it.
type keyedStore struct {
	store.Storage
	now   atomic.Int64
	deaf  atomic.Bool // what is told between nodes is lost
	junk  atomic.Bool // what is kept of calls cannot be read
	keyed atomic.Int64
}

func newKeyedStore() *keyedStore {
	s := &keyedStore{}
	begin := time.Now()
	s.Storage = store.Memory(store.MemoryConfig{Clock: func() time.Time { return begin.Add(time.Duration(s.now.Load())) }})
	return s
}

func (s *keyedStore) advance(d time.Duration) { s.now.Add(int64(d)) }

// forNode is the store as one node has it. It can be cut off.
func (s *keyedStore) forNode() *keyedView { return &keyedView{Storage: s.Storage, s: s} }

type keyedView struct {
	store.Storage
	s   *keyedStore
	cut atomic.Bool
	// only are steps, such as "SetNX", that alone fail. With took, SetNX is done and yet an error.
	only atomic.Value
	took atomic.Bool
	// gate holds the taking of keys, when it is not nil.
	gate atomic.Pointer[keyedGate]
	// touched counts the times that a call was kept for longer.
	touched atomic.Int64
}

type keyedGate struct{ come, letGo chan struct{} }

var errCut = errors.New("the cable is cut")

func (v *keyedView) Backend() *store.Backend {
	b := *v.Storage.(store.Source).Backend()
	b.KV, b.Atomic, b.Bus, b.Shared = keyedKV{b.KV, v}, keyedAtomic{b.Atomic, v}, keyedBus{b.Bus, v}, true
	return &b
}

// step is asked before each step on what is kept of calls with keys.
func (v *keyedView) step(op, key string) error {
	if !strings.HasPrefix(key, "@idempotency:") {
		return nil
	}
	v.s.keyed.Add(1)
	if only, _ := v.only.Load().(string); v.cut.Load() || slices.Contains(strings.Fields(only), op) {
		return errCut
	}
	return nil
}

type keyedKV struct {
	store.KV
	v *keyedView
}

func (kv keyedKV) Get(ctx context.Context, key string) ([]byte, error) {
	if err := kv.v.step("Get", key); err != nil {
		return nil, err
	}
	if strings.HasPrefix(key, "@idempotency:call:") && kv.v.s.junk.Load() {
		return []byte(`{"v":7,"state":"ended"}`), nil
	}
	return kv.KV.Get(ctx, key)
}

func (kv keyedKV) Set(ctx context.Context, key string, val []byte, ttl time.Duration) error {
	if err := kv.v.step("Set", key); err != nil {
		return err
	}
	return kv.KV.Set(ctx, key, val, ttl)
}

func (kv keyedKV) Touch(ctx context.Context, key string, ttl time.Duration) error {
	if err := kv.v.step("Touch", key); err != nil {
		return err
	}
	kv.v.touched.Add(1)
	return kv.KV.Touch(ctx, key, ttl)
}

type keyedAtomic struct {
	store.Atomic
	v *keyedView
}

func (a keyedAtomic) SetNX(ctx context.Context, key string, val []byte, ttl time.Duration) (bool, error) {
	if gate := a.v.gate.Load(); gate != nil && strings.HasPrefix(key, "@idempotency:") {
		gate.come <- struct{}{}
		<-gate.letGo
	}
	if err := a.v.step("SetNX", key); err != nil {
		if a.v.took.Load() {
			_, _ = a.Atomic.SetNX(ctx, key, val, ttl)
		}
		return false, err
	}
	return a.Atomic.SetNX(ctx, key, val, ttl)
}

func (a keyedAtomic) CAS(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	if err := a.v.step("CAS", key); err != nil {
		return false, err
	}
	return a.Atomic.CAS(ctx, key, old, new, ttl)
}

func (a keyedAtomic) Add(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error) {
	if err := a.v.step("Add", key); err != nil {
		return 0, err
	}
	return a.Atomic.Add(ctx, key, n, ttl)
}

type keyedBus struct {
	store.Bus
	v *keyedView
}

func (b keyedBus) Publish(ctx context.Context, channel string, data []byte) (int, error) {
	if b.v.s.deaf.Load() && strings.HasPrefix(channel, "idempotency:") {
		return 0, nil
	}
	return b.Bus.Publish(ctx, channel, data)
}

// keyedNode is an App on a store that others have, too, with known callers, and with a tool whose runs are counted.
type keyedNode struct {
	*server
	view *keyedView
}

var aliceHeader, bobHeader = headers{"Authorization": "Bearer token-of-alice-1234"}, headers{"Authorization": "Bearer token-of-bob-123456"}

func (s *keyedStore) node(t *testing.T, config fastmcp.Config, register func(app *fastmcp.App)) *keyedNode {
	t.Helper()
	view := s.forNode()
	config.Name, config.Storage, config.Keys = "keyed", view, [][]byte{bytes.Repeat([]byte{3}, 32)}
	config.Auth = auth.New(auth.Config{Optional: true, Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
		"token-of-alice-1234": {Subject: "alice"}, "token-of-bob-123456": {Subject: "bob"},
	})}})
	app, l := newApp(t, config)
	register(app)
	return &keyedNode{serve(t, app, l), view}
}

// keyedMeta is a key as a member of _meta.
func keyedMeta(key string) string {
	return fmt.Sprintf(`"io.github.fastmcp-go/idempotencyKey":%q`, key)
}

// keyed calls a tool in 2026-07-28. more are further members of params.
func (s *server) keyed(h headers, id int, tool, args, key, more string) answer {
	s.t.Helper()
	h, body := keyedRequest(h, id, tool, args, keyedMeta(key), more)
	return s.do("POST", h, body)
}

func keyedRequest(h headers, id int, tool, args, meta, more string) (headers, string) {
	all := statelessHeaders("tools/call", tool)
	maps.Copy(all, h)
	if more != "" {
		more = "," + more
	}
	body := stateless(id, "tools/call", fmt.Sprintf(`"name":%q,"arguments":%s%s`, tool, args, more), `,`+meta)
	return all, strings.Replace(body, `Capabilities":{}`, `Capabilities":`+taskCapabilities, 1)
}

// keyedIn calls a tool in any revision.
func (s *server) keyedIn(revision string, h headers, id int, tool, args, key string) answer {
	s.t.Helper()
	if revision == "2026-07-28" {
		return s.keyed(h, id, tool, args, key, "")
	}
	c := s.open(revision, h)
	c.next = id - 1
	return c.send("tools/call", fmt.Sprintf(`"name":%q,"arguments":%s,"_meta":{%s}`, tool, args, keyedMeta(key)))
}
