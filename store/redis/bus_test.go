package redis_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/fastmcp-go/fastmcp/store/redis"
)

// ear counts what arrives at one subscription.
type ear struct {
	store.Subscription
	mu   sync.Mutex
	got  []string // "lost", or what was published
	lost int
}

func listen(t testing.TB, b *store.Backend, channels ...string) *ear {
	t.Helper()
	e := &ear{}
	sub, err := b.Bus.Subscribe(func(_ string, data []byte) { e.note(string(data)) }, func() { e.note("lost") })
	ok(t, err)
	e.Subscription = sub
	t.Cleanup(func() { ok(t, sub.Close()) })
	for _, c := range channels {
		ok(t, sub.Add(c))
	}
	return e
}

func (e *ear) note(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if what == "lost" {
		e.lost++
	}
	e.got = append(e.got, what)
}

func (e *ear) has(what string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, g := range e.got {
		if g == what {
			return true
		}
	}
	return false
}

func (e *ear) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.got)
}

func (e *ear) losses() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lost
}

// TestOneConnection: whatever a node listens to goes over one connection, in the order in which it was published.
func TestOneConnection(t *testing.T) {
	server := redistest.Start(t)
	s := redis.New(redis.Config{URL: server.URL()})
	b, other := opened(t, s), opened(t, redis.New(redis.Config{URL: server.URL()}))
	again, err := store.From(s)
	ok(t, err)
	var ears []*ear
	for i := range 50 {
		ears = append(ears, listen(t, b, "all", fmt.Sprint("own", i)), listen(t, again, "all"), listen(t, b.Scope("x"), "all"))
	}
	if n := subscribers(t, server); n != 1 {
		t.Fatalf("%d connections listen, want 1", n)
	}
	n, err := other.Bus.Publish(t.Context(), "all", []byte("hello"))
	ok(t, err)
	if n != 1 {
		t.Errorf("%d receivers, want 1: a node counts once", n)
	}
	for i, e := range ears {
		if i%3 != 2 {
			eventually(t, "it arrives", func() bool { return e.has("hello") })
		} else if e.has("hello") {
			t.Error("it arrives in another scope")
		}
	}
}

func subscribers(t *testing.T, server *redistest.Server) int {
	t.Helper()
	n, err := admin(t, server).Do(t.Context(), "CLIENT", "LIST", "TYPE", "pubsub").Text()
	ok(t, err)
	return strings.Count(n, "id=")
}

// TestSubscriptionHeals: after the connection was cut subscribers are told, and listen again to what they listened to and
// no more; what comes before they were told is not delivered, what comes after it is.
func TestSubscriptionHeals(t *testing.T) {
	server := redistest.Start(t)
	b, raw := opened(t, redis.New(redis.Config{URL: server.URL()})), admin(t, server)
	one, two, idle := listen(t, b, "a", "b"), listen(t, b, "b", "c"), listen(t, b)
	ok(t, two.Remove("c"))
	for cut := range 5 {
		was := []int{one.losses(), two.losses(), idle.losses()}
		ok(t, raw.ClientKillByFilter(t.Context(), "TYPE", "pubsub").Err())
		for i, e := range []*ear{one, two, idle} {
			eventually(t, "it is told", func() bool { return e.losses() >= was[i]+2 }) // that it broke, and that it is there again
		}
		word := fmt.Sprint("after cut ", cut)
		n, err := b.Bus.Publish(t.Context(), "b", []byte(word))
		ok(t, err)
		if n != 1 {
			t.Fatalf("%d receivers after a cut, want 1", n)
		}
		eventually(t, "both get it", func() bool { return one.has(word) && two.has(word) })
		if n, err = b.Bus.Publish(t.Context(), "c", nil); n != 0 || err != nil {
			t.Fatalf("%d receivers of a channel that was left, %v", n, err)
		}
	}
	if idle.has("after cut 0") {
		t.Error("it arrives at who did not listen")
	}
}

// TestNothingUnnoticed cuts the connection again and again while numbers are published: who gets a number that is not the
// next was told of a loss since the one before.
func TestNothingUnnoticed(t *testing.T) {
	server := redistest.Start(t)
	b, raw := opened(t, redis.New(redis.Config{URL: server.URL()})), admin(t, server)
	e := listen(t, b, "a")
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := b.Bus.Publish(t.Context(), "a", []byte(strconv.Itoa(i))); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for range 20 {
		was := e.losses()
		ok(t, raw.ClientKillByFilter(t.Context(), "TYPE", "pubsub").Err())
		eventually(t, "it is told", func() bool { return e.losses() > was })
	}
	close(stop)
	<-stopped
	e.mu.Lock()
	defer e.mu.Unlock()
	last, told, numbers := -1, false, 0
	for _, g := range e.got {
		if g == "lost" {
			told = true
			continue
		}
		n, err := strconv.Atoi(g)
		ok(t, err)
		if n <= last || n != last+1 && !told {
			t.Fatalf("%d after %d, told %v", n, last, told)
		}
		last, told, numbers = n, false, numbers+1
	}
	if numbers == 0 {
		t.Fatal("nothing arrived")
	}
}

// TestSlowSubscriber: its queue is bounded, it is told of what it missed, and others wait for nothing.
func TestSlowSubscriber(t *testing.T) {
	server := redistest.Start(t)
	b := opened(t, redis.New(redis.Config{URL: server.URL(), MaxQueue: 10}))
	gate, lost, got := make(chan struct{}), atomic.Int32{}, atomic.Int32{}
	sub, err := b.Bus.Subscribe(func(string, []byte) { <-gate; got.Add(1) }, func() { lost.Add(1) })
	ok(t, err)
	defer sub.Close()
	ok(t, sub.Add("a"))
	quick := listen(t, b, "a")
	for i := range 100 {
		word := strconv.Itoa(i)
		_, err := b.Bus.Publish(t.Context(), "a", []byte(word))
		ok(t, err)
		eventually(t, "the quick one has it", func() bool { return quick.has(word) })
	}
	close(gate)
	eventually(t, "it is told", func() bool { return lost.Load() == 1 })
	if n := got.Load(); n > 11 || n < 10 {
		t.Errorf("%d delivered, want the queue's 10 and the one in hand", n)
	}
	_, err = b.Bus.Publish(t.Context(), "a", nil)
	ok(t, err)
	eventually(t, "it goes on", func() bool { n := got.Load(); return n == 11 || n == 12 })
}

// TestManyChannels: thousands come and go, at once, and survive a cut.
func TestManyChannels(t *testing.T) {
	server := redistest.Start(t)
	b := opened(t, redis.New(redis.Config{URL: server.URL()}))
	var got atomic.Int32
	var losses atomic.Int32
	sub, err := b.Bus.Subscribe(func(string, []byte) { got.Add(1) }, func() { losses.Add(1) })
	ok(t, err)
	defer sub.Close()
	const n = 3000
	var group sync.WaitGroup
	for w := range 20 {
		group.Go(func() {
			for i := w; i < n; i += 20 {
				if err := sub.Add(fmt.Sprint("c", i)); err != nil {
					t.Error(err)
				}
				if i%3 == 0 {
					if err := sub.Remove(fmt.Sprint("c", i)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	check := func() {
		t.Helper()
		got.Store(0)
		for i := range n {
			want := 1
			if i%3 == 0 {
				want = 0
			}
			eventually(t, "only what is listened to counts", func() bool {
				n, err := b.Bus.Publish(t.Context(), fmt.Sprint("c", i), nil)
				ok(t, err)
				return n == want
			})
		}
		eventually(t, "all arrive", func() bool { return got.Load() >= n*2/3 })
	}
	check()
	ok(t, admin(t, server).ClientKillByFilter(t.Context(), "TYPE", "pubsub").Err())
	eventually(t, "it is told", func() bool { return losses.Load() >= 2 })
	check()
}

// TestAddRemoveRace: one channel that several subscriptions leave and enter at once is listened to whenever one of them was
// told so.
func TestAddRemoveRace(t *testing.T) {
	server := redistest.Start(t)
	b := opened(t, redis.New(redis.Config{URL: server.URL()}))
	var group sync.WaitGroup
	for range 8 {
		e := listen(t, b)
		group.Go(func() {
			for i := range 200 {
				word := fmt.Sprintf("%p %d", e, i)
				if err := e.Add("a"); err != nil {
					t.Error(err)
				}
				if n, err := b.Bus.Publish(t.Context(), "a", []byte(word)); n != 1 || err != nil {
					t.Errorf("%d receivers, %v", n, err)
				}
				eventually(t, "it arrives", func() bool { return e.has(word) })
				if err := e.Remove("a"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// TestSilentConnection: a connection on which nothing comes back any more is replaced.
func TestSilentConnection(t *testing.T) {
	server := redistest.Start(t)
	b := opened(t, redis.New(redis.Config{URL: server.URL(), Heartbeat: 50 * time.Millisecond, Timeout: 300 * time.Millisecond}))
	e := listen(t, b, "a")
	time.Sleep(200 * time.Millisecond) // a few heartbeats, which find nothing wrong
	if n := e.losses(); n != 0 {
		t.Fatalf("told of %d losses on a connection that answers", n)
	}
	server.Freeze()
	eventually(t, "it is told that the connection is of no use", func() bool { return e.losses() > 0 })
	began := time.Now()
	is(t, e.Add("b"), store.ErrUnavailable)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("Add took %v", took)
	}
	was := e.losses()
	server.Thaw()
	eventually(t, "it is told that it listens again", func() bool { return e.losses() > was })
	ok(t, e.Add("b"))
	_, err := b.Bus.Publish(t.Context(), "a", []byte("hello"))
	ok(t, err)
	eventually(t, "it arrives", func() bool { return e.has("hello") })
}

// TestForbiddenChannel: who may not listen is told why, at once.
func TestForbiddenChannel(t *testing.T) {
	server := withUser(t, allowed...)
	b := opened(t, redis.New(redis.Config{URL: "redis://mcp:secret@" + server.Addr}))
	e := listen(t, b, "a")
	ok(t, admin(t, server).Do(t.Context(), "ACL", "SETUSER", "mcp", "resetchannels").Err())
	eventually(t, "Add tells why", func() bool {
		err := e.Add("b")
		return err != nil && strings.Contains(err.Error(), "NOPERM")
	})
	ok(t, admin(t, server).Do(t.Context(), "ACL", "SETUSER", "mcp", "&fastmcp:*").Err())
	eventually(t, "it heals", func() bool { return e.Add("b") == nil })
}
