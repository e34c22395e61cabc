package concurrency

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// queues are those who run and those who wait, by key. A key is there while somebody runs.
type queues struct {
	max, most int // who run, and who wait
	wait      time.Duration

	mu    sync.Mutex
	byKey map[place]*queue
	spare []*queue // of keys that are gone, so that the next ones cost nothing
}

// place is what is bounded: a key in one place of one App.
type place struct {
	of        *store.Backend
	kind, key string
	name      string
}

// queue is one key's.
type queue struct {
	running int
	waiting list.List // of chan struct{}, which are closed when it is their turn
}

// maxSpare bounds what is kept for keys to come.
const maxSpare = 64

// enter takes a place, if need be behind others. It is false when there is none in time; an error is ctx's.
func (q *queues) enter(ctx context.Context, p place) (bool, error) {
	q.mu.Lock()
	one := q.byKey[p]
	if one == nil {
		one = q.fresh()
		q.byKey[p] = one
	}
	if one.running < q.max {
		one.running++
		q.mu.Unlock()
		return true, nil
	}
	if one.waiting.Len() >= q.most {
		q.mu.Unlock()
		return false, nil
	}
	turn := make(chan struct{})
	e := one.waiting.PushBack(turn)
	q.mu.Unlock()
	return q.await(ctx, one, e, turn)
}

// await waits for a turn. Who waits no longer leaves the queue; whose turn has come meanwhile has it all the same.
func (q *queues) await(ctx context.Context, one *queue, e *list.Element, turn <-chan struct{}) (bool, error) {
	timer := time.NewTimer(q.wait)
	defer timer.Stop()
	var err error
	select {
	case <-turn:
		return true, nil
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-turn:
		return true, nil
	default:
		one.waiting.Remove(e)
		return false, err
	}
}

// leave gives a place to who has waited longest.
func (q *queues) leave(p place) {
	q.mu.Lock()
	defer q.mu.Unlock()
	one := q.byKey[p]
	if first := one.waiting.Front(); first != nil {
		close(one.waiting.Remove(first).(chan struct{}))
		return
	}
	if one.running--; one.running == 0 {
		delete(q.byKey, p)
		if len(q.spare) < maxSpare {
			q.spare = append(q.spare, one)
		}
	}
}

// fresh is a queue without anybody.
func (q *queues) fresh() *queue {
	if n := len(q.spare); n > 0 {
		one := q.spare[n-1]
		q.spare = q.spare[:n-1]
		return one
	}
	return &queue{}
}
