package fastmcp

import (
	"context"
	"errors"
	"fmt"
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
	// key is the idempotency key of a call that runs again, on another node than the one that took it.
	key string
	// resumable tells that another node may run it again; queued that a TaskRunner has it, and that nothing runs here.
	resumable, queued bool
	// fence is what tells this run from others of the same task.
	fence int64
	// kept is its part of what this node keeps.
	kept *keptTask

	id      string        // set when reached is closed
	reached chan struct{} // closed when the arguments are bound: the request may make the task
	made    chan struct{} // closed when it has, or could not: failed
	failed  error

	mu    sync.Mutex
	phase taskPhase
	ended bool // how it ended is kept, or is not to be
	// released tells that it is over here only.
	released bool
	waiting  map[string]chan struct{} // by the key of a question in the Record: closed when there is news of it
	keys     map[string]bool          // those that questions in the Record have had
	message  string                   // the last that was told of its progress
	saying   bool                     // it is about to be kept as the status message
	said     time.Time                // when one was

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
	j.context.call.Peer.Keep()
	bg, r, err := j.task.start(j)
	if r == nil {
		return j.adopt(bg, err)
	}
	j.context.result = taskCreated(j.appendCreated(r))
	return j.reply(nil)
}

// start runs the chain of a call, until there is a task; r is nil when the chain has ended without, with err.
func (t *taskRun) start(j *job) (bg *job, r *task.Record, err error) {
	t.from, t.reached, t.made = j, make(chan struct{}), make(chan struct{})
	bg = t.fork(j)
	over := make(chan error, 1)
	go t.work(func(err error) {
		if t.isTask() {
			t.settle(err)
		} else {
			over <- err
		}
	})
	stop := j.context.AfterFunc(func() { bg.context.life.cancel(context.Canceled) })
	defer stop()
	select {
	case err := <-over:
		return bg, nil, err
	case <-t.reached:
	}
	r, err = t.create(j)
	if t.conclude(err); err != nil {
		return bg, nil, <-over
	}
	return bg, r, nil
}

// work runs the chain, and has its end heard of, whatever ends it.
func (t *taskRun) work(over func(error)) {
	err := error(&fault{value: "the handler has ended its goroutine"}) // runtime.Goexit: contain does not come back
	defer func() { over(err) }()
	err = contain(t.job.context.Next)
}

// fork makes the job that runs the chain.
func (t *taskRun) fork(j *job) *job {
	c := &j.context
	call := *c.call
	if call.Revision.HasTaskExtension() {
		call.Meta.ProgressToken, call.Meta.LogLevel = nil, nil // a task has neither (SEP-2663)
	}
	bg := &job{engine: j.engine, method: j.method, catalog: j.catalog, inquiry: j.asks(), task: t, keyed: j.keyed}
	bg.context.engine, bg.context.call, bg.context.parent, bg.context.job = c.engine, &call, j.engine.app.base, bg
	bg.context.session, bg.context.tool, bg.context.chain = c.session, c.tool, c.chain
	bg.context.id = c.RequestID()
	c.mu.Lock()
	bg.context.locals = maps.Clone(c.locals)
	c.mu.Unlock()
	bg.context.life.begin(&bg.context, t)
	bg.begun = j.engine.elapsed()
	t.job = bg
	return bg
}

// adopt answers the request with what its chain has come to after all.
func (j *job) adopt(bg *job, err error) rpc.Reply {
	bg.context.life.finish()
	j.context.result = bg.context.result
	j.context.progress.streamed = bg.context.takeStreamed()
	j.takeHeard(bg)
	bg.close()
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
	if t.failed == nil && t.queued {
		return ErrEnqueued
	}
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

// isLive tells that there is a task by now.
func (t *taskRun) isLive() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.phase == taskLive
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
	bind := t.bind
	if k := c.job.keyed; k != nil {
		bind = k.claiming(bind)
	}
	if c.job.task == nil || t.def.Handler.late && c.call.Revision.IsStateless() {
		return bind
	}
	return func(c *Context, dst any) error {
		if err := bind(c, dst); err != nil {
			return err
		}
		return c.reach()
	}
}

// create keeps the task, if there is room for it, and counts it as running.
func (t *taskRun) create(j *job) (*task.Record, error) {
	s := t.engine.tasks
	r, err := t.newRecord(j)
	if err != nil {
		return nil, err
	}
	size := len(r.Args)
	if r.Origin != nil {
		size += len(r.Origin.Params)
	}
	if t.kept, err = s.shelf.take(t.owner, t.ttl, size); err != nil {
		return nil, err
	}
	if err = t.place(j, r); err != nil {
		t.kept.drop()
	}
	return r, err
}

// place has a task kept, and run here or elsewhere.
func (t *taskRun) place(j *job, r *task.Record) error {
	s := t.engine.tasks
	ctx, cancel := context.WithTimeout(context.WithoutCancel(&j.context), storeTimeout)
	defer cancel()
	if t.queued {
		return j.context.taskTrouble(t.hand(ctx, r))
	}
	if err := s.admit(t); err != nil {
		return err
	}
	return j.context.taskTrouble(s.begin(t, t.ttl, func() error {
		if err := s.known(ctx); err != nil { // first: else there is a task that seems to be nobody's
			return err
		}
		return s.desk.Create(ctx, r)
	}))
}

// newRecord is the task as it is kept at first.
func (t *taskRun) newRecord(j *job) (*task.Record, error) {
	c, s := &j.context, t.engine.tasks
	t.fence, t.resumable, t.queued = 1, c.tool.def.TaskResumable, s.config.Runner != nil
	r := &task.Record{
		ID: t.id, Tool: c.tool.def.Name, Args: c.call.Args, Owner: t.owner, Legacy: c.call.Revision.HasTasks(), TTL: t.ttl,
		Node: s.node, Fence: t.fence, Resumable: t.resumable,
	}
	if t.session != nil {
		r.Session = t.session.ID
	}
	if e := j.catalog.tools.byKey[c.tool.def.Name]; e != nil && len(e.guards) == 0 {
		r.Args = nil // nobody would look at them
	}
	if t.queued {
		r.Node, r.Elsewhere = "", true
	}
	if t.resumable || t.queued {
		origin, err := t.origin(j)
		if t.queued && err != nil {
			return nil, fmt.Errorf("fastmcp: a task cannot be handed over: %w", err)
		}
		if err != nil {
			c.Log().Warn("a task will not be taken over when this node dies", "task", fingerprint(t.id), "error", err)
			t.resumable, r.Resumable = false, false
		}
		r.Origin = origin
	}
	return r, nil
}

// settle ends the task with what its chain has come to.
func (t *taskRun) settle(err error) {
	c := &t.job.context
	if t.queued { // it goes on elsewhere
		t.job.close()
		c.life.finish()
		return
	}
	data, err := t.job.encodeContained(err)
	t.job.close()
	if err != nil {
		data = protocol.AppendError(nil, c.call.ID, c.protocolError(err))
	}
	result, failed := scan.Find(data, "result"), scan.Find(data, "error")
	status := task.Completed
	if failed != nil || c.call.Revision.HasTasks() && string(scan.Find(result, "isError")) == "true" {
		status = task.Failed // 2026-07-28 calls a task with isError completed
	}
	t.engine.tasks.end(taskEnd{t, status, result, failed})
	c.life.finish()
	if t.job.hears() {
		t.job.tellAnswer(t.job.answeredWith(&rpc.Reply{Message: rpc.Message{Data: data}}, err))
	}
}

// close ends a job that nobody is answered by.
func (j *job) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.over = true
}

// finish keeps how the task ended, and tells. A task that is over already, another's by now, or not kept any more stays as
// it is.
func (t *taskRun) finish(ctx context.Context, status task.Status, result, failed []byte) error {
	if t.hasEnded() {
		return nil
	}
	r, err := t.engine.tasks.desk.Write(ctx, t.id, t.fence, func(r *task.Record) {
		r.End(status)
		r.Result, r.Error = result, failed
	})
	switch {
	case errors.Is(err, task.ErrLost):
		t.job.context.Log().Warn("what a task has come to is not kept: it is another's by now", "task", fingerprint(t.id), "status", string(status))
	case err != nil && !errors.Is(err, task.ErrOver) && !errors.Is(err, task.ErrUnknown):
		t.job.context.Log().Error("the end of a task could not be kept", "task", fingerprint(t.id), "status", string(status), "error", err)
		return err
	}
	t.end()
	if err == nil {
		t.kept.add(len(result) + len(failed))
	}
	if r != nil {
		t.news(r) // the watch is about to end
	}
	return nil
}

// release gives a task that another node may run away: who finds it runs it again.
func (t *taskRun) release(ctx context.Context) error {
	if t.hasEnded() {
		return nil
	}
	if _, err := t.engine.tasks.desk.Release(ctx, t.id, t.fence); err != nil {
		return err // it is over, or another's; or that nobody runs it shows by its lease
	}
	t.end()
	t.mu.Lock()
	t.released = true
	t.mu.Unlock()
	return nil
}

// end makes sure that nothing more is kept of what this run comes to.
func (t *taskRun) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
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
	if r.Over() || r.Fence > t.fence { // the client has cancelled it, or it is another's by now
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
	_, _ = t.engine.tasks.desk.Write(ctx, t.id, t.fence, func(r *task.Record) { r.Message = text })
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
