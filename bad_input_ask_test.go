package fastmcp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// Answers that do not fit. With a session the model reads what is wrong with them. In 2026-07-28 the client reads the
// same question again, under the status 200: an answer is never an error there, and nothing is done with one that does
// not fit.
func TestBadInputAnswers(t *testing.T) {
	s := asks(t)
	const noAction, noMessage = `The answer to the question "e" has no action that is accept, decline or cancel.`, `The answer to the question "s" is no message of a model.`
	const noRoots, noFit = `The answer to the question "roots" has no list of roots.`, `The answer to the question "e" does not fit its form. `
	for _, x := range []struct{ asked, key, reply, says string }{
		{"form", "e", `{"action":"agree","content":{"name":"Ann"}}`, noAction},
		{"form", "e", `{"action":7,"content":{"name":"Ann"}}`, noAction},
		{"form", "e", `{"action":null}`, noAction},
		{"form", "e", `{"content":{"name":"Ann"}}`, noAction},
		{"form", "e", `{}`, noAction},
		{"form", "e", `[]`, noAction},
		{"form", "e", `"accept"`, noAction},
		{"form", "e", `{"action":"accept"}`, noFit + "name: expected a string, which is required, got nothing"},
		{"form", "e", `{"action":"accept","content":null}`, noFit + "name: expected a string, which is required, got nothing"},
		{"form", "e", `{"action":"accept","content":{"age":30}}`, noFit + "name: expected a string, which is required, got nothing"},
		{"form", "e", `{"action":"accept","content":{"name":7}}`, noFit + "name: expected a string, got 7"},
		{"form", "e", `{"action":"accept","content":{"name":"Ann","age":"old"}}`, noFit + `age: expected an integer, got "old"`},
		{"form", "e", `{"action":"accept","content":{"name":"Ann of many letters"}}`, noFit + `name: expected at most 10 characters, got "Ann of many letters"`},
		{"form", "e", `{"action":"accept","content":"Ann"}`, noFit + `expected an object, got "Ann"`},
		{"form", "e", `{"action":"accept","content":["Ann"]}`, noFit + `expected an object, got ["Ann"]`},
		{"raw", "e", `{"action":"accept","content":{}}`, noFit + "n: expected a value, which is required, got nothing"},
		{"raw", "e", `{"action":"accept","content":{"n":"x"}}`, noFit + `n: expected the type integer, got "x"`},
		{"url", "u", `{"action":"opened"}`, `The answer to the question "u" has no action that is accept, decline or cancel.`},
		{"sample", "s", `{"role":"assistant","model":"m"}`, noMessage},
		{"sample", "s", `{"role":"assistant","model":"m","content":null}`, noMessage},
		{"sample", "s", `{"role":"assistant","model":"m","content":"Paris"}`, noMessage},
		{"sample", "s", `{"model":"m","content":{"type":"text","text":"Paris"}}`, noMessage},
		{"sample", "s", `[]`, noMessage},
		{"roots", "roots", `{}`, noRoots},
		{"roots", "roots", `{"roots":null}`, noRoots},
		{"roots", "roots", `{"roots":"file:///a"}`, noRoots},
		{"roots", "roots", `{"roots":[{"name":"a"}]}`, `The answer to the question "roots" has a root without a URI.`},
		{"roots", "roots", `"file:///a"`, noRoots},
	} {
		args := fmt.Sprintf(`{"What":%q}`, x.asked)
		t.Run("2025-11-25 "+x.asked+" "+x.reply, func(t *testing.T) {
			c := s.ready("2025-11-25")
			st := c.begin("asks", args)
			c.reply(st.message().ID, `"result":`+x.reply) // which wants 202 and no body
			if r := st.message().tool(t); !r.IsError || r.text() != x.says {
				t.Errorf("isError %v, %q; want %q", r.IsError, r.text(), x.says)
			}
		})
		t.Run("2026-07-28 "+x.asked+" "+x.reply, func(t *testing.T) {
			first := s.round(nil, "asks", args, allCapabilities, "").inputs(t)
			a := s.round(nil, "asks", args, allCapabilities, back(first.State, fmt.Sprintf(`{%q:%s}`, x.key, x.reply)))
			again := a.inputs(t)
			if a.status != 200 || len(again.Requests) != 1 || string(again.Requests[x.key].Params) != string(first.Requests[x.key].Params) {
				t.Errorf("%d %s; want the question %s again", a.status, a.body, x.key)
			}
		})
	}
}

// Answers to what was not asked.
func TestBadInputAnswersToNothing(t *testing.T) {
	s := asks(t)
	c := s.ready("2025-11-25")
	st := c.begin("asks", `{"What":"form"}`)
	q := st.message()
	const fits = `"result":{"action":"accept","content":{"name":"Ann"}}`
	for _, id := range []string{`"nobody"`, `7`, `"s-99"`} { // each is taken, and nobody hears of it
		c.reply(json.RawMessage(id), fits)
	}
	c.reply(q.ID, fits)
	if r := st.message().tool(t); r.text() != "done" || r.IsError {
		t.Errorf("%+v", r)
	}
	c.reply(q.ID, fits) // once more, when it is over
	a := s.do("POST", headers{"MCP-Protocol-Version": "2026-07-28"}, `{"jsonrpc":"2.0","id":1,"result":{}}`)
	badInput{status: 400, code: -32600, says: "Invalid request: 2026-07-28 has no responses from clients"}.check(t, a)
	a = s.round(nil, "asks", `{"What":"form"}`, allCapabilities, `"inputResponses":{"nobody":{"action":"accept"}}`)
	if again := a.inputs(t); a.status != 200 || again.Requests["e"].Method != "elicitation/create" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A state is good for the request that it was given to: for its caller, its tool and its arguments, and for a while.
func TestBadInputState(t *testing.T) {
	runs := &atomic.Int64{}
	s, foreign := greeter(t, fastmcp.Config{}, runs), greeter(t, fastmcp.Config{}, runs)
	s.app.AddPrompt(fastmcp.Prompt{Name: "greet", Handler: fastmcp.Typed(func(c *fastmcp.Context, _ struct {
		X string `json:"x"`
	}) (string, error) {
		runs.Add(1)
		return "", nil
	})})
	alice, bob := headers{"Authorization": "Bearer token-of-alice-1234"}, headers{"Authorization": "Bearer token-of-bob-123456"}
	const args = `{"x":"1"}`
	state := s.round(alice, "greet", args, allCapabilities, "").inputs(t).State
	another := s.round(alice, "greet", `{"x":"2"}`, allCapabilities, "").inputs(t).State
	hours := greeter(t, fastmcp.Config{AskTTL: time.Nanosecond}, runs) // whose states are old before they are read
	old := hours.round(alice, "greet", args, allCapabilities, "").inputs(t).State
	const (
		notIts    = "Invalid params: requestState is not one that this request was given"
		notString = "Invalid params: requestState must be a string"
		notObject = "Invalid params: inputResponses must be an object"
	)
	prompt := func(more string) answer {
		h := statelessHeaders("prompts/get", "greet")
		for k, v := range alice {
			h[k] = v
		}
		return s.do("POST", h, strings.Replace(stateless(1, "prompts/get", `"name":"greet","arguments":`+args+`,`+more, ""), `Capabilities":{}`, `Capabilities":`+allCapabilities, 1))
	}
	before := runs.Load()
	for _, x := range []struct {
		name string
		a    answer
		says string
	}{
		{"tampered", s.round(alice, "greet", args, allCapabilities, back(tampered(state), annIsIt)), notIts},
		{"cut off", s.round(alice, "greet", args, allCapabilities, back(state[:len(state)-1], annIsIt)), notIts},
		{"longer", s.round(alice, "greet", args, allCapabilities, back(state+"A", annIsIt)), notIts},
		{"empty", s.round(alice, "greet", args, allCapabilities, back("", annIsIt)), notIts},
		{"made up", s.round(alice, "greet", args, allCapabilities, back("bm9uZQ", annIsIt)), notIts},
		{"another principal's", s.round(bob, "greet", args, allCapabilities, back(state, annIsIt)), notIts},
		{"a principal's, for nobody", s.round(nil, "greet", args, allCapabilities, back(state, annIsIt)), notIts},
		{"another tool's", s.round(alice, "meet", args, allCapabilities, back(state, annIsIt)), notIts},
		{"a tool's, for a prompt of its name", prompt(back(state, annIsIt)), notIts},
		{"other arguments'", s.round(alice, "greet", args, allCapabilities, back(another, annIsIt)), notIts},
		{"for no arguments", s.round(alice, "greet", `{}`, allCapabilities, back(state, annIsIt)), notIts},
		{"another server's", foreign.round(alice, "greet", args, allCapabilities, back(state, annIsIt)), notIts},
		{"yesterday's", hours.round(alice, "greet", args, allCapabilities, back(old, annIsIt)), "Invalid params: requestState has expired: call again without it"},
		{"yesterday's, of another tool", hours.round(alice, "meet", args, allCapabilities, back(old, annIsIt)), notIts},
		{"number", s.round(alice, "greet", args, allCapabilities, `"inputResponses":{},"requestState":7`), notString},
		{"null", s.round(alice, "greet", args, allCapabilities, `"inputResponses":{},"requestState":null`), notString},
		{"object", s.round(alice, "greet", args, allCapabilities, `"inputResponses":{},"requestState":{}`), notString},
		{"responses null", s.round(alice, "greet", args, allCapabilities, back(state, `null`)), notObject},
		{"responses list", s.round(alice, "greet", args, allCapabilities, back(state, `[]`)), notObject},
		{"responses string", s.round(alice, "greet", args, allCapabilities, back(state, `"who"`)), notObject},
		{"responses number, and no state", s.round(alice, "greet", args, allCapabilities, `"inputResponses":7`), notObject},
	} {
		t.Run(x.name, func(t *testing.T) { badInput{status: 200, code: -32602, says: x.says}.check(t, x.a) })
	}
	if n := runs.Load() - before; n != 0 {
		t.Errorf("a handler ran %d times", n)
	}
	// The older revisions have no such members: what a client puts there is not looked at.
	c := s.openWith("2025-11-25", allCapabilities)
	st := c.server.listen("POST", c.headers(), request(5, "tools/call", `"name":"greet","arguments":{},`+back("x", `7`)))
	c.reply(st.message().ID, `"result":{"action":"accept","content":{"name":"Ann"}}`)
	if r := st.message().tool(t); r.text() != "Hello, Ann" || r.IsError {
		t.Errorf("%+v", r)
	}
}
