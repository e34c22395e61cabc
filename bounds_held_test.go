package fastmcp_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// What a session keeps of its client is bounded.
func TestIntroductionsAreBounded(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	s := serve(t, app, l)
	initialize := func(name, value string) answer {
		return s.do("POST", headers{}, fmt.Sprintf(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",%q:%s}}`, name, value))
	}
	for _, name := range []string{"clientInfo", "capabilities"} {
		padded := func(n int) string {
			const frame = `{"x":""}`
			return `{"x":"` + strings.Repeat("x", n-len(frame)) + `"}`
		}
		wireError(t, name+" at the bound", initialize(name, padded(32<<10)), 200, 0)
		wireError(t, name+" above", initialize(name, padded(32<<10+1)), 200, -32602, name, "32768")
	}
	if n := app.Stats().Sessions; n != 2 {
		t.Errorf("%d sessions", n)
	}
}

// The URIs that a session hears of are bounded in bytes, as they are in number.
func TestSubscriptionsAreBoundedInBytes(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "doc://{+path}", Handler: fastmcp.Typed(thePath)})
	c := serve(t, app, l).open("2025-11-25")
	for i := range 40 {
		uri := fmt.Sprintf("doc://%02d%s", i, strings.Repeat("y", 8000))
		a := c.send("resources/subscribe", fmt.Sprintf(`"uri":%q`, uri))
		if fits := (i+1)*len(uri) <= 256<<10; fits {
			wireError(t, fmt.Sprint(i), a, 200, 0)
		} else {
			wireError(t, fmt.Sprint(i), a, 200, -32602, "262144 bytes")
		}
	}
}

// A subscriptions/listen is a stream that waits for news, and takes one of their places while it lasts; what it wants to hear
// of is bounded.
func TestListensAreBounded(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{MaxStreams: 1}})
	app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", nil })})
	s := serve(t, app, l)
	const tools = `{"toolsListChanged":true}`
	first := s.subscribes("", "1", tools, tools)
	busy := s.do("POST", statelessHeaders("subscriptions/listen", ""), stateless(2, "subscriptions/listen", `"notifications":`+tools, ""))
	if busy.status != http.StatusServiceUnavailable || busy.header.Get("Retry-After") == "" {
		t.Errorf("%d %v %s", busy.status, busy.header, busy.body)
	}
	first.close()
	var long answer
	within(t, 10*time.Second, "its place", func() bool { // it is free when the server has seen that its client has gone
		long = s.do("POST", statelessHeaders("subscriptions/listen", ""), stateless(4, "subscriptions/listen", `"notifications":{"toolsListChanged":true,"x":"`+strings.Repeat("x", 128<<10)+`"}`, ""))
		return long.status != http.StatusServiceUnavailable
	})
	wireError(t, "long", long, 200, -32602, "131072")
	s.subscribes("", "2", tools, tools) // what was refused has not kept the place
}

// A cancellation of an id that no request can have is nobody's, and what is told of its reason is bounded.
func TestCancellationsAreBounded(t *testing.T) {
	heard := make(chan fastmcp.Cancellation, 4)
	app, l := newApp(t, fastmcp.Config{On: fastmcp.Events{Cancelled: func(_ *fastmcp.Session, c fastmcp.Cancellation) { heard <- c }}})
	c := serve(t, app, l).ready("2025-11-25")
	c.tell("notifications/cancelled", `"requestId":"`+strings.Repeat("i", 600)+`"`)
	c.tell("notifications/cancelled", `"requestId":7,"reason":"`+strings.Repeat("é", 600)+`"`)
	select {
	case got := <-heard:
		if string(got.RequestID) != "7" || len(got.Reason) > 1024 || got.Reason != strings.Repeat("é", 512) {
			t.Errorf("%s: %d bytes of reason", got.RequestID, len(got.Reason))
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was told")
	}
}

// A client whose own stream is on one node, and that initializes by another, can be asked by the first.
func TestReachableOnAnotherNode(t *testing.T) {
	n := newNodes()
	reached := make(chan string, 4)
	config := func(name string) fastmcp.Config {
		return fastmcp.Config{On: fastmcp.Events{Reachable: func(s *fastmcp.Session) { reached <- name + " " + s.ID() }}}
	}
	a, b := n.serve(t, config("a"), func(*fastmcp.App) {}), n.serve(t, config("b"), func(*fastmcp.App) {})
	c := a.openWith("2025-11-25", allCapabilities)
	c.listen("")
	elsewhere := *c
	elsewhere.server = b
	elsewhere.tell("notifications/initialized", "")
	select {
	case got := <-reached:
		if got != "a "+c.id {
			t.Error(got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nobody was told")
	}
}
