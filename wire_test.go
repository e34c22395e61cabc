package fastmcp_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// wireServer is a server with tools that differ in how they answer: at once, after progress, when they are let go.
type wireServer struct {
	*server
	letGo, begun chan struct{}
}

func newWire(t testing.TB, config fastmcp.Config) *wireServer {
	t.Helper()
	app, l := newApp(t, config)
	w := &wireServer{letGo: make(chan struct{}, 8), begun: make(chan struct{}, 8)}
	app.AddTool(addTool)
	app.AddTool(fastmcp.Tool{Name: "steps", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		return "done", errors.Join(c.Progress(1, 2), c.Progress(2, 2))
	})})
	app.AddTool(fastmcp.Tool{Name: "wait", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		w.begun <- struct{}{}
		select {
		case <-w.letGo:
			return "let go", nil
		case <-time.After(5 * time.Second):
			return "", errors.New("nobody let it go")
		}
	})})
	app.AddTool(fastmcp.Tool{Name: "go", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		w.letGo <- struct{}{}
		return "went", nil
	})})
	w.server = serve(t, app, l)
	return w
}

// wireError checks an answer that is an error: a JSON-RPC message in a JSON body, whatever went wrong. Code 0 is a
// result, and no body with a status of 202 or 204.
func wireError(t testing.TB, name string, a answer, status, code int, words ...string) message {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: status %d, want %d: %.300s", name, a.status, status, a.body)
		return message{}
	}
	if status == 202 || status == 204 {
		if a.body != "" {
			t.Errorf("%s: %d has the body %q", name, status, a.body)
		}
		return message{}
	}
	if got := a.header.Get("Content-Type"); code != 0 && got != "application/json" {
		t.Errorf("%s: Content-Type %q of an error: %.300s", name, got, a.body)
		return message{}
	}
	m := a.message(t)
	switch {
	case strings.Contains(a.body, `"id":null`):
		t.Errorf("%s: null is not an id: %s", name, a.body)
	case code == 0 && (m.Error != nil || m.Result == nil):
		t.Errorf("%s: no result: %.300s", name, a.body)
	case code != 0 && (m.Error == nil || m.Result != nil):
		t.Errorf("%s: no error: %.300s", name, a.body)
	case code != 0 && m.Error.Code != code:
		t.Errorf("%s: code %d, want %d: %s", name, m.Error.Code, code, a.body)
	}
	for _, word := range words {
		if !strings.Contains(a.body, word) {
			t.Errorf("%s: %q is not in %s", name, word, a.body)
		}
	}
	return m
}

// plus is headers with others, as "name", "value", …; "" takes one away.
func (h headers) plus(pairs ...string) headers {
	all := headers{}
	for k, v := range h {
		all[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	return all
}

// rawConn is one TCP connection, on which a test writes what net/http would not.
type rawConn struct {
	t    testing.TB
	addr string
	conn net.Conn
	in   *bufio.Reader
}

func (s *server) rawConn() *rawConn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return &rawConn{s.t, s.addr, conn, bufio.NewReader(conn)}
}

// do sends a request with exactly these header lines, and reads the answer.
func (c *rawConn) do(method string, lines []string, body string) answer {
	c.t.Helper()
	head := append([]string{method + " /mcp HTTP/1.1", "Host: " + c.addr, fmt.Sprintf("Content-Length: %d", len(body))}, lines...)
	return c.send(method, strings.Join(head, "\r\n")+"\r\n\r\n"+body)
}

func (c *rawConn) send(method, request string) answer {
	c.t.Helper()
	_ = c.conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c.conn, request); err != nil {
		c.t.Fatalf("the connection is gone: %v", err)
	}
	res, err := http.ReadResponse(c.in, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("no answer to %.200q: %v", request, err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("reading the answer: %v (%q)", err, b)
	}
	if res.Close {
		res.Header.Set("Connection", "close") // where net/http has taken it out
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

func (h headers) lines(more ...string) []string {
	lines := []string{"Content-Type: application/json", "Accept: application/json, text/event-stream"}
	for k, v := range h {
		lines = append(lines, k+": "+v)
	}
	return append(lines, more...)
}

const pingBody = `{"jsonrpc":"2.0","id":1,"method":"ping"}`

func TestWireStatuses(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	c := s.open("2025-11-25")
	h, modern := c.headers(), headers{"MCP-Protocol-Version": "2026-07-28"}
	ended := s.open("2025-11-25")
	steps := `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"steps","_meta":{"progressToken":"p"}}}`
	note, response := `{"jsonrpc":"2.0","method":"notifications/%s"}`, `{"jsonrpc":"2.0","id":1,"result":{}}`
	for _, r := range []struct {
		name, method string
		h            headers
		body         string
		status, code int
		words        string
	}{
		{"GET of 2026-07-28", "GET", h.plus("MCP-Protocol-Version", "2026-07-28", "Accept", "text/event-stream"), "", 405, -32000, "GET"},
		{"DELETE of 2026-07-28", "DELETE", h.plus("MCP-Protocol-Version", "2026-07-28"), "", 405, -32000, "DELETE"},
		{"PUT", "PUT", h, pingBody, 405, -32000, "PUT"},
		{"PATCH", "PATCH", h, pingBody, 405, -32000, "PATCH"},
		{"TRACE", "TRACE", h, "", 405, -32000, "TRACE"},

		{"GET that reads no events", "GET", h.plus("Accept", "application/json"), "", 406, -32000, "text/event-stream"},
		{"GET that refuses events", "GET", h.plus("Accept", "application/json, text/event-stream;q=0"), "", 406, -32000, ""},
		{"GET without a session", "GET", headers{"Accept": "text/event-stream"}, "", 400, -32600, "Mcp-Session-Id"},
		{"GET of an unknown session", "GET", headers{"Accept": "text/event-stream", "Mcp-Session-Id": "x"}, "", 404, -32000, "initialize"},
		{"GET of an unknown version", "GET", h.plus("MCP-Protocol-Version", "v999", "Accept", "text/event-stream"), "", 400, -32022, ""},
		{"GET after an event that never was", "GET", h.plus("Accept", "text/event-stream", "Last-Event-ID", "x"), "", 400, -32600, "Last-Event-ID"},
		{"DELETE without a session", "DELETE", nil, "", 400, -32600, "Mcp-Session-Id"},
		{"DELETE of an unknown session", "DELETE", headers{"Mcp-Session-Id": "x"}, "", 404, -32000, ""},

		{"Accept of neither", "POST", h.plus("Accept", "text/html"), pingBody, 406, -32000, "application/json and text/event-stream"},
		{"Accept of anything", "POST", h.plus("Accept", "*/*"), pingBody, 200, 0, ""},
		{"no Accept", "POST", h.plus("Accept", ""), pingBody, 200, 0, ""},
		{"Accept with parameters", "POST", h.plus("Accept", "Application/JSON;q=0.9"), pingBody, 200, 0, ""},
		{"Accept refused with a long zero", "POST", h.plus("Accept", "application/json;q=0.000"), pingBody, 406, -32000, ""},

		{"no Content-Type", "POST", h.plus("Content-Type", ""), pingBody, 415, -32600, "application/json"},
		{"text", "POST", h.plus("Content-Type", "text/plain"), pingBody, 415, -32600, ""},
		{"a form", "POST", h.plus("Content-Type", "application/x-www-form-urlencoded"), pingBody, 415, -32600, ""},
		{"nearly JSON", "POST", h.plus("Content-Type", "application/json5"), pingBody, 415, -32600, ""},
		{"415 before 406", "POST", h.plus("Content-Type", "text/plain", "Accept", "text/html"), pingBody, 415, -32600, ""},
		{"charset", "POST", h.plus("Content-Type", "application/json; charset=utf-8"), pingBody, 200, 0, ""},
		{"capitals", "POST", h.plus("Content-Type", "APPLICATION/JSON"), pingBody, 200, 0, ""},

		{"notification", "POST", h, fmt.Sprintf(note, "initialized"), 202, 0, ""},
		{"unknown notification", "POST", h, fmt.Sprintf(note, "x"), 202, 0, ""},
		{"cancel of nothing", "POST", h, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}`, 202, 0, ""},
		{"response", "POST", h, response, 202, 0, ""},
		{"error response", "POST", h, `{"jsonrpc":"2.0","id":"x","error":{"code":-1,"message":"no"}}`, 202, 0, ""},
		{"notification without a session", "POST", nil, fmt.Sprintf(note, "initialized"), 400, -32600, "Mcp-Session-Id"},
		{"notification of an unknown session", "POST", headers{"Mcp-Session-Id": "x"}, fmt.Sprintf(note, "initialized"), 404, -32000, ""},
		{"response of an unknown session", "POST", headers{"Mcp-Session-Id": "x"}, response, 404, -32000, ""},
		{"notification of an unknown version", "POST", h.plus("MCP-Protocol-Version", "v999"), fmt.Sprintf(note, "initialized"), 400, -32022, ""},
		{"notification of 2026-07-28", "POST", modern, fmt.Sprintf(note, "cancelled"), 202, 0, ""},
		{"response of 2026-07-28", "POST", modern, response, 400, -32600, "2026-07-28"},

		{"request without a session", "POST", headers{"MCP-Protocol-Version": "2025-11-25"}, pingBody, 400, -32600, "Mcp-Session-Id is required"},
		{"request of an unknown session", "POST", headers{"Mcp-Session-Id": "x"}, pingBody, 404, -32000, "Session not found"},
		{"unknown method in a session", "POST", h, `{"jsonrpc":"2.0","id":1,"method":"x"}`, 200, -32601, ""},

		{"DELETE", "DELETE", ended.headers(), "", 204, 0, ""},
		{"DELETE again", "DELETE", ended.headers(), "", 404, -32000, ""},
		{"request of an ended session", "POST", ended.headers(), pingBody, 404, -32000, "initialize again"},
		{"notification of an ended session", "POST", ended.headers(), fmt.Sprintf(note, "x"), 404, -32000, ""},
		{"GET of an ended session", "GET", ended.headers().plus("Accept", "text/event-stream"), "", 404, -32000, ""},

		{"progress for who reads only JSON", "POST", h.plus("Accept", "application/json"), steps, 200, 0, `"text":"done"`},
		{"progress", "POST", h, steps, 200, 0, `"method":"notifications/progress"`},
	} {
		a := s.do(r.method, r.h, r.body)
		wireError(t, r.name, a, r.status, r.code, r.words)
		if allow := a.header.Get("Allow"); (r.status == 405) != strings.Contains(allow, "POST") {
			t.Errorf("%s: Allow %q", r.name, allow)
		}
		if r.h["MCP-Protocol-Version"] == "2026-07-28" && r.status == 405 && a.header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow %q, but only POST is", r.name, a.header.Get("Allow"))
		}
		if json := strings.HasPrefix(r.name, "progress for"); json && (a.header.Get("Content-Type") != "application/json" || strings.Contains(a.body, "progress")) {
			t.Errorf("%s: %s %s", r.name, a.header.Get("Content-Type"), a.body)
		}
	}
}

func TestWireAcceptOnSeveralLinesIsOneList(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	h := s.open("2025-11-25").headers()
	raw := s.rawConn()
	lines := []string{"Content-Type: application/json", "Accept: application/json", "Accept: text/event-stream"}
	for k, v := range h {
		lines = append(lines, k+": "+v)
	}
	a := raw.do("POST", lines, `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"steps","_meta":{"progressToken":"p"}}}`)
	wireError(t, "POST", a, 200, 0, "notifications/progress")
	slices.Reverse(lines)
	wireError(t, "POST, turned around", raw.do("POST", lines, pingBody), 200, 0)
	_, _ = io.WriteString(raw.conn, "GET /mcp HTTP/1.1\r\nHost: "+s.addr+"\r\nAccept: application/json\r\nAccept: text/event-stream\r\nMcp-Session-Id: "+h["Mcp-Session-Id"]+"\r\n\r\n")
	if line, err := raw.in.ReadString('\n'); err != nil || !strings.Contains(line, " 200 ") {
		t.Errorf("GET: %q %v", line, err)
	}
}

// Who reads only events gets everything as an event, and a session with it; but errors with their status.
func TestWireOnlyEvents(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	events := headers{"Accept": "text/event-stream"}
	a := s.do("POST", events, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	wireError(t, "initialize", a, 200, 0, "2025-11-25")
	id := a.header.Get("Mcp-Session-Id")
	if id == "" || a.header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("initialize: %v", a.header)
	}
	a = s.do("POST", events.plus("Mcp-Session-Id", id), pingBody)
	if wireError(t, "ping", a, 200, 0); a.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("ping: %v", a.header)
	}
	wireError(t, "unknown session", s.do("POST", events.plus("Mcp-Session-Id", "x"), pingBody), 404, -32000)
	wireError(t, "parse error", s.do("POST", events, "{"), 400, -32700)
}

func TestWireIDsInFlight(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	c, other := s.open("2025-11-25"), s.open("2025-06-18")
	wait := `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"wait"}}`
	first := make(chan answer, 1)
	go func() { first <- s.do("POST", c.headers(), wait) }()
	<-s.begun
	wireError(t, "the same id again", s.do("POST", c.headers(), strings.Replace(wait, `"wait"`, `"steps"`, 1)), 400, -32600, `"id":"a"`, "id")
	wireError(t, "the same id of another session", s.do("POST", other.headers(), strings.Replace(wait, `"wait"`, `"steps"`, 1)), 200, 0)
	wireError(t, "another id", s.do("POST", c.headers(), strings.NewReplacer(`"a"`, `"b"`, `"wait"`, `"go"`).Replace(wait)), 200, 0)
	wireError(t, "the first", <-first, 200, 0, "let go", `"id":"a"`)
	wireError(t, "the same id afterwards", s.do("POST", c.headers(), strings.Replace(wait, `"wait"`, `"steps"`, 1)), 200, 0)

	// Clients of 2026-07-28 know nothing of each other: their ids may be the same.
	go func() { first <- s.callStateless("wait", `{}`) }()
	<-s.begun
	wireError(t, "2026-07-28", s.callStateless("go", `{}`), 200, 0)
	wireError(t, "2026-07-28, the first", <-first, 200, 0, "let go")
}

func TestWireStatelessConfig(t *testing.T) {
	s := newWire(t, fastmcp.Config{Stateless: true})
	c := s.open("2025-11-25")
	if c.id != "" {
		t.Errorf("a session: %q", c.id)
	}
	wireError(t, "call", c.call("add", `{"a":1,"b":2}`), 200, 0)
	wireError(t, "call with the id of some session", s.do("POST", headers{"Mcp-Session-Id": "x"}, pingBody), 200, 0)
	for _, method := range []string{"GET", "DELETE"} {
		a := s.do(method, headers{"Accept": "text/event-stream", "Mcp-Session-Id": "x"}, "")
		if wireError(t, method, a, 405, -32000); a.header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow %q", method, a.header.Get("Allow"))
		}
	}
}

func TestWireSizes(t *testing.T) {
	s := newWire(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{MaxBody: 300, MaxHeader: 4096}})
	h := s.open("2025-11-25").headers()
	padded := func(n int) string { return pingBody + strings.Repeat(" ", n-len(pingBody)) }
	wireError(t, "as long as may be", s.do("POST", h, padded(300)), 200, 0)
	wireError(t, "a byte longer", s.rawConn().do("POST", h.lines(), padded(301)), 413, -32000)
	wireError(t, "much longer", s.rawConn().do("POST", h.lines(), padded(20_000)), 413, -32000)
	wireError(t, "as long as may be, again", s.do("POST", h, padded(300)), 200, 0)
	chunked := "POST /mcp HTTP/1.1\r\nHost: " + s.addr + "\r\n" + strings.Join(h.lines("Transfer-Encoding: chunked"), "\r\n") + "\r\n\r\n"
	whole := fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", 10, pingBody[:10], len(pingBody)-10, pingBody[10:])
	wireError(t, "in chunks", s.rawConn().send("POST", chunked+whole), 200, 0)
	wireError(t, "in chunks, too long", s.rawConn().send("POST", chunked+fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", 301, padded(301))), 413, -32000)

	wireError(t, "long headers", s.do("POST", h.plus("X-Long", strings.Repeat("x", 3000)), pingBody), 200, 0)
	wireError(t, "headers that are too long", s.rawConn().do("POST", h.lines("X-Long: "+strings.Repeat("x", 5000)), pingBody), 431, -32000)
	wireError(t, "no length", s.rawConn().send("POST", "POST /mcp HTTP/1.1\r\nHost: "+s.addr+"\r\nContent-Length: x\r\n\r\n"), 400, -32000)
	s.url = strings.TrimSuffix(s.url, "/mcp") + "/elsewhere"
	wireError(t, "another path", s.do("POST", h, pingBody), 404, -32000)
}

// badEnvelopes are messages that must be refused, with the code and the id of the refusal; "?" is any or none.
var badEnvelopes = []struct {
	name, body string
	code       int
	id         string
}{
	{"nothing", ``, -32700, ""},
	{"space", "  \n", -32700, ""},
	{"half", `{"jsonrpc":"2.0","id":1,"method":"ping"`, -32700, ""},
	{"half a word", `{"jsonrpc":"2.0","id":1,"method":"pi`, -32700, ""},
	{"text behind", pingBody + `x`, -32700, ""},
	{"a second message behind", pingBody + pingBody, -32700, ""},
	{"a brace too many", pingBody + `}`, -32700, ""},
	{"no JSON", `id=1&method=ping`, -32700, ""},
	{"single quotes", `{'jsonrpc':'2.0','id':1,'method':'ping'}`, -32700, ""},
	{"a comma too many", `{"jsonrpc":"2.0","id":1,"method":"ping",}`, -32700, ""},
	{"a comment", `{"jsonrpc":"2.0","id":1,"method":"ping"/**/}`, -32700, ""},
	{"a byte order mark", "\xef\xbb\xbf" + pingBody, -32700, ""},
	{"not UTF-8", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":\"\xff\"}}", -32700, ""},
	{"half a rune", "{\"jsonrpc\":\"2.0\",\"id\":\"\xe2\x82\",\"method\":\"ping\"}", -32700, ""},
	{"UTF-16", "{\x00\"\x00", -32700, ""},
	{"a line break in a string", "{\"jsonrpc\":\"2.0\",\"id\":\"a\nb\",\"method\":\"ping\"}", -32700, ""},
	{"a bad escape", `{"jsonrpc":"2.0","id":"\u12g4","method":"ping"}`, -32700, ""},
	{"a number of no kind", `{"jsonrpc":"2.0","id":01,"method":"ping"}`, -32700, ""},
	{"NaN", `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}`, -32700, ""},
	{"too deep", `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}}`, -32700, ""},
	{"too deep, half", strings.Repeat(`{"params":`, 10000), -32700, ""},

	{"a number", `1`, -32600, ""},
	{"a string", `"ping"`, -32600, ""},
	{"null", `null`, -32600, ""},
	{"an empty object", `{}`, -32600, ""},
	{"no version", `{"id":5,"method":"ping"}`, -32600, "5"},
	{"version 1", `{"jsonrpc":"1.0","id":5,"method":"ping"}`, -32600, "5"},
	{"a number as version", `{"jsonrpc":2.0,"id":5,"method":"ping"}`, -32600, "5"},
	{"id behind the trouble", `{"jsonrpc":"1.0","method":"ping","id":"last"}`, -32600, `"last"`},
	{"id null", `{"jsonrpc":"2.0","id":null,"method":"ping"}`, -32600, ""},
	{"id true", `{"jsonrpc":"2.0","id":true,"method":"ping"}`, -32600, ""},
	{"id object", `{"jsonrpc":"2.0","id":{},"method":"ping"}`, -32600, ""},
	{"id array", `{"jsonrpc":"2.0","id":[1],"method":"ping"}`, -32600, ""},
	{"id fraction", `{"jsonrpc":"2.0","id":1.5,"method":"ping"}`, -32600, ""},
	{"id with an exponent", `{"jsonrpc":"2.0","id":1e3,"method":"ping"}`, -32600, ""},
	{"id too long", `{"jsonrpc":"2.0","id":"` + strings.Repeat("x", 511) + `","method":"ping"}`, -32600, ""},
	{"id of too many digits", `{"jsonrpc":"2.0","id":` + strings.Repeat("9", 513) + `,"method":"ping"}`, -32600, ""},
	{"no method", `{"jsonrpc":"2.0","id":5}`, -32600, "5"},
	{"an empty method", `{"jsonrpc":"2.0","id":5,"method":""}`, -32600, "5"},
	{"a method of no name", `{"jsonrpc":"2.0","id":5,"method":7}`, -32600, "5"},
	{"method null", `{"jsonrpc":"2.0","id":5,"method":null}`, -32600, "5"},
	{"method and result", `{"jsonrpc":"2.0","id":5,"method":"ping","result":{}}`, -32600, "5"},
	{"method and error", `{"jsonrpc":"2.0","id":5,"method":"ping","error":{}}`, -32600, "5"},
	{"result and error", `{"jsonrpc":"2.0","id":5,"result":{},"error":{}}`, -32600, "?"},
	{"a result of nothing", `{"jsonrpc":"2.0","result":{}}`, -32600, ""},
	{"id twice", `{"jsonrpc":"2.0","id":5,"id":6,"method":"ping"}`, -32600, "?"},
	{"version twice", `{"jsonrpc":"2.0","jsonrpc":"2.0","id":5,"method":"ping"}`, -32600, "5"},
	{"method twice, disguised", `{"jsonrpc":"2.0","id":5,"method":"ping","m\u0065thod":"tools/list"}`, -32600, "5"},
	{"params twice", `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"add"},"params":{"name":"steps"}}`, -32600, "5"},
	{"name twice", `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"add","name":"steps"}}`, -32600, "5"},
	{"arguments twice", `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"add","arguments":{},"arguments":{}}}`, -32600, "5"},
	{"_meta twice", `{"jsonrpc":"2.0","id":5,"method":"ping","params":{"_meta":{},"_meta":{}}}`, -32600, "5"},
	{"progress token twice", `{"jsonrpc":"2.0","id":5,"method":"ping","params":{"_meta":{"progressToken":1,"progressToken":2}}}`, -32600, "5"},

	{"params array", `{"jsonrpc":"2.0","id":5,"method":"ping","params":[1]}`, -32602, "5"},
	{"params string", `{"jsonrpc":"2.0","id":5,"method":"ping","params":"x"}`, -32602, "5"},
	{"params number", `{"jsonrpc":"2.0","id":5,"method":"ping","params":0}`, -32602, "5"},
	{"params false", `{"jsonrpc":"2.0","id":5,"method":"ping","params":false}`, -32602, "5"},
	{"_meta array", `{"jsonrpc":"2.0","id":5,"method":"ping","params":{"_meta":[]}}`, -32602, "5"},
}

// All of them come in on one connection, of each era, and a good call after each.
func TestWireBadEnvelopes(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	session := s.open("2025-06-18")
	raw := s.rawConn()
	good := stateless(3, "tools/call", `"name":"add","arguments":{"a":1,"b":2}`, "")
	for _, h := range []headers{session.headers(), {}, statelessHeaders("ping", "")} {
		for _, bad := range badEnvelopes {
			m := wireError(t, bad.name, raw.do("POST", h.lines(), bad.body), 400, bad.code)
			if bad.id != "?" && string(m.ID) != bad.id {
				t.Errorf("%s: the id is %s, want %s", bad.name, m.ID, bad.id)
			}
			wireError(t, "after "+bad.name, raw.do("POST", session.headers().lines(), pingBody), 200, 0, `"id":1,`)
			wireError(t, "after "+bad.name, raw.do("POST", statelessHeaders("tools/call", "add").lines(), good), 200, 0, `"id":3,`, `{"sum":3}`)
		}
	}
}

// Nor does any other refusal cost the connection.
func TestWireConnectionOutlivesRefusals(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	h := s.open("2025-11-25").headers()
	raw := s.rawConn()
	for _, r := range []struct {
		method string
		lines  []string
		status int
	}{
		{"POST", []string{"Content-Type: text/plain"}, 415},
		{"POST", []string{"Content-Type: application/json", "Accept: text/html"}, 406},
		{"POST", headers{"Mcp-Session-Id": "x"}.lines(), 404},
		{"POST", headers{"MCP-Protocol-Version": "v999"}.lines(), 400},
		{"POST", h.lines("Origin: https://evil.example"), 403},
		{"PUT", h.lines(), 405},
		{"GET", []string{"Accept: text/event-stream"}, 400},
		{"DELETE", []string{"Mcp-Session-Id: x"}, 404},
		{"OPTIONS", nil, 204},
	} {
		if a := raw.do(r.method, r.lines, pingBody); a.status != r.status {
			t.Errorf("%s %v: %d %s", r.method, r.lines, a.status, a.body)
		}
		wireError(t, fmt.Sprint("after ", r.status), raw.do("POST", h.lines(), pingBody), 200, 0)
	}
}

func TestWireIDsComeBackAsTheyWere(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	session := s.open("2025-11-25").headers()
	for _, id := range []string{
		`0`, `-0`, `-7`, `1764012345678`, `9007199254740993`, `123456789012345678901234567890`, `""`, `"a"`, `"1"`, `"\u0041\"\\\/\n"`, `"é€😀"`, `"\ud83d"`, `" "`,
		`"` + strings.Repeat("x", 510) + `"`, strings.Repeat("9", 512),
	} {
		for method, want := range map[string]string{"ping": `"result":{}}`, "nothing": `"error":{"code":-32601,`} {
			body := fmt.Sprintf(`{"jsonrpc":"2.0","id": %s ,"method":%q}`, id, method)
			if a := s.do("POST", session, body); !strings.HasPrefix(a.body, `{"jsonrpc":"2.0","id":`+id+`,`+want) {
				t.Errorf("%.40s: %.200s", id, a.body)
			}
		}
		body := strings.Replace(stateless(1, "tools/list", "", ""), `"id":1`, `"id":`+id, 1)
		if a := s.do("POST", statelessHeaders("tools/list", ""), body); a.status != 200 || !strings.Contains(a.body, `"id":`+id+`,`) || !json.Valid([]byte(a.body)) {
			t.Errorf("%.40s: %d %.200s", id, a.status, a.body)
		}
	}
}
