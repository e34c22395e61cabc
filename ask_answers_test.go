package fastmcp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
)

// misfit is an answer that does not fit, and what the model reads of it.
type misfit struct{ reply, says string }

// misfits are the answers to each question.
var misfits = map[string][]misfit{
	"sample": {
		{`{"role":"assistant","model":"m"}`, `The answer to the question "s" is no message of a model.`},
		{`{"role":"assistant","content":{"type":"text"}}`, `The answer to the question "s" is no message of a model.`},
		{`{"role":"assistant","content":{"type":"video","data":"x"}}`, `The answer to the question "s" is no message of a model.`},
		{`{"role":"assistant","content":{"type":"image","data":"not base64!","mimeType":"image/png"}}`, `The answer to the question "s" is no message of a model.`},
		{`{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"tool_use","id":"","name":"t"}]}`, `The answer to the question "s" is no message of a model.`},
		{`{"role":"system","content":{"type":"text","text":"x"}}`, `The answer to the question "s" is no message of a model.`},
		{`{"content":{"type":"text","text":"x"}}`, `The answer to the question "s" is no message of a model.`},
		{`"Paris"`, `The answer to the question "s" is no message of a model.`},
		{`null`, `The answer to the question "s" is no message of a model.`},
	},
	"roots": {
		{`{}`, `The answer to the question "roots" has no list of roots.`},
		{`{"roots":null}`, `The answer to the question "roots" has no list of roots.`},
		{`{"roots":{"uri":"file:///a"}}`, `The answer to the question "roots" has no list of roots.`},
		{`{"roots":[{"uri":7}]}`, `The answer to the question "roots" has no list of roots.`},
		{`{"roots":[{"uri":"file:///a"},{"name":"b"}]}`, `The answer to the question "roots" has a root without a URI.`},
		{`[]`, `The answer to the question "roots" has no list of roots.`},
	},
	"form": {
		{`{"action":"accept"}`, `The answer to the question "e" does not fit its form. `},
		{`{"action":"accept","content":{"name":"Ann","age":"old"}}`, `age`},
		{`{"action":"accept","content":"Ann"}`, `The answer to the question "e" does not fit its form. `},
		{`{"action":"ACCEPT"}`, `The answer to the question "e" has no action that is accept, decline or cancel.`},
		{`{"content":{"name":"Ann"}}`, `The answer to the question "e" has no action that is accept, decline or cancel.`},
		{`12345`, `The answer to the question "e" has no action that is accept, decline or cancel.`},
	},
	"raw": {
		{`{"action":"accept","content":{"n":"x"}}`, `The answer to the question "e" does not fit its form. `},
		{`{"action":"accept","content":{}}`, `n`},
	},
	"url": {
		{`{"action":true}`, `The answer to the question "u" has no action that is accept, decline or cancel.`},
	},
}

// asks asks what its argument says.
func asks(t *testing.T) *server {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "asks", Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct{ What string }) (string, error) {
		var err error
		switch in.What {
		case "sample":
			_, err = c.Sample("s", fastmcp.SampleRequest{Prompt: "x"})
		case "roots":
			_, err = c.Roots()
		case "form":
			_, err = fastmcp.Elicit(c, "e", "Who?", new(person))
		case "raw":
			_, _, err = fastmcp.ElicitRaw(c, "e", "How many?", `{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}`)
		case "url":
			_, err = fastmcp.ElicitURL(c, "u", "Pay", "https://x.example")
		}
		return "done", err
	})})
	return serve(t, app, l)
}

// TestWhatTheModelReadsOfAnswersThatDoNotFit: with a session the model reads what is wrong, and decides. In 2026-07-28
// the client is asked again, and nothing is done.
func TestWhatTheModelReadsOfAnswersThatDoNotFit(t *testing.T) {
	s := asks(t)
	c := s.ready("2025-11-25")
	for what, all := range misfits {
		args := fmt.Sprintf(`{"What":%q}`, what)
		first := s.round(nil, "asks", args, allCapabilities, "").inputs(t)
		for _, m := range all {
			st := c.begin("asks", args)
			c.reply(st.message().ID, `"result":`+m.reply)
			if r := st.message().tool(t); !r.IsError || !strings.Contains(r.text(), m.says) {
				t.Errorf("%s: %s: %+v", what, m.reply, r)
			}
			for key := range first.Requests {
				again := s.round(nil, "asks", args, allCapabilities, fmt.Sprintf(`"inputResponses":{%q:%s},"requestState":%q`, key, m.reply, first.State)).inputs(t)
				if len(again.Requests) != 1 || again.Requests[key].Method != first.Requests[key].Method {
					t.Errorf("%s: %s: %+v", what, m.reply, again.Requests)
				}
			}
		}
	}
}

// TestErrorsAsAnswers: the error of a client is the handler's, and the call's when the handler returns it.
func TestErrorsAsAnswers(t *testing.T) {
	c := asks(t).ready("2025-11-25")
	for what := range misfits {
		args := fmt.Sprintf(`{"What":%q}`, what)
		st := c.begin("asks", args)
		q := st.message()
		c.reply(json.RawMessage(`"s-99"`), `"result":{}`) // unknown ids wake nobody
		c.reply(json.RawMessage(`7`), `"error":{"code":-1,"message":"no"}`)
		c.reply(q.ID, `"error":{"code":-1,"message":"User rejected sampling request"}`)
		if e := st.message().Error; e == nil || e.Code != -1 || e.Message != "User rejected sampling request" {
			t.Errorf("%s: %+v", what, e)
		}
		for _, broken := range []string{`"error":7`, `"error":{}`, `"error":"no"`} {
			st := c.begin("asks", args)
			c.reply(st.message().ID, broken)
			if r := st.message().tool(t); !r.IsError || r.text() != "The client has answered with an error that cannot be read." {
				t.Errorf("%s: %s: %+v", what, broken, r)
			}
		}
	}
}

// TestAskIsCheckedWhenItIsAdded: what cannot be a form is a mistake, found before anybody is asked.
func TestAskIsCheckedWhenItIsAdded(t *testing.T) {
	type nested struct {
		Who person `json:"who"`
	}
	none := func(c *fastmcp.Context, _ struct{}, _ nested, a fastmcp.Action) (string, error) { return "", nil }
	list := func(c *fastmcp.Context, _ struct{}, _ []string, a fastmcp.Action) (string, error) { return "", nil }
	fine := func(c *fastmcp.Context, _ struct{}, _ person, a fastmcp.Action) (string, error) { return "", nil }
	app, _ := newApp(t, fastmcp.Config{})
	for name, c := range map[string]struct {
		err  error
		says []string
	}{
		"nested":   {app.TryAddTool(fastmcp.Tool{Name: "a", Handler: fastmcp.Ask("k", "m", none)}), []string{`the tool "a"`, `the form of the question "k"`, "Who: a form is flat"}},
		"list":     {app.TryAddTool(fastmcp.Tool{Name: "a", Handler: fastmcp.Ask("k", "m", list)}), []string{`the tool "a"`, "use a struct"}},
		"no key":   {app.TryAddTool(fastmcp.Tool{Name: "a", Handler: fastmcp.Ask("", "m", fine)}), []string{`the tool "a"`, "has no key", "give it one"}},
		"prompt":   {app.TryAddPrompt(fastmcp.Prompt{Name: "p", Handler: fastmcp.Ask("k", "m", list)}), []string{`"p"`, "use a struct"}},
		"resource": {app.TryAddResource(fastmcp.Resource{URI: "x://y", Name: "r", Handler: fastmcp.Ask("k", "m", list)}), []string{`"x://y"`, "use a struct"}},
	} {
		for _, part := range c.says {
			if c.err == nil || !strings.Contains(c.err.Error(), part) {
				t.Errorf("%s: %v does not say %s", name, c.err, part)
			}
		}
	}
	if err := app.TryAddTool(fastmcp.Tool{Name: "a", Handler: fastmcp.Ask("k", "m", fine)}); err != nil {
		t.Error(err)
	}
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), `the tool "b": the form of the question "k"`) {
			t.Errorf("%v", v)
		}
	}()
	app.AddTool(fastmcp.Tool{Name: "b", Handler: fastmcp.Ask("k", "m", none)})
}
