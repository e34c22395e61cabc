package fastmcp_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// taskCapabilities are those of a client of 2026-07-28 that knows tasks, and can be asked.
const taskCapabilities = `{"elicitation":{"form":{}},"extensions":{"io.modelcontextprotocol/tasks":{}}}`

// taskView is a task as a test looks at it, in either revision.
type taskView struct {
	Type    string          `json:"resultType"`
	ID      string          `json:"taskId"`
	Status  string          `json:"status"`
	Message string          `json:"statusMessage"`
	Created time.Time       `json:"createdAt"`
	Updated time.Time       `json:"lastUpdatedAt"`
	TTLMs   *int64          `json:"ttlMs"`
	TTL     *int64          `json:"ttl"`
	Result  json.RawMessage `json:"result"`
	Error   json.RawMessage `json:"error"`
	Inputs  map[string]struct {
		Method string
		Params json.RawMessage
	} `json:"inputRequests"`
	raw string
}

func (v taskView) tool(t testing.TB) toolResult {
	t.Helper()
	return message{Result: v.Result}.tool(t)
}

func (a answer) task(t testing.TB) (v taskView) {
	t.Helper()
	m := a.message(t)
	if err := json.Unmarshal(m.Result, &v); err != nil || m.Error != nil {
		t.Fatalf("no task: %d %s", a.status, a.body)
	}
	v.raw = string(m.Result)
	return v
}

// task is a request of 2026-07-28 about a task. more are further members of params.
func (s *server) task(h headers, method, id, more string) answer {
	s.t.Helper()
	return s.taskOf(h, method, id, fmt.Sprintf("%q", id), more)
}

// taskOf is task with an id that is any JSON.
func (s *server) taskOf(h headers, method, name, id, more string) answer {
	s.t.Helper()
	all := statelessHeaders(method, name)
	maps.Copy(all, h)
	return s.do("POST", all, fmt.Sprintf(`{"jsonrpc":"2.0","id":8,"method":%q,"params":{"taskId":%s,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":%s}%s}}`, method, id, taskCapabilities, more))
}

// start calls a tool that becomes a task.
func (s *server) start(h headers, tool, args string) taskView {
	s.t.Helper()
	a := s.round(h, tool, args, taskCapabilities, "")
	v := a.task(s.t)
	if a.status != 200 || v.Type != "task" || v.Status != "working" || len(v.ID) < 22 {
		s.t.Fatalf("no task was made: %d %s", a.status, a.body)
	}
	return v
}

// until waits until a task stands so.
func (s *server) until(h headers, id, status string) (v taskView) {
	s.t.Helper()
	within(s.t, 20*time.Second, "the task is "+status, func() bool {
		v = s.task(h, "tasks/get", id, "").task(s.t)
		return v.Status == status
	})
	return v
}

func (s *server) answers(id, responses string) answer {
	s.t.Helper()
	return s.task(nil, "tasks/update", id, `,"inputResponses":`+responses)
}

// refusedAs fails the test unless the answer is that error.
func (a answer) refusedAs(t testing.TB, status, code int, words string) {
	t.Helper()
	if e := a.message(t).Error; a.status != status || e == nil || e.Code != code || !strings.Contains(e.Message, words) {
		t.Errorf("got %d %s, want %d, %d and %q", a.status, a.body, status, code, words)
	}
}

// held is a tool whose calls wait until the test lets them go, or their Context ends.
type held struct {
	begun chan *fastmcp.Context
	letGo chan error
	ended chan error
}

func newHeld() *held {
	return &held{make(chan *fastmcp.Context, 64), make(chan error, 64), make(chan error, 64)}
}

func (h *held) run(c *fastmcp.Context) (string, error) {
	h.begun <- c
	select {
	case err := <-h.letGo:
		return "done", err
	case <-c.Done():
		h.ended <- c.Err()
		return "", c.Err()
	}
}

// holding serves the tool "hold", whose calls may be tasks.
func holding(t *testing.T, config fastmcp.Config, tool fastmcp.Tool) (*server, *held) {
	t.Helper()
	app, l := newApp(t, config)
	h := newHeld()
	tool.Name, tool.Handler = "hold", fastmcp.Get(h.run)
	if tool.Task == fastmcp.TaskNever {
		tool.Task = fastmcp.TaskOptional
	}
	app.AddTool(tool)
	return serve(t, app, l), h
}

// tasking serves the tool "t", which is a task where its client knows tasks.
func tasking(t *testing.T, config fastmcp.Config, f fastmcp.Func) *server {
	t.Helper()
	app, l := newApp(t, config)
	app.AddTool(fastmcp.Tool{Name: "t", Task: fastmcp.TaskOptional, Handler: f})
	return serve(t, app, l)
}

// membersOf are the names in an object, sorted.
func membersOf(t testing.TB, object []byte) []string {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(object, &m); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(m))
}

func TestTaskLifecycle(t *testing.T) {
	s, h := holding(t, fastmcp.Config{}, fastmcp.Tool{})
	before := time.Now().Add(-time.Second)
	v := s.start(nil, "hold", `{}`)
	flat := []string{"_meta", "createdAt", "lastUpdatedAt", "pollIntervalMs", "resultType", "status", "taskId", "ttlMs"}
	if got := membersOf(t, []byte(v.raw)); !slices.Equal(got, flat) || *v.TTLMs != time.Hour.Milliseconds() || v.Created.Before(before) || v.Created.After(time.Now()) {
		t.Errorf("created: %s", v.raw)
	}
	g := s.task(nil, "tasks/get", v.ID, "").task(t)
	if got := membersOf(t, []byte(g.raw)); g.Type != "complete" || g.Status != "working" || !slices.Equal(got, flat) {
		t.Errorf("while it works: %s", g.raw)
	}
	receive(t, "its beginning", h.begun)
	h.letGo <- nil
	g = s.until(nil, v.ID, "completed")
	if r := g.tool(t); r.text() != "done" || r.IsError || r.Meta["io.modelcontextprotocol/related-task"] != nil || g.Error != nil || g.Updated.Before(g.Created) || *g.TTLMs != *v.TTLMs || !g.Created.Equal(v.Created) {
		t.Errorf("completed: %s", g.raw)
	}
	if again := s.task(nil, "tasks/get", v.ID, "").task(t); again.raw != g.raw {
		t.Errorf("the second time it is %s", again.raw)
	}
	if w := s.start(nil, "hold", `{}`); w.ID == v.ID {
		t.Error("two tasks have one id")
	}
	h.letGo <- nil
}

type unmarshalable struct{}

func (unmarshalable) MarshalJSON() ([]byte, error) { panic("no JSON") }

func TestTaskOutcomes(t *testing.T) {
	secret := errors.New("the password is hunter2")
	app, l := newApp(t, fastmcp.Config{})
	for name, f := range map[string]func(c *fastmcp.Context) (any, error){
		"model":  func(*fastmcp.Context) (any, error) { return nil, fastmcp.Errorf("try 7") },
		"masked": func(*fastmcp.Context) (any, error) { return nil, secret },
		"panics": func(*fastmcp.Context) (any, error) { panic(secret) },
		"protocol": func(*fastmcp.Context) (any, error) {
			return nil, &protocol.Error{Code: -7, Message: "no", Data: map[string]int{"n": 1}}
		},
		"marshal": func(*fastmcp.Context) (any, error) { return unmarshalable{}, nil },
		"goexit":  func(*fastmcp.Context) (any, error) { runtime.Goexit(); return nil, nil },
		"nothing": func(*fastmcp.Context) (any, error) { return nil, nil },
		"cannot": func(c *fastmcp.Context) (any, error) {
			_, err := c.Sample("s", fastmcp.SampleRequest{Prompt: "x"})
			return nil, err
		},
	} {
		app.AddTool(fastmcp.Tool{Name: name, Task: fastmcp.TaskRequired, Handler: fastmcp.Get(f)})
	}
	s := serve(t, app, l)
	for name, want := range map[string]struct{ status, words string }{
		"model": {"completed", `"isError":true`}, "masked": {"completed", "under the id"}, "panics": {"completed", "under the id"},
		"protocol": {"failed", `"error":{"code":-7,"message":"no","data":{"n":1}}`}, "marshal": {"completed", "under the id"}, "goexit": {"completed", `"isError":true`},
		"nothing": {"completed", `"content":[]`}, "cannot": {"failed", `"requiredCapabilities":{"sampling":{}}`},
	} {
		id := s.start(nil, name, `{}`).ID
		var v taskView
		within(t, 20*time.Second, name+" is over", func() bool {
			v = s.task(nil, "tasks/get", id, "").task(t)
			return v.Status != "working"
		})
		if v.Status != want.status || !strings.Contains(v.raw, want.words) || strings.Contains(v.raw, "hunter2") || strings.Contains(v.raw, "no JSON") {
			t.Errorf("%s: %s", name, v.raw)
		}
		if completed := v.Status == "completed"; completed != (v.Result != nil) || completed == (v.Error != nil) {
			t.Errorf("%s has a result and an error, or neither: %s", name, v.raw)
		}
	}
}

func TestTaskOnlyWhereItIsKnown(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	says := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "said", nil })
	app.AddTool(fastmcp.Tool{Name: "never", Handler: says})
	app.AddTool(fastmcp.Tool{Name: "optional", Task: fastmcp.TaskOptional, Handler: says})
	app.AddTool(fastmcp.Tool{Name: "required", Task: fastmcp.TaskRequired, Handler: says})
	s := serve(t, app, l)
	for what, a := range map[string]answer{
		"never, declared":      s.round(nil, "never", `{}`, taskCapabilities, ""),
		"never, asked":         s.round(nil, "never", `{}`, taskCapabilities, `"task":{"ttl":1}`),
		"optional, undeclared": s.round(nil, "optional", `{}`, `{}`, ""),
		"optional, asked":      s.round(nil, "optional", `{}`, `{}`, `"task":{"ttl":1}`),
		"optional, null":       s.round(nil, "optional", `{}`, `{"extensions":{"io.modelcontextprotocol/tasks":null}}`, ""),
	} {
		if r := a.message(t).tool(t); a.status != 200 || r.text() != "said" || r.Type != "complete" {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	const needs = `{"requiredCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}}`
	all := []answer{s.round(nil, "required", `{}`, `{}`, "")}
	for _, method := range []string{"tasks/get", "tasks/update", "tasks/cancel"} {
		all = append(all, s.do("POST", statelessHeaders(method, "nothing"), stateless(1, method, `"taskId":"nothing"`, "")))
	}
	for _, a := range all {
		if a.refusedAs(t, 400, -32021, "lacks a capability"); string(a.message(t).Error.Data) != needs {
			t.Errorf("%s", a.body)
		}
	}
	for _, revision := range []string{"2024-11-05", "2025-03-26", "2025-06-18"} {
		c := s.open(revision)
		if r := c.send("tools/call", `"name":"optional","arguments":{},"task":{"ttl":1}`).message(t).tool(t); r.text() != "said" {
			t.Errorf("%s: %+v", revision, r)
		}
		c.call("required", `{}`).refusedAs(t, 200, -32601, "runs as a task only, which this revision")
		c.send("tasks/get", `"taskId":"x"`).refusedAs(t, 200, -32601, "Method not found")
	}
}

func TestTaskUnknown(t *testing.T) {
	s, _ := holding(t, fastmcp.Config{}, fastmcp.Tool{})
	for _, method := range []string{"tasks/get", "tasks/update", "tasks/cancel"} {
		for _, id := range []string{"unknown", "", "../../x", "a:b", "*", strings.Repeat("x", 65), strings.Repeat("x", 2000), " "} {
			s.task(headers{"Mcp-Name": inHeader(id)}, method, id, `,"inputResponses":{}`).refusedAs(t, 200, -32602, "unknown task")
		}
		for _, id := range []string{`1`, `null`, `{}`, `[]`} {
			s.taskOf(nil, method, "1", id, "").refusedAs(t, 200, -32602, "taskId must be a string")
		}
		s.task(headers{"Mcp-Name": "another"}, method, "unknown", "").refusedAs(t, 400, -32020, "Mcp-Name")
		s.task(headers{"Mcp-Name": ""}, method, "unknown", "").refusedAs(t, 400, -32020, "Mcp-Name")
	}
	for _, method := range []string{"tasks/result", "tasks/list"} {
		s.task(nil, method, "x", "").refusedAs(t, 404, -32601, "Method not found")
		s.do("POST", statelessHeaders(method, ""), stateless(1, method, "", "")).refusedAs(t, 404, -32601, "Method not found")
	}
	without := doing(t, fastmcp.Config{}, func(*fastmcp.Context) (any, error) { return "", nil })
	without.task(nil, "tasks/get", "x", "").refusedAs(t, 404, -32601, "Method not found")
}

// inHeader writes a text as Mcp-Name has it.
func inHeader(s string) string {
	return "=?base64?" + base64.StdEncoding.EncodeToString([]byte(s)) + "?="
}

func TestTaskIsItsOwners(t *testing.T) {
	s, h := holding(t, fastmcp.Config{Auth: someTokens()}, fastmcp.Tool{})
	id := s.start(as(writerToken), "hold", `{}`).ID
	for _, other := range []headers{as(readerToken), as(rootToken), nil} {
		for _, method := range []string{"tasks/get", "tasks/update", "tasks/cancel"} {
			s.task(other, method, id, `,"inputResponses":{}`).refusedAs(t, 200, -32602, "unknown task")
		}
	}
	c := s.open("2025-11-25", as(writerToken))
	for _, method := range []string{"tasks/get", "tasks/result", "tasks/cancel"} {
		c.send(method, fmt.Sprintf(`"taskId":%q`, id)).refusedAs(t, 200, -32602, "unknown task")
	}
	h.letGo <- nil
	s.until(as(writerToken), id, "completed")
	// Of those who have no name, who knows the id owns the task.
	id = s.start(nil, "hold", `{}`).ID
	s.task(as(writerToken), "tasks/get", id, "").refusedAs(t, 200, -32602, "unknown task")
	h.letGo <- nil
	s.until(nil, id, "completed")
}

func TestTaskOfWhoMayNotAnyMore(t *testing.T) {
	var allowed atomic.Bool
	allowed.Store(true)
	s, h := holding(t, fastmcp.Config{Auth: someTokens()}, fastmcp.Tool{CanAccess: func(context.Context, *auth.Access) auth.Decision {
		if allowed.Load() {
			return auth.Allow()
		}
		return auth.Deny()
	}})
	id := s.start(as(writerToken), "hold", `{}`).ID
	h.letGo <- nil
	s.until(as(writerToken), id, "completed")
	allowed.Store(false)
	for _, method := range []string{"tasks/get", "tasks/update", "tasks/cancel"} {
		s.task(as(writerToken), method, id, `,"inputResponses":{}`).refusedAs(t, 200, -32602, "unknown task")
	}
	allowed.Store(true)
	s.until(as(writerToken), id, "completed")
}

func TestTaskCancel(t *testing.T) {
	events := make(chan fastmcp.ToolCallEvent, 8)
	s, h := holding(t, fastmcp.Config{On: fastmcp.Events{ToolCall: func(e fastmcp.ToolCallEvent) { events <- e }}}, fastmcp.Tool{})
	id := s.start(nil, "hold", `{}`).ID
	receive(t, "its beginning", h.begun)
	for range 2 { // what is over is cancelled once more
		a := s.task(nil, "tasks/cancel", id, "")
		if got := membersOf(t, a.message(t).Result); a.status != 200 || !slices.Equal(got, []string{"_meta", "resultType"}) || a.task(t).Type != "complete" {
			t.Errorf("the acknowledgement is %d %s", a.status, a.body)
		}
		if v := s.task(nil, "tasks/get", id, "").task(t); v.Status != "cancelled" || v.Result != nil || v.Error != nil || v.Message == "" {
			t.Errorf("right after it: %s", v.raw)
		}
	}
	receive(t, "the end of its Context", h.ended)
	if e := receive(t, "the event", events); e.Outcome != fastmcp.OutcomeCancelled || e.Tool != "hold" || e.RequestID == "" {
		t.Errorf("%+v", e)
	}
	if v := s.task(nil, "tasks/get", id, "").task(t); v.Status != "cancelled" {
		t.Errorf("after the handler's end: %s", v.raw)
	}
	s.answers(id, `{"x":{}}`).task(t) // an answer that comes too late

	id = s.start(nil, "hold", `{}`).ID
	h.letGo <- nil
	done := s.until(nil, id, "completed")
	s.task(nil, "tasks/cancel", id, "").task(t)
	if v := s.task(nil, "tasks/get", id, "").task(t); v.raw != done.raw {
		t.Errorf("cancelled after its end: %s", v.raw)
	}
	if e := receive(t, "the event", events); e.Outcome != fastmcp.OutcomeSucceeded {
		t.Errorf("%+v", e)
	}
}
