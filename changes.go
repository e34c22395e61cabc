package fastmcp

import (
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/protocol"
)

// settle is how long a change waits for others, so that many are told as one.
const settle = 50 * time.Millisecond

// The lists that can change, as bits.
const (
	changedTools = 1 << iota
	changedResources
	changedPrompts
)

// changedNotes are what is told of each.
var changedNotes = []struct {
	list   int
	method string
	note   []byte
}{
	{changedTools, protocol.NoteToolsChanged, []byte(`{"jsonrpc":"2.0","method":"` + protocol.NoteToolsChanged + `"}`)},
	{changedResources, protocol.NoteResourcesChanged, []byte(`{"jsonrpc":"2.0","method":"` + protocol.NoteResourcesChanged + `"}`)},
	{changedPrompts, protocol.NotePromptsChanged, []byte(`{"jsonrpc":"2.0","method":"` + protocol.NotePromptsChanged + `"}`)},
}

// news is what has changed and has not been told.
type news struct {
	// lists are those of which everybody may know that they have changed.
	lists int
	// hidden is what has come to, or gone from, the other lists, which only those may know who may see one of it.
	hidden map[int][]*entry
	// uris are the resources that have been updated, each once and in order.
	uris    []string
	updated map[string]struct{}
}

func (n *news) empty() bool { return n.lists == 0 && len(n.hidden) == 0 && len(n.uris) == 0 }

// addEntry notes that an entry has come or gone.
func (n *news) addEntry(list int, e *entry) {
	switch {
	case n.lists&list != 0: // everybody will be told
	case len(e.guards) == 0:
		n.lists |= list
		delete(n.hidden, list)
	default:
		n.addHidden(list, e)
	}
}

func (n *news) addHidden(list int, entries ...*entry) {
	if n.hidden == nil {
		n.hidden = make(map[int][]*entry)
	}
	n.hidden[list] = append(n.hidden[list], entries...)
}

func (n *news) addURI(uri string) {
	if _, again := n.updated[uri]; again {
		return
	}
	if n.updated == nil {
		n.updated = make(map[string]struct{})
	}
	n.updated[uri] = struct{}{}
	n.uris = append(n.uris, uri)
}

// changes collects news until they are told. What everybody may know never waits for a guard.
type changes struct {
	engine *engine

	mu    sync.Mutex
	fresh news // settle has not passed
	timer *time.Timer
	// held waits for guards to say who may know. One goroutine at a time asks them.
	held   news
	asking bool
}

// list tells those who may see an entry that it has come to a list, or gone, soon.
func (c *changes) list(list int, e *entry) {
	if c.engine.hub.Len() == 0 && c.engine.listeners.none() {
		return // nobody to tell
	}
	c.add(func(n *news) { n.addEntry(list, e) })
}

// updated tells those who have subscribed to a resource, and may read it, that it is another, soon.
func (c *changes) updated(uri string) {
	if c.engine.subscribed(uri) { // so that no more is kept than there are subscriptions
		c.add(func(n *news) { n.addURI(uri) })
	}
}

func (c *changes) add(to func(*news)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	to(&c.fresh)
	if c.timer == nil {
		c.timer = time.AfterFunc(settle, c.flush)
	}
}

// flush tells what has settled.
func (c *changes) flush() {
	c.mu.Lock()
	n := c.fresh
	c.fresh, c.timer = news{}, nil
	c.mu.Unlock()
	guarded := c.engine.tellEverybody(n)
	if guarded.empty() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for list, entries := range guarded.hidden {
		c.held.addHidden(list, entries...)
	}
	for _, uri := range guarded.uris {
		c.held.addURI(uri)
	}
	if c.asking {
		return // who asks will come to it
	}
	for c.asking = true; !c.held.empty(); {
		n, c.held = c.held, news{}
		c.mu.Unlock()
		c.engine.tellSome(n)
		c.mu.Lock()
	}
	c.asking = false
}
