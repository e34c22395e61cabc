package fastmcp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// What the arguments mean is said once, in the tags of the struct: clients get it as a schema, and no call gets past it.
func Example() {
	type Input struct {
		City string `json:"city" validate:"required" description:"a city, in English"`
		Days int    `json:"days" validate:"gte=1,lte=14" default:"3"`
	}
	app := fastmcp.New(fastmcp.Config{Name: "weather", Version: "1.0.0"})
	app.AddTool(fastmcp.Tool{
		Name: "forecast", Description: "The weather of the days to come",
		Handler: fastmcp.Typed(func(_ *fastmcp.Context, in Input) (string, error) {
			return fmt.Sprintf("%s: %d days of sun", in.City, in.Days), nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.schema("forecast"))
	fmt.Println(d.call("forecast", `{"city":"Lisbon"}`))
	fmt.Println(d.call("forecast", `{"days":30}`))
	// Output:
	// {"type":"object","properties":{"city":{"type":"string","description":"a city, in English","minLength":1},"days":{"type":"integer","minimum":1,"maximum":14,"default":3}},"required":["city"],"additionalProperties":false}
	// Lisbon: 3 days of sun
	// error: The arguments do not fit the tool's schema. city: expected a string, which is required, got nothing
	// days: expected at most 14, got 30
}

func ExampleNew() {
	app := fastmcp.New(fastmcp.Config{
		Name: "calculator", Version: "1.0.0", Title: "Calculator",
		Instructions: "Use it for sums. It is always right.",
	})
	d := startDemo(app)
	defer d.stop()
	fmt.Println(string(d.session("2025-11-25").opened)) // what initialize answers
	// Output: {"protocolVersion":"2025-11-25","capabilities":{"logging":{},"completions":{},"prompts":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"tools":{"listChanged":true}},"serverInfo":{"name":"calculator","title":"Calculator","version":"1.0.0"},"instructions":"Use it for sums. It is always right."}
}

// demo is an App that listens for one example, and a client of it, which speaks 2026-07-28.
type demo struct {
	app    *fastmcp.App
	url    string
	token  string
	client *http.Client
	ended  chan error
	quit   func(context.Context) error
}

// startDemo serves an App on a free port of the loopback interface.
func startDemo(app *fastmcp.App) *demo { return startDemoWith(app, app.Listener, app.Shutdown) }

// startDemoWith serves by a function of one's own.
func startDemoWith(app *fastmcp.App, serve func(net.Listener) error, quit func(context.Context) error) *demo {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Panic(err)
	}
	d := &demo{app: app, url: "http://" + ln.Addr().String(), ended: make(chan error, 1), quit: quit}
	d.client = &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
	go func() { d.ended <- serve(ln) }()
	return d
}

// stop stops the App, and waits until it has.
func (d *demo) stop() {
	d.client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := d.quit(ctx); err != nil {
		log.Panic(err)
	}
	if err := <-d.ended; err != nil {
		log.Panic(err)
	}
}

// as is the same client with a bearer token.
func (d *demo) as(token string) *demo {
	other := *d
	other.token = token
	return &other
}

// call calls a tool and gives what a model would read.
func (d *demo) call(tool, args string) string {
	reply := d.rpc("tools/call", tool, fmt.Sprintf(`,"name":%q,"arguments":%s`, tool, args))
	return reply[len(reply)-1].summary()
}

// data is the structured content of a tool's answer.
func (d *demo) data(tool, args string) string {
	var r struct {
		Data json.RawMessage `json:"structuredContent"`
	}
	reply := d.rpc("tools/call", tool, fmt.Sprintf(`,"name":%q,"arguments":%s`, tool, args))
	if err := json.Unmarshal(reply[len(reply)-1].Result, &r); err != nil {
		log.Panic(err)
	}
	return string(r.Data)
}

// watch calls a tool and prints all that comes back, in order. The client asks for progress and for log messages.
func (d *demo) watch(tool, args string) {
	for _, m := range d.rpc("tools/call", tool, fmt.Sprintf(`,"name":%q,"arguments":%s`, tool, args)) {
		fmt.Println(m.summary())
	}
}

// schema is the schema of a tool's arguments, as clients see it.
func (d *demo) schema(tool string) string {
	for _, t := range d.tools() {
		if t.Name == tool {
			return string(t.InputSchema)
		}
	}
	return "no such tool"
}

type demoTool struct {
	Name                      string `json:"name"`
	InputSchema, OutputSchema json.RawMessage
	Annotations, Icons        json.RawMessage
	Meta                      json.RawMessage `json:"_meta"`
}

// tools are the tools that the client sees.
func (d *demo) tools() []demoTool {
	var list struct{ Tools []demoTool }
	reply := d.rpc("tools/list", "", "")
	if err := json.Unmarshal(reply[0].Result, &list); err != nil {
		log.Panic(err)
	}
	return list.Tools
}

// names are the names of the tools that the client sees.
func (d *demo) names() (all []string) {
	for _, t := range d.tools() {
		all = append(all, t.Name)
	}
	return all
}

// get is the status and the body of a path.
func (d *demo) get(path string) string {
	req, err := http.NewRequest(http.MethodGet, d.url+path, nil)
	if err != nil {
		log.Panic(err)
	}
	if d.token != "" {
		req.Header.Set("Authorization", "Bearer "+d.token)
	}
	status, body := d.do(req)
	return fmt.Sprint(status, " ", body)
}

func (d *demo) rpc(method, name, params string) []demoMessage {
	body := `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":{"_meta":{"progressToken":1,` +
		`"io.modelcontextprotocol/logLevel":"info","io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
		`"io.modelcontextprotocol/clientCapabilities":{}}` + params + `}}`
	h := map[string]string{"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": method}
	if name != "" {
		h["Mcp-Name"] = name
	}
	status, reply := d.do(d.request(http.MethodPost, h, body))
	return readDemo(status, reply)
}

// request makes a request to /mcp, or to where url already leads.
func (d *demo) request(method string, header map[string]string, body string) *http.Request {
	url := d.url
	if strings.Count(url, "/") == 2 {
		url += "/mcp"
	}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		log.Panic(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if d.token != "" {
		req.Header.Set("Authorization", "Bearer "+d.token)
	}
	for k, v := range header {
		req.Header.Set(k, v)
		if k == "Host" {
			req.Host = v
		}
	}
	return req
}

func (d *demo) do(req *http.Request) (int, string) {
	res, err := d.client.Do(req)
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		log.Panic(err)
	}
	return res.StatusCode, string(b)
}

// demoSession is a client of a revision with sessions.
type demoSession struct {
	*demo
	id, revision string
	opened       json.RawMessage // the result of initialize
}

// session initializes a session.
func (d *demo) session(revision string) *demoSession {
	s := &demoSession{demo: d, revision: revision}
	res, err := d.client.Do(d.request(http.MethodPost, nil, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"`+
		revision+`","capabilities":{},"clientInfo":{"name":"demo","version":"1"}}}`))
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		log.Panic(err)
	}
	s.id, s.opened = res.Header.Get("Mcp-Session-Id"), readDemo(res.StatusCode, string(b))[0].Result
	s.do(d.request(http.MethodPost, s.header(nil), `{"jsonrpc":"2.0","method":"notifications/initialized"}`))
	return s
}

func (s *demoSession) header(more map[string]string) map[string]string {
	h := map[string]string{"Mcp-Session-Id": s.id, "Mcp-Protocol-Version": s.revision}
	for k, v := range more {
		h[k] = v
	}
	return h
}

// call calls a tool and gives what a model would read.
func (s *demoSession) call(tool, args string) string {
	reply := s.send(tool, args)
	if len(reply) == 0 {
		return "no answer"
	}
	return reply[len(reply)-1].summary()
}

func (s *demoSession) send(tool, args string) []demoMessage {
	status, reply := s.do(s.request(http.MethodPost, s.header(nil),
		fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, tool, args)))
	return readDemo(status, reply)
}

// resume takes up the stream behind an event, and reads it to its end.
func (s *demoSession) resume(after string) []demoMessage {
	status, reply := s.do(s.request(http.MethodGet, s.header(map[string]string{"Last-Event-ID": after, "Accept": "text/event-stream"}), ""))
	return readDemo(status, reply)
}

// news reads the first messages of the session's own stream.
func (s *demoSession) news(n int) (all []demoMessage) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	res, err := s.client.Do(s.request(http.MethodGet, s.header(map[string]string{"Accept": "text/event-stream"}), "").WithContext(ctx))
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = res.Body.Close() }()
	scanner := bufio.NewScanner(res.Body)
	for len(all) < n && scanner.Scan() {
		if data, ok := strings.CutPrefix(scanner.Text(), "data: "); ok && data != "" {
			all = append(all, readDemo(res.StatusCode, data)...)
		}
	}
	return all
}

// demoMessage is one message that came back.
type demoMessage struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	status int
	event  string
}

// readDemo reads a JSON body, or the events of a stream.
func readDemo(status int, body string) (all []demoMessage) {
	add := func(id, data string) {
		m := demoMessage{status: status, event: id}
		if data != "" {
			if err := json.Unmarshal([]byte(data), &m); err != nil {
				log.Panicf("%d %s: %v", status, body, err)
			}
		}
		all = append(all, m)
	}
	if strings.HasPrefix(body, "{") {
		add("", body)
		return all
	}
	for event := range strings.SplitSeq(body, "\n\n") {
		id, data := "", ""
		for line := range strings.Lines(event) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			switch name {
			case "id":
				id = value
			case "data":
				data = value
			}
		}
		if id != "" || data != "" {
			add(id, data)
		}
	}
	return all
}

// summary is the message on one line: of a result what a model reads.
func (m demoMessage) summary() string {
	switch {
	case m.Error != nil:
		return fmt.Sprintf("%d: %s", m.status, m.Error.Message)
	case m.Result != nil:
		return demoResult(m.Result)
	case m.Method == "":
		return "(an event without a message)"
	}
	var p struct {
		Progress, Total        float64
		Message, Level, Logger string
		Data                   json.RawMessage
	}
	_ = json.Unmarshal(m.Params, &p) // what is not there stays empty
	switch m.Method {
	case "notifications/progress":
		if p.Total == 0 {
			return fmt.Sprintf("progress %v %s", p.Progress, p.Message)
		}
		return strings.TrimSpace(fmt.Sprintf("progress %v of %v %s", p.Progress, p.Total, p.Message))
	case "notifications/message":
		return fmt.Sprintf("log %s %s %s", p.Level, p.Logger, p.Data)
	}
	return strings.TrimSpace(m.Method + " " + string(m.Params))
}

func demoResult(raw json.RawMessage) string {
	var r struct {
		Content []struct {
			Type, Text, MimeType, URI string
			Resource                  struct{ URI, MimeType string }
		}
		StructuredContent json.RawMessage
		IsError           bool
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		log.Panic(err)
	}
	var all []string
	for _, c := range r.Content {
		switch c.Type {
		case "text":
			all = append(all, c.Text)
		case "resource":
			all = append(all, "["+c.Type+" "+c.Resource.URI+" "+c.Resource.MimeType+"]")
		case "resource_link":
			all = append(all, "["+c.Type+" "+c.URI+"]")
		default:
			all = append(all, "["+c.Type+" "+c.MimeType+"]")
		}
	}
	text := strings.Join(all, "\n")
	if r.IsError {
		return "error: " + text
	}
	return text
}

// demoLog is an operator's log on the standard output, of the parts that are the same in each run.
func demoLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case slog.TimeKey, "request", "correlation", "stack", "principal", "session":
			return slog.Attr{}
		}
		return a
	}}))
}
