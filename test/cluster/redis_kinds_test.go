package cluster

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/test/internal/cluster"
)

// over starts nodes that share what is at a URL.
func over(t *testing.T, url string) *cluster.Cluster {
	t.Helper()
	return cluster.Start(t, cluster.Config{Program: program, NoRedis: true, Args: []string{"-redis", url}})
}

// TestNumbersOnARedisCluster keeps sessions in a cluster of three masters, and kills nodes of ours.
func TestNumbersOnARedisCluster(t *testing.T) {
	var addrs []string
	for range 3 {
		_, port, _ := strings.Cut(redistest.FreeAddr(t), ":")
		s := redistest.Start(t, "--cluster-enabled", "yes", "--cluster-port", port, "--cluster-node-timeout", "1000")
		addrs = append(addrs, s.Addr)
	}
	create := exec.CommandContext(t.Context(), "redis-cli", append(append([]string{"--cluster", "create"}, addrs...), "--cluster-yes")...)
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := over(t, "redis+cluster://"+strings.Join(addrs, ","))
	clients, every, lives := crowd()
	count(t, c, clients, every, func() {
		for i := range 3 {
			time.Sleep(lives / 2)
			if err := c.Nodes[i].Kill(); err != nil {
				t.Error(err)
			}
			time.Sleep(lives / 2)
			if err := c.Nodes[i].Start(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestNumbersWhileRedisFailsOver kills the master that Sentinel watches. What its replica had not got yet is lost, and has
// to be told as a gap; on one machine that is next to nothing.
func TestNumbersWhileRedisFailsOver(t *testing.T) {
	master := redistest.Start(t)
	replica := redistest.Start(t, "--replicaof", "127.0.0.1 "+master.Port(), "--repl-diskless-sync-delay", "0")
	var addrs []string
	for range 3 {
		addrs = append(addrs, redistest.Sentinel(t, "main", master.Addr, 2).Addr)
	}
	says := func(addr, words string, command ...string) bool {
		_, port, _ := strings.Cut(addr, ":")
		out, err := exec.CommandContext(t.Context(), "redis-cli", append([]string{"-p", port}, command...)...).CombinedOutput()
		return err == nil && strings.Contains(strings.ReplaceAll(string(out), "\n", " "), words)
	}
	inStep := func() bool {
		if !says(replica.Addr, "master_link_status:up", "INFO", "replication") {
			return false
		}
		for _, addr := range addrs {
			if !says(addr, "num-slaves 1", "SENTINEL", "MASTER", "main") || !says(addr, "num-other-sentinels 2", "SENTINEL", "MASTER", "main") {
				return false
			}
		}
		return true
	}
	for end := time.Now().Add(patience); !inStep(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the sentinels do not find each other and the replica")
		}
	}
	c := over(t, "redis+sentinel://"+strings.Join(addrs, ",")+"/main/0")
	clients, every, lives := crowd()
	count(t, c, clients, every, func() {
		time.Sleep(lives)
		master.Kill()
		for end := time.Now().Add(patience); !says(replica.Addr, "role:master", "INFO", "replication"); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Error("the replica has not taken over")
				return
			}
		}
		time.Sleep(2 * lives)
	})
}
