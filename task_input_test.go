package fastmcp_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/gofiber/fiber/v2"
)

type sure struct {
	Confirm bool `json:"confirm" validate:"required"`
}

// asks waits until a task of 2026-07-28 asks exactly these keys.
func (s *server) asks(id string, keys ...string) (v taskView) {
	s.t.Helper()
	within(s.t, 20*time.Second, fmt.Sprintf("%v are asked", keys), func() bool {
		v = s.task(nil, "tasks/get", id, "").task(s.t)
		if v.Status != "input_required" {
			return false
		}
		for _, key := range keys {
			if _, ok := v.Inputs[key]; !ok {
				return false
			}
		}
		return len(v.Inputs) == len(keys)
	})
	return v
}

// twoQuestions asks both at once, each on a goroutine.
func twoQuestions(c *fastmcp.Context) (string, error) {
	var who person
	var yes sure
	first := make(chan error, 1)
	go func() {
		_, err := fastmcp.Elicit(c, "who", "Who?", &who)
		first <- err
	}()
	a, err := fastmcp.Elicit(c, "yes", "Sure?", &yes)
	err = errors.Join(err, <-first)
	return fmt.Sprint(who.Name, a, yes.Confirm), err
}

func TestTaskInput(t *testing.T) {
	s := tasking(t, fastmcp.Config{}, fastmcp.Get(twoQuestions))
	id := s.start(nil, "t", `{}`).ID
	v := s.asks(id, "who", "yes")
	if q := v.Inputs["who"]; q.Method != "elicitation/create" || !strings.Contains(string(q.Params), `"message":"Who?"`) || v.Type != "complete" || v.Result != nil {
		t.Errorf("%s", v.raw)
	}
	for _, bad := range []string{`[]`, `null`, `"x"`, `1`} {
		s.answers(id, bad).refusedAs(t, 200, -32602, "inputResponses must be an object")
	}
	s.task(nil, "tasks/update", id, "").refusedAs(t, 200, -32602, "inputResponses must be an object")
	a := s.answers(id, `{"nobody":{"action":"accept"},"who":{"action":"accept","content":{"name":"Ann"}}}`)
	if got := membersOf(t, a.message(t).Result); a.status != 200 || !slices.Equal(got, []string{"_meta", "resultType"}) {
		t.Errorf("the acknowledgement is %d %s", a.status, a.body)
	}
	// It was applied before it was acknowledged: what was answered is gone from the next answer.
	if v := s.task(nil, "tasks/get", id, "").task(t); v.Status != "input_required" || len(v.Inputs) != 1 || v.Inputs["yes"].Method == "" {
		t.Errorf("after the first answer: %s", v.raw)
	}
	s.answers(id, `{"who":{"action":"accept","content":{"name":"Eve"}}}`).task(t) // answered already: ignored
	s.answers(id, `{}`).task(t)
	s.answers(id, `{"yes":{"action":"decline"}}`).task(t)
	if r := s.until(nil, id, "completed").tool(t); r.text() != "Anndecline false" {
		t.Errorf("%+v", r)
	}
	s.answers(id, `{"yes":{"action":"accept"}}`).task(t)
}

// TestTaskAnswersThatDoNotFit: each is asked for again, under a key that was never used, and in the end the model reads why.
func TestTaskAnswersThatDoNotFit(t *testing.T) {
	errs := make(chan error, 2)
	s := tasking(t, fastmcp.Config{}, fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		var who person
		if a, err := fastmcp.Elicit(c, "who~2", "Whose?", &who); err != nil || a != fastmcp.Accepted { // a key like those that are made
			return "", fmt.Errorf("%v %w", a, err)
		}
		_, err := fastmcp.Elicit(c, "who", "Who?", &who)
		errs <- err
		_, err = fastmcp.Elicit(c, "who", "Who?", &who) // it was not answered: it is asked anew
		return who.Name, err
	}))
	id, seen := s.start(nil, "t", `{}`).ID, map[string]bool{}
	next := func(answer string) {
		t.Helper()
		var v taskView
		within(t, 20*time.Second, "a new question", func() bool {
			v = s.task(nil, "tasks/get", id, "").task(t)
			return v.Status == "input_required"
		})
		for key := range v.Inputs {
			if seen[key] || len(v.Inputs) != 1 {
				t.Fatalf("the key %s comes again: %s", key, v.raw)
			}
			seen[key] = true
			s.answers(id, fmt.Sprintf(`{%q:%s}`, key, answer)).task(t)
		}
	}
	next(`{"action":"accept","content":{"name":"Own"}}`)
	for _, bad := range []string{`null`, `[]`, `7`, `"x"`, `{}`, `{"action":"maybe"}`, `{"action":"accept"}`, `{"action":"accept","content":{"name":"much too long"}}`} {
		next(bad)
	}
	if err := receive(t, "the error after 8 answers", errs); err == nil || !strings.Contains(err.Error(), "does not fit its form") {
		t.Errorf("%v", err)
	}
	next(`{"action":"accept","content":{"name":3}}`)
	next(`{"action":"accept","content":{"name":"Bo"}}`)
	if r := s.until(nil, id, "completed").tool(t); r.text() != "Bo" || len(seen) != 11 {
		t.Errorf("%+v after %v", r, seen)
	}
}

func TestTaskCancelledWhileItAsks(t *testing.T) {
	errs := make(chan error, 1)
	s := tasking(t, fastmcp.Config{}, fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		_, err := fastmcp.Elicit(c, "who", "Who?", new(person))
		errs <- err
		return "", err
	}))
	id := s.start(nil, "t", `{}`).ID
	s.asks(id, "who")
	s.task(nil, "tasks/cancel", id, "").task(t)
	if v := s.task(nil, "tasks/get", id, "").task(t); v.Status != "cancelled" || v.Inputs != nil {
		t.Errorf("%s", v.raw)
	}
	if receive(t, "the end of the question", errs) == nil {
		t.Error("the question was answered")
	}
}

// TestTaskAfterItsQuestions: what is asked before the task exists is asked by the request itself (SEP-2663).
func TestTaskAfterItsQuestions(t *testing.T) {
	s := tasking(t, fastmcp.Config{}, fastmcp.Ask("who", "Who?", func(c *fastmcp.Context, _ struct{}, p person, a fastmcp.Action) (string, error) {
		var again person // it has been answered
		if _, err := fastmcp.Elicit(c, "who", "Who?", &again); err != nil || again != p {
			return "", fmt.Errorf("%v %w", again, err)
		}
		_, err := fastmcp.Elicit[sure](c, "yes", "Sure?", nil)
		return a.String() + p.Name, err
	}))
	q := s.round(nil, "t", `{}`, taskCapabilities, "").inputs(t)
	if len(q.Requests) != 1 {
		t.Errorf("%+v", q)
	}
	more := fmt.Sprintf(`"requestState":%q,"inputResponses":{"who":{"action":"accept","content":{"name":"Ann"}}}`, q.State)
	a := s.round(nil, "t", `{}`, taskCapabilities, more)
	v := a.task(t)
	if v.Type != "task" || strings.Contains(a.body, "requestState") || strings.Contains(a.body, "inputRequests") {
		t.Errorf("%s", a.body)
	}
	s.asks(v.ID, "yes")
	s.answers(v.ID, `{"yes":{"action":"accept","content":{"confirm":true}}}`).task(t)
	if r := s.until(nil, v.ID, "completed").tool(t); r.text() != "acceptAnn" {
		t.Errorf("%+v", r)
	}
}

func TestTaskStatusMessage(t *testing.T) {
	told, letGo := make(chan error, 1), make(chan struct{})
	app, l := newApp(t, fastmcp.Config{})
	app.Use(func(c *fastmcp.Context) error { // before there is a task, too
		c.ClientLog().Error("not for tasks")
		return errors.Join(c.Progress(0.5, 3), c.Next())
	})
	app.AddTool(fastmcp.Tool{Name: "t", Task: fastmcp.TaskOptional, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		err := c.Progress(1, 3, "one of three")
		c.ClientLog().Error("not for tasks")
		told <- err
		<-letGo
		_ = c.Progress(2, 3, "two of three")
		_ = c.Progress(3, 3, "three of three")
		<-letGo
		return "", nil
	})})
	s := serve(t, app, l)
	h := statelessHeaders("tools/call", "t")
	a := s.do("POST", h, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{},"_meta":{"progressToken":1,"io.modelcontextprotocol/logLevel":"debug","io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":`+taskCapabilities+`}}}`)
	if n := len(a.messages(t)); n != 1 {
		t.Errorf("%d messages: %s", n, a.body)
	}
	id := a.task(t).ID
	if err := receive(t, "progress", told); err != nil {
		t.Error(err)
	}
	if v := s.task(nil, "tasks/get", id, "").task(t); v.Message != "one of three" || v.Status != "working" {
		t.Errorf("%s", v.raw)
	}
	letGo <- struct{}{}
	within(t, 20*time.Second, "the last message is told, however soon it came after another", func() bool {
		return s.task(nil, "tasks/get", id, "").task(t).Message == "three of three"
	})
	close(letGo)
	s.until(nil, id, "completed")
}

// TestTaskContext: what a handler asks of its request is there long after the request is over.
func TestTaskContext(t *testing.T) {
	begun, letGo := make(chan *fastmcp.Context, 1), make(chan struct{})
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	app.Use(func(c *fastmcp.Context) error { c.Locals("mcp", "yes"); return c.Next() })
	app.Use(func(c *fiber.Ctx) error { c.Locals("fiber", "yes"); return c.Next() })
	app.AddTool(fastmcp.Tool{Name: "t", Task: fastmcp.TaskRequired, Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct{ Text string }) (string, error) {
		begun <- c
		<-letGo
		_, hasEnd := c.Deadline()
		return fmt.Sprint(in.Text, c.Principal().Subject, c.Header("X-Own"), c.RequestID(), c.Locals("mcp"), c.Value("fiber"), c.Name(), c.Method(), c.Revision(), string(c.Args()), hasEnd, c.Session() != nil, c.IP().IsLoopback()), c.Err()
	})})
	s := serve(t, app, l)
	h := as(writerToken)
	h["X-Own"], h["X-Request-Id"] = "own", "r-1"
	id := s.start(h, "t", `{"Text":"text"}`).ID
	receive(t, "its beginning", begun)
	for range 20 { // whose buffers would be those of the request
		s.round(headers{"X-Own": "other", "X-Request-Id": "r-2"}, "t", `{"Text":"xxxx"}`, `{}`, "")
	}
	close(letGo)
	want := `textwriterownr-1yesyest` + "tools/call" + `2026-07-28{"Text":"text"}truetruetrue`
	if r := s.until(as(writerToken), id, "completed").tool(t); strings.ReplaceAll(r.text(), " ", "") != want {
		t.Errorf("got  %s\nwant %s", r.text(), want)
	}
}

// TestTaskMiddleware: what refuses or answers before the function has its arguments does so as ever.
func TestTaskMiddleware(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	ran := make(chan string, 8)
	tool := func(name string, use fastmcp.Handler) {
		app.AddTool(fastmcp.Tool{Name: name, Task: fastmcp.TaskRequired, Use: []fastmcp.Handler{use}, Handler: fastmcp.Typed(func(_ *fastmcp.Context, in addInput) (string, error) {
			ran <- name
			return "ran", nil
		})})
	}
	tool("model", func(*fastmcp.Context) error { return fastmcp.Errorf("not today") })
	tool("protocol", func(*fastmcp.Context) error { return &protocol.Error{Code: -5, Message: "no"} })
	tool("answers", func(c *fastmcp.Context) error { c.SetResult("from the cache"); return nil })
	tool("panics", func(*fastmcp.Context) error { panic("no") })
	tool("asks", func(c *fastmcp.Context) error {
		if _, err := fastmcp.Elicit[sure](c, "yes", "Sure?", nil); err != nil {
			return err
		}
		return c.Next()
	})
	tool("swallows", func(c *fastmcp.Context) error {
		_, _ = fastmcp.Elicit[sure](c, "yes", "Sure?", nil)
		_ = c.Next()
		c.SetResult("as if nothing were")
		return nil
	})
	tool("wraps", func(c *fastmcp.Context) error {
		err := c.Next()
		c.SetResult(fmt.Sprint("wrapped ", c.Result()))
		return err
	})
	s := serve(t, app, l)
	call := func(name string) answer { return s.round(nil, name, `{"a":1,"b":2}`, taskCapabilities, "") }
	if r := call("model").message(t).tool(t); !r.IsError || r.text() != "not today" || r.Type != "complete" {
		t.Errorf("%+v", r)
	}
	call("protocol").refusedAs(t, 200, -5, "no")
	if r := call("answers").message(t).tool(t); r.text() != "from the cache" {
		t.Errorf("%+v", r)
	}
	if r := call("panics").message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "under the id") {
		t.Errorf("%+v", r)
	}
	if r := s.round(nil, "wraps", `{"a":"x"}`, taskCapabilities, "").message(t).tool(t); !r.IsError || r.Type != "complete" {
		t.Errorf("arguments that do not fit: %+v", r)
	}
	if len(ran) != 0 {
		t.Errorf("%s ran", <-ran)
	}
	if r := s.until(nil, s.start(nil, "wraps", `{"a":1,"b":2}`).ID, "completed").tool(t); r.text() != "wrapped ran" || <-ran != "wraps" {
		t.Errorf("%+v", r)
	}
	for _, name := range []string{"asks", "swallows"} {
		q := call(name).inputs(t)
		if len(ran) != 0 {
			t.Errorf("%s ran before it had an answer", <-ran)
		}
		more := fmt.Sprintf(`"requestState":%q,"inputResponses":{"yes":{"action":"accept","content":{"confirm":true}}}`, q.State)
		a := s.round(nil, name, `{"a":1,"b":2}`, taskCapabilities, more)
		if v := a.task(t); v.Type != "task" || receive(t, "its run", ran) != name || s.until(nil, v.ID, "completed").Error != nil {
			t.Errorf("%s", a.body)
		}
	}
}

func TestTaskIsToldOnce(t *testing.T) {
	events := make(chan fastmcp.ToolCallEvent, 8)
	s, h := holding(t, fastmcp.Config{On: fastmcp.Events{ToolCall: func(e fastmcp.ToolCallEvent) { events <- e }}}, fastmcp.Tool{})
	id := s.start(headers{"X-Request-Id": "r-1"}, "hold", `{}`).ID
	receive(t, "its beginning", h.begun)
	if len(events) != 0 {
		t.Errorf("while it runs: %+v", <-events)
	}
	h.letGo <- fastmcp.Errorf("no")
	s.until(nil, id, "completed")
	if e := receive(t, "the event", events); e.Outcome != fastmcp.OutcomeFailed || e.RequestID != "r-1" || e.Err == nil || e.Duration <= 0 {
		t.Errorf("%+v", e)
	}
	s.round(nil, "hold", `{"x":1}`, taskCapabilities, "").message(t).tool(t) // it is no task
	if e := receive(t, "the event of the call that was refused", events); e.Outcome != fastmcp.OutcomeFailed || len(events) != 0 {
		t.Errorf("%+v", e)
	}
}
