package session

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

// nowhere is a connection that takes everything.
type nowhere struct{}

func (nowhere) Send(...rpc.Message) error { return nil }
func (nowhere) Close(time.Duration)       {}

// flaky is a client's connection that takes events up to a random one and then breaks, or is given up by its client.
type flaky struct {
	*sink
	client *client
	left   int
	// reading is held while left is looked at. It is not sink.using, which tells of a second Send.
	reading sync.Mutex
}

// client reads a stream over many connections and remembers what it saw.
type client struct {
	mu   sync.Mutex
	last int64
	seen []string
	errs []error
}

func (c *client) take(m rpc.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, at, ok := parseEventID(m.ID, false)
	n := at.n
	if !ok || n != c.last+1 {
		c.errs = append(c.errs, fmt.Errorf("event %q after %d", m.ID, c.last))
	}
	c.last = n
	c.seen = append(c.seen, string(m.Data))
}

func (c *client) after() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

func (f *flaky) Send(batch ...rpc.Message) error {
	f.use()
	defer f.using.Unlock()
	for _, m := range batch {
		if !f.take(m) {
			return errBroken
		}
	}
	return nil
}

// take has the client read a message, unless the connection has broken.
func (f *flaky) take(m rpc.Message) bool {
	f.reading.Lock()
	defer f.reading.Unlock()
	if f.left == 0 {
		return false
	}
	f.left--
	f.client.take(m)
	return true
}

// TestReplayExactlyOnce: whatever the order in which senders send and a client loses and resumes its connection, it
// sees each event once and in order.
func TestReplayExactlyOnce(t *testing.T) {
	for seed := range uint64(60) {
		for _, own := range []bool{false, true} {
			t.Run(fmt.Sprint(seed, own), func(t *testing.T) { replayOnce(t, seed, own) })
		}
	}
}

func replayOnce(t *testing.T, seed uint64, own bool) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	const senders, each = 4, 150
	h := newHub(t, Config{LogSize: senders*each + 1})
	r := open(t, h)
	s := r.Own()
	if !own {
		s = openStream(t, r)
	}
	var sending sync.WaitGroup
	for i := range senders {
		pause := rnd.IntN(3)
		sending.Go(func() {
			for j := range each {
				if _, err := s.Append(fmt.Appendf(nil, "%d:%d", i, j)); err != nil {
					t.Error(err)
				}
				if pause > 0 && j%(10*pause) == 0 {
					time.Sleep(time.Duration(pause) * 50 * time.Microsecond)
				}
			}
		})
	}
	c := &client{}
	reads(t, rnd, s, c, senders*each)
	sending.Wait()
	checkSeen(t, c, senders, each)
}

// reads has c read s over connections that break, until it has seen want events.
func reads(t *testing.T, rnd *rand.Rand, s *Stream, c *client, want int64) {
	deadline := time.Now().Add(20 * time.Second)
	for c.after() < want {
		if time.Now().After(deadline) {
			t.Fatalf("saw %d of %d events", c.after(), want)
		}
		f := &flaky{sink: newSink(t), client: c, left: 1 + rnd.IntN(120)}
		stop := c.after() + 1 + rnd.Int64N(100)
		detach, err := s.Attach(f, c.after(), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		for c.after() < min(stop, want) && f.isOpen() && time.Now().Before(deadline) {
			time.Sleep(10 * time.Microsecond)
		}
		if rnd.IntN(2) == 0 {
			detach()
			// The server may still be in a Send: a client that has gone reads no more of it.
			f.reading.Lock()
			f.left = 0
			f.reading.Unlock()
		} else {
			s.Suspend(0)
			<-f.ended
		}
	}
}

func checkSeen(t *testing.T, c *client, senders, each int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := errors.Join(c.errs...); err != nil {
		t.Fatal(err)
	}
	next := make([]int, senders)
	for _, text := range c.seen {
		var i, j int
		if _, err := fmt.Sscanf(text, "%d:%d", &i, &j); err != nil || next[i] != j {
			t.Fatalf("%q, want %d:%d", text, i, next[i])
		}
		next[i]++
	}
	if len(c.seen) != senders*each {
		t.Errorf("%d events, want %d", len(c.seen), senders*each)
	}
}

// TestStreamsAreNotMixed: a client that takes one stream up never sees another's events.
func TestStreamsAreNotMixed(t *testing.T) {
	r := open(t, newHub(t, Config{}))
	streams := []*Stream{r.Own(), openStream(t, r), openStream(t, r)}
	var sending sync.WaitGroup
	for _, s := range streams {
		sending.Go(func() {
			for range 100 {
				say(t, s, s.ID())
			}
		})
	}
	sending.Wait()
	for _, s := range streams {
		to := newSink(t)
		found, after, err := r.Stream(s.ID() + ".40")
		if err != nil {
			t.Fatal(err)
		}
		attach(t, found, to, after.n)
		eventually(t, "replay", func() bool { return len(to.messages()) == 60 })
		for _, m := range to.messages() {
			if string(m.Data) != s.ID() {
				t.Fatalf("stream %s: %q of another", s.ID(), m.Data)
			}
		}
	}
}

// TestEverythingAtOnce is for the race detector: takeovers, ends and senders, all on one session.
func TestEverythingAtOnce(t *testing.T) {
	h := newHub(t, Config{StreamsPerSession: 4, LogSize: 16})
	for range 20 {
		r := open(t, h)
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() {
				for j := range 60 {
					_, _ = r.Own().Append([]byte("x"))
					if s, err := r.OpenStream(nil); err == nil {
						to := newSink(t)
						detach, err := s.Attach(to, 0, time.Time{})
						_, _ = s.Append([]byte("y"))
						if i == 0 && err == nil {
							detach()
						}
						s.Finish([]byte("z"), to)
					}
					if detach, err := r.Own().Attach(newSink(t), Pending, time.Time{}); err == nil && j%3 == 0 {
						detach()
					}
					h.sweep()
				}
			})
		}
		all.Go(func() { time.Sleep(2 * time.Millisecond); h.End(r.ID) })
		all.Wait()
		if r.Own().Attached() || r.busy.Load() != 0 {
			t.Fatal("something of an ended session is still open:", r.busy.Load())
		}
	}
	if n := h.bytes.Load(); n != 0 {
		t.Error("bytes are left:", n)
	}
}
