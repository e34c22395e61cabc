package fastmcp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// comes waits until the Stats are so.
func (s *server) comes(what string, so func(fastmcp.Stats) bool) {
	s.t.Helper()
	var last fastmcp.Stats
	defer func() {
		if s.t.Failed() {
			s.t.Logf("%s: %+v", what, last)
		}
	}()
	within(s.t, 5*time.Second, what, func() bool {
		last = s.app.Stats()
		return so(last)
	})
}

func TestStatsOfAnAppAtRest(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	s := app.Stats()
	if !s.Started.IsZero() || s.Uptime != 0 || s.Sessions != 0 || s.Streams != 0 || s.Running != 0 || s.Calls != 0 || s.Draining {
		t.Errorf("before it serves: %+v", s)
	}
	if s.Memory < 1<<20 || s.Goroutines < 1 {
		t.Errorf("%d bytes, %d goroutines", s.Memory, s.Goroutines)
	}
	before := time.Now()
	serve(t, app, l).begun()
	if s := app.Stats(); s.Started.Before(before) || s.Started.After(time.Now()) || s.Uptime <= 0 {
		t.Errorf("serving: %+v", s)
	}
	app.Drain()
	if !app.Stats().Draining {
		t.Error("it does not tell that it is drained")
	}
}

func TestStatsOfCalls(t *testing.T) {
	l := newLiving(t, fastmcp.Config{Lenient: true})
	l.app.AddTool(fastmcp.Tool{Name: "fail", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", errors.New("broken") })})
	l.app.AddTool(fastmcp.Tool{Name: "say", Handler: fastmcp.Get(func(*fastmcp.Context) (*fastmcp.Result, error) {
		return &fastmcp.Result{IsError: true}, nil
	})})
	l.app.AddTool(fastmcp.Tool{Name: "panic", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { panic("broken") })})
	c := l.open("2025-11-25")
	for _, call := range [][2]string{{"add", `{"a":1,"b":2}`}, {"add", `{"a":"1","b":2}`}, {"add", `{}`}, {"fail", `{}`}, {"say", `{}`}, {"panic", `{}`}} {
		c.call(call[0], call[1])
	}
	c.call("none", `{}`)     // is no call of a tool
	c.send("tools/list", ``) // nor is that
	l.callStateless("add", `{"a":1,"b":2}`)
	if s := l.app.Stats(); s.Calls != 7 || s.Errors != 4 || s.Repairs != 1 || s.Sessions != 1 {
		t.Errorf("%+v", s)
	}
	held := l.start(func() answer { return c.call("hold", "{}") })
	if s := l.app.Stats(); s.Running != 1 || s.Calls != 7 {
		t.Errorf("while one runs: %+v", s)
	}
	c.do("POST", c.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}`, c.next))
	l.cancelled()
	receive(t, "the end of the call", held)
	l.comes("a cancelled call is no error", func(s fastmcp.Stats) bool { return s.Running == 0 && s.Calls == 8 && s.Errors == 4 })
	c.session().End()
	l.comes("the session is gone", func(s fastmcp.Stats) bool { return s.Sessions == 0 })
}

// A call that asks is one call, however many rounds it takes.
func TestStatsOfACallInRounds(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "ask", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		var form struct {
			Name string `json:"name"`
		}
		_, err := fastmcp.Elicit(c, "name", "Who?", &form)
		return form.Name, err
	})})
	s := serve(t, app, l)
	more := ""
	for round, calls := range []int64{0, 1} {
		a := s.round(nil, "ask", "{}", allCapabilities, more)
		if st := app.Stats(); st.Calls != calls || st.Errors != 0 {
			t.Fatalf("after round %d: %+v (%s)", round, st, a.body)
		}
		if calls == 0 {
			more = fmt.Sprintf(`"inputResponses":{"name":{"action":"accept","content":{"name":"Ann"}}},"requestState":%q`, a.inputs(t).State)
		}
	}
}

func TestStatsOfStreams(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	c := l.open("2025-11-25")
	own := c.listen("")
	l.comes("a session's own stream", func(s fastmcp.Stats) bool { return s.Streams == 1 })
	before := l.app.Stats().Events
	notify(t, c.session(), "", 1, 5)
	own.expect("", 1, 5)
	l.comes("its messages", func(s fastmcp.Stats) bool { return s.Events == before+5 })

	call := c.stream("tell", `{"from":1,"to":2}`)
	l.hasBegun()
	l.comes("the stream of a call", func(s fastmcp.Stats) bool { return s.Streams == 2 })
	l.letGo <- struct{}{}
	call.ended()
	l.comes("its end", func(s fastmcp.Stats) bool { return s.Streams == 1 && s.Events == before+5+5 }) // four notes and the result

	heard := l.subscribes("", "1", `{"toolsListChanged":true}`, `{"toolsListChanged":true}`)
	l.comes("subscriptions/listen", func(s fastmcp.Stats) bool { return s.Streams == 2 })
	heard.close()
	own.close()
	l.comes("nobody listens", func(s fastmcp.Stats) bool { return s.Streams == 0 })
}

// A client that has left its call has no stream, though the call goes on.
func TestStatsOfAStreamThatWasLeft(t *testing.T) {
	l := newLiving(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{Heartbeat: 10 * time.Millisecond}})
	call := l.open("2025-11-25").stream("tell", `{"from":1,"to":2}`)
	l.hasBegun()
	l.comes("the stream of a call", func(s fastmcp.Stats) bool { return s.Streams == 1 })
	call.close()
	l.comes("it has been left", func(s fastmcp.Stats) bool { return s.Streams == 0 && s.Running == 1 })
	l.letGo <- struct{}{}
	l.comes("its end", func(s fastmcp.Stats) bool { return s.Streams == 0 && s.Running == 0 })
}

// What a log pushes out that nobody has got is counted, and nothing else is: at the bound, and one behind it.
func TestStatsOfDroppedEvents(t *testing.T) {
	const room = 8
	l := newLiving(t, fastmcp.Config{Sessions: fastmcp.SessionConfig{LogEvents: room}})
	c := l.open("2025-11-25")
	own := c.listen("")
	notify(t, c.session(), "", 1, room)
	own.expect("", 1, room)
	own.close()
	l.comes("nobody reads", func(s fastmcp.Stats) bool { return s.Streams == 0 })
	notify(t, c.session(), "", room+1, 2*room) // the log had only what was read
	if n := l.app.Stats().Dropped; n != 0 {
		t.Errorf("%d were dropped that were read", n)
	}
	notify(t, c.session(), "", 2*room+1, 2*room+1)
	if n := l.app.Stats().Dropped; n != 1 {
		t.Errorf("%d were dropped, want 1", n)
	}
	c.listen("").expect("", room+2, 2*room+1)
	if n := l.app.Stats().Dropped; n != 1 {
		t.Errorf("%d were dropped once they were read, want 1", n)
	}
}

func TestStatsOfDroppedNotifications(t *testing.T) {
	const room = 4
	begun, gate := make(chan struct{}, 1), make(chan struct{})
	var once sync.Once
	app, l := newApp(t, fastmcp.Config{
		Sessions: fastmcp.SessionConfig{MaxEvents: room},
		On: fastmcp.Events{Notified: func(*fastmcp.Session, fastmcp.Notification) {
			once.Do(func() { begun <- struct{}{} })
			<-gate
		}},
	})
	s := serve(t, app, l)
	c := s.openWith("2025-11-25", allCapabilities)
	c.tell("notifications/x", "")
	<-begun
	for range room {
		c.tell("notifications/x", "")
	}
	if st := app.Stats(); st.Dropped != 0 || st.Running != 1+room {
		t.Errorf("at the bound: %+v", st)
	}
	c.tell("notifications/x", "")
	c.tell("notifications/x", "")
	if st := app.Stats(); st.Dropped != 2 {
		t.Errorf("behind the bound: %+v", st)
	}
	close(gate)
	s.comes("all have been told", func(s fastmcp.Stats) bool { return s.Running == 0 })
}

// Of a log that nodes share it shows when the client comes back.
func TestStatsOfEventsDroppedByASharedLog(t *testing.T) {
	n := newNodes()
	s := n.serve(t, fastmcp.Config{}, func(app *fastmcp.App) { app.AddTool(addTool) })
	c := s.open("2025-11-25")
	const sent = 5000 // more than a log of store.Memory has
	notify(t, c.session(), "", 1, sent)
	if n := s.app.Stats().Dropped; n != 0 {
		t.Errorf("%d were dropped before anybody knows", n)
	}
	first := c.listen("").message().number(t).N
	if first == 1 {
		t.Fatal("the log had all")
	}
	if n := s.app.Stats().Dropped; n != int64(first-1) {
		t.Errorf("%d were dropped, want %d", n, first-1)
	}
}

func TestStatsOfStorage(t *testing.T) {
	keys := [][]byte{bytes.Repeat([]byte{7}, 32)}
	for _, c := range []struct {
		config fastmcp.Config
		want   fastmcp.StorageStats
	}{
		{fastmcp.Config{}, fastmcp.StorageStats{Mode: "memory"}},
		{fastmcp.Config{Storage: &mapped{values: map[string][]byte{}}, Keys: keys}, fastmcp.StorageStats{Mode: "storage", Filled: []string{"Atomic", "Log", "Bus", "Index"}}},
		{fastmcp.Config{Storage: newNodes(), Keys: keys}, fastmcp.StorageStats{Mode: "shared", Shared: true}},
	} {
		app, _ := newApp(t, c.config)
		if got := app.Stats().Storage; fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%+v, want %+v", got, c.want)
		}
		if s := app.Stats().Storage; len(s.Filled) > 0 {
			s.Filled[0] = "changed"
			if app.Stats().Storage.Filled[0] == "changed" {
				t.Error("Filled is the App's own")
			}
		}
		if err := app.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestStatsOfTasks(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	l.app.AddTool(fastmcp.Tool{Name: "long", Task: fastmcp.TaskRequired, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		l.begun <- struct{}{}
		<-l.letGo
		return "done", nil
	})})
	c := l.open("2025-11-25")
	a := c.send("tools/call", `"name":"long","arguments":{},"task":{}`)
	l.hasBegun()
	if s := l.app.Stats(); s.Tasks != 1 || s.Running != 0 || s.Calls != 0 {
		t.Errorf("%+v (%s)", s, a.body)
	}
	l.letGo <- struct{}{}
	l.comes("the task is over", func(s fastmcp.Stats) bool { return s.Tasks == 0 && s.Calls == 1 && s.Errors == 0 })
}

// Stats may be asked while everything happens; the race detector looks.
func TestStatsFromAnyGoroutine(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			c := l.open("2025-11-25")
			for range 20 {
				if a := c.call("add", `{"a":1,"b":2}`); !strings.Contains(a.body, "3") {
					t.Error(a.body)
				}
				if s := l.app.Stats(); s.Calls < 1 || s.Running < 0 {
					t.Errorf("%+v", s)
				}
			}
		})
	}
	all.Wait()
	if s := l.app.Stats(); s.Calls != 80 || s.Running != 0 {
		t.Errorf("%+v", s)
	}
}

// Once the App has been shut down nothing runs, and that can be asked, too.
func TestStatsAfterShutdown(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	c := l.open("2025-11-25")
	c.call("add", `{"a":1,"b":2}`)
	if err := l.app.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := l.app.Stats(); s.Running != 0 || s.Sessions != 0 || s.Streams != 0 || s.Calls != 1 || !s.Draining {
		t.Errorf("%+v", s)
	}
}

func BenchmarkStats(b *testing.B) {
	app, _ := newApp(b, fastmcp.Config{})
	b.ReportAllocs()
	for b.Loop() {
		app.Stats()
	}
}
