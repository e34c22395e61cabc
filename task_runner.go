package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/task"
)

// TaskRunner has tasks run somewhere else: it hands them to an engine made for that, whose workers call App.RunTask. The
// package tasks/asynq is one. Its methods may be called from any goroutine.
type TaskRunner interface {
	// Enqueue hands a task over. When it returns without an error, RunTask is called for it, in some process, until it has
	// returned without an error: at least once. RunTask sees to it that a task is run by one at a time, and no more when
	// it is over. A job with an ID and a Run that it has already is no second job, and no error. After an error the task does
	// not run, and its client is told to try again (503).
	Enqueue(ctx context.Context, job TaskJob) error
}

// TaskJob names a task that is to be run. All else is kept in Config.Storage, so that nothing secret goes through a queue; who
// knows ID may know what the task comes to, if its caller had no name.
type TaskJob struct {
	// ID is the task's, Tool the name of its tool.
	ID   string `json:"id"`
	Tool string `json:"tool"`
	// Run tells the times apart that a task is handed over: it is handed over anew when its worker has died, if its tool is
	// TaskResumable.
	Run int64 `json:"run"`
	// Deadline is when it is not kept any more, nor run: TaskConfig.TTL after its beginning.
	Deadline time.Time `json:"deadline"`
}

// ErrEnqueued is what the rest of the chain returns for a call whose task a TaskRunner has, on the node that has taken the
// call: the function runs elsewhere, where all links of the chain see the call again. A middleware that counts or logs
// errors lets it pass: nothing has failed.
var ErrEnqueued = errors.New("fastmcp: the task runs elsewhere")

// ErrTaskTaken is what RunTask says of a task that another process runs.
var ErrTaskTaken = errors.New("fastmcp: another process runs the task")

// RunTask runs a task that was handed to Config.Tasks.Runner of an App with the same name, Storage, Keys and tools, and
// keeps what it comes to: its client hears of its progress and of its end from any node. The App need not serve; the first
// RunTask connects its Storage, and Shutdown ends it.
//
// It returns nil when nothing is left to be done: the task is over, is not kept any more, or may not be run. An error means
// that RunTask is to be called again later, here or elsewhere: ErrTaskTaken, an error of Storage, or of Config.Tasks.Max and
// MaxPerOwner. A task whose worker has died is run again if its tool is TaskResumable, and else has failed.
//
// When ctx ends first, the function's Context is cancelled, and RunTask returns when the function has. A task that is
// TaskResumable may then be run by another at once, and the error is ctx's; any other has ended as the function left it.
func (a *App) RunTask(ctx context.Context, job TaskJob) error {
	if err := a.start(); err != nil {
		return err
	}
	s := a.engine().tasks
	r, err := s.desk.Get(ctx, job.ID)
	switch {
	case errors.Is(err, task.ErrUnknown):
		return nil
	case errors.Is(err, task.ErrUnreadable):
		a.config.Log.Error("a task cannot be run", "task", fingerprint(job.ID), "tool", job.Tool, "error", err)
		return nil
	case err != nil:
		return fmt.Errorf("fastmcp: the task cannot be looked up: %w", err)
	case r.Over() || !r.Elsewhere:
		return nil
	}
	t, err := s.take(ctx, r)
	if t == nil {
		return err
	}
	return t.workFor(ctx)
}

// take makes a task this node's that an engine wants run. t is nil when it does not become that.
func (s *tasks) take(ctx context.Context, r *task.Record) (t *taskRun, err error) {
	if r.Node != "" {
		alive, err := s.alive(ctx, r)
		switch {
		case err != nil:
			return nil, fmt.Errorf("fastmcp: the storage cannot tell whether the task runs: %w", err)
		case alive:
			return nil, ErrTaskTaken
		case !r.Resumable || r.Losses >= s.config.MaxTakeovers:
			return nil, s.given(s.orphan(ctx, r))
		}
	}
	if t, err = s.revive(r); errors.Is(err, errReviveLater) {
		return nil, err
	} else if err != nil {
		s.engine.config.Log.Warn("a task cannot be run", "task", fingerprint(r.ID), "tool", r.Tool, "error", err)
		return nil, s.given(s.giveUp(ctx, r, "The task could not be run: "+reviveReason(err)))
	}
	if _, err = s.claim(ctx, t, r); err == nil {
		return t, nil
	}
	t.job.context.life.finish()
	switch {
	case errors.Is(err, task.ErrLost), errors.Is(err, errTaskHere):
		return nil, ErrTaskTaken
	case errors.Is(err, task.ErrOver), errors.Is(err, task.ErrUnknown):
		return nil, nil
	}
	return nil, fmt.Errorf("fastmcp: the task cannot be run now: %w", err)
}

// given tells that a task has been given up, as r says; else it is to be tried again.
func (s *tasks) given(r *task.Record) error {
	if r.Over() {
		return nil
	}
	return ErrTaskTaken
}

// workFor runs the chain for an engine's worker, which may be told to stop.
func (t *taskRun) workFor(ctx context.Context) error {
	done := make(chan struct{})
	go t.work(func(err error) {
		defer close(done)
		t.settle(err)
	})
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	var interrupted error
	if t.resumable {
		keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
		if t.release(keep) == nil {
			interrupted = ctx.Err()
		}
		cancel()
	}
	t.job.context.life.cancel(context.Canceled)
	<-done
	return interrupted
}

// hand keeps a task, and hands it to the engine that has it run. Until it is over it counts as its owner's.
func (t *taskRun) hand(ctx context.Context, r *task.Record) error {
	s := t.engine.tasks
	place := &taskRun{engine: t.engine, id: t.id, owner: t.owner, queued: true, kept: t.kept}
	if err := s.admit(place); err != nil {
		return err
	}
	var over sync.Once
	stop, err := s.desk.Watch(t.id, func(r *task.Record) {
		if r.Over() {
			over.Do(func() { place.kept.add(len(r.Result) + len(r.Error)) })
			s.dismiss(place)
		}
	})
	if err == nil {
		if err = s.enqueue(ctx, r); err == nil {
			timer := time.AfterFunc(t.ttl, func() { s.dismiss(place) })
			s.keep(place, func() { timer.Stop(); stop() })
			return nil
		}
		stop()
	}
	s.dismiss(place)
	return err
}

func (s *tasks) enqueue(ctx context.Context, r *task.Record) error {
	if err := s.desk.Create(ctx, r); err != nil {
		return err
	}
	if s.handOver(ctx, r) == nil {
		return nil
	}
	_ = s.desk.Drop(context.WithoutCancel(ctx), r.ID) // nobody has been told of it; it would expire
	return turnedDown(rpc.Unavailable, s.config.Poll, "The task cannot be run now: try again later")
}

// handOver gives a task to the engine, whatever that does.
func (s *tasks) handOver(ctx context.Context, r *task.Record) error {
	job := TaskJob{ID: r.ID, Tool: r.Tool, Run: r.Fence, Deadline: r.Created.Add(r.TTL)}
	err := contain(func() error { return s.config.Runner.Enqueue(ctx, job) })
	if err != nil {
		s.engine.config.Log.Error("a task could not be handed over", "task", fingerprint(r.ID), "tool", r.Tool, "error", err)
	}
	return err
}
