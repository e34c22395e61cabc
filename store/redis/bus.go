package redis

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/fastmcp-go/fastmcp/store"
)

// bus is store.Bus: one connection that listens for all subscriptions of this process (see listen), behind it a bus in
// memory that hands out what arrives, with a bounded queue for each subscription.
type bus struct {
	*server
	memory store.Storage
	local  store.Bus

	mu      sync.Mutex
	wanted  map[string]int  // how many subscriptions each channel has
	changed map[string]bool // channels that the connection may not know of yet
	live    map[string]bool // channels that are listened to for certain
	waiting waiters         // who waits until what has changed is known
	asked   map[uint64]question
	trouble error // what ended the last connection; nil while it is well
	started bool
	closed  bool
	wake    chan struct{} // there is something in changed or waiting
	stop    chan struct{}
	stopped chan struct{}
}

// waiters are each told once, by a channel that has room for it.
type waiters map[chan error]struct{}

func (w waiters) tell(err error) {
	for one := range w {
		one <- err
	}
	clear(w)
}

// lostChannel is what the bus in memory is told a loss by, so that it comes in turn with messages. No channel of Redis's is
// so short: they all have the prefix.
const lostChannel = "!"

func newBus(s *server) *bus {
	memory := store.Memory(store.MemoryConfig{MaxQueue: s.config.MaxQueue})
	return &bus{
		server: s, memory: memory, local: memory.(store.Source).Backend().Bus,
		wanted: map[string]int{}, changed: map[string]bool{}, live: map[string]bool{}, waiting: waiters{}, asked: map[uint64]question{},
		wake: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// channel is the name that Redis knows a channel by.
func (s *server) channel(name string) string { return s.config.Prefix + bused + name }

// Publish tells how many processes listen: each has one connection for all that does.
func (b *bus) Publish(ctx context.Context, channel string, data []byte) (receivers int, err error) {
	if err := checkName("channel", channel); err != nil {
		return 0, err
	}
	err = b.do(ctx, false, func(ctx context.Context, _ int) error {
		cmd := goredis.NewIntCmd(ctx, "publish", b.channel(channel), data)
		cmd.SetFirstKeyPos(1) // in a cluster, to the node of the channel's slot, where the listeners are
		err := b.conn.Process(ctx, cmd)
		receivers = int(cmd.Val())
		return err
	})
	return receivers, err
}

func (b *bus) Subscribe(fn func(channel string, data []byte), lost func()) (store.Subscription, error) {
	if fn == nil {
		return nil, fmt.Errorf("%w: Subscribe needs a function", store.ErrInvalid)
	}
	if lost == nil {
		lost = func() {}
	}
	if b.broken != nil {
		return nil, b.broken
	}
	prefix := b.channel("")
	local, err := b.local.Subscribe(func(channel string, data []byte) {
		if channel == lostChannel {
			lost()
			return
		}
		fn(strings.TrimPrefix(channel, prefix), data)
	}, lost)
	if err != nil {
		return nil, err
	}
	if err := local.Add(lostChannel); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, store.ErrClosed
	}
	if !b.started {
		b.started = true
		go b.run()
	}
	return &subscription{bus: b, local: local, channels: map[string]bool{}}, nil
}

// subscription is guarded by its bus's lock.
type subscription struct {
	bus      *bus
	local    store.Subscription
	channels map[string]bool
	closed   bool
}

// Add waits until Redis has confirmed, within the bound of a call.
func (s *subscription) Add(name string) error {
	if err := checkName("channel", name); err != nil {
		return err
	}
	fresh, confirmed, err := s.add(s.bus.channel(name))
	if err != nil || confirmed == nil {
		return err
	}
	patience := time.NewTimer(s.bus.config.Timeout)
	defer patience.Stop()
	select {
	case err = <-confirmed:
	case <-patience.C:
		err = s.bus.late(confirmed)
	}
	if err != nil && fresh {
		_ = s.Remove(name) // it fails when the subscription was closed meanwhile
	}
	return err
}

// add is the part of Add under the lock. fresh tells that the channel was not there, confirmed is nil when there is nothing
// to wait for.
func (s *subscription) add(channel string) (fresh bool, confirmed chan error, err error) {
	b := s.bus
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.closed || b.closed {
		return false, nil, store.ErrClosed
	}
	if fresh = !s.channels[channel]; fresh {
		if err := s.local.Add(channel); err != nil {
			return false, nil, err
		}
		s.channels[channel] = true
		b.want(channel, 1)
	}
	if b.live[channel] {
		return fresh, nil, nil
	}
	confirmed = make(chan error, 1)
	b.waiting[confirmed] = struct{}{}
	b.nudge()
	return fresh, confirmed, nil
}

func (s *subscription) Remove(name string) error {
	channel := s.bus.channel(name)
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	if s.closed || s.bus.closed {
		return store.ErrClosed
	}
	if !s.channels[channel] {
		return nil
	}
	delete(s.channels, channel)
	s.bus.want(channel, -1)
	return s.local.Remove(channel)
}

func (s *subscription) Close() error {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	for channel := range s.channels {
		s.bus.want(channel, -1)
	}
	return s.local.Close()
}

// want counts a channel's subscriptions, under the lock. The first and the last one change what is listened to.
func (b *bus) want(channel string, n int) {
	was := b.wanted[channel]
	if b.wanted[channel] = was + n; was+n == 0 {
		delete(b.wanted, channel)
		delete(b.live, channel) // whoever comes next waits until it is listened to again
	}
	if was == 0 || was+n == 0 {
		b.changed[channel] = true
		b.nudge()
	}
}

func (b *bus) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// late is why a subscription was not confirmed in time. Nobody waits for that any more.
func (b *bus) late(confirmed chan error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.waiting, confirmed)
	for _, q := range b.asked {
		delete(q.waiting, confirmed)
	}
	if b.trouble != nil {
		return fmt.Errorf("%w: not subscribed within %v: %v", store.ErrUnavailable, b.config.Timeout, b.trouble)
	}
	return fmt.Errorf("%w: not subscribed within %v", store.ErrUnavailable, b.config.Timeout)
}

// close ends the connection and all subscriptions.
func (b *bus) close() {
	b.mu.Lock()
	first, started := !b.closed, b.started
	b.closed = true
	b.mu.Unlock()
	if !first {
		return
	}
	close(b.stop)
	if started {
		<-b.stopped
	}
	_ = b.memory.Close() // which cannot fail
}
