// Package storetest is what every implementation of a store.Backend must do, as tests. Run it from the implementation's
// own tests.
package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// Config adapts the suite to an implementation.
type Config struct {
	// Advance moves the time that the backends go by. Default: it passes, time.Sleep. The suite uses ttls of 100 ms.
	Advance func(time.Duration)
	// Patience is how long a message may take. Default: 5 s.
	Patience time.Duration
}

// ttl is long enough for a real clock, and a network, to see both sides of it.
const ttl = 100 * time.Millisecond

type suite struct {
	Config
	open func(t *testing.T) *store.Backend
}

// Run puts what open returns through the suite. open is called for each test and must give a backend that sees nothing
// of those before; it registers its own clean-up.
func Run(t *testing.T, open func(t *testing.T) *store.Backend, config ...Config) {
	s := suite{open: open}
	if len(config) > 0 {
		s.Config = config[0]
	}
	if s.Advance == nil {
		s.Advance = time.Sleep
	}
	if s.Patience <= 0 {
		s.Patience = 5 * time.Second
	}
	t.Run("Parts", s.parts)
	t.Run("KV", s.kv)
	t.Run("Atomic", s.atomic)
	t.Run("Log", s.log)
	t.Run("Bus", s.bus)
	t.Run("Index", s.index)
	t.Run("Scope", s.scope)
}

func (s suite) parts(t *testing.T) {
	b := s.open(t)
	if b.KV == nil || b.Atomic == nil || b.Log == nil || b.Bus == nil || b.Index == nil {
		t.Fatalf("a part is missing: %+v", b)
	}
	if b.Shared && len(b.Filled) > 0 {
		t.Errorf("Shared, though %v are in process", b.Filled)
	}
}

// each runs tests, every one on a backend of its own.
func (s suite) each(t *testing.T, tests map[string]func(*testing.T, *store.Backend)) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, s.open(t)) })
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

// holds checks the value under key; want nil is no value.
func holds(t *testing.T, b *store.Backend, key string, want []byte) {
	t.Helper()
	got, err := b.KV.Get(t.Context(), key)
	ok(t, err)
	same(t, got, want)
}

func same(t *testing.T, got, want []byte) {
	t.Helper()
	if (got == nil) != (want == nil) || string(got) != string(want) {
		t.Fatalf("got %q (nil: %v), want %q (nil: %v)", got, got == nil, want, want == nil)
	}
}

func done(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
