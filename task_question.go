package fastmcp

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/task"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// maxTaskQuestions is how often a task of 2026-07-28 asks one question, whose answers do not fit.
const maxTaskQuestions = 8

// taskLook is how often one that waits looks by itself, in case that the news did not arrive.
const taskLook = 2 * time.Second

// askInTask asks the client of a task, and waits: the task requires input until there is an answer. A task may wait for
// as long as it may live.
func (c *Context) askInTask(t *taskRun, q *question) error {
	if c.call.Revision.HasTasks() && t.session == nil {
		return &UnsupportedError{Method: q.method, Reason: "it has no session that it could answer in"}
	}
	if c.call.Revision.HasTaskExtension() && c.job.asks().recalls(q) {
		return nil // a middleware has asked it, before there was a task
	}
	for n := 1; ; n++ {
		unfit, err := c.exchanged(q, func() ([]byte, error) { return t.converse(c, q) })
		if err != nil || unfit == nil {
			return err
		}
		if c.call.Revision.HasTasks() || n == maxTaskQuestions {
			return unfit // before 2026-07-28 the model reads what was wrong, as elsewhere
		}
	}
}

// recalls reads what the client has answered before there was a task, if it has and that fits.
func (a *inquiry) recalls(q *question) bool {
	a.mu.Lock()
	answer, answered := a.answers[q.key]
	taken := answered && a.claim(q) != nil // exchange says so
	a.mu.Unlock()
	return answered && !taken && q.read(answer) == nil
}

// waits tells that a question is to go out with the answer to the request.
func (a *inquiry) waits() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.pending) > 0
}

// await makes the key of a question in the Record, and a channel that is closed when there is news of it. A key is never
// used again (SEP-2663): what is asked once more, or under a key that another question was given so, gets a number.
func (t *taskRun) await(wish string) (key string, heard <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == nil {
		t.waiting, t.keys = make(map[string]chan struct{}), make(map[string]bool)
	}
	key = wish
	for n := 2; t.keys[key]; n++ {
		key = wish + "~" + strconv.Itoa(n)
	}
	c := make(chan struct{})
	t.keys[key], t.waiting[key] = true, c
	return key, c
}

func (t *taskRun) converse(c *Context, q *question) ([]byte, error) {
	if c.call.Revision.HasTasks() {
		return t.converseLegacy(c, q)
	}
	key, heard := t.await(q.key)
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.waiting, key)
	}()
	request := append(q.body([]byte{'{'}), '}')
	if err := t.update(c, func(r *task.Record) { r.Question(key, request) }); err != nil {
		return nil, err
	}
	return t.awaitAnswer(c, key, heard)
}

func (t *taskRun) awaitAnswer(c *Context, key string, heard <-chan struct{}) ([]byte, error) {
	look := time.NewTicker(taskLook)
	defer look.Stop()
	for {
		select {
		case <-heard:
			heard = nil // from now on it is looked for
		case <-look.C:
		case <-c.Done():
			_ = t.update(c, func(r *task.Record) { r.Withdraw(key) }) // a task that is over has no questions
			return nil, c.Err()
		}
		r, err := t.engine.tasks.desk.Get(c, t.id)
		if err != nil {
			return nil, err
		}
		if answer, ok := r.Answers[key]; ok {
			return answer, nil
		}
		if r.Over() || r.Fence != t.fence {
			return nil, context.Canceled
		}
	}
}

// converseLegacy asks with a request, which goes out with the next tasks/result (2025-11-25, tasks, input required).
func (t *taskRun) converseLegacy(c *Context, q *question) ([]byte, error) {
	asked, err := t.session.Ask()
	if err != nil {
		return nil, unasked(err)
	}
	defer t.session.Unask(asked)
	request := tagged(q.request(asked.ID), t.id)
	if err := t.update(c, func(r *task.Record) { r.Question(asked.ID, request) }); err != nil {
		return nil, err
	}
	defer func() { _ = t.update(c, func(r *task.Record) { r.Withdraw(asked.ID) }) }()
	select {
	case a, ok := <-asked.Answer:
		return answerOfClient(a, ok)
	case <-c.Done():
		return nil, c.Err()
	}
}

// update changes the task that a handler runs for. One that is over means that the handler is to stop.
func (t *taskRun) update(c *Context, change func(*task.Record)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c), storeTimeout)
	defer cancel()
	_, err := t.engine.tasks.desk.Write(ctx, t.id, t.fence, change)
	if errors.Is(err, task.ErrOver) || errors.Is(err, task.ErrUnknown) || errors.Is(err, task.ErrLost) {
		return context.Canceled
	}
	return err
}

// unknownTask tells that there is no such task, or none for who asks.
func unknownTask(id string) *protocol.Error {
	return invalidParams("unknown task %q", id)
}
