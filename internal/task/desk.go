package task

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

var (
	// ErrUnknown tells that there is no such task, or none any more.
	ErrUnknown = errors.New("task: unknown")
	// ErrUnreadable tells that what is kept of a task is none.
	ErrUnreadable = errors.New("task: what is kept of it cannot be read")
	// ErrOver tells that a task is over and does not change any more.
	ErrOver = errors.New("task: over")
)

// Desk is where the tasks of an App are kept: in its store, so that any node can answer for them.
type Desk struct {
	store *store.Backend
	now   func() time.Time
	watching
}

// New makes a Desk on a part of a store that is its own. It connects to nothing.
func New(b *store.Backend) *Desk {
	d := &Desk{store: b, now: time.Now}
	d.watching.desk = d
	return d
}

// NewID makes an id that nobody guesses: 192 random bits.
func NewID() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Create keeps a new task, and sets its times and status. Once it returns, Get finds the task on every node.
func (d *Desk) Create(ctx context.Context, r *Record) error {
	r.Created = d.now().UTC().Truncate(time.Millisecond)
	r.Updated, r.Status = r.Created, Working
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	fresh, err := d.store.Atomic.SetNX(ctx, key(r.ID), raw, r.TTL)
	if err != nil {
		return fmt.Errorf("task: it cannot be kept: %w", err)
	}
	if !fresh {
		return fmt.Errorf("task: the id %q is taken", r.ID)
	}
	err = d.store.Index.Put(ctx, owned(r.Owner), r.ID, r.TTL)
	if err == nil && r.Node != "" {
		err = d.store.Index.Put(ctx, runsOf(r.Node), r.ID, r.TTL)
	}
	if err != nil {
		_ = d.store.KV.Delete(context.WithoutCancel(ctx), key(r.ID)) // nobody has been told of it; it would expire
	}
	return err
}

// Get reads a task. The error is ErrUnknown when there is none.
func (d *Desk) Get(ctx context.Context, id string) (*Record, error) {
	r, _, err := d.read(ctx, id)
	return r, err
}

func (d *Desk) read(ctx context.Context, id string) (*Record, []byte, error) {
	if !isID(id) {
		return nil, nil, ErrUnknown
	}
	raw, err := d.store.KV.Get(ctx, key(id))
	if err != nil {
		return nil, nil, err
	}
	if raw == nil {
		return nil, nil, ErrUnknown
	}
	r := new(Record)
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if !d.now().Before(r.Created.Add(r.TTL)) {
		return nil, nil, ErrUnknown
	}
	return r, raw, nil
}

// Update changes a task by compare and swap: change may be called several times, and should do nothing but change the
// Record; an error of its ends the attempt. A task that is over is not changed: ErrOver. What has changed is kept when
// Update returns, and those that watch are told.
func (d *Desk) Update(ctx context.Context, id string, change func(*Record) error) (*Record, error) {
	for {
		r, old, err := d.read(ctx, id)
		if err != nil {
			return nil, err
		}
		if r.Over() {
			return r, ErrOver
		}
		if err := change(r); err != nil {
			return r, err
		}
		now := d.now().UTC().Truncate(time.Millisecond)
		if r.Updated = now; now.Before(r.Created) {
			r.Updated = r.Created // a clock that was set back
		}
		r.Version++
		raw, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		left := r.Created.Add(r.TTL).Sub(d.now())
		if left <= 0 {
			return nil, ErrUnknown
		}
		done, err := d.store.Atomic.CAS(ctx, key(id), old, raw, left)
		if err != nil {
			return nil, fmt.Errorf("task: it cannot be kept: %w", err)
		}
		if done {
			d.tell(ctx, r, raw)
			return r, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// Drop forgets a task that nobody has been told of.
func (d *Desk) Drop(ctx context.Context, id string) error { return d.store.KV.Delete(ctx, key(id)) }

// List gives a page of an owner's tasks, in no order that means anything.
func (d *Desk) List(ctx context.Context, owner, cursor string, n int) (all []*Record, next string, err error) {
	ids, next, err := d.store.Index.Members(ctx, owned(owner), cursor, n)
	if err != nil {
		return nil, "", err
	}
	for _, id := range ids {
		r, err := d.Get(ctx, id)
		if errors.Is(err, ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		all = append(all, r)
	}
	return all, next, nil
}

// isID tells that an id could be one of NewID's: clients send what they like, and a store has rules for its keys.
func isID(id string) bool {
	return id != "" && len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	})
}

func key(id string) string      { return "task:" + id }
func owned(owner string) string { return "owner:" + owner }
