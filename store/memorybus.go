package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// memoryBus is Bus in process. Each subscription has a bounded queue, and a goroutine only while there is something in
// it, so that a publisher never waits for a subscriber.
type memoryBus struct {
	queue    int
	mu       sync.Mutex
	channels map[string][]*memorySubscription
	closed   bool
}

type message struct {
	channel string
	data    []byte
}

// memorySubscription is guarded by its bus's lock.
type memorySubscription struct {
	bus      *memoryBus
	fn       func(channel string, data []byte)
	lost     func()
	waiting  []message
	missed   bool // messages were dropped after those that wait
	draining bool
	closed   bool
}

func newMemoryBus(queue int) *memoryBus {
	return &memoryBus{queue: queue, channels: map[string][]*memorySubscription{}}
}

// Publish counts the subscriptions that will get the message, and not those whose queue is full.
func (b *memoryBus) Publish(ctx context.Context, channel string, data []byte) (receivers int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := checkName("channel", channel); err != nil {
		return 0, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, ErrClosed
	}
	subscribers := b.channels[channel]
	if len(subscribers) == 0 {
		return 0, nil
	}
	m := message{strings.Clone(channel), copied(data)}
	for _, s := range subscribers {
		if s.accept(m) {
			receivers++
		}
	}
	return receivers, nil
}

func (b *memoryBus) Subscribe(fn func(channel string, data []byte), lost func()) (Subscription, error) {
	if fn == nil {
		return nil, fmt.Errorf("%w: Subscribe needs a function", ErrInvalid)
	}
	if lost == nil {
		lost = func() {}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	return &memorySubscription{bus: b, fn: fn, lost: lost}, nil
}

func (b *memoryBus) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for _, subscribers := range b.channels {
		for _, s := range subscribers {
			s.closed, s.waiting, s.missed = true, nil, false
		}
	}
	clear(b.channels)
}

// accept queues m. Once one message was dropped the others are as well, until the subscriber was told: it must not see
// what came after a loss before it knows of the loss.
func (s *memorySubscription) accept(m message) bool {
	if s.missed || len(s.waiting) >= s.bus.queue {
		s.missed = true
		return false
	}
	s.waiting = append(s.waiting, m)
	if !s.draining {
		s.draining = true
		go s.drain()
	}
	return true
}

// drain delivers what waits, one at a time, so that what was removed meanwhile is not delivered.
func (s *memorySubscription) drain() {
	for {
		deliver := s.next()
		if deliver == nil {
			return
		}
		deliver()
	}
}

// next is what to do next; nil when there is nothing, and then the goroutine ends.
func (s *memorySubscription) next() func() {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	for len(s.waiting) > 0 {
		m := s.waiting[0]
		s.waiting[0] = message{}
		s.waiting = s.waiting[1:]
		if slices.Contains(s.bus.channels[m.channel], s) {
			return func() { s.fn(m.channel, m.data) }
		}
	}
	s.waiting = nil
	if s.missed {
		s.missed = false
		return s.lost
	}
	s.draining = false
	return nil
}

func (s *memorySubscription) Add(channel string) error {
	if err := checkName("channel", channel); err != nil {
		return err
	}
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	if s.closed || s.bus.closed {
		return ErrClosed
	}
	if !slices.Contains(s.bus.channels[channel], s) {
		channel = strings.Clone(channel)
		s.bus.channels[channel] = append(s.bus.channels[channel], s)
	}
	return nil
}

func (s *memorySubscription) Remove(channel string) error {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	if s.closed || s.bus.closed {
		return ErrClosed
	}
	s.leave(channel)
	s.waiting = slices.DeleteFunc(s.waiting, func(m message) bool { return m.channel == channel })
	return nil
}

func (s *memorySubscription) leave(channel string) {
	rest := slices.DeleteFunc(s.bus.channels[channel], func(other *memorySubscription) bool { return other == s })
	if len(rest) == 0 {
		delete(s.bus.channels, channel)
	} else {
		s.bus.channels[channel] = rest
	}
}

func (s *memorySubscription) Close() error {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed, s.waiting, s.missed = true, nil, false
	for channel := range s.bus.channels {
		s.leave(channel)
	}
	return nil
}
