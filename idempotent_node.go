package fastmcp

import (
	"context"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// keyedLease is how long a node that runs calls with keys is believed to be alive, without a sign; it gives three in that
// time.
const keyedLease = 15 * time.Second

// keyedCalls are those calls with keys that run here, and those that wait here.
type keyedCalls struct {
	engine *engine
	store  *store.Backend
	node   string // this one
	host   string // for the operator

	mu      sync.Mutex
	runs    map[string]*keyedCall // by the name of the run
	changes []keyedChange
	waiting map[string][]chan struct{}
	signed  time.Time // when the last sign of life was given
	ticking bool
	stopped bool
}

// keyedChange is a change that the store has not taken: how a run has ended, or nil when there was none.
type keyedChange struct {
	k *keyedCall
	r *keyedRecord
}

func newKeyedCalls(e *engine) *keyedCalls {
	host, _ := os.Hostname() // a node without a name has an id
	all := &keyedCalls{
		engine: e, store: e.backend.Scope("idempotency"), node: e.node.id, host: host,
		runs: make(map[string]*keyedCall), waiting: make(map[string][]chan struct{}),
	}
	e.node.onLost(all.wakeAll)
	return all
}

func (all *keyedCalls) window() time.Duration { return all.engine.config.Idempotency.Window }

// keeps is how long something is kept. A client that was asked has as long as its state is good.
func (all *keyedCalls) keeps(s keyedState) time.Duration {
	if s == keyedAsks {
		return max(all.window(), all.engine.config.AskTTL)
	}
	return all.window()
}

// every is how often the node gives a sign of life.
func (all *keyedCalls) every() time.Duration { return min(keyedLease, all.window()) / 3 }

func (all *keyedCalls) lease(node string) string { return "node:" + node }

// begin counts a call as running here, before that is written: from then on the node is known to be alive.
func (all *keyedCalls) begin(ctx context.Context, k *keyedCall) error {
	all.mu.Lock()
	all.runs[k.record.Run] = k
	fresh := time.Since(all.signed) < all.every()
	all.tickLater()
	all.mu.Unlock()
	if fresh {
		return nil
	}
	if err := all.sign(ctx); err != nil {
		all.drop(k)
		return err
	}
	return nil
}

// sign gives a sign of life.
func (all *keyedCalls) sign(ctx context.Context) error {
	now := time.Now()
	if err := all.store.KV.Set(ctx, all.lease(all.node), []byte{}, keyedLease); err != nil {
		return err
	}
	all.mu.Lock()
	all.signed = now
	all.mu.Unlock()
	return nil
}

// end forgets a call that does not run any more, and wakes those that wait for it.
func (all *keyedCalls) end(k *keyedCall) {
	all.drop(k)
	all.wake(k.name)
	if b := all.engine.backend; b.Shared {
		ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
		defer cancel()
		_, _ = b.Bus.Publish(ctx, keyedChannel(k.name), nil) // who is not woken looks by himself
	}
}

func (all *keyedCalls) drop(k *keyedCall) {
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.runs, k.record.Run)
}

// later has a change made that the store has not taken. Until then the call counts as running.
func (all *keyedCalls) later(k *keyedCall, r *keyedRecord) {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.changes = append(all.changes, keyedChange{k, r})
	all.tickLater()
}

// tickLater is called with mu held.
func (all *keyedCalls) tickLater() {
	if !all.ticking && !all.stopped {
		all.ticking = true
		time.AfterFunc(all.every(), all.tick)
	}
}

// tick does what there is to be done from time to time, as long as calls run here.
func (all *keyedCalls) tick() {
	all.mu.Lock()
	all.ticking = false
	if all.stopped || len(all.runs) == 0 {
		all.mu.Unlock()
		return
	}
	changes, runs := all.changes, make([]*keyedCall, 0, len(all.runs))
	for _, k := range all.runs {
		runs = append(runs, k)
	}
	all.changes = nil
	all.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	err := all.sign(ctx)
	for _, k := range runs {
		if err == nil {
			err = k.touch(ctx)
		}
	}
	if err != nil {
		all.engine.config.Log.Warn("the storage does not learn that calls with idempotency keys are running", "error", err)
	}
	for _, change := range changes {
		if err == nil {
			err = change.k.replace(change.r, all.keeps(keyedAsks))
		}
		if err == nil {
			all.end(change.k)
		} else {
			all.later(change.k, change.r)
		}
	}
	all.mu.Lock()
	all.tickLater()
	all.mu.Unlock()
}

// alive tells that a call still runs. That it has ended may not have been written yet.
func (all *keyedCalls) alive(ctx context.Context, r *keyedRecord) (bool, error) {
	if r.Node == all.node {
		all.mu.Lock()
		defer all.mu.Unlock()
		return all.runs[r.Run] != nil, nil
	}
	sign, err := all.store.KV.Get(ctx, all.lease(r.Node))
	return sign != nil, err
}

// keyedChannel is where it is told that there is news of a key.
func keyedChannel(name string) string { return "idempotency:" + name }

// watch gives a channel that receives when there is news of a key, here or elsewhere.
func (all *keyedCalls) watch(name string) (woken <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	all.mu.Lock()
	all.waiting[name] = append(all.waiting[name], ch)
	all.mu.Unlock()
	// Where nothing is shared there is no news from elsewhere. Who hears of none looks by himself.
	unwatch, err := all.engine.node.watch(keyedChannel(name), func([]byte) { knock(ch) })
	return ch, func() {
		if err == nil {
			unwatch()
		}
		all.mu.Lock()
		defer all.mu.Unlock()
		rest := slices.DeleteFunc(all.waiting[name], func(other chan struct{}) bool { return other == ch })
		if all.waiting[name] = rest; len(rest) == 0 {
			delete(all.waiting, name)
		}
	}
}

// knock wakes one who waits.
func knock(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

func (all *keyedCalls) wake(name string) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, ch := range all.waiting[name] {
		knock(ch)
	}
}

func (all *keyedCalls) wakeAll() {
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, chs := range all.waiting {
		for _, ch := range chs {
			knock(ch)
		}
	}
}

// stop takes the sign of life back: of what runs still, nothing more will be heard, and nobody is to wait for it.
func (all *keyedCalls) stop(ctx context.Context) {
	all.mu.Lock()
	all.stopped = true
	signed := !all.signed.IsZero()
	all.mu.Unlock()
	if !signed {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), taskStopTimeout)
	defer cancel()
	if err := all.store.KV.Delete(ctx, all.lease(all.node)); err != nil {
		all.engine.config.Log.Warn("the storage still believes this node to be alive", "error", err)
	}
}
