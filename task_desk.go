package fastmcp

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/task"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// tasks are those that run here.
type tasks struct {
	desk   *task.Desk
	config *TaskConfig

	mu      sync.Mutex
	closed  bool
	running map[string]*taskRun
	stops   map[string]func()
	owners  map[string]int
	count   int
}

func newTasks(a *App) *tasks {
	return &tasks{
		desk: task.New(a.backend.Scope("task")), config: &a.config.Tasks,
		running: make(map[string]*taskRun), stops: make(map[string]func()), owners: make(map[string]int),
	}
}

// admit makes room for a task, or refuses it.
func (s *tasks) admit(t *taskRun) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return turnedDown(rpc.Unavailable, time.Second, "The server is shutting down")
	case s.count >= s.config.Max:
		return turnedDown(rpc.Unavailable, s.config.Poll, "Too many tasks are running: try again later")
	case t.owner != ownerAnyone && s.owners[t.owner] >= s.config.MaxPerOwner:
		return turnedDown(rpc.TooMany, s.config.Poll, "Too many of your tasks are running: wait for one, or cancel it")
	}
	s.count++
	s.owners[t.owner]++
	s.running[t.id] = t
	return nil
}

// turnedDown has a status of its own, and is told on a stream that has begun.
func turnedDown(class rpc.Class, after time.Duration, message string) error {
	err := protocol.Errorf(protocol.CodeServer, "%s", message)
	return errors.Join(refused{&rpc.Refusal{Class: class, RetryAfter: after, Err: err}}, err)
}

// keep notes what is to be done when a task does not run any more.
func (s *tasks) keep(t *taskRun, stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops[t.id] = stop
}

// dismiss forgets a task that does not run any more.
func (s *tasks) dismiss(t *taskRun) {
	s.mu.Lock()
	stop := s.stops[t.id]
	if s.running[t.id] != nil {
		delete(s.running, t.id)
		delete(s.stops, t.id)
		s.count--
		if s.owners[t.owner]--; s.owners[t.owner] == 0 {
			delete(s.owners, t.owner)
		}
	}
	s.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// here finds a task that runs here.
func (s *tasks) here(id string) *taskRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[id]
}

// stop ends all tasks with an error that says why, and waits for none of them. Who asks for one afterwards, on another node
// or after a restart, is to learn that, so it is kept even when ctx is over; a store that does not answer is given up soon.
func (s *tasks) stop(ctx context.Context) {
	s.mu.Lock()
	s.closed = true
	all := make([]*taskRun, 0, len(s.running))
	for _, t := range s.running {
		all = append(all, t)
	}
	s.mu.Unlock()
	stopped := protocol.Errorf(protocol.CodeServer, "The server has stopped before the task was over: call again")
	failure := protocol.AppendErrorObject(nil, stopped)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), taskStopTimeout)
	defer cancel()
	for _, t := range all {
		_ = t.finish(ctx, task.Failed, nil, failure) // the log has why
		t.job.context.life.cancel(context.Canceled)
	}
	s.desk.Close()
}

// taskStopTimeout is how long the store may take to keep that all tasks have ended with the server.
const taskStopTimeout = 2 * time.Second
