package fastmcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/store"
)

const goneWords = "The server that ran this task is gone"

// A task whose node has died has failed for whoever looks, however they look.
func TestTaskOfADeadNodeFails(t *testing.T) {
	for name, look := range map[string]func(t *testing.T, b *mortal, id string){
		"get": func(t *testing.T, b *mortal, id string) {
			if v := b.task(nil, "tasks/get", id, "").task(t); v.Status != "failed" || !strings.Contains(string(v.Error), goneWords) || !strings.Contains(string(v.Error), `"outcome":"unknown"`) {
				t.Errorf("%s", v.raw)
			}
		},
		"update": func(t *testing.T, b *mortal, id string) { b.answers(id, `{"x":{}}`) },
		"cancel": func(t *testing.T, b *mortal, id string) { b.task(nil, "tasks/cancel", id, "") },
		"listen": func(t *testing.T, b *mortal, id string) {
			st := b.listen("POST", statelessHeaders("subscriptions/listen", ""), declaring("subscriptions/listen", fmt.Sprintf(`"notifications":{"taskIds":[%q]}`, id)))
			st.message()
			if m := st.message(); !strings.Contains(string(m.Params), `"status":"failed"`) {
				t.Errorf("%s", m.Params)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, h := newEstate(), newHeld()
			a, b := e.node(t, leased(longLease), holds(h, fastmcp.Tool{})), e.node(t, leased(longLease), holds(h, fastmcp.Tool{}))
			id := a.start(nil, "hold", `{}`).ID
			c := receive(t, "its beginning", h.begun)
			if v := b.task(nil, "tasks/get", id, "").task(t); v.Status != "working" {
				t.Errorf("while its node lives: %s", v.raw)
			}
			a.dies(e)
			look(t, b, id)
			r := e.record(t, id)
			if r.Status != "failed" || !strings.Contains(string(r.Error), goneWords) {
				t.Fatalf("%+v", r)
			}
			// What its node writes later is nothing to it.
			a.dead.Store(false)
			h.letGo <- nil
			within(t, 20*time.Second, "its node knows", func() bool { return c.Err() != nil })
			if now := e.record(t, id); now.Version != r.Version || now.Status != "failed" {
				t.Errorf("%+v", now)
			}
		})
	}
}

// Those of 2025-11-25, too: in lists, and for who waits for the result.
func TestLegacyTaskOfADeadNodeFails(t *testing.T) {
	e, h := newEstate(), newHeld()
	config := leased(longLease)
	config.Auth = someTokens()
	a, b := e.node(t, config, holds(h, fastmcp.Tool{})), e.node(t, config, holds(h, fastmcp.Tool{}))
	mine := a.open("2025-11-25", as(writerToken))
	listed, awaited := mine.startLegacy("hold", `{}`).ID, mine.startLegacy("hold", `{}`).ID
	c := b.open("2025-11-25", as(writerToken))
	waits := make(chan answer, 1)
	go func() { waits <- c.about("tasks/result", awaited) }()
	resultsWait(t, 1)
	a.dies(e)
	if m := c.send("tasks/list", "").message(t); strings.Count(string(m.Result), `"status":"failed"`) != 2 || !strings.Contains(string(m.Result), listed) {
		t.Errorf("%s", m.Result)
	}
	if m := receive(t, "the result", waits).messages(t); len(m) != 1 || m[0].Error == nil || !strings.Contains(m[0].Error.Message, goneWords) {
		t.Errorf("%+v", m)
	}
}

// Of many who look at once, on several nodes, one fails the task, or takes it over: that is one change.
func TestTaskOfADeadNodeIsFoundOnce(t *testing.T) {
	for _, resumable := range []bool{false, true} {
		e, h := newEstate(), newHeld()
		var all []*mortal
		for range 4 {
			all = append(all, e.node(t, leased(longLease), holds(h, fastmcp.Tool{TaskResumable: resumable})))
		}
		id := all[0].start(nil, "hold", `{}`).ID
		receive(t, "its beginning", h.begun)
		before := e.record(t, id).Version
		all[0].dies(e)
		var racers sync.WaitGroup
		for i := range 20 {
			racers.Go(func() { all[1+i%3].task(nil, "tasks/get", id, "").task(t) })
		}
		racers.Wait()
		r := e.record(t, id)
		if r.Version != before+1 {
			t.Errorf("resumable %v: %d changes", resumable, r.Version-before)
		}
		if !resumable {
			continue
		}
		receive(t, "its second beginning", h.begun)
		h.letGo <- nil
		h.letGo <- nil // to both runs
		all[1].until(nil, id, "completed")
		if len(h.begun) > 0 {
			t.Error("it began once more")
		}
	}
}

// A node that lives is believed, for as long as its tasks run, and its own tasks never lapse for itself.
func TestTaskLeaseIsRenewed(t *testing.T) {
	const lease = 3 * time.Second
	e, h := newEstate(), newHeld()
	a, b := e.node(t, leased(lease), holds(h, fastmcp.Tool{})), e.node(t, leased(lease), holds(h, fastmcp.Tool{}))
	id := a.start(nil, "hold", `{}`).ID
	receive(t, "its beginning", h.begun)
	for range 3 {
		e.advance(2 * time.Second)
		if v := b.task(nil, "tasks/get", id, "").task(t); v.Status != "working" {
			t.Fatalf("%s", v.raw)
		}
		signs := a.signs.Load()
		within(t, 20*time.Second, "a sign of life", func() bool { return a.signs.Load() > signs })
	}
	e.advance(lease + time.Second)
	if v := a.task(nil, "tasks/get", id, "").task(t); v.Status != "working" {
		t.Errorf("the node itself takes it for dead: %s", v.raw)
	}
	h.letGo <- nil
	a.until(nil, id, "completed")
	if left := e.left(t); len(left) > 0 {
		t.Errorf("still on the list: %v", left)
	}
}

// left are the tasks that nodes are known to have begun and not ended.
func (e *estate) left(t *testing.T) (all []string) {
	t.Helper()
	index := e.memory.(store.Source).Backend().Index
	nodes, _, err := index.Members(t.Context(), "@task:nodes", "", 0)
	for _, node := range nodes {
		var ids []string
		if err == nil {
			ids, _, err = index.Members(t.Context(), "@task:runs:"+node, "", 0)
		}
		all = append(all, ids...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Nobody need ask: nodes look by themselves, and those who listen hear of it. What cannot be read is passed over.
func TestTaskSweep(t *testing.T) {
	e, h := newEstate(), newHeld()
	a, b := e.node(t, leased(time.Second), holds(h, fastmcp.Tool{})), e.node(t, leased(time.Second), holds(h, fastmcp.Tool{}))
	torn, id := a.start(nil, "hold", `{}`).ID, a.start(nil, "hold", `{}`).ID
	st := b.listen("POST", statelessHeaders("subscriptions/listen", ""), declaring("subscriptions/listen", fmt.Sprintf(`"notifications":{"taskIds":[%q]}`, id)))
	st.message()
	if m := st.message(); !strings.Contains(string(m.Params), `"status":"working"`) {
		t.Errorf("%s", m.Params)
	}
	if err := e.memory.Set("@task:task:"+torn, []byte("{"), 9*time.Hour); err != nil {
		t.Fatal(err)
	}
	a.dies(e)
	if m := st.message(); !strings.Contains(string(m.Params), `"status":"failed"`) || !strings.Contains(string(m.Params), goneWords) {
		t.Errorf("%s", m.Params)
	}
	within(t, 20*time.Second, "the node is buried", func() bool { return len(e.left(t)) == 0 })
	b.task(nil, "tasks/get", torn, "").refusedAs(t, 200, -32603, "Internal error")
}

// memo is what the tool "steps" has seen in each run.
type memo struct {
	id, key, args string
	principal     *auth.Principal
	paid          int
	name          string
}

// steps is a tool that pays once, asks, and then waits to be let go.
func steps(seen chan memo, payments *atomic.Int64, letGo chan struct{}) fastmcp.Func {
	return fastmcp.Raw(`{"type":"object"}`, func(c *fastmcp.Context, args json.RawMessage) (any, error) {
		paid, err := fastmcp.Once(c, "pay", func() (int, error) { return int(payments.Add(1)), nil })
		if err != nil {
			return nil, err
		}
		var who person
		if _, err := fastmcp.Elicit(c, "who", "Who?", &who); err != nil {
			return nil, err
		}
		seen <- memo{id: c.RequestID(), key: c.IdempotencyKey(), args: string(args), principal: c.Principal(), paid: paid, name: who.Name}
		select {
		case <-letGo:
			return "done for " + who.Name, nil
		case <-c.Done():
			return nil, c.Err()
		}
	})
}

// A task that is taken over is the same call of the same caller, and goes on where what is noted allows it.
func TestTaskIsTakenOver(t *testing.T) {
	ann := auth.Principal{Issuer: "i", Subject: "ann", Tenant: "x", Scopes: []string{"a"}, Roles: []string{"r"}, ExpiresAt: time.Now().Add(9 * time.Hour),
		Claims: map[string]any{"level": 7.0, "groups": []any{"g"}, "deep": map[string]any{"x": nil, "y": true}}}
	e, seen, letFirst, letSecond := newEstate(), make(chan memo, 9), make(chan struct{}), make(chan struct{})
	var payments atomic.Int64
	config := leased(longLease)
	config.Auth = auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{annsToken: ann})}})
	register := func(letGo chan struct{}) func(app *fastmcp.App) {
		return func(app *fastmcp.App) {
			app.AddTool(fastmcp.Tool{Name: "steps", Task: fastmcp.TaskRequired, TaskResumable: true, CanAccess: auth.RequireScopes("a"), Handler: steps(seen, &payments, letGo)})
		}
	}
	a, b := e.node(t, config, register(letFirst)), e.node(t, config, register(letSecond))
	headers := as(annsToken)
	h := statelessHeaders("tools/call", "steps")
	h["Authorization"], h["X-Request-Id"] = headers["Authorization"], "request-of-ann"
	id := a.do("POST", h, fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"steps","arguments":{"n": [1,2]},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":%s,"io.github.fastmcp-go/idempotencyKey":"k1"}}}`, taskCapabilities)).task(t).ID
	a.until(headers, id, "input_required")
	a.task(headers, "tasks/update", id, `,"inputResponses":{"who":{"action":"accept","content":{"name":"Ann"}}}`).task(t)
	first := receive(t, "the first run", seen)
	if raw := e.record(t, id).Origin; bytes.Contains(raw, []byte("groups")) || bytes.Contains(raw, []byte(`"ann"`)) {
		t.Errorf("the caller is not sealed: %s", raw)
	}
	a.dies(e)
	if v := b.task(headers, "tasks/get", id, "").task(t); v.Status != "working" {
		t.Fatalf("%s", v.raw)
	}
	second := receive(t, "the second run", seen)
	if !second.principal.ExpiresAt.Equal(ann.ExpiresAt) || second.principal.Key() != ann.Key() || fmt.Sprint(second.principal.Claims, second.principal.Scopes, second.principal.Roles) != fmt.Sprint(ann.Claims, ann.Scopes, ann.Roles) {
		t.Errorf("%+v", second.principal)
	}
	first.args = strings.ReplaceAll(first.args, " ", "") // it is the same JSON
	if first.principal, second.principal = nil, nil; first != second || second.id != "request-of-ann" || second.key != "k1" || second.args != `{"n":[1,2]}` || second.paid != 1 || second.name != "Ann" {
		t.Errorf("first %+v, then %+v", first, second)
	}
	// The one who was taken for dead lives, and knows better now: what it comes to is not kept.
	a.dead.Store(false)
	close(letFirst)
	within(t, 20*time.Second, "the first run is refused", func() bool { return strings.Contains(a.log.String(), "another's by now") })
	close(letSecond)
	v := b.until(headers, id, "completed")
	if r := e.record(t, id); v.tool(t).text() != "done for Ann" || r.Losses != 1 || r.Fence != 2 || r.Origin != nil || payments.Load() != 1 {
		t.Errorf("%s, %+v", v.raw, r)
	}
	if again := b.task(headers, "tasks/get", id, "").task(t); again.raw != v.raw {
		t.Errorf("then it is %s", again.raw)
	}
}

// What the first owner writes after it was taken for dead is refused, whatever it is.
func TestTaskFence(t *testing.T) {
	e := newEstate()
	begun, letGo := make(chan *fastmcp.Context, 9), make(chan string)
	register := func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "deaf", Task: fastmcp.TaskRequired, TaskResumable: true, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			begun <- c
			return <-letGo, nil // it does not listen to its end
		})})
	}
	a, b := e.node(t, leased(longLease), register), e.node(t, leased(longLease), register)
	id := a.start(nil, "deaf", `{}`).ID
	late := receive(t, "the first run", begun)
	a.dies(e)
	b.task(nil, "tasks/get", id, "").task(t)
	receive(t, "the second run", begun)
	a.dead.Store(false)
	before := e.record(t, id)
	_ = late.Progress(1, 2, "from the dead")
	letGo <- "late"
	within(t, 20*time.Second, "its end is refused", func() bool { return strings.Contains(a.log.String(), "what a task has come to is not kept") })
	if now := e.record(t, id); now.Version != before.Version || now.Status != "working" {
		t.Errorf("%+v, and before %+v", now, before)
	}
	letGo <- "in time"
	if v := a.until(nil, id, "completed"); v.tool(t).text() != "in time" {
		t.Errorf("%s", v.raw)
	}
}

// Who may not, or could be somebody else by then, has no task run again: it fails.
func TestTaskIsNotTakenOver(t *testing.T) {
	const words = "it could not be run again: "
	soon := time.Now().Add(3 * time.Second)
	for name, test := range map[string]struct {
		who    auth.Principal
		config func(c *fastmcp.Config)
		before func(b *mortal)
		tool   fastmcp.Tool // what node b has in place of it
		words  string
	}{
		"claims that change on the way": {who: auth.Principal{Subject: "ann", Claims: map[string]any{"groups": []string{"g"}}}, words: goneWords + ": how far"},
		"credentials that have expired": {who: auth.Principal{Subject: "ann", ExpiresAt: soon}, before: func(*mortal) {
			within(t, 20*time.Second, "they have expired", func() bool { return time.Now().After(soon) })
		}, words: words + "its caller's credentials have expired"},
		"a guard that refuses":  {tool: fastmcp.Tool{CanAccess: auth.RequireScopes("more")}, words: words + "its caller may not"},
		"a tool that is not to": {tool: fastmcp.Tool{Title: "another version"}, words: words + "its tool is not there any more"},
		"a tool that is gone":   {before: func(b *mortal) { b.app.RemoveTool("hold") }, words: words},
		"other keys":            {config: func(c *fastmcp.Config) { c.Name = "another" }, words: words + "what is kept of its call cannot be read"},
		"never":                 {config: func(c *fastmcp.Config) { c.Tasks.MaxTakeovers = -1 }, words: "it is not run again"},
	} {
		t.Run(name, func(t *testing.T) {
			e, h := newEstate(), newHeld()
			config := leased(longLease)
			if test.who.Subject == "" {
				test.who.Subject = "ann"
			}
			config.Auth = auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{annsToken: test.who})}})
			a := e.node(t, config, holds(h, fastmcp.Tool{TaskResumable: true}))
			id := a.start(as(annsToken), "hold", `{}`).ID
			receive(t, "its beginning", h.begun)
			if test.config != nil {
				test.config(&config)
			}
			config.Auth = auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{annsToken: {Subject: "ann"}})}})
			config.Tasks.Lease = time.Second
			tool := test.tool
			tool.TaskResumable = tool.Title == ""
			b := e.node(t, config, func(app *fastmcp.App) {
				holds(h, tool)(app)
				app.AddTool(fastmcp.Tool{Name: "other", Task: fastmcp.TaskOptional, Handler: fastmcp.Get(h.run)}) // or it knows no tasks
			})
			if test.before != nil {
				test.before(b)
			}
			a.dies(e)
			b.task(as(annsToken), "tasks/get", id, "") // to whom a guard says no, there is no task; the node finds it by itself
			within(t, 20*time.Second, "it is failed", func() bool { return e.record(t, id).Status == "failed" })
			if r := e.record(t, id); !strings.Contains(string(r.Error), test.words) {
				t.Errorf("%s", r.Error)
			}
			if len(h.begun) > 0 {
				t.Error("it ran again")
			}
		})
	}
}

// What its nodes die of is not run for ever.
func TestTaskMaxTakeovers(t *testing.T) {
	e, h := newEstate(), newHeld()
	config := leased(longLease)
	config.Tasks.MaxTakeovers = 2
	var id string
	for n := range 3 {
		m := e.node(t, config, holds(h, fastmcp.Tool{TaskResumable: true}))
		if n == 0 {
			id = m.start(nil, "hold", `{}`).ID
		}
		m.task(nil, "tasks/get", id, "").task(t)
		receive(t, "its beginning", h.begun)
		if r := e.record(t, id); r.Status != "working" || r.Losses != n {
			t.Errorf("on node %d: %+v", n, r)
		}
		m.dies(e)
	}
	m := e.node(t, config, holds(h, fastmcp.Tool{TaskResumable: true}))
	if v := m.task(nil, "tasks/get", id, "").task(t); v.Status != "failed" || !strings.Contains(string(v.Error), "one after the other") {
		t.Errorf("%s", v.raw)
	}
}

// A node that has no room leaves a task to others, and takes it when it has.
func TestTaskIsTakenOverWhereThereIsRoom(t *testing.T) {
	e, h := newEstate(), newHeld()
	config := leased(longLease)
	a := e.node(t, config, holds(h, fastmcp.Tool{TaskResumable: true}))
	config.Tasks.Max = 1
	b := e.node(t, config, holds(h, fastmcp.Tool{TaskResumable: true}))
	id := a.start(nil, "hold", `{}`).ID
	own := b.start(nil, "hold", `{}`).ID
	receive(t, "its beginning", h.begun)
	receive(t, "its beginning", h.begun)
	a.dies(e)
	for range 3 {
		if v := b.task(nil, "tasks/get", id, "").task(t); v.Status != "working" || e.record(t, id).Fence != 1 {
			t.Errorf("%s", v.raw)
		}
	}
	b.task(nil, "tasks/cancel", own, "")
	within(t, 20*time.Second, "it is taken over", func() bool {
		b.task(nil, "tasks/get", id, "").task(t)
		return e.record(t, id).Fence == 2
	})
	receive(t, "its second beginning", h.begun)
}

// At Shutdown a task that may run again goes to another node at once, and it is nobody's death; others fail.
func TestTaskIsHandedOver(t *testing.T) {
	e, h := newEstate(), newHeld()
	config := leased(longLease)
	config.Tasks.MaxTakeovers = -1
	register := func(app *fastmcp.App) {
		holds(h, fastmcp.Tool{TaskResumable: true})(app)
		app.AddTool(fastmcp.Tool{Name: "once", Task: fastmcp.TaskRequired, Handler: fastmcp.Get(h.run)})
	}
	a, b := e.node(t, config, register), e.node(t, config, register)
	id, once := a.start(nil, "hold", `{}`).ID, a.start(nil, "once", `{}`).ID
	receive(t, "its beginning", h.begun)
	receive(t, "its beginning", h.begun)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := a.app.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	receive(t, "its second beginning", h.begun) // nobody has asked
	h.letGo <- nil
	if v := b.until(nil, id, "completed"); v.tool(t).text() != "done" || e.record(t, id).Losses != 0 {
		t.Errorf("%s", v.raw)
	}
	if r := e.record(t, once); r.Status != "failed" || !strings.Contains(string(r.Error), "The server has stopped") {
		t.Errorf("%+v", r)
	}
}

// What a task has come to while the store was away is kept when it is back, and until then the task is not dead.
func TestTaskEndIsKeptLater(t *testing.T) {
	e, h := newEstate(), newHeld()
	a := e.node(t, leased(time.Second), holds(h, fastmcp.Tool{}))
	id := a.start(nil, "hold", `{}`).ID
	receive(t, "its beginning", h.begun)
	a.dead.Store(true)
	h.letGo <- nil
	within(t, 20*time.Second, "its end is not kept", func() bool { return strings.Contains(a.log.String(), "the end of a task could not be kept") })
	a.dead.Store(false)
	if v := a.until(nil, id, "completed"); v.tool(t).text() != "done" {
		t.Errorf("%s", v.raw)
	}
}

// A node that was away for longer than it is believed finds out what it has lost, even where no message told it.
func TestTaskNodeComesBack(t *testing.T) {
	e, h := newEstate(), newHeld()
	a, b := e.node(t, leased(time.Second), holds(h, fastmcp.Tool{})), e.node(t, leased(longLease), holds(h, fastmcp.Tool{}))
	id := a.start(nil, "hold", `{}`).ID
	c := receive(t, "its beginning", h.begun)
	began := time.Now()
	a.dies(e)
	if v := b.task(nil, "tasks/get", id, "").task(t); v.Status != "failed" {
		t.Fatalf("%s", v.raw)
	}
	within(t, 20*time.Second, "it is late with its sign", func() bool { return time.Since(began) > 2*time.Second })
	if c.Err() != nil {
		t.Error("it has heard of it already")
	}
	a.dead.Store(false)
	receive(t, "the end of the handler", h.ended)
}

// A question of 2025-11-25 reaches the client on whichever node it waits for the result.
func TestLegacyTaskAsksOnEveryNode(t *testing.T) {
	e := newEstate()
	register := func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "t", Task: fastmcp.TaskRequired, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			var who person
			_, err := fastmcp.Elicit(c, "who", "Who?", &who)
			return who.Name, err
		})})
	}
	a, b := e.node(t, leased(longLease), register), e.node(t, leased(longLease), register)
	c := a.openWith("2025-11-25", allCapabilities)
	id := c.startLegacy("t", `{}`).ID
	elsewhere := c.at(b.server)
	st := elsewhere.resultOf(id)
	q := st.message()
	if q.Method != "elicitation/create" || !strings.Contains(string(q.Params), tag(id)) {
		t.Fatalf("%+v", q)
	}
	elsewhere.reply(q.ID, `"result":{"action":"accept","content":{"name":"Ann"}}`)
	if r := st.message().tool(t); r.text() != "Ann" {
		t.Errorf("%+v", r)
	}
}

// Records that somebody has tampered with, or that an older version of this program wrote, give nobody rights.
func TestTaskForeignRecords(t *testing.T) {
	e, h := newEstate(), newHeld()
	register := holds(h, fastmcp.Tool{TaskResumable: true})
	a, b := e.node(t, leased(longLease), register), e.node(t, leased(longLease), register)
	var ids []string
	for range 4 {
		ids = append(ids, a.start(nil, "hold", `{}`).ID)
		receive(t, "its beginning", h.begun)
	}
	change := func(id, old, new string) {
		t.Helper()
		raw, err := e.memory.Get("@task:task:" + id)
		if err != nil || !strings.Contains(string(raw), old) {
			t.Fatalf("no %s in %s", old, raw)
		}
		if err := e.memory.Set("@task:task:"+id, []byte(strings.Replace(string(raw), old, new, 1)), time.Hour*8); err != nil {
			t.Fatal(err)
		}
	}
	var caller struct{ Caller string }
	if err := json.Unmarshal(e.record(t, ids[1]).Origin, &caller); err != nil {
		t.Fatal(err)
	}
	own := caller.Caller
	if err := json.Unmarshal(e.record(t, ids[0]).Origin, &caller); err != nil {
		t.Fatal(err)
	}
	change(ids[0], caller.Caller, own)                      // another task's caller
	change(ids[1], `"arguments":{}`, `"arguments":{"x":1}`) // other arguments
	change(ids[2], `"fence":1,`, ``)                        // an older version
	change(ids[3], `"revision":"2026-07-28"`, `"revision":"2099-01-01"`)
	a.dies(e)
	for i, want := range []string{"failed", "failed", "working", "failed"} {
		if v := b.task(nil, "tasks/get", ids[i], "").task(t); v.Status != want {
			t.Errorf("%d: %s", i, v.raw)
		}
	}
	if len(h.begun) > 0 || slices.Contains(ids, "") {
		t.Error("it ran")
	}
}

// While the store is away, what is about tasks is to be tried again, and nothing runs.
func TestTaskWithoutTheStore(t *testing.T) {
	e, h := newEstate(), newHeld()
	a := e.node(t, leased(longLease), holds(h, fastmcp.Tool{}))
	id := a.start(nil, "hold", `{}`).ID
	receive(t, "its beginning", h.begun)
	a.dead.Store(true)
	const words = "The server cannot reach what it knows of tasks"
	a.round(nil, "hold", `{}`, taskCapabilities, "").refusedAs(t, 503, -32000, words)
	for method, more := range map[string]string{"tasks/get": "", "tasks/cancel": "", "tasks/update": `,"inputResponses":{"x":{}}`} {
		a.task(nil, method, id, more).refusedAs(t, 503, -32000, words)
	}
	a.dead.Store(false)
	if v := a.task(nil, "tasks/get", id, "").task(t); v.Status != "working" || len(h.begun) > 0 {
		t.Errorf("%s, %d more runs", v.raw, len(h.begun))
	}
	h.letGo <- nil
	a.until(nil, id, "completed")
}
