package fastmcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/task"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Task is how a task stands, for programs that show it elsewhere than in MCP's own methods.
type Task struct {
	// ID is the task's, Tool the name of the tool that was called.
	ID   string `json:"id"`
	Tool string `json:"tool"`
	// Status is "working", "input_required", "completed", "failed" or "cancelled", and Message what the tool has told of its
	// progress last.
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
	// Created and Updated are when it began, and when it has changed last, in UTC.
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	// Result is what a completed task has come to, as the tool's result in JSON; Error the JSON-RPC error why one failed.
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

// Over tells that the task does not change any more.
func (t *Task) Over() bool { r := task.Record{Status: task.Status(t.Status)}; return r.Over() }

// ErrNoTask tells that there is no such task, or not any more, or none for who asks.
var ErrNoTask = errors.New("fastmcp: no such task")

func publicTask(r *task.Record) *Task {
	return &Task{
		ID: r.ID, Tool: r.Tool, Status: string(r.Status), Message: r.Message,
		Created: r.Created, Updated: r.Updated, Result: r.Result, Error: r.Error,
	}
}

// StartTask begins a task of the caller's: a call of a tool that may be one (Tool.Task), with args, which are marshaled as
// JSON; nil is none. It asks the tool's guards, goes through its chain, and returns when there is a task; where one of them
// refuses, or the arguments do not fit, the error says why. The task is as one of 2026-07-28, whatever revision the caller
// speaks, and outlives the call; its client has no capabilities, and cannot be asked.
func (c *Context) StartTask(tool string, args any) (*Task, error) {
	if c.stream == nil {
		return nil, errors.New("fastmcp: the request has not begun: guards cannot start tasks")
	}
	if err := c.alive(); err != nil {
		return nil, err
	}
	j, err := c.callAnew(tool, args)
	if err != nil {
		return nil, err
	}
	if refusal := prepareToolCall(j); refusal != nil {
		return nil, errors.Join(refusal.Err, refused{refusal})
	}
	t := j.task
	if t == nil {
		return nil, fmt.Errorf("fastmcp: the tool %q does not run as a task: see Tool.Task", tool)
	}
	t.owner = c.owner()
	defer j.context.life.finish()
	bg, r, err := t.start(j)
	if r == nil {
		bg.context.life.finish()
		if err == nil {
			err = fmt.Errorf("fastmcp: a middleware has answered in place of the tool %q", tool)
		}
		return nil, err
	}
	return publicTask(r), nil
}

// callAnew is a call of a tool that a client of 2026-07-28 could have made in place of the one that is c.
func (c *Context) callAnew(tool string, args any) (*job, error) {
	raw := []byte("{}")
	if args != nil {
		b, err := marshal(args)
		if err != nil {
			return nil, fmt.Errorf("fastmcp: the arguments of the task: %w", err)
		}
		raw = b
	}
	message := []byte(`{"jsonrpc":"2.0","id":0,"method":"` + protocol.MethodToolsCall + `","params":{"name":`)
	message = append(append(scan.AppendString(message, tool), `,"arguments":`...), raw...)
	message = append(message, `,"_meta":{"`+protocol.MetaVersion+`":"`+protocol.Latest.String()+`","`+protocol.MetaCapabilities+`":{"extensions":{"`+ExtensionTasks+`":{}}}}}}`...)
	envelope, failed := protocol.Scan(message)
	if failed != nil {
		return nil, failed
	}
	e := c.engine
	j := &job{engine: e, method: methodToolsCall, catalog: e.current()}
	j.session = Session{engine: e}
	j.context.engine, j.context.parent, j.context.job, j.context.session, j.context.id = e, e.app.base, j, &j.session, c.RequestID()
	j.context.call = &rpc.Call{Envelope: envelope, Revision: protocol.Latest, Principal: c.call.Principal, Peer: nobody{}, NoReplay: true}
	j.context.chain = j.catalog.chains[j.method]
	return j, nil
}

// Task looks up a task of the caller's. ErrNoTask when there is none.
func (c *Context) Task(id string) (*Task, error) {
	r, err := c.ownTask(id)
	if err != nil {
		return nil, err
	}
	return publicTask(r), nil
}

func (c *Context) ownTask(id string) (*task.Record, error) {
	r, err := c.engine.tasks.desk.Get(c, id)
	if errors.Is(err, task.ErrUnknown) || err == nil && (r.Owner != c.owner() || !c.job.mayUseTask(r)) {
		return nil, ErrNoTask
	}
	if err != nil {
		return nil, err
	}
	return c.engine.tasks.current(c, r), nil
}

// WaitTask waits until a task of the caller's is over, for limit at most, and gives how it stands then. heard, if it is not nil,
// is called with each change that is noticed, one at a time. ErrNoTask when there is none; the error is the Context's when
// that ends first.
func (c *Context) WaitTask(id string, limit time.Duration, heard func(*Task)) (*Task, error) {
	if _, err := c.ownTask(id); err != nil {
		return nil, err
	}
	news := make(chan struct{}, 1)
	stop, err := c.engine.tasks.desk.Watch(id, func(*task.Record) { knock(news) })
	if err != nil {
		return nil, err
	}
	defer stop()
	end, look := time.NewTimer(limit), time.NewTicker(taskLook)
	defer end.Stop()
	defer look.Stop()
	for told := int64(0); ; {
		r, err := c.ownTask(id)
		if err != nil {
			return nil, err
		}
		if heard != nil && r.Version > told {
			told = r.Version
			heard(publicTask(r))
		}
		if r.Over() {
			return publicTask(r), nil
		}
		select {
		case <-news:
		case <-look.C:
		case <-end.C:
			return publicTask(r), nil
		case <-c.engine.stopping: // as tasks/result does
			return nil, turnedDown(rpc.Unavailable, time.Second, "The server is shutting down")
		case <-c.Done():
			return nil, c.Err()
		}
	}
}

// Task looks up a task for a route: one of the principal's, or, whoever asks, one of a caller who had no name, which who knows
// its id has. The guards of its tool are asked. ErrNoTask when there is none.
func (a *App) Task(ctx context.Context, p *auth.Principal, id string) (*Task, error) {
	s := a.engine().tasks
	r, err := s.desk.Get(ctx, id)
	if errors.Is(err, task.ErrUnknown) {
		return nil, ErrNoTask
	}
	if err != nil {
		return nil, err
	}
	j := &job{engine: a.engine()}
	j.session = Session{engine: a.engine()}
	j.context.engine, j.context.parent, j.context.job, j.context.session = a.engine(), ctx, j, &j.session
	j.context.call = &rpc.Call{Revision: protocol.Latest, Principal: p, Peer: nobody{}}
	j.context.name = id
	if named := strings.HasPrefix(r.Owner, ownerPrincipal); named && r.Owner != j.context.owner() || !j.mayUseTask(r) {
		return nil, ErrNoTask
	}
	return publicTask(s.current(ctx, r)), nil
}
