package session

import (
	"context"
	"sync"
)

// Broadcast sends an event to every session, on its own stream, where one that nobody reads keeps it. Of sessions that
// are shared that is those of all nodes: their logs are in the store, and it takes as many steps there.
func (h *Hub) Broadcast(ctx context.Context, data []byte) error {
	return h.send(ctx, allSessions, data, func(*Record) bool { return true })
}

// BroadcastTo is Broadcast to the sessions of the principal with that key, which is not "".
func (h *Hub) BroadcastTo(ctx context.Context, principalKey string, data []byte) error {
	return h.send(ctx, principalSet(principalKey), data, func(r *Record) bool { return r.PrincipalKey == principalKey })
}

// send sends an event to the sessions of an index, which are those that fit.
func (h *Hub) send(ctx context.Context, set string, data []byte, fits func(*Record) bool) error {
	if h.cluster != nil {
		return h.cluster.broadcast(ctx, set, data)
	}
	h.All(func(r *Record) bool {
		if fits(r) {
			_, _ = r.own.Append(data) // a session that has just ended hears nothing
		}
		return true
	})
	return nil
}

const (
	// broadcastPage is how many sessions are looked up at once, broadcasters how many logs are written at once.
	broadcastPage = 1000
	broadcasters  = 32
)

func (c *cluster) broadcast(ctx context.Context, set string, data []byte) error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed error
	slots := make(chan struct{}, broadcasters)
	for cursor, first := "", true; first || cursor != ""; first = false {
		ids, next, err := c.b.Index.Members(ctx, set, cursor, broadcastPage)
		if err != nil {
			failed = c.failed(err)
			break
		}
		for _, id := range ids {
			slots <- struct{}{}
			all.Go(func() {
				defer func() { <-slots }()
				if _, err := newFar(c, id, "0").append(newEntry(kindEvent, data)); err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
				}
			})
		}
		cursor = next
	}
	all.Wait()
	return failed
}
