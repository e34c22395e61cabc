package fastmcp

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/task"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// What a client reads of a task that nobody runs any more.
const (
	lostTask = "The server that ran this task is gone: how far it came is not known. It may have had its effects: find out before you call again"
	lostOver = "The servers that ran this task are gone, one after the other, and it is not run again"
	lostHere = "The server that ran this task is gone, and it could not be run again: "
)

// current gives how a task stands, once it is found out whether somebody runs it still. One that nobody runs is taken over,
// where its tool allows that, or has failed.
func (s *tasks) current(ctx context.Context, r *task.Record) *task.Record {
	if r.Over() || r.Fence == 0 { // an older version of this program runs it, and signs nothing
		return r
	}
	if r.Node == "" {
		if r.Elsewhere && r.Fence == 1 {
			return r // it waits in the engine's queue
		}
		return s.orphan(ctx, r)
	}
	if alive, err := s.alive(ctx, r); alive || err != nil {
		return r // a store that does not say so has not said that it is dead
	}
	return s.orphan(ctx, r)
}

// orphan is for a task that nobody runs.
func (s *tasks) orphan(ctx context.Context, r *task.Record) *task.Record {
	switch {
	case !r.Resumable || r.Origin == nil:
		return s.giveUp(ctx, r, lostTask)
	case r.Node != "" && r.Losses >= s.config.MaxTakeovers:
		return s.giveUp(ctx, r, lostOver)
	case r.Elsewhere:
		if s.config.Runner != nil { // a worker leaves it to those that hand over
			_ = s.handOver(ctx, r) // or another time: the engine, too, calls for it again
		}
		return r
	}
	return s.again(ctx, r)
}

// giveUp fails a task that nobody runs, once, whoever finds it: by one compare and swap.
func (s *tasks) giveUp(ctx context.Context, r *task.Record, why string) *task.Record {
	lost := &protocol.Error{Code: protocol.CodeServer, Message: why, Data: map[string]any{"outcome": "unknown"}}
	failure := protocol.AppendErrorObject(nil, lost)
	now, err := s.desk.Update(ctx, r.ID, func(now *task.Record) error {
		if now.Fence != r.Fence {
			return task.ErrLost // somebody has taken it over
		}
		now.End(task.Failed)
		now.Error = failure
		return nil
	})
	log := s.engine.config.Log.With("task", fingerprint(r.ID), "tool", r.Tool, "node", r.Node)
	switch {
	case err == nil:
		log.Error("a task has failed with the node that ran it", "why", why)
		_ = s.desk.Settle(ctx, r.Node, r.ID) // or a sweep does
		s.tellSession(now)
	case errors.Is(err, task.ErrOver), errors.Is(err, task.ErrLost):
	default:
		log.Warn("that a task has failed with its node could not be kept", "error", err)
		return r
	}
	return now
}

// tellSession tells the session of a task of 2025-11-25 how it stands, if there is one still.
func (s *tasks) tellSession(r *task.Record) {
	if r.Session == "" {
		return
	}
	if session, ok := s.engine.hub.Peek(r.Session); ok {
		_, _ = session.Own().Append(taskStatusNote(r, s.config.Poll)) // a session that has ended hears nothing
	}
}

// startSweeps begins to look, now and then, for what other nodes have left behind: a task that nobody asks for is to end,
// too, for those who listen. A store that is this process's own has no other nodes.
func (s *tasks) startSweeps() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sweeping != nil || s.closed || !s.outlived() {
		return
	}
	s.sweeping = time.AfterFunc(rand.N(s.config.Lease), s.sweep)
}

// sweep looks, and looks again in a while. Nodes that began at the same time do not stay together.
func (s *tasks) sweep() {
	if s.engine.current().tasks { // else there are no tools that could be tasks
		s.sweepAll(s.engine.app.base)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.sweeping.Reset(s.config.Lease/2 + rand.N(s.config.Lease/2))
	}
}

func (s *tasks) sweepAll(ctx context.Context) {
	var nodes []string
	err := s.desk.Nodes(ctx, func(node string) { nodes = append(nodes, node) })
	for _, node := range nodes {
		if err == nil {
			err = s.sweepNode(ctx, node)
		}
	}
	if err != nil && ctx.Err() == nil {
		s.engine.config.Log.Warn("the storage cannot tell which tasks nobody runs", "error", err)
	}
}

// sweepNode looks for tasks that a node has left behind, this one included: what it runs it knows.
func (s *tasks) sweepNode(ctx context.Context, node string) error {
	if node != s.node {
		if alive, err := s.desk.Alive(ctx, node); alive || err != nil {
			return err
		}
	}
	var ids []string
	if err := s.desk.Left(ctx, node, func(id string) { ids = append(ids, id) }); err != nil {
		return err
	}
	left := 0
	for _, id := range ids {
		settled, err := s.sweepTask(ctx, node, id)
		if err != nil {
			return err
		}
		if !settled {
			left++
		}
	}
	if node == s.node || left > 0 {
		return nil
	}
	if alive, err := s.desk.Alive(ctx, node); alive || err != nil {
		return err // it has come back
	}
	return s.desk.Bury(ctx, node)
}

// sweepTask tells that a node has nothing to do with a task any more.
func (s *tasks) sweepTask(ctx context.Context, node, id string) (settled bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	r, err := s.desk.Get(ctx, id)
	if err == nil {
		r = s.current(ctx, r)
	}
	switch {
	case errors.Is(err, task.ErrUnknown):
		if node == s.node && s.here(id) != nil {
			return false, nil // it is being made
		}
	case errors.Is(err, task.ErrUnreadable): // by anybody
	case err != nil:
		return false, err
	case !r.Over() && (r.Node == node || r.Node == ""):
		return false, nil
	}
	return true, s.desk.Settle(ctx, node, id)
}

// hearLeft looks at once for what a node has left, when it says so.
func (s *tasks) hearLeft(node []byte) {
	id := string(node)
	go func() { // the messages of others wait for nobody
		if err := s.sweepNode(s.engine.app.base, id); err != nil {
			s.engine.config.Log.Warn("the storage cannot tell which tasks nobody runs", "error", err)
		}
	}()
}
