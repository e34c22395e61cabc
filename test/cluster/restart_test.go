package cluster

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/test/internal/cluster"
)

// load calls tools through nginx until its context ends, and counts.
type load struct {
	calls atomic.Int64
	mu    sync.Mutex
	bad   []string
	nodes map[string]int64
	all   sync.WaitGroup
}

// start has callers call: most of them at once, some with a stream, some with pauses in which their connections rest.
func (l *load) start(t testing.TB, ctx context.Context, url string, callers int) {
	t.Helper()
	l.nodes = map[string]int64{}
	for i := range callers {
		l.all.Go(func() {
			client := &client{}
			defer client.http.CloseIdleConnections()
			for ctx.Err() == nil {
				tool, want := "test_simple_text", "This is a simple text response for testing."
				if i%4 == 1 {
					tool, want = "test_tool_with_progress", "Reported progress"
				}
				l.one(t.Context(), client, url, tool, want) // it is not cut when the load ends
				if i%4 == 2 {
					time.Sleep(time.Duration(i) * 20 * time.Millisecond) // another pace, not a wait
				}
			}
		})
	}
}

func (l *load) one(ctx context.Context, c *client, url, tool, want string) {
	r, err := c.call(ctx, url, tool, `{}`)
	l.calls.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nodes[r.node]++
	if err != nil || r.status != 200 || r.text() != want {
		problem := r.body
		if err != nil {
			problem = err.Error() + " " + problem
		}
		l.bad = append(l.bad, time.Now().Format("05.000 ")+r.header.Get(cluster.NodeHeader)+" "+problem)
	}
}

// more waits for n more calls.
func (l *load) more(t testing.TB, n int64) {
	t.Helper()
	want := l.calls.Load() + n
	for deadline := time.Now().Add(patience); l.calls.Load() < want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d calls are missing after %s", want-l.calls.Load(), patience)
		}
	}
}

func (l *load) failures() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.bad...)
}

// TestRollingRestart restarts all nodes, one after the other, and loses no call.
func TestRollingRestart(t *testing.T) {
	c := cluster.Start(t, cluster.Config{Program: program, NoRedis: true, Args: []string{"-drain", "5s"}})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var l load
	l.start(t, ctx, c.Nginx.URL, 12)
	l.more(t, 200)
	for _, n := range c.Nodes {
		if err := n.Restart(); err != nil {
			t.Error(err)
			break
		}
		l.more(t, 200)
	}
	stop()
	l.all.Wait()
	if bad := l.failures(); len(bad) > inTheMoment {
		t.Errorf("%d of %d calls failed:\n%s", len(bad), l.calls.Load(), strings.Join(bad[:min(len(bad), 20)], "\n"))
	}
	for _, n := range c.Nodes {
		if strings.Count(n.Log(), "draining") != 1 || strings.Count(n.Log(), "listening on") != 2 {
			t.Errorf("%s was not drained and started again:\n%s", n.Addr, n.Log())
		}
	}
	t.Logf("%d calls, %v", l.calls.Load(), l.nodes)
}

// TestKilledNode kills a node: calls that were on it are lost, and told so; those that come after it are not.
func TestKilledNode(t *testing.T) {
	c := cluster.Start(t, cluster.Config{Program: program, NoRedis: true})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	const callers = 12
	var l load
	l.start(t, ctx, c.Nginx.URL, callers)
	l.more(t, 200)
	for _, n := range c.Nodes[:2] {
		before := len(l.failures())
		if err := n.Kill(); err != nil {
			t.Fatal(err)
		}
		l.more(t, callers) // each that was on its way is over
		lost := len(l.failures())
		l.more(t, 200)
		if after := len(l.failures()); lost-before > callers || after != lost {
			t.Errorf("%d calls failed when a node was killed, %d later: %s", lost-before, after-lost, strings.Join(l.failures(), "\n"))
		}
		if err := n.Start(); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	l.all.Wait()
	// It is used again, as soon as nginx has forgotten.
	var client client
	defer client.http.CloseIdleConnections()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		r, err := client.call(t.Context(), c.Nginx.URL, "test_simple_text", `{}`)
		if err != nil || r.status != 200 {
			t.Fatalf("%d %s, %v", r.status, r.body, err)
		}
		if r.node == c.Nodes[0].Addr {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a node that was killed and started again is not used")
		}
	}
}
