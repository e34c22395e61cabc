package fastmcp

import (
	"encoding/json"
	"sync"
	"time"
)

// kindUpdated is what nodes tell each other of resources that have been updated: a JSON array of URIs, or nothing, when any
// may have been.
const kindUpdated = "updated"

// What is kept for other nodes is bounded: beyond it they are told that any resource may have been updated.
const maxUpdatedBytes = 16 * maxNodePayload

// updatesAgain is how long it takes until what could not be told is told again.
const updatesAgain = time.Second

// settleHeard is how long what other nodes tell waits for more of it: they have collected it for settle already.
const settleHeard = 10 * time.Millisecond

// updates collects what is to be told other nodes. The zero value tells nobody.
type updates struct {
	node *node

	mu    sync.Mutex
	uris  map[string]struct{}
	bytes int
	every bool // every resource may have been updated
	// busy: what there is will be told; nobody else need see to it.
	busy bool
}

// share connects changes with those on other nodes.
func (c *changes) share(n *node) {
	if !n.store.Shared {
		return
	}
	c.others.node, c.lists.node = n, n
	n.on(kindUpdated, c.hear)
	n.on(kindLists, c.hearLists)
	n.onLost(c.lost)
}

// noteAway notes that clients of shared sessions whose streams nobody reads, on any node, have something to hear when they
// come back.
func (c *changes) noteAway() {
	if c.others.node != nil && c.others.node.serves() {
		c.engine.hub.News()
	}
}

// hear takes what another node has told.
func (c *changes) hear(payload []byte) {
	var uris []string
	if len(payload) == 0 || json.Unmarshal(payload, &uris) != nil {
		c.add(settleHeard, func(n *news) { n.every = true })
		return
	}
	c.add(settleHeard, func(n *news) {
		for _, uri := range uris {
			n.addURI(uri)
		}
	})
}

// lost is for when what others have told may have been missed: all that anybody here listens to may have changed.
func (c *changes) lost() {
	c.add(settle, func(n *news) {
		n.every = true
		for _, note := range changedNotes {
			n.lists |= note.list
			delete(n.hidden, note.list)
		}
	})
}

// add tells other nodes of a resource soon.
func (u *updates) add(uri string) {
	if u.node == nil || !u.node.serves() {
		return // nobody is told, and nobody has missed anything: who begins to listen begins anew
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.keep(uri)
	if !u.busy {
		u.busy = true
		time.AfterFunc(settle, u.tell)
	}
}

// keep is called with u.mu held.
func (u *updates) keep(uri string) {
	if _, again := u.uris[uri]; again || u.every {
		return
	}
	if u.bytes += len(uri); u.bytes > maxUpdatedBytes {
		u.uris, u.every = nil, true
		return
	}
	if u.uris == nil {
		u.uris = make(map[string]struct{})
	}
	u.uris[uri] = struct{}{}
}

// take is what there is to tell now, as payloads; none when there is nothing, and then it is somebody else's turn.
func (u *updates) take() (payloads [][]byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	uris, every := u.uris, u.every
	u.uris, u.bytes, u.every = nil, 0, false
	if every {
		return [][]byte{nil}
	}
	if u.busy = len(uris) > 0; !u.busy {
		return nil
	}
	b := []byte{'['}
	for uri := range uris {
		quoted, _ := marshal(uri) // a string always marshals
		if len(b)+len(quoted)+2 > maxNodePayload && len(b) > 1 {
			payloads, b = append(payloads, append(b, ']')), []byte{'['}
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, quoted...)
	}
	return append(payloads, append(b, ']'))
}

// tell tells what there is, and what comes meanwhile. What the store does not pass on, and a URI that no message can hold, is
// told a little later, as that any resource may have been updated.
func (u *updates) tell() {
	for payloads := u.take(); len(payloads) > 0; payloads = u.take() {
		for _, payload := range payloads {
			if u.node.tell(kindUpdated, payload) == nil {
				continue
			}
			u.mu.Lock()
			u.uris, u.bytes, u.every = nil, 0, true
			u.mu.Unlock()
			select {
			case <-u.node.base.Done():
				return
			case <-time.After(updatesAgain):
			}
			break
		}
		select {
		case <-u.node.base.Done():
			return
		case <-time.After(settle): // many are told as one
		}
	}
}
