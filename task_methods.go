package fastmcp

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/task"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/store"
)

var (
	methodTasksGet    = &method{tasks: true, prepare: prepareTasks, last: tasksGet}
	methodTasksUpdate = &method{tasks: true, prepare: prepareTasks, last: tasksUpdate}
	methodTasksCancel = &method{tasks: true, prepare: prepareTasks, last: tasksCancel}
	methodTasksResult = &method{tasks: true, mode: rpc.MayStream, prepare: prepareTasks, last: tasksResult}
	methodTasksList   = &method{tasks: true, prepare: prepareTasksList, last: tasksList}
)

// taskMethod finds a method of tasks: the extension's in 2026-07-28, the experiment's in 2025-11-25, and no other's.
func taskMethod(name string, r protocol.Revision) *method {
	if !r.HasTasks() && !r.HasTaskExtension() {
		return nil
	}
	switch name {
	case protocol.MethodTasksGet:
		return methodTasksGet
	case protocol.MethodTasksCancel:
		return methodTasksCancel
	}
	switch {
	case name == protocol.MethodTasksUpdate && r.HasTaskExtension():
		return methodTasksUpdate
	case name == protocol.MethodTasksResult && r.HasTasks():
		return methodTasksResult
	case name == protocol.MethodTasksList && r.HasTasks():
		return methodTasksList
	}
	return nil
}

// prepareTasks checks that the client knows tasks and has named one.
func prepareTasks(j *job) *rpc.Refusal {
	c := j.context.call
	if c.Revision.HasTaskExtension() {
		if _, declared := j.context.Extension(ExtensionTasks); !declared {
			return lacksExtension(ExtensionTasks)
		}
	}
	raw := scan.Find(c.Params, "taskId")
	if len(raw) == 0 || raw[0] != '"' {
		return rpc.Refuse(rpc.Failed, invalidParams("taskId must be a string"))
	}
	j.context.name = protocol.String(raw)
	return nil
}

// prepareTasksList refuses those who cannot be told apart: the list of one would be that of all.
func prepareTasksList(j *job) *rpc.Refusal {
	if j.context.owner() == ownerAnyone {
		return rpc.Refuse(rpc.NoMethod, protocol.Errorf(protocol.CodeMethodNotFound, "Method not found: %s needs a session or a principal", protocol.MethodTasksList))
	}
	return nil
}

// namedTask reads the task that a request is about.
func (c *Context) namedTask() (*task.Record, error) { return c.job.ownTask(c.name) }

// ownTask reads a task of the caller's. To who does not own it, or may not call its tool any more, it does not exist.
func (j *job) ownTask(id string) (*task.Record, error) {
	c := &j.context
	r, err := c.engine.tasks.desk.Get(c, id)
	if errors.Is(err, task.ErrUnknown) {
		return nil, unknownTask(id)
	}
	if err != nil {
		return nil, c.taskTrouble(err)
	}
	if r.Owner != c.owner() || r.Legacy != c.call.Revision.HasTasks() || !j.mayUseTask(r) {
		return nil, unknownTask(id)
	}
	return c.engine.tasks.current(c, r), nil
}

// answerTask answers with how a task stands.
func (c *Context) answerTask(r *task.Record) {
	if poll := c.engine.config.Tasks.Poll; r.Legacy {
		c.SetResult(members(appendTask(nil, r, poll)))
	} else {
		c.SetResult(members(appendDetailed(nil, r, poll)))
	}
}

func tasksGet(c *Context) error {
	r, err := c.namedTask()
	if err != nil {
		return err
	}
	c.answerTask(r)
	return nil
}

// tasksUpdate takes answers. They are kept before it is acknowledged; answers to what is not asked, any more, are ignored.
func tasksUpdate(c *Context) error {
	if _, err := c.namedTask(); err != nil {
		return err
	}
	var answers map[string]json.RawMessage
	raw := scan.Find(c.call.Params, "inputResponses")
	if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &answers) != nil {
		return invalidParams("inputResponses must be an object")
	}
	_, err := c.engine.tasks.desk.Update(c, c.name, func(r *task.Record) error {
		news := false
		for key, answer := range answers {
			news = r.Answer(key, answer) || news
		}
		if !news {
			return errNothingNew
		}
		return nil
	})
	c.SetResult(members{})
	switch {
	case errors.Is(err, errNothingNew), errors.Is(err, task.ErrOver):
		return nil
	case errors.Is(err, task.ErrUnknown):
		return unknownTask(c.name)
	}
	return c.taskTrouble(err)
}

// taskTrouble has those try again who need a store that does not answer. err may be nil.
func (c *Context) taskTrouble(err error) error {
	if !errors.Is(err, store.ErrUnavailable) {
		return err
	}
	c.Log().Error("the storage cannot tell of tasks", "error", err)
	return turnedDown(rpc.Unavailable, time.Second, "The server cannot reach what it knows of tasks: try again")
}

var errNothingNew = errors.New("fastmcp: nothing to change")

// tasksCancel cancels: the status is final at once, and the handler's Context ends, here or on the node that it runs on.
func tasksCancel(c *Context) error {
	if _, err := c.namedTask(); err != nil {
		return err
	}
	r, err := c.engine.tasks.desk.Update(c, c.name, func(r *task.Record) error {
		r.End(task.Cancelled)
		r.Message = "The client has cancelled the task."
		return nil
	})
	over := errors.Is(err, task.ErrOver)
	switch {
	case errors.Is(err, task.ErrUnknown):
		return unknownTask(c.name)
	case err != nil && !over:
		return c.taskTrouble(err)
	case c.call.Revision.HasTaskExtension():
		c.SetResult(members{}) // to cancel what is over changes nothing (SEP-2663)
	case over:
		return invalidParams("the task is %s already", r.Status)
	default:
		c.answerTask(r)
	}
	return nil
}

// tasksList lists the caller's tasks.
func tasksList(c *Context) error {
	cursor := ""
	if raw := c.call.Cursor; raw != nil {
		if raw[0] != '"' {
			return invalidParams("cursor must be a string")
		}
		text, err := base64.RawURLEncoding.DecodeString(protocol.String(raw))
		after, ok := strings.CutPrefix(string(text), tasksCursor)
		if err != nil || !ok && len(text) > 0 { // "" is the beginning of every list
			return invalidParams("the cursor is not one of this list")
		}
		cursor = after
	}
	all, next, err := c.engine.tasks.desk.List(c, c.owner(), cursor, min(c.engine.config.PageSize, 100))
	if err != nil && cursor != "" && !errors.Is(err, store.ErrUnavailable) {
		return errors.Join(invalidParams("the cursor is not one of this list"), err)
	}
	if err != nil {
		return c.taskTrouble(err)
	}
	b, comma := []byte(`"tasks":[`), ""
	for _, r := range all {
		if r.Legacy && r.Owner == c.owner() && c.job.mayUseTask(r) {
			r = c.engine.tasks.current(c, r)
			b = append(appendTask(append(b, comma+"{"...), r, c.engine.config.Tasks.Poll), '}')
			comma = ","
		}
	}
	b = append(b, ']')
	if next != "" {
		b = append(append(append(b, `,"nextCursor":"`...), base64.RawURLEncoding.EncodeToString([]byte(tasksCursor+next))...), '"')
	}
	c.SetResult(members(b))
	return nil
}

// tasksCursor begins what a cursor of tasks/list says, so that no other list's is taken for one.
const tasksCursor = "tasks:"

// tasksResult waits until the task is over and answers with what the call would have been answered with. While it waits it
// asks what the task asks, in the session that the task began in: the ids of its questions are that session's.
func tasksResult(c *Context) error {
	if _, err := c.namedTask(); err != nil {
		return err
	}
	news := make(chan struct{}, 1)
	stop, err := c.engine.tasks.desk.Watch(c.name, func(*task.Record) {
		select {
		case news <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer stop()
	look, sent := time.NewTicker(taskLook), make(map[string]bool)
	defer look.Stop()
	for {
		r, err := c.namedTask()
		if err != nil {
			return err
		}
		if r.Over() {
			return c.answerResult(r)
		}
		if err := c.sendQuestions(r, sent); err != nil {
			return err
		}
		select {
		case <-news:
		case <-look.C:
		case <-c.engine.stopping: // a task does not hold up the end, nor does who waits for one
			return turnedDown(rpc.Unavailable, time.Second, "The server is shutting down")
		case <-c.Done():
			return c.Err()
		}
	}
}

// sendQuestions sends what a task asks, and has not been sent, on whatever node it runs.
func (c *Context) sendQuestions(r *task.Record, sent map[string]bool) error {
	if c.job.record == nil || r.Session != c.job.record.ID {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(r.Inputs)) {
		if sent[key] || len(r.Inputs[key]) <= len("{}") { // an older version of this program keeps no more of it
			continue
		}
		sent[key] = true
		if err := c.send(r.Inputs[key]); err != nil {
			return err
		}
	}
	return nil
}

// answerResult answers with what a task has come to.
func (c *Context) answerResult(r *task.Record) error {
	switch {
	case r.Error != nil:
		var e struct {
			Code    int             `json:"code"`
			Message string          `json:"message"`
			Data    json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(r.Error, &e); err != nil {
			return err
		}
		p := &protocol.Error{Code: e.Code, Message: e.Message}
		if e.Data != nil {
			p.Data = e.Data
		}
		return p
	case r.Status == task.Cancelled:
		return protocol.Errorf(protocol.CodeServer, "The task was cancelled")
	}
	result := withTag(r.Result, r.ID)
	c.SetResult(members(result[1 : len(result)-1]))
	return nil
}
