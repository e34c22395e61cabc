package fastmcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// waitsFor is a tool that asks once and tells how that went.
func waitsFor(t *testing.T, config fastmcp.Config, tool fastmcp.Tool) (*client, chan error) {
	t.Helper()
	errs := make(chan error, 8)
	app, l := newApp(t, config)
	tool.Name = "t"
	tool.Handler = fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		var p person
		_, err := fastmcp.Elicit(c, "who", "Who?", &p)
		errs <- err
		return p.Name, err
	})
	app.AddTool(tool)
	return serve(t, app, l).openWith("2025-11-25", allCapabilities), errs
}

func TestAskAnswersThatDoNotFit(t *testing.T) {
	c, errs := waitsFor(t, fastmcp.Config{}, fastmcp.Tool{})
	for reply, want := range map[string]string{
		`"result":{"action":"accept","content":{"name":"much too long","age":"x"}}`: "at most 10 characters",
		`"result":{"action":"accept"}`:                                              "name",
		`"result":{"action":"accept","content":[]}`:                                 "does not fit",
		`"result":{"action":"maybe"}`:                                               "has no action",
		`"result":{}`:                                                               "has no action",
		`"result":[1]`:                                                              "has no action",
		`"error":7`:                                                                 "cannot be read",
	} {
		st := c.begin("t", `{}`)
		c.reply(st.message().ID, reply)
		if r := st.message().tool(t); !r.IsError || !strings.Contains(r.text(), want) || <-errs == nil {
			t.Errorf("%s: %+v", reply, r)
		}
	}
	st := c.begin("t", `{}`)
	c.reply(st.message().ID, `"error":{"code":-1,"message":"User rejected","data":{"why":1}}`)
	if e := st.message().Error; e == nil || e.Code != -1 || e.Message != "User rejected" || string(e.Data) != `{"why":1}` {
		t.Errorf("%+v", e)
	}
}

// TestAskWakesOnce answers what nobody has asked, and what has been answered.
func TestAskWakesOnce(t *testing.T) {
	c, _ := waitsFor(t, fastmcp.Config{}, fastmcp.Tool{})
	other := c.server.openWith("2025-11-25", allCapabilities)
	first, second := c.begin("t", `{}`), c.begin("t", `{}`)
	a, b := first.message(), second.message()
	if string(a.ID) == string(b.ID) {
		t.Fatalf("both are %s", a.ID)
	}
	for _, id := range []string{`"s-99"`, `1`, `"x"`} {
		c.reply(json.RawMessage(id), `"result":{"action":"accept","content":{"name":"No"}}`)
	}
	other.reply(a.ID, `"result":{"action":"accept","content":{"name":"Other"}}`)
	c.reply(b.ID, `"result":{"action":"accept","content":{"name":"B"}}`)
	c.reply(a.ID, `"result":{"action":"accept","content":{"name":"A"}}`)
	c.reply(a.ID, `"result":{"action":"accept","content":{"name":"Late"}}`)
	if x, y := first.message().tool(t).text(), second.message().tool(t).text(); x != "A" || y != "B" {
		t.Errorf("%s %s", x, y)
	}
}

func TestAskTimeout(t *testing.T) {
	c, errs := waitsFor(t, fastmcp.Config{AskTimeout: 30 * time.Millisecond}, fastmcp.Tool{})
	st := c.begin("t", `{}`)
	q, note := st.message(), st.message()
	if note.Method != "notifications/cancelled" || !strings.Contains(string(note.Params), `"requestId":`+string(q.ID)) {
		t.Errorf("%+v", note)
	}
	if r := st.message().tool(t); !r.IsError || !strings.Contains(r.text(), "30ms") || <-errs == nil {
		t.Errorf("%+v", r)
	}
	c.reply(q.ID, `"result":{"action":"accept","content":{"name":"Late"}}`)
}

func TestAskToolTimeout(t *testing.T) {
	c, errs := waitsFor(t, fastmcp.Config{}, fastmcp.Tool{Timeout: 30 * time.Millisecond})
	st := c.begin("t", `{}`)
	st.message()
	if note := st.message(); note.Method != "notifications/cancelled" {
		t.Errorf("%+v", note)
	}
	if r := st.message().tool(t); !r.IsError || !strings.Contains(r.text(), "timed out") || !errors.Is(<-errs, context.DeadlineExceeded) {
		t.Errorf("%+v", r)
	}
}

func TestAskCancelledWhileWaiting(t *testing.T) {
	c, errs := waitsFor(t, fastmcp.Config{}, fastmcp.Tool{})
	st := c.begin("t", `{}`)
	st.message()
	c.do("POST", c.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}`, c.next))
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	st.ended()
	st = c.begin("t", `{}`)
	st.message()
	c.do("DELETE", c.headers(), "")
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestAskOverSSE asks a client of 2024-11-05, which knows sampling and roots and no forms.
func TestAskOverSSE(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		r, err := c.Sample("s", fastmcp.SampleRequest{Prompt: "x"})
		if err != nil {
			return nil, err
		}
		_, err = fastmcp.Elicit(c, "e", "m", new(person))
		return fmt.Sprint(r.Text(), errors.Is(err, fastmcp.ErrUnsupported)), nil
	})
	c := s.sse("/sse")
	c.ask(0, "initialize", `"protocolVersion":"2024-11-05","capabilities":`+allCapabilities+`,"clientInfo":{"name":"test","version":"1"}`)
	c.tell(request(1, "tools/call", `"name":"t"`))
	q := c.message()
	if q.Method != "sampling/createMessage" {
		t.Fatalf("%+v", q)
	}
	c.tell(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":%s}`, q.ID, obliging(q.Method, nil)))
	if text := c.message().tool(t).text(); text != "Paristrue" {
		t.Error(text)
	}
}
