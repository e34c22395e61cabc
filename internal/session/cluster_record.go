package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/fastmcp-go/fastmcp/protocol"
)

// storedVersion is the form that records have in the store. One of another form is no record: its client initializes
// again.
const storedVersion = 1

// stored is a record in the store.
type stored struct {
	Version int `json:"v"`
	// Changes counts them: of two readings of a record the one with more of them is newer.
	Changes      int64           `json:"changes,omitempty"`
	Revision     string          `json:"revision"`
	Principal    string          `json:"principal,omitempty"`
	Client       json.RawMessage `json:"client,omitempty"`
	Capabilities json.RawMessage `json:"capabilities,omitempty"`
	Created      time.Time       `json:"created"`
	Initialized  bool            `json:"initialized,omitempty"`
	Level        uint32          `json:"level,omitempty"`
	Subscribed   []string        `json:"subscribed,omitempty"`
	Issued       []string        `json:"issued,omitempty"`
}

// The names of what a session has in the store have its id in common, so that a store of several parts keeps them
// together.
func recordKey(id string) string             { return "s:" + id + ":r" }
func stateKey(id string) string              { return "s:" + id + ":k" }
func questionKey(id, question string) string { return "s:" + id + ":q:" + question }
func streamName(id, stream string) string    { return "s:" + id + ":e:" + stream }

// allSessions is the index of sessions, for what is sent to all, and principalSet of those of one principal.
const allSessions = "all"

func principalSet(key string) string { return "of:" + key }

// sets are the indexes that a session is in.
func (r *Record) sets() []string {
	if r.PrincipalKey == "" {
		return []string{allSessions}
	}
	return []string{allSessions, principalSet(r.PrincipalKey)}
}

// enlist puts a session into its indexes, or gives it new time there.
func (c *cluster) enlist(ctx context.Context, r *Record) error {
	for _, set := range r.sets() {
		if err := c.b.Index.Put(ctx, set, r.ID, c.h.c.TTL); err != nil {
			return err
		}
	}
	return nil
}

func raw(v any) json.RawMessage {
	b, _ := v.([]byte)
	return b
}

// stored is how the record is written.
func (r *Record) stored() stored {
	r.mu.Lock()
	defer r.mu.Unlock()
	return stored{
		Version: storedVersion, Revision: r.Revision.String(), Principal: r.PrincipalKey, Client: raw(r.Client),
		Capabilities: raw(r.Capabilities), Created: r.created, Initialized: r.initialized.Load(), Level: r.level.Load(),
		Subscribed: slices.Clone(r.subscribed), Issued: slices.Clone(r.issued),
	}
}

// take makes the record what the store says that it is, or said when it had been taken so often. A slow reading may come in
// behind a newer one, or behind a change, and then it is not taken.
func (r *Record) take(s *stored, taken int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken.Load() != taken && s.Changes < r.version {
		return
	}
	r.taken.Add(1)
	r.version = s.Changes
	r.initialized.Store(s.Initialized)
	r.level.Store(s.Level)
	r.subscribed, r.issued = s.Subscribed, s.Issued
}

// parseStored reads a record; ok is false when it is none of ours.
func parseStored(data []byte) (s *stored, r protocol.Revision, ok bool) {
	s = new(stored)
	if json.Unmarshal(data, s) != nil || s.Version != storedVersion {
		return nil, 0, false
	}
	r, ok = protocol.ParseRevision(s.Revision)
	if len(s.Client) == 0 || bytes.Equal(s.Client, []byte("null")) {
		s.Client = nil
	}
	return s, r, ok && r.HasSessions()
}

// create writes a new record.
func (c *cluster) create(r *Record) error {
	text, err := json.Marshal(r.stored())
	if err != nil {
		return err // what the client has said is JSON
	}
	ctx, cancel := c.ctx()
	defer cancel()
	if err := c.b.KV.Set(ctx, recordKey(r.ID), text, c.h.c.TTL); err != nil {
		return c.failed(err)
	}
	if err := c.enlist(ctx, r); err != nil {
		return c.failed(err)
	}
	r.note(c)
	r.renewed.Store(int64(c.h.now()))
	return nil
}

// note notes that the record is what the store has.
func (r *Record) note(c *cluster) {
	r.round.Store(c.round.Load())
	r.read.Store(int64(c.h.now()))
}

// current is the record with that id, as the store has it: r is the one that is kept here, nil when none is.
func (c *cluster) current(r *Record, id string) (*Record, error) {
	if len(id) != idLength {
		return nil, ErrNotFound
	}
	if r == nil {
		return c.reread(nil, id)
	}
	at, now := time.Duration(r.read.Load()), c.h.now()
	known := at != 0 && now-at < trusted && !r.expired(now)
	if !known || r.round.Load() != c.round.Load() {
		there, err := c.reread(r, id)
		if known && errors.Is(err, ErrUnavailable) {
			return r, nil // news of it may have been missed, but it is not so long ago that it was read
		}
		return there, err
	}
	if now-at >= refreshAfter && r.refreshing.CompareAndSwap(false, true) {
		go func() {
			defer r.refreshing.Store(false)
			_, _ = c.reread(r, id) // the next request finds out
		}()
	}
	return r, nil
}

// reread reads a record from the store.
func (c *cluster) reread(r *Record, id string) (*Record, error) {
	round, taken, told := c.round.Load(), int64(0), int64(0)
	if r != nil {
		taken, told = r.taken.Load(), r.told.Load()
	}
	ctx, cancel := c.ctx()
	defer cancel()
	data, err := c.b.KV.Get(ctx, recordKey(id))
	if err != nil {
		return nil, c.failed(err)
	}
	var s *stored
	var rev protocol.Revision
	ok := data != nil
	if ok {
		if s, rev, ok = parseStored(data); !ok {
			c.log.Warn("a session's record in the store cannot be read: its client has to initialize again")
		}
	}
	if !ok {
		if r != nil {
			c.h.finish(r, Expired, r.end())
		}
		return nil, ErrNotFound
	}
	if r == nil {
		r = c.h.adopt(id, rev, s)
	}
	r.take(s, taken)
	r.note(c)
	r.round.Store(round)
	if r.told.Load() != told {
		r.read.Store(0) // it has changed while it was read: whoever comes next reads it again
	}
	return r, nil
}

// there tells whether the store has a session.
func (c *cluster) there(id string) (bool, error) {
	ctx, cancel := c.ctx()
	defer cancel()
	data, err := c.b.KV.Get(ctx, recordKey(id))
	return data != nil, c.failed(err)
}

// adopt keeps a session here that another node has opened.
func (h *Hub) adopt(id string, rev protocol.Revision, s *stored) *Record {
	r := newRecord(h, Opening{Revision: rev, Client: []byte(s.Client), Capabilities: []byte(s.Capabilities)})
	r.ID, r.PrincipalKey, r.created, r.adopted = id, s.Principal, s.Created, true
	r.own.far = newFar(h.cluster, r.ID, r.own.id)
	r.busy.Store(0)
	r.renewed.Store(int64(-h.c.TTL)) // it is not known when it was: now
	h.mu.Lock()
	if there := h.find(id); there != nil {
		h.mu.Unlock()
		return there // somebody was quicker
	}
	var idle *Record
	if len(h.total.members) >= h.c.MaxTotal {
		if idle = h.total.evict(h.now()); idle != nil {
			h.forget(idle)
		}
	}
	h.admit(r)
	h.mu.Unlock()
	if idle != nil {
		h.farewell(idle, Elsewhere) // it is in the store, and found there when it is wanted
	}
	return r
}

// change writes what fn makes of the record. Other nodes read it again.
func (c *cluster) change(r *Record, fn func(*stored)) error {
	ctx, cancel := c.ctx()
	defer cancel()
	for range updateAttempts {
		taken := r.taken.Load()
		old, err := c.b.KV.Get(ctx, recordKey(r.ID))
		if err != nil {
			return c.failed(err)
		}
		if old == nil {
			return ErrEnded
		}
		s, _, ok := parseStored(old)
		if !ok {
			return ErrEnded
		}
		fn(s)
		text, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if bytes.Equal(text, old) {
			r.take(s, taken)
			return nil
		}
		s.Changes++
		if text, err = json.Marshal(s); err != nil {
			return err
		}
		done, err := c.b.Atomic.CAS(ctx, recordKey(r.ID), old, text, c.h.c.TTL)
		if err != nil {
			return c.failed(err)
		}
		if done {
			r.take(s, taken)
			// Before the answer: what its client sends next may come to a node that believes what it knows.
			c.tell(everyNode, message{Kind: toldChanged, Session: r.ID})
			return nil
		}
	}
	return ErrConflict
}

// remove takes a session out of the store, and tells whether it was there: who takes it out has ended it, and nobody else.
func (c *cluster) remove(r *Record) (there bool, err error) {
	ctx, cancel := c.ctx()
	defer cancel()
	data, err := c.b.Atomic.Take(ctx, recordKey(r.ID))
	if err != nil {
		return false, c.failed(err) // it is there still, and in its indexes, where who tries again finds it
	}
	// The rest is of no use without the record, and expires.
	_ = c.b.KV.Delete(ctx, stateKey(r.ID))
	for _, set := range r.sets() {
		_ = c.b.Index.Remove(ctx, set, r.ID)
	}
	_ = c.b.Log.Drop(ctx, streamName(r.ID, r.own.id))
	_ = c.b.KV.Delete(ctx, streamName(r.ID, r.own.id)+":f")
	c.tell(everyNode, message{Kind: toldEnded, Session: r.ID})
	return data != nil, nil
}

// renew gives sessions that are in use here new time in the store, well before theirs is over.
func (c *cluster) renew() {
	now := c.h.now()
	var keys []string
	var records []*Record
	c.h.All(func(r *Record) bool {
		renewed := time.Duration(r.renewed.Load())
		inUse := r.busy.Load() > 0 || time.Duration(r.used.Load()) > renewed
		if inUse && now-renewed >= c.h.c.TTL/8 {
			keys = append(keys, recordKey(r.ID), stateKey(r.ID))
			records = append(records, r)
		}
		return true
	})
	if len(keys) == 0 {
		return
	}
	ctx, cancel := c.ctx()
	defer cancel()
	if err := c.b.KV.TouchAll(ctx, c.h.c.TTL, keys...); err != nil {
		c.log.Warn("sessions could not be renewed in the store", "sessions", len(records), "error", err)
		return
	}
	for _, r := range records {
		if c.enlist(ctx, r) == nil {
			r.renewed.Store(int64(now))
		}
	}
}
