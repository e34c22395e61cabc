package cluster

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/test/internal/cluster"
)

// commands is how many commands Redis has been given, by its own count.
func commands(t *testing.T, c *cluster.Cluster) int64 {
	t.Helper()
	lines, err := c.Redis.Do("INFO", "stats")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.Join(lines, "\n"), "\n") {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "total_commands_processed:"); ok {
			count, err := strconv.ParseInt(n, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return count
		}
	}
	t.Fatal("Redis does not say how many commands it has processed")
	return 0
}

// opened is a session and its own stream on a node.
func opened(t *testing.T, at, listensAt string) (*client, *stream) {
	t.Helper()
	one := &client{revision: "2025-11-25"}
	t.Cleanup(one.http.CloseIdleConnections)
	if err := one.initialize(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	s, err := one.listen(t.Context(), listensAt, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return one, s
}

// until reads a stream up to a number.
func until(s *stream, n int) error {
	for {
		m, _, err := s.next()
		if err != nil {
			return err
		}
		var p struct{ N int }
		if m.Method == "notifications/example/number" && json.Unmarshal(m.Params, &p) == nil && p.N >= n {
			return nil
		}
	}
}

// TestFigures says what sessions on several nodes cost. The machine that runs it may be busy: what it holds to is loose.
func TestFigures(t *testing.T) {
	c := cluster.Start(t, cluster.Config{Program: program})
	one, s := opened(t, c.Nodes[0].URL, c.Nodes[1].URL)

	// From the call on one node to the event on another.
	var took []time.Duration
	for n := 1; n <= 300; n++ {
		begun := time.Now()
		if r, err := one.call(t.Context(), c.Nodes[0].URL, "send_number", fmt.Sprintf(`{"n":%d}`, n)); err != nil || r.status != 200 {
			t.Fatal(r, err)
		}
		if err := until(s, n); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	t.Logf("from a call on one node to its event on another: p50 %v, p99 %v", took[len(took)/2], took[len(took)*99/100])

	// What Redis is asked for calls and events, besides what the nodes ask it when nobody calls.
	idle := commands(t, c)
	time.Sleep(2 * time.Second)
	idle = commands(t, c) - idle
	per := func(what string, times int, most float64, f func()) {
		begun, before := time.Now(), commands(t, c)
		f()
		n := float64(commands(t, c)-before) - float64(idle)*time.Since(begun).Seconds()/2
		t.Logf("Redis commands for %s: %.2f", what, n/float64(times))
		if n/float64(times) > most {
			t.Errorf("Redis is asked too often for %s", what)
		}
	}
	per("a call", 500, 0.2, func() {
		for range 500 {
			if r, err := one.call(t.Context(), c.Nodes[0].URL, "test_simple_text", `{}`); err != nil || r.status != 200 {
				t.Fatal(r, err)
			}
		}
	})
	per("an event that is read on another node", 1000, 10, func() {
		if r, err := one.call(t.Context(), c.Nodes[0].URL, "send_number", `{"n":1000,"count":1000}`); err != nil || r.status != 200 {
			t.Fatal(r, err)
		}
		if err := until(s, 1999); err != nil {
			t.Fatal(err)
		}
	})

	begun := time.Now()
	if r, err := one.call(t.Context(), c.Nodes[0].URL, "send_number", `{"n":2000,"count":5000}`); err != nil || r.status != 200 {
		t.Fatal(r, err)
	}
	if err := until(s, 6999); err != nil {
		t.Fatal(err)
	}
	t.Logf("events a second through one session, one after the other: %.0f", 5000/time.Since(begun).Seconds())

	manySessions(t, c, 1000, 20)
}

// manySessions sends events through many sessions at once, on all nodes, each read on another node than it is sent on.
func manySessions(t *testing.T, c *cluster.Cluster, sessions, events int) {
	t.Helper()
	type pair struct {
		one *client
		s   *stream
		at  string
	}
	var pairs []pair
	for i := range sessions {
		at := c.Nodes[i%len(c.Nodes)].URL
		one, s := opened(t, at, c.Nodes[(i+1)%len(c.Nodes)].URL)
		pairs = append(pairs, pair{one, s, at})
	}
	var all sync.WaitGroup
	begun := time.Now()
	for _, p := range pairs {
		all.Go(func() {
			if r, err := p.one.call(t.Context(), p.at, "send_number", fmt.Sprintf(`{"n":1,"count":%d}`, events)); err != nil || r.status != 200 || strings.Contains(r.body, `"isError":true`) {
				t.Error(r.status, r.body, err)
			}
		})
		all.Go(func() {
			if err := until(p.s, events); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	t.Logf("events a second through %d sessions: %.0f", sessions, float64(sessions*events)/time.Since(begun).Seconds())
}
