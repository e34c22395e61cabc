package fastmcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// counting adds the tool "t", which says how often it has run.
func counting(runs *atomic.Int64) func(app *fastmcp.App) {
	return func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Typed(func(c *fastmcp.Context, in map[string]any) (string, error) {
			return fmt.Sprintf("run %d %s", runs.Add(1), c.IdempotencyKey()), nil
		})})
	}
}

// says checks what a model reads.
func (a answer) says(t testing.TB, want string) {
	t.Helper()
	if r := a.message(t).tool(t); r.IsError || r.text() != want {
		t.Errorf("%d %s, want %q", a.status, a.body, want)
	}
}

var everyRevision = []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"}

// Of 20 who call with one key, half of them on another node, one has the tool run, and all get what it came to, under their own
// ids; in every revision, and also when nobody is woken.
func TestIdempotencyRunsOnce(t *testing.T) {
	shared := newKeyedStore()
	var runs, arrived atomic.Int64
	letGo := make(chan struct{})
	register := func(app *fastmcp.App) {
		app.Use(func(c *fastmcp.Context) error {
			if c.Method() == "tools/call" {
				arrived.Add(1)
			}
			return c.Next()
		})
		app.AddTool(fastmcp.Tool{Name: "t", MaxConcurrent: 1, MaxWaiting: 20, Handler: fastmcp.Typed(func(c *fastmcp.Context, in map[string]any) (map[string]any, error) {
			n := runs.Add(1)
			<-letGo
			return map[string]any{"run": n, "text": "<ä> & \u2028"}, nil
		})})
	}
	nodes := []*keyedNode{shared.node(t, fastmcp.Config{}, register), shared.node(t, fastmcp.Config{}, register)}
	for i, revision := range append(everyRevision, "deaf") {
		if revision == "deaf" {
			revision = "2026-07-28"
			shared.deaf.Store(true)
		}
		letGo = make(chan struct{})
		arrived.Store(0)
		all := make([]answer, 20)
		var racers sync.WaitGroup
		for n := range all {
			racers.Go(func() {
				all[n] = nodes[n%2].keyedIn(revision, aliceHeader, 100+n, "t", `{"a":1}`, fmt.Sprint("key ", i))
			})
		}
		within(t, 20*time.Second, "all have come", func() bool { return arrived.Load() == 20 && runs.Load() == int64(i)+1 })
		close(letGo)
		racers.Wait()
		first := all[0].message(t)
		for n, a := range all {
			m := a.message(t)
			if string(m.ID) != fmt.Sprint(100+n) || !bytes.Equal(m.Result, first.Result) || m.Result == nil {
				t.Errorf("%s: racer %d got %d %s, the first %s", revision, n, a.status, a.body, first.Result)
			}
		}
		if runs.Load() != int64(i)+1 || !strings.Contains(first.tool(t).text(), fmt.Sprintf(`"run":%d`, i+1)) {
			t.Errorf("%s: %d runs, %s", revision, runs.Load(), first.Result)
		}
	}
}

// TestIdempotencyOutlivesItsClient: the client goes away while its call runs. What the call sends then is no error to it, and the
// result is there for the one who comes back. A call without a key is cancelled at the same moment, to know that it is seen.
func TestIdempotencyOutlivesItsClient(t *testing.T) {
	shared := newKeyedStore()
	h := newHeld()
	var events atomic.Int64
	register := func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "hold", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			text, err := h.run(c)
			if c.IdempotencyKey() != "" {
				for range 50 { // the first of them may still go out
					err = errors.Join(err, c.Progress(1, 2), c.Stream(), c.Notify("notifications/x", map[string]any{"x": strings.Repeat("x", 1<<16)}), c.Err())
				}
			}
			return text, err
		})})
	}
	config := fastmcp.Config{On: fastmcp.Events{ToolCall: func(e fastmcp.ToolCallEvent) {
		if e.Outcome == fastmcp.OutcomeSucceeded {
			events.Add(1)
		}
	}}}
	nodes := []*keyedNode{shared.node(t, config, register), shared.node(t, config, register)}
	leaving, leave := context.WithCancel(t.Context())
	var gone sync.WaitGroup
	for _, meta := range []string{keyedMeta("k"), `"x":1`} {
		head, body := keyedRequest(aliceHeader, 1, "hold", `{}`, meta+`,"progressToken":1`, "")
		gone.Go(func() {
			if res, err := http.DefaultClient.Do(nodes[0].request(leaving, "POST", head, body)); err == nil {
				t.Errorf("an answer: %s", res.Status)
				_ = res.Body.Close()
			}
		})
		receive(t, "its beginning", h.begun)
	}
	leave()
	gone.Wait()
	if err := receive(t, "the end of the one without a key", h.ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	late := make(chan answer)
	go func() { late <- nodes[1].keyed(aliceHeader, 2, "hold", `{}`, "k", "") }()
	h.letGo <- nil
	receive(t, "its result", late).says(t, "done")
	nodes[0].keyed(aliceHeader, 3, "hold", `{}`, "k", "").says(t, "done")
	if len(h.begun) != 0 || events.Load() != 1 {
		t.Errorf("it ran again, or %d events", events.Load())
	}
}

// TestIdempotencyOutlivesItsSession: with a session, its end does not cancel the call, and its client can.
func TestIdempotencyOutlivesItsSession(t *testing.T) {
	shared := newKeyedStore()
	h := newHeld()
	s := shared.node(t, fastmcp.Config{}, func(app *fastmcp.App) { app.AddTool(fastmcp.Tool{Name: "hold", Handler: fastmcp.Get(h.run)}) })
	for _, revision := range everyRevision[:4] {
		c := s.open(revision, aliceHeader)
		params := func(key string) string { return `"name":"hold","arguments":{},"_meta":{` + keyedMeta(key) + `}` }
		over := make(chan answer)
		go func() { over <- c.send("tools/call", params(revision)) }()
		receive(t, "its beginning", h.begun)
		if a := c.do("DELETE", c.headers(), ""); a.status >= 300 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		later := make(chan answer)
		go func() { later <- s.keyedIn(revision, aliceHeader, 9, "hold", `{}`, revision) }()
		h.letGo <- nil
		receive(t, "the late answer", later).says(t, "done")
		receive(t, "the first answer", over)

		c = s.open(revision, aliceHeader)
		c.next = 41
		go func() { over <- c.send("tools/call", params(revision+" cancelled")) }()
		receive(t, "its beginning", h.begun)
		c.do("POST", c.headers(), `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":42}}`)
		receive(t, "its end", h.ended)
		receive(t, "the answer", over)
		if r := s.keyedIn(revision, aliceHeader, 9, "hold", `{}`, revision+" cancelled").message(t).tool(t); !r.IsError || len(h.begun) != 0 {
			t.Errorf("%s: after a cancellation %+v", revision, r)
		}
	}
}

// TestIdempotencyIsOneCallers: callers, tools and sessions do not see each other's keys, and a window ends.
func TestIdempotencyIsOneCallers(t *testing.T) {
	shared := newKeyedStore()
	var runs atomic.Int64
	s := shared.node(t, fastmcp.Config{Idempotency: fastmcp.IdempotencyConfig{Window: time.Minute}}, func(app *fastmcp.App) {
		counting(&runs)(app)
		app.AddTool(fastmcp.Tool{Name: "u", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) { return fmt.Sprint("u ", runs.Add(1)), nil })})
	})
	s.keyed(aliceHeader, 1, "t", `{"x":1,"y":{"a":1,"b":2}}`, "k", "").says(t, "run 1 k")
	s.keyed(bobHeader, 1, "t", `{"x":1,"y":{"a":1,"b":2}}`, "k", "").says(t, "run 2 k")
	s.keyed(aliceHeader, 1, "u", `{}`, "k", "").says(t, "u 3")
	s.keyed(aliceHeader, 1, "t", `{}`, "K", "").says(t, "run 4 K")
	s.keyed(aliceHeader, 2, "t", `{ "y":{"b":2,"a":1}, "x":1 }`, "k", "").says(t, "run 1 k")
	s.keyed(bobHeader, 2, "t", `{"x":1,"y":{"a":1,"b":2}}`, "k", "").says(t, "run 2 k")
	s.keyed(aliceHeader, 2, "t", `{"x":2}`, "k", "").refusedAs(t, 200, -32602, "other arguments")
	s.keyed(aliceHeader, 2, "t", `{}`, "k", "").refusedAs(t, 200, -32602, "other arguments")
	s.keyedIn("2025-11-25", aliceHeader, 2, "t", `{"x":1,"y":{"a":1,"b":2}}`, "k").refusedAs(t, 200, -32602, "2026-07-28")
	for range 2 {
		s.with(aliceHeader, "").message(t).tool(t) // without a key it runs as ever
	}
	if runs.Load() != 6 {
		t.Errorf("%d runs", runs.Load())
	}
	// Without a name a session is who calls, and the same key in another is another.
	one, two := s.open("2025-11-25"), s.open("2025-11-25")
	params := `"name":"t","arguments":{},"_meta":{` + keyedMeta("k") + `}`
	one.send("tools/call", params).says(t, "run 7 k")
	two.send("tools/call", params).says(t, "run 8 k")
	one.send("tools/call", params).says(t, "run 7 k")

	shared.advance(time.Minute - time.Second)
	s.keyed(bobHeader, 3, "t", `{"x":1,"y":{"a":1,"b":2}}`, "k", "").says(t, "run 2 k")
	shared.advance(time.Second)
	s.keyed(bobHeader, 4, "t", `{"x":1,"y":{"a":1,"b":2}}`, "k", "").says(t, "run 9 k")
	s.keyed(aliceHeader, 4, "t", `{"other":true}`, "k", "").says(t, "run 10 k")
}

// TestIdempotencyKeys: what is no key, and who may not have one.
func TestIdempotencyKeys(t *testing.T) {
	shared := newKeyedStore()
	var runs atomic.Int64
	s := shared.node(t, fastmcp.Config{}, counting(&runs))
	key := func(s *keyedNode, h headers, raw string) answer {
		head, body := keyedRequest(h, 1, "t", `{}`, `"io.github.fastmcp-go/idempotencyKey":`+raw, "")
		return s.do("POST", head, body)
	}
	long := strings.Repeat("x", 255)
	for _, raw := range []string{`""`, `7`, `null`, `{}`, `["k"]`, `true`, `"` + long + `y"`, `"` + strings.Repeat("ä", 128) + `"`} {
		key(s, aliceHeader, raw).refusedAs(t, 200, -32602, "a string of 1 to 255 bytes")
	}
	key(s, nil, `"k"`).refusedAs(t, 200, -32602, "who is known, or has a session")
	key(s, aliceHeader, `"k","io.github.fastmcp-go/idempotencyKey":"l"`).refusedAs(t, 400, -32600, "twice")
	if runs.Load() != 0 || shared.keyed.Load() != 0 {
		t.Errorf("%d runs, %d steps of the store", runs.Load(), shared.keyed.Load())
	}
	for i, raw := range []string{`"` + long + `"`, `" "`, `"\u0000:@%\n"`, `"` + strings.Repeat("ä", 127) + `"`} {
		for range 2 {
			if key(s, aliceHeader, raw).message(t).tool(t); runs.Load() != int64(i)+1 {
				t.Errorf("%s: %d runs", raw, runs.Load())
			}
		}
	}
	// Another method has no use for it, and a plain call no step of the store.
	before := shared.keyed.Load()
	s.with(aliceHeader, "")
	if a := s.do("POST", statelessHeaders("tools/list", ""), stateless(1, "tools/list", "", `,`+keyedMeta("k"))); a.status != 200 || shared.keyed.Load() != before {
		t.Errorf("%d %s, %d steps", a.status, a.body, shared.keyed.Load()-before)
	}
	off := shared.node(t, fastmcp.Config{Idempotency: fastmcp.IdempotencyConfig{Disabled: true}}, counting(&runs))
	key(off, aliceHeader, `"k"`).refusedAs(t, 200, -32602, "not taken by this server")
	open := shared.node(t, fastmcp.Config{Idempotency: fastmcp.IdempotencyConfig{Anonymous: true}}, counting(&runs))
	if a, b := key(open, nil, `"k"`), key(open, nil, `"k"`); a.body != b.body || !strings.Contains(a.body, "run 6 k") {
		t.Errorf("%s and %s", a.body, b.body)
	}
}

// TestIdempotencyKeepsErrors: what a tool came to is kept, whatever it was; what was refused before it ran is not.
func TestIdempotencyKeepsErrors(t *testing.T) {
	shared := newKeyedStore()
	var runs atomic.Int64
	closing := atomic.Bool{}
	outcomes := map[string]func() (any, error){
		"model":  func() (any, error) { return nil, fastmcp.Errorf("no such order").With("have", []int{1}) },
		"masked": func() (any, error) { return nil, errors.New("password hunter2") },
		"panics": func() (any, error) { panic("hunter2") },
		"result": func() (any, error) { return &fastmcp.Result{IsError: true, Meta: map[string]any{"m": 1}}, nil },
		"protocol": func() (any, error) {
			return nil, &protocol.Error{Code: -7, Message: "no", Data: map[string]int{"n": 1}}
		},
		"nothing": func() (any, error) { return nil, nil },
		"nojson":  func() (any, error) { return unmarshalable{}, nil },
	}
	register := func(app *fastmcp.App) {
		app.Use(func(c *fastmcp.Context) error {
			if closing.Load() && c.Method() == "tools/call" {
				return fastmcp.Errorf("closed")
			}
			return c.Next()
		})
		for name, f := range outcomes {
			app.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Raw(`{"type":"object","properties":{"n":{"type":"integer"}}}`, func(c *fastmcp.Context, _ json.RawMessage) (any, error) {
				runs.Add(1)
				return f()
			})})
		}
	}
	nodes := []*keyedNode{shared.node(t, fastmcp.Config{}, register), shared.node(t, fastmcp.Config{}, register)}
	for _, name := range slices.Sorted(maps.Keys(outcomes)) {
		before := runs.Load()
		if r := nodes[0].keyed(aliceHeader, 1, name, `{"n":"x"}`, "k", "").message(t).tool(t); !r.IsError {
			t.Errorf("%s: arguments that do not fit: %+v", name, r)
		}
		closing.Store(true)
		if r := nodes[0].keyed(aliceHeader, 1, name, `{"n":1}`, "k", "").message(t).tool(t); r.text() != "closed" {
			t.Errorf("%s: %+v", name, r)
		}
		closing.Store(false)
		if runs.Load() != before {
			t.Errorf("%s: it ran", name)
		}
		first := nodes[0].keyed(aliceHeader, 5, name, `{"n":1}`, "k", "")
		again := nodes[1].keyed(aliceHeader, 6, name, `{"n":1}`, "k", "")
		if want := strings.Replace(first.body, `"id":5`, `"id":6`, 1); again.body != want || again.status != first.status || runs.Load() != before+1 {
			t.Errorf("%s: %d %s, then %d %s, %d runs", name, first.status, first.body, again.status, again.body, runs.Load()-before)
		}
		if strings.Contains(again.body, "hunter2") {
			t.Errorf("%s: %s", name, again.body)
		}
	}
}

// TestIdempotencyDeadOwner: a node is cut off from the store while its call runs. When its lease has lapsed the outcome is
// unknown, and when the node is back, what it had to say is lost, but not that the call has run.
func TestIdempotencyDeadOwner(t *testing.T) {
	shared := newKeyedStore()
	h := newHeld()
	config := fastmcp.Config{Idempotency: fastmcp.IdempotencyConfig{Window: 30 * time.Second}}
	register := func(app *fastmcp.App) { app.AddTool(fastmcp.Tool{Name: "hold", Handler: fastmcp.Get(h.run)}) }
	a, b := shared.node(t, config, register), shared.node(t, config, register)
	over := make(chan answer)
	withID := maps.Clone(aliceHeader)
	withID["X-Request-Id"] = "the-lost-one"
	go func() { over <- a.keyed(withID, 1, "hold", `{}`, "k", "") }()
	receive(t, "its beginning", h.begun)
	a.view.cut.Store(true)
	waiting := make(chan answer)
	go func() { waiting <- b.keyed(aliceHeader, 2, "hold", `{}`, "k", "") }()
	shared.advance(14 * time.Second)
	select {
	case early := <-waiting:
		t.Fatalf("its node may still be alive: %s", early.body)
	case <-time.After(1500 * time.Millisecond): // it has looked more than once
	}
	shared.advance(time.Second)
	unknown := func(a answer) {
		t.Helper()
		r := a.message(t).tool(t)
		if !r.IsError || !strings.Contains(r.text(), "outcome of this call is unknown") || !strings.Contains(r.text(), "the-lost-one") || string(r.Structured) != `{"outcome":"unknown"}` {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	unknown(receive(t, "the one who waits", waiting))
	unknown(b.keyed(aliceHeader, 3, "hold", `{}`, "k", ""))
	if log := b.log.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "ran=the-lost-one") || !strings.Contains(log, "node=") {
		t.Errorf("the operator reads %s", log)
	}
	b.keyed(aliceHeader, 3, "hold", `{"x":1}`, "k", "").refusedAs(t, 200, -32602, "other arguments")

	h.letGo <- nil
	receive(t, "its own client's answer", over).says(t, "done")
	if !strings.Contains(a.log.String(), "could not be kept") {
		t.Errorf("the operator reads %s", a.log)
	}
	a.keyed(aliceHeader, 4, "hold", `{}`, "k", "").refusedAs(t, 503, -32000, "has not run")
	a.view.cut.Store(false)
	within(t, 20*time.Second, "it is known that it has run", func() bool {
		return strings.Contains(b.keyed(aliceHeader, 5, "hold", `{}`, "k", "").message(t).tool(t).text(), "The call has run, but")
	})
	if len(h.begun) != 0 {
		t.Error("it ran twice")
	}
}

// TestIdempotencyOfANodeThatStops: who waits for a call of a node that is stopped by force does not wait for its lease.
func TestIdempotencyOfANodeThatStops(t *testing.T) {
	shared := newKeyedStore()
	h := newHeld()
	stubborn := make(chan struct{})
	defer close(stubborn)
	register := func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "hold", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			h.begun <- c
			<-stubborn
			return "", nil
		})})
	}
	a, b := shared.node(t, fastmcp.Config{}, register), shared.node(t, fastmcp.Config{}, register)
	go func() {
		head, body := keyedRequest(aliceHeader, 1, "hold", `{}`, keyedMeta("k"), "")
		if res, err := http.DefaultClient.Do(a.request(context.Background(), "POST", head, body)); err == nil {
			_ = res.Body.Close()
		}
	}()
	receive(t, "its beginning", h.begun)
	waiting := make(chan answer)
	go func() { waiting <- b.keyed(aliceHeader, 2, "hold", `{}`, "k", "") }()
	now, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.app.Shutdown(now); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if r := receive(t, "the one who waits", waiting).message(t).tool(t); !strings.Contains(r.text(), "outcome of this call is unknown") {
		t.Errorf("%+v", r)
	}
}

// TestIdempotencyWithoutAStore: what cannot be noted does not run.
func TestIdempotencyWithoutAStore(t *testing.T) {
	shared := newKeyedStore()
	var runs atomic.Int64
	s := shared.node(t, fastmcp.Config{}, counting(&runs))
	s.view.cut.Store(true)
	a := s.keyed(aliceHeader, 1, "t", `{}`, "k", "")
	a.refusedAs(t, 503, -32000, "has not run")
	if a.header.Get("Retry-After") != "1" || !strings.Contains(s.log.String(), errCut.Error()) {
		t.Errorf("%v\n%s", a.header, s.log)
	}
	s.with(aliceHeader, "").message(t).tool(t)
	s.view.cut.Store(false)
	s.keyed(aliceHeader, 2, "t", `{}`, "k", "").says(t, "run 2 k")
	shared.junk.Store(true)
	s.keyed(aliceHeader, 3, "t", `{}`, "k", "").refusedAs(t, 200, -32603, "cannot be read")
	shared.junk.Store(false)
	s.keyed(aliceHeader, 4, "t", `{}`, "k", "").says(t, "run 2 k")
}

// TestIdempotencyBounds: how large a result is kept, and how many.
func TestIdempotencyBounds(t *testing.T) {
	shared := newKeyedStore()
	var runs atomic.Int64
	s := shared.node(t, fastmcp.Config{Idempotency: fastmcp.IdempotencyConfig{Window: time.Minute, MaxBytes: 1000, MaxKeys: 3}}, func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "big", Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
			N int `json:"n"`
		}) (string, error) {
			runs.Add(1)
			return strings.Repeat("x", in.N), nil
		})})
	})
	empty := len(s.keyed(bobHeader, 1, "big", `{"n":0}`, "k", "").message(t).Result)
	fits, more := fmt.Sprintf(`{"n":%d}`, 1000-empty), fmt.Sprintf(`{"n":%d}`, 1001-empty)
	first, again := s.keyed(aliceHeader, 1, "big", fits, "fits", ""), s.keyed(aliceHeader, 1, "big", fits, "fits", "")
	if first.body != again.body || len(first.message(t).Result) != 1000 {
		t.Errorf("%d bytes: %s", len(first.message(t).Result), again.body)
	}
	if first = s.keyed(aliceHeader, 1, "big", more, "more", ""); len(first.message(t).Result) != 1001 {
		t.Errorf("%s", first.body)
	}
	if r := s.keyed(aliceHeader, 1, "big", more, "more", "").message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "has run, but its result, of 1001 bytes") {
		t.Errorf("%+v", r)
	}
	before := runs.Load()
	s.keyed(aliceHeader, 1, "big", fits, "third", "").message(t).tool(t)
	a := s.keyed(aliceHeader, 1, "big", fits, "fourth", "")
	a.refusedAs(t, 429, -32000, "Too many idempotency keys")
	if runs.Load() != before+1 || a.header.Get("Retry-After") != "60" {
		t.Errorf("%d runs, %v", runs.Load()-before, a.header)
	}
	if again = s.keyed(aliceHeader, 1, "big", fits, "fits", ""); len(again.message(t).Result) != 1000 {
		t.Errorf("what is kept is refused: %s", again.body)
	}
	s.keyed(bobHeader, 1, "big", fits, "another's", "").message(t).tool(t)
	shared.advance(time.Minute)
	s.keyed(aliceHeader, 1, "big", fits, "fourth", "").message(t).tool(t)
}
