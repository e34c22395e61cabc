// Package cluster runs the topology of deploy/compose.yaml as plain processes: nodes, the real nginx in front of them
// without stickiness and with the settings of deploy/nginx.conf, and the real redis-server. Each of them can be stopped,
// killed and started again.
package cluster

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/test/internal/live"
)

// Config is what a Cluster is made of. What its zero value means stands beside each field.
type Config struct {
	// Program is what each node runs: it takes the flags of examples/everything. It is required.
	Program string
	// Nodes is how many there are. Default: 3.
	Nodes int
	// NoRedis leaves Redis out: the nodes share their keys and nothing else. Default: they share a Redis.
	NoRedis bool
	// Durable has Redis keep its data when it is killed: each write is on the disk before it is answered. Default: a Redis
	// that starts again is empty.
	Durable bool
	// Args are more arguments for each node, Env more variables.
	Args, Env []string
}

// Cluster is what runs. Its parts end with the test.
type Cluster struct {
	Nodes []*Node
	Nginx *Nginx
	Redis *Redis // nil without
}

// Node is one node.
type Node struct {
	*Process
	// Addr is host:port, URL the address of its MCP endpoint, which goes past nginx.
	Addr, URL string
}

// Start starts all parts and waits until they are ready.
func Start(t testing.TB, config Config) *Cluster {
	t.Helper()
	root, err := live.Root()
	if err != nil {
		t.Fatal(err)
	}
	if config.Nodes == 0 {
		config.Nodes = 3
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	config.Env = append([]string{"GORACE=halt_on_error=0", "REDIS_URL=", "FASTMCP_KEYS=" + base64.StdEncoding.EncodeToString(key)}, config.Env...)
	config.Args = append([]string{"-trust", "127.0.0.1"}, config.Args...)
	c := &Cluster{}
	if !config.NoRedis {
		c.Redis = startRedis(t, root, config.Durable)
		config.Args = append(config.Args, "-redis", c.Redis.URL)
	}
	for i := range config.Nodes {
		c.Nodes = append(c.Nodes, startNode(t, fmt.Sprintf("node%d", i+1), config))
	}
	var addrs []string
	for _, n := range c.Nodes {
		addrs = append(addrs, n.Addr)
	}
	c.Nginx = startNginx(t, root, addrs)
	return c
}

// startNode starts a node on a free port.
func startNode(t testing.TB, name string, config Config) *Node {
	t.Helper()
	n := &Node{}
	serve(t, func(addr string) *Process {
		n.Addr, n.URL = addr, "http://"+addr+"/mcp"
		n.Process = &Process{name: name, args: append([]string{config.Program, "-addr", addr}, config.Args...), env: config.Env, ready: n.Ready}
		return n.Process
	})
	return n
}

// probes are not kept waiting by connections that are gone.
var probes = &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// Ready asks the node whether it is: nil, or why not.
func (n *Node) Ready() error {
	res, err := probes.Get("http://" + n.Addr + "/ready")
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}

// tries bounds how often a program is given another port, because something else has taken its.
const tries = 3

// serve starts a program on a free address, and has it end with the test.
func serve(t testing.TB, make func(addr string) *Process) {
	t.Helper()
	var err error
	for range tries {
		p := make(freeAddr(t))
		t.Cleanup(func() { p.finish(t) })
		if err = p.Start(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

// freeAddr is an address that nobody listens on. Its port is none that the system gives to clients: while a program is
// away, nobody takes it.
func freeAddr(t testing.TB) string {
	t.Helper()
	for range 100 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(12_000+mathrand.IntN(20_000)))
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}
