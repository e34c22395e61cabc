package fastmcp

import (
	"strconv"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/task"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// ExtensionTasks is the extension that tasks of 2026-07-28 are (SEP-2663). An App has it as soon as one of its tools may be
// a task.
const ExtensionTasks = "io.modelcontextprotocol/tasks"

// metaTask names the task that a message of 2025-11-25 belongs to.
const metaTask = "io.modelcontextprotocol/related-task"

// TaskMode is whether calls of a tool are tasks: answered at once, and finished later.
type TaskMode uint8

const (
	// TaskNever: every call is answered when the tool is done.
	TaskNever TaskMode = iota
	// TaskOptional: a call is a task when its client knows tasks: in 2026-07-28 when the request declares the extension,
	// in 2025-11-25 when the call asks to be one.
	TaskOptional
	// TaskRequired: calls are tasks, and clients that do not know tasks are told so.
	TaskRequired
)

// support is the mode as 2025-11-25 lists it; "" is not said.
func (m TaskMode) support() string {
	switch m {
	case TaskOptional:
		return "optional"
	case TaskRequired:
		return "required"
	}
	return ""
}

// TaskConfig bounds tasks. What is known of them is kept in Config.Storage.
type TaskConfig struct {
	// TTL is how long a task, and what it comes to, is kept from its beginning. A tool that is still running then is
	// cancelled. Default: 1 h.
	TTL time.Duration
	// MaxTTL bounds what a client of 2025-11-25 may ask for in place of it. Default: 24 h.
	MaxTTL time.Duration
	// Poll is how often clients are told to ask. Default: 1 s.
	Poll time.Duration
	// Lease is how long a node that runs tasks is believed to be alive without a sign; it gives three in that time. When it
	// has lapsed, other nodes that share Config.Storage, or this one once it has been started anew, fail the node's tasks, or
	// take them over (Tool.TaskResumable). Default: 30 s; at least 1 s.
	Lease time.Duration
	// MaxTakeovers is how often a task may be taken over from a node that has died. The next time it fails: it may be what
	// they die of. Default: 3; negative: never.
	MaxTakeovers int
	// Runner has the functions of tasks run elsewhere, by workers that call App.RunTask: tasks/asynq is one. The Principal of a
	// caller must be one that JSON gives back as it was, as for Tool.TaskResumable. Default: none, they run in this process.
	Runner TaskRunner
	// MaxPerOwner bounds how many tasks a principal, or a session without one, has running on a node, or has handed over there, and Max all of them.
	// More are refused. Defaults: 100 and 10,000. Callers without name and session are bounded by Max alone.
	MaxPerOwner, Max int
	// MaxKeptPerOwner and MaxKept bound how many tasks that were begun on a node are kept, running or over, until their TTL is; and
	// MaxKeptBytes, in bytes, their arguments and what they have come to. While there are as many, more are refused; what has been begun
	// is kept to its end. An owner has a quarter of the bytes at most. Defaults: 1,000, 100,000 and 256 MiB. Callers without name and
	// session are bounded by the latter two alone.
	MaxKeptPerOwner, MaxKept int
	MaxKeptBytes             int64
}

func (c *TaskConfig) setDefaults() {
	fallback(&c.TTL, time.Hour)
	fallback(&c.MaxTTL, 24*time.Hour)
	fallback(&c.Poll, time.Second)
	fallback(&c.Lease, 30*time.Second)
	c.Lease = max(c.Lease, time.Second)
	fallback(&c.MaxTakeovers, 3)
	fallback(&c.MaxPerOwner, 100)
	fallback(&c.Max, 10_000)
	fallback(&c.MaxKeptPerOwner, 1_000)
	fallback(&c.MaxKept, 100_000)
	fallback(&c.MaxKeptBytes, 256<<20)
	c.MaxTTL = max(c.MaxTTL, c.TTL)
}

// prepareTask decides whether a call is to be a task, and refuses those that cannot be what they must.
func (j *job) prepareTask(t *tool) *rpc.Refusal {
	c := j.context.call
	switch {
	case c.Revision.HasTaskExtension():
		if t.def.Task == TaskNever {
			return nil
		}
		if _, declared := j.context.Extension(ExtensionTasks); !declared {
			if t.def.Task == TaskRequired {
				return lacksExtension(ExtensionTasks)
			}
			return nil
		}
		j.newTask(j.engine.config.Tasks.TTL)
	case c.Revision.HasTasks():
		return j.prepareLegacyTask(t)
	case t.def.Task == TaskRequired:
		return rpc.Refuse(rpc.Failed, protocol.Errorf(protocol.CodeMethodNotFound, "The tool %s runs as a task only, which this revision of the protocol does not have", t.def.Name))
	}
	return nil
}

// prepareLegacyTask is prepareTask for 2025-11-25, where the call itself asks to be a task.
func (j *job) prepareLegacyTask(t *tool) *rpc.Refusal {
	raw := scan.Find(j.context.call.Params, "task")
	switch {
	case raw == nil && t.def.Task == TaskRequired:
		return rpc.Refuse(rpc.Failed, protocol.Errorf(protocol.CodeMethodNotFound, "The tool %s runs as a task only: call it with params.task", t.def.Name))
	case raw == nil:
		return nil
	case t.def.Task == TaskNever:
		return rpc.Refuse(rpc.Failed, protocol.Errorf(protocol.CodeMethodNotFound, "The tool %s does not run as a task: call it without params.task", t.def.Name))
	case raw[0] != '{':
		return rpc.Refuse(rpc.Failed, invalidParams("task must be an object"))
	}
	ttl := j.engine.config.Tasks.TTL
	if wish := scan.Find(raw, "ttl"); wish != nil && string(wish) != "null" {
		ms, err := strconv.ParseInt(string(wish), 10, 64)
		if err != nil || ms < 1 {
			return rpc.Refuse(rpc.Failed, invalidParams("task.ttl must be a whole number of milliseconds above 0"))
		}
		ttl = j.engine.config.Tasks.MaxTTL
		if ms < ttl.Milliseconds() {
			ttl = time.Duration(ms) * time.Millisecond
		}
	}
	j.newTask(ttl)
	return nil
}

// owner is whose a task is. Of those who have neither name nor session, who knows a task's id owns it.
func (c *Context) owner() string {
	if p := c.call.Principal; p != nil {
		return ownerPrincipal + p.Key()
	}
	if c.job.record != nil {
		return "session " + c.job.record.ID
	}
	return ownerAnyone
}

// ownerPrincipal begins the owner of the tasks of a principal.
const ownerPrincipal = "principal "

// ownerAnyone owns the tasks of callers who cannot be told apart.
const ownerAnyone = "anyone"

// mayUseTask asks the guards of a task's tool again: who may not call it any more has no business with what it gives.
func (j *job) mayUseTask(r *task.Record) bool {
	c := j.engine.current()
	e := c.tools.byKey[r.Tool]
	if e == nil {
		e = c.off[r.Tool] // its tasks go on, for those who may have them
	}
	if e == nil {
		return true // the tool is gone, and its guards with it; the task is the caller's own
	}
	return e.ask(&j.context, &auth.Access{
		Principal: j.context.call.Principal, Op: auth.OpCall, Kind: e.kind, Name: r.Tool, Args: r.Args, SessionID: j.context.session.ID(),
	}).Allowed
}

// taskCapability is what 2025-11-25 says of tasks. Callers who cannot be told apart have no list.
func (e *engine) taskCapability() string {
	if e.config.Stateless && e.config.Auth == nil {
		return `,"tasks":{"cancel":{},"requests":{"tools":{"call":{}}}}`
	}
	return `,"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}`
}
