package redis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/fastmcp-go/fastmcp/store"
)

// ear is one connection that listens, as long as it lasts. What it is told is confirmed by a PING that is sent after it:
// answers come in the order of what was asked.
type ear struct {
	*bus
	conn    *goredis.PubSub
	heard   map[string]uint64 // the channels that it was told to listen to, by which PING that is confirmed
	last    uint64            // number of the last PING
	active  atomic.Int64      // when something last arrived, in ns since 1970
	synced  bool              // the first PING was answered: all that was wanted is listened to
	renewed bool              // it stands in for a connection that broke
	failed  chan error
}

// question is what a PING confirms.
type question struct {
	at      time.Time
	added   []string
	waiting waiters
}

// subscribeStep is how many channels one command has.
const subscribeStep = 1000

// run keeps a connection until the bus is closed. What comes while there is none is lost, and so are the messages that
// arrive on a new one before all channels are listened to again; then the subscribers are told.
func (b *bus) run() {
	defer close(b.stopped)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-b.stop:
		case <-b.stopped:
		}
		cancel()
	}()
	for attempt, renewed := 0, false; ; attempt++ {
		e := &ear{
			bus: b, conn: b.server.conn.Subscribe(ctx), heard: map[string]uint64{},
			renewed: renewed, failed: make(chan error, 1),
		}
		err := e.listen(ctx)
		e.over(err)
		e.lookAgain(err)
		if e.synced {
			attempt = 0
		}
		renewed = true
		if !pause(ctx, attempt) {
			b.fail(store.ErrClosed)
			return
		}
	}
}

// fail tells all who wait that there is no use.
func (b *bus) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting.tell(err)
}

// listen tells the connection what to listen to, and tries it when it is silent, until it breaks.
func (e *ear) listen(ctx context.Context) error {
	defer e.conn.Close()
	e.mu.Lock()
	for channel := range e.wanted {
		e.changed[channel] = true
	}
	e.mu.Unlock()
	e.active.Store(time.Now().UnixNano())
	// One channel of its own, so that a cluster's client goes to the node of the slot, and the connection counts as one
	// that listens from the start.
	if err := e.tell(ctx, []string{e.channel("")}); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.failed <- e.receive(ctx)
	}()
	defer func() {
		e.conn.Close()
		<-done
	}()
	beat := time.NewTicker(max(e.config.Heartbeat/2, time.Millisecond))
	defer beat.Stop()
	for {
		var err error
		select {
		case <-e.wake:
			err = e.tell(ctx, nil)
		case now := <-beat.C:
			err = e.try(ctx, now)
		case err = <-e.failed:
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// try asks a connection that has been silent, and gives up one that owes an answer.
func (e *ear) try(ctx context.Context, now time.Time) error {
	e.mu.Lock()
	var oldest time.Time
	for _, q := range e.asked {
		if oldest.IsZero() || q.at.Before(oldest) {
			oldest = q.at
		}
	}
	e.mu.Unlock()
	silent := now.Sub(time.Unix(0, e.active.Load()))
	switch {
	case silent < e.config.Heartbeat/2:
		return nil
	case oldest.IsZero():
		return e.tell(ctx, nil)
	case silent >= e.config.Heartbeat && now.Sub(oldest) >= e.config.Heartbeat:
		return fmt.Errorf("the connection for messages has not answered for %v", silent.Round(time.Millisecond))
	}
	return nil
}

// tell makes what is listened to what is wanted, and asks for an answer.
func (e *ear) tell(ctx context.Context, more []string) error {
	within, cancel := context.WithTimeout(ctx, e.config.Timeout)
	defer cancel()
	e.mu.Lock()
	e.last++
	number := e.last
	q := question{at: time.Now(), waiting: e.waiting}
	e.waiting = waiters{}
	var removed []string
	for channel := range e.changed {
		if e.wanted[channel] > 0 {
			if e.heard[channel] == 0 {
				more = append(more, channel)
			}
			e.heard[channel] = number
			q.added = append(q.added, channel)
		} else if e.heard[channel] > 0 {
			delete(e.heard, channel)
			removed = append(removed, channel)
		}
	}
	clear(e.changed)
	e.asked[number] = q
	e.mu.Unlock()

	if err := inSteps(within, more, e.conn.Subscribe); err != nil {
		return err
	}
	if err := inSteps(within, removed, e.conn.Unsubscribe); err != nil {
		return err
	}
	return e.conn.Ping(within, strconv.FormatUint(number, 10))
}

func inSteps(ctx context.Context, channels []string, do func(context.Context, ...string) error) error {
	for len(channels) > 0 {
		n := min(len(channels), subscribeStep)
		if err := do(ctx, channels[:n]...); err != nil {
			return err
		}
		channels = channels[n:]
	}
	return nil
}

// receive hands out what arrives, until the connection breaks. go-redis then connects anew by itself; that connection goes
// with this ear, since what it missed would not be known.
func (e *ear) receive(ctx context.Context) error {
	for {
		got, err := e.conn.Receive(ctx)
		if err != nil {
			return err
		}
		e.active.Store(time.Now().UnixNano())
		switch got := got.(type) {
		case *goredis.Pong:
			number, err := strconv.ParseUint(got.Payload, 10, 64)
			if err != nil {
				return errors.New("the connection for messages got an answer that was not asked for")
			}
			e.confirm(number)
		case *goredis.Message:
			if e.synced {
				e.deliver(got.Channel, []byte(got.Payload))
			}
		}
	}
}

// deliver never waits. It fails only when the bus in memory is closed.
func (b *bus) deliver(channel string, data []byte) {
	_, _ = b.local.Publish(context.Background(), channel, data)
}

// confirm is called when all that was sent before a PING has been done.
func (e *ear) confirm(number uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.synced && e.renewed {
		e.deliver(lostChannel, nil)
	}
	e.synced, e.trouble = true, nil
	for n, q := range e.asked {
		if n > number {
			continue
		}
		delete(e.asked, n)
		for _, channel := range q.added {
			if e.heard[channel] == n && !e.changed[channel] { // and nothing was told or wanted since
				e.live[channel] = true
			}
		}
		q.waiting.tell(nil)
	}
}

// over leaves to the next connection what this one did not confirm. Subscribers are told at once, so that what they
// remember is not trusted meanwhile, and again when they are listened for again.
func (e *ear) over(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.trouble = err
	clear(e.live)
	for _, q := range e.asked {
		maps.Copy(e.waiting, q.waiting)
	}
	clear(e.asked)
	if passes, _ := state(err); answered(err) && !passes { // it may not listen, and may not next time
		e.waiting.tell(fmt.Errorf("store/redis: not subscribed: %w", err))
	}
	if e.synced {
		e.deliver(lostChannel, nil)
	}
}

var _ store.Bus = (*bus)(nil)
