package stdio

import (
	"slices"
	"sync"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// queue has the requests that have no answer yet: which run, and which wait for their turn, in the order in which they
// came. Reading never waits for it.
type queue struct {
	maxRunning, maxWaiting int
	// idle is closed when no call is left, and none can come.
	idle chan struct{}

	mu      sync.Mutex
	calls   map[string]*call // by the id, exactly as it was sent
	waiting []*call
	running int // that have a turn
	aside   int // that run without one
	closed  bool
}

func newQueue(maxRunning, maxWaiting int) *queue {
	return &queue{maxRunning: maxRunning, maxWaiting: maxWaiting, idle: make(chan struct{}), calls: map[string]*call{}}
}

// add takes a call. starts tells that it is its turn at once: the caller runs it. Once the queue is closed nothing is
// taken, and nothing said.
func (q *queue) add(c *call) (starts bool, refusal *protocol.Error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return false, nil
	case q.calls[string(c.ID)] != nil:
		return false, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: a request with this id is running")
	case q.running < q.maxRunning:
		q.running++
		c.stage = starting
		starts = true
	case len(q.waiting) >= q.maxWaiting:
		return false, protocol.Errorf(protocol.CodeServer, "Too many requests are waiting: try again later")
	default:
		q.waiting = append(q.waiting, c)
	}
	q.calls[string(c.ID)] = c
	return starts, nil
}

// accepted notes that the engine knows the call, and can cancel it. A cancellation that came before is given back.
func (q *queue) accepted(c *call) (note *rpc.Call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c.stage = running
	return c.note
}

// setAside lets a call that will last go on without a turn, if not too many do. next is who gets the turn.
func (q *queue) setAside(c *call) (next *call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.aside >= q.maxRunning {
		return nil
	}
	q.aside++
	c.aside = true
	return q.pass()
}

// done notes the end of a call. next is who gets its turn.
func (q *queue) done(c *call) (next *call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.release(c)
	if c.aside {
		q.aside--
	} else {
		next = q.pass()
	}
	q.rest()
	return next
}

// free lets the id of a call that has been answered be used again.
func (q *queue) free(c *call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.release(c)
}

// release is free, with q.mu held.
func (q *queue) release(c *call) {
	if q.calls[string(c.ID)] == c { // else it has been forgotten, and the id may be another's by now
		delete(q.calls, string(c.ID))
	}
}

// pass gives a turn to who has waited longest. q.mu is held.
func (q *queue) pass() (next *call) {
	if len(q.waiting) == 0 {
		q.running--
		return nil
	}
	next = q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	next.stage = starting
	return next
}

// cancel finds the request with that id. One that waited has been taken out. note is what the engine is to be told of
// one that runs; while it is starting, accepted gives it back.
func (q *queue) cancel(id []byte, note *rpc.Call) (c *call, was stage) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c = q.calls[string(id)]
	if c == nil {
		return nil, 0
	}
	was = c.stage
	switch was {
	case waiting:
		q.waiting = slices.DeleteFunc(q.waiting, func(other *call) bool { return other == c })
		delete(q.calls, string(id))
		q.rest()
	case starting:
		if c.Session != "" { // else it is not the engine that cancels it
			c.note = note
		}
	}
	return c, was
}

// forget takes out all calls of sessions, so that their ids can be used by the next session's. Those that wait never
// run.
func (q *queue) forget() (all []*call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for id, c := range q.calls {
		if !c.Revision.IsStateless() {
			all = append(all, c)
			delete(q.calls, id)
		}
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(c *call) bool { return !c.Revision.IsStateless() })
	return all
}

// close takes no more calls. What has been taken goes on.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.rest()
}

// drop forgets the calls that wait.
func (q *queue) drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = nil
	q.rest()
}

// rest tells when there is nothing left to wait for. q.mu is held.
func (q *queue) rest() {
	if !q.closed || q.running+q.aside+len(q.waiting) > 0 {
		return
	}
	select {
	case <-q.idle:
	default:
		close(q.idle)
	}
}
