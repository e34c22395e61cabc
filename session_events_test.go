package fastmcp_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// heard is what Events have told, in order.
type heard chan string

func (h heard) next(t testing.TB) string {
	t.Helper()
	select {
	case what := <-h:
		return what
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was told in 10 s")
	}
	return ""
}

// nothing makes sure that nothing else was told of a client: what it says last is told next.
func (h heard) nothing(t testing.TB, c *client, mark string) {
	t.Helper()
	c.tell("notifications/mark", `"mark":"`+mark+`"`)
	if got, want := h.next(t), "notified "+c.id+` notifications/mark {"mark":"`+mark+`"}`; got != want {
		t.Errorf("%s was told, not %s", got, want)
	}
}

func (h heard) events() fastmcp.Events {
	return fastmcp.Events{
		Initialized:  func(s *fastmcp.Session) { h <- "initialized " + s.ID() },
		RootsChanged: func(s *fastmcp.Session) { h <- "roots " + s.ID() },
		Cancelled: func(s *fastmcp.Session, c fastmcp.Cancellation) {
			h <- fmt.Sprint("cancelled ", s.ID(), " ", string(c.RequestID), " ", c.Reason, " ", c.Running)
		},
		Notified: func(s *fastmcp.Session, n fastmcp.Notification) {
			if n.Method == "notifications/mark" || n.Method == "notifications/tasks/status" {
				h <- fmt.Sprint("notified ", s.ID(), " ", n.Method, " ", string(n.Params))
			}
		},
	}
}

func TestEventsOfNotifications(t *testing.T) {
	for _, revision := range revisions {
		h := make(heard, 64)
		app, l := newApp(t, fastmcp.Config{On: h.events()})
		waits := make(chan struct{}, 1)
		app.AddTool(fastmcp.Tool{Name: "waits", Handler: fastmcp.Do(func(c *fastmcp.Context, _ struct{}) error {
			waits <- struct{}{}
			<-c.Done()
			return c.Err()
		})})
		s := serve(t, app, l)
		c := s.openWith(revision, allCapabilities)
		h.nothing(t, c, "before")
		c.tell("notifications/initialized", "")
		c.tell("notifications/initialized", "") // is told once
		c.tell("notifications/roots/list_changed", "")
		done := make(chan answer, 1)
		go func() { done <- c.call("waits", `{}`) }()
		<-waits
		c.tell("notifications/cancelled", `"requestId":1,"reason":"late"`)
		<-done
		c.tell("notifications/cancelled", `"requestId":"x<1>"`)
		c.tell("notifications/cancelled", `"reason":"whatever"`) // names nothing
		c.tell("notifications/tasks/status", `"taskId":"t"`)
		for _, want := range []string{
			"initialized " + c.id, "roots " + c.id, "cancelled " + c.id + " 1 late true", "cancelled " + c.id + ` "x<1>"  false`,
			"notified " + c.id + ` notifications/tasks/status {"taskId":"t"}`,
		} {
			if got := h.next(t); got != want {
				t.Errorf("%s: %s was told, not %s", revision, got, want)
			}
		}
		h.nothing(t, c, "after")
	}
}

// TestRootsAreAskedWhenTheyChange is what RootsChanged is for. The notification is answered before the client is.
func TestRootsAreAskedWhenTheyChange(t *testing.T) {
	told := make(chan string, 8)
	app, l := newApp(t, fastmcp.Config{On: fastmcp.Events{RootsChanged: func(s *fastmcp.Session) {
		roots, err := s.Roots(context.Background())
		told <- fmt.Sprint(roots, err)
	}}})
	c := serve(t, app, l).ready("2025-06-18")
	st := c.listen("")
	for i := range 3 {
		c.tell("notifications/roots/list_changed", "") // returns
		c.reply(st.question("roots/list").ID, fmt.Sprintf(`"result":{"roots":[{"uri":"file:///%d"}]}`, i))
		if got, want := <-told, fmt.Sprintf("[{file:///%d }] <nil>", i); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

// TestReachable hears once of each session that can be asked, in whatever order that came about.
func TestReachable(t *testing.T) {
	h := make(heard, 8)
	app, l := newApp(t, fastmcp.Config{On: fastmcp.Events{Reachable: func(s *fastmcp.Session) {
		_, err := s.Roots(context.Background())
		h <- fmt.Sprint("reachable ", s.ID(), " ", err)
	}}})
	s := serve(t, app, l)
	answer := func(c *client, st *stream) {
		t.Helper()
		c.reply(st.question("roots/list").ID, `"result":{"roots":[]}`)
		if got := h.next(t); got != "reachable "+c.id+" <nil>" {
			t.Error(got)
		}
	}
	first := s.openWith("2025-11-25", allCapabilities)
	st := first.listen("")
	first.tell("notifications/initialized", "")
	answer(first, st)
	second := s.openWith("2025-03-26", allCapabilities)
	second.tell("notifications/initialized", "")
	st = second.listen("")
	answer(second, st)
	st.close()
	second.listen("") // again
	first.tell("notifications/initialized", "")
	third := s.ready("2025-06-18")
	answer(third, third.listen("")) // nothing was told in between
}

// TestRootsChangedCoalesces changes roots faster than they can be asked for.
func TestRootsChangedCoalesces(t *testing.T) {
	var told atomic.Int64
	begun, gate := make(chan struct{}, 1), make(chan struct{})
	app, l := newApp(t, fastmcp.Config{On: fastmcp.Events{RootsChanged: func(*fastmcp.Session) {
		if told.Add(1) == 1 {
			begun <- struct{}{}
			<-gate
		}
	}}})
	c := serve(t, app, l).ready("2025-11-25")
	c.tell("notifications/roots/list_changed", "")
	<-begun
	for range 100 { // more than wait for a session at most
		c.tell("notifications/roots/list_changed", "")
	}
	if strings.Contains(l.String(), "events can take") {
		t.Error("changes that are one were lost")
	}
	close(gate)
	within(t, 5*time.Second, "the changes are told", func() bool { return told.Load() == 2 })
	c.tell("notifications/roots/list_changed", "")
	within(t, 5*time.Second, "the next is told", func() bool { return told.Load() == 3 })
}

// TestEventsOfAFlood tells more than there is room for: what is too much is lost and logged, and nothing else suffers.
func TestEventsOfAFlood(t *testing.T) {
	const room, size = 6, 1 << 10
	var told atomic.Int64
	begun, gate := make(chan struct{}, 1), make(chan struct{})
	bounds := fastmcp.SessionConfig{MaxEvents: room, EventBytes: size}
	app, l := newApp(t, fastmcp.Config{Sessions: bounds, On: fastmcp.Events{Notified: func(*fastmcp.Session, fastmcp.Notification) {
		if told.Add(1) == 1 {
			begun <- struct{}{}
			<-gate
		}
	}}})
	app.AddTool(addTool)
	s := serve(t, app, l)
	c := s.openWith("2025-11-25", allCapabilities)
	c.tell("notifications/x", "")
	<-begun
	c.tell("notifications/x", `"x":"`+strings.Repeat("x", size)+`"`) // never fits
	for range 10 * room {
		c.tell("notifications/x", "")
	}
	if n := strings.Count(l.String(), "tells more than its events can take"); n != 1 {
		t.Errorf("that events are lost was logged %d times", n)
	}
	if r := c.call("add", `{"a":1,"b":2}`).message(t).tool(t); r.IsError {
		t.Errorf("%+v", r)
	}
	close(gate)
	within(t, 5*time.Second, "the others are told", func() bool { return told.Load() == 1+room })
	c.tell("notifications/x", "")
	within(t, 5*time.Second, "there is room again", func() bool { return told.Load() == 2+room })
	if strings.Contains(l.String(), c.id) {
		t.Error("the log has the session's id")
	}
}

func TestEventsThatPanic(t *testing.T) {
	h := make(heard, 8)
	app, l := newApp(t, fastmcp.Config{On: fastmcp.Events{
		RootsChanged: func(*fastmcp.Session) { panic("roots broke") },
		Initialized:  func(s *fastmcp.Session) { h <- "initialized" },
	}})
	c := serve(t, app, l).openWith("2025-11-25", allCapabilities)
	c.tell("notifications/roots/list_changed", "")
	c.tell("notifications/initialized", "")
	if h.next(t) != "initialized" || !strings.Contains(l.String(), "Events.RootsChanged failed") || !strings.Contains(l.String(), "roots broke") {
		t.Error(l.String())
	}
}

// TestShutdownWaitsForEvents stops while an event is being told: it ends first, and what it asks ends at once.
func TestShutdownWaitsForEvents(t *testing.T) {
	begun, gate := make(chan struct{}), make(chan struct{})
	var over atomic.Bool
	app, l := newApp(t, fastmcp.Config{On: fastmcp.Events{RootsChanged: func(s *fastmcp.Session) {
		close(begun)
		_, _ = s.Roots(context.Background())
		<-gate
		over.Store(true)
	}}})
	s := serve(t, app, l)
	c := s.ready("2025-11-25")
	st := c.listen("")
	c.tell("notifications/roots/list_changed", "")
	<-begun
	st.question("roots/list")
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped <- app.Shutdown(ctx)
	}()
	close(gate)
	if err := <-stopped; err != nil || !over.Load() {
		t.Error(err, over.Load())
	}
}

// TestNoRoots turns them off: nobody is asked, in any revision, and the model is told why.
func TestNoRoots(t *testing.T) {
	h := make(heard, 8)
	s := doing(t, fastmcp.Config{NoRoots: true, On: h.events()}, func(c *fastmcp.Context) (any, error) { return c.Roots() })
	for revision, a := range map[string]answer{
		"2024-11-05": s.openWith("2024-11-05", allCapabilities).call("t", `{}`), "2025-11-25": s.openWith("2025-11-25", allCapabilities).call("t", `{}`),
		"2026-07-28": s.round(nil, "t", `{}`, allCapabilities, ""),
	} {
		if all := a.messages(t); len(all) != 1 || !all[0].tool(t).IsError || !strings.Contains(all[0].tool(t).text(), "the server does not ask for roots (Config.NoRoots)") {
			t.Errorf("%s: %d %s", revision, a.status, a.body)
		}
	}
	c := s.openWith("2025-11-25", allCapabilities)
	c.tell("notifications/roots/list_changed", "")
	h.nothing(t, c, "of roots")
	if _, err := c.session().Roots(t.Context()); err == nil || !strings.Contains(err.Error(), "Config.NoRoots") {
		t.Error(err)
	}
}
