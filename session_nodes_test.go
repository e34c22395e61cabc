package fastmcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// pair is two nodes with the same tools.
type pair struct {
	*nodes
	a, b *server
	hold chan struct{} // what the tool hold waits for
	gone chan string   // what the tool hold ends with
}

func newPair(t *testing.T, config fastmcp.Config) *pair {
	p := &pair{nodes: newNodes(), hold: make(chan struct{}), gone: make(chan string, 8)}
	register := func(app *fastmcp.App) {
		app.AddTool(fastmcp.Tool{Name: "keep", Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
			Value string `json:"value"`
		}) (string, error) {
			old, _, err := c.Session().Get(c, "k")
			if err != nil {
				return "", err
			}
			return string(old), c.Session().Set(c, "k", []byte(in.Value))
		})})
		app.AddTool(fastmcp.Tool{Name: "hold", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			_ = c.Progress(1, 3)
			select {
			case <-p.hold:
			case <-c.Done():
				p.gone <- c.Err().Error()
				return "", c.Err()
			}
			_ = c.Progress(2, 3)
			return "held", nil
		})})
		app.AddTool(fastmcp.Tool{Name: "ask", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			var form struct {
				Name string `json:"name"`
			}
			action, err := fastmcp.Elicit(c, "name", "Who?", &form)
			return fmt.Sprint(action, form.Name), err
		})})
		app.AddTool(fastmcp.Tool{Name: "note", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			return "noted", c.Session().Notify("notifications/message", map[string]any{"level": "info", "data": "noted"})
		})})
		app.AddResource(fastmcp.Resource{URI: "x://r", Name: "r", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "r", nil })})
	}
	p.a, p.b = p.serve(t, config, register), p.serve(t, config, register)
	return p
}

// at is a client that goes on at another node.
func (c *client) at(s *server) *client {
	return &client{server: s, id: c.id, revision: c.revision, next: c.next + 100, extra: c.extra}
}

func text(t *testing.T, a answer) string {
	t.Helper()
	var m message
	var r toolResult
	body := a.body
	if i := strings.LastIndex(body, "data: "); i >= 0 {
		body = body[i+len("data: "):]
	}
	if a.status != 200 || json.Unmarshal([]byte(body), &m) != nil || json.Unmarshal(m.Result, &r) != nil || len(r.Content) == 0 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return r.Content[0].Text
}

func TestSessionOnEveryNode(t *testing.T) {
	for _, revision := range []string{"2025-03-26", "2025-06-18", "2025-11-25"} {
		p := newPair(t, fastmcp.Config{})
		c := p.a.open(revision)
		other := c.at(p.b)
		if got := text(t, c.call("keep", `{"value":"one"}`)); got != "" {
			t.Error(got)
		}
		if got := text(t, other.call("keep", `{"value":"two"}`)); got != "one" {
			t.Errorf("state on the other node: %q", got)
		}
		if got := text(t, c.call("keep", `{"value":"three"}`)); got != "two" {
			t.Errorf("state on the first node: %q", got)
		}
		if a := other.do("DELETE", other.headers(), ""); a.status != 204 {
			t.Fatal(a)
		}
		within(t, 5*time.Second, "404 on the first node", func() bool { return c.send("ping", "").status == 404 })
		if a := other.send("ping", ""); a.status != 404 {
			t.Error(a)
		}
	}
}

func TestStreamsOnEveryNode(t *testing.T) {
	p := newPair(t, fastmcp.Config{})
	c := p.a.open("2025-11-25")
	other := c.at(p.b)
	if got := text(t, c.call("note", `{}`)); got != "noted" { // nobody listens
		t.Fatal(got)
	}
	s := other.listen("")
	if m := s.message(); m.Method != "notifications/message" {
		t.Errorf("%+v", m)
	}
	if got := text(t, c.call("note", `{}`)); got != "noted" {
		t.Fatal(got)
	}
	m := s.message()
	if m.Method != "notifications/message" || m.event == "" {
		t.Errorf("%+v", m)
	}
	s.close()
	c.call("note", `{}`)
	back := c.listen(m.event)
	if m := back.message(); m.Method != "notifications/message" {
		t.Errorf("%+v", m)
	}
	// All that share the store are told, and those who are away.
	away := p.b.open("2025-11-25")
	if err := p.b.app.Broadcast("notifications/message", map[string]any{"level": "info", "data": "all"}); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*stream{back, away.listen("")} {
		if m := s.message(); !strings.Contains(string(m.Params), `"all"`) {
			t.Errorf("%s", m.Params)
		}
	}
}

func TestCallTakenUpOnAnotherNode(t *testing.T) {
	p := newPair(t, fastmcp.Config{})
	c := p.a.open("2025-11-25")
	s := p.a.listen("POST", c.headers(), `{"jsonrpc":"2.0","id":"h","method":"tools/call","params":{"name":"hold","arguments":{},"_meta":{"progressToken":"p"}}}`)
	first := s.message()
	if first.Method != "notifications/progress" {
		t.Fatalf("%+v", first)
	}
	s.close()
	back := c.at(p.b).listen(first.event)
	close(p.hold)
	if m := back.message(); m.Method != "notifications/progress" || !strings.Contains(string(m.Params), `"progress":2`) {
		t.Errorf("%+v", m)
	}
	if m := back.message(); string(m.ID) != `"h"` || !strings.Contains(string(m.Result), "held") {
		t.Errorf("%+v", m)
	}
	back.ended()
	// Once more, when it is over: from the beginning of what followed.
	if m := c.at(p.b).listen(first.event).message(); m.Method != "notifications/progress" {
		t.Errorf("%+v", m)
	}
	// Another session's events are nobody else's.
	stranger := p.b.open("2025-11-25")
	h := stranger.headers()
	h["Last-Event-ID"], h["Accept"] = first.event, "text/event-stream"
	if a := p.b.do("GET", h, ""); a.status != 400 && a.status != 409 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestCancelledOnAnotherNode(t *testing.T) {
	p := newPair(t, fastmcp.Config{})
	c := p.a.open("2025-11-25")
	s := p.a.listen("POST", c.headers(), `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"hold","arguments":{},"_meta":{"progressToken":"p"}}}`)
	s.message()
	if a := p.b.do("POST", c.headers(), `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5,"reason":"bored"}}`); a.status != 202 {
		t.Fatal(a)
	}
	select {
	case why := <-p.gone:
		if why != context.Canceled.Error() {
			t.Error(why)
		}
	case <-time.After(5 * time.Second):
		t.Error("it was not cancelled")
	}
}

func TestAnsweredOnAnotherNode(t *testing.T) {
	p := newPair(t, fastmcp.Config{})
	c := p.a.openWith("2025-11-25", `{"elicitation":{}}`)
	s := p.a.listen("POST", c.headers(), `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"ask","arguments":{}}}`)
	q := s.message()
	if q.Method != "elicitation/create" {
		t.Fatalf("%+v", q)
	}
	for i := range 3 { // the second and the third come too late
		a := p.b.do("POST", c.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{"action":"accept","content":{"name":"sue%d"}}}`, q.ID, i))
		if a.status != 202 {
			t.Fatal(a)
		}
	}
	if m := s.message(); string(m.ID) != "5" || !strings.Contains(string(m.Result), "sue0") {
		t.Errorf("%+v %s", m, m.Result)
	}
}

func TestSubscribedOnAnotherNode(t *testing.T) {
	p := newPair(t, fastmcp.Config{})
	c := p.a.open("2025-11-25")
	s := c.at(p.b).listen("")
	if a := c.send("resources/subscribe", `"uri":"x://r"`); a.status != 200 || strings.Contains(a.body, "error") {
		t.Fatal(a)
	}
	p.a.app.ResourceUpdated("x://r")
	if m := s.message(); m.Method != "notifications/resources/updated" {
		t.Errorf("%+v", m)
	}
	if err := p.a.app.SetToolEnabled("keep", false); err != nil {
		t.Fatal(err)
	}
	if m := s.message(); m.Method != "notifications/tools/list_changed" {
		t.Errorf("%+v", m)
	}
	// Who was away while there was something to tell is told that anything may have changed.
	s.close()
	back := c.listen("")
	seen := map[string]bool{}
	for range 4 {
		seen[back.message().Method] = true
	}
	if len(seen) != 4 || !seen["notifications/resources/updated"] || !seen["notifications/tools/list_changed"] {
		t.Error(seen)
	}
}

func TestListsOfAnotherNode(t *testing.T) {
	p := newPair(t, fastmcp.Config{})
	c := p.a.open("2025-11-25")
	s := c.at(p.b).listen("")
	p.a.app.AddTool(fastmcp.Tool{Name: "new", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", nil })})
	if m := s.message(); m.Method != "notifications/tools/list_changed" {
		t.Errorf("%+v", m)
	}
}
