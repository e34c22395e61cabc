package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/store"
)

// shared is a store that several hubs share, and that can fail.
type shared struct {
	*store.Backend
	down atomic.Bool
	gets atomic.Int64 // reads of single values
	// slow, if it is not nil, is called with each of them before what was read is given.
	slow atomic.Pointer[func()]
	// setting, if it is not nil, is called before a value is set.
	setting func()
}

var errDown = errors.New("the store is down")

type failingKV struct {
	store.KV
	s *shared
}

func (f failingKV) Get(ctx context.Context, key string) ([]byte, error) {
	if f.s.gets.Add(1); f.s.down.Load() {
		return nil, errDown
	}
	v, err := f.KV.Get(ctx, key)
	if slow := f.s.slow.Load(); slow != nil {
		(*slow)()
	}
	return v, err
}

func (f failingKV) Set(ctx context.Context, key string, v []byte, ttl time.Duration) error {
	if f.s.setting != nil {
		f.s.setting()
	}
	if f.s.down.Load() {
		return errDown
	}
	return f.KV.Set(ctx, key, v, ttl)
}

type failingAtomic struct {
	store.Atomic
	s *shared
}

func (f failingAtomic) Take(ctx context.Context, key string) ([]byte, error) {
	if f.s.down.Load() {
		return nil, errDown
	}
	return f.Atomic.Take(ctx, key)
}

type failingLog struct {
	store.Log
	s *shared
}

func (f failingLog) Append(ctx context.Context, log, channel string, data ...[]byte) (string, error) {
	if f.s.down.Load() {
		return "", errDown
	}
	return f.Log.Append(ctx, log, channel, data...)
}

func newShared(t testing.TB) *shared {
	b, err := store.From(store.Memory())
	if err != nil {
		t.Fatal(err)
	}
	s := &shared{}
	failing := *b
	failing.Shared = true
	failing.KV, failing.Atomic, failing.Log = failingKV{b.KV, s}, failingAtomic{b.Atomic, s}, failingLog{b.Log, s}
	s.Backend = &failing
	return s
}

// node is a hub that shares s.
func (s *shared) node(t testing.TB, name string, c Config) *Hub {
	c.Share = &Share{Backend: s.Backend, Node: name}
	h := newHub(t, c)
	if err := h.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

var sueKey = (&auth.Principal{Subject: "sue"}).Key()

// on finds a session on a node.
func on(t testing.TB, h *Hub, r *Record) *Record {
	t.Helper()
	there, err := h.Get(r.ID, sueKey)
	if err != nil {
		t.Fatal(err)
	}
	return there
}

func TestEveryNodeHasTheSession(t *testing.T) {
	s := newShared(t)
	a, b := s.node(t, "aaa", Config{}), s.node(t, "bbb", Config{})
	r := openAs(t, a, Opening{Principal: &auth.Principal{Subject: "sue"}, Client: []byte(`{"name":"c"}`), Capabilities: []byte(`{"roots":{}}`)})
	if first, err := r.SetInitialized(); !first || err != nil {
		t.Error("it was the first time", err)
	}
	if err := r.SetLevel(protocol.LevelError); err != nil {
		t.Fatal(err)
	}
	other := on(t, b, r)
	if other == r || string(other.Client.([]byte)) != `{"name":"c"}` || string(other.Capabilities.([]byte)) != `{"roots":{}}` ||
		!other.Initialized() || other.Level() != protocol.LevelError || other.Revision != r.Revision || !other.Created().Equal(r.Created()) {
		t.Errorf("%+v", other)
	}
	if first, err := other.SetInitialized(); first || err != nil {
		t.Error("it is not the first time on the other node", err)
	}
	if _, err := b.Get(r.ID, "somebody"); !errors.Is(err, ErrForeign) {
		t.Error(err)
	}
	if again := on(t, b, r); again != other {
		t.Error("it is read twice")
	}
	eventually(t, "sessions that are known need no reads", func() bool { // news of the changes above may be on their way
		before := s.gets.Load()
		for range 100 {
			on(t, b, r)
			on(t, a, r)
		}
		return s.gets.Load() == before
	})
}

func TestDeletedOnAllNodes(t *testing.T) {
	s := newShared(t)
	var told atomic.Int64
	c := Config{OnEnd: func(*Record, Reason) { told.Add(1) }}
	a, b := s.node(t, "aaa", c), s.node(t, "bbb", c)
	r := open(t, a)
	other := on(t, b, r)
	var cancelled atomic.Bool
	if err := other.Begin([]byte("1"), cancelFunc(func(string) { cancelled.Store(true) })); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if !ended(a, r.ID) {
		t.Fatal("not ended")
	}
	eventually(t, "the other node to know", func() bool {
		_, err := b.Get(r.ID, sueKey)
		return errors.Is(err, ErrNotFound)
	})
	if took := time.Since(begun); took > 100*time.Millisecond {
		t.Logf("it took %v", took) // a machine that is busy; the bound is for one that is not
	}
	eventually(t, "its call to be cancelled", cancelled.Load)
	if told.Load() != 1 {
		t.Errorf("OnEnd was told %d times", told.Load())
	}
	if _, err := b.Get(r.ID, sueKey); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestEndedWhileNobodyHeard(t *testing.T) {
	s := newShared(t)
	a, b := s.node(t, "aaa", Config{}), s.node(t, "bbb", Config{})
	r := open(t, a)
	on(t, b, r)
	if err := s.KV.Delete(t.Context(), recordKey(r.ID)); err != nil { // and no message
		t.Fatal(err)
	}
	on(t, b, r) // it is trusted for a while
	b.cluster.lost()
	if _, err := b.Get(r.ID, sueKey); !errors.Is(err, ErrNotFound) {
		t.Error("a node that may have missed messages reads again:", err)
	}
}

func TestTrustEnds(t *testing.T) {
	s := newShared(t)
	clock := newClock()
	a, b := s.node(t, "aaa", Config{}), s.node(t, "bbb", Config{Now: clock.Now})
	r := open(t, a)
	on(t, b, r)
	s.down.Store(true)
	clock.advance(trusted - time.Second)
	on(t, b, r) // calls go on without the store
	clock.advance(time.Second)
	if _, err := b.Get(r.ID, sueKey); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	s.down.Store(false)
	on(t, b, r)
}

func TestRecordsThatAreNone(t *testing.T) {
	s := newShared(t)
	a := s.node(t, "aaa", Config{})
	for name, text := range map[string]string{
		"no JSON": "{", "another form": `{"v":2,"revision":"2025-11-25"}`, "no revision": `{"v":1}`,
		"a revision without sessions": `{"v":1,"revision":"2026-07-28"}`, "an array": `[1]`, "empty": "",
	} {
		id := newID()
		if err := s.KV.Set(t.Context(), recordKey(id), []byte(text), time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Get(id, ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, id := range []string{"", "x", strings.Repeat("x", idLength), strings.Repeat(":", idLength)} {
		if _, err := a.Get(id, ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestSharedState(t *testing.T) {
	s := newShared(t)
	a, b := s.node(t, "aaa", Config{StateBytes: 100, StateKeys: 3}), s.node(t, "bbb", Config{StateBytes: 100, StateKeys: 3})
	r := open(t, a)
	other := on(t, b, r)
	var all sync.WaitGroup
	for _, state := range []State{r.State(), other.State()} {
		for range 10 {
			all.Go(func() {
				if err := state.Update(t.Context(), "n", func(old []byte) ([]byte, error) { return append(old, 'x'), nil }); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	if v, ok, err := other.State().Get(t.Context(), "n"); err != nil || !ok || len(v) != 20 {
		t.Errorf("%q %v %v", v, ok, err)
	}
	if err := r.State().Set(t.Context(), "big", make([]byte, 80)); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	for i := range 3 {
		err := other.State().Set(t.Context(), fmt.Sprint(i), nil)
		if i < 2 && err != nil || i == 2 && !errors.Is(err, ErrTooLarge) {
			t.Error(i, err)
		}
	}
	if err := r.State().Delete(t.Context(), "n"); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := other.State().Get(t.Context(), "n"); ok {
		t.Error("it is deleted")
	}
	ended(a, r.ID)
	if _, ok, err := r.State().Get(t.Context(), "0"); ok || err != nil {
		t.Error(ok, err)
	}
	if err := r.State().Set(t.Context(), "0", nil); !errors.Is(err, ErrEnded) {
		t.Error(err)
	}
}

func TestCancelledElsewhere(t *testing.T) {
	s := newShared(t)
	a, b := s.node(t, "aaa", Config{}), s.node(t, "bbb", Config{})
	r := open(t, a)
	other := on(t, b, r)
	var why atomic.Value
	if err := r.Begin([]byte("7"), cancelFunc(func(reason string) { why.Store(reason) })); err != nil {
		t.Fatal(err)
	}
	if other.Cancel([]byte("7"), "bored") {
		t.Error("it does not run here")
	}
	eventually(t, "the call to be cancelled", func() bool { return why.Load() == "bored" })
	// A cancellation may be quicker than its call.
	other.Cancel([]byte("8"), "bored")
	eventually(t, "the node to hear", func() bool {
		a.cluster.mu.Lock()
		defer a.cluster.mu.Unlock()
		return len(a.cluster.early) == 1
	})
	why.Store("")
	if err := r.Begin([]byte("8"), cancelFunc(func(reason string) { why.Store(reason) })); err != nil {
		t.Fatal(err)
	}
	if r.CancelledEarly([]byte("8")); why.Load() == "" {
		t.Error("it was not cancelled")
	}
	r.CancelledEarly([]byte("9"))
}

func TestAnsweredElsewhere(t *testing.T) {
	s := newShared(t)
	a, b := s.node(t, "aaa", Config{}), s.node(t, "bbb", Config{})
	r := open(t, a)
	other := on(t, b, r)
	q, err := r.Ask()
	if err != nil {
		t.Fatal(err)
	}
	other.Progressed(q.ID)
	<-q.Progress
	var wins atomic.Int64
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			ok, err := other.Answered(q.ID, Answer{Result: fmt.Appendf(nil, "%d", i)})
			if err != nil {
				t.Error(err)
			}
			if ok {
				wins.Add(1)
			}
		})
	}
	all.Wait()
	if wins.Load() != 1 {
		t.Errorf("%d answers were taken", wins.Load())
	}
	if got := <-q.Answer; got.Err != nil || got.Result == nil {
		t.Error(got)
	}
	r.Unask(q)
	for _, id := range []string{"s-aaa-99", "s-zzz-1", "s-", "x", "s-bbb-1", ""} {
		if ok, err := other.Answered(id, Answer{}); ok || err != nil {
			t.Errorf("%q: %v %v", id, ok, err)
		}
	}
	// What a message did not tell the store does.
	q, err = r.Ask()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.KV.Set(t.Context(), questionKey(r.ID, q.ID), []byte(`{"error":{"code":1}}`), time.Hour); err != nil {
		t.Fatal(err)
	}
	a.cluster.lost()
	if got := <-q.Answer; string(got.Err) != `{"code":1}` {
		t.Error(got)
	}
}

func TestAppendsFailWithTheStore(t *testing.T) {
	s := newShared(t)
	a := s.node(t, "aaa", Config{})
	r := open(t, a)
	call, err := r.OpenStream([]byte("1"))
	if err != nil {
		t.Fatal(err)
	}
	s.down.Store(true)
	if _, err := r.Own().Append([]byte("x")); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if _, err := call.Append([]byte("x")); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	to := newSink(t)
	attach(t, call, to, 0)
	m, direct := call.Finish([]byte("done"), to)
	if !direct || m.ID != "" || string(m.Data) != "done" {
		t.Errorf("a call that is over is answered all the same: %v %q", direct, m)
	}
	if _, err := r.Own().AttachAt(newSink(t), Live, time.Time{}); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if _, err := a.Create(t.Context(), Opening{Revision: protocol.V20251125}); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if _, err := r.Ask(); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if _, err := a.End(r.ID); err == nil {
		t.Log("a session that is known can be ended without a read")
	}
	s.down.Store(false)
}

func TestExpiryIsTheStores(t *testing.T) {
	s := newShared(t)
	clock := newClock()
	var told atomic.Int64
	c := Config{TTL: time.Minute, Now: clock.Now, OnEnd: func(*Record, Reason) { told.Add(1) }}
	a, b := s.node(t, "aaa", c), s.node(t, "bbb", c)
	r := open(t, a)
	on(t, b, r)
	clock.advance(2 * time.Minute) // of the hubs; the store's goes on as it is
	a.sweep()
	if a.Len() != 0 || told.Load() != 0 {
		t.Error("a session that others use goes on without this node", a.Len(), told.Load())
	}
	on(t, a, r)
	if err := s.KV.Delete(t.Context(), recordKey(r.ID)); err != nil {
		t.Fatal(err)
	}
	clock.advance(2 * time.Minute)
	b.sweep()
	if b.Len() != 0 {
		t.Error("it has expired")
	}
}

var _ rpc.Sink = (*sink)(nil)

// A reading that was on its way while the record changed does not undo the change.
func TestSlowReadingIsOld(t *testing.T) {
	s := newShared(t)
	a := s.node(t, "aaa", Config{})
	r := open(t, a)
	slow := func() {
		s.slow.Store(nil)
		if err := r.SetLevel(protocol.LevelError); err != nil {
			t.Error(err)
		}
	}
	s.slow.Store(&slow)
	if _, err := a.cluster.reread(r, r.ID); err != nil {
		t.Fatal(err)
	}
	if r.Level() != protocol.LevelError {
		t.Errorf("the level is %v again", r.Level())
	}
	if first, err := r.SetInitialized(); !first || err != nil || r.Level() != protocol.LevelError {
		t.Error(first, err, r.Level())
	}
}

// What the store was not told of has not happened: the client is told, and says it again.
func TestInitializedThatTheStoreLost(t *testing.T) {
	s := newShared(t)
	a, b := s.node(t, "aaa", Config{}), s.node(t, "bbb", Config{})
	r := openAs(t, a, Opening{Principal: &auth.Principal{Subject: "sue"}})
	s.down.Store(true)
	if first, err := r.SetInitialized(); first || !errors.Is(err, ErrUnavailable) || r.Initialized() {
		t.Error(first, err)
	}
	s.down.Store(false)
	if first, err := r.SetInitialized(); !first || err != nil || !on(t, b, r).Initialized() {
		t.Error(first, err)
	}
}

// A session that is just being made is not taken for one that is gone, though the store does not have it yet.
func TestSessionThatIsBeingMade(t *testing.T) {
	s := newShared(t)
	a := s.node(t, "aaa", Config{})
	s.setting = func() { s.setting = nil; a.cluster.look(true) }
	r := open(t, a)
	if there, err := a.Get(r.ID, r.PrincipalKey); err != nil || there != r {
		t.Error(there, err)
	}
}
