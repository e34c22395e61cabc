package redis_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/fastmcp-go/fastmcp/store/redis"
	"github.com/fastmcp-go/fastmcp/store/storetest"
)

// startCluster is a real cluster of three masters and, if asked for, a replica of each.
func startCluster(t *testing.T, replicas bool) (nodes []*redistest.Server, addrs string) {
	t.Helper()
	n := 3
	if replicas {
		n = 6
	}
	var all []string
	for range n {
		s := redistest.Start(t, "--cluster-enabled", "yes", "--cluster-port", port(t), "--cluster-node-timeout", "1000",
			"--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0")
		nodes, all = append(nodes, s), append(all, s.Addr)
	}
	ctx, first := t.Context(), admin(t, nodes[0])
	for i, s := range nodes {
		raw := admin(t, s)
		ok(t, raw.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err())
		if i < 3 {
			ok(t, raw.ClusterAddSlotsRange(ctx, i*16384/3, (i+1)*16384/3-1).Err())
		}
		if i > 0 {
			bus, err := raw.ConfigGet(ctx, "cluster-port").Result()
			ok(t, err)
			ok(t, first.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", s.Port(), bus["cluster-port"]).Err())
		}
	}
	for i, s := range nodes {
		raw := admin(t, s)
		eventually(t, "the cluster stands", func() bool {
			info := raw.ClusterInfo(ctx).Val()
			return strings.Contains(info, "cluster_known_nodes:"+fmt.Sprint(n)) && (i >= 3 || strings.Contains(info, "cluster_state:ok"))
		})
		if i >= 3 {
			master := admin(t, nodes[i-3]).ClusterMyID(ctx).Val()
			eventually(t, "it replicates", func() bool { return raw.ClusterReplicate(ctx, master).Err() == nil })
		}
	}
	for i, s := range nodes {
		eventually(t, "replicas are in step", func() bool {
			return i < 3 || strings.Contains(admin(t, s).Info(ctx, "replication").Val(), "master_link_status:up")
		})
		eventually(t, "all nodes know all slots", func() bool {
			slots, err := admin(t, s).ClusterSlots(ctx).Result()
			known := 0
			for _, slot := range slots {
				known += len(slot.Nodes)
			}
			return err == nil && len(slots) == 3 && known == n
		})
	}
	return nodes, strings.Join(all, ",")
}

func TestCluster(t *testing.T) {
	nodes, addrs := startCluster(t, false)
	url := "redis+cluster://" + addrs
	t.Run("Suite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) *store.Backend {
			return opened(t, redis.New(anew(redis.Config{URL: url})))
		})
	})
	t.Run("Wrap", func(t *testing.T) {
		conn := goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: strings.Split(addrs, ","), RouteRandomly: true})
		defer conn.Close()
		well(t, opened(t, redis.Wrap(conn, anew(redis.Config{}))))
		ok(t, conn.Ping(t.Context()).Err())
	})
	t.Run("OneAddress", func(t *testing.T) {
		well(t, opened(t, redis.New(anew(redis.Config{URL: nodes[1].URL(), Cluster: true}))))
	})
	t.Run("Reset", func(t *testing.T) {
		reset(t, func(prefix string) *redis.Storage { return redis.New(redis.Config{URL: url, Prefix: prefix}) })
	})
	t.Run("Slots", func(t *testing.T) { slots(t, nodes, url) })
	t.Run("Listeners", func(t *testing.T) { clusterListeners(t, nodes, url) })
}

// slots: the names of one session lie together, those of many sessions are spread over all nodes.
func slots(t *testing.T, nodes []*redistest.Server, url string) {
	config := anew(redis.Config{URL: url})
	b, ctx := opened(t, redis.New(config)).Scope("app"), t.Context()
	for i := range 60 {
		session := fmt.Sprint("s:", i)
		ok(t, b.KV.Set(ctx, session, nil, time.Minute))
		ok(t, b.KV.Set(ctx, session+":record", nil, time.Minute))
		_, err := b.Log.Append(ctx, session+":events:1", "c", []byte("x"))
		ok(t, err)
		ok(t, b.Index.Put(ctx, session+":calls", "m", time.Minute))
	}
	total := 0
	for _, s := range nodes {
		keys, err := admin(t, s).Keys(ctx, config.Prefix+"*{@app:s:*").Result()
		ok(t, err)
		perSession := map[string]int{}
		for _, key := range keys {
			tag := key[strings.Index(key, "{") : strings.Index(key, "}")+1]
			perSession[tag]++
		}
		for tag, n := range perSession {
			if n != 5 {
				t.Errorf("%d of the 5 keys of %s are on one node", n, tag)
			}
		}
		if len(perSession) < 5 {
			t.Errorf("%d of 60 sessions on a node of three", len(perSession))
		}
		total += len(perSession)
	}
	if total != 60 {
		t.Errorf("%d sessions, want 60", total)
	}
}

// clusterListeners: a message is counted, and arrives, whichever node of the cluster it is published by.
func clusterListeners(t *testing.T, nodes []*redistest.Server, url string) {
	config := anew(redis.Config{URL: url})
	b := opened(t, redis.New(config))
	ears := []*ear{listen(t, opened(t, redis.New(config)), "a", "b"), listen(t, opened(t, redis.New(config)), "a", "b")}
	for _, channel := range []string{"a", "b"} {
		n, err := b.Bus.Publish(t.Context(), channel, []byte(channel))
		ok(t, err)
		if n != 2 {
			t.Errorf("%d receivers of %s, want 2", n, channel)
		}
	}
	for i, s := range nodes {
		ok(t, admin(t, s).Publish(t.Context(), config.Prefix+"{bus}:a", fmt.Sprint("from node ", i)).Err())
	}
	for i := range 40 { // logs on all nodes wake
		_, err := b.Log.Append(t.Context(), fmt.Sprint("log", i), "b", []byte("x"))
		ok(t, err)
	}
	for _, e := range ears {
		eventually(t, "all arrive", func() bool { return e.count() == 2+len(nodes)+40 })
	}
}

// TestClusterFailover: a master dies, its replica takes over, and the storage follows.
func TestClusterFailover(t *testing.T) {
	nodes, addrs := startCluster(t, true)
	config := anew(redis.Config{URL: "redis+cluster://" + addrs})
	b := opened(t, redis.New(config))
	ctx, raw := t.Context(), admin(t, nodes[0])
	e := listen(t, b, "a")
	names := many(60)
	for _, name := range names {
		ok(t, b.KV.Set(ctx, name, []byte(name), time.Hour))
	}
	// The master that has the slot of all channels, and a third of the keys.
	slot := raw.ClusterKeySlot(ctx, config.Prefix+"{bus}:").Val()
	victim := nodes[slot*3/16384]
	ok(t, admin(t, victim).Wait(ctx, 1, 5*time.Second).Err())
	was := e.losses()
	victim.Kill()
	began := time.Now()
	for _, name := range names { // each call ends in time, and tells
		from := time.Now()
		if _, err := b.KV.Get(ctx, name); err != nil && !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(from); took > 5*time.Second {
			t.Errorf("Get took %v", took)
		}
		if time.Since(began) > 5*time.Second {
			break
		}
	}
	eventually(t, "everything works again", func() bool {
		for _, err := range calls(ctx, b) {
			if err != nil {
				return false
			}
		}
		return true
	})
	for _, name := range names {
		var val []byte
		var err error
		eventually(t, "it answers", func() bool { val, err = b.KV.Get(ctx, name); return err == nil })
		if string(val) != name {
			t.Errorf("%s has %q", name, val)
		}
	}
	eventually(t, "it listens again", func() bool { return e.losses() > was+1 })
	eventually(t, "messages arrive", func() bool {
		_, err := b.Bus.Publish(ctx, "a", []byte("hello"))
		return err == nil && e.has("hello")
	})
}

// TestSentinel: the suite behind a real sentinel, and a failover, which the storage follows.
func TestSentinel(t *testing.T) {
	master := redistest.Start(t)
	replica := redistest.Start(t, "--replicaof", "127.0.0.1 "+master.Port(), "--repl-diskless-sync-delay", "0")
	eventually(t, "it replicates", func() bool {
		return strings.Contains(admin(t, replica).Info(t.Context(), "replication").Val(), "master_link_status:up")
	})
	var addrs []string
	var sentinels []*redistest.Server
	for range 3 {
		s := redistest.Sentinel(t, "main", master.Addr, 2)
		sentinels, addrs = append(sentinels, s), append(addrs, s.Addr)
	}
	config := anew(redis.Config{URL: "redis+sentinel://" + strings.Join(addrs, ",") + "/main/1"})
	t.Run("Suite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) *store.Backend { return opened(t, redis.New(anew(config))) })
	})
	refused(t, redis.Config{URL: "redis+sentinel://" + addrs[0] + "/other"}, addrs[0])
	refused(t, redis.Config{URL: "redis://" + addrs[0]}, "redis+sentinel://")

	b := opened(t, redis.New(config))
	wrapped := opened(t, redis.Wrap(goredis.NewFailoverClient(&goredis.FailoverOptions{MasterName: "main", SentinelAddrs: addrs, DB: 1}), config))
	ctx, e := t.Context(), listen(t, b, "a")
	ok(t, b.KV.Set(ctx, "kept", []byte("v"), 0))
	for _, s := range sentinels {
		eventually(t, "the sentinels know each other and the replica", func() bool {
			told := admin(t, s).Do(ctx, "SENTINEL", "MASTER", "main").String()
			return strings.Contains(told, "num-other-sentinels 2") && strings.Contains(told, "num-slaves 1")
		})
	}
	ok(t, admin(t, master).Wait(ctx, 1, 5*time.Second).Err())
	was := e.losses()
	master.Kill()
	for range 3 {
		from := time.Now()
		_, err := b.KV.Get(ctx, "k")
		if took := time.Since(from); took > 5*time.Second || err != nil && !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%v after %v", err, took)
		}
	}
	for _, backend := range []*store.Backend{b, wrapped} {
		eventually(t, "the replica has taken over", func() bool { return backend.KV.Set(ctx, "l", nil, 0) == nil })
		val, err := backend.KV.Get(ctx, "kept")
		ok(t, err)
		if string(val) != "v" {
			t.Errorf("%q, want v", val)
		}
		well(t, backend)
	}
	eventually(t, "it listens again", func() bool { return e.losses() > was+1 })
	eventually(t, "messages arrive", func() bool {
		_, err := b.Bus.Publish(ctx, "a", []byte("hello"))
		return err == nil && e.has("hello")
	})
}
