package fastmcp

import (
	"context"
	"errors"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/task"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// A task that runs has an owner: the node whose id is in its Record, for as long as that gives signs of life. They are kept in
// the store, where all nodes see them, each for TaskConfig.Lease. One sign serves all tasks of a node. Whose sign has lapsed is
// believed to be dead, which it may not be: what it writes afterwards is refused, by the fence in the Record.

// taskEnd is how a task has ended, where its client is to read that.
type taskEnd struct {
	t              *taskRun
	status         task.Status
	result, failed []byte
}

// every is how often the node gives a sign of life, while tasks run here.
func (s *tasks) every() time.Duration { return s.config.Lease / 3 }

// known makes sure that the node is known to be alive.
func (s *tasks) known(ctx context.Context) error {
	s.mu.Lock()
	fresh := wall().Sub(s.signed) < s.every()
	s.tickLater()
	s.mu.Unlock()
	if fresh {
		return nil
	}
	_, err := s.sign(ctx)
	return err
}

// sign gives a sign of life, and tells whether the one before has lapsed.
func (s *tasks) sign(ctx context.Context) (late bool, err error) {
	began := wall()
	if err := s.desk.Sign(ctx, s.node, s.config.Lease, s.config.MaxTTL); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	late = began.Sub(s.signed) > s.config.Lease
	s.signed = began
	return late, nil
}

// wall is the time that goes on while a machine sleeps. That of time.Since does not.
func wall() time.Time { return time.Now().Round(0) }

// tickLater is called with mu held.
func (s *tasks) tickLater() {
	if !s.ticking && !s.closed {
		s.ticking = true
		time.AfterFunc(s.every(), s.tick)
	}
}

// tick does what there is to be done from time to time, as long as tasks run here.
func (s *tasks) tick() {
	s.mu.Lock()
	s.ticking = false
	if s.closed || s.count == 0 {
		s.mu.Unlock()
		return
	}
	s.tickLater()
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(s.engine.app.base, storeTimeout)
	defer cancel()
	late, err := s.sign(ctx)
	if err != nil {
		s.engine.config.Log.Warn("the storage does not learn that tasks are running", "error", err)
		return
	}
	s.endAll(ctx)
	if late {
		s.recheck()
	}
}

// recheck finds out which of the tasks that run here have been taken for dead, and ends them.
func (s *tasks) recheck() {
	s.mu.Lock()
	all := make([]*taskRun, 0, len(s.running))
	for _, t := range s.running {
		all = append(all, t)
	}
	s.mu.Unlock()
	for _, t := range all {
		if t.queued || !t.isLive() {
			continue
		}
		ctx, cancel := context.WithTimeout(s.engine.app.base, storeTimeout)
		r, err := s.desk.Get(ctx, t.id)
		cancel()
		switch {
		case err == nil:
			t.news(r)
		case errors.Is(err, task.ErrUnknown), errors.Is(err, task.ErrUnreadable):
			t.job.Cancel("") // nobody will read what it comes to
		default:
			s.mu.Lock()
			s.signed = time.Time{} // the next sign is late, too
			s.mu.Unlock()
			return
		}
	}
}

// end keeps how a task has ended. What the store does not take now is tried again: until then the task counts as running.
func (s *tasks) end(e taskEnd) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if s.kept(ctx, e) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = append(s.ends, e)
	s.tickLater()
}

// endAll keeps how tasks have ended that the store has not taken before.
func (s *tasks) endAll(ctx context.Context) {
	s.mu.Lock()
	ends := s.ends
	s.ends = nil
	s.mu.Unlock()
	for i, e := range ends {
		if !s.kept(ctx, e) {
			s.mu.Lock()
			s.ends = append(s.ends, ends[i:]...) // a store that is away would take its time with each
			s.mu.Unlock()
			return
		}
	}
}

// kept tells that it is kept how a task has ended, or at least that what it came to is lost: a result may be more than the
// store takes.
func (s *tasks) kept(ctx context.Context, e taskEnd) bool {
	t := e.t
	if t.finish(ctx, e.status, e.result, e.failed) != nil {
		lost := protocol.Errorf(protocol.CodeInternal, "What the task has come to could not be kept")
		if t.finish(ctx, task.Failed, nil, protocol.AppendErrorObject(nil, lost)) != nil {
			return false // the log has why
		}
	}
	t.mu.Lock()
	released := t.released
	t.mu.Unlock()
	s.dismiss(t) // who has been told that it is over may begin the next one
	if !released {
		_ = s.desk.Settle(ctx, s.node, t.id) // or a sweep does
	}
	return true
}

// leave takes the sign of life back: what is left is nobody's, and others need not wait until that shows.
func (s *tasks) leave(ctx context.Context, left bool) {
	if err := s.desk.Leave(ctx, s.node); err != nil {
		s.engine.config.Log.Warn("the storage still believes that this node runs tasks", "error", err)
	}
	if left {
		_ = s.engine.node.tell(taskNodeLeft, []byte(s.node)) // who does not hear it finds out
	}
}

// taskNodeLeft is the message of a node that has left tasks behind.
const taskNodeLeft = "tasks left"

// outlived tells that the store goes on without this process.
func (s *tasks) outlived() bool {
	b := s.engine.backend
	return b.Shared || b.Filled != nil
}

// alive tells that a task has somebody who runs it.
func (s *tasks) alive(ctx context.Context, r *task.Record) (bool, error) {
	if r.Node == s.node {
		t := s.here(r.ID)
		return t != nil && t.fence == r.Fence, nil
	}
	return s.desk.Alive(ctx, r.Node)
}
