package cache_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/middleware/cache"
	"github.com/fastmcp-go/fastmcp/middleware/internal/livetest"
	"github.com/fastmcp-go/fastmcp/store"
)

func TestTTLEndsWhatIsKept(t *testing.T) {
	clock := newClock()
	config := quiet()
	config.Storage = store.Memory(store.MemoryConfig{Clock: clock.now})
	app, n := counted(config, cache.Config{TTL: 10 * time.Second, Clock: clock.now})
	s := livetest.Serve(t, app)
	for _, step := range []struct {
		after time.Duration
		runs  int64
	}{{0, 1}, {9999 * time.Millisecond, 1}, {time.Millisecond, 2}, {9999 * time.Millisecond, 2}, {time.Hour, 3}} {
		clock.advance(step.after)
		if s.Call("look", `{}`); n.Load() != step.runs {
			t.Errorf("after another %s: %d runs, want %d", step.after, n.Load(), step.runs)
		}
	}
}

// A store that keeps what is over, as one that rounds up would, does not make it good again.
func TestTTLIsTheMiddlewaresOwn(t *testing.T) {
	clock := newClock()
	app, n := counted(quiet(), cache.Config{TTL: time.Hour, Clock: clock.now})
	s := livetest.Serve(t, app)
	s.Call("look", `{}`)
	clock.advance(time.Hour)
	if s.Call("look", `{}`); n.Load() != 2 {
		t.Errorf("%d runs, want 2", n.Load())
	}
}

// What a client may keep ends with what is kept here.
func TestHintsAgree(t *testing.T) {
	clock := newClock()
	config := quiet()
	config.Storage = store.Memory(store.MemoryConfig{Clock: clock.now})
	config.Auth = people()
	app := fastmcp.New(config)
	app.Use(cache.New(cache.Config{TTL: 10 * time.Second, Clock: clock.now}))
	var runs atomic.Int64
	get := fastmcp.Get(func(*fastmcp.Context) (string, error) { return fmt.Sprint(runs.Add(1)), nil })
	set := func(h fastmcp.CacheHint) fastmcp.Func {
		return fastmcp.Get(func(c *fastmcp.Context) (string, error) { c.SetCache(h); return fmt.Sprint(runs.Add(1)), nil })
	}
	long, short := fastmcp.CacheHint{TTL: time.Minute, Public: true}, fastmcp.CacheHint{TTL: 4 * time.Second}
	app.AddResource(fastmcp.Resource{URI: "x://silent", Handler: get})
	app.AddResource(fastmcp.Resource{URI: "x://long", Cache: long, Handler: get})
	app.AddResource(fastmcp.Resource{URI: "x://short", Cache: short, Handler: get})
	app.AddResource(fastmcp.Resource{URI: "x://guarded", Cache: long, CanAccess: auth.RequireScopes("a"), Handler: get})
	app.AddResource(fastmcp.Resource{URI: "x://set", Handler: set(short)})
	app.AddResource(fastmcp.Resource{URI: "x://unset", Cache: long, Handler: set(fastmcp.CacheHint{})})
	app.AddResource(fastmcp.Resource{URI: "x://embeds", Cache: long, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		b, err := c.Embed("x://guarded")
		return b.Text, err
	})})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "y://{id}", Cache: short, Handler: fastmcp.Typed(func(_ *fastmcp.Context, in struct {
		ID string `json:"id"`
	}) (string, error) {
		return fmt.Sprint(in.ID, runs.Add(1)), nil
	})})
	s := livetest.Serve(t, app)
	type hint struct {
		ttl   int64
		scope string
		runs  int64
	}
	for uri, want := range map[string][3]hint{ // at once, 3 s later, and another 2 s later
		"x://silent":  {{0, "private", 1}, {0, "private", 1}, {0, "private", 1}},
		"x://long":    {{10_000, "public", 1}, {7_000, "public", 1}, {5_000, "public", 1}},
		"x://short":   {{4_000, "private", 1}, {1_000, "private", 1}, {4_000, "private", 2}},
		"x://guarded": {{10_000, "private", 1}, {7_000, "private", 1}, {5_000, "private", 1}},
		"x://embeds":  {{10_000, "private", 1}, {7_000, "private", 1}, {5_000, "private", 1}},
		"x://set":     {{4_000, "private", 1}, {1_000, "private", 1}, {4_000, "private", 2}},
		"x://unset":   {{0, "private", 1}, {0, "private", 1}, {0, "private", 1}},
		"y://z":       {{4_000, "private", 1}, {1_000, "private", 1}, {4_000, "private", 2}},
	} {
		runs.Store(0)
		for i, after := range []time.Duration{0, 3 * time.Second, 2 * time.Second} {
			clock.advance(after)
			r := s.Read(uri, bearer(tokenOfAnn)).Result(t)
			if r.TTL == nil || r.Text() == "" {
				t.Fatalf("%s: %+v", uri, r)
			}
			if got := (hint{*r.TTL, r.Scope, runs.Load()}); got != want[i] {
				t.Errorf("%s, %d: %+v, want %+v", uri, i, got, want[i])
			}
		}
		old := s.Session("2025-11-25", bearer(tokenOfAnn))
		for range 2 { // who knows no hints reads none
			if r := s.Send(old, "resources/read", `"uri":"`+uri+`"`).Result(t); r.TTL != nil || len(r.Contents) != 1 {
				t.Errorf("%s: %+v", uri, r)
			}
		}
	}
}
