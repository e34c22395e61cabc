package fastmcptest_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// trial is a test within a test: it may fail, and what it says is kept.
type trial struct {
	testing.TB // for the method that nobody else can have; nil
	name       string
	ctx        context.Context

	mu       sync.Mutex
	said     []string
	failed   bool
	cleanups []func()
}

// try runs f as go test runs a test, cleanups included.
func try(name string, f func(testing.TB)) *trial {
	ctx, cancel := context.WithCancel(context.Background())
	t := &trial{name: name, ctx: ctx}
	apart(func() { f(t) })
	cancel()
	for len(t.cleanups) > 0 {
		last := len(t.cleanups) - 1
		cleanup := t.cleanups[last]
		t.cleanups = t.cleanups[:last]
		apart(cleanup)
	}
	return t
}

// apart runs f on a goroutine that it may end.
func apart(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func (t *trial) Helper()                  {}
func (t *trial) Name() string             { return t.name }
func (t *trial) Context() context.Context { return t.ctx }
func (t *trial) Cleanup(f func())         { t.cleanups = append(t.cleanups, f) }

func (t *trial) Logf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.said = append(t.said, fmt.Sprintf(format, args...))
}

func (t *trial) Errorf(format string, args ...any) {
	t.Logf(format, args...)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = true
}

func (t *trial) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	runtime.Goexit()
}

func (t *trial) Fatal(args ...any) { t.Fatalf("%s", fmt.Sprint(args...)) }

func (t *trial) text() string { return strings.Join(t.said, "\n") }

// fails tells that a trial failed, with all of words.
func (t *trial) fails(test testing.TB, words ...string) {
	test.Helper()
	if !t.failed {
		test.Errorf("%s has not failed. It said: %s", t.name, t.text())
	}
	for _, word := range words {
		if !strings.Contains(t.text(), word) {
			test.Errorf("%s does not say %q, but %s", t.name, word, t.text())
		}
	}
}

func (t *trial) passes(test testing.TB, words ...string) {
	test.Helper()
	if t.failed {
		test.Errorf("%s has failed: %s", t.name, t.text())
	}
	for _, word := range words {
		if !strings.Contains(t.text(), word) {
			test.Errorf("%s does not say %q, but %s", t.name, word, t.text())
		}
	}
}
