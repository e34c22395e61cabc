package fastmcp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

func TestSessionPings(t *testing.T) {
	s := outside(t, fastmcp.Config{})
	for _, revision := range revisions {
		c := s.openWith(revision, `{}`) // it can be asked nothing, and has not said notifications/initialized
		st, session := c.listen(""), c.session()
		begun := time.Now()
		done := asking(func() (string, error) {
			d, err := session.Ping(t.Context())
			if d <= 0 || d > time.Since(begun) {
				t.Errorf("%s: it took %s", revision, d)
			}
			return "", err
		})
		c.reply(st.question("ping").ID, `"result":{}`)
		if a := result(t, done); a.err != nil {
			t.Errorf("%s: %v", revision, a.err)
		}
	}
}

func TestSessionPingTimeout(t *testing.T) {
	c := outside(t, fastmcp.Config{Ping: fastmcp.PingConfig{Timeout: 30 * time.Millisecond}}).open("2025-11-25")
	st, session := c.listen(""), c.session()
	done := asking(func() (string, error) { _, err := session.Ping(t.Context()); return "", err })
	q := st.question("ping")
	st.cancelled(q, "")
	if a := result(t, done); !errors.Is(a.err, fastmcp.ErrNoAnswer) || !strings.Contains(a.err.Error(), "30ms") {
		t.Error(a.err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done = asking(func() (string, error) { _, err := session.Ping(ctx); return "", err })
	st.question("ping")
	cancel()
	if a := result(t, done); !errors.Is(a.err, context.Canceled) {
		t.Error(a.err)
	}
	done = asking(func() (string, error) { _, err := session.Ping(t.Context()); return "", err })
	for m := st.message(); ; m = st.message() {
		if m.Method == "ping" {
			c.reply(m.ID, `"error":{"code":-32601,"message":"what?"}`)
			break
		}
	}
	if a := result(t, done); a.err == nil || !strings.Contains(a.err.Error(), "what?") {
		t.Error(a.err)
	}
	_, err := doingNothing(t).session().Ping(t.Context())
	if !errors.Is(err, fastmcp.ErrNoStream) {
		t.Error(err)
	}
}

// doingNothing is a client without a stream.
func doingNothing(t *testing.T) *client { return outside(t, fastmcp.Config{}).open("2025-11-25") }

// pinging is how the tests ping: often.
func pinging(misses int) fastmcp.Config {
	return fastmcp.Config{Ping: fastmcp.PingConfig{Interval: 20 * time.Millisecond, Timeout: 20 * time.Millisecond, Misses: misses}}
}

// TestPingEndsWhoDoesNotAnswer: the session ends after as many pings as it may miss, and what it left running is cancelled.
func TestPingEndsWhoDoesNotAnswer(t *testing.T) {
	config := pinging(3)
	ended := make(chan string, 1)
	config.On.Disconnect = func(s *fastmcp.Session) { ended <- s.ID() }
	app, l := newApp(t, config)
	begun, cancelled := make(chan struct{}), make(chan struct{})
	app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Do(func(c *fastmcp.Context, _ struct{}) error {
		close(begun)
		<-c.Done()
		close(cancelled)
		return c.Err()
	})})
	s := serve(t, app, l)
	c := s.open("2025-11-25")
	over := make(chan struct{})
	go func() {
		defer close(over)
		c.call("t", `{}`)
	}()
	<-begun
	st := c.listen("")
	pings := 0
	for m := range st.events {
		if m.Method == "ping" {
			pings++
		}
	}
	if id := <-ended; id != c.id || pings != 3 {
		t.Errorf("%s ended after %d pings", id, pings)
	}
	<-cancelled
	<-over
	if log := l.String(); !strings.Contains(log, "answers no pings") || strings.Contains(log, c.id) {
		t.Error(log)
	}
	if a := c.send("ping", ""); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestPingKeepsWhoAnswers keeps sessions for many times what it takes to end one: of a client that answers, of one that
// says other things, and of one that has no stream.
func TestPingKeepsWhoAnswers(t *testing.T) {
	config := pinging(3)
	config.Ping.Timeout = 400 * time.Millisecond // a busy machine is no client that has gone
	app, l := newApp(t, config)
	s := serve(t, app, l)
	answers, talks, away := s.open("2025-11-25"), s.open("2025-03-26"), s.open("2025-11-25")
	st, other := answers.listen(""), talks.listen("")
	pings, over := 0, time.After(3*400*time.Millisecond+time.Second)
	for talking := true; talking; {
		select {
		case m := <-st.events:
			if m.Method == "ping" {
				pings++
				answers.reply(m.ID, `"result":{}`)
			}
		case <-time.After(10 * time.Millisecond):
			talks.send("ping", "")
		case <-over:
			talking = false
		}
	}
	if pings < 3 {
		t.Errorf("there were %d pings", pings)
	}
	for _, c := range []*client{answers, talks, away} {
		if c.session() == nil {
			t.Error("a session was ended")
		}
	}
	if strings.Contains(l.String(), "answers no pings") {
		t.Error(l.String())
	}
	for len(other.events) > 0 {
		if m := <-other.events; m.Method != "ping" && m.Method != "" {
			t.Errorf("%+v", m)
		}
	}
}

// TestPingOverSSE: the connection ends with the session of who does not answer.
func TestPingOverSSE(t *testing.T) {
	c := outside(t, pinging(2)).sse("/sse")
	c.ask(0, "initialize", `"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"test","version":"1"}`)
	pings := 0
	for _, e := range c.ended() {
		if strings.Contains(e.data, `"method":"ping"`) {
			pings++
		}
	}
	if pings != 2 {
		t.Errorf("%d pings", pings)
	}
}

// TestNoPingsUnlessWanted: the default is none.
func TestNoPingsUnlessWanted(t *testing.T) {
	for _, config := range []fastmcp.Config{{}, {Ping: fastmcp.PingConfig{Interval: -1}}} {
		config.HTTP.Heartbeat = 5 * time.Millisecond
		c := outside(t, config).open("2025-11-25")
		st := c.listen("")
		for range 10 { // comments only
			if m := <-st.events; m.Method != "" || m.ID != nil {
				t.Errorf("%+v", m)
			}
		}
	}
}

// TestPingOfManySessions: one look-out pings all, and each by its own answers.
func TestPingOfManySessions(t *testing.T) {
	app, l := newApp(t, pinging(1000))
	s := serve(t, app, l)
	ids := map[string]bool{}
	for i := range 5 {
		c := s.open("2025-11-25")
		st := c.listen("")
		for range 3 {
			q := st.question("ping")
			ids[c.id+string(q.ID)] = true
			c.reply(q.ID, fmt.Sprintf(`"result":{"n":%d}`, i))
		}
	}
	if len(ids) != 15 {
		t.Errorf("two pings had one id: %v", ids)
	}
}
