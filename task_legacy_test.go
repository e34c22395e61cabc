package fastmcp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// callTask calls a tool of 2025-11-25, and asks that it be a task.
func (c *client) callTask(tool, args, task string) answer {
	c.t.Helper()
	return c.send("tools/call", fmt.Sprintf(`"name":%q,"arguments":%s,"task":%s`, tool, args, task))
}

// startLegacy calls a tool that becomes a task.
func (c *client) startLegacy(tool, args string) (v taskView) {
	c.t.Helper()
	return c.callTask(tool, args, `{}`).created(c.t)
}

// created is the task that a call of 2025-11-25 has become.
func (a answer) created(t testing.TB) taskView {
	t.Helper()
	m := a.message(t)
	var r struct{ Task taskView }
	if err := json.Unmarshal(m.Result, &r); err != nil || a.status != 200 || r.Task.Status != "working" || len(r.Task.ID) < 22 {
		t.Fatalf("no task was made: %d %s", a.status, a.body)
	}
	r.Task.raw = string(m.Result)
	return r.Task
}

func (c *client) about(method, id string) answer {
	c.t.Helper()
	return c.send(method, fmt.Sprintf(`"taskId":%q`, id))
}

func (c *client) untilLegacy(id, status string) (v taskView) {
	c.t.Helper()
	within(c.t, 20*time.Second, "the task is "+status, func() bool {
		v = c.about("tasks/get", id).task(c.t)
		return v.Status == status
	})
	return v
}

// resultOf begins to wait for the result of a task.
func (c *client) resultOf(id string) *stream {
	c.t.Helper()
	c.next++
	return c.server.listen("POST", c.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tasks/result","params":{"taskId":%q}}`, c.next, id))
}

// tag is the _meta that says to which task a message belongs.
func tag(id string) string {
	return fmt.Sprintf(`"io.modelcontextprotocol/related-task":{"taskId":%q}`, id)
}

func TestLegacyTaskLifecycle(t *testing.T) {
	s, h := holding(t, fastmcp.Config{}, fastmcp.Tool{})
	c := s.open("2025-11-25")
	v := c.startLegacy("hold", `{}`)
	if got := membersOf(t, []byte(v.raw)); !slices.Equal(got, []string{"task"}) || *v.TTL != time.Hour.Milliseconds() || v.TTLMs != nil || !strings.Contains(v.raw, `"pollInterval":1000`) {
		t.Errorf("created: %s", v.raw)
	}
	g := c.about("tasks/get", v.ID).task(t)
	if got := membersOf(t, []byte(g.raw)); g.Status != "working" || !slices.Equal(got, []string{"createdAt", "lastUpdatedAt", "pollInterval", "status", "taskId", "ttl"}) {
		t.Errorf("while it works: %s", g.raw)
	}
	receive(t, "its beginning", h.begun)
	waits := make(chan answer, 2)
	for i := range 2 {
		other := *c
		other.next = 100 * (i + 1)
		go func() { waits <- other.about("tasks/result", v.ID) }()
	}
	resultsWait(t, 2)
	if len(waits) != 0 {
		t.Errorf("tasks/result did not wait: %s", (<-waits).body)
	}
	h.letGo <- nil
	for range 2 {
		m := receive(t, "the result", waits).message(t)
		if got := string(m.Result); got != `{"_meta":{`+tag(v.ID)+`},"content":[{"type":"text","text":"done"}]}` {
			t.Errorf("the result is %s", got)
		}
	}
	if g := c.about("tasks/get", v.ID).task(t); g.Status != "completed" || g.Result != nil {
		t.Errorf("completed: %s", g.raw)
	}
	if m := c.about("tasks/result", v.ID).message(t); m.tool(t).text() != "done" {
		t.Errorf("again: %s", m.Result)
	}
	c.about("tasks/cancel", v.ID).refusedAs(t, 200, -32602, "the task is completed already")
}

func TestLegacyTaskOutcomes(t *testing.T) {
	s, h := holding(t, fastmcp.Config{}, fastmcp.Tool{})
	c := s.open("2025-11-25")
	for _, x := range []struct {
		err           error
		status, words string
	}{
		{fastmcp.Errorf("try 7"), "failed", `"isError":true`},
		{errors.New("hunter2"), "failed", `"isError":true`},
		{&protocol.Error{Code: -7, Message: "no", Data: 1}, "failed", `"error":{"code":-7,"message":"no","data":1}`},
	} {
		id := c.startLegacy("hold", `{}`).ID
		h.letGo <- x.err
		c.untilLegacy(id, x.status)
		a := c.about("tasks/result", id)
		if !strings.Contains(a.body, x.words) || strings.Contains(a.body, "hunter2") || a.message(t).Result != nil && !strings.Contains(a.body, tag(id)) {
			t.Errorf("%v: %s", x.err, a.body)
		}
	}
	id := c.startLegacy("hold", `{}`).ID
	waits := make(chan answer, 1)
	other := *c
	other.next = 1000
	go func() { waits <- other.about("tasks/result", id) }()
	resultsWait(t, 1)
	if v := c.about("tasks/cancel", id).task(t); v.Status != "cancelled" || v.ID != id {
		t.Errorf("%s", v.raw)
	}
	receive(t, "the end of its Context", h.ended)
	receive(t, "the result", waits).refusedAs(t, 200, -32000, "was cancelled")
	c.about("tasks/cancel", id).refusedAs(t, 200, -32602, "the task is cancelled already")
}

func TestLegacyTaskTTL(t *testing.T) {
	s, h := holding(t, fastmcp.Config{Tasks: fastmcp.TaskConfig{TTL: time.Minute, MaxTTL: time.Hour}}, fastmcp.Tool{})
	c := s.open("2025-11-25")
	for wish, want := range map[string]int64{`{}`: 60_000, `{"ttl":null}`: 60_000, `{"ttl":5000}`: 5000, `{"ttl":3600000}`: 3_600_000, `{"ttl":3600001}`: 3_600_000, `{"ttl":9223372036854775807}`: 3_600_000} {
		if v := c.callTask("hold", `{}`, wish).created(t); *v.TTL != want {
			t.Errorf("%s: %s", wish, v.raw)
		}
		h.letGo <- nil
	}
	for _, wish := range []string{`{"ttl":0}`, `{"ttl":-1}`, `{"ttl":"1"}`, `{"ttl":1.5}`, `{"ttl":[]}`, `{"ttl":true}`, `{"ttl":9223372036854775808}`} {
		c.callTask("hold", `{}`, wish).refusedAs(t, 200, -32602, "task.ttl must be a whole number of milliseconds above 0")
	}
	for _, wish := range []string{`[]`, `true`, `1`, `"x"`, `null`} {
		c.callTask("hold", `{}`, wish).refusedAs(t, 200, -32602, "task must be an object")
	}
	id := c.callTask("hold", `{}`, `{"ttl":50}`).created(t).ID
	receive(t, "the end of its Context", h.ended)
	for _, method := range []string{"tasks/get", "tasks/result", "tasks/cancel"} {
		c.about(method, id).refusedAs(t, 200, -32602, "unknown task")
	}
}

func TestLegacyTaskSupport(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	says := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "said", nil })
	app.AddTool(fastmcp.Tool{Name: "never", Handler: says})
	app.AddTool(fastmcp.Tool{Name: "optional", Task: fastmcp.TaskOptional, Handler: says})
	app.AddTool(fastmcp.Tool{Name: "required", Task: fastmcp.TaskRequired, Handler: says})
	s := serve(t, app, l)
	initialized := func(s *server, revision string) string {
		return s.do("POST", headers{}, fmt.Sprintf(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":%q,"capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`, revision)).body
	}
	for _, revision := range []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"} {
		has := revision == "2025-11-25"
		list := s.open(revision).send("tools/list", "").body
		if strings.Contains(list, `"execution":{"taskSupport":"optional"}`) != has || strings.Contains(list, `"execution":{"taskSupport":"required"}`) != has || strings.Count(list, "taskSupport") != map[bool]int{true: 2}[has] {
			t.Errorf("%s: %s", revision, list)
		}
		if body := initialized(s, revision); strings.Contains(body, `"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}`) != has || strings.Contains(body, "extensions") {
			t.Errorf("%s: %s", revision, body)
		}
	}
	if a := s.do("POST", statelessHeaders("tools/list", ""), stateless(1, "tools/list", "", "")); strings.Contains(a.body, "taskSupport") {
		t.Errorf("%s", a.body)
	}
	if a := s.do("POST", statelessHeaders("server/discover", ""), stateless(1, "server/discover", "", "")); !strings.Contains(a.body, `"extensions":{"io.modelcontextprotocol/tasks":{}}`) || strings.Contains(a.body, `"tasks":{`) {
		t.Errorf("%s", a.body)
	}
	without := doing(t, fastmcp.Config{}, func(*fastmcp.Context) (any, error) { return "said", nil })
	if body := initialized(without, "2025-11-25"); strings.Contains(body, "tasks") {
		t.Errorf("%s", body)
	}
	if r := without.open("2025-11-25").callTask("t", `{}`, `{}`).message(t).tool(t); r.text() != "said" {
		t.Errorf("without the capability the wish is ignored: %+v", r)
	}
	c := s.open("2025-11-25")
	c.callTask("never", `{}`, `{}`).refusedAs(t, 200, -32601, "does not run as a task")
	c.call("required", `{}`).refusedAs(t, 200, -32601, "runs as a task only: call it with params.task")
	if r := c.call("optional", `{}`).message(t).tool(t); r.text() != "said" {
		t.Errorf("%+v", r)
	}
	for _, method := range []string{"tasks/get", "tasks/result", "tasks/cancel"} {
		c.about(method, "unknown").refusedAs(t, 200, -32602, "unknown task")
		c.send(method, `"taskId":1`).refusedAs(t, 200, -32602, "taskId must be a string")
		c.send(method, "").refusedAs(t, 200, -32602, "taskId must be a string")
	}
	c.about("tasks/update", "x").refusedAs(t, 200, -32601, "Method not found")
}

func TestLegacyTaskList(t *testing.T) {
	s, h := holding(t, fastmcp.Config{PageSize: 2}, fastmcp.Tool{})
	c, other := s.open("2025-11-25"), s.open("2025-11-25")
	var want []string
	for range 5 {
		want = append(want, c.startLegacy("hold", `{}`).ID)
		h.letGo <- nil
	}
	foreign := other.startLegacy("hold", `{}`).ID
	h.letGo <- nil
	s.start(nil, "hold", `{}`)
	h.letGo <- nil
	type page struct {
		Tasks []taskView `json:"tasks"`
		Next  *string    `json:"nextCursor"`
	}
	var got []string
	for params, n := "", 0; ; n++ {
		var p page
		a := c.send("tasks/list", params)
		if err := json.Unmarshal(a.message(t).Result, &p); err != nil || len(p.Tasks) > 2 || n > 5 {
			t.Fatalf("%s", a.body)
		}
		for _, v := range p.Tasks {
			got = append(got, v.ID)
		}
		if p.Next == nil {
			break
		}
		params = fmt.Sprintf(`"cursor":%q`, *p.Next)
	}
	slices.Sort(want)
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v and not %s", got, want, foreign)
	}
	for cursor, words := range map[string]string{
		`"x"`: "the cursor is not one of this list", `"!"`: "the cursor is not one of this list",
		`"dGFza3M"`: "the cursor is not one of this list", `1`: "cursor must be a string", `{}`: "cursor must be a string",
	} {
		c.send("tasks/list", `"cursor":`+cursor).refusedAs(t, 200, -32602, words)
	}
	if a := c.send("tasks/list", `"cursor":""`); a.message(t).Error != nil {
		t.Errorf("the beginning of the list: %s", a.body)
	}
	if a := s.open("2025-11-25").send("tasks/list", ""); string(a.message(t).Result) != `{"tasks":[]}` {
		t.Errorf("%s", a.body)
	}
	for _, method := range []string{"tasks/get", "tasks/result", "tasks/cancel"} {
		c.about(method, foreign).refusedAs(t, 200, -32602, "unknown task")
	}
}

func TestLegacyTaskOfAPrincipal(t *testing.T) {
	s, h := holding(t, fastmcp.Config{Auth: someTokens()}, fastmcp.Tool{})
	mine, again, other := s.open("2025-11-25", as(writerToken)), s.open("2025-11-25", as(writerToken)), s.open("2025-11-25", as(readerToken))
	id := mine.startLegacy("hold", `{}`).ID
	h.letGo <- nil
	again.untilLegacy(id, "completed")
	if m := again.about("tasks/result", id).message(t); m.tool(t).text() != "done" {
		t.Errorf("%s", m.Result)
	}
	if a := again.send("tasks/list", ""); !strings.Contains(a.body, id) {
		t.Errorf("%s", a.body)
	}
	if a := other.send("tasks/list", ""); strings.Contains(a.body, id) {
		t.Errorf("%s", a.body)
	}
	for _, method := range []string{"tasks/get", "tasks/result", "tasks/cancel"} {
		other.about(method, id).refusedAs(t, 200, -32602, "unknown task")
	}
	s.task(as(writerToken), "tasks/get", id, "").refusedAs(t, 200, -32602, "unknown task") // it is of another revision
}

func TestLegacyTaskWithoutSessions(t *testing.T) {
	s := tasking(t, fastmcp.Config{Stateless: true}, fastmcp.Get(twoQuestions))
	c := &client{server: s, revision: "2025-11-25", extra: headers{}}
	a := c.send("initialize", `"protocolVersion":"2025-11-25","capabilities":`+allCapabilities+`,"clientInfo":{"name":"test","version":"1"}`)
	if !strings.Contains(a.body, `"tasks":{"cancel":{},"requests":{"tools":{"call":{}}}}`) {
		t.Errorf("%s", a.body)
	}
	c.send("tasks/list", "").refusedAs(t, 200, -32601, "needs a session or a principal")
	id := c.startLegacy("t", `{}`).ID
	c.untilLegacy(id, "failed")
	if r := c.about("tasks/result", id).message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "cannot be asked") {
		t.Errorf("%+v", r)
	}
}

func TestLegacyTaskInput(t *testing.T) {
	s := tasking(t, fastmcp.Config{}, fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		var who person
		a, err := fastmcp.Elicit(c, "who", "Who?", &who)
		if err != nil {
			return "", err
		}
		b, err := fastmcp.Elicit[sure](c, "yes", "Sure?", nil)
		return fmt.Sprint(a, who.Name, b), err
	}))
	c := s.openWith("2025-11-25", allCapabilities)
	id := c.startLegacy("t", `{}`).ID
	c.untilLegacy(id, "input_required")
	asked := func(st *stream) message {
		t.Helper()
		q := st.message()
		if q.Method != "elicitation/create" || !strings.Contains(string(q.Params), tag(id)) || !strings.Contains(string(q.Params), `"requestedSchema"`) {
			t.Fatalf("%+v", q)
		}
		return q
	}
	left := c.resultOf(id) // it gets the question, and goes away
	first := asked(left)
	left.close()
	back, beside := c.resultOf(id), c.resultOf(id) // both get it once more
	if again := asked(back); string(again.ID) != string(first.ID) || string(asked(beside).ID) != string(first.ID) {
		t.Errorf("%s is asked as %s now", first.ID, again.ID)
	}
	if v := c.about("tasks/get", id).task(t); v.Status != "input_required" {
		t.Errorf("%s", v.raw)
	}
	c.reply(first.ID, `"result":{"action":"accept","content":{"name":"Ann"}}`)
	c.reply(first.ID, `"result":{"action":"accept","content":{"name":"Eve"}}`) // too late
	second := asked(back)
	asked(beside)
	c.reply(second.ID, `"result":{"action":"decline"}`)
	for _, st := range []*stream{back, beside} {
		m := st.message()
		if r := m.tool(t); r.text() != "acceptAnndecline" && r.text() != "acceptAnn decline" || !strings.Contains(string(m.Result), tag(id)) {
			t.Errorf("%s", m.Result)
		}
	}
}

// TestLegacyTaskAsksItsOwnSession: the ids of its questions mean something else in another one of the same principal.
func TestLegacyTaskAsksItsOwnSession(t *testing.T) {
	s := tasking(t, fastmcp.Config{Auth: someTokens()}, fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		var who person
		_, err := fastmcp.Elicit(c, "who", "Who?", &who)
		return who.Name, err
	}))
	open := func() *client {
		c := s.open("2025-11-25", as(writerToken))
		c.do("DELETE", c.headers(), "")
		a := s.do("POST", as(writerToken), `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":`+allCapabilities+`,"clientInfo":{"name":"test","version":"1"}}}`)
		c.id = a.header.Get("Mcp-Session-Id")
		return c
	}
	mine, other := open(), open()
	id := mine.startLegacy("t", `{}`).ID
	mine.untilLegacy(id, "input_required")
	waits := make(chan answer, 1)
	go func() { waits <- other.about("tasks/result", id) }()
	resultsWait(t, 1)
	st := mine.resultOf(id)
	q := st.message()
	mine.reply(q.ID, `"result":{"action":"accept","content":{"name":"Ann"}}`)
	if r := st.message().tool(t); r.text() != "Ann" {
		t.Errorf("%+v", r)
	}
	if all := receive(t, "the result in the other session", waits).messages(t); len(all) != 1 || all[0].tool(t).text() != "Ann" {
		t.Errorf("%+v", all)
	}
}

// TestLegacyTaskOfASessionThatEnds: a session that ends takes the answer with it.
func TestLegacyTaskOfASessionThatEnds(t *testing.T) {
	errs := make(chan error, 1)
	s := tasking(t, fastmcp.Config{}, fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		_, err := fastmcp.Elicit(c, "who", "Who?", new(person))
		errs <- err
		return "", err
	}))
	c := s.openWith("2025-11-25", allCapabilities)
	c.untilLegacy(c.startLegacy("t", `{}`).ID, "input_required")
	c.do("DELETE", c.headers(), "")
	if err := receive(t, "the end of the question", errs); !errors.Is(err, fastmcp.ErrSessionEnded) {
		t.Error(err)
	}
}

// TestLegacyTaskNotes: what a task tells is on the session's own stream, and says which task it is of.
func TestLegacyTaskNotes(t *testing.T) {
	next := make(chan struct{})
	s := tasking(t, fastmcp.Config{}, fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		for i := range 2 {
			<-next
			if err := c.Progress(float64(i+1), 2, fmt.Sprintf("step %d", i+1)); err != nil {
				return "", err
			}
		}
		return "done", c.Notify("notifications/own", map[string]int{"n": 1})
	}))
	c := s.open("2025-11-25")
	st := c.listen("")
	v := c.send("tools/call", `"name":"t","arguments":{},"task":{},"_meta":{"progressToken":"p-1"}`).created(t)
	close(next)
	var progress, status []string
	for own := 0; len(status) == 0 || !strings.Contains(status[len(status)-1], `"completed"`) || own == 0; {
		m := st.message()
		params := string(m.Params)
		switch m.Method {
		case "notifications/progress":
			progress = append(progress, params)
		case "notifications/tasks/status":
			status = append(status, params)
			if !strings.Contains(params, fmt.Sprintf(`"taskId":%q`, v.ID)) || !strings.Contains(params, `"createdAt"`) || !strings.Contains(params, `"ttl":3600000`) {
				t.Errorf("%s", params)
			}
			continue
		case "notifications/own":
			own++
		default:
			t.Errorf("%+v", m)
		}
		if !strings.Contains(params, tag(v.ID)) {
			t.Errorf("%s says not of which task it is: %s", m.Method, params)
		}
	}
	if len(progress) != 2 || !strings.Contains(progress[0], `"progressToken":"p-1"`) || !strings.Contains(progress[1], `"progress":2`) {
		t.Errorf("%v", progress)
	}
	if !strings.Contains(status[0], `"statusMessage":"step 1"`) {
		t.Errorf("%v", status)
	}
}

// TestLegacyTaskStatusIsTold: each end of a task is, and nothing older after it.
func TestLegacyTaskStatusIsTold(t *testing.T) {
	s, h := holding(t, fastmcp.Config{}, fastmcp.Tool{})
	c := s.open("2025-11-25")
	st := c.listen("")
	for i := range 50 {
		id, want := c.startLegacy("hold", `{}`).ID, "completed"
		if i%2 == 0 {
			h.letGo <- nil
		} else {
			want = "cancelled"
			c.about("tasks/cancel", id).task(t)
			receive(t, "its end", h.ended)
		}
		if m := st.message(); m.Method != "notifications/tasks/status" || !strings.Contains(string(m.Params), id) || !strings.Contains(string(m.Params), `"`+want+`"`) {
			t.Fatalf("%+v, want that %s is %s", m, id, want)
		}
	}
}

// TestLegacyTaskMiddlewareAsks: before there is a task the request itself asks.
func TestLegacyTaskMiddlewareAsks(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{
		Name: "t", Task: fastmcp.TaskOptional,
		Use: []fastmcp.Handler{func(c *fastmcp.Context) error {
			var who person
			if _, err := fastmcp.Elicit(c, "who", "Who?", &who); err != nil {
				return err
			}
			c.Locals("who", who.Name)
			return c.Next()
		}},
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) { return fmt.Sprint(c.Locals("who")), nil }),
	})
	s := serve(t, app, l)
	c := s.openWith("2025-11-25", allCapabilities)
	c.next++
	st := c.server.listen("POST", c.headers(), `{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"t","arguments":{},"task":{}}}`)
	q := st.message()
	if q.Method != "elicitation/create" || strings.Contains(string(q.Params), "related-task") {
		t.Errorf("%+v", q)
	}
	c.reply(q.ID, `"result":{"action":"accept","content":{"name":"Ann"}}`)
	m := st.message()
	b, _ := json.Marshal(m.Result)
	v := answer{status: 200, header: http.Header{}, body: `{"result":` + string(b) + `}`}.created(t)
	c.untilLegacy(v.ID, "completed")
	if r := c.about("tasks/result", v.ID).message(t).tool(t); r.text() != "Ann" {
		t.Errorf("%+v", r)
	}
}
