package fastmcp

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunning()
		for range 2 {
			if !r.begin() {
				t.Fatal("nothing may begin")
			}
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.none(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("two run: %v", err)
		}
		ends := make(chan error, 3)
		for range 2 {
			go func() { ends <- r.none(t.Context()) }()
		}
		r.Done()
		synctest.Wait()
		if len(ends) != 0 {
			t.Error("one runs")
		}
		r.Done()
		synctest.Wait()
		if len(ends) != 2 || <-ends != nil || <-ends != nil {
			t.Fatal("none runs, and who waited does not know")
		}

		if !r.begin() {
			t.Fatal("none may begin, and it was only waited for")
		}
		for range 3 {
			go func() { ends <- r.close(t.Context()) }()
		}
		synctest.Wait()
		if len(ends) != 0 || r.begin() {
			t.Error("one runs, and no more may begin")
		}
		short, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.close(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one runs: %v", err)
		}
		r.Done()
		synctest.Wait()
		if len(ends) != 3 {
			t.Fatal("none runs, and who closed does not know")
		}
		if err := errors.Join(<-ends, <-ends, <-ends, r.close(t.Context()), r.none(t.Context())); err != nil || r.begin() {
			t.Error(err)
		}
	})
}

// TestRunningRace closes while others begin: none runs afterwards.
func TestRunningRace(t *testing.T) {
	for range 200 {
		r, now := newRunning(), atomic.Int64{}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for r.begin() {
					now.Add(1)
					now.Add(-1)
					r.Done()
				}
			})
		}
		if err := r.close(t.Context()); err != nil || now.Load() != 0 {
			t.Fatalf("%v, %d run", err, now.Load())
		}
		all.Wait()
	}
}
