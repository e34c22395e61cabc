package fastmcp_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/compress"
	"github.com/gofiber/fiber/v2/middleware/etag"
)

// sseEvent is an event as it was on the wire.
type sseEvent struct{ name, id, data string }

// sseClient is a client of HTTP+SSE.
type sseClient struct {
	t      testing.TB
	s      *server
	post   server // where it posts
	extra  headers
	header http.Header
	events chan sseEvent
	hangUp func()
}

// sse opens a connection at a path.
func (s *server) sse(path string, extra ...headers) *sseClient {
	s.t.Helper()
	c := &sseClient{t: s.t, s: s, extra: headers{}, events: make(chan sseEvent, 4096)}
	for _, h := range extra {
		c.extra = h
	}
	there := *s
	there.url = "http://" + s.addr + path
	req := there.request(s.t.Context(), "GET", c.extra.plus("Accept", "text/event-stream"), "")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	c.hangUp = func() { _ = res.Body.Close() }
	s.t.Cleanup(c.hangUp)
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		b, _ := io.ReadAll(res.Body)
		s.t.Fatalf("no stream: %d %v %s", res.StatusCode, res.Header, b)
	}
	c.header = res.Header
	go c.read(res.Body)
	first := c.event()
	if first.name != "endpoint" || first.id != "" {
		s.t.Fatalf("the first event is %+v", first)
	}
	c.post = *s
	c.post.url = "http://" + s.addr + first.data
	return c
}

func (c *sseClient) read(body io.Reader) {
	defer close(c.events)
	var e sseEvent
	scanner := bufio.NewScanner(body)
	scanner.Buffer(nil, 8<<20)
	for scanner.Scan() {
		line := scanner.Text()
		switch name, value, _ := strings.Cut(line, ": "); {
		case line == "" && e != sseEvent{}:
			c.events <- e
			e = sseEvent{}
		case name == "event":
			e.name = value
		case name == "id":
			e.id = value
		case name == "data":
			e.data += value
		}
	}
}

func (c *sseClient) event() sseEvent {
	c.t.Helper()
	select {
	case e, ok := <-c.events:
		if !ok {
			c.t.Fatal("the stream has ended")
		}
		return e
	case <-time.After(5 * time.Second):
		c.t.Fatal("no event in 5 s")
	}
	return sseEvent{}
}

// message is the next message. Every one must be an event of that name, without an id.
func (c *sseClient) message() (m message) {
	c.t.Helper()
	e := c.event()
	if e.name != "message" || e.id != "" {
		c.t.Fatalf("%+v", e)
	}
	if err := json.Unmarshal([]byte(e.data), &m); err != nil {
		c.t.Fatalf("%s: %v", e.data, err)
	}
	return m
}

// ended waits for the end of the stream, and gives what came before.
func (c *sseClient) ended() (rest []sseEvent) {
	c.t.Helper()
	timeout := time.After(5 * time.Second)
	for {
		select {
		case e, ok := <-c.events:
			if !ok {
				return rest
			}
			rest = append(rest, e)
		case <-timeout:
			c.t.Fatal("the stream has not ended in 5 s")
		}
	}
}

// tell posts a message, which must be taken.
func (c *sseClient) tell(body string) {
	c.t.Helper()
	if a := c.post.do("POST", c.extra, body); a.status != 202 || a.body != "Accepted" || a.header.Get("Mcp-Session-Id") != "" {
		c.t.Fatalf("%s: %d %v %s", body, a.status, a.header, a.body)
	}
}

// ask posts a request and gives the next message, which must be the answer.
func (c *sseClient) ask(id int, method, params string) message {
	c.t.Helper()
	c.tell(request(id, method, params))
	m := c.message()
	if string(m.ID) != fmt.Sprint(id) {
		c.t.Fatalf("%s %d was answered by %s %s %s %+v", method, id, m.ID, m.Method, m.Result, m.Error)
	}
	return m
}

func request(id int, method, params string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":{%s}}`, id, method, params)
}

// initialize opens the session, and gives the revision that was agreed on.
func (c *sseClient) initialize(revision string) string {
	c.t.Helper()
	m := c.ask(0, "initialize", fmt.Sprintf(`"protocolVersion":%q,"capabilities":{},"clientInfo":{"name":"test","version":"1"}`, revision))
	var r struct {
		Version string `json:"protocolVersion"`
	}
	if err := json.Unmarshal(m.Result, &r); err != nil {
		c.t.Fatalf("%+v: %v", m, err)
	}
	c.tell(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	return r.Version
}

// silent makes sure that nothing more has come than the answer to a ping.
func (c *sseClient) silent() {
	c.t.Helper()
	c.ask(9999, "ping", "")
}

// newOld is a server whose client is of HTTP+SSE and has a session.
func newOld(t *testing.T, config fastmcp.Config) (*living, *sseClient) {
	t.Helper()
	l := newLiving(t, config)
	c := l.sse("/sse")
	c.initialize("2024-11-05")
	return l, c
}

// The whole flow, byte for byte, without a client's HTTP library on the stream.
func TestSSEOnTheWire(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	conn, err := net.Dial("tcp", l.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintf(conn, "GET /sse HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", l.addr); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	h := res.Header
	if res.StatusCode != 200 || h.Get("Content-Type") != "text/event-stream" || !strings.Contains(h.Get("Cache-Control"), "no-transform") || h.Get("Mcp-Session-Id") != "" || !res.Close {
		t.Errorf("%d %v", res.StatusCode, h)
	}
	expect := func(pattern string) []string {
		t.Helper()
		text := make([]byte, 0, 1024)
		for buf := make([]byte, 1); !strings.HasSuffix(string(text), "\n\n"); {
			if _, err := io.ReadFull(res.Body, buf); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			text = append(text, buf...)
		}
		found := regexp.MustCompile("^" + pattern + "$").FindStringSubmatch(string(text))
		if found == nil {
			t.Fatalf("%q is not %q", text, pattern)
		}
		return found
	}
	there := *l.server
	there.url = "http://" + l.addr + expect(`event: endpoint\ndata: (/messages\?sessionId=[A-Z2-7]{26})\n\n`)[1]
	post := func(body string) {
		t.Helper()
		if a := there.do("POST", nil, body); a.status != 202 || a.body != "Accepted" || a.header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%d %v %q", a.status, a.header, a.body)
		}
	}
	post(request(1, "initialize", `"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"test","version":"1"}`))
	expect(`event: message\ndata: \{"jsonrpc":"2.0","id":1,"result":\{"protocolVersion":"2024-11-05",.*\}\}\n\n`)
	post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	post(`{"jsonrpc":"2.0","id":"x","method":"ping"}`)
	expect(`event: message\ndata: \{"jsonrpc":"2.0","id":"x","result":\{\}\}\n\n`)
}

// What the official clients do, in each revision, and what clients of both eras try first.
func TestSSEServesEveryStatefulRevision(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	for _, revision := range append([]string{"2026-07-28", "1999-01-01"}, revisions...) {
		if a := l.at("POST", "/sse", nil); a.status != 405 || a.header.Get("Allow") != "GET, OPTIONS" {
			t.Errorf("a client that tries Streamable HTTP first is told %d %v", a.status, a.header)
		}
		c := l.sse("/sse")
		if m := c.ask(1, "server/discover", `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}`); m.Error == nil || m.Error.Code != -32601 {
			t.Errorf("%s: discover: %+v", revision, m)
		}
		if m := c.ask(1, "tools/list", ""); m.Error == nil || m.Error.Code != -32600 || !strings.Contains(m.Error.Message, "initialize first") {
			t.Errorf("%s: too early: %+v", revision, m)
		}
		want := revision
		if revision == "2026-07-28" || revision == "1999-01-01" {
			want = "2025-11-25"
		}
		if got := c.initialize(revision); got != want {
			t.Errorf("%s: %s was agreed on", revision, got)
		}
		c.extra = headers{"Mcp-Protocol-Version": want} // the newer clients send it here, too
		if m := c.ask(2, "tools/list", ""); !strings.Contains(string(m.Result), `"add"`) {
			t.Errorf("%s: %s", revision, m.Result)
		}
		if r := c.ask(3, "tools/call", `"name":"add","arguments":{"a":0,"b":5}`).tool(t); r.text() != `{"sum":5}` || (r.Structured != nil) != (want >= "2025-06-18") {
			t.Errorf("%s: %+v", revision, r)
		}
		for id, r := range map[int]struct {
			method, params string
			code           int
		}{
			4: {"server/discover", statelessMeta[:0], -32601}, 5: {"no/method", "", -32601}, 6: {"tools/call", `"name":"none"`, -32602}, 7: {"tools/call", "", -32602},
			8: {"initialize", `"protocolVersion":"2024-11-05"`, -32600}, 9: {"ping", `"_meta":{"progressToken":{}}`, -32602},
			10: {"server/discover", fmt.Sprintf(statelessMeta, ""), -32601},
		} {
			if m := c.ask(id, r.method, r.params); m.Error == nil || m.Error.Code != r.code {
				t.Errorf("%s: %s: %+v", revision, r.method, m)
			}
		}
		if m := c.ask(11, "logging/setLevel", `"level":"debug"`); string(m.Result) != "{}" {
			t.Errorf("%s: %+v", revision, m)
		}
		// Arrays of messages are of one revision only.
		a := c.post.do("POST", c.extra, `[`+request(20, "ping", "")+`,{"jsonrpc":"2.0","method":"notifications/x"},`+request(21, "no/method", "")+`]`)
		if want == "2025-03-26" {
			got := map[string]bool{string(c.message().ID): true, string(c.message().ID): true}
			if a.status != 202 || !got["20"] || !got["21"] {
				t.Errorf("%s: an array: %d %v", revision, a.status, got)
			}
		} else {
			rpcError(t, revision+": an array", a, 400)
		}
		c.silent()
	}
	if strings.Contains(l.log.String(), "level=ERROR") {
		t.Error(l.log.String())
	}
}

func TestSSERefusesWhatIsNoMessage(t *testing.T) {
	l, c := newOld(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{MaxBody: 4096}})
	ping := request(1, "ping", "")
	nowhere, never := c.post, c.post
	nowhere.url = "http://" + l.addr + "/messages"
	never.url = nowhere.url + "?sessionId=ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	rpcError(t, "no id", nowhere.do("POST", nil, ping), 400)
	rpcError(t, "an unknown id", never.do("POST", nil, ping), 404)
	rpcError(t, "a form", c.post.do("POST", headers{"Content-Type": "application/x-www-form-urlencoded"}, ping), 415)
	rpcError(t, "no type", c.post.do("POST", headers{"Content-Type": ""}, ping), 415)
	rpcError(t, "too large", c.post.do("POST", nil, request(1, "ping", `"x":"`+strings.Repeat("x", 4096)+`"`)), 413)
	for _, body := range []string{"", "{", "nonsense", `{"jsonrpc":"1.0","id":1,"method":"ping"}`, `{"jsonrpc":"2.0","id":null,"method":"ping"}`, "[", "[]", `"x"`, ping + ping} {
		rpcError(t, body, c.post.do("POST", nil, body), 400)
	}
	if a := c.post.do("POST", nil, `{"jsonrpc":"1.0","id":7,"method":"ping"}`); string(a.message(t).ID) != "7" {
		t.Errorf("the id is lost: %s", a.body)
	}
	for _, method := range []string{"GET", "DELETE", "PUT"} {
		if a := c.post.do(method, headers{"Content-Type": "application/json"}, ping); a.status != 405 || a.header.Get("Allow") != "POST, OPTIONS" {
			t.Errorf("%s: %d %v", method, a.status, a.header)
		}
	}
	rpcError(t, "a stream of JSON", l.at("GET", "/sse", headers{"Accept": "application/json"}), 406)
	c.silent()
}

func TestSSEConnectionsAreApart(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	const n = 5
	clients := make([]*sseClient, n)
	for i := range clients {
		clients[i] = l.sse("/sse")
		clients[i].initialize(revisions[i%len(revisions)])
	}
	for i, c := range clients {
		c.tell(request(100+i, "tools/call", fmt.Sprintf(`"name":"notes","arguments":{"from":1,"to":3,"key":"%d"}`, i)))
	}
	sessions := l.app.Sessions()
	for _, s := range sessions {
		if err := s.Notify(noteMethod, note{Key: "own"}); err != nil {
			t.Error(err)
		}
	}
	if len(sessions) != n {
		t.Errorf("%d sessions", len(sessions))
	}
	for i, c := range clients {
		counts := map[string]int{}
		for range 5 { // three notes, the answer, and one that is the session's
			m := c.message()
			if m.Method == "" {
				counts[string(m.ID)]++
				continue
			}
			counts[m.number(t).Key]++
		}
		if counts[fmt.Sprint(i)] != 3 || counts["own"] != 1 || counts[fmt.Sprint(100+i)] != 1 {
			t.Errorf("connection %d got %v", i, counts)
		}
		c.silent()
	}
}

func TestSSEBelongsToItsPrincipal(t *testing.T) {
	l := newLiving(t, fastmcp.Config{Auth: aliceAndBob(t)})
	alice := l.sse("/sse", bearer(aliceToken))
	alice.initialize("2025-06-18")
	ping := request(1, "ping", "")
	never := alice.post
	never.url += "x"
	his, nobodys := alice.post.do("POST", bearer(bobToken), ping), never.do("POST", bearer(bobToken), ping)
	rpcError(t, "another's", his, 404)
	if his.body != nobodys.body {
		t.Errorf("another's connection is %s, one that never was %s", his.body, nobodys.body)
	}
	for name, a := range map[string]answer{"POST": alice.post.do("POST", nil, ping), "GET": l.at("GET", "/sse", nil)} {
		rpcError(t, name+" of nobody", a, 401)
		if a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: no challenge", name)
		}
	}
	if p := l.app.Sessions()[0].Principal(); p == nil || p.Subject != "alice" {
		t.Errorf("%v", p)
	}
	alice.silent()
}

func TestSSEIsBehindTheSameDoor(t *testing.T) {
	l, c := newOld(t, fastmcp.Config{})
	for name, h := range map[string]headers{"Origin": {"Origin": "https://evil.example"}, "Host": {"Host": "evil.example"}} {
		rpcError(t, name+", GET", l.at("GET", "/sse", h), 403)
		rpcError(t, name+", POST", c.post.do("POST", h, request(1, "ping", "")), 403)
	}
	page := headers{"Origin": "http://localhost:5173"}
	for _, url := range []string{"http://" + l.addr + "/sse", c.post.url} {
		there := *l.server
		there.url = url
		a := there.do("OPTIONS", page.plus("Access-Control-Request-Method", "POST"), "")
		if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != page["Origin"] {
			t.Errorf("preflight of %s: %d %v", url, a.status, a.header)
		}
	}
	if a := l.sse("/sse", page); a.header.Get("Access-Control-Allow-Origin") != page["Origin"] {
		t.Errorf("%v", a.header)
	}
	c.silent()
}

// Everything that a server says comes on the one stream. Nothing is kept for a client that could come back: none can.
func TestSSECarriesEverything(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	c := l.sse("/sse")
	c.initialize("2025-11-25")
	l.app.AddTool(fastmcp.Tool{Name: "talk", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		c.ClientLog().Warn("careful")
		return c.Header("X-Mark"), errors.Join(c.Progress(1, 2, "half"), c.Notify(noteMethod, note{N: 1}))
	})})
	if m := c.message(); m.Method != "notifications/tools/list_changed" {
		t.Errorf("%+v", m)
	}
	c.extra = headers{"X-Mark": "kept"}
	c.tell(request(1, "tools/call", `"name":"talk","_meta":{"progressToken":"p"}`))
	for _, want := range []string{`notifications/message {"level":"warning","data":"careful"}`, `notifications/progress {"progressToken":"p","progress":1,"total":2,"message":"half"}`, noteMethod + ` {"n":1}`} {
		if m := c.message(); m.Method+" "+string(m.Params) != want {
			t.Errorf("%s %s, want %s", m.Method, m.Params, want)
		}
	}
	if m := c.message(); m.tool(t).text() != "kept" {
		t.Errorf("%+v", m)
	}
	if m := c.ask(2, "tools/call", `"name":"suspend"`); !strings.Contains(m.tool(t).text(), "cannot come back") {
		t.Errorf("%s", m.Result)
	}
	c.silent()
}

func TestSSEPostsKeepTheirConnection(t *testing.T) {
	_, c := newOld(t, fastmcp.Config{})
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	reused := 0
	trace := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if i.Reused {
			reused++
		}
	}})
	const rounds = 10
	for id := range rounds {
		res, err := client.Do(c.post.request(trace, "POST", nil, request(id, "tools/call", `"name":"notes","arguments":{"from":1,"to":1}`)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if m := c.message(); m.number(t).N != 1 {
			t.Errorf("%+v", m)
		}
		if m := c.message(); string(m.ID) != fmt.Sprint(id) {
			t.Errorf("%+v", m)
		}
	}
	if reused != rounds-1 {
		t.Errorf("the connection was used again %d times of %d", reused, rounds-1)
	}
}

func TestSSECanBeTurnedOff(t *testing.T) {
	for name, config := range map[string]fastmcp.Config{"Disabled": {HTTP: fastmcp.HTTPConfig{SSE: fastmcp.SSEConfig{Disabled: true}}}, "Stateless": {Stateless: true}} {
		app, log := newApp(t, config)
		app.AddRoute("GET", "/messages", func(c *fiber.Ctx) error { return c.SendString("mine") }, fastmcp.RouteConfig{})
		s := serve(t, app, log)
		rpcError(t, name, s.at("GET", "/sse", nil), 404)
		if a := s.at("GET", "/messages", nil); a.body != "mine" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestSSEPaths(t *testing.T) {
	l := livingApp(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{SSE: fastmcp.SSEConfig{Path: "/old/events", MessagesPath: "/old/post"}}})
	l.app.Use(compress.New())
	l.app.Use(etag.New())
	f := fiber.New(fiber.Config{DisableStartupMessage: true, ReadTimeout: 5 * time.Second, ReadBufferSize: 16 << 10})
	l.app.Mount(f.Group("/t/:tenant"))
	mount(t, f, l, "/t/x/mcp")
	c := l.sse("/t/evil.example/old/events/", headers{"Accept-Encoding": "gzip"})
	if !strings.HasPrefix(c.post.url, "http://"+l.addr+"/t/evil.example/old/post?sessionId=") {
		t.Errorf("%s", c.post.url)
	}
	c.initialize("2024-11-05")
	c.silent()

	for name, add := range map[string]func(){
		"two endpoints": func() { fastmcp.New(fastmcp.Config{HTTP: fastmcp.HTTPConfig{Path: "/SSE/"}}) },
		"a route":       func() { fastmcp.New().AddRoute("GET", "/messages/", func(*fiber.Ctx) error { return nil }) },
	} {
		if v, _ := panicOf(add).(string); !strings.HasPrefix(v, "fastmcp: ") {
			t.Errorf("%s: %q", name, v)
		}
	}
}

func TestSSEUnderAPrefix(t *testing.T) {
	l := livingApp(t, fastmcp.Config{})
	f := fiber.New(fiber.Config{DisableStartupMessage: true, ReadTimeout: 5 * time.Second, ReadBufferSize: 16 << 10})
	l.app.Mount(f.Group("/api"))
	mount(t, f, l, "/api/mcp")
	c := l.sse("/api/sse")
	if !strings.HasPrefix(c.post.url, "http://"+l.addr+"/api/messages?sessionId=") {
		t.Errorf("%s", c.post.url)
	}
	c.initialize("2024-11-05")
	c.tell(request(1, "tools/call", `"name":"hold"`))
	l.hasBegun()
	c.hangUp()
	l.cancelled()
}
