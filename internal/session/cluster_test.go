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
	return f.KV.Get(ctx, key)
}

func (f failingKV) Set(ctx context.Context, key string, v []byte, ttl time.Duration) error {
	if f.s.down.Load() {
		return errDown
	}
	return f.KV.Set(ctx, key, v, ttl)
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
	failing.KV, failing.Log = failingKV{b.KV, s}, failingLog{b.Log, s}
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
	if !r.SetInitialized() {
		t.Error("it was the first time")
	}
	if err := r.SetLevel(protocol.LevelError); err != nil {
		t.Fatal(err)
	}
	other := on(t, b, r)
	if other == r || string(other.Client.([]byte)) != `{"name":"c"}` || string(other.Capabilities.([]byte)) != `{"roots":{}}` ||
		!other.Initialized() || other.Level() != protocol.LevelError || other.Revision != r.Revision || !other.Created().Equal(r.Created()) {
		t.Errorf("%+v", other)
	}
	if other.SetInitialized() {
		t.Error("it is not the first time on the other node")
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

// numbers are what a sink got, in order.
func numbers(s *sink) string { return s.data() }

func TestOwnStreamAcrossNodes(t *testing.T) {
	s := newShared(t)
	a, b := s.node(t, "aaa", Config{}), s.node(t, "bbb", Config{})
	r := open(t, a)
	other := on(t, b, r)
	say(t, other.Own(), "1") // nobody reads
	first := newSink(t)
	detach, err := r.Own().AttachAt(first, Live, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if read, err := other.ReadAnywhere(); !read || err != nil {
		t.Error(read, err)
	}
	say(t, other.Own(), "2")
	say(t, r.Own(), "3")
	say(t, other.Own(), "4")
	eventually(t, "what both nodes say", func() bool { return numbers(first) == "1234" })
	// It comes back on the other node.
	detach()
	say(t, r.Own(), "5")
	_, place, err := other.Stream(first.messages()[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	second := newSink(t)
	if _, err := other.Own().AttachAt(second, place, time.Time{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the rest", func() bool { return numbers(second) == "345" })
	// The newest reader has the stream.
	third := newSink(t)
	if _, err := r.Own().AttachAt(third, Live, time.Time{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the one before to be closed", func() bool { return !second.isOpen() })
	say(t, other.Own(), "6")
	eventually(t, "what is new", func() bool { return strings.HasSuffix(numbers(third), "6") })
	if strings.Contains(numbers(second), "6") {
		t.Error("two have it")
	}
}

func TestNothingTwice(t *testing.T) {
	s := newShared(t)
	a, b := s.node(t, "aaa", Config{}), s.node(t, "bbb", Config{})
	r := open(t, a)
	other := on(t, b, r)
	to := newSink(t)
	if _, err := r.Own().AttachAt(to, Live, time.Time{}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, own := range []*Stream{r.Own(), other.Own()} {
		for range 4 {
			all.Go(func() {
				for range 25 {
					say(t, own, "x")
				}
			})
		}
	}
	all.Wait()
	eventually(t, "all", func() bool { return len(to.messages()) >= 200 })
	seen := map[string]bool{}
	last := int64(0)
	for _, m := range to.messages() {
		_, p, ok := parseEventID(m.ID, true)
		if !ok || seen[m.ID] || p.n != last+1 {
			t.Fatalf("%q after %d", m.ID, last)
		}
		seen[m.ID], last = true, p.n
	}
}

func TestLogThatBeganAnew(t *testing.T) {
	s := newShared(t)
	a := s.node(t, "aaa", Config{})
	r := open(t, a)
	to := newSink(t)
	if _, err := r.Own().AttachAt(to, Live, time.Time{}); err != nil {
		t.Fatal(err)
	}
	say(t, r.Own(), "1")
	say(t, r.Own(), "2")
	eventually(t, "both", func() bool { return numbers(to) == "12" })
	id := to.messages()[1].ID
	if err := s.Log.Drop(t.Context(), streamName(r.ID, "0")); err != nil {
		t.Fatal(err)
	}
	say(t, r.Own(), "1 anew") // it has the number of another
	eventually(t, "the reader to be sent to learn of it", func() bool { return !to.isOpen() })
	say(t, r.Own(), "2 anew")
	_, place, err := r.Stream(id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Own().AttachAt(newSink(t), place, time.Time{}); !errors.Is(err, ErrGap) {
		t.Errorf("an event with the same number and another mark is another: %v", err)
	}
}

func TestCallStreamAcrossNodes(t *testing.T) {
	s := newShared(t)
	a, b := s.node(t, "aaa", Config{}), s.node(t, "bbb", Config{})
	r := open(t, a)
	call, err := r.OpenStream([]byte("17"))
	if err != nil {
		t.Fatal(err)
	}
	mine := newSink(t)
	detach := attach(t, call, mine, 0)
	prime := call.Prime()
	say(t, call, "1")
	say(t, call, "2")
	if numbers(mine) != "12" {
		t.Fatal(numbers(mine))
	}
	detach()
	other := on(t, b, r)
	for _, id := range []string{prime.ID, mine.messages()[0].ID} {
		stream, place, err := other.Stream(id)
		if err != nil {
			t.Fatal(err)
		}
		to := newSink(t)
		if _, err := stream.AttachAt(to, place, time.Time{}); err != nil {
			t.Fatal(id, err)
		}
		want := map[bool]string{true: "12", false: "2"}[id == prime.ID]
		eventually(t, "the replay", func() bool { return numbers(to) == want })
		if id != prime.ID {
			say(t, call, "3")
			call.Finish([]byte("done"), nil)
			eventually(t, "the end", func() bool { return numbers(to) == "23done" && !to.isOpen() })
		}
	}
	for _, id := range []string{"aaa-1.xxxxxx.2", "aaa-1.-.7", "aaa-1.2", "aaa.-.0", "-1.-.0", "aaa-0.-.0", "aaa-01.-.0", "0.-.1", "0.abc.0"} {
		stream, place, err := other.Stream(id)
		if err == nil {
			_, err = stream.AttachAt(newSink(t), place, time.Time{})
		}
		if !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrGap) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestCallOfANodeThatDied(t *testing.T) {
	s := newShared(t)
	a, b := s.node(t, "aaa", Config{}), s.node(t, "bbb", Config{})
	r := open(t, a)
	call, err := r.OpenStream([]byte(`"q"`))
	if err != nil {
		t.Fatal(err)
	}
	say(t, call, "1")
	a.cluster.close() // it says nothing more
	other := on(t, b, r)
	readers := []*sink{newSink(t), newSink(t)}
	for _, to := range readers {
		stream, place, err := other.Stream(call.Prime().ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.AttachAt(to, place, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	to := readers[1]
	b.cluster.look(false)
	eventually(t, "the end", func() bool { return !to.isOpen() })
	b.cluster.look(false)
	got := to.messages()
	if len(got) != 2 || !strings.Contains(string(got[1].Data), `"id":"q","error":{"code":-32603`) || !strings.Contains(string(got[1].Data), `"retryable":true`) {
		t.Errorf("%s", numbers(to))
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

func TestFollowersAreForgotten(t *testing.T) {
	s := newShared(t)
	a := s.node(t, "aaa", Config{StreamsPerSession: 2})
	r := open(t, a)
	for i := range 5 { // streams of calls that there never were
		stream, place, err := r.Stream(fmt.Sprintf("zzz-%d.-.0", i+1))
		if err != nil {
			t.Fatal(i, err)
		}
		to := newSink(t)
		if _, err := stream.AttachAt(to, place, time.Time{}); err != nil {
			t.Fatal(i, err)
		}
		a.cluster.look(false)
		eventually(t, "its reader to be let go", func() bool { return !to.isOpen() })
		a.cluster.look(false)
	}
	if n := len(r.allStreams()); n != 0 {
		t.Errorf("%d streams are kept", n)
	}
}

func TestBroadcasts(t *testing.T) {
	s := newShared(t)
	alone := newHub(t, Config{})
	for name, hubs := range map[string][2]*Hub{"shared": {s.node(t, "aaa", Config{}), s.node(t, "bbb", Config{})}, "alone": {alone, alone}} {
		a, b := hubs[0], hubs[1]
		sue, joe := open(t, a), openAs(t, b, Opening{Principal: &auth.Principal{Subject: "joe"}})
		sues, joes := newSink(t), newSink(t)
		if err := b.Broadcast(t.Context(), []byte("all")); err != nil { // both are away
			t.Fatal(err)
		}
		if err := b.BroadcastTo(t.Context(), sue.PrincipalKey, []byte("sue")); err != nil {
			t.Fatal(err)
		}
		for r, to := range map[*Record]*sink{sue: sues, joe: joes} {
			if _, err := r.Own().AttachAt(to, Live, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.BroadcastTo(t.Context(), joe.PrincipalKey, []byte("joe")); err != nil {
			t.Fatal(err)
		}
		if err := a.BroadcastTo(t.Context(), "nobody", []byte("x")); err != nil {
			t.Fatal(err)
		}
		eventually(t, name, func() bool { return numbers(sues) == "allsue" && numbers(joes) == "alljoe" })
	}
}

// What somebody else has written into a log is a gap, behind which the stream goes on.
func TestForeignEntries(t *testing.T) {
	s := newShared(t)
	a := s.node(t, "aaa", Config{})
	r := open(t, a)
	to := newSink(t)
	if _, err := r.Own().AttachAt(to, Live, time.Time{}); err != nil {
		t.Fatal(err)
	}
	say(t, r.Own(), "1")
	eventually(t, "the event", func() bool { return numbers(to) == "1" })
	if _, err := s.Log.Append(t.Context(), streamName(r.ID, "0"), "w:"+streamName(r.ID, "0"), []byte("x")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the reader to be sent to learn of it", func() bool { return !to.isOpen() })
	say(t, r.Own(), "3")
	_, place, err := r.Stream(to.messages()[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Own().AttachAt(newSink(t), place, time.Time{}); !errors.Is(err, ErrGap) {
		t.Error(err)
	}
	again := newSink(t)
	if _, err := r.Own().AttachAt(again, Live, time.Time{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what follows", func() bool { return numbers(again) == "3" })
}

// The window on a log is smaller than the log: who has been away for long gets all that the log has, and so does who reads
// more slowly than others write.
func TestMoreThanTheWindow(t *testing.T) {
	for name, c := range map[string]Config{"events": {LogSize: 8}, "bytes": {LogBytes: 100}, "all logs": {LogTotalBytes: 1}} {
		s := newShared(t)
		a, b := s.node(t, "aaa", c), s.node(t, "bbb", c)
		r := open(t, a)
		want := ""
		text := func(i int) string { return fmt.Sprintf("<%d>", i) }
		for i := range 100 {
			say(t, r.Own(), text(i))
			want += text(i)
		}
		to := newSink(t)
		to.gate = make(chan struct{})
		if _, err := on(t, b, r).Own().AttachAt(to, Live, time.Time{}); err != nil {
			t.Fatal(err)
		}
		for i := 100; i < 200; i++ { // while it does not read
			say(t, on(t, []*Hub{a, b}[i%2], r).Own(), text(i))
			want += text(i)
		}
		close(to.gate)
		eventually(t, name, func() bool { return len(to.messages()) >= 200 })
		if got := numbers(to); got != want {
			t.Errorf("%s: %s", name, got)
		}
		say(t, r.Own(), "last")
		eventually(t, name, func() bool { return strings.HasSuffix(numbers(to), "last") })
	}
}
