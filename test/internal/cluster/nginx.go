package cluster

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/test/internal/live"
)

// Nginx is the balancer.
type Nginx struct {
	*Process
	// Addr is host:port, URL the address of the MCP endpoint that all nodes are behind.
	Addr, URL string
}

// NodeHeader is what a test is told by nginx in each answer: the addresses of the nodes that it has tried, the last of
// which has answered. It is the one line that deploy/nginx.conf does not have.
const NodeHeader = "X-Node"

var (
	listenLine = regexp.MustCompile(`(?m)^([ \t]*)listen 8080;$`)
	serverLine = regexp.MustCompile(`(?m)^([ \t]*)server node\d:8080( [^;]*)?;\n`)
	passLine   = regexp.MustCompile(`(?m)^([ \t]*)proxy_pass http://mcp;$`)
)

// NginxConf is deploy/nginx.conf with other addresses: where it listens, and where the nodes are.
func NginxConf(conf, listen string, nodes []string) (string, error) {
	if l, s, p := len(listenLine.FindAllString(conf, -1)), len(serverLine.FindAllString(conf, -1)), len(passLine.FindAllString(conf, -1)); l != 1 || s != 3 || p != 1 {
		return "", fmt.Errorf("nginx.conf has %d lines where it listens, %d with a node and %d that pass, want 1, 3 and 1", l, s, p)
	}
	first := serverLine.FindStringSubmatch(conf)
	var servers strings.Builder
	for _, node := range nodes {
		fmt.Fprintf(&servers, "%sserver %s%s;\n", first[1], node, first[2])
	}
	at := serverLine.FindStringIndex(conf)[0]
	conf = conf[:at] + servers.String() + serverLine.ReplaceAllString(conf[at:], "")
	conf = listenLine.ReplaceAllString(conf, "${1}listen "+listen+";")
	return passLine.ReplaceAllString(conf, "$0\n${1}add_header "+NodeHeader+" $$upstream_addr always;"), nil
}

// Front starts nginx in front of servers that run already, on a free port. It ends with the test.
func Front(t testing.TB, addrs ...string) *Nginx {
	t.Helper()
	root, err := live.Root()
	if err != nil {
		t.Fatal(err)
	}
	return startNginx(t, root, addrs)
}

// startNginx starts nginx in front of nodes, on a free port.
func startNginx(t testing.TB, root string, nodes []string) *Nginx {
	t.Helper()
	program := Need(t.Context(), t, root, "nginx", "nginx")
	conf, err := os.ReadFile(filepath.Join(root, "deploy", "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	n := &Nginx{}
	serve(t, func(addr string) *Process {
		n.Addr, n.URL = addr, "http://"+addr+"/mcp"
		dir := t.TempDir()
		file := filepath.Join(dir, "nginx.conf")
		text, err := NginxConf(string(conf), addr, nodes)
		if err == nil {
			err = os.WriteFile(file, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		global := "daemon off;"
		if os.Geteuid() == 0 {
			global += " user root;" // or its workers may not enter the folder
		}
		args := []string{program, "-e", "stderr", "-p", dir, "-c", file, "-g", global}
		if out, err := exec.CommandContext(t.Context(), program, append(args[1:], "-t")...).CombinedOutput(); err != nil {
			t.Fatalf("nginx does not like deploy/nginx.conf: %v\n%s", err, out)
		}
		n.Process = &Process{name: "nginx", parent: true, args: args, ready: func() error { return reachable(addr) }}
		return n.Process
	})
	return n
}

func reachable(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}
