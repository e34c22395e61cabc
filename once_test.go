package fastmcp_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/store"
)

// payer is a node with a tool that asks, then pays once, and then asks again.
func payer(t *testing.T, config fastmcp.Config, paid *atomic.Int64, pay func() error) *server {
	config.Name, config.Keys = "payer", [][]byte{bytes.Repeat([]byte{9}, 32)}
	return doing(t, config, func(c *fastmcp.Context) (any, error) {
		if _, err := fastmcp.Elicit(c, "who", "Who?", new(person)); err != nil {
			return nil, err
		}
		n, err := fastmcp.Once(c, "pay", func() (int64, error) {
			if err := pay(); err != nil {
				return 0, err
			}
			return paid.Add(1), nil
		})
		return fmt.Sprint("paid ", n), err
	})
}

// A client that sends the same answers several times, at once and to two nodes, pays once, and each time hears of that one.
func TestOnceWithTheSameAnswersTwice(t *testing.T) {
	shared := store.Memory()
	var paid atomic.Int64
	slow := func() error { time.Sleep(20 * time.Millisecond); return nil }
	nodes := []*server{
		payer(t, fastmcp.Config{Storage: shared}, &paid, slow), payer(t, fastmcp.Config{Storage: shared}, &paid, slow),
	}
	state := nodes[0].round(nil, "t", `{}`, allCapabilities, "").inputs(t).State
	answers := make([]string, 6)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = nodes[i%2].round(nil, "t", `{}`, allCapabilities, back(state, annIsIt)).message(t).tool(t).text()
		})
	}
	all.Wait()
	for _, text := range answers {
		if text != "paid 1" || paid.Load() != 1 {
			t.Errorf("%q, paid %d times", text, paid.Load())
		}
	}
	// Another request is another payment.
	state = nodes[1].round(nil, "t", `{}`, allCapabilities, "").inputs(t).State
	if text := nodes[0].round(nil, "t", `{}`, allCapabilities, back(state, annIsIt)).message(t).tool(t).text(); text != "paid 2" {
		t.Errorf("%q", text)
	}
}

func TestOnceAgainAfterAnError(t *testing.T) {
	var paid atomic.Int64
	tries := 0
	s := payer(t, fastmcp.Config{}, &paid, func() error {
		if tries++; tries == 1 {
			return errors.New("the bank is closed")
		}
		return nil
	})
	state := s.round(nil, "t", `{}`, allCapabilities, "").inputs(t).State
	if r := s.round(nil, "t", `{}`, allCapabilities, back(state, annIsIt)).message(t).tool(t); !r.IsError {
		t.Errorf("%+v", r)
	}
	if text := s.round(nil, "t", `{}`, allCapabilities, back(state, annIsIt)).message(t).tool(t).text(); text != "paid 1" {
		t.Errorf("%q", text)
	}
}

func TestOnceWithoutAStore(t *testing.T) {
	var paid atomic.Int64
	s := payer(t, fastmcp.Config{Storage: store.Memory(store.MemoryConfig{MaxBytes: 1})}, &paid, func() error { return nil })
	state := s.round(nil, "t", `{}`, allCapabilities, "").inputs(t).State
	r := s.round(nil, "t", `{}`, allCapabilities, back(state, annIsIt)).message(t).tool(t)
	if !r.IsError || paid.Load() != 0 || !strings.Contains(s.log.String(), `Once \"pay\"`) && !strings.Contains(s.log.String(), `Once "pay"`) {
		t.Errorf("%+v, paid %d\n%s", r, paid.Load(), s.log)
	}
}
