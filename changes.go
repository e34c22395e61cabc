package fastmcp

import (
	"slices"
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
	// uris are the resources that have been updated, each once and in order, and place is where in it each is.
	uris  []string
	place map[string]int
	// every resource may have been updated.
	every bool
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
	if _, again := n.place[uri]; again {
		return
	}
	if n.place == nil {
		n.place = make(map[string]int)
	}
	n.place[uri] = len(n.uris)
	n.uris = append(n.uris, uri)
}

// of are the updated resources among those that somebody wants to hear of, in order. Either may be many, so it is the
// fewer that are gone through.
func (n *news) of(wants []string, has func(uri string) bool) (uris []string) {
	if len(n.uris) <= len(wants) {
		for _, uri := range n.uris {
			if has(uri) {
				uris = append(uris, uri)
			}
		}
		return uris
	}
	for _, uri := range wants {
		if _, ok := n.place[uri]; ok {
			uris = append(uris, uri)
		}
	}
	slices.SortFunc(uris, n.before)
	return uris
}

func (n *news) before(a, b string) int { return n.place[a] - n.place[b] }

// changes collects news until they are told. What everybody may know never waits for a guard.
type changes struct {
	engine *engine
	others updates // what other nodes are to be told
	lists  listNews

	mu    sync.Mutex
	fresh news // settle has not passed
	timer *time.Timer
	// held waits for guards to say who may know. One goroutine at a time asks them.
	held   news
	asking bool
}

// list tells those who may see an entry that it has come to a list, or gone, soon.
func (c *changes) list(list int, e *entry) {
	if len(e.guards) == 0 {
		c.lists.add(list)
	}
	c.listHere(list, e)
}

// listHere is list for what changes on every node, each of which tells its own.
func (c *changes) listHere(list int, e *entry) {
	c.noteAway()
	c.add(settle, func(n *news) { n.addEntry(list, e) })
}

// updated tells those who have subscribed to a resource, and may read it, that it is another, soon.
func (c *changes) updated(uri string) {
	c.noteAway()
	c.others.add(uri)
	if c.engine.subscribed(uri) { // so that no more is kept than there are subscriptions
		c.add(settle, func(n *news) { n.addURI(uri) })
	}
}

// add has news told when others have had a time to join them.
func (c *changes) add(wait time.Duration, to func(*news)) {
	if c.engine.hub.Len() == 0 && c.engine.listeners.none() {
		return // nobody to tell
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	to(&c.fresh)
	if c.timer == nil {
		c.timer = time.AfterFunc(wait, c.flush)
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
