package session

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// sink is a connection to a client. It fails the test when it is used by two at a time or after it was closed.
type sink struct {
	t *testing.T
	// gate, if not nil, is received from before each Send returns.
	gate chan struct{}
	// entered, if not nil, is sent to when a Send has begun.
	entered chan struct{}
	// limit, if positive, is how many messages arrive before the connection breaks.
	limit int

	using  sync.Mutex
	mu     sync.Mutex
	got    []rpc.Message
	closes []time.Duration
	ended  chan struct{} // closed with the sink
	failed bool
}

var errBroken = errors.New("broken")

func newSink(t *testing.T) *sink { return &sink{t: t, ended: make(chan struct{})} }

func (s *sink) Send(batch ...rpc.Message) error {
	s.use()
	defer s.using.Unlock()
	if s.entered != nil {
		s.entered <- struct{}{}
	}
	if s.gate != nil {
		<-s.gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.closes) > 0 || s.failed {
		s.t.Error("Send after Close or an error")
	}
	for _, m := range batch {
		if s.limit > 0 && len(s.got) == s.limit {
			s.failed = true
			return errBroken
		}
		s.got = append(s.got, m)
	}
	return nil
}

func (s *sink) Close(retry time.Duration) {
	s.use()
	defer s.using.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closes = append(s.closes, retry); len(s.closes) == 1 {
		close(s.ended)
	} else {
		s.t.Error("closed twice")
	}
}

func (s *sink) use() {
	if !s.using.TryLock() {
		s.t.Error("two goroutines use a sink at the same time")
		s.using.Lock()
	}
}

func (s *sink) messages() []rpc.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]rpc.Message(nil), s.got...)
}

func (s *sink) data() (out string) {
	for _, m := range s.messages() {
		out += string(m.Data)
	}
	return out
}

// closed waits for the sink to be closed and returns with what.
func (s *sink) closed() time.Duration {
	s.t.Helper()
	select {
	case <-s.ended:
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.closes[0]
	case <-time.After(10 * time.Second):
		s.t.Fatal("the sink was not closed")
		return 0
	}
}

func (s *sink) isOpen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.closes) == 0
}

// eventually waits for what another goroutine is about to bring about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatal("it never happened: " + what)
		}
	}
}

// clock is a time that only moves when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Unix(1_700_000_000, 0)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newHub is a hub that is closed with the test, and whose sweeper never gets its turn by itself.
func newHub(t testing.TB, c Config) *Hub {
	if c.SweepEvery == 0 {
		c.SweepEvery = time.Hour
	}
	h := New(c)
	t.Cleanup(h.Close)
	return h
}

func open(t testing.TB, h *Hub) *Record {
	t.Helper()
	return openAs(t, h, Opening{Principal: &auth.Principal{Subject: "sue"}})
}

func openAs(t testing.TB, h *Hub, o Opening) *Record {
	t.Helper()
	o.Revision = protocol.V20251125
	r, err := h.Create(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func openStream(t testing.TB, r *Record) *Stream {
	t.Helper()
	s, err := r.OpenStream(nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func attach(t testing.TB, s *Stream, to rpc.Sink, after int64) (detach func()) {
	t.Helper()
	detach, err := s.Attach(to, after, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return detach
}

func say(t testing.TB, s *Stream, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := s.Append([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}
