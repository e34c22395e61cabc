package tenant_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/fastmcp-go/fastmcp/tenant"
)

// shared is a store that several nodes share, as if each ran on a machine of its own, and what can go wrong with it.
type shared struct {
	store.Storage
	parts *store.Backend

	gets  atomic.Int64 // of tokens
	heard atomic.Int64 // how often a node was told that another has added a token
	deaf  atomic.Bool  // what nodes tell each other of tokens is lost
	down  atomic.Bool  // nothing is answered
	// unlisted: the lists of what is not the tenants' are not answered
	unlisted atomic.Bool
	mu       sync.Mutex
	places   []time.Duration // how long those of sessions were to be kept
	slow     chan struct{}   // what is read of a token next arrives when it is closed; nil: at once
	lost     []func()
	keys     []string // all that were written
}

func newShared() *shared {
	s := &shared{Storage: store.Memory()}
	own := s.Storage.(store.Source).Backend()
	s.parts = &store.Backend{
		KV: sharedKV{own.KV, s}, Atomic: sharedAtomic{own.Atomic, s}, Log: own.Log, Bus: sharedBus{own.Bus, s}, Index: sharedIndex{own.Index, s}, Shared: true,
	}
	return s
}

func (s *shared) Backend() *store.Backend { return s.parts }

var errDown = errors.New("the store is down")

func (s *shared) failure() error {
	if s.down.Load() {
		return errDown
	}
	return nil
}

// hold keeps what is read of a token next until slow is closed.
func (s *shared) hold(slow chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow = slow
}

func (s *shared) held() chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	slow := s.slow
	s.slow = nil
	return slow
}

// wrote notes what was written, for tests that look for what must not be.
func (s *shared) wrote(key string, val []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, key+"="+string(val))
}

// kept is how long the places of sessions were to be kept.
func (s *shared) kept() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.places)
}

// lose tells all subscribers that messages may have been lost.
func (s *shared) lose() {
	s.mu.Lock()
	all := slices.Clone(s.lost)
	s.mu.Unlock()
	for _, f := range all {
		if f != nil {
			f()
		}
	}
}

type sharedKV struct {
	store.KV
	s *shared
}

func (k sharedKV) Get(ctx context.Context, key string) ([]byte, error) {
	if err := k.s.failure(); err != nil {
		return nil, err
	}
	val, err := k.KV.Get(ctx, key)
	if strings.HasPrefix(key, "@tenants:token/") {
		k.s.gets.Add(1)
		if slow := k.s.held(); slow != nil {
			<-slow
		}
	}
	return val, err
}

type sharedAtomic struct {
	store.Atomic
	s *shared
}

func (a sharedAtomic) SetNX(ctx context.Context, key string, val []byte, ttl time.Duration) (bool, error) {
	if err := a.s.failure(); err != nil {
		return false, err
	}
	a.s.wrote(key, val)
	return a.Atomic.SetNX(ctx, key, val, ttl)
}

func (a sharedAtomic) CAS(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	if err := a.s.failure(); err != nil {
		return false, err
	}
	a.s.wrote(key, new)
	return a.Atomic.CAS(ctx, key, old, new, ttl)
}

func (a sharedAtomic) Take(ctx context.Context, key string) ([]byte, error) {
	if err := a.s.failure(); err != nil {
		return nil, err
	}
	return a.Atomic.Take(ctx, key)
}

func (a sharedAtomic) Add(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error) {
	if err := a.s.failure(); err != nil {
		return 0, err
	}
	return a.Atomic.Add(ctx, key, n, ttl)
}

type sharedIndex struct {
	store.Index
	s *shared
}

func (x sharedIndex) Put(ctx context.Context, set, member string, ttl time.Duration) error {
	if err := x.s.failure(); err != nil {
		return err
	}
	x.s.wrote(set, []byte(member))
	if strings.HasPrefix(set, "@tenants:sessions/") && !strings.HasPrefix(member, "new ") {
		x.s.mu.Lock()
		x.s.places = append(x.s.places, ttl)
		x.s.mu.Unlock()
	}
	return x.Index.Put(ctx, set, member, ttl)
}

func (x sharedIndex) Members(ctx context.Context, set, cursor string, n int) ([]string, string, error) {
	if err := x.s.failure(); err != nil {
		return nil, "", err
	}
	if x.s.unlisted.Load() && !strings.HasPrefix(set, "@tenants:") {
		return nil, "", errDown
	}
	return x.Index.Members(ctx, set, cursor, n)
}

type sharedBus struct {
	store.Bus
	s *shared
}

func (b sharedBus) Publish(ctx context.Context, channel string, data []byte) (int, error) {
	if channel == "@tenants:changes" {
		b.s.wrote(channel, data)
		if b.s.deaf.Load() {
			return 0, nil
		}
	}
	return b.Bus.Publish(ctx, channel, data)
}

func (b sharedBus) Subscribe(fn func(string, []byte), lost func()) (store.Subscription, error) {
	b.s.mu.Lock()
	b.s.lost = append(b.s.lost, lost)
	b.s.mu.Unlock()
	return b.Bus.Subscribe(fn, lost)
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

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logs) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// clock is a time that a test sets.
type clock struct{ now atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.now.Store(time.Now().UnixNano())
	return c
}

func (c *clock) Now() time.Time                 { return time.Unix(0, c.now.Load()) }
func (c *clock) pass(d time.Duration)           { c.now.Add(int64(d)) }
func bearer(token string) *auth.Request         { return &auth.Request{Token: token} }
func background() context.Context               { return context.Background() }
func anApp() (*fastmcp.App, error)              { return fastmcp.New(fastmcp.Config{Name: "tenant"}), nil }
func someApp(tenant.Info) (*fastmcp.App, error) { return anApp() }

// newTenants makes Tenants that end with the test.
func newTenants(t testing.TB, config tenant.Config) (*tenant.Tenants, *logs) {
	t.Helper()
	l := &logs{}
	if config.Log == nil {
		config.Log = l.logger()
	}
	tenants := tenant.New(config)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(background(), 20*time.Second)
		defer cancel()
		if err := tenants.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return tenants, l
}

// eventually waits until something is true.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// code is how a verifier's answer would be told.
func code(p *auth.Principal, err error) string {
	switch e := (*auth.Error)(nil); {
	case err == nil && p != nil:
		return "known"
	case errors.Is(err, auth.ErrNotMine):
		return "unknown"
	case errors.Is(err, auth.ErrNoCredentials):
		return "none"
	case errors.As(err, &e):
		return string(e.Code)
	}
	return "?"
}

func verify(tenants *tenant.Tenants, token string) string {
	return code(tenants.Verify(background(), bearer(token)))
}

// panics is what f panics with.
func panics(f func()) (text string) {
	defer func() {
		switch v := recover().(type) {
		case error:
			text = v.Error()
		case string:
			text = v
		}
	}()
	f()
	return ""
}

func contextThatIsOver() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(background())
	cancel()
	return ctx, cancel
}
