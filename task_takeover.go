package fastmcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/seal"
	"github.com/fastmcp-go/fastmcp/internal/task"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// taskCaller is who has called, and in which session, as it is sealed into a task.
type taskCaller struct {
	Principal *auth.Principal `json:"p,omitempty"`
	Session   string          `json:"s,omitempty"`
}

// callerPurpose is what callers of tasks are sealed for.
const callerPurpose = "task caller"

// errPrincipal is about a principal that another node would not see as it is: its guards could decide otherwise.
var errPrincipal = errors.New("the principal has claims that do not come back from JSON as they were: use strings, float64, bool, nil, []any and map[string]any")

// origin writes down what it takes to run the task on another node.
func (t *taskRun) origin(j *job) (*task.Origin, error) {
	c := j.context.call
	caller := taskCaller{Principal: c.Principal}
	if t.session != nil {
		caller.Session = t.session.ID
	}
	plain, err := json.Marshal(caller)
	if err != nil {
		return nil, err
	}
	var back taskCaller
	if json.Unmarshal(plain, &back) != nil || !samePrincipal(caller.Principal, back.Principal) {
		return nil, errPrincipal
	}
	o := &task.Origin{
		Revision: c.Revision.String(), ID: c.ID, Params: c.Params,
		Request: j.context.RequestID(), Effects: j.asks().requestID(),
	}
	o.Caller, err = t.engine.keys.Seal(callerPurpose, t.engine.originBinding(t.id, o), time.Now().Add(t.ttl), plain)
	return o, err
}

// originBinding is what a sealed caller belongs to: this task, and this call. A Record that somebody has made up, or made of
// others, is nobody's.
func (e *engine) originBinding(id string, o *task.Origin) []byte {
	return seal.Bind([]byte(e.config.Name), []byte(id), []byte(o.Revision), []byte(o.Request), []byte(o.Effects), canonical(o.Params))
}

// samePrincipal tells that nothing that a guard could look at differs.
func samePrincipal(a, b *auth.Principal) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	x.ExpiresAt, y.ExpiresAt = time.Time{}, time.Time{} // it may name its zone otherwise
	return a.ExpiresAt.Equal(b.ExpiresAt) && reflect.DeepEqual(x, y)
}

var (
	errReviveCredentials = errors.New("its caller's credentials have expired")
	errReviveForeign     = errors.New("what is kept of its call cannot be read")
	errReviveTool        = errors.New("its tool is not there any more, or not to be run again")
	// errReviveLater is not about the task.
	errReviveLater = errors.New("the session store cannot be reached")
)

// revive makes the call of a task anew, and a run of the task that has not begun. Its guards are asked as if it came in now.
func (s *tasks) revive(r *task.Record) (*taskRun, error) {
	e := s.engine
	call, key, err := e.reviveCall(r)
	if err != nil {
		return nil, err
	}
	j := &job{engine: e, method: methodToolsCall}
	j.context.engine, j.context.call, j.context.parent, j.context.job, j.context.id = e, call, e.app.base, j, r.Origin.Request
	if refusal := e.enter(j); refusal != nil {
		if refusal.Class == rpc.Unavailable {
			return nil, errReviveLater
		}
		j.session = Session{engine: e} // it has ended, which ends none of its tasks
		j.context.session = &j.session
	}
	j.catalog = e.current()
	refusal := prepareToolCall(j)
	if refusal == nil {
		refusal = j.resume()
	}
	if refusal != nil {
		return nil, refusal.Err
	}
	t := j.task
	if t == nil || !r.Elsewhere && !j.context.tool.def.TaskResumable {
		return nil, errReviveTool
	}
	t.id, t.owner, t.ttl, t.session, t.key, t.resumable = r.ID, r.Owner, r.TTL, j.record, key, r.Resumable
	there := make(chan struct{})
	close(there)
	t.from, t.reached, t.made, t.phase, t.fence = j, there, there, taskLive, r.Fence+1
	t.keys, t.waiting = make(map[string]bool), make(map[string]chan struct{})
	a := j.asks()
	a.id = r.Origin.Effects
	if a.answers == nil {
		a.answers = make(map[string]json.RawMessage)
	}
	for key, answer := range r.Answers {
		t.keys[key], a.answers[key] = true, answer // what was answered is not asked again
	}
	for key := range r.Inputs {
		t.keys[key] = true
	}
	for _, key := range r.Used {
		t.keys[key] = true
	}
	t.fork(j)
	return t, nil
}

// reviveCall reads the call of a task. Its idempotency key has been taken by the call that became the task.
func (e *engine) reviveCall(r *task.Record) (call *rpc.Call, key string, err error) {
	o := r.Origin
	plain, err := e.keys.Open(callerPurpose, e.originBinding(r.ID, o), time.Now(), o.Caller)
	var caller taskCaller
	if err == nil {
		err = json.Unmarshal(plain, &caller)
	}
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", errReviveForeign, err)
	}
	if caller.Principal.Expired(time.Now()) {
		return nil, "", errReviveCredentials
	}
	revision, known := protocol.ParseRevision(o.Revision)
	message := scan.AppendString([]byte(`{"jsonrpc":"2.0","method":`), protocol.MethodToolsCall)
	message = append(append(append(append(append(message, `,"id":`...), o.ID...), `,"params":`...), o.Params...), '}')
	envelope, failed := protocol.Scan(message)
	if failed != nil || !known {
		return nil, "", errReviveForeign
	}
	call = &rpc.Call{Envelope: envelope, Revision: revision, Principal: caller.Principal, Session: caller.Session, Peer: nobody{}, NoReplay: true}
	key = protocol.String(call.Meta.IdempotencyKey)
	// Progress must not go back, which that of a second run would.
	call.Meta.IdempotencyKey, call.Meta.ProgressToken = nil, nil
	return call, key, nil
}

// takeOver runs a task again, here, that nobody runs. Where that cannot be, it fails, or is left to another node.
func (s *tasks) takeOver(ctx context.Context, r *task.Record) *task.Record {
	t, err := s.revive(r)
	switch {
	case errors.Is(err, errReviveLater):
		return r
	case err != nil:
		s.engine.config.Log.Warn("a task cannot be taken over", "task", fingerprint(r.ID), "tool", r.Tool, "error", err)
		return s.giveUp(ctx, r, lostHere+reviveReason(err))
	}
	claimed, err := s.claim(ctx, t, r)
	if err != nil {
		t.job.context.life.finish()
		if errors.Is(err, task.ErrLost) || errors.Is(err, task.ErrOver) {
			if now, err := s.desk.Get(ctx, r.ID); err == nil {
				return now
			}
		}
		return r // there is no room, or it runs here: another time, or another node
	}
	t.job.context.Log().Warn("a task is run again: nobody ran it any more", "task", fingerprint(r.ID), "node", r.Node, "losses", claimed.Losses)
	go t.work(t.settle)
	return claimed
}

// reviveReason is what a client may read of why its task is not run again. What a guard or a middleware said is the log's.
func reviveReason(err error) string {
	for _, known := range []error{errReviveCredentials, errReviveForeign, errReviveTool} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "its caller may not call its tool like that any more"
}

// claim makes a task this node's, if there is room for it, and counts it as running.
func (s *tasks) claim(ctx context.Context, t *taskRun, r *task.Record) (claimed *task.Record, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout) // not in the middle, when who looked goes away
	defer cancel()
	if place := s.here(t.id); place != nil && place.queued {
		t.kept = place.kept
		s.dismiss(place) // this node has handed it over, and runs it now
	}
	if err := s.admit(t); err != nil {
		return nil, err
	}
	left := time.Until(r.Created.Add(r.TTL))
	err = s.begin(t, left, func() error {
		if err := s.known(ctx); err != nil {
			return err
		}
		claimed, err = s.desk.Claim(ctx, r, s.node)
		return err
	})
	return claimed, err
}

// nobody is the peer of a call that nobody waits for (rpc.Peer): its headers and its address were those of another node's
// request.
type nobody struct{}

func (nobody) Header(string) string         { return "" }
func (nobody) HeaderValues(string) []string { return nil }
func (nobody) RemoteIP() netip.Addr         { return netip.Addr{} }
func (nobody) Mirrors() bool                { return false }
func (nobody) Value(any) any                { return nil }
func (nobody) Keep()                        {}
