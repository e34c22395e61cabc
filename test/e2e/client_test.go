package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/test/internal/cut"
	"github.com/fastmcp-go/fastmcp/test/internal/live"
)

var (
	// server is examples/quickstart, everything examples/everything and dice examples/apps, started once for all clients.
	server, everything, dice *live.Server
	// notes is the program of examples/stdio, which each client starts for itself.
	notes string
)

func TestMain(m *testing.M) {
	os.Exit(live.Run(m, live.Serve("quickstart", &server), live.Serve("everything", &everything), live.Serve("apps", &dice), live.Build("stdio", &notes)))
}

// patience bounds every wait of these tests.
const patience = 15 * time.Second

// tools of examples/quickstart that the tests rely on.
var toolNames = []string{"add", "cancelled_calls", "countdown", "fail"}

// client is a Go client of whatever make, connected.
type client interface {
	// revision is the negotiated one; name is the server's.
	revision() string
	name() string
	tools(ctx context.Context) ([]string, error)
	// call calls a tool; notes, when not nil, gets the progress that is reported.
	call(ctx context.Context, tool string, args map[string]any, notes func(done, total float64)) (answer, error)
	// invalidParams tells that an error of call is JSON-RPC's -32602.
	invalidParams(err error) bool
	close() error
}

type answer struct {
	text       string
	structured map[string]any
	isError    bool
}

// maker connects a client of one make.
type maker struct {
	name string
	dial func(ctx context.Context, url, revision string) (client, error)
	// cuts are the losses of a connection that this make says it gets over.
	cuts []cut.How
	// cancel cancels the call that runs; nil where ending the call's context is enough.
	cancel func(ctx context.Context, c client) error
}

const modern = "2026-07-28"

// revisions are what the Go clients are made to speak.
var revisions = []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", modern}

// drive runs every scenario with one make of client at one revision.
func drive(t *testing.T, m maker, revision string) {
	ctx, stop := context.WithTimeout(t.Context(), 4*patience)
	defer stop()
	c := dial(ctx, t, m, server.URL, revision)

	t.Run("connect", func(t *testing.T) {
		if got := c.revision(); got != revision {
			t.Errorf("the revision is %s, want %s", got, revision)
		}
		if c.name() == "" {
			t.Error("the server has no name")
		}
	})
	t.Run("list", func(t *testing.T) {
		got, err := c.tools(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range toolNames {
			if !slices.Contains(got, want) {
				t.Errorf("%s is not listed, only %v", want, got)
			}
		}
	})
	t.Run("call", func(t *testing.T) { checkSum(ctx, t, c) })
	t.Run("invalid arguments", func(t *testing.T) {
		got, err := c.call(ctx, "add", map[string]any{"a": 2}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !got.isError || !strings.Contains(got.text, "b") {
			t.Errorf("got %+v, want an error in words that names b", got)
		}
	})
	t.Run("unknown tool", func(t *testing.T) {
		if got, err := c.call(ctx, "no_such_tool", nil, nil); err == nil || !c.invalidParams(err) {
			t.Errorf("got %+v, %v; want the error -32602", got, err)
		}
	})
	t.Run("error of a tool", func(t *testing.T) {
		got, err := c.call(ctx, "fail", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !got.isError || got.text == "" {
			t.Errorf("got %+v, want an error in words", got)
		}
	})
	t.Run("progress", func(t *testing.T) { checkCountdown(ctx, t, c, 5, 20) })
	t.Run("cancel", func(t *testing.T) { checkCancel(ctx, t, m, c) })
	if revision == modern { // no session, no replay
		t.Run("a loss cancels", func(t *testing.T) { checkLoss(ctx, t, m, c, revision) })
	} else {
		t.Run("replay after a loss", func(t *testing.T) {
			for _, how := range m.cuts {
				t.Run(string(how), func(t *testing.T) {
					t.Parallel() // it is mostly the client's waiting
					checkReplay(ctx, t, m, how, revision)
				})
			}
		})
	}
	t.Run("close", func(t *testing.T) {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	})
}

func dial(ctx context.Context, t *testing.T, m maker, url, revision string) client {
	t.Helper()
	c, err := m.dial(ctx, url, revision)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	return c
}

func checkSum(ctx context.Context, t *testing.T, c client) {
	t.Helper()
	got, err := c.call(ctx, "add", map[string]any{"a": 2, "b": 3}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.isError || strings.Join(strings.Fields(got.text), "") != `{"sum":5}` {
		t.Errorf(`got %+v, want the text {"sum":5}`, got)
	}
	if c.revision() >= "2025-06-18" && got.structured["sum"] != 5.0 {
		t.Errorf("the structured content is %v, want sum 5", got.structured)
	}
}

// recorder keeps the progress notes of a call.
type recorder struct {
	mu    sync.Mutex
	done  []float64
	total float64
}

func (r *recorder) note(done, total float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done, r.total = append(r.done, done), total
}

func (r *recorder) notes() ([]float64, float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.done), r.total
}

// checkCountdown calls countdown and expects each note exactly once, in order, and then the result.
func checkCountdown(ctx context.Context, t *testing.T, c client, from, delay int) {
	t.Helper()
	var want []float64
	for i := range from {
		want = append(want, float64(i+1))
	}
	checkProgress(ctx, t, c, "countdown", map[string]any{"from": from, "delay_ms": delay}, "liftoff", want, float64(from))
}

// checkProgress calls a tool and expects these notes, each exactly once and in order, and then the result.
func checkProgress(ctx context.Context, t *testing.T, c client, tool string, args map[string]any, text string, want []float64, of float64) {
	t.Helper()
	var r recorder
	got, err := c.call(ctx, tool, args, r.note)
	if err != nil {
		t.Fatal(err)
	}
	if got.isError || got.text != text {
		t.Errorf("got %+v, want %s", got, text)
	}
	// Some clients hand on notes a little after the result.
	eventually(t, func() string {
		if done, _ := r.notes(); len(done) < len(want) {
			return fmt.Sprintf("the notes are %v, want %v", done, want)
		}
		return ""
	})
	time.Sleep(20 * time.Millisecond) // time for one too many
	if done, total := r.notes(); !slices.Equal(done, want) || total != of {
		t.Errorf("the notes are %v of %v, want %v of %v", done, total, want, of)
	}
}

// eventually repeats a check until it has nothing to complain of.
func eventually(t *testing.T, check func() string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	complaint := check()
	for complaint != "" && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
		complaint = check()
	}
	if complaint != "" {
		t.Errorf("after %v still: %s", patience, complaint)
	}
}

// cancelled is how many countdowns have been cancelled, as the server saw it.
func cancelled(ctx context.Context, t *testing.T, c client) int {
	t.Helper()
	got, err := c.call(ctx, "cancelled_calls", nil, nil)
	if err != nil || got.isError {
		t.Fatalf("cancelled_calls: %+v, %v", got, err)
	}
	var n int
	if _, err := fmt.Sscanf(strings.Join(strings.Fields(got.text), ""), `{"count":%d}`, &n); err != nil {
		t.Fatalf(`cancelled_calls answered %q, want {"count":n}`, got.text)
	}
	return n
}

func expectCancelled(ctx context.Context, t *testing.T, c client, want int) {
	t.Helper()
	eventually(t, func() string {
		if got := cancelled(ctx, t, c); got != want {
			return fmt.Sprintf("%d countdowns were cancelled, want %d", got, want)
		}
		return ""
	})
}

// checkCancel gives up on a countdown in its middle, and expects the server to notice before it would have ended.
func checkCancel(ctx context.Context, t *testing.T, m maker, c client) {
	before := cancelled(ctx, t, c)
	call, giveUp := context.WithCancel(ctx)
	defer giveUp()
	var once sync.Once
	_, err := c.call(call, "countdown", map[string]any{"from": 1000, "delay_ms": 100}, func(done, _ float64) {
		if done < 3 {
			return
		}
		once.Do(func() {
			if m.cancel != nil && c.revision() != modern {
				// Not on the goroutine that reads the notes.
				go func() {
					if err := m.cancel(ctx, c); err != nil {
						t.Errorf("cancel: %v", err)
					}
					giveUp()
				}()
				return
			}
			giveUp()
		})
	})
	if err == nil {
		t.Error("the cancelled call was answered")
	}
	expectCancelled(ctx, t, c, before+1)
	checkSum(ctx, t, c) // the connection is as good as before
}

// checkReplay loses the connection in the middle of a countdown.
func checkReplay(ctx context.Context, t *testing.T, m maker, how cut.How, revision string) {
	proxy := cut.New(t, server.URL, how, 3)
	c := dial(ctx, t, m, proxy.URL, revision)
	defer c.close()
	before := cancelled(ctx, t, c)
	checkCountdown(ctx, t, c, 8, 50)
	if proxy.Cuts() != 1 || proxy.Resumes() == 0 {
		t.Errorf("%d connections were lost and %d requests came with a Last-Event-ID; want 1 and at least 1", proxy.Cuts(), proxy.Resumes())
	}
	if after := cancelled(ctx, t, c); after != before {
		t.Error("the server took the loss for a cancelled call")
	}
}

// checkLoss loses the connection where there are no sessions: the call is over, on both sides.
func checkLoss(ctx context.Context, t *testing.T, m maker, c client, revision string) {
	proxy := cut.New(t, server.URL, cut.Between, 3)
	lost := dial(ctx, t, m, proxy.URL, revision)
	defer lost.close()
	before := cancelled(ctx, t, c)
	call, giveUp := context.WithTimeout(ctx, patience)
	defer giveUp()
	var r recorder
	if got, err := lost.call(call, "countdown", map[string]any{"from": 1000, "delay_ms": 100}, r.note); err == nil {
		t.Errorf("the lost call was answered: %+v", got)
	}
	expectCancelled(ctx, t, c, before+1)
	if proxy.Cuts() != 1 || proxy.Resumes() != 0 {
		t.Errorf("%d connections were lost and %d requests came with a Last-Event-ID; want 1 and 0", proxy.Cuts(), proxy.Resumes())
	}
}
