package session

import (
	"strconv"
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
