package cluster

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/test/internal/cluster"
)

// bounded is how long anything may take while Redis is in trouble: what it is asked for is given up after 3 s.
const bounded = 8 * time.Second

// soon calls f and makes sure that it comes back.
func soon(t *testing.T, what string, f func() (reply, error)) reply {
	t.Helper()
	begun := time.Now()
	r, err := f()
	if d := time.Since(begun); err != nil || d > bounded {
		t.Errorf("%s, after %v: %d %s, %v", what, d, r.status, r.body, err)
	}
	return r
}

// refused makes sure that an answer says that it is worth another try.
func refused(t *testing.T, what string, r reply) {
	t.Helper()
	after, err := strconv.Atoi(r.header.Get("Retry-After"))
	if r.status != http.StatusServiceUnavailable || err != nil || after < 1 || r.Error == nil {
		t.Errorf("%s: %d %s %v", what, r.status, r.body, r.header)
	}
}

// TestRedisInTrouble has Redis answer nothing for a while, and then be gone: what needs no shared state goes on, what does
// is refused soon, and the nodes heal by themselves.
func TestRedisInTrouble(t *testing.T) {
	c := cluster.Start(t, cluster.Config{Program: program, Durable: true})
	one, s := opened(t, c.Nodes[0].URL, c.Nodes[1].URL)
	plain := func(what string) {
		t.Helper()
		begun := time.Now()
		r, err := one.call(t.Context(), c.Nodes[0].URL, "test_simple_text", `{}`)
		if err != nil || r.status != 200 || time.Since(begun) > 2*time.Second {
			t.Errorf("%s, after %v: %d %s, %v", what, time.Since(begun), r.status, r.body, err)
		}
	}
	stateless := &client{}
	defer stateless.http.CloseIdleConnections()
	for what, trouble := range map[string]struct{ begin, end func() error }{
		"slow": {func() error { _, err := c.Redis.Do("CLIENT", "PAUSE", "8000", "ALL"); return err }, func() error { return nil }},
		"gone": {func() error { return c.Redis.Kill() }, func() error { return c.Redis.Start() }},
	} {
		plain("before it was " + what)
		if err := trouble.begin(); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		plain("a call in a session that is known, Redis " + what)
		soon(t, "a call without a session, Redis "+what, func() (reply, error) {
			return stateless.call(t.Context(), c.Nodes[2].URL, "test_simple_text", `{}`)
		})
		fresh := &client{revision: "2025-11-25"}
		refused(t, "initialize, Redis "+what, soon(t, "initialize, Redis "+what, func() (reply, error) {
			return fresh.send(t.Context(), c.Nodes[2].URL, "initialize", "", `"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}`)
		}))
		soon(t, "an event, Redis "+what, func() (reply, error) {
			return one.call(t.Context(), c.Nodes[0].URL, "send_number", `{"n":1}`)
		})
		if err := c.Nodes[0].Ready(); err == nil && time.Since(begun) < 7*time.Second {
			t.Errorf("a node is ready while Redis is %s", what)
		}
		if what == "gone" { // for longer than a session is believed to be there
			time.Sleep(time.Until(begun.Add(11 * time.Second)))
			refused(t, "a call in a session that nobody can vouch for", soon(t, "a call, Redis gone for long", func() (reply, error) {
				return one.call(t.Context(), c.Nodes[0].URL, "test_simple_text", `{}`)
			}))
			soon(t, "a call without a session, Redis gone for long", func() (reply, error) {
				return stateless.call(t.Context(), c.Nodes[2].URL, "test_simple_text", `{}`)
			})
		}
		if err := trouble.end(); err != nil {
			t.Fatal(err)
		}
		heals(t, c, one)
	}
	// The stream that was open all the time still is the session's, or has told its client to come back.
	if r, err := one.call(t.Context(), c.Nodes[2].URL, "send_number", `{"n":77}`); err != nil || r.status != 200 {
		t.Fatalf("%d %s, %v", r.status, r.body, err)
	}
	if err := until(s, 77); err != nil {
		again, err := one.listen(t.Context(), c.Nodes[1].URL, "")
		if err != nil {
			t.Fatal(err)
		}
		defer again.close()
		if err := until(again, 77); err != nil {
			t.Error(err)
		}
	}
}

// heals waits until all nodes are ready and a session is opened, and used on another node.
func heals(t *testing.T, c *cluster.Cluster, one *client) {
	t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		err = nil
		for _, n := range c.Nodes {
			if err = n.Ready(); err != nil {
				break
			}
		}
		if err != nil {
			continue
		}
		fresh := &client{revision: "2025-11-25"}
		if err = fresh.initialize(t.Context(), c.Nodes[2].URL); err == nil {
			var r reply
			if r, err = one.call(t.Context(), c.Nodes[1].URL, "send_number", `{"n":2}`); err == nil && r.status == 200 {
				return
			}
		}
	}
	t.Errorf("the nodes have not healed: %v", err)
}

// TestRedisThatForgets has Redis come back without its data: sessions are over on all nodes, their streams end, and new
// ones begin.
func TestRedisThatForgets(t *testing.T) {
	c := cluster.Start(t, cluster.Config{Program: program})
	one, s := opened(t, c.Nodes[0].URL, c.Nodes[1].URL)
	if r, err := one.call(t.Context(), c.Nodes[2].URL, "send_number", `{"n":1}`); err != nil || r.status != 200 {
		t.Fatalf("%d %s, %v", r.status, r.body, err)
	}
	if err := until(s, 1); err != nil {
		t.Fatal(err)
	}
	quiet, silent := opened(t, c.Nodes[1].URL, c.Nodes[2].URL) // nobody calls in it, and nothing is on its stream
	if err := c.Redis.Kill(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second)
	if err := c.Redis.Start(); err != nil {
		t.Fatal(err)
	}
	for _, open := range []*stream{s, silent} {
		ended := make(chan error, 1)
		go func() { ended <- until(open, 1000) }()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Error("the stream of a session that is over goes on")
		}
	}
	for _, n := range c.Nodes {
		for _, known := range []*client{one, quiet} {
			r, err := known.call(t.Context(), n.URL, "test_simple_text", `{}`)
			for end := time.Now().Add(bounded); err == nil && r.status != 404 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
				r, err = known.call(t.Context(), n.URL, "test_simple_text", `{}`)
			}
			if err != nil || r.status != 404 {
				t.Errorf("%s: %d %s, %v", n.Addr, r.status, r.body, err)
			}
		}
	}
	again, stream := opened(t, c.Nodes[2].URL, c.Nodes[0].URL)
	if r, err := again.call(t.Context(), c.Nodes[1].URL, "send_number", `{"n":5}`); err != nil || r.status != 200 {
		t.Fatalf("%d %s, %v", r.status, r.body, err)
	}
	if err := until(stream, 5); err != nil {
		t.Error(err)
	}
}
