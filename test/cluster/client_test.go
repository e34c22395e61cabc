package cluster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/test/internal/cluster"
)

// patience bounds every wait of these tests.
const patience = 30 * time.Second

// client is a client as plain as can be: each request may go to another URL. The zero value speaks 2026-07-28.
type client struct {
	http     http.Client
	revision string // of a session; "" is 2026-07-28
	session  string
	id       atomic.Int64 // of the request before
}

// reply is what came back for a request.
type reply struct {
	status  int
	header  http.Header
	node    string    // who has answered, when it went through nginx
	events  []message // all messages of a stream before the last
	message           // the last, or the only one
	body    string
}

type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

const modern = "2026-07-28"

// request makes the request for a method. name is what Mcp-Name repeats, params what stands inside of the braces.
func (c *client) request(ctx context.Context, url, method, name, params string) (*http.Request, error) {
	if c.revision == "" {
		meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"` + modern + `","io.modelcontextprotocol/clientCapabilities":{"elicitation":{"form":{}},"sampling":{},"roots":{}},"progressToken":1}`
		if params != "" {
			meta += ","
		}
		params = meta + params
	}
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"`, c.id.Add(1)) + method + `","params":{` + params + `}}`
	if strings.HasPrefix(method, "notifications/") {
		body = `{"jsonrpc":"2.0","method":"` + method + `","params":{` + params + `}}`
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	c.mark(req)
	if c.revision == "" {
		req.Header.Set("Mcp-Method", method)
		if name != "" {
			req.Header.Set("Mcp-Name", name)
		}
	}
	return req, nil
}

// mark says which revision a request is of, and which session's.
func (c *client) mark(req *http.Request) {
	if c.revision == "" {
		req.Header.Set("Mcp-Protocol-Version", modern)
		return
	}
	if c.session != "" {
		req.Header.Set("Mcp-Protocol-Version", c.revision)
		req.Header.Set("Mcp-Session-Id", c.session)
	}
}

// send sends a method to a URL and reads the answer to its end.
func (c *client) send(ctx context.Context, url, method, name, params string) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := c.request(ctx, url, method, name, params)
	if err != nil {
		return reply{}, err
	}
	return c.do(req)
}

// post sends a message as it is, in the session.
func (c *client) post(ctx context.Context, url, body string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	c.mark(req)
	return c.do(req)
}

// call calls a tool.
func (c *client) call(ctx context.Context, url, tool, args string) (reply, error) {
	return c.send(ctx, url, "tools/call", tool, `"name":"`+tool+`","arguments":`+args)
}

func (c *client) do(req *http.Request) (r reply, err error) {
	res, err := c.http.Do(req)
	if err != nil {
		return r, err
	}
	defer func() { _ = res.Body.Close() }()
	r.status, r.header = res.StatusCode, res.Header
	tried := strings.Split(res.Header.Get(cluster.NodeHeader), ", ")
	r.node = tried[len(tried)-1]
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return r, fmt.Errorf("%d, %w after %q", r.status, err, b)
	}
	r.body = string(b)
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		if len(b) == 0 {
			return r, nil
		}
		return r, json.Unmarshal(b, &r.message)
	}
	events := bufio.NewReader(bytes.NewReader(b))
	for {
		m, _, err := nextEvent(events)
		if err != nil {
			break
		}
		r.events = append(r.events, m)
	}
	if n := len(r.events); n > 0 {
		r.message, r.events = r.events[n-1], r.events[:n-1]
	}
	return r, nil
}

// nextEvent reads an event that bears a message, and its id.
func nextEvent(in *bufio.Reader) (m message, id string, err error) {
	var data string
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return m, "", err
		}
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "id:"):
			id = strings.TrimSpace(line[3:])
		case strings.HasPrefix(line, "data:"):
			data += strings.TrimSpace(line[5:])
		case line == "" && data != "":
			return m, id, json.Unmarshal([]byte(data), &m)
		}
	}
}

// text is the text of a tool's result.
func (r reply) text() string {
	var result struct {
		Content []struct{ Text string }
	}
	_ = json.Unmarshal(r.Result, &result) // what cannot be read has no text
	var text strings.Builder
	for _, c := range result.Content {
		text.WriteString(c.Text)
	}
	return text.String()
}

// stream is an open stream.
type stream struct {
	node string
	in   *bufio.Reader
	body io.Closer
	stop context.CancelFunc
	wait *time.Timer // cuts the stream when nothing comes
}

// open sends a request and does not wait for the end of its answer. Each wait for a message is bounded all the same.
func (c *client) open(ctx context.Context, req *http.Request) (*stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(patience, cancel)
	res, err := c.http.Do(req.WithContext(ctx))
	if err == nil && (res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream")) {
		b, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		err = fmt.Errorf("%d %s", res.StatusCode, b)
	}
	if err != nil {
		timer.Stop()
		cancel()
		return nil, err
	}
	return &stream{res.Header.Get(cluster.NodeHeader), bufio.NewReader(res.Body), res.Body, cancel, timer}, nil
}

// next waits for the next message.
func (s *stream) next() (message, string, error) {
	s.wait.Reset(patience)
	return nextEvent(s.in)
}

func (s *stream) close() {
	s.wait.Stop()
	s.stop()
	_ = s.body.Close()
}
