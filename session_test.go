package fastmcp_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// living is a server whose tools show what becomes of sessions, streams and calls.
type living struct {
	*server
	begun chan struct{} // a "hold" has begun
	letGo chan struct{} // closed or sent to: a "hold" ends
	ended chan error    // what a "hold" has seen of its Context
	gone  chan string   // sessions that have ended
}

type noteInput struct {
	From int    `json:"from"`
	To   int    `json:"to"`
	Size int    `json:"size"`
	Key  string `json:"key"`
}

type note struct {
	N   int    `json:"n"`
	Key string `json:"key,omitempty"`
	Pad string `json:"pad,omitempty"`
}

const noteMethod = "notifications/test"

func newLiving(t testing.TB, config fastmcp.Config) *living {
	t.Helper()
	l := livingApp(t, config)
	l.server = serve(t, l.app, l.log)
	return l
}

// livingApp is one that is not served yet.
func livingApp(t testing.TB, config fastmcp.Config) *living {
	t.Helper()
	l := &living{begun: make(chan struct{}, 64), letGo: make(chan struct{}, 64), ended: make(chan error, 64), gone: make(chan string, 4096)}
	config.On.Disconnect = func(s *fastmcp.Session) { l.gone <- s.ID() }
	app, log := newApp(t, config)
	l.server = &server{t: t, app: app, log: log}
	app.AddTool(addTool)
	app.AddTool(fastmcp.Tool{Name: "hold", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		l.begun <- struct{}{}
		select {
		case <-l.letGo:
			l.ended <- nil
			return "held", nil
		case <-c.Done():
			l.ended <- c.Err()
			return "", c.Err()
		case <-time.After(20 * time.Second):
			return "", errors.New("nobody let it go")
		}
	})})
	app.AddTool(fastmcp.Tool{Name: "notes", Handler: fastmcp.Typed(sendNotes)})
	// tell sends notes, waits to be let go, sends the same number again.
	app.AddTool(fastmcp.Tool{Name: "tell", Handler: fastmcp.Typed(func(c *fastmcp.Context, in noteInput) (string, error) {
		if _, err := sendNotes(c, in); err != nil {
			return "", err
		}
		l.begun <- struct{}{}
		<-l.letGo
		n := in.To - in.From + 1
		in.From, in.To = in.From+n, in.To+n
		return sendNotes(c, in)
	})})
	app.AddTool(fastmcp.Tool{Name: "suspend", Handler: fastmcp.Typed(func(c *fastmcp.Context, in noteInput) (string, error) {
		err := c.Suspend(1234 * time.Millisecond)
		if err != nil {
			return "cannot: " + err.Error(), nil
		}
		l.begun <- struct{}{}
		<-l.letGo
		return sendNotes(c, in)
	})})
	app.AddTool(fastmcp.Tool{Name: "count", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		return "", c.Session().Update(c, "n", func(old []byte) ([]byte, error) {
			n, _ := strconv.Atoi(string(old))
			return strconv.AppendInt(nil, int64(n+1), 10), nil
		})
	})})
	return l
}

func sendNotes(c *fastmcp.Context, in noteInput) (string, error) {
	for n := in.From; n <= in.To; n++ {
		if err := c.Notify(noteMethod, note{n, in.Key, strings.Repeat("x", in.Size)}); err != nil {
			return "", err
		}
	}
	return "told", nil
}

// initialize asks for a session and gives whatever comes back.
func (l *living) initialize(h headers) answer {
	l.t.Helper()
	return l.do("POST", h, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"sampling":{}},"clientInfo":{"name":"test","version":"1"}}}`)
}

func (c *client) alive() bool { return c.send("ping", "").status == 200 }

// start calls a tool on another goroutine, and waits until it has begun.
func (l *living) start(call func() answer) chan answer {
	l.t.Helper()
	done := make(chan answer, 1)
	go func() { done <- call() }()
	l.hasBegun()
	return done
}

func (l *living) hasBegun() {
	l.t.Helper()
	select {
	case <-l.begun:
	case <-time.After(5 * time.Second):
		l.t.Fatal("the call has not begun")
	}
}

// cancelled waits until a "hold" has seen that it is.
func (l *living) cancelled() {
	l.t.Helper()
	select {
	case err := <-l.ended:
		if !errors.Is(err, context.Canceled) {
			l.t.Errorf("the Context said %v", err)
		}
	case <-time.After(5 * time.Second):
		l.t.Error("the Context was not cancelled")
	}
}

func receive[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(5 * time.Second):
		t.Fatal("not in 5 s: " + what)
	}
	return v
}

func TestSessionIDsCannotBeGuessed(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	seen := map[string]bool{}
	for range 30 {
		c := l.open("2025-06-18")
		raw, err := base64.RawURLEncoding.DecodeString(c.id)
		if err != nil || len(raw)*8 < 128 || seen[c.id] {
			t.Fatalf("id %q: %v", c.id, err)
		}
		seen[c.id] = true
		s := l.app.Session(c.id)
		if s == nil || s.ID() != c.id || s.Revision().String() != "2025-06-18" || s.Client().Name != "test" || s.Principal() != nil || time.Since(s.Created()) > time.Minute {
			t.Fatalf("%q: %+v", c.id, s)
		}
	}
	if n := len(l.app.Sessions()); n != 30 || l.app.Session("none") != nil || l.app.Session("") != nil {
		t.Errorf("%d sessions", n)
	}
	if strings.Contains(l.log.String(), l.app.Sessions()[0].ID()) {
		t.Error("the log has an id")
	}
}

func tokens(t testing.TB, m map[string]auth.Principal) auth.Provider {
	t.Helper()
	return auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(m)}})
}

func bearer(token string) headers { return headers{"Authorization": "Bearer " + token} }

const aliceToken, bobToken = "alice-0123456789abcdef", "bob-0123456789abcdef"

func aliceAndBob(t testing.TB) auth.Provider {
	return tokens(t, map[string]auth.Principal{aliceToken: {Subject: "alice"}, bobToken: {Subject: "bob"}})
}

func TestSessionBelongsToItsPrincipal(t *testing.T) {
	l := newLiving(t, fastmcp.Config{Auth: aliceAndBob(t)})
	alice := l.open("2025-11-25", bearer(aliceToken))
	bob := l.open("2025-11-25", bearer(bobToken))
	thief := &client{server: l.server, id: alice.id, revision: "2025-11-25", extra: bearer(bobToken)}
	for name, a := range map[string]answer{
		"call":   thief.call("add", `{"a":1,"b":1}`),
		"note":   l.do("POST", thief.headers(), `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`),
		"stream": l.do("GET", thief.headers(), ""),
		"replay": l.do("GET", thief.headers().plus("Last-Event-ID", "0.0"), ""),
		"end":    l.do("DELETE", thief.headers(), ""),
	} {
		if a.status != 404 {
			t.Errorf("%s by another: %d %s", name, a.status, a.body)
		}
	}
	nobody := &client{server: l.server, id: alice.id, revision: "2025-11-25"}
	if a := nobody.call("add", `{"a":1,"b":1}`); a.status != 401 {
		t.Errorf("by nobody: %d", a.status)
	}
	if !alice.alive() || !bob.alive() {
		t.Error("the owners have lost their sessions")
	}
	if p := l.app.Session(alice.id).Principal(); p == nil || p.Subject != "alice" {
		t.Errorf("%+v", p)
	}
}

// A full house loses the session that has been idle longest; one with a stream or a running call is not idle.
func TestFullHouse(t *testing.T) {
	for name, config := range map[string]fastmcp.Config{
		"Max":             {Sessions: fastmcp.SessionConfig{Max: 4}},
		"MaxPerIP":        {Sessions: fastmcp.SessionConfig{MaxPerIP: 4}},
		"MaxPerPrincipal": {Sessions: fastmcp.SessionConfig{MaxPerPrincipal: 4}, Auth: aliceAndBob(t)},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLiving(t, config)
			who := bearer(aliceToken)
			streams, calls := l.open("2025-06-18", who), l.open("2025-06-18", who)
			used, idle := l.open("2025-06-18", who), l.open("2025-06-18", who)
			stream := streams.listen("")
			done := l.start(func() answer { return calls.call("hold", `{}`) })
			if !used.alive() {
				t.Fatal("a session that is not over")
			}
			another := l.open("2025-06-18", who)
			if id := receive(t, "the end of a session", l.gone); id != idle.id {
				t.Error("not the one that has been idle longest had to go")
			}
			if idle.alive() || !used.alive() || !another.alive() {
				t.Error("the wrong ones are gone")
			}
			first, second := used.listen(""), another.listen("")
			a := l.initialize(who)
			if a.status != 503 || a.header.Get("Retry-After") == "" || a.header.Get("Mcp-Session-Id") != "" {
				t.Errorf("a full house: %d %v %s", a.status, a.header, a.body)
			}
			if name == "MaxPerPrincipal" {
				if !l.open("2025-06-18", bearer(bobToken)).alive() {
					t.Error("another principal found no room")
				}
			}
			first.close()
			within(t, 5*time.Second, "there is room again", func() bool { return l.initialize(who).status == 200 })
			l.letGo <- struct{}{}
			if a := receive(t, "the answer", done); a.message(t).tool(t).text() != "held" || !streams.alive() {
				t.Errorf("the call: %d %s", a.status, a.body)
			}
			stream.close()
			second.close()
		})
	}
}

func TestSessionsExpire(t *testing.T) {
	const ttl = 250 * time.Millisecond
	l := newLiving(t, fastmcp.Config{Sessions: fastmcp.SessionConfig{TTL: ttl}})
	idle, streams, calls := l.open("2025-06-18"), l.open("2025-11-25"), l.open("2025-03-26")
	stream := streams.listen("")
	done := l.start(func() answer { return calls.call("hold", `{}`) })
	begun := time.Now()
	if id := receive(t, "the end of a session", l.gone); id != idle.id {
		t.Error("not the idle one has expired")
	}
	if late := time.Since(begun); late > ttl+time.Second {
		t.Errorf("it has expired after %s", late)
	}
	within(t, 5*time.Second, "three times the TTL", func() bool { return time.Since(begun) > 3*ttl })
	if a := idle.call("add", `{"a":1,"b":1}`); a.status != 404 || l.app.Session(idle.id) != nil || len(l.app.Sessions()) != 2 {
		t.Errorf("an expired session: %d %s", a.status, a.body)
	}
	if err := l.app.Session(streams.id).Notify(noteMethod, note{N: 1}); err != nil || stream.message().Method != noteMethod {
		t.Errorf("an open stream is no use: %v", err)
	}
	l.letGo <- struct{}{}
	if a := receive(t, "the answer", done); a.message(t).tool(t).text() != "held" {
		t.Errorf("a running call is no use: %d %s", a.status, a.body)
	}
	stream.close()
	receive(t, "the end of a session", l.gone)
	receive(t, "the end of a session", l.gone)
}

func TestEndOfASession(t *testing.T) {
	l := newLiving(t, fastmcp.Config{StreamAfter: 20 * time.Millisecond})
	for name, end := range map[string]func(c *client){
		"DELETE": func(c *client) {
			if a := l.do("DELETE", c.headers(), ""); a.status != 204 && a.status != 200 {
				t.Errorf("DELETE: %d %s", a.status, a.body)
			}
		},
		"End": func(c *client) { l.app.Session(c.id).End() },
	} {
		c, other := l.open("2025-11-25"), l.open("2025-11-25")
		session := l.app.Session(c.id)
		stream := c.listen("")
		done := l.start(func() answer { return c.call("hold", `{}`) })
		end(c)
		stream.ended()
		l.cancelled()
		if a := receive(t, "the end of the call", done); len(a.body) > 0 && strings.Contains(a.body, `"result"`) {
			t.Errorf("%s: the call was answered: %s", name, a.body)
		}
		if id := receive(t, "the end of the session", l.gone); id != c.id {
			t.Errorf("%s: another session has ended", name)
		}
		for _, method := range []string{"GET", "DELETE"} {
			if a := l.do(method, c.headers().plus("Accept", "text/event-stream"), ""); a.status != 404 {
				t.Errorf("%s, then %s: %d %s", name, method, a.status, a.body)
			}
		}
		if a := c.call("add", `{"a":1,"b":1}`); a.status != 404 {
			t.Errorf("%s, then a call: %d %s", name, a.status, a.body)
		}
		if session.Notify(noteMethod, nil) == nil || session.Set(t.Context(), "k", nil) == nil || l.app.Session(c.id) != nil {
			t.Errorf("%s: the session goes on", name)
		}
		session.End() // a second time does nothing
		if !other.alive() || len(l.gone) != 0 {
			t.Errorf("%s: another session has ended too", name)
		}
	}
}

func TestSessionStateIsExact(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	c, other := l.open("2025-06-18"), l.open("2025-06-18")
	var calls sync.WaitGroup
	for i := range 50 {
		calls.Go(func() {
			a := l.do("POST", c.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"count","arguments":{}}}`, i))
			if a.status != 200 || strings.Contains(a.body, "isError") {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	calls.Wait()
	http.DefaultClient.CloseIdleConnections() // those that it has opened and not used would hold up the end by 5 s
	s, ctx := l.app.Session(c.id), t.Context()
	if v, ok, err := s.Get(ctx, "n"); string(v) != "50" || !ok || err != nil {
		t.Errorf("50 calls counted to %s, %v, %v", v, ok, err)
	}
	if _, ok, err := l.app.Session(other.id).Get(ctx, "n"); ok || err != nil {
		t.Errorf("another session has it too, %v", err)
	}
	if err := s.Delete(ctx, "n"); err != nil {
		t.Error(err)
	}
	if v, ok, _ := s.Get(ctx, "n"); ok {
		t.Errorf("%s was deleted", v)
	}
	refusal := errors.New("no")
	if err := s.Update(ctx, "n", func([]byte) ([]byte, error) { return nil, refusal }); !errors.Is(err, refusal) {
		t.Error(err)
	}
}

func TestSessionStateIsBounded(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	s, ctx := l.app.Session(l.open("2025-06-18").id), t.Context()
	if s.Set(ctx, "k", make([]byte, 64<<10)) == nil {
		t.Error("64 KiB and a key fitted in")
	}
	if err := s.Set(ctx, "k", make([]byte, 64<<10-1)); err != nil {
		t.Error(err)
	}
	if s.Set(ctx, "l", nil) == nil {
		t.Error("more than 64 KiB fitted in")
	}
	if err := s.Delete(ctx, "k"); err != nil {
		t.Error(err)
	}
	for i := range 256 {
		if err := s.Set(ctx, strconv.Itoa(i), []byte("v")); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	if s.Set(ctx, "one more", nil) == nil || s.Update(ctx, "one more", func([]byte) ([]byte, error) { return []byte("v"), nil }) == nil {
		t.Error("257 keys fitted in")
	}
	if err := s.Set(ctx, "0", []byte("w")); err != nil {
		t.Errorf("a key that is there: %v", err)
	}
}

func TestStatelessHasNoSessions(t *testing.T) {
	l := newLiving(t, fastmcp.Config{Stateless: true})
	var keeps atomic.Bool
	l.app.AddTool(fastmcp.Tool{Name: "state", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		_, ok, err := c.Session().Get(c, "k")
		keeps.Store(ok || err != nil || !errors.Is(c.Session().Set(c, "k", nil), fastmcp.ErrNoSession) || !errors.Is(c.Session().Notify("x", nil), fastmcp.ErrNoSession))
		return c.Session().ID() + c.Revision().String(), nil
	})})
	for _, revision := range revisions {
		c := l.open(revision)
		if c.id != "" {
			t.Fatalf("%s: a session %q", revision, c.id)
		}
		if r := c.call("add", `{"a":1,"b":2}`).message(t).tool(t); r.text() != `{"sum":3}` {
			t.Errorf("%s: %+v", revision, r)
		}
		if a := c.call("notes", `{"from":1,"to":3}`); len(a.messages(t)) != 4 || strings.Contains(a.body, "id: ") {
			t.Errorf("%s: %s", revision, a.body)
		}
		if r := c.call("state", `{}`).message(t).tool(t); keeps.Load() || r.text() != revision {
			t.Errorf("%s: %s", revision, r.text())
		}
		if a := c.send("logging/setLevel", `"level":"error"`); !c.alive() || a.status != 200 || a.message(t).Error != nil {
			t.Errorf("%s: ping or setLevel: %s", revision, a.body)
		}
		for _, method := range []string{"GET", "DELETE"} {
			if a := l.do(method, c.headers().plus("Accept", "text/event-stream"), ""); a.status != 405 || a.header.Get("Allow") != "POST" {
				t.Errorf("%s: %s: %d %v", revision, method, a.status, a.header)
			}
		}
		if a := c.call("suspend", `{}`); !strings.Contains(a.body, "cannot") {
			t.Errorf("%s: %s", revision, a.body)
		}
	}
	if len(l.app.Sessions()) != 0 {
		t.Error("there are sessions")
	}
}

// A stream ends when its caller's credentials do. The hub looks for those as often as for sessions that have expired:
// every 15 s, and with a short TTL more often.
func TestStreamEndsWithItsCredentials(t *testing.T) {
	expires := time.Now().Add(1500 * time.Millisecond)
	l := newLiving(t, fastmcp.Config{
		Auth:     tokens(t, map[string]auth.Principal{aliceToken: {Subject: "alice", ExpiresAt: expires}, bobToken: {Subject: "bob"}}),
		Sessions: fastmcp.SessionConfig{TTL: 800 * time.Millisecond},
	})
	alice, bob := l.open("2025-11-25", bearer(aliceToken)), l.open("2025-11-25", bearer(bobToken))
	goes, stays := alice.listen(""), bob.listen("")
	goes.ended()
	if late := time.Since(expires); late < 0 || late > time.Second {
		t.Errorf("it has ended %s after its credentials", late)
	}
	if a := alice.send("ping", ""); a.status != 401 {
		t.Errorf("after that: %d", a.status)
	}
	if err := l.app.Session(bob.id).Notify(noteMethod, note{N: 1}); err != nil || stays.message().Method != noteMethod {
		t.Error("another's stream has ended too")
	}
}
