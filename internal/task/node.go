package task

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrLost tells that a task is another's by now, or nobody's: who ran it was believed to be dead, or has given it away.
var ErrLost = errors.New("task: somebody else's by now")

// Sign says that a node runs, and is to be believed for lease. keep is how long after its last sign it is still known as a
// node that may have left tasks behind: as long as the longest of them lasts.
func (d *Desk) Sign(ctx context.Context, node string, lease, keep time.Duration) error {
	if err := d.store.KV.Set(ctx, signOf(node), []byte{}, lease); err != nil {
		return err
	}
	return d.store.Index.Put(ctx, nodesSet, node, keep)
}

// Leave takes the sign back: what the node has left behind is nobody's from now on.
func (d *Desk) Leave(ctx context.Context, node string) error {
	return d.store.KV.Delete(ctx, signOf(node))
}

// Alive tells that a node has signed, and is to be believed still.
func (d *Desk) Alive(ctx context.Context, node string) (bool, error) {
	sign, err := d.store.KV.Get(ctx, signOf(node))
	return sign != nil, err
}

// Nodes calls f with each node that has signed and not been buried.
func (d *Desk) Nodes(ctx context.Context, f func(node string)) error { return d.each(ctx, nodesSet, f) }

// Left calls f with the id of each task that was begun on a node and is not known to be over.
func (d *Desk) Left(ctx context.Context, node string, f func(id string)) error {
	return d.each(ctx, runsOf(node), f)
}

// Bury forgets a node that has left nothing behind. One that lives after all is known again with its next sign.
func (d *Desk) Bury(ctx context.Context, node string) error {
	return d.store.Index.Remove(ctx, nodesSet, node)
}

// Settle notes that a node has nothing to do with a task any more.
func (d *Desk) Settle(ctx context.Context, node, id string) error {
	return d.store.Index.Remove(ctx, runsOf(node), id)
}

func (d *Desk) each(ctx context.Context, set string, f func(member string)) error {
	cursor := ""
	for {
		members, next, err := d.store.Index.Members(ctx, set, cursor, 0)
		if err != nil {
			return err
		}
		for _, m := range members {
			f(m)
		}
		if cursor = next; cursor == "" {
			return nil
		}
	}
}

// Write is Update for who runs a task: by its fence it is told apart from those that ran it before. ErrLost tells that the
// task is not its own any more, and that nothing was written.
func (d *Desk) Write(ctx context.Context, id string, fence int64, change func(*Record)) (*Record, error) {
	return d.Update(ctx, id, func(r *Record) error {
		if r.Fence != fence || r.Node == "" {
			return ErrLost
		}
		change(r)
		return nil
	})
}

// Claim makes a task a node's, in one step: seen is how it stood when it was found to be nobody's, and it must stand like
// that still, or ErrLost. From then on nobody else writes what a run of it comes to. What was asked is asked no more, and what
// was answered stays.
func (d *Desk) Claim(ctx context.Context, seen *Record, node string) (*Record, error) {
	left := seen.Created.Add(seen.TTL).Sub(d.now())
	if left <= 0 {
		return nil, ErrUnknown
	}
	// Before it is claimed: a node that dies in between has left a task that is not its own, which does no harm.
	if err := d.store.Index.Put(ctx, runsOf(node), seen.ID, left); err != nil {
		return nil, fmt.Errorf("task: it cannot be kept: %w", err)
	}
	r, err := d.Update(ctx, seen.ID, func(r *Record) error {
		if r.Fence != seen.Fence {
			return ErrLost
		}
		if r.Node != "" {
			r.Losses++
		}
		r.Node, r.Fence, r.Status, r.Message = node, r.Fence+1, Working, ""
		for key := range r.Inputs {
			r.Used = append(r.Used, key)
		}
		clear(r.Inputs)
		return nil
	})
	if err == nil && seen.Node != "" && seen.Node != node {
		_ = d.Settle(ctx, seen.Node, seen.ID) // who looks for what that node has left finds another's task, and settles it
	}
	return r, err
}

// Release makes a task nobody's: who wants may claim it. It stays among what its node has left, where it is found.
func (d *Desk) Release(ctx context.Context, id string, fence int64) (*Record, error) {
	return d.Write(ctx, id, fence, func(r *Record) { r.Node, r.Fence = "", r.Fence+1 })
}

const nodesSet = "nodes"

func signOf(node string) string { return "node:" + node }
func runsOf(node string) string { return "runs:" + node }
