package fastmcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// ErrUnsupported is what errors.Is finds in an UnsupportedError.
var ErrUnsupported = errors.New("fastmcp: the client cannot be asked")

// UnsupportedError says that a client cannot be asked a question, and why. Nothing has been sent: a handler may do
// without the answer. One that returns it answers, in 2026-07-28, with the error that names the missing capability;
// otherwise the model reads the reason.
type UnsupportedError struct {
	// Method is what the client would have been asked: "elicitation/create", "sampling/createMessage" or "roots/list".
	Method string
	// Reason is why it cannot be.
	Reason string
	// missing is the capability that the client would have to declare, as JSON; "" when none would help.
	missing string
}

// Error is the method and the reason.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("fastmcp: the client cannot be asked (%s): %s", e.Method, e.Reason)
}

// Is tells that target is ErrUnsupported.
func (e *UnsupportedError) Is(target error) bool { return target == ErrUnsupported }

// ErrAsked is what a question returns in 2026-07-28 when it has no answer yet, and the handler returns it: the question goes
// out with the answer to the request, whatever becomes of this error, and the handler runs again when the client comes
// back (SEP-2322). A middleware that counts or logs errors lets it pass: nothing has failed.
var ErrAsked = errors.New("fastmcp: the client is being asked: the handler runs again with its answer")

// question is something to ask a client.
type question struct {
	key    string
	method string
	params []byte // a JSON object; nil is none
	// extra are members of params that are new each time, and so take no part in what the question is.
	extra []byte
	// able tells that the client has declared the capability, which is needs, as JSON.
	able  bool
	needs string
	// read takes the client's answer, or says what is wrong with it.
	read func(answer []byte) error
}

// body is the method and the params of the question, as members of an object.
func (q *question) body(dst []byte) []byte {
	dst = append(append(append(dst, `"method":"`...), q.method...), '"')
	if q.params == nil {
		return append(dst, `,"params":{}`...) // the schema does not ask for it, but the Go SDK's client (1.8.0) does
	}
	dst = append(append(dst, `,"params":`...), q.params[:len(q.params)-1]...)
	return append(append(dst, q.extra...), '}')
}

// inquiry is what a request has asked its client, and what it has learned. It is made when it is first needed.
type inquiry struct {
	mu    sync.Mutex
	asked map[string]string // what was asked under each key, in this run of the handler
	// exchanges are the questions of a session, by their keys.
	exchanges map[string]*exchange
	// answers are what a client of 2026-07-28 has answered, in this round and before, and pending what it has not.
	answers map[string]json.RawMessage
	pending []*question
	// inputs are the keys of answers that came without a state: the handler may have asked for them, or not.
	inputs map[string]bool
	once   map[string]*once
	// id names the request through all its rounds, where effects are noted that happen once; "" until then.
	id string
}

// mayAsk tells that the request is one whose handler may ask: in 2026-07-28 only these have results that ask (SEP-2322).
func (j *job) mayAsk() bool {
	switch j.context.call.Method {
	case protocol.MethodToolsCall, protocol.MethodPromptsGet, protocol.MethodResourcesRead:
		return j.method.mode != rpc.Unary
	}
	return false
}

// asks is what the request has asked.
func (j *job) asks() *inquiry {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.inquiry == nil {
		j.inquiry = &inquiry{}
	}
	return j.inquiry
}

// ask asks the client, or looks up what it has answered, and has q read it.
func (c *Context) ask(q *question) error {
	switch {
	case q.key == "":
		return fmt.Errorf("fastmcp: %s: a question has a key", q.method)
	case c.stream == nil:
		return errors.New("fastmcp: the request has not begun: guards cannot ask")
	case !c.job.mayAsk():
		return &UnsupportedError{Method: q.method, Reason: fmt.Sprintf("a handler of %s cannot ask", c.Method())}
	case !q.able:
		return &UnsupportedError{Method: q.method, Reason: "it does not say that it has the capability " + q.needs, missing: q.needs}
	}
	if err := c.alive(); err != nil {
		return err
	}
	t := c.job.task
	if t != nil && t.live() {
		return c.askInTask(t, q)
	}
	if c.call.Revision.IsStateless() {
		return c.job.asks().replay(q)
	}
	if t != nil {
		return t.from.context.askLive(q) // a middleware asks, before there is a task
	}
	return c.askLive(q)
}

// claim makes sure that a key stands for one question. a.mu is held.
func (a *inquiry) claim(q *question) error {
	what := q.method + string(q.params)
	before, taken := a.asked[q.key]
	if taken && before != what {
		return fmt.Errorf("fastmcp: the key %q stands for two different questions: give each its own", q.key)
	}
	if a.asked == nil {
		a.asked = make(map[string]string)
	}
	a.asked[q.key] = what
	return nil
}

// unsupported makes of an UnsupportedError that the handler has returned what the client is told.
func (j *job) unsupported(err error) error {
	if err == nil || forModel(err) {
		return err // before u, which is on the heap
	}
	u := (*UnsupportedError)(nil)
	if !errors.As(err, &u) {
		return err
	}
	if u.missing == "" || !j.context.call.Revision.IsStateless() {
		return &Error{Message: "The client cannot be asked what this needs: " + u.Reason + ".", cause: err}
	}
	e := &protocol.Error{
		Code: protocol.CodeMissingCapability, Message: "The client lacks a capability that this request needs",
		Data: map[string]any{"requiredCapabilities": json.RawMessage(u.missing)},
	}
	// As a refusal it has a status of its own, and as an error it is told on a stream that has begun.
	return errors.Join(refused{rpc.Refuse(rpc.BadRequest, e)}, e)
}
