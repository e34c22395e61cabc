package fastmcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

const tagged = `"_meta":{"io.modelcontextprotocol/subscriptionId":%s}`

// subscribes opens a listener of 2026-07-28 and takes its acknowledgement. id is JSON.
func (s *server) subscribes(token, id, notifications, honoured string) *stream {
	s.t.Helper()
	h := statelessHeaders("subscriptions/listen", "")
	for k, v := range as(token) {
		h[k] = v
	}
	body := stateless(1, "subscriptions/listen", `"notifications":`+notifications, `,"io.modelcontextprotocol/logLevel":"debug","progressToken":1`)
	st := s.listen("POST", h, strings.Replace(body, `"id":1`, `"id":`+id, 1))
	m := st.message()
	if want := `{"notifications":` + honoured + `,` + fmt.Sprintf(tagged, id) + `}`; m.Method != "notifications/subscriptions/acknowledged" || string(m.Params) != want {
		s.t.Errorf("%s %s, not %s", m.Method, m.Params, want)
	}
	return st
}

// hears takes the next message, which must be a notification with these params.
func (s *stream) hears(method, params string) {
	s.t.Helper()
	if m := s.message(); m.Method != method || string(m.Params) != params {
		s.t.Errorf("%s %s, not %s %s", m.Method, m.Params, method, params)
	}
}

// quiet takes what comes within a time, which must hold no message.
func (s *stream) quiet(d time.Duration) {
	s.t.Helper()
	timeout := time.After(d)
	for {
		select {
		case m, ok := <-s.events:
			if !ok {
				s.t.Error("the stream has ended")
				return
			}
			if m.Method != "" || m.ID != nil {
				s.t.Errorf("unexpected: %s %s", m.Method, m.Params)
			}
		case <-timeout:
			return
		}
	}
}

const quietTime = 200 * time.Millisecond // several times the time in which changes are collected

func aTool(name string) fastmcp.Tool          { return fastmcp.Tool{Name: name, Handler: gives("")} }
func aPrompt(name string) fastmcp.Prompt      { return fastmcp.Prompt{Name: name, Handler: gives("")} }
func aResource(uri string) fastmcp.Resource   { return fastmcp.Resource{URI: uri, Handler: gives("")} }
func updatedNote(uri, meta string) (m string) { return `{"uri":"` + uri + `"` + meta + `}` }

func TestChangesWhileServingAreToldOnce(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	s := serve(t, app, l)
	for _, revision := range revisions[1:] {
		own := s.open(revision).listen("")
		for i := range 5 {
			app.AddTool(aTool(fmt.Sprint("t", i)))
			app.AddPrompt(aPrompt(fmt.Sprint("p", i)))
			app.AddResource(aResource(fmt.Sprint("a://", i)))
		}
		app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "doc://{+path}", Handler: fastmcp.Typed(thePath)})
		for _, kind := range []string{"tools", "resources", "prompts"} {
			own.hears("notifications/"+kind+"/list_changed", "")
		}
		own.quiet(quietTime)
		for i := range 5 {
			if !app.RemovePrompt(fmt.Sprint("p", i)) || !app.RemoveResource(fmt.Sprint("a://", i)) {
				t.Error("there was nothing to remove")
			}
		}
		app.RemoveResource("doc://{+path}")
		own.hears("notifications/resources/list_changed", "")
		own.hears("notifications/prompts/list_changed", "")
		for i := range 5 {
			app.RemoveTool(fmt.Sprint("t", i))
		}
		own.hears("notifications/tools/list_changed", "")
		if app.RemovePrompt("p0") || app.RemoveResource("a://0") || app.TryAddPrompt(aPrompt("a b")) == nil || app.TryAddResource(aResource("x")) == nil {
			t.Error("nothing has changed")
		}
		own.quiet(quietTime)
		own.close()
	}
}

func TestUpdatesReachSubscribersThatMayRead(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	var closed atomic.Bool
	app.AddResource(aResource("a://open"))
	app.AddResource(fastmcp.Resource{URI: "a://member", Handler: gives(""), CanAccess: func(_ context.Context, a *auth.Access) auth.Decision {
		return auth.Decision{Allowed: a.Principal != nil && !closed.Load()}
	}})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "doc://{+path}", Handler: fastmcp.Typed(thePath)})
	s := serve(t, app, l)
	anyone, reader, other := s.open("2025-06-18"), s.open("2025-11-25", as(readerToken)), s.open("2024-11-05")
	send := func(c *client, method, uri string) message {
		return c.send(method, fmt.Sprintf(`"uri":%q`, uri)).message(t)
	}
	for _, uri := range []string{"a://open", "doc://x"} {
		for _, c := range []*client{anyone, reader} {
			if m := send(c, "resources/subscribe", uri); string(m.Result) != `{}` {
				t.Errorf("%+v", m)
			}
		}
	}
	send(anyone, "resources/subscribe", "a://member").fails(t, -32002, "a://member")
	send(anyone, "resources/subscribe", "no://such").fails(t, -32002, "no://such")
	anyone.send("resources/subscribe", `"uri":1`).message(t).fails(t, -32602, "uri must be a string")
	send(reader, "resources/subscribe", "a://member")
	s.inquire("", "resources/subscribe", "", `"uri":"a://open"`).message(t).fails(t, -32601)
	theirs, hers, others := anyone.listen(""), reader.listen(""), other.listen("")

	app.ResourceUpdated("a://member")
	hers.hears("notifications/resources/updated", updatedNote("a://member", ""))
	app.ResourceUpdated("doc://x")
	app.ResourceUpdated("doc://y")
	app.ResourceUpdated("no://such")
	closed.Store(true)
	app.ResourceUpdated("a://member")
	app.ResourceUpdated("a://open")
	for _, st := range []*stream{theirs, hers} {
		st.hears("notifications/resources/updated", updatedNote("doc://x", ""))
		st.hears("notifications/resources/updated", updatedNote("a://open", ""))
	}
	for _, uri := range []string{"a://open", "doc://x", "a://member", "never://subscribed"} {
		if m := send(reader, "resources/unsubscribe", uri); string(m.Result) != `{}` {
			t.Errorf("%+v", m)
		}
	}
	closed.Store(false)
	for _, uri := range []string{"a://open", "a://member", "doc://x"} {
		app.ResourceUpdated(uri)
	}
	theirs.hears("notifications/resources/updated", updatedNote("a://open", ""))
	theirs.hears("notifications/resources/updated", updatedNote("doc://x", ""))
	hers.quiet(quietTime)
	others.quiet(0)
	app.RemoveResource("a://open")
	theirs.hears("notifications/resources/list_changed", "")
	app.ResourceUpdated("a://open") // nobody can read it any more
	theirs.quiet(quietTime)
}

func TestSubscriptionsAreBounded(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "doc://{+path}", Handler: fastmcp.Typed(thePath)})
	s := serve(t, app, l)
	c := s.open("2025-11-25")
	subscribe := func(i int) message {
		return c.send("resources/subscribe", fmt.Sprintf(`"uri":"doc://%d"`, i)).message(t)
	}
	for i := range 1000 {
		if m := subscribe(i); m.Error != nil {
			t.Fatalf("%d: %+v", i, m.Error)
		}
	}
	subscribe(1000).fails(t, -32602, "more than 1000 subscriptions")
	if m := subscribe(5); m.Error != nil {
		t.Errorf("one that is there already: %+v", m.Error)
	}
	c.send("resources/unsubscribe", `"uri":"doc://5"`)
	if m := subscribe(1000); m.Error != nil {
		t.Errorf("%+v", m.Error)
	}
	s.inquire("", "subscriptions/listen", "", `"notifications":{"resourceSubscriptions":["x"`+strings.Repeat(`,"x"`, 1000)+`]}`).message(t).fails(t, -32602, "1000")
}

func TestListenersHearWhatTheyWant(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	app.Use(func(c *fastmcp.Context) error {
		c.ClientLog().Error("nobody reads this on a listener")
		_ = c.Progress(1, 1)
		return c.Next()
	})
	var closed atomic.Bool
	app.AddResource(aResource("a://open"))
	app.AddResource(fastmcp.Resource{URI: "a://member", Handler: gives(""), CanAccess: func(_ context.Context, a *auth.Access) auth.Decision {
		return auth.Decision{Allowed: a.Principal != nil && !closed.Load()}
	}})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "doc://{+path}", Handler: fastmcp.Typed(thePath)})
	s := serve(t, app, l)
	const every = `{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true`
	uris := `,"resourceSubscriptions":["a://open","a://member","doc://x","no://such"]}`
	all := s.subscribes("", `"seven"`, every+uris, every+`,"resourceSubscriptions":["a://open","doc://x"]}`)
	reader := s.subscribes(readerToken, `7`, `{"promptsListChanged":false,"taskIds":["x"]`+uris, `{"resourceSubscriptions":["a://open","a://member","doc://x"]}`)
	prompts := s.subscribes("", `9007199254740993`, `{"promptsListChanged":true,"toolsListChanged":false}`, `{"promptsListChanged":true}`)
	nothing := s.subscribes("", `"7"`, `{}`, `{}`)
	seven, number, large := fmt.Sprintf(tagged, `"seven"`), fmt.Sprintf(tagged, `7`), fmt.Sprintf(tagged, `9007199254740993`)

	for i := range 3 {
		app.AddTool(aTool(fmt.Sprint("t", i)))
	}
	all.hears("notifications/tools/list_changed", "{"+seven+"}")
	app.AddPrompt(aPrompt("p"))
	all.hears("notifications/prompts/list_changed", "{"+seven+"}")
	prompts.hears("notifications/prompts/list_changed", "{"+large+"}")
	app.AddResource(aResource("a://more"))
	all.hears("notifications/resources/list_changed", "{"+seven+"}")
	for _, uri := range []string{"a://more", "a://member", "doc://y", "no://such"} {
		app.ResourceUpdated(uri)
	}
	reader.hears("notifications/resources/updated", updatedNote("a://member", ","+number))
	closed.Store(true)
	app.ResourceUpdated("a://member")
	app.ResourceUpdated("doc://x")
	all.hears("notifications/resources/updated", updatedNote("doc://x", ","+seven))
	reader.hears("notifications/resources/updated", updatedNote("doc://x", ","+number))
	for _, st := range []*stream{all, reader, prompts, nothing} {
		st.quiet(quietTime / 4)
	}

	for _, params := range []string{
		``, `"notifications":null`, `"notifications":[]`, `"notifications":"all"`, `"notifications":{"toolsListChanged":"yes"}`,
		`"notifications":{"resourceSubscriptions":"a://open"}`, `"notifications":{"resourceSubscriptions":[1]}`,
	} {
		a := s.inquire("", "subscriptions/listen", "", params)
		if a.message(t).fails(t, -32602, "notifications must be an object"); strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
			t.Errorf("%s: a stream", params)
		}
	}
	s.open("2025-11-25").send("subscriptions/listen", `"notifications":{}`).message(t).fails(t, -32601)
}

func TestResourcesComeAndGoWhileTheyAreRead(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddResource(aResource("a://always"))
	s := serve(t, app, l)
	st := s.subscribes("", "1", `{"resourcesListChanged":true,"resourceSubscriptions":["a://always"]}`, `{"resourcesListChanged":true,"resourceSubscriptions":["a://always"]}`)
	var all sync.WaitGroup
	for i := range 8 {
		uri := fmt.Sprint("a://", i)
		all.Go(func() {
			for range 20 {
				app.AddResource(aResource(uri))
				if got := s.read("", uri).message(t); got.Error != nil {
					t.Errorf("%+v", got.Error)
				}
				app.ResourceUpdated("a://always")
				if m := s.inquire("", "resources/list", "", "").message(t); !strings.Contains(string(m.Result), uri+`"`) {
					t.Errorf("%s is not in %s", uri, m.Result)
				}
				app.RemoveResource(uri)
				s.read("", uri).message(t).fails(t, -32602, "Resource not found")
				s.read("", "a://always").message(t).contents(t)
			}
		})
	}
	all.Wait()
	heard := map[string]bool{}
	for len(heard) < 2 {
		heard[st.message().Method] = true
	}
}

// What changes as soon as the client knows that it is listened to must reach it.
func TestNothingIsMissedBehindTheAcknowledgement(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddResource(aResource("a://open"))
	s := serve(t, app, l)
	for i := range 50 {
		st := s.subscribes("", fmt.Sprint(i), `{"resourceSubscriptions":["a://open"]}`, `{"resourceSubscriptions":["a://open"]}`)
		app.ResourceUpdated("a://open")
		st.hears("notifications/resources/updated", updatedNote("a://open", ","+fmt.Sprintf(tagged, fmt.Sprint(i))))
		st.close()
	}
}

// listening is how many goroutines are in a listener. fasthttp keeps its own for a while after that, to use them again.
func listening() int {
	b := make([]byte, 4<<20)
	return strings.Count(string(b[:runtime.Stack(b, true)]), "fastmcp.listen(")
}

func TestListenersThatLeaveAreForgotten(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddResource(aResource("a://open"))
	s := serve(t, app, l)
	var open []*stream
	for i := range 20 {
		open = append(open, s.subscribes("", fmt.Sprint(i), `{"toolsListChanged":true,"resourceSubscriptions":["a://open"]}`, `{"toolsListChanged":true,"resourceSubscriptions":["a://open"]}`))
	}
	if n := listening(); n != 20 {
		t.Errorf("%d listen", n)
	}
	for _, st := range open[1:] {
		st.close()
	}
	within(t, 10*time.Second, "those that have left are forgotten", func() bool { return listening() == 1 })
	app.ResourceUpdated("a://open")
	open[0].hears("notifications/resources/updated", updatedNote("a://open", ","+fmt.Sprintf(tagged, "0")))
	open[0].close()
	within(t, 10*time.Second, "the last, too", func() bool { return listening() == 0 })
}

func TestListenersEndWithAResult(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: auth.New(auth.Config{Optional: true, Verifiers: []auth.Verifier{
		auth.Authenticate(func(_ context.Context, r *auth.Request) (*auth.Principal, error) {
			p := &auth.Principal{Subject: "x"}
			if r.Header("X-Short") != "" {
				p.ExpiresAt = time.Now().Add(300 * time.Millisecond)
			}
			return p, nil
		}),
	}})})
	s := serve(t, app, l)
	final := func(st *stream, id string) {
		t.Helper()
		m := st.message()
		var r struct {
			ResultType string
			Meta       map[string]json.RawMessage `json:"_meta"`
		}
		if json.Unmarshal(m.Result, &r) != nil || string(m.ID) != id || r.ResultType != "complete" || string(r.Meta["io.modelcontextprotocol/subscriptionId"]) != id {
			t.Errorf("%s %s %s %+v", m.ID, m.Method, m.Result, m.Error)
		}
		st.ended()
	}
	h := statelessHeaders("subscriptions/listen", "")
	h["X-Short"] = "1"
	short := s.listen("POST", h, stateless(3, "subscriptions/listen", `"notifications":{"toolsListChanged":true}`, ""))
	short.message()
	text, number := s.subscribes("", `"a"`, `{"toolsListChanged":true}`, `{"toolsListChanged":true}`), s.subscribes("", "5", `{}`, `{}`)
	final(short, "3") // its credentials are over
	app.AddTool(aTool("t"))
	text.hears("notifications/tools/list_changed", "{"+fmt.Sprintf(tagged, `"a"`)+"}")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := app.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	final(text, `"a"`)
	final(number, "5")
}
