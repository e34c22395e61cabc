package fastmcp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
)

// allCapabilities are those of a client that can be asked anything.
const allCapabilities = `{"elicitation":{"form":{},"url":{}},"sampling":{"tools":{}},"roots":{}}`

// openWith initializes a session of a client that declares capabilities.
func (s *server) openWith(revision, capabilities string) *client {
	s.t.Helper()
	c := &client{server: s, revision: revision, extra: headers{}}
	a := s.do("POST", c.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":%q,"capabilities":%s,"clientInfo":{"name":"test","version":"1"}}}`, revision, capabilities))
	if c.id = a.header.Get("Mcp-Session-Id"); a.status != 200 {
		s.t.Fatalf("initialize: %d %s", a.status, a.body)
	}
	return c
}

// begin calls a tool whose answer begins with a question.
func (c *client) begin(tool, args string) *stream {
	c.t.Helper()
	c.next++
	return c.server.listen("POST", c.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, c.next, tool, args))
}

// reply answers a question of the server's: member is `"result":…` or `"error":…`.
func (c *client) reply(id json.RawMessage, member string) {
	c.t.Helper()
	if a := c.do("POST", c.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,%s}`, id, member)); a.status != 202 || a.body != "" {
		c.t.Errorf("the answer to %s was answered with %d %s", id, a.status, a.body)
	}
}

// round is one round of 2026-07-28. more are further members of params.
func (s *server) round(h headers, tool, args, capabilities, more string) answer {
	s.t.Helper()
	all := statelessHeaders("tools/call", tool)
	for k, v := range h {
		all[k] = v
	}
	if more != "" {
		more = "," + more
	}
	return s.do("POST", all, fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":%q,"arguments":%s,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":%s}%s}}`, tool, args, capabilities, more))
}

// inputs is a result that asks.
type inputs struct {
	Type     string `json:"resultType"`
	State    string `json:"requestState"`
	Requests map[string]struct {
		Method string
		Params json.RawMessage
	} `json:"inputRequests"`
	Meta map[string]any `json:"_meta"`
}

func (a answer) inputs(t testing.TB) (q inputs) {
	t.Helper()
	m := a.message(t)
	if err := json.Unmarshal(m.Result, &q); err != nil || q.Type != "input_required" || q.State == "" || len(q.Requests) == 0 || q.Meta["io.modelcontextprotocol/serverInfo"] == nil {
		t.Fatalf("this does not ask: %d %s", a.status, a.body)
	}
	return q
}

// replies is how a test's client answers what it is asked.
type replies func(method string, params json.RawMessage) (result string)

// converse calls a tool in any revision, and answers until there is a result. rounds counts the handler's runs.
func (s *server) converse(revision, tool, args string, reply replies) (m message, rounds int) {
	s.t.Helper()
	if revision != "2026-07-28" {
		c := s.openWith(revision, allCapabilities)
		st := c.begin(tool, args)
		for {
			if m = st.message(); m.Method == "" {
				return m, 1
			}
			if m.ID != nil {
				c.reply(m.ID, `"result":`+reply(m.Method, m.Params))
			}
		}
	}
	more := ""
	for rounds = 1; rounds < 20; rounds++ {
		a := s.round(nil, tool, args, allCapabilities, more)
		if m = a.message(s.t); !strings.Contains(string(m.Result), `"input_required"`) {
			return m, rounds
		}
		q, answers := a.inputs(s.t), map[string]json.RawMessage{}
		for key, r := range q.Requests {
			answers[key] = json.RawMessage(reply(r.Method, r.Params))
		}
		b, _ := json.Marshal(answers)
		more = fmt.Sprintf(`"inputResponses":%s,"requestState":%q`, b, q.State)
	}
	s.t.Fatal("it asks for ever")
	return m, rounds
}

type person struct {
	Name string `json:"name" validate:"required,max=10"`
	Age  int    `json:"age" default:"30"`
}

// obliging answers everything.
func obliging(method string, params json.RawMessage) string {
	switch {
	case method == "sampling/createMessage":
		return `{"role":"assistant","model":"m1","stopReason":"endTurn","content":{"type":"text","text":"Paris"}}`
	case method == "roots/list":
		return `{"roots":[{"uri":"file:///a","name":"A"},{"uri":"file:///b"}]}`
	case strings.Contains(string(params), "Sure"):
		return `{"action":"accept","content":{}}`
	}
	return `{"action":"accept","content":{"name":"Ann","age":5}}`
}

func TestAskInEveryRevision(t *testing.T) {
	var once atomic.Int64
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		backup, err := fastmcp.Once(c, "backup", func() (string, error) { return fmt.Sprintf("b%d", once.Add(1)), nil })
		if err != nil {
			return nil, err
		}
		var p person
		a, err1 := fastmcp.Elicit(c, "person", "Who?", &p)
		r, err2 := c.Sample("capital", fastmcp.SampleRequest{Prompt: "Capital?", MaxTokens: 9})
		roots, err3 := c.Roots()
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		sure, err := fastmcp.Elicit[struct{}](c, "sure", "Sure, "+p.Name+"?", nil)
		if err != nil {
			return nil, err
		}
		again, err := fastmcp.Once(c, "backup", func() (string, error) { return "never", nil })
		return fmt.Sprint(backup, again, " ", a, p, " ", r.Role, r.Model, r.StopReason, r.Text(), " ", roots, " ", sure), err
	})
	for _, revision := range []string{"2025-06-18", "2025-11-25", "2026-07-28"} {
		before := once.Load()
		m, rounds := s.converse(revision, "t", `{}`, obliging)
		want := fmt.Sprintf("b%d", before+1)
		if got := m.tool(t).text(); got != want+want+" accept {Ann 5} assistantm1endTurnParis [{file:///a A} {file:///b }] accept" {
			t.Errorf("%s: %s", revision, got)
		}
		if n := once.Load() - before; n != 1 || revision == "2026-07-28" && rounds != 3 {
			t.Errorf("%s: Once ran %d times in %d rounds", revision, n, rounds)
		}
	}
}

func TestAskActions(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "ask", Handler: fastmcp.Ask("p", "Who?", func(c *fastmcp.Context, in struct{ N int }, p person, a fastmcp.Action) (string, error) {
		return fmt.Sprint(in.N, a, p.Name), nil
	})})
	app.AddTool(fastmcp.Tool{Name: "url", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		a, err := fastmcp.ElicitURL(c, "u", "Pay", "https://pay.example/x")
		return a.String(), err
	})})
	s := serve(t, app, l)
	for _, revision := range []string{"2025-11-25", "2026-07-28"} {
		for _, action := range []string{"accept", "decline", "cancel"} {
			reply := func(_ string, params json.RawMessage) string {
				if strings.Contains(string(params), `"url"`) && strings.Contains(string(params), "elicitationId") != (revision == "2025-11-25") {
					t.Errorf("%s: %s", revision, params)
				}
				return fmt.Sprintf(`{"action":%q,"content":{"name":"Bo"}}`, action)
			}
			want := "3 " + action
			if action == "accept" {
				want += "Bo"
			}
			if m, _ := s.converse(revision, "ask", `{"N":3}`, reply); m.tool(t).text() != want {
				t.Errorf("%s: %s", revision, m.Result)
			}
			if m, _ := s.converse(revision, "url", `{}`, reply); m.tool(t).text() != action {
				t.Errorf("%s: %s", revision, m.Result)
			}
		}
	}
}

// TestAskOnTheWire compares what is sent with what each revision has.
func TestAskOnTheWire(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		_, err := fastmcp.Elicit(c, "p", "Who?", new(person))
		if err != nil {
			return nil, err
		}
		half := 0.5
		_, err = c.Sample("s", fastmcp.SampleRequest{
			Messages: []fastmcp.SampleMessage{{Role: content.RoleAssistant, Content: []content.Block{content.Text("a"), content.Text("b")}}},
			Prompt:   "c", System: "s", Temperature: &half, StopSequences: []string{"."}, Model: fastmcp.ModelPreferences{Hints: []string{"h"}, Cost: 1},
		})
		return "", err
	})
	const early = `{"message":"Who?","requestedSchema":{"type":"object","properties":{"name":{"type":"string","minLength":1,"maxLength":10},"age":{"type":"integer"}},"required":["name"]}}`
	full := strings.Replace(strings.Replace(early, `{"message"`, `{"mode":"form","message"`, 1), `"integer"`, `"integer","default":30`, 1)
	const tail = `,{"role":"user","content":{"type":"text","text":"c"}}],"modelPreferences":{"costPriority":1,"hints":[{"name":"h"}]},"stopSequences":["."],"systemPrompt":"s","temperature":0.5}`
	const split = `{"maxTokens":1024,"messages":[{"role":"assistant","content":{"type":"text","text":"a"}},{"role":"assistant","content":{"type":"text","text":"b"}}` + tail
	const joint = `{"maxTokens":1024,"messages":[{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}` + tail
	for revision, want := range map[string][2]string{"2025-06-18": {early, split}, "2025-11-25": {full, joint}, "2026-07-28": {full, joint}} {
		var got []string
		s.converse(revision, "t", `{}`, func(method string, params json.RawMessage) string {
			if revision != "2026-07-28" { // where a question is a request, and may be told progress of
				token := fmt.Sprintf(`,"_meta":{"progressToken":"s-%d"}`, len(got)+1)
				if !strings.Contains(string(params), token) {
					t.Errorf("%s: %s has no %s", revision, params, token)
				}
				params = []byte(strings.Replace(string(params), token, "", 1))
			}
			got = append(got, string(params))
			return obliging(method, params)
		})
		if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%s:\n%s\nwant\n%s", revision, got, want)
		}
	}
}

func TestAskWhoCannot(t *testing.T) {
	var told atomic.Value
	ask := func(c *fastmcp.Context) (any, error) {
		var err error
		switch c.Locals("what") {
		case "sample":
			_, err = c.Sample("s", fastmcp.SampleRequest{Prompt: "x"})
		case "tools":
			_, err = c.Sample("s", fastmcp.SampleRequest{Prompt: "x", Tools: []fastmcp.SampleTool{{Name: "t"}}})
		case "roots":
			_, err = c.Roots()
		case "url":
			_, err = fastmcp.ElicitURL(c, "u", "m", "https://x")
		default:
			_, err = fastmcp.Elicit(c, "e", "m", new(person))
		}
		told.Store(errors.Is(err, fastmcp.ErrUnsupported))
		return "", err
	}
	config := fastmcp.Config{}
	app, l := newApp(t, config)
	for _, what := range []string{"sample", "tools", "roots", "url", "elicit"} {
		app.AddTool(fastmcp.Tool{Name: what, Handler: fastmcp.Get(func(c *fastmcp.Context) (any, error) {
			c.Locals("what", what)
			return ask(c)
		})})
	}
	s := serve(t, app, l)
	old, none := s.openWith("2025-06-18", allCapabilities), s.openWith("2025-11-25", `{}`)
	for tool, needs := range map[string]string{
		"sample": `{"sampling":{}}`, "tools": `{"sampling":{"tools":{}}}`, "roots": `{"roots":{}}`,
		"url": `{"elicitation":{"url":{}}}`, "elicit": `{"elicitation":{"form":{}}}`,
	} {
		a := s.round(nil, tool, `{}`, `{}`, "")
		if e := a.message(t).Error; a.status != 400 || e == nil || e.Code != -32021 || string(e.Data) != `{"requiredCapabilities":`+needs+`}` || told.Load() != true {
			t.Errorf("%s: %d %s", tool, a.status, a.body)
		}
		if r := none.call(tool, `{}`).message(t).tool(t); !r.IsError || !strings.Contains(r.text(), needs) {
			t.Errorf("%s: %+v", tool, r)
		}
	}
	for _, tool := range []string{"tools", "url"} {
		if r := old.call(tool, `{}`).message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "its revision") {
			t.Errorf("%s: %+v", tool, r)
		}
	}
	c := s.openWith("2025-11-25", allCapabilities)
	c.extra["Accept"] = "application/json"
	if a := c.call("roots", `{}`); a.status == 200 && !strings.Contains(a.body, "text/event-stream") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAskWithoutSessions(t *testing.T) {
	s := doing(t, fastmcp.Config{Stateless: true}, func(c *fastmcp.Context) (any, error) {
		_, err := c.Roots()
		return "", err
	})
	a := s.do("POST", headers{"MCP-Protocol-Version": "2025-11-25"}, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}`)
	if r := a.message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "cannot be asked") {
		t.Errorf("%+v", r)
	}
	if a := s.do("POST", headers{"MCP-Protocol-Version": "2025-11-25"}, `{"jsonrpc":"2.0","id":"s-1","result":{}}`); a.status != 202 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestAskTwiceUnderOneKey asks the same, which is one question, and something else, which is a mistake.
func TestAskTwiceUnderOneKey(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		var p, same person
		_, err1 := fastmcp.Elicit(c, "k", "Who?", &p)
		_, err2 := fastmcp.Elicit(c, "k", "Who?", &same)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		_, err := c.Roots("k")
		return p.Name + same.Name + " " + err.Error(), nil
	})
	for _, revision := range []string{"2025-11-25", "2026-07-28"} {
		questions := 0
		m, _ := s.converse(revision, "t", `{}`, func(method string, params json.RawMessage) string {
			questions++
			return obliging(method, params)
		})
		if text := m.tool(t).text(); questions != 1 || !strings.HasPrefix(text, "AnnAnn ") || !strings.Contains(text, `"k" stands for two`) {
			t.Errorf("%s: %d %s", revision, questions, text)
		}
	}
}

func TestAskRaw(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		a, answer, err := fastmcp.ElicitRaw(c, "k", "Which?", `{"type":"object","properties":{"x":{"type":"string","enum":["a","b"],"enumNames":["A","B"]}}}`)
		return fmt.Sprint(a, string(answer)), err
	})
	for _, revision := range []string{"2025-06-18", "2025-11-25", "2026-07-28"} {
		m, _ := s.converse(revision, "t", `{}`, func(_ string, params json.RawMessage) string {
			if !strings.Contains(string(params), `"enumNames":["A","B"]`) {
				t.Errorf("%s", params)
			}
			return `{"action":"accept","content":{"x":"b"}}`
		})
		if text := m.tool(t).text(); text != `accept{"x":"b"}` {
			t.Errorf("%s: %s", revision, text)
		}
	}
	m, _ := s.converse("2025-11-25", "t", `{}`, func(string, json.RawMessage) string { return `{"action":"accept","content":{"x":"c"}}` })
	if !m.tool(t).IsError {
		t.Errorf("%s", m.Result)
	}
}

// TestSampleTools goes on with what the model wants to call.
func TestSampleTools(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		r := fastmcp.SampleRequest{Prompt: "Weather?", Tools: []fastmcp.SampleTool{{Name: "weather"}}, ToolChoice: "auto"}
		first, err := c.Sample("one", r)
		if err != nil {
			return nil, err
		}
		r.Messages, r.Prompt = []fastmcp.SampleMessage{{Content: []content.Block{content.Text("Weather?")}}, first.Message(), {
			ToolResults: []fastmcp.ToolResult{{ToolUseID: first.ToolUses[0].ID, Content: []content.Block{content.Text("rain")}}},
		}}, ""
		second, err := c.Sample("two", r)
		if err != nil {
			return nil, err
		}
		return second.Text(), nil
	})
	for _, revision := range []string{"2025-11-25", "2026-07-28"} {
		m, _ := s.converse(revision, "t", `{}`, func(_ string, params json.RawMessage) string {
			if strings.Contains(string(params), `{"type":"tool_result","toolUseId":"u1","content":[{"type":"text","text":"rain"}]}`) &&
				strings.Contains(string(params), `{"type":"tool_use","id":"u1","name":"weather","input":{"city":"x"}}`) {
				return `{"role":"assistant","model":"m","content":[{"type":"text","text":"It "},{"type":"text","text":"rains"}]}`
			}
			return `{"role":"assistant","model":"m","stopReason":"toolUse","content":[{"type":"tool_use","id":"u1","name":"weather","input":{"city":"x"}}]}`
		})
		if text := m.tool(t).text(); text != "It rains" {
			t.Errorf("%s: %s", revision, m.Result)
		}
	}
}

// TestAskElsewhere asks where nobody can: in the chain of another method.
func TestAskElsewhere(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	errs := make(chan error, 8)
	app.Use(func(c *fastmcp.Context) error {
		_, err := c.Roots()
		errs <- err
		return c.Next()
	})
	s := serve(t, app, l)
	a := s.do("POST", statelessHeaders("tools/list", ""), strings.Replace(stateless(1, "tools/list", "", ""), `Capabilities":{}`, `Capabilities":{"roots":{}}`, 1))
	if err := <-errs; !errors.Is(err, fastmcp.ErrUnsupported) || strings.Contains(a.body, "input_required") || a.status != 200 {
		t.Errorf("%v %s", err, a.body)
	}
}

// TestAskSeveralAtOnce asks from two goroutines, and is answered in the other order.
func TestAskSeveralAtOnce(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		var roots []fastmcp.Root
		var r *fastmcp.SampleResult
		errs := make(chan error, 2)
		go func() {
			var err error
			roots, err = c.Roots()
			errs <- err
		}()
		go func() {
			var err error
			r, err = c.Sample("s", fastmcp.SampleRequest{Prompt: "x"})
			errs <- err
		}()
		if err := errors.Join(<-errs, <-errs); err != nil {
			return nil, err
		}
		return fmt.Sprint(len(roots), r.Text()), nil
	})
	c := s.openWith("2025-11-25", allCapabilities)
	st := c.begin("t", `{}`)
	first, second := st.message(), st.message()
	for _, q := range []message{second, first} {
		c.reply(q.ID, `"result":`+obliging(q.Method, q.Params))
	}
	if text := st.message().tool(t).text(); text != "2Paris" {
		t.Error(text)
	}
	if m, rounds := s.converse("2026-07-28", "t", `{}`, obliging); m.tool(t).text() != "2Paris" || rounds != 2 {
		t.Errorf("%s in %d rounds", m.Result, rounds)
	}
}
