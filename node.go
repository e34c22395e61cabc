package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// node is an App among those that share its store: how it tells the others of something, and hears what they tell. What
// is told may be lost, and the hooks of onLost then read the truth where it is kept. A node that shares nothing tells
// nobody and hears nothing.
type node struct {
	// id is this node's own, for as long as it runs. A node that starts anew is another.
	id    string
	store *store.Backend
	base  context.Context
	log   *slog.Logger

	// wiring is held while the subscription changes, and mu is not: what is delivered meanwhile needs mu.
	wiring sync.Mutex
	sub    store.Subscription // nil: not connected, or not any more

	mu      sync.Mutex
	kinds   map[string]func(payload []byte)
	losses  []func()
	watches map[string][]*watch
	serving bool // others can be told, and heard
}

// watch is what one caller of node.watch wants to hear.
type watch struct{ f func(data []byte) }

const (
	// nodesChannel is what every node hears.
	nodesChannel = "nodes"
	// maxNodePayload bounds a message between nodes, in bytes. What is larger belongs into the store; the message says
	// where.
	maxNodePayload = 64 << 10
	// nodeTimeout is how long the store may take to pass a message on.
	nodeTimeout = 3 * time.Second
)

var (
	errNodePayload = fmt.Errorf("fastmcp: a message between nodes has more than %d bytes", maxNodePayload)
	errNodeDeaf    = errors.New("fastmcp: this node hears no others: it shares no storage, or does not serve")
)

func newNode(b *store.Backend, base context.Context, log *slog.Logger) *node {
	return &node{
		id: newID(), store: b, base: base, log: log,
		kinds: make(map[string]func([]byte)), watches: make(map[string][]*watch),
	}
}

// on calls f with the payload of each message of a kind that another node has told. A kind is 1 to 255 bytes long and has
// one f. f is called on the goroutine that hears all messages, so it must be quick; payload is its to read, not to change,
// and not after it has returned. What it panics with is logged.
func (n *node) on(kind string, f func(payload []byte)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.kinds[kind] != nil {
		panic("fastmcp: messages of the kind " + kind + " are heard already")
	}
	n.kinds[kind] = f
}

// onLost calls f when messages may have been missed, of any kind and channel, and behind those that came before the loss.
// It must be as quick as what on calls.
func (n *node) onLost(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.losses = append(n.losses, f)
}

// tell tells all other nodes. It waits for the store, for nodeTimeout at most, so no lock may be held. An error is the
// store's, or of a payload that is too large. Where nothing is shared, and while the App does not serve, nobody is told.
func (n *node) tell(kind string, payload []byte) error {
	if !n.serves() {
		return nil
	}
	if len(payload) > maxNodePayload {
		return errNodePayload
	}
	ctx, cancel := context.WithTimeout(n.base, nodeTimeout)
	defer cancel()
	_, err := n.store.Bus.Publish(ctx, nodesChannel, appendNodeMessage(nil, n.id, kind, payload))
	return err
}

// watch calls f with what is published on a channel of the App's own store, as it is, by whichever node: what a Log wakes its
// readers by, for one. f is as in on. nodesChannel is the nodes' own. It is an error where nothing is shared, before the App
// serves, and after it was shut down.
func (n *node) watch(channel string, f func(data []byte)) (stop func(), err error) {
	n.wiring.Lock()
	defer n.wiring.Unlock()
	if n.sub == nil {
		return nil, errNodeDeaf
	}
	one := &watch{f: f}
	n.mu.Lock()
	n.watches[channel] = append(n.watches[channel], one)
	first := len(n.watches[channel]) == 1
	n.mu.Unlock()
	if first {
		if err := n.sub.Add(channel); err != nil {
			n.unwatch(channel, one)
			return nil, err
		}
	}
	return sync.OnceFunc(func() {
		n.wiring.Lock()
		defer n.wiring.Unlock()
		if n.unwatch(channel, one) && n.sub != nil {
			_ = n.sub.Remove(channel) // what nobody watches is dropped in hear
		}
	}), nil
}

// unwatch tells that nobody watches the channel any more.
func (n *node) unwatch(channel string, one *watch) (last bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	rest := slices.DeleteFunc(slices.Clone(n.watches[channel]), func(other *watch) bool { return other == one })
	if len(rest) > 0 {
		n.watches[channel] = rest
		return false
	}
	delete(n.watches, channel)
	return true
}

// open begins to hear. It does so once, however often an App is mounted.
func (n *node) open() error {
	n.wiring.Lock()
	defer n.wiring.Unlock()
	if !n.store.Shared || n.sub != nil {
		return nil
	}
	n.serve(true)
	sub, err := n.store.Bus.Subscribe(n.hear, n.missed)
	if err != nil {
		n.serve(false)
		return err
	}
	if err := sub.Add(nodesChannel); err != nil {
		n.serve(false)
		return errors.Join(err, sub.Close())
	}
	n.sub = sub
	return nil
}

// serves tells that others can be told, and heard.
func (n *node) serves() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.serving
}

func (n *node) serve(serving bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.serving = serving
}

// close ends hearing.
func (n *node) close() {
	n.serve(false)
	n.wiring.Lock()
	defer n.wiring.Unlock()
	if n.sub != nil {
		_ = n.sub.Close() // it can only be closed already
		n.sub = nil
	}
}

// hear takes what comes over the bus.
func (n *node) hear(channel string, data []byte) {
	if channel != nodesChannel {
		n.mu.Lock()
		all := n.watches[channel]
		n.mu.Unlock()
		for _, one := range all {
			n.call("what is published on "+channel, func() { one.f(data) })
		}
		return
	}
	from, kind, payload, ok := parseNodeMessage(data)
	if !ok || from == n.id {
		return // of a version to come, of somebody else, or what this node itself has told
	}
	n.mu.Lock()
	f := n.kinds[kind]
	n.mu.Unlock()
	if f != nil { // other nodes may know more kinds
		n.call(kind, func() { f(payload) })
	}
}

// missed takes that messages may have been lost.
func (n *node) missed() {
	n.mu.Lock()
	all := n.losses
	n.mu.Unlock()
	for _, f := range all {
		n.call("lost messages", f)
	}
}

// call keeps what hears a message from ending the process.
func (n *node) call(what string, f func()) {
	if !n.serves() {
		return // what is on the way when it is closed
	}
	if err := contain(func() error { f(); return nil }); err != nil {
		n.log.Error("hearing other nodes failed", "of", what, "error", err, "stack", string(err.(*fault).stack))
	}
}

// nodeMessageVersion begins every message. A node ignores those of versions that it does not know: in a rolling update
// there are older and newer ones.
const nodeMessageVersion = 1

// appendNodeMessage writes the version, then who tells and the kind, each behind its length in one byte, then the payload.
func appendNodeMessage(b []byte, from, kind string, payload []byte) []byte {
	b = append(b, nodeMessageVersion)
	for _, s := range []string{from, kind} {
		b = append(append(b, byte(len(s))), s...)
	}
	return append(b, payload...)
}

func parseNodeMessage(b []byte) (from, kind string, payload []byte, ok bool) {
	if len(b) == 0 || b[0] != nodeMessageVersion {
		return "", "", nil, false
	}
	b = b[1:]
	for _, s := range []*string{&from, &kind} {
		if len(b) == 0 || len(b) < 1+int(b[0]) {
			return "", "", nil, false
		}
		*s, b = string(b[1:1+int(b[0])]), b[1+int(b[0]):]
	}
	return from, kind, b, from != "" && kind != "" && len(b) <= maxNodePayload
}
