package fastmcp_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

const declaresTasks = `"extensions":{"io.modelcontextprotocol/tasks":{}},"elicitation":{}`

const annsToken, bobsToken = "token-of-ann-0123456789", "token-of-bob-0123456789"

// declaring is a request of 2026-07-28 by a client that knows tasks.
func declaring(method, params string) string {
	return strings.Replace(stateless(1, method, params, ""), `clientCapabilities":{}`, `clientCapabilities":{`+declaresTasks+`}`, 1)
}

func (s *server) declaring(method, name, params string, h ...headers) message {
	s.t.Helper()
	all := statelessHeaders(method, name)
	for _, more := range h {
		for k, v := range more {
			all[k] = v
		}
	}
	return s.do("POST", all, declaring(method, params)).message(s.t)
}

// taskState is what a test looks at of a task.
type taskState struct {
	TaskID        string                     `json:"taskId"`
	Status        string                     `json:"status"`
	Result        json.RawMessage            `json:"result"`
	InputRequests map[string]json.RawMessage `json:"inputRequests"`
	Meta          map[string]json.RawMessage `json:"_meta"`
}

// asking is a server whose tool asks once and then is done.
func askingTask(t *testing.T, config fastmcp.Config) *server {
	app, l := newApp(t, config)
	app.AddTool(fastmcp.Tool{Name: "t", Task: fastmcp.TaskOptional, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		var form struct {
			Name string `json:"name" validate:"required"`
		}
		_, err := fastmcp.Elicit(c, "who", "Who?", &form)
		return "Hello, " + form.Name, err
	})})
	return serve(t, app, l)
}

// What the official suite skips: a listener with taskIds gets its acknowledgement, and each change with its tag.
func TestTaskListen(t *testing.T) {
	s := askingTask(t, fastmcp.Config{})
	var created taskState
	if m := s.declaring("tools/call", "t", `"name":"t","arguments":{}`); json.Unmarshal(m.Result, &created) != nil || created.TaskID == "" {
		t.Fatalf("%s %+v", m.Result, m.Error)
	}
	st := s.listen("POST", statelessHeaders("subscriptions/listen", ""), declaring("subscriptions/listen",
		fmt.Sprintf(`"notifications":{"toolsListChanged":true,"taskIds":[%q,"unknown",%q]}`, created.TaskID, created.TaskID)))
	ack := st.message()
	if want := fmt.Sprintf(`{"notifications":{"toolsListChanged":true,"taskIds":[%q]},"_meta":{"io.modelcontextprotocol/subscriptionId":1}}`, created.TaskID); ack.Method != "notifications/subscriptions/acknowledged" || string(ack.Params) != want {
		t.Errorf("%s %s\nnot %s", ack.Method, ack.Params, want)
	}
	next := func(statuses ...string) taskState {
		t.Helper()
		m := st.message()
		var now taskState
		if err := json.Unmarshal(m.Params, &now); err != nil || m.Method != "notifications/tasks" || now.TaskID != created.TaskID ||
			!slices.Contains(statuses, now.Status) || string(now.Meta["io.modelcontextprotocol/subscriptionId"]) != "1" {
			t.Fatalf("%s %s, not %s", m.Method, m.Params, statuses)
		}
		return now
	}
	now := next("working", "input_required") // how it stood when the listener came
	if now.Status == "working" {
		now = next("input_required")
	}
	if len(now.InputRequests["who"]) == 0 {
		t.Errorf("%v", now.InputRequests)
	}
	if m := s.declaring("tasks/update", created.TaskID, fmt.Sprintf(`"taskId":%q,"inputResponses":{"who":{"action":"accept","content":{"name":"Ada"}}}`, created.TaskID)); m.Error != nil {
		t.Fatalf("%+v", m.Error)
	}
	next("working")
	if done := next("completed"); !strings.Contains(string(done.Result), "Hello, Ada") {
		t.Errorf("%s", done.Result)
	}
}

func TestTaskListenRefusals(t *testing.T) {
	byToken := auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{annsToken: {Subject: "ann"}, bobsToken: {Subject: "bob"}})}})
	s := askingTask(t, fastmcp.Config{Auth: byToken})
	ann, bob := headers{"Authorization": "Bearer " + annsToken}, headers{"Authorization": "Bearer " + bobsToken}
	var created taskState
	if m := s.declaring("tools/call", "t", `"name":"t","arguments":{}`, ann); json.Unmarshal(m.Result, &created) != nil || created.TaskID == "" {
		t.Fatalf("%s %+v", m.Result, m.Error)
	}
	h := statelessHeaders("subscriptions/listen", "")
	h["Authorization"] = ann["Authorization"]
	a := s.do("POST", h, stateless(1, "subscriptions/listen", `"notifications":{"taskIds":["x"]}`, ""))
	if m := a.message(t); a.status != 400 || m.Error == nil || m.Error.Code != -32021 || !strings.Contains(string(m.Error.Data), "io.modelcontextprotocol/tasks") {
		t.Errorf("undeclared: %d %s", a.status, a.body)
	}
	h["Authorization"] = bob["Authorization"]
	st := s.listen("POST", h, declaring("subscriptions/listen", fmt.Sprintf(`"notifications":{"promptsListChanged":true,"taskIds":[%q]}`, created.TaskID)))
	if ack := st.message(); strings.Contains(string(ack.Params), "taskIds") {
		t.Errorf("another's task is honoured: %s", ack.Params)
	}
}
