package session

import (
	"context"
	"encoding/json"
	"errors"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// ErrUnavailable: the store that nodes share could not be asked in time. What was wanted may be tried again.
var ErrUnavailable = errors.New("session: the store cannot be reached")

// Share is how several nodes have the same sessions.
type Share struct {
	// Backend is what they share. It must be a scope that nothing else uses.
	Backend *store.Backend
	// Node names this one: letters and digits, no other node's and no earlier run's.
	Node string
	// Log hears of what the store cannot do. It may be nil.
	Log *slog.Logger
	// With, if it is not nil, is a hub of this node that shares its sessions, too, and is open for longer: what it says of
	// nodes that are alive holds here, so that a node signs once, however many hubs it has. It names the node, in Node's place.
	With *Hub
}

const (
	// storeTimeout bounds one step on the store.
	storeTimeout = 3 * time.Second
	// trusted is how long a record is believed that was read from the store, refreshAfter when a used one is read again
	// in the background.
	trusted, refreshAfter = 10 * time.Second, 5 * time.Second
	// beatEvery is how often a node says that it is alive, beatLasts how long that is believed.
	beatEvery, beatLasts = 2 * time.Second, 7 * time.Second
	// lookEvery is in how many beats a node looks whether it has missed messages that it does not know to have missed.
	lookEvery = 8
	// earlyFor is how long a cancellation is kept that has overtaken its call, earlyMost how many are.
	earlyFor, earlyMost = 5 * time.Second, 4096
)

// cluster is a hub's part in what nodes share. Their messages only wake and hint: what is true is in the store.
type cluster struct {
	h    *Hub
	b    *store.Backend
	node string
	with *cluster // that says who is alive; nil: this one does
	log  *slog.Logger
	// round counts the times that messages may have been lost: records that were read in an earlier one are read again.
	round atomic.Int64
	news  atomic.Int64 // when this node last had some

	// wiring is held, by channel, while it is decided and arranged whether to listen there.
	wiring [64]sync.Mutex
	seed   maphash.Seed

	mu    sync.Mutex
	sub   store.Subscription
	stop  chan struct{}
	done  chan struct{}
	reads map[string]*Stream   // streams that are read here, by channel
	early map[string]time.Time // cancellations that have overtaken their calls

	made atomic.Int64 // the streams and the questions that this node has given numbers
}

func newCluster(h *Hub, s *Share) *cluster {
	c := &cluster{h: h, b: s.Backend, node: s.Node, log: s.Log, reads: map[string]*Stream{}, early: map[string]time.Time{}, seed: maphash.MakeSeed()}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if s.With != nil && s.With.cluster != nil {
		c.with, c.node = s.With.cluster, s.With.cluster.node
	}
	return c
}

// everyNode is the channel that all nodes listen to.
const everyNode = "all"

func nodeChannel(node string) string { return "node:" + node }
func nodeKey(node string) string     { return "alive:" + node }

// message is what nodes tell each other. A node that does not know a kind does nothing.
type message struct {
	Kind    string `json:"k"`
	Node    string `json:"n,omitempty"`
	Session string `json:"s,omitempty"`
	ID      []byte `json:"i,omitempty"`
	Text    string `json:"t,omitempty"`
	Fence   int64  `json:"f,omitempty"`
}

const (
	toldEnded    = "ended"
	toldChanged  = "changed"
	toldCancel   = "cancel"
	toldProgress = "progress"
	toldAnswer   = "answer"
	toldTaken    = "taken"
)

// Open joins the other nodes, when the hub shares its sessions. It must come before its first session.
func (h *Hub) Open(ctx context.Context) error {
	if h.cluster == nil {
		return nil
	}
	return h.cluster.open(ctx)
}

func (c *cluster) open(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sub != nil {
		return nil
	}
	sub, err := c.b.Bus.Subscribe(c.hear, c.lost)
	if err != nil {
		return err
	}
	for _, channel := range []string{everyNode, nodeChannel(c.node)} {
		if err := sub.Add(channel); err != nil {
			_ = sub.Close()
			return err
		}
	}
	if err := c.sign(ctx); err != nil {
		_ = sub.Close()
		return err
	}
	c.sub, c.stop, c.done = sub, make(chan struct{}), make(chan struct{})
	go c.beat(c.stop, c.done)
	return nil
}

// close leaves the other nodes.
func (c *cluster) close() {
	c.mu.Lock()
	sub, stop, done := c.sub, c.stop, c.done
	c.sub = nil
	c.mu.Unlock()
	if sub == nil {
		return
	}
	close(stop)
	<-done
	_ = sub.Close()
	if c.with != nil {
		return
	}
	ctx, cancel := c.ctx()
	defer cancel()
	_ = c.b.KV.Delete(ctx, nodeKey(c.node)) // else it is found to be gone a little later
}

func (c *cluster) ctx() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), storeTimeout)
}

// failed makes an error of the store's one that says what it means for a session.
func (c *cluster) failed(err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(ErrUnavailable, err)
}

// tell tells other nodes. Who does not hear of it finds out by itself, later.
func (c *cluster) tell(channel string, m message) {
	m.Node = c.node
	text, err := json.Marshal(m)
	if err != nil {
		return // it has no part that could fail
	}
	ctx, cancel := c.ctx()
	defer cancel()
	if _, err := c.b.Bus.Publish(ctx, channel, text); err != nil {
		c.log.Warn("other nodes could not be told", "what", m.Kind, "error", err)
	}
}

// hear takes what another node, or a log, tells. It does not wait for the store: other messages wait behind it.
func (c *cluster) hear(channel string, data []byte) {
	if s := c.reader(channel); s != nil {
		if m, ok := parseMessage(data); ok && m.Kind == toldTaken {
			s.taken(m.Fence)
			return
		}
		s.pull()
		return
	}
	m, ok := parseMessage(data)
	if !ok || m.Node == c.node {
		return
	}
	r := c.h.find(m.Session)
	switch m.Kind {
	case toldCancel:
		if r == nil || !r.cancelHere(m.ID, m.Text) {
			c.keepEarly(m.Session, m.ID)
			if r != nil {
				r.cancelHere(m.ID, m.Text) // it has come meanwhile, and has not seen that
			}
		}
	case toldEnded:
		if r != nil {
			go c.h.finish(r, Elsewhere, r.end()) // it may have to wait for a write that blocks
		}
	case toldChanged:
		if r != nil {
			r.told.Add(1)
			r.read.Store(0)
			if r.own.Attached() {
				go c.lookAgain(r) // it may hear of something before its next request
			}
		}
	case toldProgress:
		if r != nil {
			r.progressHere(m.Text)
		}
	case toldAnswer:
		if r != nil {
			r.used.Store(int64(c.h.now()))
			go r.collect(m.Text)
		}
	}
}

func parseMessage(data []byte) (m message, ok bool) {
	return m, len(data) > 0 && json.Unmarshal(data, &m) == nil
}

// lost is what happens when messages may have been: every record is read again with its next use, and what is read or
// waited for here is looked for in the store.
func (c *cluster) lost() {
	c.round.Add(1)
	go c.look(true)
}

// look looks in the store for what messages may have told of: for answers and for calls whose node is gone, and, when it
// looks at all, for events and readers, too.
func (c *cluster) look(all bool) {
	c.mu.Lock()
	streams := make([]*Stream, 0, len(c.reads))
	for _, s := range c.reads {
		streams = append(streams, s)
	}
	c.mu.Unlock()
	for _, s := range streams {
		s.recheck(all)
		if all {
			s.pull()
		}
	}
	c.h.All(func(r *Record) bool {
		for _, id := range r.waiting() {
			r.collect(id)
		}
		if all && r.busy.Load() > 0 && r.renewed.Load() != 0 { // else it is just being made
			_, _ = c.reread(r, r.ID) // one that is not there any more ends, and its client's streams with it
		}
		return true
	})
}

func (c *cluster) reader(channel string) *Stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reads[channel]
}

// listen has a stream's news come to s, until deaf.
func (c *cluster) listen(channel string, s *Stream) error {
	defer c.wire(channel)()
	c.mu.Lock()
	sub := c.sub
	c.reads[channel] = s
	c.mu.Unlock()
	if sub == nil {
		return ErrClosed
	}
	return c.failed(sub.Add(channel))
}

// wire holds a channel's lock until the function that it gives is called.
func (c *cluster) wire(channel string) (done func()) {
	mu := &c.wiring[maphash.String(c.seed, channel)%uint64(len(c.wiring))]
	mu.Lock()
	return mu.Unlock
}

// deaf ends listen, unless somebody else listens there by now, or s is read, or about to be.
func (c *cluster) deaf(channel string, s *Stream) {
	defer c.wire(channel)()
	if s.isRead() {
		return
	}
	c.mu.Lock()
	sub := c.sub
	mine := c.reads[channel] == s
	if mine {
		delete(c.reads, channel)
	}
	c.mu.Unlock()
	if mine && sub != nil {
		_ = sub.Remove(channel) // what still comes is nobody's
	}
}

// lookAgain reads what has changed of a session whose own stream is here. That its client has initialized, by another node,
// may make it one that can be asked.
func (c *cluster) lookAgain(r *Record) {
	if _, err := c.reread(r, r.ID); err == nil && c.h.c.OnChange != nil {
		c.h.c.OnChange(r)
	}
}

// keepEarly notes a cancellation whose call has not come yet.
func (c *cluster) keepEarly(session string, id []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.h.c.Now()
	for key, until := range c.early {
		if now.After(until) {
			delete(c.early, key)
		}
	}
	if len(c.early) < earlyMost {
		c.early[session+" "+string(id)] = now.Add(earlyFor)
	}
}

// wasEarly tells that a call has been cancelled before it came.
func (c *cluster) wasEarly(session string, id []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.early) == 0 {
		return false
	}
	key := session + " " + string(id)
	until, ok := c.early[key]
	delete(c.early, key)
	return ok && !c.h.c.Now().After(until)
}

// beat says that this node is alive, and renews what is in use.
func (c *cluster) beat(stop, done chan struct{}) {
	defer close(done)
	t := time.NewTicker(beatEvery)
	defer t.Stop()
	for n := 1; ; n++ {
		select {
		case <-stop:
			return
		case <-t.C:
		}
		ctx, cancel := c.ctx()
		if err := c.sign(ctx); err != nil {
			c.log.Warn("the store cannot be reached", "error", err)
		}
		cancel()
		c.renew()
		c.look(n%lookEvery == 0)
	}
}

// sign gives a sign of life. Where no other node can be, all others are earlier runs of this one, and dead without it.
func (c *cluster) sign(ctx context.Context) error {
	if !c.b.Shared || c.with != nil {
		return nil
	}
	return c.b.KV.Set(ctx, nodeKey(c.node), []byte{'1'}, beatLasts)
}

// alive tells whether a node is.
func (c *cluster) alive(node string) (bool, error) {
	if node == c.node {
		return true, nil
	}
	if c.with != nil {
		return c.with.alive(node)
	}
	ctx, cancel := c.ctx()
	defer cancel()
	v, err := c.b.KV.Get(ctx, nodeKey(node))
	return v != nil, c.failed(err)
}
