package fastmcp_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/store"
)

// nodes is a store that several Apps share, as if each ran on a machine of its own, and what can go wrong between them.
type nodes struct {
	store.Storage
	parts *store.Backend

	mu   sync.Mutex
	down error // what the record of the switches says, in place of anything else
	deaf bool  // what nodes tell is lost
	mute error // nodes cannot tell
	lost map[*nodesSubscription]func()
}

func newNodes() *nodes {
	n := &nodes{Storage: store.Memory(), lost: map[*nodesSubscription]func(){}}
	own := n.Storage.(store.Source).Backend()
	n.parts = &store.Backend{
		KV: nodesKV{own.KV, n}, Atomic: nodesAtomic{own.Atomic, n}, Log: own.Log, Bus: nodesBus{own.Bus, n}, Index: own.Index, Shared: true,
	}
	return n
}

func (n *nodes) Backend() *store.Backend { return n.parts }

func (n *nodes) set(f func(n *nodes)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(n)
}

// failure is what a step on the record of the switches fails with.
func (n *nodes) failure(key string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if strings.HasPrefix(key, "@switches:") {
		return n.down
	}
	return nil
}

// lose tells all nodes that messages may have been lost.
func (n *nodes) lose() {
	n.mu.Lock()
	all := slices.Collect(maps.Values(n.lost))
	n.mu.Unlock()
	for _, f := range all {
		f()
	}
}

type nodesKV struct {
	store.KV
	n *nodes
}

func (s nodesKV) Get(ctx context.Context, key string) ([]byte, error) {
	if err := s.n.failure(key); err != nil {
		return nil, err
	}
	return s.KV.Get(ctx, key)
}

type nodesAtomic struct {
	store.Atomic
	n *nodes
}

func (s nodesAtomic) CAS(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	if err := s.n.failure(key); err != nil {
		return false, err
	}
	return s.Atomic.CAS(ctx, key, old, new, ttl)
}

type nodesBus struct {
	store.Bus
	n *nodes
}

func (s nodesBus) Publish(ctx context.Context, channel string, data []byte) (int, error) {
	s.n.mu.Lock()
	deaf, mute := s.n.deaf, s.n.mute
	s.n.mu.Unlock()
	if channel == "nodes" && mute != nil {
		return 0, mute
	}
	if channel == "nodes" && deaf {
		return 0, nil
	}
	return s.Bus.Publish(ctx, channel, data)
}

func (s nodesBus) Subscribe(fn func(string, []byte), lost func()) (store.Subscription, error) {
	sub, err := s.Bus.Subscribe(fn, lost)
	one := &nodesSubscription{sub, s.n}
	s.n.set(func(n *nodes) { n.lost[one] = lost })
	return one, err
}

type nodesSubscription struct {
	store.Subscription
	n *nodes
}

func (s *nodesSubscription) Close() error {
	s.n.set(func(n *nodes) { delete(n.lost, s) })
	return s.Subscription.Close()
}

// serve starts a node.
func (n *nodes) serve(t *testing.T, config fastmcp.Config, register func(app *fastmcp.App)) *server {
	t.Helper()
	config.Storage, config.Keys = n, [][]byte{bytes.Repeat([]byte{7}, 32)}
	app, l := newApp(t, config)
	register(app)
	return serve(t, app, l).begun()
}

// begun waits until the App serves: what is said about its tools before is how they begin.
func (s *server) begun() *server {
	s.t.Helper()
	if a := s.inquire("", "server/discover", "", ""); a.status != 200 {
		s.t.Fatalf("%d %s", a.status, a.body)
	}
	return s
}

const wantsOpen = `{"resourceSubscriptions":["a://open"]}`

// An update on one node reaches those who listen to any, once, and those who may not know of it nowhere.
func TestUpdatesReachEveryNode(t *testing.T) {
	n := newNodes()
	register := func(app *fastmcp.App) {
		app.AddResource(aResource("a://open"))
		app.AddResource(fastmcp.Resource{URI: "a://closed", CanAccess: says("reader"), Handler: gives("")})
	}
	var all []*server
	for range 3 {
		all = append(all, n.serve(t, fastmcp.Config{Auth: someTokens()}, register))
	}
	const both = `{"resourceSubscriptions":["a://open","a://closed"]}`
	var nobody, reader []*stream
	for _, s := range all {
		nobody = append(nobody, s.subscribes("", "1", both, wantsOpen))
		reader = append(reader, s.subscribes(readerToken, "1", both, both))
		for _, revision := range revisions[1:] {
			c := s.open(revision, as(readerToken))
			for _, uri := range []string{"a://open", "a://closed"} {
				c.send("resources/subscribe", `"uri":"`+uri+`"`)
			}
			reader = append(reader, c.listen(""))
		}
	}
	for _, s := range all {
		for range 5 {
			s.app.ResourceUpdated("a://open")
			s.app.ResourceUpdated("a://closed")
			s.app.ResourceUpdated("no://such")
		}
		heard := func(st *stream, most int) (all string) {
			for range most {
				m := st.message()
				if m.Method != "notifications/resources/updated" {
					t.Errorf("%s %s", m.Method, m.Params)
				}
				all += string(m.Params)
			}
			return all
		}
		for i, st := range nobody {
			if got := heard(st, 1); !strings.Contains(got, "a://open") {
				t.Errorf("nobody %d: %s", i, got)
			}
		}
		for i, st := range reader {
			if got := heard(st, 2); !strings.Contains(got, "a://open") || !strings.Contains(got, "a://closed") {
				t.Errorf("reader %d: %s", i, got)
			}
		}
		quiet(nobody, reader)
	}
}

// Many updates at once travel in several messages; too many, or one that is too long, as: any may have been.
func TestManyUpdatesReachOtherNodes(t *testing.T) {
	n := newNodes()
	register := func(app *fastmcp.App) {
		app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "doc://{+path}", Handler: fastmcp.Typed(thePath)})
	}
	a, b := n.serve(t, fastmcp.Config{}, register), n.serve(t, fastmcp.Config{}, register)
	const wants = `{"resourceSubscriptions":["doc://0/some/file","doc://3999/some/file","doc://untouched"]}`
	st := b.subscribes("", "1", wants, wants)
	tag := `,"_meta":{"io.modelcontextprotocol/subscriptionId":1}`
	hears := func(uris ...string) {
		t.Helper()
		heard := map[string]bool{}
		for len(heard) < len(uris) {
			m := st.message()
			heard[string(m.Params)] = true
		}
		for _, uri := range uris {
			if !heard[updatedNote(uri, tag)] {
				t.Errorf("%s is not in %v", uri, heard)
			}
		}
		st.quiet(quietTime)
	}
	update := func(n int, rest string) {
		for i := range n {
			a.app.ResourceUpdated("doc://" + string(appendInt(nil, i)) + rest)
		}
	}
	update(4000, "/some/file") // 90 KB, and one message has 64 KiB
	hears("doc://0/some/file", "doc://3999/some/file")
	a.app.ResourceUpdated("doc://" + strings.Repeat("long", 20_000))
	hears("doc://0/some/file", "doc://3999/some/file", "doc://untouched")
	update(20, "/"+strings.Repeat("y", 60_000))
	hears("doc://0/some/file", "doc://3999/some/file", "doc://untouched")
}

func appendInt(b []byte, i int) []byte {
	if i >= 10 {
		b = appendInt(b, i/10)
	}
	return append(b, byte('0'+i%10))
}

// What cannot be told is told when it can be: which resources it was is not kept.
func TestUpdatesThatCannotBeToldAreToldLater(t *testing.T) {
	n := newNodes()
	register := func(app *fastmcp.App) {
		app.AddResource(aResource("a://open"))
		app.AddResource(aResource("a://other"))
	}
	a, b := n.serve(t, fastmcp.Config{}, register), n.serve(t, fastmcp.Config{}, register)
	const wants = `{"resourceSubscriptions":["a://open","a://other"]}`
	near, far := a.subscribes("", "1", wants, wants), b.subscribes("", "1", wants, wants)
	tag := `,"_meta":{"io.modelcontextprotocol/subscriptionId":1}`
	n.set(func(n *nodes) { n.mute = errors.New("the bus is away") })
	a.app.ResourceUpdated("a://open")
	near.hears("notifications/resources/updated", updatedNote("a://open", tag)) // here nothing waits for the bus
	far.quiet(quietTime)
	n.set(func(n *nodes) { n.mute = nil })
	for _, uri := range []string{"a://open", "a://other"} {
		far.hears("notifications/resources/updated", updatedNote(uri, tag))
	}
	near.quiet(quietTime)
}

// When messages were lost, all that somebody listens to may have changed. Guards are asked as they are now.
func TestLostMessagesAreTold(t *testing.T) {
	n := newNodes()
	var closed sync.Map
	register := func(app *fastmcp.App) {
		app.AddTool(aTool("t"))
		app.AddResource(aResource("a://open"))
		app.AddResource(fastmcp.Resource{URI: "a://guarded", Handler: gives(""), CanAccess: mayWhile(&closed)})
	}
	a, b := n.serve(t, fastmcp.Config{}, register), n.serve(t, fastmcp.Config{}, register)
	const wants = `{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true,"resourceSubscriptions":["a://guarded","a://open"]}`
	listener := b.subscribes("", "1", wants, wants)
	c := b.open("2025-11-25")
	for _, uri := range []string{"a://guarded", "a://open"} {
		c.send("resources/subscribe", `"uri":"`+uri+`"`)
	}
	streams := []*stream{listener, c.listen("")}
	hears := func(want ...string) {
		t.Helper()
		for i, st := range streams {
			heard := map[string]bool{}
			for len(heard) < len(want) {
				m := st.message()
				uri := ""
				for _, known := range []string{"a://guarded", "a://open"} {
					if strings.Contains(string(m.Params), known) {
						uri = " " + known
					}
				}
				heard[strings.TrimPrefix(m.Method, "notifications/")+uri] = true
			}
			for _, w := range want {
				if !heard[w] {
					t.Errorf("stream %d: %s is not in %v", i, w, heard)
				}
			}
		}
		for i, st := range streams { // what the switch itself tells may come a little later than the loss
			for timeout, more := time.After(quietTime), true; more; {
				select {
				case m := <-st.events:
					if m.Method != "" && m.Method != "notifications/tools/list_changed" {
						t.Errorf("stream %d: unexpected: %s %s", i, m.Method, m.Params)
					}
				case <-timeout:
					more = false
				}
			}
		}
	}
	lists := []string{"tools/list_changed", "prompts/list_changed", "resources/list_changed"}

	n.set(func(n *nodes) { n.deaf = true })
	if err := a.app.SetToolEnabled("t", false); err != nil {
		t.Fatal(err)
	}
	a.app.ResourceUpdated("a://open")
	quiet(streams)
	n.set(func(n *nodes) { n.deaf = false })
	n.lose()
	within(t, 5*time.Second, "the other node knows", func() bool { return !b.app.ToolEnabled("t") })
	hears(append(lists, "resources/updated a://guarded", "resources/updated a://open")...)
	closed.Store("closed", true)
	n.lose()
	hears(append(lists, "resources/updated a://open")...)
}

// What is none of a node's messages, or of one that is newer, is nothing to it.
func TestMessagesOfOthersAreIgnored(t *testing.T) {
	n := newNodes()
	s := n.serve(t, fastmcp.Config{}, func(app *fastmcp.App) { app.AddResource(aResource("a://open")) })
	st := s.subscribes("", "1", wantsOpen, wantsOpen)
	const updated = "\x01\x03foo\x07updated"
	publish := func(text string) {
		if _, err := n.parts.Bus.Publish(t.Context(), "nodes", []byte(text)); err != nil {
			t.Error(err)
		}
	}
	for _, text := range []string{
		"", "\x01", "\x01\x03fo", "\x01\x03foo", "\x01\x03foo\xffupdated", "\x01\x00\x07updated", "\x01\x03foo\x00", "hello", `{"kind":"updated"}`,
		"\x02\x03foo\x07updated" + `["a://open"]`, "\x01\x03foo\x07unknown" + `["a://open"]`, "\x01\x03foo\x07Updated", updated + `["no://such",""]`, updated + `[]`,
		updated + strings.Repeat(" ", 64<<10) + `["a://open"]`,
	} {
		publish(text)
	}
	st.quiet(quietTime)
	tag := `,"_meta":{"io.modelcontextprotocol/subscriptionId":1}`
	for _, payload := range []string{`["a://open"]`, ``, `{`, `[1]`, `"a://open"`} { // what cannot be read may be about anything
		publish(updated + payload)
		st.hears("notifications/resources/updated", updatedNote("a://open", tag))
	}
	st.quiet(quietTime)
}

// A session's stream may be on another node than the one that takes the subscription, and each update is told once, however
// many nodes know the session.
func TestSubscriptionsTakenElsewhere(t *testing.T) {
	n := newNodes()
	register := func(app *fastmcp.App) {
		twoTools(app)
		app.AddResource(aResource("a://open"))
		app.AddResource(aResource("a://other"))
	}
	a, b := n.serve(t, fastmcp.Config{}, register), n.serve(t, fastmcp.Config{}, register)
	for _, revision := range revisions[1:] {
		c := a.open(revision)
		there := *c
		there.server = b
		st := there.listen("")
		for _, uri := range []string{"a://open", "a://other"} {
			if m := c.send("resources/subscribe", `"uri":"`+uri+`"`).message(t); m.Error != nil {
				t.Fatalf("%s: %+v", revision, m.Error)
			}
		}
		if m := c.send("resources/unsubscribe", `"uri":"a://other"`).message(t); m.Error != nil {
			t.Fatalf("%s: %+v", revision, m.Error)
		}
		heard := func() bool { // the node of the stream hears of the subscription a little later
			a.app.ResourceUpdated("a://open")
			select {
			case m := <-st.events:
				return m.Method == "notifications/resources/updated" && string(m.Params) == `{"uri":"a://open"}`
			case <-time.After(quietTime):
				return false
			}
		}
		within(t, 20*time.Second, "the update is heard", heard)
		st.quiet(quietTime)
		for _, s := range []*server{a, b} {
			s.app.ResourceUpdated("a://open")
			st.hears("notifications/resources/updated", `{"uri":"a://open"}`)
			s.app.ResourceUpdated("a://other")
			st.quiet(quietTime)
		}
		for _, on := range []bool{false, true} {
			if err := a.app.SetToolEnabled("t", on); err != nil {
				t.Fatal(err)
			}
			st.hears("notifications/tools/list_changed", "")
			st.quiet(quietTime)
		}
		st.close()
	}
}

// Who was away learns, when it comes back to whichever node, that there was something.
func TestUpdatesWhileTheClientIsAway(t *testing.T) {
	n := newNodes()
	register := func(app *fastmcp.App) { app.AddResource(aResource("a://open")) }
	a, b := n.serve(t, fastmcp.Config{}, register), n.serve(t, fastmcp.Config{}, register)
	c := a.open("2025-11-25")
	c.send("resources/subscribe", `"uri":"a://open"`)
	c.listen("").close()
	a.app.ResourceUpdated("a://open")
	there := *c
	there.server = b
	within(t, 20*time.Second, "the update is heard", func() bool { // that there was something is noted in the background
		st := there.listen("")
		defer st.close()
		for timeout := time.After(quietTime); ; {
			select {
			case m := <-st.events:
				if m.Method == "notifications/resources/updated" {
					return true
				}
			case <-timeout:
				return false
			}
		}
	})
}
