package tenant_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/store/redis"
	"github.com/fastmcp-go/fastmcp/tenant"
)

// redisHosts are nodes on a real Redis, each with connections of its own.
func redisHosts(t *testing.T, url string, n int) (hosts []*host) {
	t.Helper()
	for range n {
		l := &logs{}
		tenants := tenant.New(tenant.Config{Storage: redis.New(redis.Config{URL: url, Timeout: 2 * time.Second}), Log: l.logger(), Pepper: []byte("0123456789abcdef")})
		tenants.Plan("limited", planned(), tenant.Limits{Rate: "20-H", Sessions: 4}).Plan("free", planned())
		hosts = append(hosts, serve(t, tenants, l, fastmcp.Config{Name: "host", Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}}))
	}
	return hosts
}

// On a real Redis tokens, plans, limits and sessions are those of all nodes.
func TestRedis(t *testing.T) {
	nodes := redisHosts(t, redistest.Start(t).URL(), 3)
	nodes[0].plan(acme, "limited", tenant.Grant{Name: "ACME"})
	for i := range 30 {
		nodes[i%3].plan(fmt.Sprintf("token-%016d", i), "free")
	}
	for i, n := range nodes {
		all, err := n.tenants.Tokens(background())
		stats, failed := n.tenants.Stats(background())
		if err != nil || failed != nil || len(all) != 31 || stats.Tokens != 31 {
			t.Errorf("node %d: %d tokens, %v, %+v, %v", i, len(all), err, stats, failed)
		}
	}
	opened, refused := []*client{}, 0
	for i := range 12 {
		a, c := nodes[i%3].initialize(acme)
		if a.status == 200 {
			opened = append(opened, c)
		} else if a.status == 429 {
			refused++
		}
	}
	if len(opened) != 4 || refused != 8 {
		t.Errorf("%d sessions, %d refused; want 4 and 8", len(opened), refused)
	}
	passed := 12 // initialize counts, too
	for i := range 20 {
		if nodes[i%3].tool(acme, "who", `{}`).status == 200 {
			passed++
		}
	}
	if passed != 20 {
		t.Errorf("%d requests have passed, want 20", passed)
	}
	st := (&client{host: nodes[1], head: opened[0].head}).listen()
	if err := nodes[2].tenants.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	st.ended()
	for _, n := range nodes {
		eventually(t, "it is unknown", func() bool { return n.tool(acme, "who", `{}`).status == 401 })
	}
}

// While Redis is away no token is called wrong; when it is back all goes on.
func TestRedisIsAway(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	n := redisHosts(t, server.URL(), 1)[0]
	n.plan(acme, "free", tenant.Grant{Name: "ACME"})
	if got := n.tool(acme, "who", `{}`).text(); got != "free ACME" {
		t.Fatal(got)
	}
	server.Kill()
	if a := n.tool(beta, "who", `{}`); a.status != 503 {
		t.Errorf("what is not known: %d %s", a.status, a.body)
	}
	if _, err := n.tenants.AddTokenPlan(background(), beta, "free"); err == nil {
		t.Error("it was added nowhere")
	}
	eventually(t, "what was known is doubted", func() bool { return n.tool(acme, "who", `{}`).status == 503 })
	server.Restart()
	eventually(t, "all goes on", func() bool { return n.tool(acme, "who", `{}`).text() == "free ACME" })
	eventually(t, "unknown tokens are unknown", func() bool { return n.tool(beta, "who", `{}`).status == 401 })
	n.plan(beta, "free")
	eventually(t, "what is added is known", func() bool { return n.tool(beta, "who", `{}`).status == 200 })
}
