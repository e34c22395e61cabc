package fastmcp

import (
	"strconv"
	"sync"
	"time"
)

// kindLists is what nodes tell each other of lists that have changed on one of them: the sum of their numbers, in decimal.
// What has a guard is told on its own node only, where the guard is.
const kindLists = "lists"

// listNews collects which lists other nodes are to be told of. The zero value tells nobody.
type listNews struct {
	node *node

	mu    sync.Mutex
	lists int
}

// add tells other nodes of a list soon.
func (l *listNews) add(list int) {
	if l.node == nil || !l.node.serves() {
		return // what a node begins with is no news to others
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lists == 0 {
		time.AfterFunc(settle, l.tell)
	}
	l.lists |= list
}

// tell tells. Nodes that cannot hear it are told that they have missed something, when they hear again.
func (l *listNews) tell() {
	l.mu.Lock()
	lists := l.lists
	l.lists = 0
	l.mu.Unlock()
	if err := l.node.tell(kindLists, strconv.AppendInt(nil, int64(lists), 10)); err != nil {
		l.node.log.Warn("other nodes cannot be told of a list that has changed", "error", err)
	}
}

// hearLists takes what another node has told.
func (c *changes) hearLists(payload []byte) {
	lists, err := strconv.Atoi(string(payload))
	if err != nil || lists <= 0 {
		return
	}
	c.add(settleHeard, func(n *news) { n.lists |= lists }) // a list that this version does not know is nobody's
}
