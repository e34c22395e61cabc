package cluster

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/fastmcp-go/fastmcp/test/internal/cluster"
)

// TestStateless is 2026-07-28 on three nodes that share nothing but their keys.
func TestStateless(t *testing.T) {
	c := cluster.Start(t, cluster.Config{Program: program, NoRedis: true})
	t.Run("calls go everywhere", func(t *testing.T) { everywhere(t, c) })
	t.Run("a question is answered on another node", func(t *testing.T) { questions(t, c) })
	t.Run("a stream is not held back", func(t *testing.T) { streams(t, c) })
}

// everywhere calls through nginx, at the same time and one after the other.
func everywhere(t *testing.T, c *cluster.Cluster) {
	const callers, calls = 8, 40
	var (
		mu    sync.Mutex
		nodes = map[string]int{}
		all   sync.WaitGroup
	)
	for range callers {
		all.Go(func() {
			var client client
			defer client.http.CloseIdleConnections()
			for range calls {
				r, err := client.call(t.Context(), c.Nginx.URL, "test_simple_text", `{}`)
				if err != nil || r.status != 200 || r.text() != "This is a simple text response for testing." {
					t.Errorf("%d %s, %v", r.status, r.body, err)
					return
				}
				mu.Lock()
				nodes[r.node]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for _, n := range c.Nodes {
		if nodes[n.Addr] == 0 {
			t.Errorf("%s has answered no call: %v", n.Addr, nodes)
		}
	}
	if len(nodes) != len(c.Nodes) {
		t.Errorf("%v have answered", nodes)
	}
}

// questions has each node ask and another take the answer: what it needs is in the sealed state.
func questions(t *testing.T, c *cluster.Cluster) {
	var client client
	defer client.http.CloseIdleConnections()
	const tool, args = "confirm_delete", `{"filename":"a.txt"}`
	for i, n := range c.Nodes {
		other := c.Nodes[(i+1)%len(c.Nodes)]
		asked, err := client.call(t.Context(), n.URL, tool, args)
		if err != nil {
			t.Fatal(err)
		}
		var q struct {
			ResultType, RequestState string
			InputRequests            map[string]json.RawMessage
		}
		if err := json.Unmarshal(asked.Result, &q); err != nil || q.ResultType != "input_required" || len(q.InputRequests) != 1 {
			t.Fatalf("%s does not ask: %d %s", n.Addr, asked.status, asked.body)
		}
		var key string
		for key = range q.InputRequests {
		}
		r, err := client.send(t.Context(), other.URL, "tools/call", tool, fmt.Sprintf(
			`"name":%q,"arguments":%s,"requestState":%q,"inputResponses":{%q:{"action":"accept","content":{"confirm":true}}}`, tool, args, q.RequestState, key))
		if err != nil || r.text() != "a.txt was deleted" {
			t.Errorf("%s, asked by %s: %d %s, %v", other.Addr, n.Addr, r.status, r.body, err)
		}
	}
}

// streams opens streams that do not end: what they begin with arrives, and so does what comes later.
func streams(t *testing.T, c *cluster.Cluster) {
	var client client
	defer client.http.CloseIdleConnections()
	nodes := map[string]bool{}
	for range 6 {
		req, err := client.request(t.Context(), c.Nginx.URL, "subscriptions/listen", "", `"notifications":{"toolsListChanged":true}`)
		if err != nil {
			t.Fatal(err)
		}
		s, err := client.open(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		if m, _, err := s.next(); err != nil || m.Method != "notifications/subscriptions/acknowledged" {
			t.Fatalf("%s %s, %v", m.Method, m.Params, err)
		}
		if nodes[s.node] {
			continue
		}
		nodes[s.node] = true
		// The listener hears of a change on its own node.
		if r, err := client.call(t.Context(), "http://"+s.node+"/mcp", "test_trigger_tool_change", `{}`); err != nil || r.text() != "added" {
			t.Fatalf("%d %s, %v", r.status, r.body, err)
		}
		if m, _, err := s.next(); err != nil || m.Method != "notifications/tools/list_changed" {
			t.Fatalf("%s %s, %v", m.Method, m.Params, err)
		}
	}
	if len(nodes) != len(c.Nodes) {
		t.Errorf("streams are open on %v: they should be spread", nodes)
	}
	if r, err := client.call(t.Context(), c.Nginx.URL, "test_tool_with_progress", `{}`); err != nil || len(r.events) != 3 || !strings.Contains(r.text(), "Reported") {
		t.Errorf("%d %s, %v", r.status, r.body, err)
	}
}
