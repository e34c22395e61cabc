package redis

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// TestNoWaiterIsLeft: whoever gave up waiting for a server that is away is not remembered, nor is what was wanted.
func TestNoWaiterIsLeft(t *testing.T) {
	s := New(Config{URL: "redis://127.0.0.1:1", Timeout: 50 * time.Millisecond})
	sub, err := s.bus.Subscribe(func(string, []byte) {}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			if err := sub.Add(fmt.Sprint("c", i%10)); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%v, want ErrUnavailable", err)
			}
		})
	}
	group.Wait()
	s.bus.mu.Lock()
	left := len(s.bus.waiting) + len(s.bus.wanted)
	for _, q := range s.bus.asked {
		left += len(q.waiting)
	}
	s.bus.mu.Unlock()
	if left != 0 {
		t.Errorf("%d are left", left)
	}
	began := time.Now()
	go func() {
		time.Sleep(10 * time.Millisecond)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := sub.Add("last"); !errors.Is(err, store.ErrClosed) && !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%v, want ErrClosed", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("Close, and who waited for it, took %v", took)
	}
}
