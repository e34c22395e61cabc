package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"
)

// patience bounds one exchange. The machine may be busy.
const patience = 30 * time.Second

// user is one who loads the server. It does one thing after the other.
type user struct {
	addr string
	http *http.Client
	rand *rand.Rand
	ctx  context.Context // ends with the load
}

// message is a JSON-RPC message, and the id of its event.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	event string
}

// has fails unless the message is a result with those words in it.
func (m message) has(words string) error {
	if m.Error != nil || !strings.Contains(string(m.Result), words) {
		return fmt.Errorf("the result is not %q: %s %+v", words, m.Result, m.Error)
	}
	return nil
}

// reply is an answer of the server's: one body, or a stream.
type reply struct {
	*http.Response
	lines *bufio.Scanner
	end   context.CancelFunc
}

func (r *reply) close() {
	r.end()
	_ = r.Body.Close()
}

// request sends one. The answer has to be closed.
func (u *user) request(method, path string, h map[string]string, body string) (*reply, error) {
	ctx, cancel := context.WithTimeout(u.ctx, patience)
	req, err := http.NewRequestWithContext(ctx, method, "http://"+u.addr+path, strings.NewReader(body))
	if err != nil {
		cancel()
		return nil, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
	} else {
		req.Header.Set("Accept", "text/event-stream")
	}
	for k, v := range h {
		req.Header.Set(k, v)
	}
	res, err := u.http.Do(req)
	if err != nil {
		cancel()
		return nil, err
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 4<<20)
	return &reply{res, lines, cancel}, nil
}

// next is the next message of a stream, whatever stands between. The name of an event is its method where it has no other.
func (r *reply) next() (m message, err error) {
	var id, name, data string
	for r.lines.Scan() {
		line := r.lines.Text()
		switch {
		case strings.HasPrefix(line, "id: "):
			id = line[4:]
		case strings.HasPrefix(line, "event: "):
			name = line[7:]
		case strings.HasPrefix(line, "data: "):
			data += line[6:]
		case line == "" && name == "endpoint":
			return message{Method: name, Params: json.RawMessage(data)}, nil
		case line == "" && data != "":
			err = json.Unmarshal([]byte(data), &m)
			m.event = id
			return m, err
		case line == "":
			id, name, data = "", "", ""
		}
	}
	return m, errors.Join(io.ErrUnexpectedEOF, r.lines.Err())
}

// result is the last message of an answer, and how many notifications came before it.
func (r *reply) result() (m message, notes int, err error) {
	defer r.close()
	if strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream") {
		for {
			if m, err = r.next(); err != nil || m.Method == "" {
				return m, notes, err
			}
			notes++
		}
	}
	b, err := io.ReadAll(r.Body)
	if err != nil || len(b) == 0 {
		return m, 0, err
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, 0, fmt.Errorf("%s: %q: %w", r.Status, b, err)
	}
	return m, 0, nil
}

// status sends a request whose answer is but a status.
func (u *user) status(method, path string, h map[string]string, body string) (int, error) {
	r, err := u.request(method, path, h, body)
	if err != nil {
		return 0, err
	}
	defer r.close()
	_, err = io.Copy(io.Discard, r.Body)
	return r.StatusCode, err
}

// session is one of an older revision.
type session struct {
	*user
	revision string
	h        map[string]string
	id       int
}

var stateful = []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}

func initialize(revision string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":%q,"capabilities":{"elicitation":{},"sampling":{},"roots":{}},"clientInfo":{"name":"soak","version":"1"}}}`, revision)
}

const initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`

// open begins a session, of a revision of those given.
func (u *user) open(revisions ...string) (*session, error) {
	s := &session{user: u, revision: revisions[u.rand.IntN(len(revisions))]}
	r, err := u.request("POST", "/mcp", nil, initialize(s.revision))
	if err != nil {
		return nil, err
	}
	m, _, err := r.result()
	if err != nil {
		return nil, err
	}
	if err := m.has(s.revision); err != nil {
		return nil, err
	}
	s.h = map[string]string{"Mcp-Session-Id": r.Header.Get("Mcp-Session-Id"), "MCP-Protocol-Version": s.revision}
	return s, s.note(initialized)
}

func (s *session) note(body string) error {
	status, err := s.status("POST", "/mcp", s.h, body)
	if err == nil && status != 202 {
		err = fmt.Errorf("%s: status %d", body, status)
	}
	return err
}

// ask sends a request and gives its answer, which has to be read.
func (s *session) ask(method, params string) (*reply, error) {
	s.id++
	return s.request("POST", "/mcp", s.h, fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":{%s}}`, s.id, method, params))
}

// call is ask, to the end.
func (s *session) call(method, params string) (m message, notes int, err error) {
	r, err := s.ask(method, params)
	if err != nil {
		return m, 0, err
	}
	return r.result()
}

// gets calls, and wants these words in the result.
func (s *session) gets(method, params, words string) error {
	m, _, err := s.call(method, params)
	if err != nil {
		return err
	}
	return m.has(words)
}

// stateless sends a request of 2026-07-28.
func (u *user) stateless(method, name, params string) (*reply, error) {
	h := map[string]string{"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method}
	if name != "" {
		h["Mcp-Name"] = name
	}
	if params != "" {
		params = "," + params
	}
	return u.request("POST", "/mcp", h, fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",`+
		`"io.modelcontextprotocol/clientCapabilities":{"elicitation":{"form":{}},"extensions":{"io.modelcontextprotocol/tasks":{}}},"progressToken":1}%s}}`, method, params))
}

func (u *user) statelessResult(method, name, params string) (m message, notes int, err error) {
	r, err := u.stateless(method, name, params)
	if err != nil {
		return m, 0, err
	}
	return r.result()
}

// raw writes bytes on a connection of its own, and reads until the server closes it, or for so long.
func (u *user) raw(request string, long time.Duration) (answer string, err error) {
	c, err := net.Dial("tcp", u.addr)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(long)); err != nil {
		return "", err
	}
	_, _ = io.WriteString(c, request)
	b, _ := io.ReadAll(c)
	return string(b), nil
}

func (u *user) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-u.ctx.Done():
	}
}
