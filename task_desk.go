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
	engine *engine
	desk   *task.Desk
	config *TaskConfig
	node   string // this one
	shelf  *taskShelf
	// again is takeOver. It is a field because what runs a call is not to be part of what is known of every method.
	again func(context.Context, *task.Record) *task.Record

	mu      sync.Mutex
	closed  bool
	running map[string]*taskRun
	stops   map[string]func()
	owners  map[string]int
	count   int

	ends     []taskEnd // that the store has not taken
	signed   time.Time // when the last sign of life was given
	ticking  bool
	sweeping *time.Timer // until the next sweep; nil: there are none
}

func newTasks(e *engine) *tasks {
	s := &tasks{
		engine: e, desk: task.New(e.backend.Scope("task")), config: &e.config.Tasks, node: e.node.id, shelf: newTaskShelf(&e.config.Tasks),
		running: make(map[string]*taskRun), stops: make(map[string]func()), owners: make(map[string]int),
	}
	s.again = s.takeOver
	e.node.on(taskNodeLeft, s.hearLeft)
	return s
}

// admit makes room for a task, or refuses it.
func (s *tasks) admit(t *taskRun) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return turnedDown(rpc.Unavailable, time.Second, "The server is shutting down")
	case s.running[t.id] != nil:
		return errTaskHere
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

// errTaskHere is about a task that is run here, or was until a moment ago.
var errTaskHere = errors.New("fastmcp: the task runs here")

// begin hears of a task that has been admitted, and has it kept. One that cannot be kept is dismissed.
func (s *tasks) begin(t *taskRun, left time.Duration, keep func() error) error {
	stop, err := s.desk.Watch(t.id, t.news)
	if err == nil {
		if err = keep(); err == nil {
			unlimit := t.job.context.life.limit(left)
			s.keep(t, func() { unlimit(); stop() })
			return nil
		}
		stop()
	}
	s.dismiss(t)
	return err
}

// turnedDown has a status of its own, and is told on a stream that has begun.
func turnedDown(class rpc.Class, after time.Duration, message string) error {
	err := protocol.Errorf(protocol.CodeServer, "%s", message)
	return errors.Join(refused{&rpc.Refusal{Class: class, RetryAfter: after, Err: err}}, err)
}

// keep notes what is to be done when a task does not run any more.
func (s *tasks) keep(t *taskRun, stop func()) {
	s.mu.Lock()
	if s.running[t.id] != t {
		s.mu.Unlock()
		stop() // it is over already
		return
	}
	s.stops[t.id] = stop
	s.mu.Unlock()
}

// dismiss forgets a task that does not run any more.
func (s *tasks) dismiss(t *taskRun) {
	s.mu.Lock()
	var stop func()
	if s.running[t.id] == t {
		stop = s.stops[t.id]
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

// now is how many tasks run here, or were handed over here, and are not over.
func (s *tasks) now() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// here finds a task that runs here.
func (s *tasks) here(id string) *taskRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[id]
}

// stop ends all tasks: those that another node may run again are left to whoever does, the others end with an error that says
// why. It waits for none of them. Who asks for one afterwards, on another node or after a restart, is to learn that, so it is
// kept even when ctx is over; a store that does not answer is given up soon.
func (s *tasks) stop(ctx context.Context) {
	s.mu.Lock()
	s.closed = true
	all, signed := make([]*taskRun, 0, len(s.running)), !s.signed.IsZero()
	for _, t := range s.running {
		all = append(all, t)
	}
	if s.sweeping != nil {
		s.sweeping.Stop()
	}
	s.mu.Unlock()
	stopped := protocol.Errorf(protocol.CodeServer, "The server has stopped before the task was over: call again")
	failure := protocol.AppendErrorObject(nil, stopped)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), taskStopTimeout)
	defer cancel()
	s.endAll(ctx)
	released := false
	for _, t := range all {
		if t.queued {
			continue // others have it
		}
		if t.resumable && s.outlived() && t.release(ctx) == nil {
			released = true
		} else {
			_ = t.finish(ctx, task.Failed, nil, failure) // the log has why
		}
		t.job.context.life.cancel(context.Canceled)
	}
	if signed {
		s.leave(ctx, released)
	}
	s.desk.Close()
}

// taskStopTimeout is how long the store may take to keep that all tasks have ended with the server.
const taskStopTimeout = 2 * time.Second
