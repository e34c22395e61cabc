package fastmcp_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

func TestSSEEndsWithItsGET(t *testing.T) {
	l, c := newOld(t, fastmcp.Config{})
	id := l.app.Sessions()[0].ID()
	c.tell(request(1, "tools/call", `"name":"hold"`))
	l.hasBegun()
	c.hangUp()
	l.cancelled()
	if got := receive(t, "the session's end", l.gone); got != id || l.app.Session(id) != nil {
		t.Errorf("%q ended, not %q", got, id)
	}
	rpcError(t, "afterwards", c.post.do("POST", nil, request(2, "ping", "")), 404)
}

func TestSSECancelledCallHasNoAnswer(t *testing.T) {
	l, c := newOld(t, fastmcp.Config{})
	c.tell(request(7, "tools/call", `"name":"hold"`))
	l.hasBegun()
	c.tell(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`)
	l.cancelled()
	c.silent()
}

func TestSSEEndsWithItsSession(t *testing.T) {
	l, c := newOld(t, fastmcp.Config{})
	c.tell(request(1, "tools/call", `"name":"hold"`))
	l.hasBegun()
	l.app.Sessions()[0].End()
	l.cancelled()
	if rest := c.ended(); len(rest) != 0 {
		t.Errorf("%+v", rest)
	}
	receive(t, "the session's end", l.gone)
}

// A hundred calls run side by side: none ends before all have begun. One more than may run is told to wait.
func TestSSECallsRunSideBySide(t *testing.T) {
	const n = 100
	defer http.DefaultClient.CloseIdleConnections() // it dials more than it uses, and Shutdown waits for what says nothing
	l, c := newOld(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{SSE: fastmcp.SSEConfig{MaxCalls: n}}})
	var met sync.WaitGroup
	met.Add(n + 1)
	l.app.AddTool(fastmcp.Tool{Name: "meet", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		met.Done()
		met.Wait()
		return "", c.Notify(noteMethod, note{N: 1})
	})})
	if m := c.message(); m.Method != "notifications/tools/list_changed" {
		t.Errorf("%+v", m)
	}
	var posts sync.WaitGroup
	for id := range n {
		posts.Go(func() {
			if a := c.post.do("POST", nil, request(id, "tools/call", `"name":"meet"`)); a.status != 202 {
				t.Errorf("%d: %d %s", id, a.status, a.body)
			}
		})
	}
	posts.Wait()
	a := c.post.do("POST", nil, request(n, "ping", ""))
	if rpcError(t, "one too many", a, 429); a.header.Get("Retry-After") == "" || string(a.message(t).ID) != fmt.Sprint(n) {
		t.Errorf("%v %s", a.header, a.body)
	}
	c.tell(`{"jsonrpc":"2.0","method":"notifications/x"}`) // it is no call: there is always room
	met.Done()
	answered, notes := map[string]int{}, 0
	for range 2 * n {
		if m := c.message(); m.Method == "" {
			answered[string(m.ID)]++
		} else {
			notes++
		}
	}
	if len(answered) != n || notes != n {
		t.Errorf("%d answers and %d notes, want %d of each", len(answered), notes, n)
	}
	within(t, 5*time.Second, "there is room again", func() bool { return c.post.do("POST", nil, request(n, "ping", "")).status == 202 })
	if m := c.message(); string(m.ID) != fmt.Sprint(n) {
		t.Errorf("%+v", m)
	}
}

func TestSSESlowReaderLosesItsConnection(t *testing.T) {
	l := newLiving(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{WriteTimeout: 100 * time.Millisecond}})
	c := l.sse("/sse")
	c.initialize("2024-11-05")
	id := l.app.Sessions()[0].ID()
	// The client's reader stops at this channel's end, and then the connection's buffers fill.
	c.tell(request(1, "tools/call", `"name":"hold"`))
	l.hasBegun()
	c.tell(request(2, "tools/call", `"name":"notes","arguments":{"from":1,"to":20000,"size":4000}`))
	l.cancelled()
	if got := receive(t, "the session's end", l.gone); got != id {
		t.Errorf("%q ended, not %q", got, id)
	}
}

func TestSSEStreamsEndWhenTheyMay(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	silent, idle, busy := l.sse("/sse"), l.sse("/sse"), l.sse("/sse")
	idle.initialize("2024-11-05")
	busy.initialize("2025-11-25")
	busy.tell(request(1, "tools/call", `"name":"hold"`))
	l.hasBegun()
	first, second := l.kept(), l.kept() // whose connections are there when the listener closes
	done := l.stop(10 * time.Second)
	silent.ended()
	idle.ended()
	rpcError(t, "a new connection", first.send("GET", "GET /sse HTTP/1.1\r\nHost: "+l.addr+"\r\nAccept: text/event-stream\r\n\r\n"), 503)
	ping := request(2, "ping", "")
	rpcError(t, "a new call", second.send("POST", fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		strings.TrimPrefix(busy.post.url, "http://"+l.addr), l.addr, len(ping), ping)), 503)
	l.letGo <- struct{}{}
	if m := busy.message(); m.tool(t).text() != "held" {
		t.Errorf("%+v", m)
	}
	busy.ended()
	if err := receive(t, "the shutdown's end", done); err != nil {
		t.Error(err)
	}
	if n := len(l.gone); n != 2 {
		t.Errorf("%d sessions have ended", n)
	}
}

func TestSSEStuckCallDoesNotHoldUpShutdown(t *testing.T) {
	l, c := newOld(t, fastmcp.Config{})
	c.tell(request(1, "tools/call", `"name":"hold"`))
	l.hasBegun()
	if err := receive(t, "the shutdown's end", l.stop(200*time.Millisecond)); err == nil {
		t.Error("nobody was told that a call was running")
	}
	l.cancelled()
	c.ended()
}

func TestSSEConnectionsAreBounded(t *testing.T) {
	l, c := newOld(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{MaxStreams: 1}})
	a := l.at("GET", "/sse", headers{"Accept": "text/event-stream"})
	if rpcError(t, "one too many", a, 503); a.header.Get("Retry-After") == "" {
		t.Errorf("%v", a.header)
	}
	c.hangUp()
	receive(t, "the session's end", l.gone)
	within(t, 5*time.Second, "there is room again", func() bool {
		res, err := http.Get("http://" + l.addr + "/sse")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode == 200
	})
}

func TestSSEMustInitialize(t *testing.T) {
	l := newLiving(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{ReadTimeout: 700 * time.Millisecond}})
	used := l.sse("/sse")
	used.initialize("2024-11-05")
	l.sse("/sse").ended()
	used.silent()
}

// A stream lives only as long as its caller's credentials.
func TestSSEEndsWithItsCredentials(t *testing.T) {
	provider := auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Authenticate(func(context.Context, *auth.Request) (*auth.Principal, error) {
		return &auth.Principal{Subject: "alice", ExpiresAt: time.Now().Add(100 * time.Millisecond)}, nil
	})}})
	l := newLiving(t, fastmcp.Config{Auth: provider, Sessions: fastmcp.SessionConfig{TTL: 40 * time.Millisecond}})
	c := l.sse("/sse")
	c.initialize("2024-11-05")
	c.ended()
	receive(t, "the session's end", l.gone)
}
