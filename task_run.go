package fastmcp

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/internal/task"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// taskRun is a call that becomes a task. Its chain runs on a goroutine and a Context of its own, which outlive the request.
// As long as its arguments are not bound, it is the request: what a middleware or the binder refuses is answered as ever.
type taskRun struct {
	engine *engine
	from   *job // the request
	job    *job // the one that runs the chain
	ttl    time.Duration
	owner  string
	// session is where notifications go, and questions come from, in 2025-11-25.
	session *session.Record

	id      string        // set when reached is closed
	reached chan struct{} // closed when the arguments are bound: the request may make the task
	made    chan struct{} // closed when it has, or could not: failed
	failed  error

	mu      sync.Mutex
	phase   taskPhase
	ended   bool                     // how it ended is kept
	waiting map[string]chan struct{} // by the key of a question in the Record: closed when there is news of it
	keys    map[string]bool          // those that questions in the Record have had
	asked   []taskRequest            // the questions of 2025-11-25 that wait, oldest first
	changed chan struct{}            // closed, and made anew, when there are more of them
	message string                   // the last that was told of its progress
	saying  bool                     // it is about to be kept as the status message
	said    time.Time                // when one was

	hearing sync.Mutex // held while news is heard, so that it is heard in order
	heard   int64      // the version that was heard of last
}

// taskPhase is how far a call is on its way to be a task.
type taskPhase uint8

const (
	taskPending taskPhase = iota // its arguments are not bound yet
	taskReached                  // they are
	taskLive                     // there is a task
	taskOver                     // there will be none
)

// newTask makes a call one that becomes a task.
func (j *job) newTask(ttl time.Duration) {
	j.task = &taskRun{engine: j.engine, ttl: ttl, owner: j.context.owner(), session: j.record}
}

// runTask runs the call in the background and answers with the task, once there is one.
func (j *job) runTask() rpc.Reply {
	t := j.task
	t.from, t.reached, t.made, t.changed = j, make(chan struct{}), make(chan struct{}), make(chan struct{})
	j.context.call.Peer.Keep()
	bg := t.fork(j)
	over := make(chan error, 1)
	go func() {
		err := error(&fault{value: "the handler has ended its goroutine"}) // runtime.Goexit: contain does not come back
		defer func() {
			if t.isTask() {
				t.settle(err)
			} else {
				over <- err
			}
		}()
		err = contain(bg.context.Next)
	}()
	stop := j.context.AfterFunc(func() { bg.context.life.cancel(context.Canceled) })
	defer stop()
	select {
	case err := <-over:
		return j.adopt(bg, err)
	case <-t.reached:
	}
	r, err := t.create(j)
	if t.conclude(err); err != nil {
		return j.adopt(bg, <-over)
	}
	j.context.result = taskCreated(j.appendCreated(r))
	return j.reply(nil)
}

// fork makes the job that runs the chain.
func (t *taskRun) fork(j *job) *job {
	c := &j.context
	call := *c.call
	if call.Revision.HasTaskExtension() {
		call.Meta.ProgressToken, call.Meta.LogLevel = nil, nil // a task has neither (SEP-2663)
	}
	bg := &job{engine: j.engine, method: j.method, catalog: j.catalog, inquiry: j.asks(), task: t}
	bg.context.engine, bg.context.call, bg.context.parent, bg.context.job = c.engine, &call, j.engine.app.base, bg
	bg.context.session, bg.context.tool, bg.context.chain = c.session, c.tool, c.chain
	bg.context.id = c.RequestID()
	c.mu.Lock()
	bg.context.locals = maps.Clone(c.locals)
	c.mu.Unlock()
	bg.context.life.begin(&bg.context, t)
	bg.begun = time.Now()
	t.job = bg
	return bg
}

// adopt answers the request with what its chain has come to after all.
func (j *job) adopt(bg *job, err error) rpc.Reply {
	bg.context.life.finish()
	j.context.result = bg.context.result
	j.context.progress.streamed = bg.context.takeStreamed()
	bg.mu.Lock()
	bg.over = true
	bg.mu.Unlock()
	return j.reply(err)
}

// reach says that the arguments are bound, and waits until there is a task. The chain of a call that is no task goes on.
// There is none while a question of the request's own is unanswered: that goes out first, whatever a middleware has made of
// its error (SEP-2663: all rounds come before the task).
func (c *Context) reach() error {
	t := c.job.task
	if t == nil {
		return nil
	}
	if !t.live() && c.job.asks().waits() {
		return ErrAsked
	}
	t.mu.Lock()
	before := t.phase
	if before == taskPending {
		t.id, t.phase = task.NewID(), taskReached
		close(t.reached)
	}
	t.mu.Unlock()
	if before == taskOver {
		return ErrEnded // it was abandoned
	}
	<-t.made
	return t.failed
}

// isTask tells, at the end of the chain, whether there is a task. If none was made there will be none.
func (t *taskRun) isTask() bool {
	t.mu.Lock()
	if t.phase == taskPending {
		t.phase = taskOver
	}
	none := t.phase == taskOver
	t.mu.Unlock()
	if none {
		return false
	}
	<-t.made
	return t.failed == nil
}

// conclude says what has become of making the task.
func (t *taskRun) conclude(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.phase, t.failed = taskLive, err; err != nil {
		t.phase = taskOver
	}
	close(t.made)
}

// live tells that there is a task. While one is being made it waits for that.
func (t *taskRun) live() bool {
	t.mu.Lock()
	phase := t.phase
	t.mu.Unlock()
	if phase == taskReached {
		<-t.made
		return t.failed == nil
	}
	return phase == taskLive
}

// binder is what fills the arguments of the tool's function. That of a task waits until there is one, unless the function
// has questions that come before (2026-07-28: they are asked by the request itself, SEP-2663).
func (c *Context) binder() binder {
	t := c.tool
	if c.job.task == nil || t.def.Handler.late && c.call.Revision.IsStateless() {
		return t.bind
	}
	return func(c *Context, dst any) error {
		if err := t.bind(c, dst); err != nil {
			return err
		}
		return c.reach()
	}
}

// create keeps the task, if there is room for it, and counts it as running.
func (t *taskRun) create(j *job) (*task.Record, error) {
	if err := t.engine.tasks.admit(t); err != nil {
		return nil, err
	}
	r := &task.Record{ID: t.id, Tool: j.context.tool.def.Name, Args: j.context.call.Args, Owner: t.owner, Legacy: j.context.call.Revision.HasTasks(), TTL: t.ttl}
	ctx := context.WithoutCancel(&j.context)
	stop, err := t.engine.tasks.desk.Watch(t.id, t.news)
	if err == nil {
		if err = t.engine.tasks.desk.Create(ctx, r); err == nil {
			unlimit := t.job.context.life.limit(t.ttl)
			t.engine.tasks.keep(t, func() { unlimit(); stop() })
			return r, nil
		}
		stop()
	}
	t.engine.tasks.dismiss(t)
	return nil, err
}

// settle ends the task with what its chain has come to.
func (t *taskRun) settle(err error) {
	defer t.engine.tasks.dismiss(t)
	c := &t.job.context
	data, err := t.job.encodeContained(err)
	t.job.mu.Lock()
	t.job.over = true
	t.job.mu.Unlock()
	if err != nil {
		data = protocol.AppendError(nil, c.call.ID, c.protocolError(err))
	}
	result, failed := scan.Find(data, "result"), scan.Find(data, "error")
	status := task.Completed
	if failed != nil || c.call.Revision.HasTasks() && string(scan.Find(result, "isError")) == "true" {
		status = task.Failed // 2026-07-28 calls a task with isError completed
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if err := t.finish(ctx, status, result, failed); err != nil { // a result may be more than the store takes
		lost := protocol.Errorf(protocol.CodeInternal, "What the task has come to could not be kept")
		_ = t.finish(ctx, task.Failed, nil, protocol.AppendErrorObject(nil, lost)) // the log has why
	}
	c.life.finish()
}

// finish keeps how the task ended, and tells. A task that is over already, or is not kept any more, stays as it is.
func (t *taskRun) finish(ctx context.Context, status task.Status, result, failed []byte) error {
	if t.hasEnded() {
		return nil
	}
	r, err := t.engine.tasks.desk.Update(ctx, t.id, func(r *task.Record) error {
		r.End(status)
		r.Result, r.Error = result, failed
		return nil
	})
	if err != nil && !errors.Is(err, task.ErrOver) && !errors.Is(err, task.ErrUnknown) {
		t.job.context.Log().Error("the end of a task could not be kept", "task", fingerprint(t.id), "status", string(status), "error", err)
		return err
	}
	t.mu.Lock()
	t.ended = true
	t.mu.Unlock()
	if r != nil {
		t.news(r) // the watch is about to end
	}
	return nil
}

func (t *taskRun) hasEnded() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended
}

// storeTimeout is how long the store may take to keep what a handler has come to.
const storeTimeout = 5 * time.Second

// news hears of the changes of the task, on whatever node they were made.
func (t *taskRun) news(r *task.Record) {
	t.hearing.Lock()
	defer t.hearing.Unlock()
	if r.Version <= t.heard {
		return
	}
	t.heard = r.Version
	if r.Status == task.Cancelled {
		t.job.Cancel("")
	}
	t.mu.Lock()
	for key, heard := range t.waiting {
		if _, answered := r.Answers[key]; answered || r.Over() {
			close(heard)
			delete(t.waiting, key)
		}
	}
	t.mu.Unlock()
	if t.session != nil && r.Legacy {
		_, _ = t.session.Own().Append(taskStatusNote(r, t.engine.config.Tasks.Poll)) // a session that has ended hears nothing
	}
}

// say keeps what a handler tells of its progress as the status message: at once, or, when that was done a moment ago, soon,
// so that the last that is told is never the one that is left out.
func (t *taskRun) say(text string) {
	if text == "" || !t.live() {
		return
	}
	t.mu.Lock()
	t.message = text
	wait := taskSayEvery - time.Since(t.said)
	late, busy := wait <= 0, t.saying
	t.saying = true
	t.mu.Unlock()
	switch {
	case busy: // who is about to keep one keeps this
	case late:
		t.keepMessage()
	default:
		time.AfterFunc(wait, t.keepMessage)
	}
}

func (t *taskRun) keepMessage() {
	t.mu.Lock()
	text := t.message
	t.saying, t.said = false, time.Now()
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(&t.job.context, storeTimeout)
	defer cancel()
	// What cannot be kept is told with the next one.
	_, _ = t.engine.tasks.desk.Update(ctx, t.id, func(r *task.Record) error { r.Message = text; return nil })
}

// taskSayEvery is how often the status message changes at most.
const taskSayEvery = 200 * time.Millisecond

// Send writes what belongs to the task where its client reads it (rpc.Stream): in 2025-11-25 on the session's own stream,
// tagged with the task; in 2026-07-28 nowhere (SEP-2663). What is sent before there is one belongs to the request.
func (t *taskRun) Send(m rpc.Message) error {
	switch {
	case !t.live():
		return t.from.context.send(m.Data)
	case t.session == nil:
		return nil
	}
	_, err := t.session.Own().Append(tagged(m.Data, t.id))
	if errors.Is(err, session.ErrEnded) {
		return nil // the task goes on without its session
	}
	return err
}

// Suspend has no connection to end (rpc.Stream).
func (t *taskRun) Suspend(time.Duration) error {
	return errors.New("fastmcp: a task has no connection that could be ended")
}

// Gone and OnGone: a task has nobody who could go away (rpc.Stream).
func (t *taskRun) Gone() bool                  { return false }
func (t *taskRun) OnGone(func()) (stop func()) { return func() {} }
