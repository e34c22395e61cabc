package storetest

import (
	"strconv"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

func (s suite) bus(t *testing.T) {
	s.each(t, map[string]func(*testing.T, *store.Backend){
		"Order":     s.order,
		"Receivers": s.receivers,
		"Remove":    s.remove,
		"Close":     s.closing,
		"FromFn":    s.fromFn,
		"Invalid":   invalidBus,
		"Copies":    s.busCopies,
	})
}

type message struct{ channel, data string }

// listener is one subscription and what arrived at it.
type listener struct {
	store.Subscription
	t        *testing.T
	patience time.Duration
	arrived  chan message
}

func (s suite) listen(t *testing.T, b *store.Backend, channels ...string) *listener {
	t.Helper()
	l := &listener{t: t, patience: s.Patience, arrived: make(chan message, 10_000)}
	sub, err := b.Bus.Subscribe(func(channel string, data []byte) {
		l.arrived <- message{channel, string(data)}
	}, nil)
	ok(t, err)
	t.Cleanup(func() { sub.Close() })
	l.Subscription = sub
	for _, c := range channels {
		ok(t, sub.Add(c))
	}
	return l
}

func (l *listener) next(channel, data string) {
	l.t.Helper()
	select {
	case got := <-l.arrived:
		if got != (message{channel, data}) {
			l.t.Fatalf("arrived %q, want %q", got, message{channel, data})
		}
	case <-time.After(l.patience):
		l.t.Fatalf("nothing arrived, want %q", message{channel, data})
	}
}

// none checks that nothing has arrived before a message that is sent now.
func (l *listener) none() {
	l.t.Helper()
	select {
	case got := <-l.arrived:
		l.t.Fatalf("arrived %q, want nothing", got)
	default:
	}
}

// publish sends to a number of subscriptions, all of this process: they may be counted as one.
func publish(t *testing.T, b *store.Backend, channel, data string, subscriptions int) {
	t.Helper()
	got, err := b.Bus.Publish(t.Context(), channel, []byte(data))
	ok(t, err)
	if got > subscriptions || got < min(subscriptions, 1) {
		t.Fatalf("%d receivers of %q, want %d, or 1 if there are some", got, channel, subscriptions)
	}
}

// deserted sends to a channel that was left a moment ago, until nobody is counted.
func (s suite) deserted(t *testing.T, b *store.Backend, channel, data string) {
	t.Helper()
	for end := time.Now().Add(s.Patience); ; time.Sleep(time.Millisecond) {
		got, err := b.Bus.Publish(t.Context(), channel, []byte(data))
		ok(t, err)
		if got == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("still %d receivers of %q, want 0", got, channel)
		}
	}
}

func (s suite) order(t *testing.T, b *store.Backend) {
	const n = 500 // under the queue's default bound
	one, two := s.listen(t, b, "a"), s.listen(t, b, "a")
	for i := range n {
		publish(t, b, "a", strconv.Itoa(i), 2)
	}
	for i := range n {
		one.next("a", strconv.Itoa(i))
		two.next("a", strconv.Itoa(i))
	}
}

func (s suite) receivers(t *testing.T, b *store.Backend) {
	publish(t, b, "a", "x", 0)
	one, two := s.listen(t, b, "a", "b", "a"), s.listen(t, b, "b")
	publish(t, b, "a", "1", 1) // added twice, counted once
	publish(t, b, "b", "2", 2)
	publish(t, b, "c", "3", 0)
	one.next("a", "1")
	one.next("b", "2")
	two.next("b", "2")
	one.none()
	two.none()
}

func (s suite) remove(t *testing.T, b *store.Backend) {
	l := s.listen(t, b, "a", "b")
	publish(t, b, "a", "1", 1)
	l.next("a", "1")
	ok(t, l.Remove("a"))
	ok(t, l.Remove("never added"))
	s.deserted(t, b, "a", "2")
	publish(t, b, "b", "3", 1)
	l.next("b", "3")
	ok(t, l.Add("a"))
	publish(t, b, "a", "4", 1)
	l.next("a", "4")
}

func (s suite) closing(t *testing.T, b *store.Backend) {
	l, other := s.listen(t, b, "a"), s.listen(t, b, "a")
	ok(t, l.Close())
	ok(t, l.Close())
	is(t, l.Add("b"), store.ErrClosed)
	publish(t, b, "a", "1", 1)
	other.next("a", "1")
	l.none()
	ok(t, other.Close())
	s.deserted(t, b, "a", "2")
	other.none()
}

// fromFn: a subscriber may use the bus and its subscription.
func (s suite) fromFn(t *testing.T, b *store.Backend) {
	echo := s.listen(t, b, "echo")
	var sub store.Subscription
	failed := make(chan error, 3)
	sub, err := b.Bus.Subscribe(func(_ string, data []byte) {
		_, err := b.Bus.Publish(t.Context(), "echo", data)
		failed <- err
		failed <- sub.Add("more")
		failed <- sub.Close()
	}, nil)
	ok(t, err)
	ok(t, sub.Add("call"))
	publish(t, b, "call", "hello", 1)
	echo.next("echo", "hello")
	for range 3 {
		ok(t, <-failed)
	}
}

func invalidBus(t *testing.T, b *store.Backend) {
	_, err := b.Bus.Subscribe(nil, nil)
	is(t, err, store.ErrInvalid)
	_, err = b.Bus.Publish(t.Context(), "", nil)
	is(t, err, store.ErrInvalid)
	sub, err := b.Bus.Subscribe(func(string, []byte) {}, func() {})
	ok(t, err)
	is(t, sub.Add(""), store.ErrInvalid)
	ok(t, sub.Close())
}

func (s suite) busCopies(t *testing.T, b *store.Backend) {
	gate := make(chan struct{})
	got := make(chan string, 1)
	sub, err := b.Bus.Subscribe(func(_ string, data []byte) { <-gate; got <- string(data) }, nil)
	ok(t, err)
	defer sub.Close()
	ok(t, sub.Add("a"))
	data := []byte("data")
	_, err = b.Bus.Publish(t.Context(), "a", data)
	ok(t, err)
	data[0] = '!'
	close(gate)
	select {
	case s := <-got:
		same(t, []byte(s), []byte("data"))
	case <-time.After(s.Patience):
		t.Fatal("nothing arrived")
	}
}
