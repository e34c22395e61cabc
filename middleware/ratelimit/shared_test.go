package ratelimit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/middleware/internal/callertest"
	"github.com/fastmcp-go/fastmcp/middleware/ratelimit"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/fastmcp-go/fastmcp/store/redis"
	"github.com/ulule/limiter/v3"
)

// shared is a storage that several Apps share, as if each ran on a machine of its own.
type shared struct {
	store.Storage
	parts *store.Backend
	asked atomic.Int64          // steps
	fails atomic.Pointer[error] // what steps fail with
	hangs atomic.Bool           // steps take as long as they may
}

func newShared() *shared {
	s := &shared{Storage: store.Memory()}
	own := s.Storage.(store.Source).Backend()
	s.parts = &store.Backend{KV: own.KV, Atomic: sharedAtomic{own.Atomic, s}, Log: own.Log, Bus: own.Bus, Index: own.Index, Shared: true}
	return s
}

func (s *shared) Backend() *store.Backend { return s.parts }

type sharedAtomic struct {
	store.Atomic
	s *shared
}

func (a sharedAtomic) Add(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error) {
	a.s.asked.Add(1)
	if a.s.hangs.Load() {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	if err := a.s.fails.Load(); err != nil {
		return 0, *err
	}
	return a.Atomic.Add(ctx, key, n, ttl)
}

// logs is an operator's log that a test can read.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

func (l *logs) config(s store.Storage) fastmcp.Config {
	return fastmcp.Config{Storage: s, Keys: [][]byte{bytes.Repeat([]byte{7}, 32)}, Log: slog.New(slog.NewTextHandler(l, nil))}
}

const gone, back = "the store cannot count", "the store counts again"

// TestNodes: Apps that share a storage count together; each knows when the window ends, whoever began it, and does not ask
// any more once it knows that there is nothing left.
func TestNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShared()
		one := newApp((&logs{}).config(s), ratelimit.New(ratelimit.Config{Rate: "5-M"}))
		other := newApp((&logs{}).config(s), ratelimit.New(ratelimit.Config{Rate: "5-M"}))
		for range 3 {
			if a := callertest.Do(t, one, light); !ok(a) {
				t.Errorf("%+v", a)
			}
		}
		time.Sleep(20 * time.Second)
		if a := callertest.Do(t, other, light); !ok(a) || a.Header["X-RateLimit-Remaining"] != "1" || a.Header["X-RateLimit-Reset"] != "946684860" {
			t.Errorf("%+v", a)
		}
		expectPassed(t, one, light, 1)
		if a := callertest.Do(t, other, light); a.Status != 429 || a.RetryAfter != 40*time.Second {
			t.Errorf("%+v", a)
		}
		asked := s.asked.Load()
		expectPassed(t, one, light, 0)
		expectPassed(t, other, light, 0)
		if n := s.asked.Load() - asked; n != 0 {
			t.Errorf("the storage was asked %d times for what is known", n)
		}
		time.Sleep(40 * time.Second)
		asked = s.asked.Load()
		expectPassed(t, other, light, 5)
		if n := s.asked.Load() - asked; n != 6 { // 5, and who begins a window says when it ends
			t.Errorf("the storage was asked %d times for 6 requests", n)
		}
		expectPassed(t, one, light, 0)
	})
}

// TestNodesApart: what limits of one App are told apart by holds on a shared storage as well, and a name joins them.
func TestNodesApart(t *testing.T) {
	text := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "done", nil })
	add := func(app *fastmcp.App, name, limit string) {
		app.AddTool(fastmcp.Tool{Name: name, Handler: text, Use: []fastmcp.Handler{ratelimit.New(ratelimit.Config{Rate: "2-D", Name: limit})}})
	}
	s := newShared()
	one, other := newApp((&logs{}).config(s)), newApp((&logs{}).config(s))
	for _, app := range []*fastmcp.App{one, other} {
		add(app, "a", "")
		add(app, "b", "")
		add(app, "c", "joined")
		add(app, "d", "joined")
		app.Use(ratelimit.New(ratelimit.Config{Rate: "2-D", Methods: []string{"tools/list"}}), ratelimit.New(ratelimit.Config{Rate: "2-D", Methods: []string{"resources/list"}}))
	}
	for _, row := range []struct {
		app  *fastmcp.App
		call callertest.Call
		want int
	}{
		{one, callertest.Call{Tool: "a"}, 2}, {one, callertest.Call{Tool: "b"}, 2}, {other, callertest.Call{Tool: "a"}, 0},
		{one, callertest.Call{Tool: "c"}, 2}, {other, callertest.Call{Tool: "d"}, 0},
		{one, callertest.Call{Method: "tools/list"}, 2}, {other, callertest.Call{Method: "resources/list"}, 2}, {one, callertest.Call{Method: "resources/list"}, 0},
	} {
		expectPassed(t, row.app, row.call, row.want)
	}
}

// TestNodesWeights: what does not fit takes nothing, so that what weighs less has the rest.
func TestNodesWeights(t *testing.T) {
	config := ratelimit.Config{Rate: "10-D", Weights: map[string]int{"heavy": 4}}
	s := newShared()
	one, other := newApp((&logs{}).config(s), ratelimit.New(config)), newApp((&logs{}).config(s), ratelimit.New(config))
	heavy := callertest.Call{Tool: "heavy"}
	expectPassed(t, one, heavy, 2)
	expectPassed(t, other, heavy, 0)
	expectPassed(t, other, light, 2)
	expectPassed(t, one, light, 0)
}

// TestStoreGone: while the storage fails each App goes on by itself, from what it knows; the log has one line, and another
// when the storage is back. Meanwhile it is asked once a second.
func TestStoreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := newShared(), &logs{}
		config := ratelimit.Config{Rate: "10-M"}
		one, other := newApp(log.config(s), ratelimit.New(config)), newApp((&logs{}).config(s), ratelimit.New(config))
		for range 4 {
			callertest.Do(t, one, light)
		}
		failure := errors.New("connection refused")
		s.fails.Store(&failure)
		asked := s.asked.Load()
		expectPassed(t, one, light, 6)
		if n := s.asked.Load() - asked; n != 1 || log.count(gone) != 1 || log.count("connection refused") != 1 {
			t.Errorf("asked %d times, log: %s", n, log.b.String())
		}
		expectPassed(t, other, light, 10) // it knows of nothing
		time.Sleep(time.Minute)
		expectPassed(t, one, light, 10)
		if log.count(gone) != 1 || log.count(back) != 0 {
			t.Error(log.b.String())
		}
		s.fails.Store(nil)
		time.Sleep(time.Minute)
		expectPassed(t, one, light, 10)
		expectPassed(t, other, light, 0) // together again
		if log.count(gone) != 1 || log.count(back) != 1 {
			t.Error(log.b.String())
		}
	})
}

// TestStoreHangs: a request waits for the storage no longer than StoreTimeout, and of those that follow one a second.
func TestStoreHangs(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{0: time.Second, 300 * time.Millisecond: 300 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			s, log := newShared(), &logs{}
			app := newApp(log.config(s), ratelimit.New(ratelimit.Config{Rate: "100-D", StoreTimeout: timeout}))
			s.hangs.Store(true)
			took := func() time.Duration {
				begun := time.Now()
				if a := callertest.Do(t, app, light); !ok(a) {
					t.Errorf("%+v", a)
				}
				return time.Since(begun)
			}
			for i, want := range []time.Duration{want, 0, 0} {
				if d := took(); d != want {
					t.Errorf("request %d took %s, want %s", i, d, want)
				}
			}
			time.Sleep(time.Second)
			var trials atomic.Int64
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					if took() > 0 {
						trials.Add(1)
					}
				})
			}
			all.Wait()
			if n := trials.Load(); n != 1 || log.count(gone) != 1 {
				t.Errorf("%d have waited; log: %s", n, log.b.String())
			}
		})
	}
}

// TestRedisGone: with the real one.
func TestRedisGone(t *testing.T) {
	server, log := redistest.Start(t), &logs{}
	app := newApp(log.config(redis.New(redis.Config{URL: server.URL(), Timeout: time.Second})), ratelimit.New(ratelimit.Config{Rate: "20-D", StoreTimeout: 5 * time.Second}))
	start(t, app)
	for i := range 5 {
		if a := callertest.Do(t, app, light); !ok(a) || i > 0 && log.count(gone) != 0 {
			t.Fatalf("%+v", a)
		}
	}
	server.Kill()
	for range 5 {
		if a := callertest.Do(t, app, light); !ok(a) {
			t.Errorf("without Redis: %+v", a)
		}
	}
	if err := app.Ready(t.Context()); !errors.Is(err, fastmcp.ErrStore) || log.count(gone) != 1 {
		t.Errorf("Ready: %v; log: %s", err, log.b.String())
	}
	expectPassed(t, app, light, 10)
	server.Restart()
	deadline := time.Now().Add(20 * time.Second)
	for log.count(back) == 0 { // another caller, since this one is known to have nothing left
		if callertest.Do(t, app, callertest.Call{Tool: "light", IP: "192.0.2.1"}); time.Now().After(deadline) {
			t.Fatalf("it does not come back: %s", log.b.String())
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := app.Ready(t.Context()); err != nil || log.count(gone) != 1 || log.count(back) != 1 {
		t.Errorf("Ready: %v; log: %s", err, log.b.String())
	}
}

// start has an App serve, so that its storage is connected, until the test ends.
func start(t testing.TB, app *fastmcp.App) {
	t.Helper()
	ln := listen(t)
	done := make(chan error, 1)
	go func() { done <- app.Listener(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := errors.Join(app.Shutdown(ctx), <-done); err != nil {
			t.Error(err)
		}
	})
	res, err := (&http.Client{Timeout: 20 * time.Second}).Get("http://" + ln.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // it serves, whatever it says
}

// TestStore: what NewStore makes is a store of ulule's limiter.
func TestStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := store.From(newShared())
		if err != nil {
			t.Fatal(err)
		}
		rate, err := limiter.NewRateFromFormatted("3-M")
		if err != nil {
			t.Fatal(err)
		}
		l := limiter.New(ratelimit.NewStore(b), rate)
		expect := func(what string, got limiter.Context, err error, remaining int64, reached bool) {
			t.Helper()
			want := limiter.Context{Limit: 3, Remaining: remaining, Reset: 946684860, Reached: reached}
			if got.Reset += 60 - (got.Reset-946684800)%60 - 60; err != nil || got.Remaining != want.Remaining || got.Reached != want.Reached || got.Limit != 3 {
				t.Errorf("%s: %+v, %v, want %+v", what, got, err, want)
			}
		}
		ctx := t.Context()
		got, err := l.Peek(ctx, "k")
		expect("peek at nothing", got, err, 3, false)
		got, err = l.Get(ctx, "k")
		expect("get", got, err, 2, false)
		got, err = l.Increment(ctx, "k", 3)
		expect("too much", got, err, 2, true)
		got, err = l.Increment(ctx, "k", 2)
		expect("the rest", got, err, 0, false)
		got, err = l.Get(ctx, "k")
		expect("beyond", got, err, 0, true)
		got, err = l.Peek(ctx, "k")
		expect("peek beyond", got, err, 0, true)
		got, err = l.Get(ctx, "other")
		expect("another key", got, err, 2, false)
		if _, err := l.Increment(ctx, "k", 0); err == nil {
			t.Error("a count of 0 is no error")
		}
		got, err = l.Reset(ctx, "k")
		expect("reset", got, err, 3, false)
		got, err = l.Get(ctx, "k")
		expect("after reset", got, err, 2, false)
		if got.Reset != 946684860 {
			t.Errorf("it ends at %d", got.Reset)
		}
	})
}

// TestTenants: what a host limits is limited for each tenant apart, in this process and on a shared storage.
func TestTenants(t *testing.T) {
	for name, storage := range map[string]store.Storage{"own": nil, "shared": newShared()} {
		tenants := map[string]*fastmcp.App{}
		for _, tenant := range []string{"a", "b"} {
			tenants[tenant] = newApp((&logs{}).config(nil))
		}
		config := (&logs{}).config(storage)
		config.Select = func(_ context.Context, p *auth.Principal) (*fastmcp.App, error) { return tenants[p.Tenant], nil }
		host := newApp(config, ratelimit.New(ratelimit.Config{Rate: "2-D", Key: ratelimit.ByIP}))
		for _, tenant := range []string{"a", "b"} {
			call := callertest.Call{Tool: "light", IP: "192.0.2.1", Principal: &auth.Principal{Subject: "sue", Tenant: tenant}}
			if n := passed(t, host, call); n != 2 {
				t.Errorf("%s: tenant %s: %d have passed, want 2", name, tenant, n)
			}
		}
		if err := host.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
