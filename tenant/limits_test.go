package tenant_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/tenant"
)

// twoHosts are nodes that share a store, with a plan that has limits.
func twoHosts(t *testing.T, limits tenant.Limits, more ...fastmcp.Tool) (a, b *host, s *shared) {
	t.Helper()
	s = newShared()
	var hosts []*host
	for range 2 {
		l := &logs{}
		tenants := tenant.New(tenant.Config{Storage: s, Log: l.logger()})
		tenants.Plan("limited", planned(more...), limits).Plan("free", planned(more...))
		hosts = append(hosts, serve(t, tenants, l, fastmcp.Config{Name: "host", Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}}))
	}
	return hosts[0], hosts[1], s
}

func (h *host) plan(token, plan string, grants ...tenant.Grant) tenant.Info {
	h.t.Helper()
	info, err := h.tenants.AddTokenPlan(background(), token, plan, grants...)
	if err != nil {
		h.t.Fatal(err)
	}
	return info
}

// A rate holds for a tenant on all nodes together, and for no other tenant.
func TestRate(t *testing.T) {
	a, b, _ := twoHosts(t, tenant.Limits{Rate: "5-H"})
	a.plan(acme, "limited", tenant.Grant{Name: "ACME"})
	a.plan(beta, "limited", tenant.Grant{Name: "Beta"})
	for i := range 5 {
		h := []*host{a, b}[i%2]
		if got := h.tool(acme, "who", `{}`).text(); got != "limited ACME" {
			t.Fatalf("request %d: %s", i+1, got)
		}
	}
	for _, h := range []*host{a, b} {
		answer := h.tool(acme, "who", `{}`)
		var m struct {
			Error struct {
				Code int
				Data struct{ RetryAfter int }
			}
		}
		if err := json.Unmarshal([]byte(answer.body), &m); err != nil || answer.status != 429 || m.Error.Code != -32000 || m.Error.Data.RetryAfter < 3500 ||
			m.Error.Data.RetryAfter > 3600 || answer.header.Get("Retry-After") != fmt.Sprint(m.Error.Data.RetryAfter) || !strings.Contains(answer.body, "5-H") {
			t.Errorf("%d %v %s", answer.status, answer.header, answer.body)
		}
		if got := h.tool(beta, "who", `{}`).text(); got != "limited Beta" {
			t.Errorf("another tenant: %s", got)
		}
	}
	// Another plan has another limit, at once.
	if _, err := b.tenants.UpdateTokenPlan(background(), acme, "free"); err != nil {
		t.Fatal(err)
	}
	for _, h := range []*host{a, b} {
		eventually(t, "the plan is changed", func() bool { return h.tool(acme, "who", `{}`).text() == "free ACME" })
	}
}

// The window ends, and pings do not count.
func TestRateWindow(t *testing.T) {
	h := newHost(t, tenant.Config{Limits: tenant.Limits{Rate: "3-S"}})
	h.tenants.AddToken(acme, server("acme"))
	c := h.open(acme)
	for range 20 {
		if got := c.send("ping", ""); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	eventually(t, "it is too much", func() bool { return c.call("who", `{}`).status == 429 })
	eventually(t, "there is another window", func() bool { return c.call("who", `{}`).text() == "acme" })
}

// Where the store does not answer, each node goes on counting for itself, and says so once.
func TestRateWithoutStore(t *testing.T) {
	c := newClock()
	s := newShared()
	l := &logs{}
	tenants := tenant.New(tenant.Config{Storage: s, Log: l.logger(), Now: c.Now})
	tenants.Plan("limited", planned(), tenant.Limits{Rate: "5-H"})
	h := serve(t, tenants, l, fastmcp.Config{Name: "host", Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}})
	h.plan(acme, "limited")
	h.tool(acme, "who", `{}`)
	s.down.Store(true)
	passed := 0
	for range 20 {
		if h.tool(acme, "who", `{}`).status == 200 {
			passed++
		}
	}
	s.down.Store(false)
	if n := strings.Count(l.String(), "this node counts the requests of tenants for itself"); passed != 4 || n != 1 {
		t.Errorf("%d have passed, and it was told %d times; want 4 and 1\n%s", passed, n, l)
	}
}

// So many requests run at once, on each node, and none more; what is over makes room.
func TestConcurrent(t *testing.T) {
	begun, let := make(chan bool), make(chan bool)
	hold := fastmcp.Tool{Name: "hold", Handler: fastmcp.Do(func(c *fastmcp.Context, _ struct{}) error {
		begun <- true
		<-let
		return nil
	})}
	h := newHost(t, tenant.Config{Limits: tenant.Limits{Concurrent: 2}})
	h.tenants.AddToken(acme, server("acme", hold)).AddToken(beta, server("beta"))
	s := h.open(acme)
	s.listen()
	head, body := modern(acme, "subscriptions/listen", "", `,"notifications":{"toolsListChanged":true}`)
	h.stream("POST", head, body).next() // streams of news do not count
	held := make(chan answer, 2)
	for range 2 {
		go func() { held <- h.tool(acme, "hold", `{}`) }()
		<-begun
	}
	if a := h.tool(acme, "who", `{}`); a.status != 429 || a.header.Get("Retry-After") != "1" || !strings.Contains(a.body, "may have 2 at once") {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	if a := s.send("ping", ""); a.status != 200 {
		t.Errorf("a ping: %d %s", a.status, a.body)
	}
	if got := h.tool(beta, "who", `{}`).text(); got != "beta" {
		t.Errorf("another tenant: %s", got)
	}
	close(let)
	for range 2 {
		if a := <-held; a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if got := h.tool(acme, "who", `{}`).text(); got != "acme" {
		t.Error(got)
	}
}

// A tenant opens so many sessions on all nodes together, and one more when it has ended one.
func TestSessionLimit(t *testing.T) {
	a, b, _ := twoHosts(t, tenant.Limits{Sessions: 3})
	a.plan(acme, "limited")
	a.plan(beta, "limited")
	var open []*client
	for i := range 3 {
		open = append(open, []*host{a, b}[i%2].open(acme))
	}
	for _, h := range []*host{a, b} {
		h.tenants.RenewSessions()
		if answer, _ := h.initialize(acme); answer.status != 429 || !strings.Contains(answer.body, "this tenant may have 3: end one first") {
			t.Errorf("%d %s", answer.status, answer.body)
		}
		h.open(beta)
	}
	if got := open[0].call("who", `{}`); got.status != 200 {
		t.Errorf("a session that is open: %d %s", got.status, got.body)
	}
	// It is ended on a node that has not opened it.
	if got := b.do("DELETE", "/mcp", open[0].head, ""); got.status >= 300 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	eventually(t, "there is room", func() bool { answer, _ := a.initialize(acme); return answer.status == 200 })
	if answer, _ := b.initialize(acme); answer.status != 429 {
		t.Errorf("%d %s", answer.status, answer.body)
	}
}

// However many come at once, no more sessions are opened than there may be.
func TestSessionLimitAtOnce(t *testing.T) {
	h := newHost(t, tenant.Config{Limits: tenant.Limits{Sessions: 4}})
	h.tenants.AddToken(acme, server("acme"))
	var mu sync.Mutex
	opened, refused := 0, 0
	for range 5 {
		atOnce(10, func() {
			a, _ := h.initialize(acme)
			mu.Lock()
			defer mu.Unlock()
			switch a.status {
			case 200:
				opened++
			case 429:
				refused++
			}
		})
	}
	if opened > 4 || opened+refused != 50 {
		t.Errorf("%d opened, %d refused", opened, refused)
	}
	for range 10 {
		if a, _ := h.initialize(acme); a.status == 200 {
			opened++
		}
	}
	if opened != 4 {
		t.Errorf("%d opened, want 4", opened)
	}
}

// A token's limits come before its plan's, and those before the rest; below 0 and "off" are none.
func TestWhoseLimits(t *testing.T) {
	tenants := tenant.New(tenant.Config{Limits: tenant.Limits{Rate: "2-H", Sessions: 1}})
	tenants.Plan("own", planned(), tenant.Limits{Rate: "4-H"}).Plan("free", planned(), tenant.Limits{Rate: "off", Sessions: -1})
	h := serve(t, tenants, &logs{}, fastmcp.Config{Name: "host"})
	passes := func(token string) (n int) {
		for n < 10 && h.tool(token, "who", `{}`).status == 200 {
			n++
		}
		return n
	}
	h.tenants.AddToken("rest-0123456789abcdef", server("rest"))
	h.plan("plan-0123456789abcdef", "own")
	h.plan("token-0123456789abcdef", "own", tenant.Grant{Limits: tenant.Limits{Rate: "6-H"}})
	h.plan("lifted-0123456789abcdef", "own", tenant.Grant{Limits: tenant.Limits{Rate: "off", Sessions: -1}})
	h.plan("free-0123456789abcdef", "free")
	for token, want := range map[string]int{"rest": 2, "plan": 4, "token": 6, "lifted": 10, "free": 10} {
		if got := passes(token + "-0123456789abcdef"); got != want {
			t.Errorf("%s: %d requests pass, want %d", token, got, want)
		}
	}
	for token, want := range map[string]int{"lifted": 200, "free": 200} {
		for range 2 {
			if a, _ := h.initialize(token + "-0123456789abcdef"); a.status != want {
				t.Errorf("%s: %d, want %d", token, a.status, want)
			}
		}
	}
}
