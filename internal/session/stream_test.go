package session

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

func TestCallStreamWritesWhileItSends(t *testing.T) {
	s := openStream(t, open(t, newHub(t, Config{})))
	to := newSink(t)
	attach(t, s, to, 0)
	m, err := s.Append([]byte("a"))
	if err != nil || m.ID != "1.1" || string(m.Data) != "a" {
		t.Fatal(m, err)
	}
	if got := to.messages(); len(got) != 1 || got[0].ID != "1.1" || string(got[0].Data) != "a" {
		t.Error(got)
	}
	if p := s.Prime(); p.ID != "1.0" || p.Data != nil {
		t.Error(p)
	}
}

func TestBrokenConnectionIsNoError(t *testing.T) {
	r := open(t, newHub(t, Config{}))
	s := openStream(t, r)
	to := newSink(t)
	to.limit = 1
	attach(t, s, to, 0)
	say(t, s, "a", "b", "c")
	if to.closed() != 0 || to.data() != "a" || s.Attached() {
		t.Error(to.data())
	}
	again := newSink(t)
	_, after, err := r.Stream("1.1")
	if err != nil || after.n != 1 {
		t.Fatal(after, err)
	}
	attach(t, s, again, after.n)
	eventually(t, "replay", func() bool { return again.data() == "bc" })
	say(t, s, "d")
	if again.data() != "bcd" {
		t.Error(again.data())
	}
}

func TestFinishedStreamIsReplayed(t *testing.T) {
	c := newClock()
	h := newHub(t, Config{Now: c.Now, ReplayTTL: time.Minute})
	r := open(t, h)
	s := openStream(t, r)
	say(t, s, "a")
	if m, direct := s.Finish([]byte("z"), nil); direct || m.ID != "1.2" {
		t.Error(m, direct)
	}
	if _, err := s.Append([]byte("b")); !errors.Is(err, ErrEnded) {
		t.Error(err)
	}
	c.advance(time.Minute - 1)
	h.sweep()
	for range 2 {
		to := newSink(t)
		attach(t, s, to, 0)
		if retry := to.closed(); retry != 0 || to.data() != "az" {
			t.Error(retry, to.data())
		}
	}
	c.advance(1)
	h.sweep()
	if _, _, err := r.Stream("1.1"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if _, err := s.Attach(newSink(t), 0, time.Time{}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if h.bytes.Load() != 0 {
		t.Error("bytes are left:", h.bytes.Load())
	}
}

func TestFinishLeavesTheLastWordToItsOwnConnection(t *testing.T) {
	r := open(t, newHub(t, Config{}))
	s := openStream(t, r)
	mine, other := newSink(t), newSink(t)
	attach(t, s, mine, 0)
	say(t, s, "a")
	if m, direct := s.Finish([]byte("z"), mine); !direct || m.ID != "1.2" || string(m.Data) != "z" {
		t.Error(m, direct)
	}
	if !mine.isOpen() || mine.data() != "a" || s.Attached() {
		t.Error("the connection is its caller's again")
	}

	s = openStream(t, r)
	attach(t, s, mine, 0)
	attach(t, s, other, 0)
	if mine.closed() != 0 {
		t.Error("the older connection was told to come back")
	}
	if _, direct := s.Finish([]byte("z"), mine); direct {
		t.Error("another connection has taken over")
	}
	if other.closed() != 0 || other.data() != "z" {
		t.Error(other.data())
	}

	s = openStream(t, r)
	if m, direct := s.Finish(nil, nil); direct || m.ID != "" {
		t.Error("a call without an answer has no last event:", m)
	}
	last := newSink(t)
	attach(t, s, last, 0)
	last.closed()
	if m, direct := s.Finish([]byte("again"), last); direct || m.ID != "" {
		t.Error("finished twice")
	}
}

func TestTakeover(t *testing.T) {
	r := open(t, newHub(t, Config{}))
	for _, s := range []*Stream{r.Own(), openStream(t, r)} {
		a, b := newSink(t), newSink(t)
		detach := attach(t, s, a, 0)
		say(t, s, "1")
		eventually(t, "1", func() bool { return a.data() == "1" })
		attach(t, s, b, 1)
		if retry := a.closed(); retry != 0 {
			t.Error("who was taken over must not come back:", retry)
		}
		detach() // comes late: the new one stays
		say(t, s, "2")
		eventually(t, "2", func() bool { return b.data() == "2" })
		if a.data() != "1" || !b.isOpen() {
			t.Error(a.data(), b.data())
		}
	}
}

// A connection that is blocked in a write must not hold up the one that takes over, and is closed only after it.
func TestTakeoverFromABlockedConnection(t *testing.T) {
	r := open(t, newHub(t, Config{}))
	for _, s := range []*Stream{r.Own(), openStream(t, r)} {
		a, b := newSink(t), newSink(t)
		a.gate, a.entered = make(chan struct{}), make(chan struct{}, 10)
		attach(t, s, a, 0)
		sent := make(chan struct{})
		go func() { defer close(sent); say(t, s, "1") }()
		<-a.entered
		attach(t, s, b, 0)
		eventually(t, "replay beside the blocked one", func() bool { return b.data() == "1" })
		if !a.isOpen() {
			t.Error("closed beside a Send")
		}
		close(a.gate)
		a.closed()
		<-sent
	}
}

func TestGap(t *testing.T) {
	r := open(t, newHub(t, Config{LogSize: 3, LogBytes: 10}))
	for _, s := range []*Stream{r.Own(), openStream(t, r)} {
		say(t, s, "1", "2", "3", "4", "5")
		for after, want := range map[int64]error{-2: ErrNotFound, 0: ErrGap, 1: ErrGap, 2: nil, 5: nil, 6: ErrNotFound} {
			to := newSink(t)
			detach, err := s.Attach(to, after, time.Time{})
			if !errors.Is(err, want) {
				t.Errorf("after %d: %v", after, err)
			}
			if err == nil {
				eventually(t, "replay", func() bool { return to.data() == "345"[after-2:] })
				detach()
			}
		}
		say(t, s, "abcdefgh")
		if _, err := s.Attach(newSink(t), 4, time.Time{}); err != nil {
			t.Error("two events of 9 bytes fit:", err)
		}
		say(t, s, "abcdefghijklm")
		if _, err := s.Attach(newSink(t), 5, time.Time{}); !errors.Is(err, ErrGap) {
			t.Error("an event that is too large pushes out all others:", err)
		}
		to := newSink(t)
		attach(t, s, to, 6)
		eventually(t, "the newest is kept whatever its size", func() bool { return to.data() == "abcdefghijklm" })
	}
}

func TestPendingIsWhatNobodyGot(t *testing.T) {
	s := open(t, newHub(t, Config{LogSize: 3})).Own()
	say(t, s, "1", "2")
	a := newSink(t)
	detach := attach(t, s, a, Pending)
	eventually(t, "what was said before anybody listened", func() bool { return a.data() == "12" })
	eventually(t, "the writer to be done", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.sent == 2 })
	detach()
	say(t, s, "3")
	b := newSink(t)
	detach = attach(t, s, b, Pending)
	eventually(t, "only the rest", func() bool { return b.data() == "3" })
	detach()
	say(t, s, "4", "5", "6", "7")
	c := newSink(t)
	attach(t, s, c, Pending)
	eventually(t, "what is kept of it", func() bool { return c.data() == "567" })
	if !a.isOpen() || !b.isOpen() {
		t.Error("a detached sink was closed")
	}
}

func TestSlowReaderHoldsNobodyUp(t *testing.T) {
	const n = 500
	h := newHub(t, Config{LogSize: 2 * n, Retry: 3 * time.Second})
	var fast []*sink
	for range 3 {
		to := newSink(t)
		attach(t, open(t, h).Own(), to, 0)
		fast = append(fast, to)
	}
	// The slow one's log is small, so that it falls behind.
	few := newHub(t, Config{LogSize: 8, Retry: 3 * time.Second})
	r := open(t, few)
	slow := newSink(t)
	slow.gate, slow.entered = make(chan struct{}), make(chan struct{}, n)
	attach(t, r.Own(), slow, 0)
	say(t, r.Own(), "x")
	<-slow.entered
	begin := time.Now()
	for range n {
		h.All(func(r *Record) bool { say(t, r.Own(), "x"); return true })
		say(t, r.Own(), "x")
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Error("the slow reader held up the senders for", d)
	}
	for _, to := range fast {
		eventually(t, "all for the fast", func() bool { return to.data() == strings.Repeat("x", n) })
	}
	close(slow.gate)
	if retry := slow.closed(); retry != 3*time.Second {
		t.Error("retry", retry)
	}
	got := slow.messages()
	if _, err := r.Own().Attach(newSink(t), int64(len(got)), time.Time{}); !errors.Is(err, ErrGap) {
		t.Error("it learns of the gap when it comes back:", err)
	}
}

func TestIdleStreamsHoldNoGoroutine(t *testing.T) {
	h := newHub(t, Config{})
	before := runtime.NumGoroutine()
	for range 100 {
		r := open(t, h)
		to, call := newSink(t), newSink(t)
		attach(t, r.Own(), to, 0)
		attach(t, openStream(t, r), call, 0)
		say(t, r.Own(), "x")
		eventually(t, "x", func() bool { return to.data() == "x" })
	}
	eventually(t, "only the sweeper is left", func() bool { return runtime.NumGoroutine() <= before+1 })
}

func TestExpiredCredentialsEndTheConnection(t *testing.T) {
	c := newClock()
	h := newHub(t, Config{Now: c.Now, Retry: 2 * time.Second})
	r := open(t, h)
	for _, s := range []*Stream{r.Own(), openStream(t, r)} {
		a := newSink(t)
		if _, err := s.Attach(a, 0, c.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		c.advance(time.Minute - 1)
		h.sweep()
		if !a.isOpen() {
			t.Error("closed too early")
		}
		c.advance(1)
		h.sweep()
		if a.closed() != 2*time.Second {
			t.Error("the client is told to come back, with new credentials")
		}
		say(t, s, "x")
		b := newSink(t)
		attach(t, s, b, 0)
		h.sweep()
		eventually(t, "x", func() bool { return b.data() == "x" })
	}
}

func TestSuspend(t *testing.T) {
	r := open(t, newHub(t, Config{}))
	s := openStream(t, r)
	s.Suspend(time.Second) // nobody there
	a := newSink(t)
	attach(t, s, a, 0)
	s.Suspend(5 * time.Second)
	if a.closed() != 5*time.Second {
		t.Error("retry")
	}
	say(t, s, "x")
	b := newSink(t)
	attach(t, s, b, 0)
	eventually(t, "x", func() bool { return b.data() == "x" })
}

func TestStreamsAreBounded(t *testing.T) {
	c := newClock()
	r := open(t, newHub(t, Config{StreamsPerSession: 3, Now: c.Now}))
	a, b, d := openStream(t, r), openStream(t, r), openStream(t, r)
	if _, err := r.OpenStream(nil); !errors.Is(err, ErrTooMany) {
		t.Fatal(err)
	}
	for _, s := range []*Stream{b, d, a} {
		c.advance(time.Second)
		s.Finish([]byte("z"), nil)
	}
	for i, want := range []string{"2", "3", "1"} { // in the order in which they finished
		if _, _, err := r.Stream(want + ".1"); err != nil {
			t.Errorf("%d: %s is still kept: %v", i, want, err)
		}
		if s := openStream(t, r); s.ID() != string(rune('4'+i)) {
			t.Error(s.ID())
		}
		if _, _, err := r.Stream(want + ".1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%d: %s is not kept: %v", i, want, err)
		}
	}
}

func TestEventIDs(t *testing.T) {
	r := open(t, newHub(t, Config{}))
	openStream(t, r)
	for _, id := range []string{"", "0", "1", ".", "1.", ".1", "2.1", "1.-1", "1.+1", "1.01", "1. 1", "1.1.1", "01.1", "1.9223372036854775808", "x.1"} {
		if _, _, err := r.Stream(id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
	for id, want := range map[string]int64{"0.0": 0, "0.12": 12, "1.7": 7} {
		s, after, err := r.Stream(id)
		if err != nil || after.n != want || s.ID() != id[:1] {
			t.Errorf("%q: %v, %v", id, after, err)
		}
	}
}

func TestAllLogsTogetherAreBounded(t *testing.T) {
	h := newHub(t, Config{LogTotalBytes: 100})
	a, b := open(t, h), open(t, h)
	ten := []byte("0123456789")
	for range 10 {
		if _, err := a.Own().Append(ten); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Own().Append(ten); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Own().Append(ten); err != nil {
		t.Fatal(err)
	}
	if n := h.bytes.Load(); n > 100 {
		t.Error("bytes:", n)
	}
	h.End(a.ID)
	h.End(b.ID)
	if n := h.bytes.Load(); n != 0 {
		t.Error("bytes are left:", n)
	}
}

// A client that goes away in the middle of a write is not closed: its transport knows.
func TestDetachBesideASend(t *testing.T) {
	s := open(t, newHub(t, Config{})).Own()
	a := newSink(t)
	a.gate, a.entered = make(chan struct{}), make(chan struct{}, 10)
	detach := attach(t, s, a, 0)
	say(t, s, "1")
	<-a.entered
	detach()
	detach()
	say(t, s, "2")
	close(a.gate)
	b := newSink(t)
	attach(t, s, b, 0)
	eventually(t, "all for the next", func() bool { return b.data() == "12" })
	if a.data() != "1" || !a.isOpen() {
		t.Error(a.data())
	}
}

func TestBatchesAreBounded(t *testing.T) {
	s := openStream(t, open(t, newHub(t, Config{LogSize: 1000, LogBytes: 10 * batchBytes})))
	for range 3 * batchEvents {
		say(t, s, "x")
	}
	large := strings.Repeat("y", batchBytes)
	say(t, s, large, large)
	c := &counter{done: make(chan struct{})}
	s.Finish([]byte("z"), nil)
	attach(t, s, c, 0)
	<-c.done
	if c.events != 3*batchEvents+3 || c.most != batchEvents || c.sends != 6 {
		t.Errorf("%+v", c)
	}
}

// counter counts what it is sent.
type counter struct {
	sends, events, most int
	done                chan struct{}
}

func (c *counter) Send(batch ...rpc.Message) error {
	c.sends++
	c.events += len(batch)
	c.most = max(c.most, len(batch))
	return nil
}
func (c *counter) Close(time.Duration) { close(c.done) }

func TestAppendAllocatesItsIDs(t *testing.T) {
	r := open(t, newHub(t, Config{}))
	call := openStream(t, r)
	attach(t, call, nowhere{}, 0)
	data := []byte("x")
	for s, most := range map[*Stream]float64{r.Own(): 1, call: 2} {
		for range 300 { // until the log has its size
			say(t, s, "x")
		}
		if n := testing.AllocsPerRun(500, func() { _, _ = s.Append(data) }); n > most {
			t.Errorf("stream %s: %v allocations, want at most %v", s.ID(), n, most)
		}
	}
}

func BenchmarkAppendOwn(b *testing.B) {
	s := open(b, newHub(b, Config{})).Own()
	data := []byte(`{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Append(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendCall(b *testing.B) {
	s := openStream(b, open(b, newHub(b, Config{})))
	attach(b, s, nowhere{}, 0)
	data := []byte(`{"jsonrpc":"2.0","method":"notifications/progress"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Append(data); err != nil {
			b.Fatal(err)
		}
	}
}
