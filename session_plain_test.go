package fastmcp_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// disk is a plain storage, as Fiber's drivers are: it outlives the process, and knows nothing but keys and values.
type disk struct {
	mu     sync.Mutex
	values map[string][]byte
}

func (d *disk) Get(key string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Clone(d.values[key]), nil
}

func (d *disk) Set(key string, value []byte, _ time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.values[key] = bytes.Clone(value)
	return nil
}

func (d *disk) Delete(key string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.values, key)
	return nil
}

func (d *disk) Reset() error { return nil }
func (d *disk) Close() error { return nil }

// Sessions outlive a process whose storage does, with their state. What was sent on their streams does not: a client that
// comes back is told that anything may have changed.
func TestSessionsOutliveTheProcess(t *testing.T) {
	kept := &disk{values: map[string][]byte{}}
	start := func(t *testing.T) *server {
		app, l := newApp(t, fastmcp.Config{Storage: kept, Keys: [][]byte{bytes.Repeat([]byte{7}, 32)}})
		app.AddTool(fastmcp.Tool{Name: "keep", Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
			Value string `json:"value"`
		}) (string, error) {
			old, _, err := c.Session().Get(c, "k")
			if err != nil {
				return "", err
			}
			return string(old), c.Session().Set(c, "k", []byte(in.Value))
		})})
		app.AddTool(fastmcp.Tool{Name: "note", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			return "noted", c.Session().Notify("notifications/message", map[string]any{"level": "info", "data": "noted"})
		})})
		return serve(t, app, l)
	}
	var c *client
	var last string
	t.Run("before", func(t *testing.T) {
		c = start(t).open("2025-11-25")
		s := c.listen("")
		c.call("keep", `{"value":"one"}`)
		c.call("note", `{}`)
		last = s.message().event
	})
	after := start(t)
	c = c.at(after)
	if got := text(t, c.call("keep", `{"value":"two"}`)); got != "one" {
		t.Errorf("the state is %q", got)
	}
	s := c.listen(last)
	seen := map[string]bool{}
	for range 3 {
		seen[s.message().Method] = true
	}
	if len(seen) != 3 {
		t.Error(seen)
	}
	c.call("note", `{}`)
	if m := s.message(); m.Method != "notifications/message" || m.event == last || !strings.Contains(m.event, ".") {
		t.Errorf("%+v", m)
	}
	if a := c.do("DELETE", c.headers(), ""); a.status != 204 {
		t.Error(a)
	}
	if a := c.send("ping", ""); a.status != 404 {
		t.Error(a)
	}
	if !strings.Contains(after.log.String(), "is for one node") {
		t.Error("the operator is not told what the storage lacks")
	}
}
