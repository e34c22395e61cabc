package fastmcp_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// number is which note a message is.
func (m message) number(t testing.TB) (n note) {
	t.Helper()
	if m.Method != noteMethod {
		t.Fatalf("no note: %s %s %s", m.Method, m.Result, m.Params)
	}
	if err := json.Unmarshal(m.Params, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// expect reads the notes from first to last, each once and in order.
func (s *stream) expect(key string, first, last int) (id string) {
	s.t.Helper()
	for want := first; want <= last; want++ {
		m := s.message()
		if n := m.number(s.t); n.N != want || n.Key != key || m.event == "" {
			s.t.Fatalf("note %d of %q with id %q, want %d of %q", n.N, n.Key, m.event, want, key)
		}
		id = m.event
	}
	return id
}

// silent makes sure that a stream has nothing more, and returns when it is certain: a mark on it comes next.
func (s *stream) silent(mark *fastmcp.Session) (id string) {
	s.t.Helper()
	if err := mark.Notify("notifications/mark", nil); err != nil {
		s.t.Fatal(err)
	}
	m := s.message()
	if m.Method != "notifications/mark" {
		s.t.Fatalf("%s %s was not to come", m.Method, m.Params)
	}
	return m.event
}

func notify(t testing.TB, s *fastmcp.Session, key string, first, last int) {
	t.Helper()
	for n := first; n <= last; n++ {
		if err := s.Notify(noteMethod, note{N: n, Key: key}); err != nil {
			t.Error(err)
		}
	}
}

func (c *client) session() *fastmcp.Session { return c.app.Session(c.id) }

// stream calls a tool whose answer is a stream.
func (c *client) stream(tool, args string) *stream {
	c.t.Helper()
	c.next++
	return c.server.listen("POST", c.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, c.next, tool, args))
}

func TestStreamBeginsAtOnce(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	for _, revision := range revisions {
		begun := time.Now()
		s := l.open(revision).listen("")
		if d := time.Since(begun); d > 2*time.Second {
			t.Errorf("%s: the headers took %s", revision, d)
		}
		if !strings.Contains(s.header.Get("Cache-Control"), "no-cache") || !strings.Contains(s.header.Get("Cache-Control"), "no-transform") || s.header.Get("X-Accel-Buffering") != "no" {
			t.Errorf("%s: %v", revision, s.header)
		}
	}
}

func TestNotifyAndBroadcast(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	const sessions = 100
	clients, streams := make([]*client, sessions), make([]*stream, sessions)
	for i := range sessions {
		clients[i] = l.open(revisions[i%len(revisions)])
		streams[i] = clients[i].listen("")
	}
	late := l.open("2025-06-18") // has no stream yet
	for n := range 5 {
		if err := l.app.Broadcast(noteMethod, note{N: n + 1}); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range streams {
		s.expect("", 1, 5)
		notify(t, clients[i].session(), clients[i].id, 7, 7)
	}
	for i, s := range streams {
		s.expect(clients[i].id, 7, 7)
		s.silent(clients[i].session())
	}
	late.listen("").expect("", 1, 5)
	if l.app.Broadcast(noteMethod, []int{1}) == nil || l.app.Broadcast(noteMethod, func() {}) == nil {
		t.Error("parameters that are no object")
	}
}

func TestNewerStreamTakesOver(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	c := l.open("2025-11-25")
	for n := range 5 {
		older := c.listen("")
		older.silent(c.session())
		newer := c.listen("")
		older.ended()
		notify(t, c.session(), "", n, n)
		for m := newer.message(); m.Method == noteMethod && m.number(t).N != n || m.Method != noteMethod; m = newer.message() {
			// What was being written to the older one when the newer one came may come there, too, with its id.
			if m.Method != "notifications/mark" {
				t.Fatalf("%s %s", m.Method, m.Params)
			}
		}
		newer.silent(c.session())
		newer.close()
	}
}

// Whatever a client missed while it was away comes once and in order, while new events arrive.
func TestReplay(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	c := l.open("2025-06-18")
	s := c.listen("")
	const all = 200
	var sending sync.WaitGroup
	sending.Go(func() {
		for n := 1; n <= all; n++ {
			notify(t, c.session(), "", n, n)
			time.Sleep(time.Millisecond / 2) // so that the client breaks off in between
		}
	})
	last := ""
	for n := 1; n <= all; n++ {
		last = s.expect("", n, n)
		if n%40 == 0 {
			s.close()
			s = c.listen(last)
		}
	}
	sending.Wait()
	s.silent(c.session())
	c.listen("0.0").expect("", 1, all)
}

func TestReplayIsOfOneStream(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	a, b := l.open("2025-11-25"), l.open("2025-11-25")
	notify(t, a.session(), "a", 1, 3)
	for _, c := range []*client{a, b} {
		key := map[*client]string{a: "a's call", b: "b's call"}[c]
		if n := len(c.call("notes", fmt.Sprintf(`{"from":1,"to":3,"key":%q}`, key)).messages(t)); n != 4 {
			t.Fatalf("%d messages", n)
		}
	}
	own := a.listen("0.1")
	own.expect("a", 2, 3)
	own.silent(a.session())

	call := a.listen("1.1")
	call.expect("a's call", 2, 3)
	if m := call.message(); m.Result == nil || m.event != "1.4" {
		t.Errorf("%+v", m)
	}
	call.ended()
	b.listen("1.1").expect("b's call", 2, 3) // an id says nothing beyond its session

	a.call("notes", `{"from":1,"to":1,"key":"second"}`)
	for _, id := range []string{"2.0", "7.0", "0.1", "1.99", "1", "x", "1.-1", "1.01", "99999999999999999999.1", strings.Repeat("1", 1000) + ".1"} {
		if got := l.do("GET", b.headers().plus("Accept", "text/event-stream", "Last-Event-ID", id), ""); got.status != 400 || strings.Contains(got.body, "call") {
			t.Errorf("id %.20q of another session, or of none: %d %s", id, got.status, got.body)
		}
	}
}

func TestGapIsTold(t *testing.T) {
	l := newLiving(t, fastmcp.Config{Sessions: fastmcp.SessionConfig{LogEvents: 8}})
	c := l.open("2025-11-25")
	s := c.listen("")
	notify(t, c.session(), "", 1, 1)
	last := s.expect("", 1, 1)
	s.close()
	for n := range 50 { // until the server has seen that it is closed, one of these may go there
		notify(t, c.session(), "", n+2, n+2)
	}
	s = c.listen(last)
	changed := false
	for !changed {
		m := s.message()
		changed = m.Method == "notifications/prompts/list_changed" // the last of all lists
		if !strings.HasSuffix(m.Method, "/list_changed") && m.number(t).N < 43 {
			t.Errorf("note %d was lost, and has come", m.number(t).N)
		}
	}
	notify(t, c.session(), "", 99, 99)
	s.expect("", 99, 99)

	if n := len(c.call("notes", `{"from":1,"to":50}`).messages(t)); n != 51 {
		t.Errorf("%d messages on the stream of a call", n)
	}
	a := l.do("GET", c.headers().plus("Accept", "text/event-stream", "Last-Event-ID", "1.3"), "")
	if a.status != 409 || !strings.Contains(a.body, `"gap":true`) {
		t.Errorf("the stream of a call with a gap: %d %s", a.status, a.body)
	}
	if a := l.do("GET", c.headers().plus("Accept", "text/event-stream", "Last-Event-ID", "1.50"), ""); len(a.messages(t)) != 1 || a.message(t).Result == nil {
		t.Errorf("its end: %d %s", a.status, a.body)
	}
}

// events are the events of a whole stream, each as its lines.
func (a answer) events() []string {
	return strings.Split(strings.TrimSuffix(a.body, "\n\n"), "\n\n")
}

func TestEventIDsAndPriming(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	for _, revision := range revisions {
		events := l.open(revision).call("notes", `{"from":1,"to":2}`).events()
		if revision == "2025-11-25" {
			if events[0] != "id: 1.0\ndata: " {
				t.Errorf("%s begins with %q", revision, events[0])
			}
			events = events[1:]
		}
		if len(events) != 3 {
			t.Errorf("%s: %q", revision, events)
		}
		for i, e := range events {
			if !strings.HasPrefix(e, fmt.Sprintf("id: 1.%d\ndata: {", i+1)) || strings.Count(e, "\n") != 1 {
				t.Errorf("%s: event %d is %q", revision, i, e)
			}
		}
	}
	a := l.callStateless("notes", `{"from":1,"to":2}`)
	if strings.Contains(a.body, "id: ") || strings.Contains(a.body, "retry:") || len(a.events()) != 3 {
		t.Errorf("2026-07-28: %s", a.body)
	}
}

// A call whose connection broke goes on, and its client gets the rest by GET.
func TestBrokenCallIsTakenUp(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	for _, revision := range revisions {
		t.Run(revision, func(t *testing.T) {
			c := l.open(revision)
			s := c.stream("tell", `{"from":1,"to":20,"key":"k"}`)
			last := s.expect("k", 1, 10)
			l.hasBegun()
			s.close()
			s = c.listen(last) // while it runs
			l.letGo <- struct{}{}
			last = s.expect("k", 11, 30)
			s.close()
			s = c.listen(last)
			s.expect("k", 31, 40)
			if r := s.message().tool(t); r.text() != "told" {
				t.Errorf("%+v", r)
			}
			s.ended()

			s = c.stream("tell", `{"from":1,"to":20,"key":"l"}`)
			last = s.expect("l", 1, 7)
			l.hasBegun()
			s.close()
			l.letGo <- struct{}{}
			id := strings.Split(last, ".")[0]
			for range 2 { // after it has finished, and once more
				within(t, 5*time.Second, "the call is over", func() bool {
					a := l.do("GET", c.headers().plus("Accept", "text/event-stream", "Last-Event-ID", id+".39"), "")
					return strings.Contains(a.body, "told")
				})
				s = c.listen(last)
				s.expect("l", 8, 40)
				end := s.message()
				if r := end.tool(t); r.text() != "told" {
					t.Errorf("%+v", r)
				}
				s.ended()
				if a := l.do("GET", c.headers().plus("Accept", "text/event-stream", "Last-Event-ID", end.event), ""); a.status != 200 || len(a.messages(t)) != 0 {
					t.Errorf("after the last event: %d %s", a.status, a.body)
				}
			}
		})
	}
}

func TestSuspend(t *testing.T) {
	l := newLiving(t, fastmcp.Config{StreamAfter: time.Minute})
	c := l.open("2025-11-25")
	done := make(chan answer, 1)
	go func() { done <- c.call("suspend", `{"from":1,"to":3}`) }()
	a := receive(t, "the end of the connection", done)
	if a.body != "id: 1.0\ndata: \n\nretry: 1234\n\n" {
		t.Errorf("suspended with %q", a.body)
	}
	l.hasBegun()
	s := c.listen("1.0")
	l.letGo <- struct{}{}
	s.expect("", 1, 3)
	if r := s.message().tool(t); r.text() != "told" {
		t.Errorf("%+v", r)
	}
	s.ended()

	go func() { done <- c.call("suspend", `{"from":1,"to":3}`) }()
	receive(t, "the end of the connection", done)
	l.hasBegun()
	l.letGo <- struct{}{} // nobody is there when it ends
	within(t, 5*time.Second, "the result can be fetched", func() bool { return c.listen("2.3").message().tool(t).text() == "told" })

	for _, revision := range revisions[:3] {
		if a := l.open(revision).call("suspend", `{}`); !strings.Contains(a.body, "cannot") {
			t.Errorf("%s: %s", revision, a.body)
		}
	}
	if a := l.callStateless("suspend", `{}`); !strings.Contains(a.body, "cannot") {
		t.Errorf("2026-07-28: %s", a.body)
	}
}

func isStream(a answer) bool {
	return strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream")
}

func TestStreamAfter(t *testing.T) {
	l := newLiving(t, fastmcp.Config{StreamAfter: 50 * time.Millisecond})
	l.app.AddTool(fastmcp.Tool{Name: "long", Handler: fastmcp.Typed(func(c *fastmcp.Context, _ addInput) (string, error) {
		time.Sleep(200 * time.Millisecond)
		return "at last", nil
	})})
	call := func(revision, tool, accept string) answer {
		h, body := statelessHeaders("tools/call", tool), stateless(1, "tools/call", fmt.Sprintf(`"name":%q,"arguments":{"a":1,"b":2}`, tool), "")
		if revision != "2026-07-28" {
			h = l.open(revision).headers()
			body = fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":{"a":1,"b":2}}}`, tool)
		}
		h["Accept"] = accept
		return l.do("POST", h, body)
	}
	const both = "application/json, text/event-stream"
	for _, revision := range append(slices.Clone(revisions), "2026-07-28") {
		if a := call(revision, "long", both); !isStream(a) || a.message(t).tool(t).text() != "at last" {
			t.Errorf("%s: a silent call: %v %s", revision, a.header, a.body)
		}
		if a := call(revision, "add", both); isStream(a) || a.message(t).tool(t).text() != `{"sum":3}` {
			t.Errorf("%s: a quick call: %v %s", revision, a.header, a.body)
		}
		for _, tool := range []string{"long", "add"} {
			if a := call(revision, tool, "application/json"); a.status != 200 || isStream(a) || a.message(t).tool(t).IsError {
				t.Errorf("%s: %s for a client that reads JSON only: %v %s", revision, tool, a.header, a.body)
			}
		}
	}
}

func TestHeartbeat(t *testing.T) {
	config := fastmcp.Config{StreamAfter: 20 * time.Millisecond, HTTP: fastmcp.HTTPConfig{Heartbeat: 50 * time.Millisecond}}
	l := newLiving(t, config)
	// beats lets a call run for a while, and counts the comments of its stream and of a GET beside it.
	beats := func(l *living, revision string) (post, get int) {
		c := &client{server: l.server}
		call := func() answer { return l.callStateless("hold", `{}`) }
		if revision != "2026-07-28" {
			c = l.open(revision)
			call = func() answer { return c.call("hold", `{}`) }
			s := c.listen("")
			defer func() {
				within(t, 5*time.Second, "the stream is there", func() bool { s.silent(c.session()); return true })
				s.close()
			}()
			defer func() { get = len(s.events) }()
		}
		done := l.start(call)
		time.Sleep(300 * time.Millisecond)
		l.letGo <- struct{}{}
		a := receive(t, "the answer", done)
		return strings.Count(a.body, ": \n\n"), 0
	}
	for _, revision := range []string{"2025-03-26", "2025-11-25", "2026-07-28"} {
		post, get := beats(l, revision)
		if post < 2 || post > 10 || revision != "2026-07-28" && (get < 2 || get > 10) {
			t.Errorf("%s: %d and %d heartbeats in 300 ms", revision, post, get)
		}
	}
	config.HTTP.Heartbeat = -1
	l = newLiving(t, config)
	for _, revision := range []string{"2025-06-18", "2026-07-28"} {
		// The comment that makes a silent call a stream is no heartbeat.
		if post, get := beats(l, revision); post > 1 || get > 1 {
			t.Errorf("%s: %d and %d heartbeats, and none were wanted", revision, post, get)
		}
	}
}
