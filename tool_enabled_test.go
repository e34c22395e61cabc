package fastmcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/store"
)

// mayWhile is a guard that lets everybody in until there is something in closed.
func mayWhile(closed *sync.Map) auth.Guard {
	return func(context.Context, *auth.Access) auth.Decision {
		_, shut := closed.Load("closed")
		return auth.Decision{Allowed: !shut}
	}
}

// stands checks how the tool "t" stands, for all clients of a server.
func (s *server) stands(on bool) {
	s.t.Helper()
	if s.app.ToolEnabled("t") != on {
		s.t.Errorf("ToolEnabled says %t", !on)
	}
	asks := []func(method, params string) message{func(method, params string) message {
		name := ""
		if method == "tools/call" {
			name = "t"
		}
		return s.inquire("", method, name, params).message(s.t)
	}}
	for _, revision := range revisions {
		c := s.open(revision)
		asks = append(asks, func(method, params string) message { return c.send(method, params).message(s.t) })
	}
	for i, ask := range asks {
		if list := ask("tools/list", ""); strings.Contains(string(list.Result), `"name":"t"`) != on || !strings.Contains(string(list.Result), `"name":"u"`) {
			s.t.Errorf("%d: the list is %s %+v", i, list.Result, list.Error)
		}
		m := ask("tools/call", `"name":"t","arguments":{}`)
		if on {
			if m.tool(s.t).IsError {
				s.t.Errorf("%d: %s", i, m.Result)
			}
			continue
		}
		m.fails(s.t, -32602, `unknown tool "t"`)
	}
}

func twoTools(app *fastmcp.App) {
	app.AddTool(aTool("t"))
	app.AddTool(aTool("u"))
}

func TestToolsAreSwitchedOnEveryNode(t *testing.T) {
	n := newNodes()
	a, b := n.serve(t, fastmcp.Config{}, twoTools), n.serve(t, fastmcp.Config{}, twoTools)
	ears := [][]*stream{a.ears(""), b.ears("")}
	turn := func(s *server, on bool) {
		t.Helper()
		if err := s.app.SetToolEnabled("t", on); err != nil {
			t.Fatal(err)
		}
		if s.app.ToolEnabled("t") != on {
			t.Error("it has no effect at once")
		}
		for _, all := range ears {
			hear(t, all, "tools")
		}
		quiet(ears...)
	}
	a.stands(true)
	turn(a, false)
	a.stands(false)
	b.stands(false)
	turn(b, true)
	a.stands(true)
	b.stands(true)
	turn(b, false)
	for _, s := range []*server{a, b} {
		if err := s.app.SetToolEnabled("t", false); err != nil { // it is off already
			t.Error(err)
		}
	}
	quiet(ears...)

	late := n.serve(t, fastmcp.Config{}, twoTools)
	late.stands(false)
	quiet(ears...)
	turn(late, true)
	late.stands(true)
	b.stands(true)
}

// Who cannot see a tool does not learn that it has been switched.
func TestSwitchesAreToldWhoMaySee(t *testing.T) {
	n := newNodes()
	register := func(app *fastmcp.App) {
		g := app.Group("group/")
		g.CanAccess = says("reader")
		g.AddTool(aTool("t"))
	}
	a, b := n.serve(t, fastmcp.Config{Auth: someTokens()}, register), n.serve(t, fastmcp.Config{Auth: someTokens()}, register)
	reader := [][]*stream{a.ears(readerToken), b.ears(readerToken)}
	others := [][]*stream{a.ears(""), b.ears(rootToken)}
	for _, on := range []bool{false, true} {
		if err := a.app.SetToolEnabled("group/t", on); err != nil {
			t.Fatal(err)
		}
		for _, all := range reader {
			hear(t, all, "tools")
		}
	}
	quiet(append(others, reader...)...)
}

// What is said before serving is how a tool begins. What the nodes have been told since goes before it.
func TestToolsThatBeginSwitchedOff(t *testing.T) {
	n := newNodes()
	begins := func(app *fastmcp.App) {
		twoTools(app)
		for _, on := range []bool{false, true, false} {
			if err := app.SetToolEnabled("t", on); err != nil || app.ToolEnabled("t") != on {
				t.Error(err)
			}
		}
	}
	a, b := n.serve(t, fastmcp.Config{}, begins), n.serve(t, fastmcp.Config{}, twoTools)
	a.stands(false)
	b.stands(true)
	ears := [][]*stream{a.ears(""), b.ears("")}
	if err := b.app.SetToolEnabled("t", true); err != nil {
		t.Fatal(err)
	}
	hear(t, ears[0], "tools")
	quiet(ears...) // where it was on already nothing has changed
	a.stands(true)
	n.serve(t, fastmcp.Config{}, begins).stands(true)
}

func TestSwitchesThatFail(t *testing.T) {
	n := newNodes()
	s := n.serve(t, fastmcp.Config{}, twoTools)
	fails := func(name string, words ...string) {
		t.Helper()
		err := s.app.SetToolEnabled(name, false)
		if err == nil {
			t.Fatalf("%q: no error", name)
		}
		for _, w := range append(words, fmt.Sprintf("fastmcp: the tool %q cannot be switched off: ", name)) {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q does not say %q", err, w)
			}
		}
	}
	fails("", "it has no Name")
	fails("a b", "its name has a ' '")
	fails("nosuch", "there is none: add it first")
	if s.app.ToolEnabled("nosuch") {
		t.Error("there is no such tool")
	}
	away := errors.New("the store is away")
	n.set(func(n *nodes) { n.down = away })
	fails("t", "Config.Storage: the store is away")
	if err := s.app.SetToolEnabled("t", true); !errors.Is(err, away) || !strings.Contains(err.Error(), "switched on") {
		t.Error(err)
	}
	s.stands(true)
	n.set(func(n *nodes) { n.down = nil; n.mute = away })
	if err := s.app.SetToolEnabled("t", false); err != nil {
		t.Error(err) // it is kept, and other nodes will see
	}
	if !strings.Contains(s.log.String(), "other nodes hear late") {
		t.Error("the operator hears nothing of it")
	}
	n.set(func(n *nodes) { n.mute = nil })
	s.stands(false)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.app.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	fails("u", "the App has been shut down")
}

// record is what is kept, and keep writes it.
func (n *nodes) record(t *testing.T) string {
	t.Helper()
	raw, err := n.Storage.(store.Source).Backend().Scope("switches").KV.Get(t.Context(), "tools")
	if err != nil {
		t.Error(err)
	}
	return string(raw)
}

func (n *nodes) keep(t *testing.T, record string) {
	t.Helper()
	if err := n.Storage.(store.Source).Backend().Scope("switches").KV.Set(t.Context(), "tools", []byte(record), 0); err != nil {
		t.Fatal(err)
	}
}

func TestSwitchesAreBounded(t *testing.T) {
	n := newNodes()
	tools := map[string]any{}
	for i := range 9_999 {
		tools[fmt.Sprint("tool", i)] = map[string]any{"enabled": false, "turn": i + 1}
	}
	b, _ := json.Marshal(map[string]any{"version": 1, "tools": tools})
	n.keep(t, string(b))
	s := n.serve(t, fastmcp.Config{}, twoTools)
	if err := s.app.SetToolEnabled("t", false); err != nil {
		t.Error(err)
	}
	if err := s.app.SetToolEnabled("u", false); err == nil || !strings.Contains(err.Error(), "10000 others have been switched") {
		t.Error(err)
	}
	if err := s.app.SetToolEnabled("tool5", true); err != nil { // another node may have it
		t.Error(err)
	}
	s.stands(false)
}

var badSwitches = []struct{ record, words string }{
	{``, "is no such record"},
	{`hello`, "is no such record"},
	{`null`, "is no such record"},
	{`[]`, "is no such record"},
	{`{}`, "is no such record"},
	{`{"version":1,"tools":["t"]}`, "is no such record"},
	{`{"version":1,"tools":{"t":{"enabled":"no","turn":1}}}`, "is no such record"},
	{`{"version":1,"tools":{"t":{"enabled":false}}}`, "is no such record"},
	{`{"version":1,"tools":{"t":{"enabled":false,"turn":-1}}}`, "is no such record"},
	{`{"version":1,"tools":{"t":{"enabled":false,"turn":9007199254740993}}}`, "is no such record"},
	{`{"version":1,"tools":{"a b":{"enabled":false,"turn":1}}}`, "is no such record"},
	{`{"version":2,"tools":{}}`, "is of version 2, and this is a server that reads 1"},
}

// A server that cannot know which tools are off does not begin to serve. One that serves goes on with what it knows.
func TestSwitchesThatCannotBeRead(t *testing.T) {
	n := newNodes()
	s := n.serve(t, fastmcp.Config{}, twoTools)
	if err := s.app.SetToolEnabled("t", false); err != nil {
		t.Fatal(err)
	}
	good := n.record(t)
	for _, c := range badSwitches {
		n.keep(t, c.record)
		n.lose()
		for _, name := range []string{"t", "u"} {
			if err := s.app.SetToolEnabled(name, true); err == nil || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), `"tools" in the scope "switches"`) {
				t.Errorf("%s: %v", c.record, err)
			}
		}
		app, _ := newApp(t, fastmcp.Config{Storage: n, Keys: [][]byte{bytes.Repeat([]byte{7}, 32)}})
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := app.Listener(ln); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: it serves, %v", c.record, err)
		}
		if err := app.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if n.record(t) != c.record {
			t.Errorf("%s was changed to %s", c.record, n.record(t))
		}
	}
	within(t, 5*time.Second, "it is logged", func() bool {
		return strings.Contains(s.log.String(), "which tools are switched off cannot be read")
	})
	s.stands(false)
	n.keep(t, good)
	n.lose()
	within(t, 5*time.Second, "it is logged", func() bool {
		return strings.Contains(s.log.String(), "which tools are switched off can be read again")
	})
	s.stands(false)
}

// A store that was restarted empty, or that has an older copy, gets back what the nodes know.
func TestSwitchesThatTheStoreHasLost(t *testing.T) {
	n := newNodes()
	a := n.serve(t, fastmcp.Config{}, twoTools)
	b := n.serve(t, fastmcp.Config{}, twoTools)
	for _, name := range []string{"u", "t"} {
		if err := a.app.SetToolEnabled(name, false); err != nil {
			t.Fatal(err)
		}
	}
	within(t, 5*time.Second, "the other node knows", func() bool { return !b.app.ToolEnabled("t") && !b.app.ToolEnabled("u") })
	full := n.record(t)
	for _, older := range []string{"", `{"version":1,"tools":{"u":{"enabled":false,"turn":1}}}`} {
		if older == "" {
			if err := n.Backend().Scope("switches").KV.Delete(t.Context(), "tools"); err != nil {
				t.Fatal(err)
			}
		} else {
			n.keep(t, older)
		}
		n.lose()
		within(t, 5*time.Second, "the record is whole again", func() bool { return n.record(t) == full })
	}
	if err := n.Backend().Scope("switches").KV.Delete(t.Context(), "tools"); err != nil {
		t.Fatal(err)
	}
	if err := b.app.SetToolEnabled("u", true); err != nil { // what it writes has all that it knows
		t.Fatal(err)
	}
	late := n.serve(t, fastmcp.Config{}, twoTools)
	if late.app.ToolEnabled("t") || !late.app.ToolEnabled("u") {
		t.Errorf("the record is %s", n.record(t))
	}
}

// However many nodes switch at once, they agree in the end.
func TestSwitchesAtOnce(t *testing.T) {
	n := newNodes()
	const tools = 5
	name := func(i int) string { return fmt.Sprint("t", i) }
	register := func(app *fastmcp.App) {
		for i := range tools {
			app.AddTool(aTool(name(i)))
		}
	}
	all := []*server{n.serve(t, fastmcp.Config{}, register), n.serve(t, fastmcp.Config{}, register), n.serve(t, fastmcp.Config{}, register)}
	var wait sync.WaitGroup
	for i, s := range all {
		for j := range 2 {
			random := rand.New(rand.NewPCG(uint64(i), uint64(j)))
			wait.Go(func() {
				for range 40 {
					tool := name(random.IntN(tools))
					if err := s.app.SetToolEnabled(tool, random.IntN(2) == 0); err != nil {
						t.Error(err)
					}
					m := s.callStateless(tool, `{}`).message(t)
					if m.Error != nil && !strings.Contains(m.Error.Message, "unknown tool") {
						t.Errorf("%+v", m.Error)
					}
				}
			})
		}
	}
	wait.Wait()
	var record struct {
		Tools map[string]struct{ Enabled bool }
	}
	if err := json.Unmarshal([]byte(n.record(t)), &record); err != nil || len(record.Tools) != tools {
		t.Fatalf("%s %v", n.record(t), err)
	}
	within(t, 5*time.Second, "all nodes agree", func() bool {
		for _, s := range all {
			for tool, stands := range record.Tools {
				if s.app.ToolEnabled(tool) != stands.Enabled {
					return false
				}
			}
		}
		return true
	})
}

// It holds by the name: a tool that is removed and added again is as it was, and nobody hears of one that is off.
func TestSwitchesInOneProcess(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	twoTools(app)
	s := serve(t, app, l).begun()
	ears := s.ears("")
	if err := app.SetToolEnabled("t", false); err != nil {
		t.Fatal(err)
	}
	hear(t, ears, "tools")
	s.stands(false)
	if !app.RemoveTool("t") || app.ToolEnabled("t") {
		t.Error("it was there")
	}
	app.AddTool(aTool("t"))
	quiet(ears)
	s.stands(false)
	if err := app.SetToolEnabled("t", true); err != nil {
		t.Fatal(err)
	}
	hear(t, ears, "tools")
	s.stands(true)
}

// On one node a storage that outlives the process keeps what was said.
func TestSwitchesOutliveTheProcess(t *testing.T) {
	kept := &mapped{values: map[string][]byte{}}
	for i, on := range []bool{false, true} {
		app, l := newApp(t, fastmcp.Config{Storage: kept, Keys: [][]byte{bytes.Repeat([]byte{7}, 32)}})
		twoTools(app)
		s := serve(t, app, l).begun()
		s.stands(i == 0)
		if err := app.SetToolEnabled("t", on); err != nil {
			t.Fatal(err)
		}
		s.stands(on)
	}
}

// mapped is a storage like Fiber's, with nothing but the plain methods.
type mapped struct {
	mu     sync.Mutex
	values map[string][]byte
}

func (m *mapped) Get(key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.values[key], nil
}

func (m *mapped) Set(key string, val []byte, _ time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = bytes.Clone(val)
	return nil
}

func (m *mapped) Delete(key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

func (m *mapped) Reset() error { return nil }
func (m *mapped) Close() error { return nil }

// Calls and tasks that run go on, and a task is still only for who may call its tool.
func TestSwitchesLeaveWhatRuns(t *testing.T) {
	var closed sync.Map
	s, h := holding(t, fastmcp.Config{}, fastmcp.Tool{CanAccess: mayWhile(&closed)})
	s.begun()
	v := s.start(nil, "hold", `{}`)
	receive(t, "its beginning", h.begun)
	answers := make(chan answer, 1)
	go func() { answers <- s.callStateless("hold", `{}`) }()
	receive(t, "the beginning of the call", h.begun)
	if err := s.app.SetToolEnabled("hold", false); err != nil {
		t.Fatal(err)
	}
	s.callStateless("hold", `{}`).message(t).fails(t, -32602, `unknown tool "hold"`)
	h.letGo <- nil
	h.letGo <- nil
	if r := receive(t, "the answer", answers).message(t).tool(t); r.text() != "done" {
		t.Errorf("%+v", r)
	}
	if r := s.until(nil, v.ID, "completed").tool(t); r.text() != "done" {
		t.Errorf("%+v", r)
	}
	closed.Store("closed", true)
	if m := s.task(nil, "tasks/get", v.ID, "").message(t); m.Error == nil {
		t.Errorf("who may not call the tool gets %s", m.Result)
	}
}
