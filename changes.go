package fastmcp

import (
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/protocol"
)

// settle is how long a change of a list waits for others, so that many are told as one.
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

// changes collects what has changed until it is told.
type changes struct {
	engine *engine

	mu    sync.Mutex
	lists int
	timer *time.Timer
}

// tell tells clients of a change, soon.
func (c *changes) tell(list int) {
	if c.engine.hub.Len() == 0 && c.engine.listeners.none() {
		return // nobody to tell
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lists |= list
	if c.timer == nil {
		c.timer = time.AfterFunc(settle, c.flush)
	}
}

func (c *changes) flush() {
	c.mu.Lock()
	lists := c.lists
	c.lists, c.timer = 0, nil
	c.mu.Unlock()
	for _, n := range changedNotes {
		if lists&n.list != 0 {
			c.engine.broadcast(n.note)
			c.engine.listeners.tell(n.list, n.method)
		}
	}
}
