package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/test/internal/cluster"
	"github.com/fastmcp-go/fastmcp/test/internal/live"
)

// operator is a session whose every request goes to a node that chance has chosen.
type operator struct {
	*client
	t    *testing.T
	c    *cluster.Cluster
	dice *rand.Rand
}

func (o *operator) node() string { return o.c.Nodes[o.dice.IntN(len(o.c.Nodes))].URL }

// ask makes a request whose result has to have some words.
func (o *operator) ask(method, params, words string) error {
	r, err := o.send(o.t.Context(), o.node(), method, "", params)
	if err != nil || r.status != 200 || r.Error != nil || !strings.Contains(string(r.Result), words) {
		return fmt.Errorf("%d %s, %v", r.status, r.body, err)
	}
	return nil
}

// asked calls a tool that asks, and answers on another node.
func (o *operator) asked(tool, args, answer, words string) error {
	req, err := o.request(o.t.Context(), o.node(), "tools/call", "", `"name":"`+tool+`","arguments":`+args)
	if err != nil {
		return err
	}
	s, err := o.open(o.t.Context(), req)
	if err != nil {
		return err
	}
	defer s.close()
	q, _, err := s.next()
	if err != nil || q.Method == "" {
		return fmt.Errorf("no question: %+v, %v", q, err)
	}
	r, err := o.post(o.t.Context(), o.node(), fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":%s}`, q.ID, answer))
	if err != nil || r.status != 202 {
		return fmt.Errorf("the answer: %d %s, %v", r.status, r.body, err)
	}
	m, _, err := s.next()
	if err != nil || !strings.Contains(string(m.Result), words) {
		return fmt.Errorf("%s, %v", m.Result, err)
	}
	return nil
}

// resumed loses the stream of a call after its first event, and takes it up on another node.
func (o *operator) resumed() error {
	req, err := o.request(o.t.Context(), o.node(), "tools/call", "", `"name":"test_tool_with_progress","arguments":{},"_meta":{"progressToken":1}`)
	if err != nil {
		return err
	}
	s, err := o.open(o.t.Context(), req)
	if err != nil {
		return err
	}
	_, id, err := s.next()
	if s.close(); err != nil || id == "" {
		return fmt.Errorf("no event: %v", err)
	}
	if s, err = o.listen(o.t.Context(), o.node(), id); err != nil {
		return err
	}
	defer s.close()
	for _, want := range []string{`"progress":50`, `"progress":100`, "Reported"} {
		if m, _, err := s.next(); err != nil || !strings.Contains(string(m.Params)+string(m.Result), want) {
			return fmt.Errorf("%s %s instead of %s, %v", m.Params, m.Result, want, err)
		}
	}
	return nil
}

// cancelled cancels a call on another node than it runs on.
func (o *operator) cancelled() error {
	ctx, cancel := context.WithTimeout(o.t.Context(), patience)
	defer cancel()
	req, err := o.request(ctx, o.node(), "tools/call", "", `"name":"test_elicitation","arguments":{"message":"m"}`)
	if err != nil {
		return err
	}
	s, err := o.open(ctx, req)
	if err != nil {
		return err
	}
	defer s.close()
	if q, _, err := s.next(); err != nil || q.Method == "" {
		return fmt.Errorf("no question: %+v, %v", q, err)
	}
	r, err := o.post(ctx, o.node(), fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d,"reason":"bored"}}`, o.id.Load()))
	if err != nil || r.status != 202 {
		return fmt.Errorf("%d %s, %v", r.status, r.body, err)
	}
	for {
		if m, _, err := s.next(); err != nil {
			return nil // it ends without an answer
		} else if m.Result != nil {
			return fmt.Errorf("a call that was cancelled has been answered: %s", m.Result)
		}
	}
}

// number sends a number on one node and reads it on another.
func (o *operator) number() error {
	s, err := o.listen(o.t.Context(), o.node(), "")
	if err != nil {
		return err
	}
	defer s.close()
	n := o.dice.IntN(1_000_000) + 1
	if err := o.ask("tools/call", fmt.Sprintf(`"name":"send_number","arguments":{"n":%d}`, n), `"content"`); err != nil {
		return err
	}
	for {
		m, _, err := s.next()
		var p struct{ N int }
		if err != nil || m.Method == "notifications/example/number" && json.Unmarshal(m.Params, &p) == nil && p.N == n {
			return err
		}
	}
}

// operations are all that a client with a session does.
var operations = map[string]func(o *operator) error{
	"ping":  func(o *operator) error { return o.ask("ping", "", "{}") },
	"tools": func(o *operator) error { return o.ask("tools/list", "", "test_simple_text") },
	"call": func(o *operator) error {
		return o.ask("tools/call", `"name":"test_simple_text","arguments":{}`, "simple text")
	},
	"resources": func(o *operator) error { return o.ask("resources/list", "", "test://static-text") },
	"templates": func(o *operator) error { return o.ask("resources/templates/list", "", "test://template/") },
	"read":      func(o *operator) error { return o.ask("resources/read", `"uri":"test://static-text"`, "contents") },
	"subscribe": func(o *operator) error { return o.ask("resources/subscribe", `"uri":"test://watched-resource"`, "{}") },
	"unsubscribe": func(o *operator) error {
		return o.ask("resources/unsubscribe", `"uri":"test://watched-resource"`, "{}")
	},
	"prompts": func(o *operator) error { return o.ask("prompts/list", "", "test_simple_prompt") },
	"prompt":  func(o *operator) error { return o.ask("prompts/get", `"name":"test_simple_prompt"`, "messages") },
	"complete": func(o *operator) error {
		return o.ask("completion/complete", `"ref":{"type":"ref/prompt","name":"test_prompt_with_arguments"},"argument":{"name":"arg1","value":"t"}`, "values")
	},
	"level": func(o *operator) error { return o.ask("logging/setLevel", `"level":"info"`, "{}") },
	"sampling": func(o *operator) error {
		return o.asked("test_sampling", `{"prompt":"p"}`, `{"role":"assistant","model":"m","content":{"type":"text","text":"yes"}}`, "yes")
	},
	"elicitation": func(o *operator) error {
		if o.revision == "2025-03-26" {
			return nil // it came with the revision after
		}
		return o.asked("test_elicitation", `{"message":"m"}`, `{"action":"decline"}`, "decline")
	},
	"resumed": (*operator).resumed,
	"cancelled": func(o *operator) error {
		if o.revision == "2025-03-26" {
			return nil // it is asked, as above
		}
		return o.cancelled()
	},
	"number": (*operator).number,
}

// TestEveryOperation makes 2,000 operations in 200 sessions, from a fixed seed, each on a node that chance has chosen: 180
// sessions of these tests' own client, and 20 of the official TypeScript client, through nginx.
func TestEveryOperation(t *testing.T) {
	const seed, sessions, each, official = 20251125, 180, 8, 20
	c := cluster.Start(t, cluster.Config{Program: program})
	var all sync.WaitGroup
	all.Go(func() { typeScript(t, c.Nginx.URL, official, 28, seed) })
	slots := make(chan struct{}, 20)
	begun := time.Now()
	for i := range sessions {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			operate(t, c, i, each, rand.New(rand.NewPCG(seed, uint64(i))))
		})
	}
	all.Wait()
	t.Logf("%d operations in %d sessions on %d nodes: %v", sessions*each+official*28, sessions+official, len(c.Nodes), time.Since(begun))
}

// operate opens a session, makes some operations, and ends it.
func operate(t *testing.T, c *cluster.Cluster, i, times int, dice *rand.Rand) {
	o := &operator{&client{revision: revisions[i%len(revisions)]}, t, c, dice}
	defer o.http.CloseIdleConnections()
	if err := o.initialize(t.Context(), o.node()); err != nil {
		t.Errorf("session %d: %v", i, err)
		return
	}
	names := slices.Sorted(maps.Keys(operations))
	for n := range times {
		name := names[(i+n*7+dice.IntN(len(names)))%len(names)]
		if err := operations[name](o); err != nil {
			t.Errorf("session %d, operation %d, %s: %v", i, n, name, err)
			return
		}
	}
	if r, err := o.end(t.Context(), o.node()); err != nil || r.status/100 != 2 {
		t.Errorf("session %d: DELETE: %d %s, %v", i, r.status, r.body, err)
	}
}

// typeScript has the official client do the same.
func typeScript(t *testing.T, url string, sessions, operations, seed int) {
	ctx, stop := context.WithTimeout(t.Context(), 4*patience)
	defer stop()
	cmd := live.Node(ctx, t, "nodes.mjs")
	cmd.Env = append(cmd.Environ(), "FASTMCP_URL="+url, fmt.Sprintf("FASTMCP_SESSIONS=%d", sessions),
		fmt.Sprintf("FASTMCP_OPERATIONS=%d", operations), fmt.Sprintf("FASTMCP_SEED=%d", seed))
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"ok":true`) || strings.Contains(string(out), `"ok":false`) {
		t.Errorf("nodes.mjs: %v\n%s", err, out)
	}
}
