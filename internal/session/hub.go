package session

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
)

// Hub has the sessions of one App. The zero value is not one; New makes it.
type Hub struct {
	c     Config
	start time.Time
	// top is the hub whose bounds hold for all that stand below it, Config.Above's or this one itself. What all of their logs
	// keep is counted in its bytes, and all of their sessions in its count.
	top          *Hub
	bytes, count atomic.Int64
	lost         atomic.Int64 // see Lost
	// cluster is nil when sessions are this process's only.
	cluster *cluster
	// draining refuses new sessions and streams.
	draining atomic.Bool
	shards   [shardCount]shard

	mu         sync.Mutex
	total      group
	principals map[string]*group
	ips        map[prefix]*group
	sweeper    *sweeper
	wall       bool // its time is the machine's
}

// shard has a part of the sessions, so that calls on different sessions seldom meet at a lock.
type shard struct {
	mu      sync.RWMutex
	records map[string]*Record
	_       [32]byte // keeps neighbours out of each other's cache line
}

const (
	shardCount = 64 // a power of two, and no more than a base64url character tells apart
	idBytes    = 16 // 128 bits (MCP security best practices: session ids are not to be guessed)
	idLength   = 22
)

// New makes a Hub. It starts nothing: the sweeper runs only while there are sessions.
func New(c Config) *Hub {
	h := &Hub{wall: c.Now == nil, c: c.withDefaults(), principals: map[string]*group{}, ips: map[prefix]*group{}}
	h.top = h
	if h.c.Above != nil {
		h.top = h.c.Above.top
		h.c.LogTotalBytes = h.top.c.LogTotalBytes
	}
	if h.c.Share != nil {
		h.cluster = newCluster(h, h.c.Share)
	}
	h.start = h.c.Now().Add(-time.Second) // its time is never 0, which stands for never
	for i := range h.shards {
		h.shards[i].records = map[string]*Record{}
	}
	return h
}

// now is how long the hub has been there. Unlike the time of day it does not jump.
func (h *Hub) now() time.Duration {
	if h.wall {
		return time.Since(h.start) // half the price of time.Now
	}
	return h.c.Now().Sub(h.start)
}

func (h *Hub) shard(id string) *shard { return &h.shards[(id[0]^id[1]<<3)%shardCount] }

// Get finds a session for a request by the principal with that key, and counts as use of it. It returns ErrNotFound
// when there is none, or not any more, ErrForeign when it is another principal's, and ErrUnavailable when the store that
// would know does not answer. It does not allocate.
func (h *Hub) Get(id, principalKey string) (*Record, error) {
	return h.get(id, func(r *Record) bool { return r.PrincipalKey == principalKey })
}

// GetFor is Get for who calls. To know a caller again costs no hash.
func (h *Hub) GetFor(id string, p *auth.Principal) (*Record, error) {
	return h.get(id, func(r *Record) bool { return r.isOf(p) })
}

func (h *Hub) get(id string, owns func(*Record) bool) (*Record, error) {
	r := h.find(id)
	if h.cluster != nil {
		var err error
		if r, err = h.cluster.current(r, id); err != nil {
			return nil, err
		}
	}
	if r == nil {
		return nil, ErrNotFound
	}
	now := h.now()
	if h.cluster == nil && r.expired(now) {
		h.finish(r, Expired, r.endIfExpired(now))
		return nil, ErrNotFound
	}
	if !owns(r) {
		return nil, ErrForeign
	}
	r.used.Store(int64(now))
	return r, nil
}

// Find is Peek for who goes on to Get: the session may have expired. One that another node has opened is found, too.
func (h *Hub) Find(id string) (r *Record, ok bool) {
	if r = h.find(id); r == nil && h.cluster != nil {
		r, _ = h.cluster.current(nil, id) // Get says why not
	}
	return r, r != nil
}

// Peek finds a session, whoever asks, and does not count as use of it.
func (h *Hub) Peek(id string) (r *Record, ok bool) {
	r = h.find(id)
	if h.cluster != nil {
		r, err := h.cluster.current(r, id)
		return r, err == nil
	}
	if r == nil || r.expired(h.now()) {
		return nil, false
	}
	return r, true
}

func (h *Hub) find(id string) *Record {
	if len(id) != idLength {
		return nil
	}
	s := h.shard(id)
	s.mu.RLock()
	r := s.records[id]
	s.mu.RUnlock()
	return r
}

// End ends a session: its streams are closed and its running calls cancelled, on all nodes. It tells whether there was
// one. An error is ErrUnavailable: then it may still be there.
func (h *Hub) End(id string) (bool, error) {
	r := h.find(id)
	if h.cluster != nil {
		var err error
		if r, err = h.cluster.current(r, id); err != nil && !errors.Is(err, ErrNotFound) {
			return false, err
		}
		if r != nil {
			there, err := h.cluster.remove(r)
			if err != nil {
				return false, err
			}
			if !there { // another node was quicker, and has told
				h.finish(r, Elsewhere, r.end())
				return false, nil
			}
		}
	}
	return r != nil && h.finish(r, Deleted, r.end()), nil
}

// All calls fn with each session, in no order, until it returns false. fn may call anything.
func (h *Hub) All(fn func(*Record) bool) {
	var batch []*Record
	for i := range h.shards {
		s := &h.shards[i]
		batch = batch[:0]
		s.mu.RLock()
		for _, r := range s.records {
			batch = append(batch, r)
		}
		s.mu.RUnlock()
		for _, r := range batch {
			if !fn(r) {
				return
			}
		}
	}
}

// Len is how many sessions there are. Some may have expired and not been found out yet.
func (h *Hub) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.total.members)
}

// Drain refuses new sessions and streams and ends the sessions' own streams, whose clients are told to come back in
// Config.Retry. Sessions, running calls and the streams that they write to go on.
func (h *Hub) Drain() {
	h.draining.Store(true)
	h.All(func(r *Record) bool {
		r.own.Suspend(h.c.Retry)
		return true
	})
}

// Close ends every session and stream; clients are told to come back in Config.Retry. It waits for the sweeper.
func (h *Hub) Close() {
	h.draining.Store(true)
	h.mu.Lock()
	s := h.sweeper
	h.sweeper = nil
	h.mu.Unlock()
	if s != nil {
		close(s.stop)
		<-s.done
	}
	if h.cluster != nil {
		h.cluster.leave()
		h.cluster.close()
	}
	h.All(func(r *Record) bool {
		h.finish(r, Closed, r.end())
		return true
	})
}

// finish does what is left to do for a session that this caller has ended, and returns ended.
func (h *Hub) finish(r *Record, why Reason, ended bool) bool {
	if !ended {
		return false
	}
	h.mu.Lock()
	h.forget(r)
	h.mu.Unlock()
	h.farewell(r, why)
	return true
}

// forget takes r out of all tables. h.mu is held.
func (h *Hub) forget(r *Record) {
	s := h.shard(r.ID)
	s.mu.Lock()
	delete(s.records, r.ID)
	s.mu.Unlock()
	h.total.remove(r)
	h.top.count.Add(-1)
	leave(h.principals, r.PrincipalKey, r)
	leave(h.ips, r.ip, r)
}

// farewell tells everybody who has to do with r that it has ended.
func (h *Hub) farewell(r *Record, why Reason) {
	var retry time.Duration
	if why == Closed {
		retry = h.c.Retry
	}
	r.hangUp(retry, "session "+why.String())
	// A session that is shared goes on without this node, and where it has ended tells of it.
	if h.c.OnEnd != nil && (h.cluster == nil || why != Elsewhere && why != Closed) {
		h.c.OnEnd(r, why)
	}
	if h.c.OnGone != nil && why != Closed {
		h.c.OnGone()
	}
}

// newID is a session id: visible ASCII, as the Mcp-Session-Id header wants it.
func newID() string {
	var raw [idBytes]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(raw[:])
}
