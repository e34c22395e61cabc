package session

import (
	"context"
	"strconv"
	"sync"
	"time"
)

// newsKey is when any node last had news for clients that are away, in milliseconds since 1970.
const newsKey = "news"

// newsSlack is how far the clocks of nodes, and when they write, may be apart.
const newsSlack = 5 * time.Second

// News notes that there is something to tell all clients, those that are away included: see Missed.
func (h *Hub) News() {
	c := h.cluster
	if c == nil {
		return
	}
	now := h.c.Now()
	last := time.UnixMilli(c.news.Load())
	if now.Sub(last) < newsSlack/2 || !c.news.CompareAndSwap(last.UnixMilli(), now.UnixMilli()) {
		return // it has been noted, as well as clocks agree
	}
	go func() {
		ctx, cancel := c.ctx()
		defer cancel()
		if err := c.b.KV.Set(ctx, newsKey, strconv.AppendInt(nil, now.UnixMilli(), 10), h.c.TTL+time.Minute); err != nil {
			c.news.Store(0) // the next news try again
		}
	}()
}

// Missed tells that there may have been news while nobody read the session's own stream, on no node. It is asked before
// somebody does.
func (r *Record) Missed() bool {
	c := r.hub.cluster
	if c == nil {
		return false // news are kept as any event
	}
	ctx, cancel := c.ctx()
	defer cancel()
	v, err := c.b.KV.Get(ctx, newsKey)
	if err != nil || v == nil {
		return err != nil
	}
	news, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil {
		return true
	}
	p, err := r.own.far.place()
	if err != nil {
		return true
	}
	since := p.at
	if since.IsZero() {
		since = r.created
	}
	return time.UnixMilli(news).Add(newsSlack).After(since)
}

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
