package fastmcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// queue is an engine that has nobody work, unless the test does.
type queue struct {
	jobs chan fastmcp.TaskJob
	fail func() error
}

func newQueue() *queue { return &queue{jobs: make(chan fastmcp.TaskJob, 64)} }

func (q *queue) Enqueue(_ context.Context, job fastmcp.TaskJob) error {
	if q.fail != nil {
		if err := q.fail(); err != nil {
			return err
		}
	}
	q.jobs <- job
	return nil
}

// plant is a server that hands its tasks over, and workers.
type plant struct {
	*estate
	*held
	queue   *queue
	server  *mortal
	workers []*mortal
}

func newPlant(t *testing.T, config fastmcp.Config, tool fastmcp.Tool) *plant {
	p := &plant{estate: newEstate(), held: newHeld(), queue: newQueue()}
	register := holds(p.held, tool)
	for range 2 {
		p.workers = append(p.workers, p.node(t, config, register))
	}
	config.Tasks.Runner = p.queue
	p.server = p.node(t, config, register)
	return p
}

// works has a worker run a task.
func (p *plant) works(ctx context.Context, m *mortal, job fastmcp.TaskJob) chan error {
	ended := make(chan error, 1)
	go func() { ended <- m.app.RunTask(ctx, job) }()
	return ended
}

func TestTaskRunner(t *testing.T) {
	p := newPlant(t, leased(longLease), fastmcp.Tool{})
	id := p.server.start(nil, "hold", `{}`).ID
	job := receive(t, "the job", p.queue.jobs)
	if job.ID != id || job.Tool != "hold" || time.Until(job.Deadline) < 9*time.Hour {
		t.Errorf("%+v", job)
	}
	if v := p.server.task(nil, "tasks/get", id, "").task(t); v.Status != "working" || len(p.begun) > 0 {
		t.Errorf("%s, %d runs", v.raw, len(p.begun))
	}
	st := p.server.listen("POST", statelessHeaders("subscriptions/listen", ""), declaring("subscriptions/listen", fmt.Sprintf(`"notifications":{"taskIds":[%q]}`, id)))
	st.message()
	st.message()
	ended := p.works(t.Context(), p.workers[0], job)
	c := receive(t, "its beginning", p.begun)
	if m := st.message(); !strings.Contains(string(m.Params), `"status":"working"`) {
		t.Errorf("%s", m.Params)
	}
	if err := p.workers[1].app.RunTask(t.Context(), job); !errors.Is(err, fastmcp.ErrTaskTaken) {
		t.Errorf("while another runs it: %v", err)
	}
	if err := p.workers[0].app.RunTask(t.Context(), job); !errors.Is(err, fastmcp.ErrTaskTaken) {
		t.Errorf("while it runs it: %v", err)
	}
	if err := c.Progress(1, 2, "half of it"); err != nil {
		t.Error(err)
	}
	if m := st.message(); !strings.Contains(string(m.Params), `"statusMessage":"half of it"`) {
		t.Errorf("%s", m.Params)
	}
	p.letGo <- nil
	if err := receive(t, "the end of RunTask", ended); err != nil {
		t.Error(err)
	}
	if v := p.server.until(nil, id, "completed"); v.tool(t).text() != "done" {
		t.Errorf("%s", v.raw)
	}
	for _, again := range []fastmcp.TaskJob{job, {ID: "unknown", Tool: "hold"}, {}} {
		if err := p.workers[1].app.RunTask(t.Context(), again); err != nil || len(p.begun) > 0 {
			t.Errorf("%+v: %v, %d more runs", again, err, len(p.begun))
		}
	}
}

// The chain goes by twice: where the call is taken, and where it is run.
func TestTaskRunnerChain(t *testing.T) {
	e, q := newEstate(), newQueue()
	seen := make(chan error, 9)
	register := func(app *fastmcp.App) {
		app.Use(func(c *fastmcp.Context) error {
			err := c.Next()
			if c.Method() == "tools/call" {
				seen <- err
			}
			return err
		})
		app.AddTool(fastmcp.Tool{Name: "t", Task: fastmcp.TaskRequired, Handler: fastmcp.Typed(func(_ *fastmcp.Context, in struct {
			N int `json:"n" validate:"required"`
		}) (int, error) {
			return in.N + 1, nil
		})})
	}
	config := leased(longLease)
	worker := e.node(t, config, register)
	config.Tasks.Runner = q
	s := e.node(t, config, register)
	if r := s.round(nil, "t", `{"n":"x"}`, taskCapabilities, "").message(t).tool(t); !r.IsError || len(q.jobs) > 0 {
		t.Errorf("arguments that do not fit: %+v", r)
	}
	receive(t, "the chain", seen)
	id := s.start(nil, "t", `{"n":1}`).ID
	if err := receive(t, "the chain of the server", seen); !errors.Is(err, fastmcp.ErrEnqueued) {
		t.Errorf("%v", err)
	}
	if err := worker.app.RunTask(t.Context(), <-q.jobs); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, "the chain of the worker", seen); err != nil {
		t.Errorf("%v", err)
	}
	if v := s.task(nil, "tasks/get", id, "").task(t); v.tool(t).text() != "2" {
		t.Errorf("%s", v.raw)
	}
}

// When its worker dies, a task fails, or the next that the engine calls runs it again.
func TestTaskRunnerWorkerDies(t *testing.T) {
	for _, resumable := range []bool{false, true} {
		p := newPlant(t, leased(longLease), fastmcp.Tool{TaskResumable: resumable})
		id := p.server.start(nil, "hold", `{}`).ID
		job := receive(t, "the job", p.queue.jobs)
		first := p.works(t.Context(), p.workers[0], job)
		receive(t, "its beginning", p.begun)
		p.workers[0].dies(p.estate)
		if v := p.server.task(nil, "tasks/get", id, "").task(t); resumable != (v.Status == "working") {
			t.Errorf("resumable %v: %s", resumable, v.raw)
		}
		if !resumable {
			if err := p.workers[1].app.RunTask(t.Context(), job); err != nil || len(p.begun) > 0 {
				t.Errorf("%v", err)
			}
			p.letGo <- nil
			continue
		}
		again := receive(t, "the job once more", p.queue.jobs)
		if again.ID != id || again.Run != 2 || job.Run != 1 {
			t.Errorf("%+v, and before %+v", again, job)
		}
		second := p.works(t.Context(), p.workers[1], again)
		receive(t, "its second beginning", p.begun)
		p.letGo <- nil
		p.letGo <- nil
		p.server.until(nil, id, "completed")
		p.workers[0].dead.Store(false)
		for _, ended := range []chan error{first, second} {
			receive(t, "the end of RunTask", ended)
		}
		if r := p.record(t, id); r.Status != "completed" || r.Losses != 1 {
			t.Errorf("%+v", r)
		}
	}
}

// A worker that is told to stop gives a task away that may run again; any other ends with what its function says.
func TestTaskRunnerStops(t *testing.T) {
	for _, resumable := range []bool{false, true} {
		config := leased(longLease)
		config.Tasks.MaxTakeovers = -1
		p := newPlant(t, config, fastmcp.Tool{TaskResumable: resumable})
		id := p.server.start(nil, "hold", `{}`).ID
		job := receive(t, "the job", p.queue.jobs)
		ctx, stop := context.WithCancel(t.Context())
		ended := p.works(ctx, p.workers[0], job)
		receive(t, "its beginning", p.begun)
		stop()
		err := receive(t, "the end of RunTask", ended)
		receive(t, "the end of the function", p.ended)
		if !resumable {
			if v := p.server.task(nil, "tasks/get", id, "").task(t); err != nil || v.Status != "completed" || !v.tool(t).IsError {
				t.Errorf("%v %s", err, v.raw)
			}
			continue
		}
		if v := p.server.task(nil, "tasks/get", id, "").task(t); !errors.Is(err, context.Canceled) || v.Status != "working" {
			t.Errorf("%v %s", err, v.raw)
		}
		again := p.works(t.Context(), p.workers[1], job)
		receive(t, "its second beginning", p.begun)
		p.letGo <- nil
		if err := receive(t, "the end of RunTask", again); err != nil {
			t.Error(err)
		}
		if v := p.server.task(nil, "tasks/get", id, "").task(t); v.Status != "completed" || v.tool(t).text() != "done" {
			t.Errorf("%s", v.raw)
		}
	}
}

// A task that cannot be handed over is none; those that are in the queue count as their owner's until they are over.
func TestTaskRunnerRefusals(t *testing.T) {
	config := leased(longLease)
	config.Auth = someTokens()
	config.Tasks.MaxPerOwner = 2
	p := newPlant(t, config, fastmcp.Tool{})
	call := func(token string) answer { return p.server.round(as(token), "hold", `{}`, taskCapabilities, "") }
	for _, fail := range []func() error{func() error { return errors.New("the password is hunter2") }, func() error { panic("hunter2") }} {
		p.queue.fail = fail
		a := call(writerToken)
		a.refusedAs(t, 503, -32000, "The task cannot be run now")
		if strings.Contains(a.body, "hunter2") {
			t.Error(a.body)
		}
	}
	p.queue.fail = nil
	var ids []string
	for range 2 {
		ids = append(ids, call(writerToken).task(t).ID)
	}
	call(writerToken).refusedAs(t, 429, -32000, "Too many of your tasks")
	call(readerToken).task(t)
	p.server.task(as(writerToken), "tasks/cancel", ids[0], "")
	within(t, 20*time.Second, "there is room", func() bool { return call(writerToken).status == 200 })
	if err := p.workers[0].app.RunTask(t.Context(), <-p.queue.jobs); err != nil || len(p.begun) > 0 {
		t.Errorf("what was cancelled in the queue runs: %v", err)
	}
	config.Auth = auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{annsToken: {Subject: "ann", Claims: map[string]any{"n": 1}}})}})
	config.Tasks.Runner = p.queue
	s := p.node(t, config, holds(p.held, fastmcp.Tool{}))
	if r := s.round(as(annsToken), "hold", `{}`, taskCapabilities, "").message(t).tool(t); !r.IsError || !strings.Contains(s.log.String(), "claims that do not come back from JSON") {
		t.Errorf("%+v", r)
	}
}

// One process may hand over, and work.
func TestTaskRunnerInOneProcess(t *testing.T) {
	e, h, q := newEstate(), newHeld(), newQueue()
	config := leased(longLease)
	config.Tasks.Runner = q
	s := e.node(t, config, holds(h, fastmcp.Tool{}))
	id := s.start(nil, "hold", `{}`).ID
	h.letGo <- nil
	if err := s.app.RunTask(t.Context(), receive(t, "the job", q.jobs)); err != nil {
		t.Fatal(err)
	}
	if v := s.task(nil, "tasks/get", id, "").task(t); v.Status != "completed" {
		t.Errorf("%s", v.raw)
	}
}

// A worker that does not serve is shut down like any App.
func TestTaskWorkerThatDoesNotServe(t *testing.T) {
	p := newPlant(t, leased(longLease), fastmcp.Tool{})
	id := p.server.start(nil, "hold", `{}`).ID
	config := leased(longLease)
	config.Storage, config.Keys = p.workers[0], [][]byte{[]byte(strings.Repeat("\x07", 32))}
	app, _ := newApp(t, config)
	holds(p.held, fastmcp.Tool{})(app)
	ended := make(chan error, 1)
	job := receive(t, "the job", p.queue.jobs)
	go func() { ended <- app.RunTask(t.Context(), job) }()
	receive(t, "its beginning", p.begun)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := app.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	receive(t, "the end of RunTask", ended)
	if v := p.server.task(nil, "tasks/get", id, "").task(t); v.Status != "failed" || !strings.Contains(string(v.Error), "The server has stopped") {
		t.Errorf("%s", v.raw)
	}
}

// started is a tool that begins a task, and looks at it.
func started(t *testing.T) (*server, *held) {
	h := newHeld()
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	holds(h, fastmcp.Tool{})(app)
	app.AddTool(fastmcp.Tool{Name: "plain", Handler: fastmcp.Get(h.run)})
	app.AddTool(fastmcp.Tool{Name: "closed", Task: fastmcp.TaskRequired, CanAccess: auth.RequireRole("admin"), Handler: fastmcp.Get(h.run)})
	app.AddTool(fastmcp.Tool{Name: "asks", Task: fastmcp.TaskRequired, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		_, err := fastmcp.Elicit[sure](c, "yes", "Sure?", nil)
		return "", err
	})})
	app.AddTool(fastmcp.Tool{Name: "typed", Task: fastmcp.TaskOptional, Handler: fastmcp.Typed(func(_ *fastmcp.Context, in struct {
		N int `json:"n" validate:"required,lte=9"`
	}) (int, error) {
		return in.N + 1, nil
	})})
	app.AddTool(fastmcp.Tool{Name: "start", Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
		Tool   string         `json:"tool"`
		Args   map[string]any `json:"args"`
		WaitMS int            `json:"wait_ms"`
	}) (*fastmcp.Task, error) {
		task, err := c.StartTask(in.Tool, in.Args)
		if err != nil || in.WaitMS == 0 {
			return task, err
		}
		return c.WaitTask(task.ID, time.Duration(in.WaitMS)*time.Millisecond, func(task *fastmcp.Task) { _ = c.Progress(float64(task.Updated.UnixNano()), 0, task.Message) })
	})})
	app.AddTool(fastmcp.Tool{Name: "look", Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
		ID string `json:"id"`
	}) (*fastmcp.Task, error) {
		task, err := c.Task(in.ID)
		if errors.Is(err, fastmcp.ErrNoTask) {
			return nil, fastmcp.Errorf("no such task")
		}
		return task, err
	})})
	return serve(t, app, l), h
}

func TestStartTask(t *testing.T) {
	s, h := started(t)
	for _, revision := range append(slices.Clone(revisions), "2026-07-28") {
		t.Run(revision, func(t *testing.T) {
			call := func(token, tool, args string) toolResult {
				t.Helper()
				if revision == "2026-07-28" {
					return s.callAs(token, tool, args).message(t).tool(t)
				}
				all := s.open(revision, as(token)).call(tool, args).messages(t)
				return all[len(all)-1].tool(t)
			}
			read := func(r toolResult) (task fastmcp.Task) {
				t.Helper()
				if err := json.Unmarshal([]byte(r.text()), &task); err != nil || r.IsError || task.ID == "" {
					t.Fatalf("%+v", r)
				}
				return task
			}
			begun := read(call(writerToken, "start", `{"tool":"hold"}`))
			c := receive(t, "its beginning", h.begun)
			if begun.Status != "working" || begun.Tool != "hold" || begun.Over() || c.Principal().Subject != "writer" {
				t.Errorf("%+v", begun)
			}
			for token, found := range map[string]bool{writerToken: true, readerToken: false} {
				if r := call(token, "look", fmt.Sprintf(`{"id":%q}`, begun.ID)); r.IsError == found {
					t.Errorf("%v: %+v", found, r)
				}
				if task, err := s.app.Task(t.Context(), &auth.Principal{Subject: map[bool]string{true: "writer", false: "reader"}[found]}, begun.ID); errors.Is(err, fastmcp.ErrNoTask) == found || found && task.Status != "working" {
					t.Errorf("%v: %+v %v", found, task, err)
				}
			}
			h.letGo <- nil
			within(t, 20*time.Second, "it is over", func() bool {
				task := read(call(writerToken, "look", fmt.Sprintf(`{"id":%q}`, begun.ID)))
				return task.Over() && strings.Contains(string(task.Result), `"done"`)
			})
			if done := read(call(writerToken, "start", `{"tool":"typed","args":{"n":2},"wait_ms":20000}`)); done.Status != "completed" || !strings.Contains(string(done.Result), `"text":"3"`) {
				t.Errorf("%+v", done)
			}
			if r := read(call(writerToken, "start", `{"tool":"hold","wait_ms":1}`)); r.Status != "working" {
				t.Errorf("%+v", r)
			}
			receive(t, "its beginning", h.begun)
			h.letGo <- nil
			if r := read(call(writerToken, "start", `{"tool":"asks","wait_ms":20000}`)); r.Status != "failed" || !strings.Contains(string(r.Error), "-32021") {
				t.Errorf("%+v %s", r, r.Error)
			}
		})
	}
	if _, err := s.app.Task(t.Context(), nil, "unknown"); !errors.Is(err, fastmcp.ErrNoTask) {
		t.Errorf("%v", err)
	}
	for args, words := range map[string]string{
		`{"tool":"nothing"}`:                "unknown tool",
		`{"tool":"plain"}`:                  "does not run as a task",
		`{"tool":"closed"}`:                 "unknown tool",
		`{"tool":"typed","args":{"n":10}}`:  "do not fit",
		`{"tool":"typed","args":{"n":"x"}}`: "do not fit",
		`{"tool":""}`:                       "unknown tool",
	} {
		a := s.callAs(writerToken, "start", args)
		if !strings.Contains(a.body, words) && !strings.Contains(s.log.String(), words) {
			t.Errorf("%s: %d %s", args, a.status, a.body)
		}
	}
	if len(h.begun) > 0 {
		t.Error("it ran")
	}
}
