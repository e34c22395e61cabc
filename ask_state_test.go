package fastmcp_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// back is what a client comes back with.
func back(state, responses string) string {
	return fmt.Sprintf(`"inputResponses":%s,"requestState":%q`, responses, state)
}

const annIsIt = `{"who":{"action":"accept","content":{"name":"Ann"}}}`

// tampered changes one character in the middle.
func tampered(state string) string {
	b := []byte(state)
	if middle := &b[len(b)/2]; *middle == 'A' {
		*middle = 'B'
	} else {
		*middle = 'A'
	}
	return string(b)
}

// greeter is an App with two tools that ask the same, for callers with and without a name.
func greeter(t *testing.T, config fastmcp.Config, runs *atomic.Int64) *server {
	config.Auth = auth.New(auth.Config{Optional: true, Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
		"token-of-alice-1234": {Subject: "alice"}, "token-of-bob-123456": {Subject: "bob"},
	})}})
	app, l := newApp(t, config)
	for _, name := range []string{"greet", "meet"} {
		app.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Typed(func(c *fastmcp.Context, in map[string]any) (string, error) {
			runs.Add(1)
			var p person
			_, err := fastmcp.Elicit(c, "who", "Who?", &p)
			return "Hello, " + p.Name, err
		})})
	}
	return serve(t, app, l)
}

// refusesState wants the error for a state that is not the request's, and that nothing ran.
func refusesState(t *testing.T, what string, a answer, runs *atomic.Int64, before int64) {
	t.Helper()
	if e := a.message(t).Error; e == nil || e.Code != -32602 || !strings.Contains(e.Message, "requestState") || runs.Load() != before {
		t.Errorf("%s: %d %s, %d runs", what, a.status, a.body, runs.Load()-before)
	}
}

func TestAskStateBelongsToItsRequest(t *testing.T) {
	runs := &atomic.Int64{}
	keys := [][]byte{bytes.Repeat([]byte{5}, 32)}
	s, foreign := greeter(t, fastmcp.Config{Keys: keys}, runs), greeter(t, fastmcp.Config{}, runs)
	namesake := greeter(t, fastmcp.Config{Name: "another", Keys: keys}, runs)
	alice, bob := headers{"Authorization": "Bearer token-of-alice-1234"}, headers{"Authorization": "Bearer token-of-bob-123456"}
	const args = `{"x":1,"y":[2,{"z":3,"a":4}]}`
	state := s.round(alice, "greet", args, allCapabilities, "").inputs(t).State
	n := runs.Load()
	for what, a := range map[string]answer{
		"tampered":        s.round(alice, "greet", args, allCapabilities, back(tampered(state), annIsIt)),
		"longer":          s.round(alice, "greet", args, allCapabilities, back(state+"-TAMPERED", annIsIt)),
		"empty":           s.round(alice, "greet", args, allCapabilities, back("", annIsIt)),
		"no string":       s.round(alice, "greet", args, allCapabilities, `"requestState":{}`),
		"null":            s.round(alice, "greet", args, allCapabilities, `"requestState":null`),
		"other principal": s.round(bob, "greet", args, allCapabilities, back(state, annIsIt)),
		"nobody":          s.round(nil, "greet", args, allCapabilities, back(state, annIsIt)),
		"other tool":      s.round(alice, "meet", args, allCapabilities, back(state, annIsIt)),
		"other arguments": s.round(alice, "greet", `{"x":2,"y":[2,{"z":3,"a":4}]}`, allCapabilities, back(state, annIsIt)),
		"other App, keys": namesake.round(alice, "greet", args, allCapabilities, back(state, annIsIt)),
		"other server":    foreign.round(alice, "greet", args, allCapabilities, back(state, annIsIt)),
	} {
		refusesState(t, what, a, runs, n)
	}
	// The same arguments, written anew.
	a := s.round(alice, "greet", `{ "y" : [2,{"a":4,"z":3}], "x" : 1 }`, allCapabilities, back(state, annIsIt))
	if text := a.message(t).tool(t).text(); text != "Hello, Ann" {
		t.Errorf("%s", a.body)
	}
}

func TestAskStateExpires(t *testing.T) {
	runs := &atomic.Int64{}
	s := greeter(t, fastmcp.Config{AskTTL: 20 * time.Millisecond}, runs)
	state := s.round(nil, "greet", `{}`, allCapabilities, "").inputs(t).State
	time.Sleep(30 * time.Millisecond)
	refusesState(t, "expired", s.round(nil, "greet", `{}`, allCapabilities, back(state, annIsIt)), runs, 1)
}

func TestAskKeysRotate(t *testing.T) {
	runs := &atomic.Int64{}
	old, next := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	before := greeter(t, fastmcp.Config{Keys: [][]byte{old}}, runs)
	during := greeter(t, fastmcp.Config{Keys: [][]byte{next, old}}, runs)
	after := greeter(t, fastmcp.Config{Keys: [][]byte{next}}, runs)
	state := before.round(nil, "greet", `{}`, allCapabilities, "").inputs(t).State
	if a := during.round(nil, "greet", `{}`, allCapabilities, back(state, annIsIt)); a.message(t).tool(t).text() != "Hello, Ann" {
		t.Errorf("%s", a.body)
	}
	refusesState(t, "dropped key", after.round(nil, "greet", `{}`, allCapabilities, back(state, annIsIt)), runs, 2)
	state = during.round(nil, "greet", `{}`, allCapabilities, "").inputs(t).State
	if a := after.round(nil, "greet", `{}`, allCapabilities, back(state, annIsIt)); a.message(t).tool(t).text() != "Hello, Ann" {
		t.Errorf("%s", a.body)
	}
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "Config.Keys[0]") {
			t.Errorf("a short key: %v", v)
		}
	}()
	fastmcp.New(fastmcp.Config{Keys: [][]byte{[]byte("short")}})
}

func TestAskResponses(t *testing.T) {
	runs := &atomic.Int64{}
	s := greeter(t, fastmcp.Config{}, runs)
	state := s.round(nil, "greet", `{}`, allCapabilities, "").inputs(t).State
	for _, bad := range []string{`null`, `[]`, `"x"`, `7`} {
		for _, more := range []string{`"inputResponses":` + bad, back(state, bad)} {
			if e := s.round(nil, "greet", `{}`, allCapabilities, more).message(t).Error; e == nil || e.Code != -32602 {
				t.Errorf("%s: %+v", more, e)
			}
		}
	}
	for _, again := range []string{
		`{}`, `{"wrong":{"action":"accept","content":{"name":"Ann"}}}`, `{"who":12345}`, `{"who":null}`, `{"who":{}}`,
		`{"who":{"action":"accept","content":{"name":"much too long"}}}`, `{"who":{"action":"accept"}}`,
	} {
		for _, more := range []string{`"inputResponses":` + again, back(state, again)} {
			if q := s.round(nil, "greet", `{}`, allCapabilities, more).inputs(t); q.Requests["who"].Method != "elicitation/create" {
				t.Errorf("%s: %+v", more, q)
			}
		}
	}
	// A client that was never given a state, and one that says more than it was asked.
	for _, more := range []string{`"inputResponses":` + annIsIt, back(state, `{"x":{},`+annIsIt[1:])} {
		if a := s.round(nil, "greet", `{}`, allCapabilities, more); a.message(t).tool(t).text() != "Hello, Ann" {
			t.Errorf("%s: %s", more, a.body)
		}
	}
}

// TestAskOnlyWhatWasAsked answers the second question in the first round, and changes the first answer in the second.
func TestAskOnlyWhatWasAsked(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		var one, two person
		if _, err := fastmcp.Elicit(c, "one", "1", &one); err != nil {
			return nil, err
		}
		_, err := fastmcp.Elicit(c, "two", "2", &two)
		return one.Name + two.Name, err
	})
	const yes = `%q:{"action":"accept","content":{"name":%q}}`
	q := s.round(nil, "t", `{}`, allCapabilities, "").inputs(t)
	q = s.round(nil, "t", `{}`, allCapabilities, back(q.State, fmt.Sprintf("{"+yes+","+yes+"}", "one", "A", "two", "early"))).inputs(t)
	if len(q.Requests) != 1 || q.Requests["two"].Method == "" {
		t.Fatalf("%+v", q)
	}
	a := s.round(nil, "t", `{}`, allCapabilities, back(q.State, fmt.Sprintf("{"+yes+","+yes+"}", "one", "changed", "two", "B")))
	if text := a.message(t).tool(t).text(); text != "AB" {
		t.Errorf("%s", a.body)
	}
}

// TestAskCannotBeSwallowed has handlers that go on without an answer. None of them completes the call.
func TestAskCannotBeSwallowed(t *testing.T) {
	var ended atomic.Int64
	app, l := newApp(t, fastmcp.Config{On: fastmcp.Events{ToolCall: func(fastmcp.ToolCallEvent) { ended.Add(1) }}})
	for name, after := range map[string]func(err error) (string, error){
		"result": func(error) (string, error) { return "done all the same", nil },
		"error":  func(error) (string, error) { return "", errors.New("no answer") },
		"model":  func(error) (string, error) { return "", fastmcp.Errorf("no answer") },
		"panic":  func(err error) (string, error) { panic(err) },
	} {
		app.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			p := person{}
			if _, err := fastmcp.Elicit(c, "who", "Who?", &p); err != nil {
				return after(err)
			}
			return p.Name, nil
		})})
	}
	app.AddTool(fastmcp.Tool{Name: "timeout", Timeout: 10 * time.Millisecond, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		_, err := fastmcp.Elicit[person](c, "who", "Who?", nil)
		if err != nil {
			<-c.Done()
		}
		return "Ann", c.Err()
	})})
	app.Use(func(c *fastmcp.Context) error {
		if err := c.Next(); err != nil {
			c.SetResult("repaired")
		}
		return nil
	})
	s := serve(t, app, l)
	for _, name := range []string{"result", "error", "model", "panic", "timeout"} {
		before := ended.Load()
		q := s.round(nil, name, `{}`, allCapabilities, "").inputs(t)
		if ended.Load() != before {
			t.Errorf("%s: an event for a call that is not over", name)
		}
		if a := s.round(nil, name, `{}`, allCapabilities, back(q.State, annIsIt)); a.message(t).tool(t).text() != "Ann" || ended.Load() != before+1 {
			t.Errorf("%s: %s, %d events", name, a.body, ended.Load()-before)
		}
	}
}

// TestAskWhatItCan asks a client for what it can be asked, when it lacks something else.
func TestAskWhatItCan(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		_, err1 := c.Roots()
		_, err2 := fastmcp.Elicit(c, "who", "Who?", new(person))
		return "", errors.Join(err1, err2)
	})
	if q := s.round(nil, "t", `{}`, `{"roots":{}}`, "").inputs(t); len(q.Requests) != 1 || q.Requests["roots"].Method != "roots/list" {
		t.Errorf("%+v", q)
	}
	q := s.round(nil, "t", `{}`, `{"roots":{}}`, `"inputResponses":{"roots":{"roots":[]}}`)
	if e := q.message(t).Error; q.status != 400 || e == nil || e.Code != -32021 {
		t.Errorf("%d %s", q.status, q.body)
	}
}

// TestAskOnAStream asks after something was sent: nothing on the stream is a request, and an error keeps its code.
func TestAskOnAStream(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		if err := c.Notify("notifications/x", nil); err != nil {
			return nil, err
		}
		_, err := c.Roots()
		return "", err
	})
	messages := s.round(nil, "t", `{}`, allCapabilities, "").messages(t)
	if len(messages) != 2 || messages[0].Method != "notifications/x" || !strings.Contains(string(messages[1].Result), "input_required") {
		t.Errorf("%+v", messages)
	}
	if e := s.round(nil, "t", `{}`, `{}`, "").message(t).Error; e == nil || e.Code != -32021 {
		t.Errorf("%+v", e)
	}
}

func TestOnce(t *testing.T) {
	var runs, fails atomic.Int64
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		_, err := fastmcp.Once(c, "fails", func() (int, error) { fails.Add(1); return 0, errors.New("not yet") })
		if err == nil {
			t.Error("an error was lost")
		}
		type made struct{ ID int64 }
		many := make(chan made, 8)
		for range cap(many) {
			go func() {
				v, _ := fastmcp.Once(c, "makes", func() (made, error) { time.Sleep(time.Millisecond); return made{runs.Add(1)}, nil })
				many <- v
			}()
		}
		v := <-many
		for range cap(many) - 1 {
			if other := <-many; other != v {
				t.Errorf("%v and %v", v, other)
			}
		}
		if _, err := fastmcp.Once(c, "makes", func() (string, error) { return "", nil }); err == nil || !strings.Contains(err.Error(), `"makes"`) {
			t.Errorf("another type: %v", err)
		}
		if _, err := fastmcp.Once(c, "no JSON", func() (func(), error) { return nil, nil }); err == nil {
			t.Error("a function is no JSON")
		}
		_, err = fastmcp.Elicit(c, "who", "Who?", new(person))
		return fmt.Sprint(v.ID), err
	})
	for _, revision := range []string{"2025-11-25", "2026-07-28"} {
		before, failed := runs.Load(), fails.Load()
		m, rounds := s.converse(revision, "t", `{}`, obliging)
		if text := m.tool(t).text(); runs.Load() != before+1 || text != fmt.Sprint(runs.Load()) || fails.Load() != failed+int64(rounds) {
			t.Errorf("%s: %s, %d runs, %d failures in %d rounds", revision, text, runs.Load()-before, fails.Load()-failed, rounds)
		}
	}
}

// TestAskTooMuchToRemember keeps more than a state can hold.
func TestAskTooMuchToRemember(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		big, _ := fastmcp.Once(c, "big", func() (string, error) { return strings.Repeat("x", 70_000), nil })
		_, err := c.Roots()
		return big[:1], err
	})
	if e := s.round(nil, "t", `{}`, allCapabilities, "").message(t).Error; e == nil || e.Code != -32603 || !strings.Contains(s.log.String(), "more than fits in a token") {
		t.Errorf("%+v", e)
	}
}

// TestAskElsewhereThanInTools asks from prompts and resources, whose results can ask too.
func TestAskElsewhereThanInTools(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	handler := fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		var p person
		_, err := fastmcp.Elicit(c, "who", "Who?", &p)
		return "Hello, " + p.Name, err
	})
	app.AddPrompt(fastmcp.Prompt{Name: "p", Handler: handler})
	app.AddResource(fastmcp.Resource{URI: "x://r", Name: "r", Handler: handler})
	s := serve(t, app, l)
	ask := func(method, name, params, capabilities, more string) answer {
		return s.do("POST", statelessHeaders(method, name), strings.Replace(stateless(1, method, params+more, ""), `Capabilities":{}`, `Capabilities":`+capabilities, 1))
	}
	for _, m := range [][3]string{{"prompts/get", "p", `"name":"p"`}, {"resources/read", "x://r", `"uri":"x://r"`}} {
		q := ask(m[0], m[1], m[2], allCapabilities, "").inputs(t)
		if a := ask(m[0], m[1], m[2], allCapabilities, ","+back(q.State, annIsIt)); !strings.Contains(a.body, "Hello, Ann") || !strings.Contains(a.body, `"complete"`) {
			t.Errorf("%s: %s", m[0], a.body)
		}
		if e := ask(m[0], m[1], m[2], `{}`, "").message(t).Error; e == nil || e.Code != -32021 {
			t.Errorf("%s: %+v", m[0], e)
		}
		c := s.openWith("2025-11-25", allCapabilities)
		st := c.server.listen("POST", c.headers(), request(5, m[0], m[2]))
		c.reply(st.message().ID, `"result":{"action":"accept","content":{"name":"Ann"}}`)
		if r := st.message(); !strings.Contains(string(r.Result), "Hello, Ann") {
			t.Errorf("%s: %s %+v", m[0], r.Result, r.Error)
		}
	}
}
