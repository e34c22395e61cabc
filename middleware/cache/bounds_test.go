package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/cache"
	"github.com/fastmcp-go/fastmcp/middleware/internal/livetest"
	"github.com/fastmcp-go/fastmcp/store"
)

// sized is an App with a tool whose result has as many bytes as it is told.
func sized(use cache.Config) (*fastmcp.App, *atomic.Int64) {
	app, n := fastmcp.New(quiet()), &atomic.Int64{}
	app.Use(cache.New(use))
	app.AddTool(fastmcp.Tool{Name: "make", Annotations: readOnly, Handler: fastmcp.Typed(func(_ *fastmcp.Context, in struct {
		N int    `json:"n"`
		Q string `json:"q"`
	}) (string, error) {
		n.Add(1)
		return strings.Repeat("x", in.N), nil
	})})
	return app, n
}

// overhead is what is kept of a result besides its text: 15 bytes before it, and what is around the text.
const overhead = 15 + len(`{"type":"text","text":""}]`)

func TestItemsAreBounded(t *testing.T) {
	const most = 2000
	app, n := sized(cache.Config{MaxItem: most})
	s := livetest.Serve(t, app)
	for _, c := range []struct {
		size int
		runs int64 // of two calls
	}{{most - overhead, 1}, {most - overhead + 1, 2}, {10 * most, 2}} {
		n.Store(0)
		for range 2 {
			if got := s.Call("make", fmt.Sprintf(`{"n":%d}`, c.size)).Result(t).Text(); len(got) != c.size {
				t.Errorf("%d bytes, want %d", len(got), c.size)
			}
		}
		if n.Load() != c.runs {
			t.Errorf("a result of %d bytes: %d runs, want %d", c.size, n.Load(), c.runs)
		}
	}
	// So are arguments.
	for _, c := range []struct {
		size int
		runs int64
	}{{most - len(`{"q":""}`), 1}, {most - len(`{"q":""}`) + 1, 2}} {
		n.Store(0)
		for range 2 {
			s.Call("make", `{"q":"`+strings.Repeat("q", c.size)+`"}`)
		}
		if n.Load() != c.runs {
			t.Errorf("a question of %d bytes: %d runs, want %d", c.size, n.Load(), c.runs)
		}
	}
}

// A node fills the store up to MaxBytes, and again when what it has put there is over.
func TestAllItemsAreBounded(t *testing.T) {
	clock := newClock()
	const each = 488 + 512 // a result, and what it costs besides
	app, n := sized(cache.Config{MaxBytes: 3 * each, TTL: time.Minute, Clock: clock.now})
	s := livetest.Serve(t, app)
	kept := func(q string) bool {
		args := fmt.Sprintf(`{"n":%d,"q":%q}`, 488-overhead, q)
		s.Call("make", args)
		before := n.Load()
		s.Call("make", args)
		return n.Load() == before
	}
	for i, want := range []bool{true, true, true, false} {
		if got := kept(fmt.Sprint(i)); got != want {
			t.Errorf("result %d is kept: %t, want %t", i, got, want)
		}
	}
	clock.advance(time.Minute + 30*time.Second)
	if kept("a window later") {
		t.Error("what was put just before is not counted any more")
	}
	clock.advance(30 * time.Second)
	if !kept("two windows later") {
		t.Error("what is over is still counted")
	}
	clock.advance(-time.Hour) // a clock that is set back
	if !kept("before") {
		t.Error("a clock that was set back has ended the cache")
	}
}

// broken is a storage that can be made to fail.
type broken struct {
	store.Storage
	fails atomic.Bool
}

func (b *broken) Get(key string) ([]byte, error) {
	if b.fails.Load() {
		return nil, errors.New("no route to host")
	}
	return b.Storage.Get(key)
}

func (b *broken) Set(key string, val []byte, ttl time.Duration) error {
	if b.fails.Load() {
		return errors.New("no route to host")
	}
	return b.Storage.Set(key, val, ttl)
}

func TestAStoreThatFailsIsACacheThatIsEmpty(t *testing.T) {
	log, clock := &livetest.Log{}, newClock()
	storage := &broken{Storage: store.Memory()}
	app, n := counted(fastmcp.Config{Log: log.Logger(), Storage: storage, Keys: [][]byte{[]byte(strings.Repeat("k", 32))}}, cache.Config{Clock: clock.now})
	s := livetest.Serve(t, app)
	s.Call("look", `{}`)
	storage.fails.Store(true)
	for i := range 3 {
		if a := s.Call("look", `{}`); a.Status != 200 || a.Result(t).IsError || n.Load() != int64(i+2) {
			t.Errorf("%d: %d runs, %s", i, n.Load(), a.Body)
		}
	}
	if got := strings.Count(log.String(), "cache: the store fails"); got != 1 {
		t.Errorf("it was told %d times, want once", got)
	}
	storage.fails.Store(false)
	clock.advance(time.Second - 1)
	if s.Call("look", `{}`); n.Load() != 5 || strings.Contains(log.String(), "answers again") {
		t.Errorf("%d runs: the store was asked before its rest was over", n.Load())
	}
	clock.advance(1)
	s.Call("look", `{}`)
	if n.Load() != 5 || !strings.Contains(log.String(), "cache: the store answers again") {
		t.Errorf("%d runs; the log is\n%s", n.Load(), log)
	}
}

// What somebody else has put under a key is not answered with.
func TestForeignItemsAreNoAnswers(t *testing.T) {
	storage := &recording{Storage: store.Memory()}
	config := quiet()
	config.Storage, config.Keys = storage, [][]byte{[]byte(strings.Repeat("k", 32))}
	app, n := counted(config, cache.Config{})
	s := livetest.Serve(t, app)
	s.Call("look", `{}`)
	key := storage.item(t)
	kept, err := storage.Get(key)
	if err != nil || len(kept) < 60 {
		t.Fatal(err, kept)
	}
	for name, value := range map[string][]byte{
		"empty": {0}, "text": []byte("hello, hello, hello"), "cut in its head": kept[:15], "another layout": append([]byte{0xff}, kept[1:]...),
	} {
		if err := storage.Set(key, value, time.Hour); err != nil {
			t.Fatal(err)
		}
		before := n.Load()
		if a := s.Call("look", `{}`); a.Result(t).IsError || n.Load() != before+1 {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
}

// recording knows the last key that something was put under.
type recording struct {
	store.Storage
	last atomic.Value
}

func (r *recording) Set(key string, val []byte, ttl time.Duration) error {
	if strings.Contains(key, "@cache:item:") {
		r.last.Store(key)
	}
	return r.Storage.Set(key, val, ttl)
}

func (r *recording) item(t *testing.T) string {
	key, _ := r.last.Load().(string)
	if key == "" {
		t.Fatal("nothing was kept")
	}
	return key
}

func TestForget(t *testing.T) {
	app, n := counted(quiet(), cache.Config{})
	var reads atomic.Int64
	app.AddResource(fastmcp.Resource{URI: "x://y", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return fmt.Sprint(reads.Add(1)), nil })})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "z://{id}", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in struct {
		ID string `json:"id"`
	}) (string, error) {
		return fmt.Sprint(in.ID, reads.Add(1)), nil
	})})
	app.AddTool(fastmcp.Tool{Name: "change", Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
		What []string `json:"what"`
	}) (string, error) {
		return "done", cache.Forget(c, c.Store(), in.What...)
	})})
	s := livetest.Serve(t, app)
	const many = 120 // more than a page of the index
	fill := func() {
		for i := range many {
			s.Call("look", fmt.Sprintf(`{"q":"%d"}`, i))
		}
		for _, uri := range []string{"x://y", "z://a", "z://b"} {
			s.Read(uri)
		}
	}
	fill()
	for what, want := range map[string][2]int64{`[]`: {0, 0}, `["other"]`: {0, 0}, `["x://y"]`: {0, 1}, `["look"]`: {many, 0}, `["x://y","look"]`: {many, 1},
		`["z://a"]`: {0, 1}, `["z://{id}"]`: {0, 2}, `["z://a","z://{id}","z://b"]`: {0, 2}} {
		n.Store(0)
		reads.Store(0)
		if a := s.Call("change", `{"what":`+what+`}`); a.Result(t).IsError {
			t.Fatal(a.Body)
		}
		if fill(); n.Load() != want[0] || reads.Load() != want[1] {
			t.Errorf("after Forget(%s): %d calls and %d reads ran, want %v", what, n.Load(), reads.Load(), want)
		}
	}
	if err := cache.Forget(t.Context(), failing(), "look"); err == nil || !strings.Contains(err.Error(), `cache: forgetting "look"`) {
		t.Errorf("a store that fails: %v", err)
	}
}

func failing() *store.Backend {
	s := &broken{Storage: store.Memory()}
	s.fails.Store(true)
	b, err := store.From(s)
	if err != nil {
		panic(err)
	}
	return b
}

// What ran when it was forgotten is answered, and not kept; who comes after does not wait for it.
func TestForgetWhileItRuns(t *testing.T) {
	h := newHeld(func(_ *fastmcp.Context, run int64) (string, error) { return fmt.Sprint("run ", run), nil })
	app := fastmcp.New(quiet())
	come := &arrivals{}
	app.Use(come.count, cache.New())
	app.AddTool(h.tool())
	s := livetest.Serve(t, app)
	first := crowd(t, s, come, 1, `{}`, func() {
		livetest.Wait(t, "run", func() bool { return h.runs.Load() == 1 })
		if err := cache.Forget(context.Background(), app.Store(), "held"); err != nil {
			t.Error(err)
		}
		second := crowd(t, s, come, 2, `{}`, func() {
			livetest.Wait(t, "second run", func() bool { return h.runs.Load() == 2 })
			close(h.let)
		})
		for _, a := range second {
			if got := a.Result(t).Text(); got != "run 2" {
				t.Errorf("who came after: %s", got)
			}
		}
	})
	if got := first[0].Result(t).Text(); got != "run 1" {
		t.Errorf("who came before: %s", got)
	}
	if got := s.Call("held", `{}`).Result(t).Text(); got != "run 2" {
		t.Errorf("what was kept: %s", got)
	}
}
