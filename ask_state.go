package fastmcp

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/seal"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// askPurpose is what the states of questions are sealed for.
const askPurpose = "ask"

// askState is what travels through the client from one round to the next. It is sealed: a client could otherwise answer
// what it was not asked, or have a step left out (MCP 2026-07-28, multi round-trip requests).
type askState struct {
	Answers map[string]json.RawMessage `json:"a,omitempty"`
	Once    map[string]json.RawMessage `json:"o,omitempty"`
	Asked   []string                   `json:"k"`
	ID      string                     `json:"i,omitempty"`
}

// replay gives what the client has answered, or notes the question for the end of the round.
func (a *inquiry) replay(q *question) error {
	a.mu.Lock()
	err := a.claim(q)
	answer, answered := a.answers[q.key]
	a.mu.Unlock()
	if err != nil {
		return err
	}
	if answered && q.read(answer) == nil { // not under the lock: it may run a user's UnmarshalJSON
		a.keep(q.key)
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.answers, q.key) // what does not fit is asked again
	if !slices.ContainsFunc(a.pending, func(p *question) bool { return p.key == q.key }) {
		a.pending = append(a.pending, q)
	}
	return ErrAsked
}

// keep notes that an answer was one to a question.
func (a *inquiry) keep(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.inputs, key)
}

// resume reads what a client of 2026-07-28 has answered, before anything runs. What it was not asked is ignored.
func (j *job) resume() *rpc.Refusal {
	c := j.context.call
	if c.InputResponses == nil && c.RequestState == nil || !c.Revision.IsStateless() || !j.mayAsk() {
		return nil
	}
	var inputs map[string]json.RawMessage
	if c.InputResponses != nil && (c.InputResponses[0] != '{' || json.Unmarshal(c.InputResponses, &inputs) != nil) {
		return rpc.Refuse(rpc.Failed, invalidParams("inputResponses must be an object"))
	}
	a := j.asks()
	a.answers = make(map[string]json.RawMessage)
	if c.RequestState == nil {
		a.inputs = make(map[string]bool)
		for key, answer := range inputs {
			a.answers[key], a.inputs[key] = answer, true
		}
		return nil
	}
	state, err := j.openState()
	if err != nil {
		return rpc.Refuse(rpc.Failed, err)
	}
	for key, answer := range state.Answers {
		a.answers[key] = answer
	}
	for _, key := range state.Asked {
		if answer, ok := inputs[key]; ok {
			a.answers[key] = answer
		}
	}
	a.id = state.ID
	if len(state.Once) > 0 {
		a.once = make(map[string]*once, len(state.Once))
	}
	for key, result := range state.Once {
		a.once[key] = &once{done: settled, result: result}
	}
	return nil
}

// settled is the channel of what is settled already.
var settled = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func (j *job) openState() (state askState, failed *protocol.Error) {
	raw := j.context.call.RequestState
	if raw[0] != '"' {
		return state, invalidParams("requestState must be a string")
	}
	plain, err := j.engine.keys.Open(askPurpose, j.binding(), time.Now(), protocol.String(raw))
	switch {
	case errors.Is(err, seal.ErrExpired):
		return state, invalidParams("requestState has expired: call again without it")
	case err != nil || json.Unmarshal(plain, &state) != nil:
		return state, invalidParams("requestState is not one that this request was given")
	}
	return state, nil
}

// binding is what a state belongs to: who called what, of which App, with which arguments.
func (j *job) binding() []byte {
	c := j.context.call
	arguments := sha256.Sum256(canonical(c.Args))
	return seal.Bind([]byte(j.engine.config.Name), []byte(c.Principal.Key()), []byte(c.Method), []byte(protocol.String(c.Name)), []byte(protocol.String(c.URI)), arguments[:])
}

// canonical writes arguments so that a client which has written them anew, with other spaces and in another order, has
// not changed them.
func canonical(args []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(args))
	d.UseNumber()
	var v map[string]any
	if d.Decode(&v) != nil || len(v) == 0 {
		return []byte("{}")
	}
	b, _ := json.Marshal(v) // it was JSON
	return b
}

// encodeQuestions writes the result that asks, when a question is left unanswered: then that is the result, whatever
// the handler has returned or panicked with. Otherwise ok is false.
func (j *job) encodeQuestions(err error) (data []byte, ok bool, failed error) {
	j.mu.Lock()
	a := j.inquiry
	j.mu.Unlock()
	if a == nil {
		return nil, false, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.pending) == 0 {
		return nil, false, nil
	}
	c := &j.context
	j.again = true
	if f := (*fault)(nil); errors.As(err, &f) {
		c.mask(err) // nobody else hears of it
	}
	token, failed := j.sealState(a)
	if failed != nil {
		return nil, true, failed
	}
	b := append(beginResult(nil, c.call.ID), `"inputRequests":{`...)
	for i, q := range a.pending {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(q.body(append(scan.AppendString(b, q.key), ":{"...)), '}')
	}
	b = scan.AppendString(append(b, `},"requestState":`...), token)
	b = append(b, `,"resultType":"input_required","_meta":{"`+protocol.MetaServer+`":`...)
	return append(append(b, j.engine.server[c.call.Revision]...), "}}}"...), true, nil
}

// sealState makes the state of the next round. a.mu is held.
func (j *job) sealState(a *inquiry) (string, error) {
	a.name()
	state := askState{ID: a.id, Answers: make(map[string]json.RawMessage), Once: make(map[string]json.RawMessage)}
	for key, answer := range a.answers {
		if !a.inputs[key] {
			state.Answers[key] = answer
		}
	}
	for key, o := range a.once {
		if o.result != nil {
			state.Once[key] = o.result
		}
	}
	for _, q := range a.pending {
		state.Asked = append(state.Asked, q.key)
	}
	plain, err := json.Marshal(state)
	if err != nil {
		return "", err
	}
	token, err := j.engine.keys.Seal(askPurpose, j.binding(), time.Now().Add(j.engine.config.AskTTL), plain)
	if err != nil {
		return "", fmt.Errorf("fastmcp: what %s has to remember between its questions: %w", j.context.Name(), err)
	}
	return token, nil
}
