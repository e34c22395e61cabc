package task

import (
	"context"
	"encoding/json"
	"strings"
	"sync"

	"github.com/fastmcp-go/fastmcp/store"
)

// maxTold is how long a record may be to travel with the news of its change. A longer one is read again.
const maxTold = 64 << 10

// watching is who wants to hear of which tasks. One subscription serves a node, from the first Watch on.
type watching struct {
	desk *Desk

	mu  sync.Mutex
	sub store.Subscription
	by  map[string]map[*watch]struct{}
}

// watch is one Watch, and what it has been called with last: changes that are made at the same time may be told of in
// another order than that in which they were kept.
type watch struct {
	f    func(*Record)
	last int64
}

// Watch calls f with a task whenever it has changed, until stop: never with what is older than what it was called with
// before, so that of changes that are made at the same time the first may be left out. f must be quick and must not change
// the Record. It hears of changes on any node; where the store has lost the news, it is called with how things stand.
func (w *watching) Watch(id string, f func(*Record)) (stop func(), err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sub == nil {
		if w.sub, err = w.desk.store.Bus.Subscribe(w.hear, w.lost); err != nil {
			return nil, err
		}
		w.by = make(map[string]map[*watch]struct{})
	}
	if w.by[id] == nil {
		if err := w.sub.Add(key(id)); err != nil {
			return nil, err
		}
		w.by[id] = make(map[*watch]struct{})
	}
	one := &watch{f: f}
	w.by[id][one] = struct{}{}
	return func() { w.stop(id, one) }, nil
}

func (w *watching) stop(id string, one *watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by[id] == nil {
		return
	}
	if delete(w.by[id], one); len(w.by[id]) == 0 {
		delete(w.by, id)
		_ = w.sub.Remove(key(id)) // news that nobody waits for are dropped in hear
	}
}

// Close ends all watches.
func (w *watching) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.by)
	if w.sub != nil {
		_ = w.sub.Close() // it can only be closed already
	}
}

// tell publishes a change. Who does not hear it looks again by itself before long.
func (w *watching) tell(ctx context.Context, r *Record, raw []byte) {
	if len(raw) > maxTold {
		raw = nil
	}
	_, _ = w.desk.store.Bus.Publish(context.WithoutCancel(ctx), key(r.ID), raw)
}

func (w *watching) hear(channel string, raw []byte) {
	id := strings.TrimPrefix(channel, "task:")
	r := new(Record)
	if len(raw) == 0 || json.Unmarshal(raw, r) != nil {
		w.look(id)
		return
	}
	w.call(id, r)
}

// look calls those that watch a task with how it stands.
func (w *watching) look(id string) {
	if r, err := w.desk.Get(context.Background(), id); err == nil {
		w.call(id, r)
	}
}

func (w *watching) call(id string, r *Record) {
	w.mu.Lock()
	var all []func(*Record)
	for one := range w.by[id] {
		if r.Version > one.last {
			one.last = r.Version
			all = append(all, one.f)
		}
	}
	w.mu.Unlock()
	for _, f := range all {
		f(r)
	}
}

// lost is for when news may have been missed.
func (w *watching) lost() {
	w.mu.Lock()
	ids := make([]string, 0, len(w.by))
	for id := range w.by {
		ids = append(ids, id)
	}
	w.mu.Unlock()
	for _, id := range ids {
		w.look(id)
	}
}
