package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/test/internal/cluster"
)

// numbers are clients that read numbered events on their own streams, each with a producer that makes them by calls in
// the same session, through nginx. A producer sends the next number when the one before was acknowledged, and repeats it
// until then.
type numbers struct {
	t   *testing.T
	c   *cluster.Cluster
	url string
	// every is how often a producer sends, once the number before was acknowledged.
	every time.Duration

	clients     []*counted
	repeated    atomic.Int64 // calls whose answer was lost, or that were refused
	reconnected atomic.Int64
}

// counted is one client.
type counted struct {
	client
	acked atomic.Int64 // the last number that was acknowledged

	mu   sync.Mutex
	seen []int64 // in the order in which they came
	told []int   // how many had been seen when the client was told that it may have missed something
	bad  []string
}

func (c *counted) fault(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bad = append(c.bad, fmt.Sprintf(format, args...))
}

// count starts n clients, runs what happens meanwhile, and checks that each has got each acknowledged number, in order.
func count(t *testing.T, c *cluster.Cluster, n int, every time.Duration, meanwhile func()) *numbers {
	t.Helper()
	all := &numbers{t: t, c: c, url: c.Nginx.URL, every: every}
	producing, stopProducing := context.WithCancel(t.Context())
	reading, stopReading := context.WithCancel(t.Context())
	defer stopReading()
	defer stopProducing()
	var producers, readers sync.WaitGroup
	for i := range n {
		one := &counted{client: client{revision: revisions[i%len(revisions)]}}
		if err := one.initialize(t.Context(), c.Nodes[i%len(c.Nodes)].URL); err != nil {
			t.Fatal(err)
		}
		all.clients = append(all.clients, one)
		producers.Go(func() { all.produce(producing, one) })
		readers.Go(func() { all.read(reading, one) })
	}
	meanwhile()
	stopProducing()
	producers.Wait()
	all.await()
	stopReading()
	readers.Wait()
	all.check()
	return all
}

// produce sends numbers.
func (all *numbers) produce(ctx context.Context, one *counted) {
	for n := int64(1); ctx.Err() == nil; {
		call, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		r, err := one.call(call, all.url, "send_number", `{"n":`+strconv.FormatInt(n, 10)+`}`)
		cancel()
		switch {
		case err == nil && r.status == 200 && r.Error == nil && !strings.Contains(string(r.Result), `"isError":true`):
			one.acked.Store(n)
			n++
			pause(ctx, all.every)
		case err == nil && r.status == 404:
			one.fault("its session is gone: %s", r.body)
			return
		default:
			all.repeated.Add(1)
			pause(ctx, 50*time.Millisecond)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// read reads the session's own stream, and comes back whenever it breaks.
func (all *numbers) read(ctx context.Context, one *counted) {
	for last := ""; ctx.Err() == nil; pause(ctx, 50*time.Millisecond) {
		s, err := one.listen(ctx, all.url, last)
		if err != nil {
			if strings.HasPrefix(err.Error(), "404") || strings.HasPrefix(err.Error(), "400") {
				one.fault("its stream is gone: %v", err)
				return
			}
			continue
		}
		for {
			m, id, err := s.next()
			if err != nil {
				break
			}
			if id != "" {
				last = id
			}
			if m.Method == "notifications/tools/list_changed" {
				one.mu.Lock()
				one.told = append(one.told, len(one.seen))
				one.mu.Unlock()
			}
			var p struct{ N int64 }
			if m.Method != "notifications/example/number" || json.Unmarshal(m.Params, &p) != nil {
				continue
			}
			one.mu.Lock()
			one.seen = append(one.seen, p.N)
			one.mu.Unlock()
		}
		s.close()
		all.reconnected.Add(1)
	}
}

// await waits until everybody has seen what was acknowledged last.
func (all *numbers) await() {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if !slices.ContainsFunc(all.clients, func(one *counted) bool {
			one.mu.Lock()
			defer one.mu.Unlock()
			return len(one.bad) == 0 && !slices.Contains(one.seen, one.acked.Load()) && one.acked.Load() > 0
		}) {
			return
		}
	}
}

// check compares what was seen with what was acknowledged. A number that was repeated, because its acknowledgement was
// lost, may come once for each time that it was sent; no other number comes twice, and none comes before its time. Numbers
// may be missing only where the client was told that it may have missed something.
func (all *numbers) check() {
	all.t.Helper()
	total, again, gaps, failed := 0, 0, 0, 0
	for i, one := range all.clients {
		one.mu.Lock()
		want, err := int64(1), error(nil)
		for i, n := range one.seen {
			switch {
			case n == want:
				want++
			case n < want:
				again++
			case slices.Contains(one.told, i):
				gaps++
				want = n + 1
			default:
				err = errors.Join(err, fmt.Errorf("%d came when %d was due", n, want))
				want = n + 1
			}
		}
		if acked := one.acked.Load(); want <= acked {
			err = errors.Join(err, fmt.Errorf("%d is the last of %d that were acknowledged", want-1, acked))
		}
		if len(one.bad) > 0 {
			err = errors.Join(err, errors.New(strings.Join(one.bad, "; ")))
		}
		total += int(one.acked.Load())
		one.mu.Unlock()
		if err != nil {
			if failed++; failed <= 5 {
				all.t.Errorf("client %d: %v", i, err)
			}
		}
	}
	all.t.Logf("%d clients: %d numbers acknowledged, %d calls repeated, %d numbers seen again, %d gaps told, streams opened %d times",
		len(all.clients), total, all.repeated.Load(), again, gaps, all.reconnected.Load())
	if failed > 5 {
		all.t.Errorf("and %d other clients", failed-5)
	}
	if int64(again) > all.repeated.Load() {
		all.t.Errorf("%d numbers came again, and %d calls were repeated", again, all.repeated.Load())
	}
	if total < 10*len(all.clients) {
		all.t.Errorf("%d numbers for %d clients are too few to tell anything", total, len(all.clients))
	}
}

// crowd is how many clients there are, how often their producers send and how long a node lives before the next is
// killed. SOAK makes them what an operator would see.
func crowd() (clients int, every, lives time.Duration) {
	if os.Getenv("SOAK") != "" {
		return 100, 50 * time.Millisecond, 10 * time.Second
	}
	return 30, 200 * time.Millisecond, 2 * time.Second
}

// TestNumbersWhileNodesDie kills six nodes, one after the other, without warning.
func TestNumbersWhileNodesDie(t *testing.T) {
	c := cluster.Start(t, cluster.Config{Program: program})
	clients, every, lives := crowd()
	count(t, c, clients, every, func() {
		for i := range 6 {
			time.Sleep(lives / 2)
			n := c.Nodes[i%len(c.Nodes)]
			if err := n.Kill(); err != nil {
				t.Error(err)
			}
			time.Sleep(lives / 2)
			if err := n.Start(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestNumbersWhileRedisIsAway kills Redis for three seconds; it has its data when it comes back.
func TestNumbersWhileRedisIsAway(t *testing.T) {
	c := cluster.Start(t, cluster.Config{Program: program, Durable: true})
	clients, every, lives := crowd()
	count(t, c, clients, every, func() {
		time.Sleep(lives)
		if err := c.Redis.Kill(); err != nil {
			t.Error(err)
		}
		time.Sleep(3 * time.Second)
		if err := c.Redis.Start(); err != nil {
			t.Error(err)
		}
		time.Sleep(lives)
	})
}

// TestNumbersWhileNodesAreDeaf cuts the connections by which nodes hear of each other.
func TestNumbersWhileNodesAreDeaf(t *testing.T) {
	c := cluster.Start(t, cluster.Config{Program: program})
	clients, every, lives := crowd()
	count(t, c, clients, every, func() {
		for range 6 {
			time.Sleep(lives / 2)
			if _, err := c.Redis.Do("CLIENT", "KILL", "TYPE", "pubsub"); err != nil {
				t.Error(err)
			}
		}
	})
}

// inTheMoment is how many calls may fail because nginx uses an idle connection in the very moment in which a node that ends
// closes it: nginx cannot know whether such a call was served, and does not repeat it.
const inTheMoment = 2

// TestNumbersWhileNodesRestart restarts all nodes, one after the other, as a deployment does: no call fails otherwise, and no
// session is lost.
func TestNumbersWhileNodesRestart(t *testing.T) {
	c := cluster.Start(t, cluster.Config{Program: program, Args: []string{"-drain", "3s"}})
	clients, every, _ := crowd()
	probe := &client{}
	defer probe.http.CloseIdleConnections()
	all := count(t, c, clients, every, func() {
		for _, n := range c.Nodes {
			if err := n.Restart(); err != nil {
				t.Error(err)
			}
			used(t, c, probe, n)
		}
	})
	if n := all.repeated.Load(); n > inTheMoment {
		t.Errorf("%d calls failed", n)
	}
}
