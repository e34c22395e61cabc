package fastmcp

import (
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

// taskShelf counts what is kept of tasks that were begun here, from their beginning until their TTL is over, however they end:
// to end them sooner would break what their clients were told.
// The timers of those that are kept outlive an App that has stopped, and hold nothing of it.
type taskShelf struct {
	most, mostPerOwner int
	mostBytes          int64

	mu     sync.Mutex
	owners map[string]keptShare
	all    keptShare
}

// keptShare is how much there is.
type keptShare struct {
	count int
	bytes int64
}

func newTaskShelf(c *TaskConfig) *taskShelf {
	return &taskShelf{most: c.MaxKept, mostPerOwner: c.MaxKeptPerOwner, mostBytes: c.MaxKeptBytes, owners: make(map[string]keptShare)}
}

// keptRetry is when to try again where there is no room: it is the TTL of tasks that makes some.
const keptRetry = 10 * time.Second

// keptTask is one task's part of it. nil counts nothing: a task that another node has begun.
type keptTask struct {
	shelf *taskShelf
	owner string
	bytes int64
	gone  bool
	timer *time.Timer
}

// take makes room for a task of size bytes, or refuses it. An owner has a quarter of the bytes at most; callers without name
// and session, who are one owner, are bounded by what there is for all.
func (s *taskShelf) take(owner string, ttl time.Duration, size int) (*keptTask, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.owners[owner]
	switch {
	case s.all.count >= s.most, s.all.bytes+int64(size) > s.mostBytes:
		return nil, turnedDown(rpc.Unavailable, keptRetry, "Too much is kept of tasks: try again later")
	case owner != ownerAnyone && (own.count >= s.mostPerOwner || own.bytes+int64(size) > s.mostBytes/4):
		return nil, turnedDown(rpc.TooMany, keptRetry, "Too many of your tasks are kept: try again when their time is over")
	}
	k := &keptTask{shelf: s, owner: owner}
	s.count(k, 1, int64(size))
	k.timer = time.AfterFunc(ttl, k.drop)
	return k, nil
}

// count adds to what there is of a task. s.mu is held.
func (s *taskShelf) count(k *keptTask, n int, bytes int64) {
	k.bytes += bytes
	own := s.owners[k.owner]
	own.count, own.bytes = own.count+n, own.bytes+bytes
	s.all.count, s.all.bytes = s.all.count+n, s.all.bytes+bytes
	if s.owners[k.owner] = own; own.count == 0 {
		delete(s.owners, k.owner)
	}
}

// add counts what a task has come to. It is kept, however much it is: the next task is not.
func (k *keptTask) add(size int) {
	if k == nil {
		return
	}
	k.shelf.mu.Lock()
	defer k.shelf.mu.Unlock()
	if !k.gone {
		k.shelf.count(k, 0, int64(size))
	}
}

// drop makes room again.
func (k *keptTask) drop() {
	k.shelf.mu.Lock()
	defer k.shelf.mu.Unlock()
	if !k.gone {
		k.gone = true
		k.timer.Stop()
		k.shelf.count(k, -1, -k.bytes)
	}
}
