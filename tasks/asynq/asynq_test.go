package asynq_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/store/redis"
	"github.com/fastmcp-go/fastmcp/tasks/asynq"
	hibiken "github.com/hibiken/asynq"
)

// site is one Redis, and what has it in common.
type site struct {
	url, prefix, queue string
	begun              chan *fastmcp.Context
	letGo              chan struct{}
	ended              chan struct{}
}

func newSite(t *testing.T) *site {
	return &site{
		url: redistest.Start(t).URL(), prefix: "test" + rand.Text()[:8] + ":", queue: "q" + rand.Text()[:8],
		begun: make(chan *fastmcp.Context, 64), letGo: make(chan struct{}, 64), ended: make(chan struct{}, 64),
	}
}

func (s *site) runner() *asynq.Runner {
	return asynq.New(asynq.Config{URL: s.url, Queue: s.queue, Concurrency: 8, ShutdownTimeout: time.Second, Log: slog.New(slog.DiscardHandler)})
}

// app is one of the site's Apps. Its tool "hold" waits to be let go, "again" too, and may be run again.
func (s *site) app(runner fastmcp.TaskRunner) *fastmcp.App {
	app := fastmcp.New(fastmcp.Config{
		Storage: redis.New(redis.Config{URL: s.url, Prefix: s.prefix}), Keys: [][]byte{bytes.Repeat([]byte{7}, 32)}, Log: slog.New(slog.DiscardHandler),
		Tasks: fastmcp.TaskConfig{Runner: runner, Lease: time.Second},
	})
	hold := fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		s.begun <- c
		select {
		case <-s.letGo:
			return "done", nil
		case <-c.Done():
			s.ended <- struct{}{}
			return "", c.Err()
		}
	})
	app.AddTool(fastmcp.Tool{Name: "hold", Task: fastmcp.TaskRequired, Handler: hold})
	app.AddTool(fastmcp.Tool{Name: "again", Task: fastmcp.TaskRequired, TaskResumable: true, Handler: hold})
	return app
}

func shutDown(t *testing.T, app *fastmcp.App) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := app.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// serve starts a server, and gives its URL.
func (s *site) serve(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	runner := s.runner()
	app := s.app(runner)
	served := make(chan error, 1)
	go func() { served <- app.Listener(ln) }()
	t.Cleanup(func() {
		shutDown(t, app)
		if err := errors.Join(<-served, runner.Close()); err != nil {
			t.Error(err)
		}
	})
	return "http://" + ln.Addr().String() + "/mcp"
}

// work starts a worker. stop has it stop, and waits for that.
func (s *site) work(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	app, worked := s.app(nil), make(chan error, 1)
	go func() { worked <- s.runner().Work(ctx, app) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-worked; err != nil {
			t.Error(err)
		}
		shutDown(t, app)
	})
	t.Cleanup(stop)
	return stop
}

// call makes a request of 2026-07-28 by a client that knows tasks.
func call(t *testing.T, url, method, name, params string) (result struct {
	TaskID, Status, StatusMessage string
	Result, Error                 json.RawMessage
}) {
	t.Helper()
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":{%s,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}}}}`, method, params)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": method, "Mcp-Name": name} {
		req.Header.Set(k, v)
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	var m struct{ Result json.RawMessage }
	if err != nil || json.Unmarshal(raw, &m) != nil || json.Unmarshal(m.Result, &result) != nil {
		t.Fatalf("%s %v", raw, err)
	}
	return result
}

func begin(t *testing.T, url, tool string) (id string) {
	t.Helper()
	if id = call(t, url, "tools/call", tool, fmt.Sprintf(`"name":%q,"arguments":{}`, tool)).TaskID; id == "" {
		t.Fatal("no task was made")
	}
	return id
}

// until waits until a task stands so.
func until(t *testing.T, url, id, status string) (result string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		r := call(t, url, "tasks/get", id, fmt.Sprintf(`"taskId":%q`, id))
		if r.Status == status {
			return string(r.Result) + string(r.Error)
		}
		if time.Now().After(end) {
			t.Fatalf("it is %s, not %s", r.Status, status)
		}
	}
}

func receive[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(time.Minute):
		t.Fatal("not in a minute: " + what)
	}
	return v
}

func TestWork(t *testing.T) {
	s := newSite(t)
	a, b := s.serve(t), s.serve(t)
	waiting := begin(t, a, "hold") // before there is a worker
	s.work(t)
	s.work(t)
	c := receive(t, "its beginning", s.begun)
	if err := c.Progress(1, 2, "half of it"); err != nil {
		t.Error(err)
	}
	for r := call(t, b, "tasks/get", waiting, fmt.Sprintf(`"taskId":%q`, waiting)); r.StatusMessage != "half of it"; {
		r = call(t, b, "tasks/get", waiting, fmt.Sprintf(`"taskId":%q`, waiting))
	}
	s.letGo <- struct{}{}
	if got := until(t, b, waiting, "completed"); !strings.Contains(got, `"done"`) {
		t.Errorf("%s", got)
	}
	cancelled := begin(t, b, "hold")
	receive(t, "its beginning", s.begun)
	call(t, a, "tasks/cancel", cancelled, fmt.Sprintf(`"taskId":%q`, cancelled))
	receive(t, "the end of the function", s.ended)
	var all []string
	for range 20 {
		all = append(all, begin(t, a, "hold"))
		s.letGo <- struct{}{}
	}
	for _, id := range all {
		until(t, b, id, "completed")
	}
	if len(s.begun) != 20 {
		t.Errorf("%d runs of 20 tasks", len(s.begun))
	}
}

// A worker that stops hands over what may be run again.
func TestWorkerStops(t *testing.T) {
	s := newSite(t)
	url := s.serve(t)
	stop := s.work(t)
	id := begin(t, url, "again")
	receive(t, "its beginning", s.begun)
	stop()
	receive(t, "the end of the function", s.ended)
	if r := call(t, url, "tasks/get", id, fmt.Sprintf(`"taskId":%q`, id)); r.Status != "working" {
		t.Errorf("%+v", r)
	}
	s.work(t)
	receive(t, "its second beginning", s.begun)
	s.letGo <- struct{}{}
	until(t, url, id, "completed")
}

// The same job twice is one; with another Run it is another.
func TestEnqueueTwice(t *testing.T) {
	s := newSite(t)
	r := s.runner()
	job := fastmcp.TaskJob{ID: "an-id", Tool: "hold", Run: 1, Deadline: time.Now().Add(time.Hour)}
	for range 3 {
		if err := r.Enqueue(t.Context(), job); err != nil {
			t.Error(err)
		}
	}
	job.Run = 3
	if err := r.Enqueue(t.Context(), job); err != nil {
		t.Error(err)
	}
	inspector := hibiken.NewInspector(hibiken.RedisClientOpt{Addr: strings.TrimPrefix(s.url, "redis://")})
	jobs, err := inspector.ListPendingTasks(s.queue)
	if err != nil || len(jobs) != 2 {
		t.Errorf("%d %v", len(jobs), err)
	}
	if err := errors.Join(inspector.Close(), r.Close()); err != nil {
		t.Error(err)
	}
}

// What is wrong is told, without a password, and nothing panics.
func TestTrouble(t *testing.T) {
	job := fastmcp.TaskJob{ID: "an-id", Deadline: time.Now().Add(time.Hour)}
	for _, url := range []string{"http://user:hunter2@127.0.0.1", "redis://user:hunter2@127.0.0.1:6379/x", "%"} {
		r := asynq.New(asynq.Config{URL: url})
		for _, err := range []error{r.Enqueue(t.Context(), job), r.Work(t.Context(), fastmcp.New())} {
			if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "Config.URL") {
				t.Errorf("%s: %v", url, err)
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	nobody := redistest.FreeAddr(t)
	r := asynq.New(asynq.Config{URL: "redis://" + nobody, Log: slog.New(slog.DiscardHandler)})
	app := fastmcp.New()
	for _, err := range []error{r.Enqueue(t.Context(), job), r.Work(t.Context(), app)} {
		if err == nil || !strings.Contains(err.Error(), "asynq") {
			t.Errorf("%v", err)
		}
	}
	shutDown(t, app)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	s := newSite(t)
	foreign := hibiken.NewClient(hibiken.RedisClientOpt{Addr: strings.TrimPrefix(s.url, "redis://")})
	for _, task := range []*hibiken.Task{hibiken.NewTask("fastmcp:task", []byte("{")), hibiken.NewTask("another", []byte(`{"id":"x"}`)), hibiken.NewTask("fastmcp:task", []byte(`{"id":"x"}`))} {
		if _, err := foreign.Enqueue(task, hibiken.Queue(s.queue)); err != nil {
			t.Fatal(err)
		}
	}
	url := s.serve(t)
	s.work(t)
	id := begin(t, url, "hold") // behind those
	s.letGo <- struct{}{}
	until(t, url, id, "completed")
	if err := foreign.Close(); err != nil {
		t.Error(err)
	}
}

func ExampleRunner() {
	const url = "redis://127.0.0.1:6379"
	keys := [][]byte{bytes.Repeat([]byte{7}, 32)} // 32 random bytes that all processes have
	runner := asynq.New(asynq.Config{URL: url})
	newApp := func(runner fastmcp.TaskRunner) *fastmcp.App {
		app := fastmcp.New(fastmcp.Config{Name: "video", Storage: redis.New(redis.Config{URL: url}), Keys: keys, Tasks: fastmcp.TaskConfig{Runner: runner}})
		app.AddTool(fastmcp.Tool{Name: "render", Task: fastmcp.TaskRequired, TaskResumable: true, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			return "rendered", c.Progress(1, 1, "all of it")
		})})
		return app
	}
	serve := func() error { return newApp(runner).Listen(":8080") }                  // in the processes that serve
	work := func(ctx context.Context) error { return runner.Work(ctx, newApp(nil)) } // in those that work
	fmt.Println(serve != nil, work != nil)
	// Output: true true
}
