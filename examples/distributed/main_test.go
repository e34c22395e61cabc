package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/examples/internal/program"
	"github.com/fastmcp-go/fastmcp/internal/redistest"
)

const patience = time.Minute

// worker is a process that works.
type worker struct {
	*exec.Cmd
	out *program.Output
}

// workers starts some.
func workers(t *testing.T, url string, n int) (all []worker) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "worker")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for range n {
		w := worker{exec.CommandContext(t.Context(), path, "-worker", "-redis", url, "-lease", "1s"), new(program.Output)}
		w.Stdout, w.Stderr = w.out, w.out
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = w.Process.Kill() // it has ended already where a test waits for that
			_ = w.Wait()
		})
		all = append(all, w)
	}
	return all
}

// state is what compute, the resource and the poll endpoint say of a task.
type state struct {
	ID      string `json:"id"`
	TaskID  string `json:"task_id"`
	Poll    string `json:"poll_endpoint"`
	Status  string
	Message string
	Result  json.RawMessage
}

// compute calls the tool, and gives what it says, and all messages.
func compute(t *testing.T, p *program.Program, args string) (s state, messages []string) {
	t.Helper()
	messages = p.Tool("compute", args)
	var m struct {
		Result struct{ StructuredContent state }
	}
	last := messages[len(messages)-1]
	if err := json.Unmarshal([]byte(last), &m); err != nil || m.Result.StructuredContent.TaskID == "" {
		t.Fatalf("%s", last)
	}
	return m.Result.StructuredContent, messages
}

// poll asks the endpoint beside MCP.
func poll(t *testing.T, p *program.Program, path string) (s state, code int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(p.URL, "/mcp")+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	code, body := program.Send(t, req)
	if code == http.StatusOK {
		if err := json.Unmarshal([]byte(body), &s); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	return s, code
}

// until polls until the task is as wanted.
func until(t *testing.T, p *program.Program, path, what string, is func(state) bool) (s state) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		s, code := poll(t, p, path)
		if code == http.StatusOK && is(s) {
			return s
		}
		if time.Now().After(end) {
			t.Fatalf("it is not %s: %d %+v", what, code, s)
		}
	}
}

func completed(s state) bool { return s.Status == "completed" }

// read reads the task as a resource.
func read(p *program.Program, id string) string {
	uri := "task://status/" + id
	return strings.Join(p.Call("resources/read", uri, fmt.Sprintf(`,"uri":%q`, uri)), "")
}

// Two servers and two workers, each a process of its own: any server answers for a task, and a worker that is killed is
// replaced by the other.
func TestDistributed(t *testing.T) {
	t.Setenv("FASTMCP_KEY", base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)))
	url := redistest.Start(t).URL()
	p, b := program.Start(t, "-redis", url, "-lease", "1s"), program.Start(t, "-redis", url, "-lease", "1s")

	// Without a worker there is an answer at once, and the task is known everywhere.
	s, _ := compute(t, p, `{"below":1000,"timeout":0}`)
	if s.Status != "working" || s.Poll != "/tasks/"+s.TaskID || s.Result != nil {
		t.Errorf("%+v", s)
	}
	if got := read(b, s.TaskID); !strings.Contains(got, `\"status\":\"working\"`) {
		t.Errorf("%s", got)
	}
	if now, code := poll(t, b, s.Poll); code != 200 || now.ID != s.TaskID || now.Status != "working" {
		t.Errorf("%d %+v", code, now)
	}
	if _, code := poll(t, b, "/tasks/nobody-has-this-one"); code != http.StatusNotFound {
		t.Errorf("%d", code)
	}
	if got := read(b, "nobody-has-this-one"); !strings.Contains(got, `"code":-32602`) {
		t.Errorf("%s", got)
	}
	if waited, _ := compute(t, p, `{"below":1000,"timeout":1}`); waited.Status != "working" {
		t.Errorf("%+v", waited)
	}
	p.Readme(`"status":"working"`)

	all := workers(t, url, 2)
	until(t, b, s.Poll, "completed", completed)
	if got := read(b, s.TaskID); !strings.Contains(got, `\"primes\":168`) && !strings.Contains(got, `primes\\\":168`) {
		t.Errorf("%s", got)
	}

	// Who waits hears of the progress that a worker makes.
	s, messages := compute(t, b, `{"below":1000,"parts":4,"pause_ms":300,"timeout":60}`)
	if s.Status != "completed" || !strings.Contains(string(s.Result), `"primes":168`) || len(messages) < 3 || !strings.Contains(messages[len(messages)-2], "of 4 by") {
		t.Errorf("%+v %s", s, messages)
	}

	// The worker that has a task is killed, and the other runs it again.
	s, _ = compute(t, p, `{"below":1000,"parts":4,"pause_ms":500,"timeout":0}`)
	var victim, heir worker
	begun := until(t, p, s.Poll, "running", func(now state) bool {
		for i, w := range all {
			if strings.HasSuffix(now.Message, fmt.Sprintf(" by %d", w.Process.Pid)) {
				victim, heir = w, all[1-i]
				return true
			}
		}
		return false
	})
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	done := until(t, b, s.Poll, "completed, after "+begun.Message, completed)
	if !strings.Contains(string(done.Result), fmt.Sprintf(`"worker":%d`, heir.Process.Pid)) || !strings.Contains(string(done.Result), `"primes":168`) {
		t.Errorf("%s", done.Result)
	}

	// A worker that is to stop stops.
	if err := heir.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := heir.Wait(); err != nil {
		t.Errorf("%v\n%s", err, heir.out)
	}
	if !strings.Contains(heir.out.String(), fmt.Sprintf("working, as process %d", heir.Process.Pid)) || os.Getpid() == heir.Process.Pid {
		t.Errorf("%s", heir.out)
	}
	p.Stop()
	b.Stop()
}
