package fastmcp

import (
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

// taskShelf counts what is kept of tasks that were begun here, from their beginning until their TTL is over, however they end:
// to end them sooner would break what their clients were told.
type taskShelf struct {
	config *TaskConfig

	mu     sync.Mutex
	owners map[string]int
	count  int
	bytes  int64
}

// keptTask is one task's part of it. nil counts nothing: a task that another node has begun.
type keptTask struct {
	shelf *taskShelf
	owner string
	bytes int64
	gone  bool
	timer *time.Timer
}

// take makes room for a task of size bytes, or refuses it. Callers without name and session are bounded together alone.
func (s *taskShelf) take(owner string, ttl time.Duration, size int) (*keptTask, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.config
	switch {
	case s.count >= c.MaxKept, s.bytes+int64(size) > c.MaxKeptBytes:
		return nil, turnedDown(rpc.Unavailable, c.Poll, "Too much is kept of tasks: try again later")
	case owner != ownerAnyone && s.owners[owner] >= c.MaxKeptPerOwner:
		return nil, turnedDown(rpc.TooMany, c.Poll, "Too many of your tasks are kept: try again when their time is over")
	}
	if s.owners == nil {
		s.owners = make(map[string]int)
	}
	k := &keptTask{shelf: s, owner: owner, bytes: int64(size)}
	s.count++
	s.owners[owner]++
	s.bytes += k.bytes
	k.timer = time.AfterFunc(ttl, k.drop)
	return k, nil
}

// add counts what a task has come to. It is kept, however much it is: the next task is not.
func (k *keptTask) add(size int) {
	if k == nil {
		return
	}
	k.shelf.mu.Lock()
	defer k.shelf.mu.Unlock()
	if !k.gone {
		k.bytes += int64(size)
		k.shelf.bytes += int64(size)
	}
}

// drop makes room again.
func (k *keptTask) drop() {
	s := k.shelf
	s.mu.Lock()
	defer s.mu.Unlock()
	if k.gone {
		return
	}
	k.gone = true
	k.timer.Stop()
	s.count--
	s.bytes -= k.bytes
	if s.owners[k.owner]--; s.owners[k.owner] == 0 {
		delete(s.owners, k.owner)
	}
}
