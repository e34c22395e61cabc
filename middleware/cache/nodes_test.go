package cache_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/middleware/cache"
	"github.com/fastmcp-go/fastmcp/middleware/internal/livetest"
	"github.com/fastmcp-go/fastmcp/store/redis"
)

// Nodes with one store have one cache, and what one forgets is forgotten by all.
func TestNodesShareACache(t *testing.T) {
	server := redistest.Start(t)
	log, clock := &livetest.Log{}, newClock()
	node := func() (*livetest.Server, *atomic.Int64) {
		app, n := counted(fastmcp.Config{
			Log: log.Logger(), Storage: redis.New(redis.Config{URL: server.URL()}), Keys: [][]byte{[]byte(strings.Repeat("k", 32))},
		}, cache.Config{StoreTimeout: 200 * time.Millisecond, Clock: clock.now})
		return livetest.Serve(t, app), n
	}
	one, ran1 := node()
	two, ran2 := node()
	first := one.Call("look", `{"q":"tea"}`).Result(t).Text()
	if got := two.Call("look", `{"q":"tea"}`).Result(t).Text(); got != first || ran2.Load() != 0 {
		t.Errorf("the other node: %q, want %q", got, first)
	}
	if err := cache.Forget(t.Context(), two.App.Store(), "look"); err != nil {
		t.Fatal(err)
	}
	if one.Call("look", `{"q":"tea"}`); ran1.Load() != 2 {
		t.Errorf("it was forgotten, and there were %d runs", ran1.Load())
	}

	// A Redis that hangs holds up a call once, and no longer than it is told to.
	server.Freeze()
	defer server.Thaw()
	for i := range 3 {
		if a := one.Call("look", `{"q":"tea"}`); a.Status != 200 || ran1.Load() != int64(3+i) {
			t.Errorf("without a store: %d runs, %d %s", ran1.Load(), a.Status, a.Body)
		}
	}
	if got := strings.Count(log.String(), "cache: the store fails"); got != 1 {
		t.Errorf("it was told %d times, want once", got)
	}
}
