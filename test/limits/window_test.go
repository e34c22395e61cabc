package limits

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/test/internal/cluster"
)

// counts are what a crowd has got.
type counts struct {
	asked, passed, used int
	windows             []answer // the first of each window, by when it was received
	most                int      // how often one and the same remainder was told
	lasted              time.Duration
}

func count(t *testing.T, all []answer, limit int) (c counts) {
	t.Helper()
	var first, last time.Time
	left := map[int]int{}
	for _, a := range all {
		if first.IsZero() || a.sent.Before(first) {
			first = a.sent
		}
		if a.received.After(last) {
			last = a.received
		}
		switch {
		case a.limit != limit || a.left < 0 || a.left >= limit && a.passed():
			t.Fatalf("%+v", a)
		case !a.passed() && (a.status != 429 || a.retry < 1):
			t.Fatalf("%+v", a)
		case a.passed():
			c.passed++
			c.used += weights[a.tool]
			left[a.left]++
			if a.left == limit-weights[a.tool] {
				c.windows = append(c.windows, a)
			}
		}
	}
	for _, n := range left {
		c.most = max(c.most, n)
	}
	slices.SortFunc(c.windows, func(a, b answer) int { return a.received.Compare(b.received) })
	c.asked, c.lasted = len(all), last.Sub(first)
	return c
}

// checkWindows: what has passed is never more than the limit in a window. Windows are told by their first requests, which
// have the whole limit but themselves left; that they are no more than there was time for is the test's own clock's to say.
func checkWindows(t *testing.T, c counts, limit int, period time.Duration) {
	t.Helper()
	// Redis keeps time in milliseconds, and looks at the clock once for each command.
	const tick = 2 * time.Millisecond
	for i := 1; i < len(c.windows); i++ {
		if d := c.windows[i].received.Sub(c.windows[i-1].sent); d < period-tick {
			t.Errorf("window %d began %s after the one before", i, d)
		}
	}
	n := len(c.windows)
	if c.used > n*limit {
		t.Errorf("%d have passed in %d windows of %d", c.used, n, limit)
	}
	if most := int(c.lasted/(period-tick)) + 1; n > most || c.used > most*limit {
		t.Errorf("%d windows, and %d have passed: in %s there can be %d windows of %d", n, c.used, c.lasted, most, limit)
	}
	if c.most > n {
		t.Errorf("%d requests were the same in %d windows", c.most, n)
	}
	if c.asked < 2*c.passed {
		t.Errorf("%d of %d have passed: that is no crowd", c.passed, c.asked)
	}
}

func wellCounted(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	for i, n := range c.Nodes {
		if strings.Contains(n.Log(), "cannot count") {
			t.Errorf("node %d has counted by itself, on a machine that is too busy for the test:\n%s", i+1, n.Tail(5))
		}
	}
}

// TestNeverMore: three processes, one Redis, thirty clients that call as fast as they can: never more than the limit in a
// window, and nearly all of it used.
func TestNeverMore(t *testing.T) {
	const period, during = time.Second, 6 * time.Second
	for _, limit := range []int{7, 60} {
		t.Run(fmt.Sprint(limit, " a second"), func(t *testing.T) {
			c := cluster.Start(t, cluster.Config{Program: program, Args: []string{"-rate", fmt.Sprintf("%d-S", limit)}})
			got := count(t, hammer(t, c.Nodes, 30, during, "quote"), limit)
			wellCounted(t, c)
			checkWindows(t, got, limit, period)
			// The last window may have only begun.
			if full := (len(got.windows) - 1) * limit; got.used < full*99/100 {
				t.Errorf("%d have passed, and %d windows of %d are %d", got.used, len(got.windows)-1, limit, full)
			}
			if least := int(during / period * 8 / 10); len(got.windows) < least {
				t.Errorf("%d windows in %s, want %d", len(got.windows), during, least)
			}
			t.Logf("asked %d times, %d passed, in %d windows of %d within %s", got.asked, got.passed, len(got.windows), limit, got.lasted.Round(time.Millisecond))
		})
	}
}

// TestNeverMoreWeight: the same where calls count 1 and 7: what a heavy one finds no room for goes to light ones.
func TestNeverMoreWeight(t *testing.T) {
	const limit, period, during = 50, time.Second, 6 * time.Second
	c := cluster.Start(t, cluster.Config{Program: program, Args: []string{"-rate", fmt.Sprintf("%d-S", limit)}})
	got := count(t, hammer(t, c.Nodes, 30, during, "quote", "render"), limit)
	wellCounted(t, c)
	got.most = 0 // the same remainder may be told of two sums that light and heavy ones have made
	checkWindows(t, got, limit, period)
	// Of a window less is lost than the heaviest call counts.
	if full := (len(got.windows) - 1) * limit; got.used < full*86/100 {
		t.Errorf("%d have passed, and %d windows of %d are %d", got.used, len(got.windows)-1, limit, full)
	}
	t.Logf("asked %d times, %d passed that count %d, in %d windows of %d", got.asked, got.passed, got.used, len(got.windows), limit)
}

// TestRedisGone: without Redis each process goes on by itself, within the same limit, and says so to who asks whether it is
// ready; when Redis is back they count together again.
func TestRedisGone(t *testing.T) {
	const limit = 40
	c := cluster.Start(t, cluster.Config{Program: program, Args: []string{"-rate", fmt.Sprintf("%d-H", limit)}})
	if got := count(t, hammer(t, c.Nodes, 6, time.Second, "quote"), limit); got.passed != limit || len(got.windows) != 1 {
		t.Errorf("%d have passed, want %d", got.passed, limit)
	}
	wellCounted(t, c)
	if err := c.Redis.Kill(); err != nil {
		t.Fatal(err)
	}
	for i, n := range c.Nodes { // each knows, or knows not, that there is nothing left; none lets through more than the limit
		got := count(t, hammer(t, []*cluster.Node{n}, 4, 2*time.Second, "quote"), limit)
		if got.passed > limit || got.asked <= got.passed {
			t.Errorf("node %d: %d have passed", i+1, got.passed)
		}
		if err := n.Ready(); err == nil || !strings.Contains(err.Error(), "503") {
			t.Errorf("node %d is ready without Redis: %v", i+1, err)
		}
	}
	if err := c.Redis.Start(); err != nil {
		t.Fatal(err)
	}
	for i, n := range c.Nodes {
		for end := time.Now().Add(30 * time.Second); n.Ready() != nil; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("node %d does not become ready: %v", i+1, n.Ready())
			}
		}
	}
}
