package fastmcp_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// ears are streams of one caller: of a session of each revision, and of a listener to every list.
func (s *server) ears(token string) (all []*stream) {
	s.t.Helper()
	for _, revision := range revisions[1:] {
		all = append(all, s.open(revision, as(token)).listen(""))
	}
	const every = `{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true}`
	return append(all, s.subscribes(token, "1", every, every))
}

// hear checks that each of the streams is told of a list that has changed.
func hear(t testing.TB, all []*stream, kind string) {
	t.Helper()
	for i, st := range all {
		if m := st.message(); m.Method != "notifications/"+kind+"/list_changed" {
			t.Errorf("stream %d: %s %s, not that the %s have changed", i, m.Method, m.Params, kind)
		}
	}
}

func quiet(all ...[]*stream) {
	wait := quietTime
	for _, streams := range all {
		for _, st := range streams {
			st.t.Helper()
			st.quiet(wait)
			wait = 0
		}
	}
}

func TestChangesReachThoseWhoMaySee(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	s := serve(t, app, l)
	nobody, reader, root := s.ears(""), s.ears(readerToken), s.ears(rootToken)
	group := app.Group("group/")
	group.CanAccess = says("reader")
	doc := fastmcp.ResourceTemplate{URI: "doc://{+path}", CanAccess: says("reader"), Handler: fastmcp.Typed(thePath)}
	for _, c := range []struct {
		kind     string
		add, rid func()
	}{
		{"tools", func() { app.AddTool(fastmcp.Tool{Name: "t", CanAccess: says("reader"), Handler: gives("")}) }, func() { app.RemoveTool("t") }},
		{"tools", func() { group.AddTool(aTool("t")) }, func() { app.RemoveTool("group/t") }},
		{"prompts", func() { app.AddPrompt(fastmcp.Prompt{Name: "p", CanAccess: says("reader"), Handler: gives("")}) }, func() { app.RemovePrompt("p") }},
		{"prompts", func() { group.AddPrompt(aPrompt("p")) }, func() { app.RemovePrompt("group/p") }},
		{"resources", func() { app.AddResource(fastmcp.Resource{URI: "a://r", CanAccess: says("reader"), Handler: gives("")}) }, func() { app.RemoveResource("a://r") }},
		{"resources", func() { app.AddResourceTemplate(doc) }, func() { app.RemoveResource("doc://{+path}") }},
	} {
		for _, change := range []func(){c.add, c.rid} {
			change()
			hear(t, reader, c.kind)
		}
	}
	quiet(nobody, root, reader)

	// A denial that is open is seen in lists; a guard that panics denies, and the operator learns of it.
	app.AddTool(fastmcp.Tool{Name: "asks", CanAccess: auth.Discoverable(auth.RequireScopes("math:write")), Handler: gives("")})
	for _, all := range [][]*stream{nobody, reader, root} {
		hear(t, all, "tools")
	}
	app.AddTool(fastmcp.Tool{Name: "broken", CanAccess: func(context.Context, *auth.Access) auth.Decision { panic("secret") }, Handler: gives("")})
	within(t, 5*time.Second, "the panic is logged", func() bool {
		return strings.Contains(l.String(), "guard panicked") && strings.Contains(l.String(), "changes_test.go")
	})
	quiet(nobody, root, reader)

	// What everybody may see is told once, whatever else has changed with it, in either order.
	app.AddTool(fastmcp.Tool{Name: "a", CanAccess: says("reader"), Handler: gives("")})
	app.AddTool(aTool("b"))
	app.AddTool(fastmcp.Tool{Name: "c", CanAccess: says("root"), Handler: gives("")})
	app.AddPrompt(fastmcp.Prompt{Name: "p", CanAccess: says("root"), Handler: gives("")})
	for _, all := range [][]*stream{nobody, reader, root} {
		hear(t, all, "tools")
	}
	hear(t, root, "prompts")
	quiet(nobody, reader, root)
}

// The promise is 100 ms. A busy machine may be late now and then, so it is the best of several that counts.
func TestChangesAreToldSoon(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	app.AddResource(aResource("a://open"))
	app.AddResource(fastmcp.Resource{URI: "a://guarded", CanAccess: auth.RequireAuth(), Handler: gives("")})
	s := serve(t, app, l)
	const wants = `{"toolsListChanged":true,"resourceSubscriptions":["a://open","a://guarded"]}`
	listener := s.subscribes(readerToken, "1", wants, wants)
	c := s.open("2025-11-25", as(readerToken))
	for _, uri := range []string{"a://open", "a://guarded"} {
		c.send("resources/subscribe", fmt.Sprintf(`"uri":%q`, uri))
	}
	session := c.listen("")
	for name, change := range map[string]func(name string){
		"a tool": func(name string) { app.AddTool(aTool(name)) },
		"a tool with a guard": func(name string) {
			app.AddTool(fastmcp.Tool{Name: name, CanAccess: auth.RequireAuth(), Handler: gives("")})
		},
		"an update":                     func(string) { app.ResourceUpdated("a://open") },
		"an update of what has a guard": func(string) { app.ResourceUpdated("a://guarded") },
	} {
		best := time.Hour
		for i := range 10 {
			begun := time.Now()
			change(fmt.Sprint(strings.ReplaceAll(name, " ", "-"), i))
			listener.message()
			session.message()
			best = min(best, time.Since(begun))
		}
		if best > 100*time.Millisecond {
			t.Errorf("%s is told after %s at best", name, best)
		}
	}
}

// Who may know is asked of what the guard is asked about in lists, once a principal, and with no lock held: what
// everybody may know is told meanwhile, and everything else goes on.
func TestGuardsThatAreSlowHoldNothingUp(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	s := serve(t, app, l)
	anonymous := append(s.ears(""), s.ears("")...)
	readers := s.ears(readerToken)
	asked, letGo := make(chan auth.Access, 64), make(chan struct{})
	app.AddTool(fastmcp.Tool{Name: "slow", CanAccess: func(_ context.Context, a *auth.Access) auth.Decision {
		asked <- *a
		if a.Principal == nil {
			<-letGo
		}
		return auth.Allow()
	}, Handler: gives("")})
	for range 2 {
		if a := receive(t, "a question", asked); a.Op != auth.OpList || a.Kind != auth.KindTool || a.Name != "slow" || a.Args != nil || a.SessionID != "" {
			t.Errorf("%+v", a)
		}
	}
	hear(t, readers, "tools") // another principal does not wait
	app.AddPrompt(aPrompt("p"))
	hear(t, anonymous, "prompts")
	hear(t, readers, "prompts")
	for i := range 20 { // these wait, and are one
		app.AddResource(fastmcp.Resource{URI: fmt.Sprint("a://", i), CanAccess: func(context.Context, *auth.Access) auth.Decision { return auth.Allow() }, Handler: gives("")})
	}
	app.RemoveResource("a://0")
	if m := s.inquire("", "prompts/list", "", "").message(t); m.Error != nil {
		t.Errorf("%+v", m.Error)
	}
	quiet(anonymous, readers)
	close(letGo)
	hear(t, anonymous, "tools")
	hear(t, anonymous, "resources")
	hear(t, readers, "resources")
	quiet(anonymous, readers)
	if len(asked) != 0 {
		t.Errorf("the guard was asked %d times more", len(asked))
	}
}

// The guard's context ends with the App, so that one that waits for something does not stay behind.
func TestGuardsThatAreAskedOfChangesEndWithTheApp(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	asked, over := make(chan struct{}, 1), make(chan struct{})
	s := serve(t, app, l)
	s.open("2025-11-25")
	app.AddTool(fastmcp.Tool{Name: "slow", CanAccess: func(ctx context.Context, _ *auth.Access) auth.Decision {
		asked <- struct{}{}
		<-ctx.Done()
		close(over)
		return auth.Deny()
	}, Handler: gives("")})
	receive(t, "the question", asked)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := app.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	receive(t, "the end of the guard", over)
}

func TestManyUpdatesAreToldAsOne(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddResource(aResource("a://open"))
	app.AddResource(fastmcp.Resource{URI: "a://guarded", CanAccess: func(context.Context, *auth.Access) auth.Decision { return auth.Allow() }, Handler: gives("")})
	s := serve(t, app, l)
	const both = `{"resourceSubscriptions":["a://open","a://guarded"]}`
	streams := []*stream{s.subscribes("", "1", `{"resourceSubscriptions":["a://open","a://guarded","a://open"]}`, both)}
	for _, revision := range revisions[1:] {
		c := s.open(revision)
		c.send("resources/subscribe", `"uri":"a://open"`)
		c.send("resources/subscribe", `"uri":"a://guarded"`)
		streams = append(streams, c.listen(""))
	}
	begun := time.Now()
	for range 100 {
		app.ResourceUpdated("a://open")
		app.ResourceUpdated("a://guarded")
	}
	windows := 1 + int(time.Since(begun)/(50*time.Millisecond)) // a busy machine may have needed more than one
	for i, st := range streams {
		heard := map[string]int{}
		for len(heard) < 2 {
			heard[string(st.message().Params)]++
		}
		for timeout, more := time.After(quietTime), true; more; {
			select {
			case m := <-st.events:
				if m.Method != "" {
					heard[string(m.Params)]++
				}
			case <-timeout:
				more = false
			}
		}
		for params, n := range heard {
			if n > windows || len(heard) != 2 {
				t.Errorf("stream %d was told %d times of %s", i, n, params)
			}
		}
	}
}

// sue is the same principal with each of two tokens, and may read with one of them.
const sueToken, sueReadToken = "sue-0123456789abcdef", "sue-reads-0123456789abcdef"

func TestAccessThatIsLostAndGained(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
		sueToken: {Subject: "sue"}, sueReadToken: {Subject: "sue", Scopes: []string{"read"}},
	})}})})
	var closed atomic.Bool
	app.AddResource(aResource("a://open"))
	app.AddResource(fastmcp.Resource{URI: "a://guarded", Handler: gives(""), CanAccess: func(_ context.Context, a *auth.Access) auth.Decision {
		return auth.Decision{Allowed: a.Principal.HasScope("read") && !closed.Load()}
	}})
	s := serve(t, app, l)
	const both = `{"resourceSubscriptions":["a://guarded","a://open"]}`
	listener := s.subscribes(sueReadToken, "1", both, both)
	c := s.open("2025-11-25", as(sueReadToken))
	for _, uri := range []string{"a://guarded", "a://open"} {
		if m := c.send("resources/subscribe", fmt.Sprintf(`"uri":%q`, uri)).message(t); m.Error != nil {
			t.Fatalf("%+v", m.Error)
		}
	}
	session := c.listen("")
	tag := "," + fmt.Sprintf(tagged, "1")
	told := func(guarded, guardedSession bool) {
		t.Helper()
		app.ResourceUpdated("a://guarded")
		if guarded {
			listener.hears("notifications/resources/updated", `{"uri":"a://guarded"`+tag+`}`)
		}
		if guardedSession {
			session.hears("notifications/resources/updated", `{"uri":"a://guarded"}`)
		}
		quiet([]*stream{listener, session})
		app.ResourceUpdated("a://open")
		listener.hears("notifications/resources/updated", `{"uri":"a://open"`+tag+`}`)
		session.hears("notifications/resources/updated", `{"uri":"a://open"}`)
	}
	told(true, true)
	closed.Store(true)
	told(false, false)
	closed.Store(false)
	told(true, true)
	for _, step := range []struct {
		token string
		reads bool
	}{{sueToken, false}, {sueReadToken, true}} { // the session's last request counts; a listener is one request
		c.extra = as(step.token)
		if a := c.send("ping", ""); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		told(true, step.reads)
	}
}

// A subscription holds by its URI: what is registered there now says who hears of it.
func TestSubscriptionsOutliveWhatTheyAreAbout(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	family := func(guard auth.Guard) fastmcp.ResourceTemplate {
		return fastmcp.ResourceTemplate{URI: "doc://{+path}", CanAccess: guard, Handler: fastmcp.Typed(thePath)}
	}
	app.AddResourceTemplate(family(nil))
	s := serve(t, app, l)
	const doc = `{"resourceSubscriptions":["doc://x"]}`
	streams := map[string][]*stream{}
	for _, token := range []string{"", readerToken} {
		c := s.open("2025-06-18", as(token))
		c.send("resources/subscribe", `"uri":"doc://x"`)
		streams[token] = []*stream{s.subscribes(token, "1", doc, doc), c.listen("")}
	}
	nobody, reader := streams[""], streams[readerToken]
	listed := func(who ...[]*stream) { // sessions hear of every list
		for _, w := range who {
			hear(t, w[1:], "resources")
		}
	}
	told := func(who ...[]*stream) {
		t.Helper()
		app.ResourceUpdated("doc://x")
		for _, w := range who {
			for i, st := range w {
				if m := st.message(); m.Method != "notifications/resources/updated" || !strings.Contains(string(m.Params), `"doc://x"`) {
					t.Errorf("stream %d: %s %s", i, m.Method, m.Params)
				}
			}
		}
		quiet(nobody, reader)
	}
	told(nobody, reader)
	app.RemoveResource("doc://{+path}")
	listed(nobody, reader)
	told()
	app.AddResourceTemplate(family(says("reader")))
	listed(reader)
	told(reader)
	app.AddResource(aResource("doc://x")) // a resource of its own goes before the template
	listed(nobody, reader)
	told(nobody, reader)
	app.RemoveResource("doc://x")
	listed(nobody, reader)
	told(reader)
	app.RemoveResource("doc://{+path}")
	listed(reader)
	app.AddResourceTemplate(family(nil))
	listed(nobody, reader)
	told(nobody, reader)
}

func TestSubscriptionsAreBoundedByConfig(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Sessions: fastmcp.SessionConfig{MaxSubscriptions: 2}})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "doc://{+path}", Handler: fastmcp.Typed(thePath)})
	s := serve(t, app, l)
	for _, revision := range revisions {
		c := s.open(revision)
		for _, uri := range []string{"doc://1", "doc://2", "doc://2"} {
			if m := c.send("resources/subscribe", fmt.Sprintf(`"uri":%q`, uri)).message(t); m.Error != nil {
				t.Errorf("%s %s: %+v", revision, uri, m.Error)
			}
		}
		a := c.send("resources/subscribe", `"uri":"doc://3"`)
		if a.message(t).fails(t, -32602, "more than 2 subscriptions"); a.status != 200 {
			t.Errorf("%s: %d", revision, a.status)
		}
	}
	const two = `{"resourceSubscriptions":["doc://1","doc://2"]}`
	s.subscribes("", "1", two, two)
	a := s.inquire("", "subscriptions/listen", "", `"notifications":{"resourceSubscriptions":["doc://1","doc://2","doc://3"]}`)
	if a.message(t).fails(t, -32602, "more than 2 subscriptions"); a.status != 200 {
		t.Errorf("%d", a.status)
	}
}

func TestOwnNotifications(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "notifies", Handler: fastmcp.Do(func(c *fastmcp.Context, _ struct{}) error {
		bad(t, "Context.Notify", c.Notify)
		return c.Notify("notifications/example/tea", nil)
	})})
	s := serve(t, app, l)
	for _, revision := range revisions[1:] {
		c, other := s.open(revision), s.open(revision)
		own, others := c.listen(""), other.listen("")
		notify := app.Session(c.id).Notify
		bad(t, "Session.Notify", notify)
		bad(t, "App.Broadcast", app.Broadcast)
		for _, note := range []struct {
			method string
			params any
			want   string
		}{
			{"notifications/example/tea", map[string]any{"minutes": 5}, `{"minutes":5}`},
			{"tea is <ready> \"é\"", struct{}{}, `{}`}, // any name that is not reserved is the server's business
			{"rpcs", nil, ""},
		} {
			if err := notify(note.method, note.params); err != nil {
				t.Errorf("%s: %v", note.method, err)
			}
			own.hears(note.method, note.want)
		}
		others.quiet(quietTime)
		if err := app.Broadcast("notifications/example/all", nil); err != nil {
			t.Error(err)
		}
		own.hears("notifications/example/all", "")
		others.hears("notifications/example/all", "")
		all := c.call("notifies", `{}`).messages(t)
		if len(all) != 2 || all[0].Method != "notifications/example/tea" || all[1].tool(t).IsError {
			t.Errorf("%s: %+v", revision, all)
		}
	}
	if all := s.callStateless("notifies", `{}`).messages(t); len(all) != 2 || all[0].Method != "notifications/example/tea" {
		t.Errorf("2026-07-28: %+v", all)
	}
}

// bad sends notifications that are none.
func bad(t *testing.T, who string, notify func(string, any) error) {
	t.Helper()
	for _, c := range []struct {
		method string
		params any
		words  string
	}{
		{"", nil, `cannot be named ""`},
		{"rpc.discover", nil, `cannot be named "rpc.discover"`},
		{"rpc.", map[string]any{}, `cannot be named "rpc."`},
		{"notifications/x", []int{1}, "not a JSON object"},
		{"notifications/x", "text", "not a JSON object"},
		{"notifications/x", 5, "not a JSON object"},
		{"notifications/x", map[string]any(nil), "not a JSON object"},
		{"notifications/x", func() {}, "the parameters of notifications/x"},
	} {
		if err := notify(c.method, c.params); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s %q %v: %v", who, c.method, c.params, err)
		}
	}
}
