package session

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
)

// numbers are what a sink got, in order.
func numbers(s *sink) string { return s.data() }

// reading is a connection that reads a session's own stream.
func reading(t *testing.T, r *Record) *sink {
	t.Helper()
	to := newSink(t)
	if _, err := r.Own().AttachAt(to, Live, time.Time{}); err != nil {
		t.Fatal(err)
	}
	return to
}

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
	to := reading(t, r)
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
	to := reading(t, r)
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

// What somebody has made up leaves nothing, neither here nor in the store.
func TestFollowersAreForgotten(t *testing.T) {
	s := newShared(t)
	a := s.node(t, "aaa", Config{StreamsPerSession: 2})
	r := open(t, a)
	for i := range 5 { // streams of calls that there never were
		id := fmt.Sprintf("zzz-%d", i+1)
		stream, place, err := r.Stream(id + ".-.0")
		if err != nil {
			t.Fatal(i, err)
		}
		if _, err := stream.AttachAt(newSink(t), place, time.Time{}); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", id, err)
		}
		if fence, err := s.KV.Get(t.Context(), streamName(r.ID, id)+":f"); fence != nil || err != nil {
			t.Errorf("%s: %q, %v is left", id, fence, err)
		}
	}
	if n := len(r.allStreams()); n != 0 {
		t.Errorf("%d streams are kept", n)
	}
	if _, _, err := r.Stream(strings.Repeat("z", maxNode+1) + "-1.-.0"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a node of a long name: %v", err)
	}
	s.node(t, "bbb", Config{}) // whose call may have written nothing yet
	stream, place, err := r.Stream("bbb-1.-.0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.AttachAt(newSink(t), place, time.Time{}); err != nil {
		t.Error(err)
	}
}

// A node uses no number of a stream or a question twice: what the call before has left in the store would be taken for that
// of the next.
func TestNumbersAreNotUsedAgain(t *testing.T) {
	s := newShared(t)
	a, b := s.node(t, "aaa", Config{}), s.node(t, "bbb", Config{})
	r := openAs(t, b, Opening{Principal: &auth.Principal{Subject: "sue"}})
	used := map[string]bool{}
	for range 3 {
		here := on(t, a, r)
		stream, err := here.OpenStream([]byte("1"))
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{stream.ID(), here.NextID()} {
			if used[id] {
				t.Errorf("%s is used again", id)
			}
			used[id] = true
		}
		a.finish(here, Elsewhere, here.end()) // as when there is no room for it
	}
}

// What keeps track of a session's readers is not left in the store when it has ended.
func TestFencesGo(t *testing.T) {
	s := newShared(t)
	a := s.node(t, "aaa", Config{})
	r := open(t, a)
	reading(t, r)
	key := streamName(r.ID, "0") + ":f"
	if fence, err := s.KV.Get(t.Context(), key); fence == nil || err != nil {
		t.Fatalf("%q, %v", fence, err)
	}
	if _, err := a.End(r.ID); err != nil {
		t.Fatal(err)
	}
	if fence, err := s.KV.Get(t.Context(), key); fence != nil || err != nil {
		t.Errorf("%q, %v is left", fence, err)
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
	to := reading(t, r)
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

// A client that comes back before it has been noticed that it had gone is read to as any other.
func TestComesBackAtOnce(t *testing.T) {
	s := newShared(t)
	a, b := s.node(t, "aaa", Config{}), s.node(t, "bbb", Config{})
	r := open(t, a)
	other := on(t, b, r)
	var gone sync.WaitGroup
	for i := range 300 {
		to := newSink(t)
		detach, err := r.Own().AttachAt(to, Live, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprint(i, ".")
		say(t, other.Own(), text)
		eventually(t, text, func() bool { return strings.HasSuffix(numbers(to), text) })
		gone.Go(detach) // while the next one attaches
	}
	gone.Wait()
}
