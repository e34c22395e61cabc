package fastmcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/store"
)

func TestTaskTimeout(t *testing.T) {
	s, h := holding(t, fastmcp.Config{}, fastmcp.Tool{Timeout: 30 * time.Millisecond})
	id := s.start(nil, "hold", `{}`).ID
	at, ok := receive(t, "its beginning", h.begun).Deadline()
	if !ok || time.Until(at) > time.Second {
		t.Errorf("the deadline is %v: that of the tool comes before that of the task", at)
	}
	if r := s.until(nil, id, "completed").tool(t); !r.IsError || !strings.Contains(r.text(), "timed out after 30ms") {
		t.Errorf("%+v", r)
	}
	if err := receive(t, "the end of its Context", h.ended); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestTaskAbandoned(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	letGo, late := make(chan struct{}), make(chan error, 2)
	app.AddTool(fastmcp.Tool{Name: "deaf", Task: fastmcp.TaskOptional, Timeout: 30 * time.Millisecond, Abandon: true, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		<-letGo
		_, err := fastmcp.Elicit[sure](c, "yes", "Sure?", nil)
		late <- err
		late <- c.Progress(1, 0, "late")
		return "late", nil
	})})
	s := serve(t, app, l)
	id := s.start(nil, "deaf", `{}`).ID
	v := s.until(nil, id, "completed")
	if r := v.tool(t); !r.IsError || !strings.Contains(r.text(), "timed out") {
		t.Errorf("%+v", r)
	}
	close(letGo)
	if receive(t, "the late question", late) == nil || receive(t, "the late progress", late) == nil {
		t.Error("a task that is over asks, or tells")
	}
	if again := s.task(nil, "tasks/get", id, "").task(t); again.raw != v.raw {
		t.Errorf("%s", again.raw)
	}
}

func TestTaskMaxConcurrent(t *testing.T) {
	s, h := holding(t, fastmcp.Config{}, fastmcp.Tool{MaxConcurrent: 1, MaxWaiting: -1})
	id := s.start(nil, "hold", `{}`).ID // it has the place for as long as it runs
	receive(t, "its beginning", h.begun)
	if r := s.round(nil, "hold", `{}`, taskCapabilities, "").message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "busy") {
		t.Errorf("%+v", r)
	}
	h.letGo <- nil
	s.until(nil, id, "completed")
	within(t, 20*time.Second, "there is a place again", func() bool {
		return s.round(nil, "hold", `{}`, taskCapabilities, "").task(t).Type == "task"
	})
	h.letGo <- nil
}

// TestTaskClientLeavesBefore: nobody would know of the task.
func TestTaskClientLeavesBefore(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	begun, ended := make(chan struct{}), make(chan error, 1)
	app.AddTool(fastmcp.Tool{
		Name: "t", Task: fastmcp.TaskRequired,
		Use: []fastmcp.Handler{func(c *fastmcp.Context) error {
			close(begun)
			<-c.Done()
			ended <- c.Next()
			return c.Err()
		}},
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) { return "", nil }),
	})
	s := serve(t, app, l)
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":%s}}}`, taskCapabilities)
		if res, err := http.DefaultClient.Do(s.request(ctx, "POST", statelessHeaders("tools/call", "t"), body)); err == nil {
			_ = res.Body.Close()
		}
	}()
	receive(t, "the call", begun)
	leave()
	receive(t, "the end of the request", gone)
	receive(t, "the end of the call", ended)
}

func TestTaskTTL(t *testing.T) {
	s, h := holding(t, fastmcp.Config{Tasks: fastmcp.TaskConfig{TTL: 150 * time.Millisecond, Poll: 7 * time.Millisecond}}, fastmcp.Tool{})
	v := s.start(nil, "hold", `{}`)
	if *v.TTLMs != 150 || !strings.Contains(v.raw, `"pollIntervalMs":7`) {
		t.Errorf("%s", v.raw)
	}
	if err := receive(t, "the end of its Context", h.ended); !errors.Is(err, context.DeadlineExceeded) || time.Since(v.Created) < 150*time.Millisecond {
		t.Errorf("%v after %v", err, time.Since(v.Created))
	}
	for _, method := range []string{"tasks/get", "tasks/update", "tasks/cancel"} {
		s.task(nil, method, v.ID, `,"inputResponses":{}`).refusedAs(t, 200, -32602, "unknown task")
	}
	// One that is over is kept as long as it was promised.
	h.letGo <- nil
	v = s.start(nil, "hold", `{}`)
	within(t, 20*time.Second, "it is over and then gone", func() bool {
		e := s.task(nil, "tasks/get", v.ID, "").message(t).Error
		if e != nil && time.Since(v.Created) < 150*time.Millisecond {
			t.Fatalf("%+v after %v", e, time.Since(v.Created))
		}
		return e != nil
	})
}

func TestTaskBounds(t *testing.T) {
	s, h := holding(t, fastmcp.Config{Auth: someTokens(), Tasks: fastmcp.TaskConfig{Max: 3, MaxPerOwner: 2, Poll: 2 * time.Second}}, fastmcp.Tool{})
	call := func(token string) answer { return s.round(as(token), "hold", `{}`, taskCapabilities, "") }
	first := call(writerToken).task(t).ID
	call(writerToken).task(t)
	a := call(writerToken)
	if a.refusedAs(t, 429, -32000, "Too many of your tasks"); a.header.Get("Retry-After") != "2" {
		t.Errorf("%v", a.header)
	}
	call(readerToken).task(t)
	for _, token := range []string{readerToken, ""} {
		a := call(token)
		if a.refusedAs(t, 503, -32000, "Too many tasks are running"); a.header.Get("Retry-After") != "2" {
			t.Errorf("%v", a.header)
		}
	}
	s.task(as(writerToken), "tasks/cancel", first, "").task(t) // makes room, when its handler has ended
	within(t, 20*time.Second, "there is room", func() bool { return call(writerToken).status == 200 })
	for range 3 {
		h.letGo <- nil
	}
	within(t, 20*time.Second, "there is room for all", func() bool { return call("").status == 200 })
	h.letGo <- nil
}

// TestTaskKept: what is over counts for as long as it is kept, and by then there is room again.
func TestTaskKept(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens(), Tasks: fastmcp.TaskConfig{
		TTL: 2 * time.Second, Poll: time.Second, MaxKept: 4, MaxKeptPerOwner: 2, MaxKeptBytes: 4 << 10,
	}})
	app.AddTool(fastmcp.Tool{Name: "say", Task: fastmcp.TaskOptional, Handler: fastmcp.Typed(func(_ *fastmcp.Context, in struct {
		N int `json:"n"`
	}) (string, error) {
		return strings.Repeat("x", in.N), nil
	})})
	app.AddTool(fastmcp.Tool{Name: "strict", Task: fastmcp.TaskOptional, Handler: fastmcp.Typed(func(_ *fastmcp.Context, in struct {
		N int `json:"n" validate:"max=1"`
	}) (string, error) {
		return "", nil
	})})
	s := serve(t, app, l)
	call := func(token, tool string, n int) answer {
		return s.round(as(token), tool, fmt.Sprintf(`{"n":%d}`, n), taskCapabilities, "")
	}
	for range 3 {
		call(writerToken, "strict", 2) // its arguments do not fit: it is no task, and takes no room
	}
	for range 2 {
		s.until(as(writerToken), call(writerToken, "say", 10).task(t).ID, "completed")
	}
	a := call(writerToken, "say", 10)
	if a.refusedAs(t, 429, -32000, "Too many of your tasks are kept"); a.header.Get("Retry-After") != "10" {
		t.Errorf("%v", a.header)
	}
	s.until(as(readerToken), call(readerToken, "say", 5000).task(t).ID, "completed") // what has begun is kept
	call("", "say", 1).refusedAs(t, 503, -32000, "Too much is kept of tasks")
	within(t, 20*time.Second, "there is room", func() bool { return call(writerToken, "say", 1).status == 200 })
	within(t, 20*time.Second, "there is room for all", func() bool { return call("", "say", 1).status == 200 })
}

// TestTaskThatCameToNothingIsNotCounted: what a cancelled task returns is not kept.
func TestTaskThatCameToNothingIsNotCounted(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Tasks: fastmcp.TaskConfig{MaxKeptBytes: 4 << 10}})
	begun, letGo, big := make(chan struct{}, 8), make(chan struct{}), strings.Repeat("x", 8<<10)
	app.AddTool(fastmcp.Tool{Name: "big", Task: fastmcp.TaskOptional, Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
		begun <- struct{}{}
		<-letGo
		return big, nil
	})})
	s := serve(t, app, l)
	for range 2 {
		id := s.start(nil, "big", `{}`).ID
		receive(t, "its beginning", begun)
		s.task(nil, "tasks/cancel", id, "").task(t)
		letGo <- struct{}{}
		within(t, 20*time.Second, "it is over", func() bool { return app.Stats().Tasks == 0 })
	}
	id := s.start(nil, "big", `{}`).ID
	letGo <- struct{}{}
	s.until(nil, id, "completed")
	s.round(nil, "big", `{}`, taskCapabilities, "").refusedAs(t, 503, -32000, "Too much is kept of tasks")
}

// TestTaskResultThatCannotBeKept: the task fails with words, and does not work for ever.
func TestTaskResultThatCannotBeKept(t *testing.T) {
	big := strings.Repeat("x", 64<<10)
	app, l := newApp(t, fastmcp.Config{Storage: store.Memory(store.MemoryConfig{MaxBytes: 16 << 10})})
	app.AddTool(fastmcp.Tool{Name: "big", Task: fastmcp.TaskOptional, Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return big, nil })})
	s := serve(t, app, l)
	id := s.start(nil, "big", `{}`).ID
	if v := s.until(nil, id, "failed"); !strings.Contains(string(v.Error), `"code":-32603,"message":"What the task has come to could not be kept"`) {
		t.Errorf("%s", v.raw)
	}
	if log := l.String(); !strings.Contains(log, "the end of a task could not be kept") || strings.Contains(log, "task="+id) {
		t.Error("the log says nothing, or the id of the task, which is all that one needs to know to have it")
	}
}

// TestTaskThatCannotBeKept: the call is answered with that it failed, and the function does not run.
func TestTaskThatCannotBeKept(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Storage: store.Memory(store.MemoryConfig{MaxBytes: 1})})
	app.AddTool(fastmcp.Tool{Name: "t", Task: fastmcp.TaskOptional, Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
		t.Error("it ran")
		return "", nil
	})})
	s := serve(t, app, l)
	for range 3 {
		if r := s.round(nil, "t", `{}`, taskCapabilities, "").message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "under the id") {
			t.Errorf("%+v", r)
		}
	}
}

// TestTaskDoesNotHoldUpShutdown: not one that runs and does not listen, not one that asks, and not who waits for one.
func TestTaskDoesNotHoldUpShutdown(t *testing.T) {
	memory := store.Memory()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	app, l := newApp(t, fastmcp.Config{Storage: memory})
	letGo, begun := make(chan struct{}), make(chan *fastmcp.Context, 2)
	defer close(letGo)
	app.AddTool(fastmcp.Tool{Name: "deaf", Task: fastmcp.TaskRequired, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		begun <- c
		<-letGo
		return "", nil
	})})
	app.AddTool(fastmcp.Tool{Name: "t", Task: fastmcp.TaskRequired, Handler: fastmcp.Get(twoQuestions)})
	served := make(chan error, 1)
	go func() { served <- app.Listener(ln) }()
	s := &server{t: t, app: app, addr: ln.Addr().String(), url: "http://" + ln.Addr().String() + "/mcp", log: l}
	deaf, asking := s.start(nil, "deaf", `{}`).ID, s.start(nil, "t", `{}`).ID
	running := receive(t, "the call", begun)
	s.asks(asking, "who", "yes")
	c := s.open("2025-11-25")
	id := c.startLegacy("deaf", `{}`).ID
	receive(t, "the call", begun)
	waits := make(chan answer, 1)
	go func() { waits <- c.send("tasks/result", fmt.Sprintf(`"taskId":%q`, id)) }()
	resultsWait(t, 1)
	http.DefaultClient.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	begin := time.Now()
	if err := errors.Join(app.Shutdown(ctx), <-served); err != nil || time.Since(begin) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
	if running.Err() == nil {
		t.Error("the Context of the handler goes on")
	}
	receive(t, "what tasks/result answers", waits).refusedAs(t, 503, -32000, "shutting down")
	for _, id := range []string{deaf, asking, id} {
		raw, err := memory.Get("@task:task:" + id)
		if err != nil || !strings.Contains(string(raw), `"status":"failed"`) || !strings.Contains(string(raw), "The server has stopped") {
			t.Errorf("%s is kept as %s, %v", id, raw, err)
		}
	}
}

// resultsWait waits until that many tasks/result do.
func resultsWait(t *testing.T, n int) {
	t.Helper()
	stacks := make([]byte, 8<<20)
	within(t, 20*time.Second, fmt.Sprintf("%d tasks/result wait", n), func() bool {
		all := string(stacks[:runtime.Stack(stacks, true)])
		return strings.Count(all, "fastmcp.tasksResult(") == n
	})
}

// TestTaskLeavesNothing: no goroutine, and nothing of a task that is over, but its record.
func TestTaskLeavesNothing(t *testing.T) {
	s, h := holding(t, fastmcp.Config{}, fastmcp.Tool{})
	life := func(n int) (freed chan struct{}) {
		freed = make(chan struct{}, n)
		for range n {
			id := s.start(nil, "hold", `{}`).ID
			runtime.AddCleanup(receive(t, "its beginning", h.begun), func(struct{}) { freed <- struct{}{} }, struct{}{})
			h.letGo <- nil
			s.until(nil, id, "completed")
			id = s.start(nil, "hold", `{}`).ID
			receive(t, "its beginning", h.begun)
			s.task(nil, "tasks/cancel", id, "").task(t)
			receive(t, "its end", h.ended)
		}
		return freed
	}
	life(2)
	http.DefaultClient.CloseIdleConnections()
	runtime.GC()
	before := runtime.NumGoroutine()
	freed := life(20)
	within(t, 20*time.Second, "there are no more goroutines than before", func() bool {
		http.DefaultClient.CloseIdleConnections()
		return runtime.NumGoroutine() <= before
	})
	within(t, 20*time.Second, "tasks that are over are let go of", func() bool {
		runtime.GC()
		return len(freed) >= 19 // the last may still be in somebody's hands
	})
}

// A guard that looks at the arguments sees those of the call, when it is asked about its task, too.
func TestTaskGuardSeesTheArguments(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{
		Name: "t", Task: fastmcp.TaskOptional,
		CanAccess: func(_ context.Context, a *auth.Access) auth.Decision {
			if a.Op == auth.OpCall && !strings.Contains(string(a.Args), `"mine"`) {
				return auth.Deny()
			}
			return auth.Allow()
		},
		Handler: fastmcp.Typed(func(_ *fastmcp.Context, in struct{ Of string }) (string, error) { return in.Of, nil }),
	})
	s := serve(t, app, l)
	var created taskState
	if m := s.declaring("tools/call", "t", `"name":"t","arguments":{"Of":"mine"}`); json.Unmarshal(m.Result, &created) != nil || created.TaskID == "" {
		t.Fatalf("%s %+v", m.Result, m.Error)
	}
	if m := s.declaring("tasks/get", created.TaskID, fmt.Sprintf(`"taskId":%q`, created.TaskID)); m.Error != nil {
		t.Errorf("%+v", m.Error)
	}
	if strings.Contains(s.log.String(), created.TaskID) {
		t.Errorf("the task's id is in the log: %s", s.log)
	}
}
