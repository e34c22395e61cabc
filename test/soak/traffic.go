package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// deed is something that a user does. Its weight is how often, beside the others.
type deed struct {
	name   string
	weight int
	do     func(*user) error
}

var deeds = []deed{
	{"a session from begin to end", 12, (*user).wholeSession},
	{"a session that is left", 6, (*user).leftSession},
	{"calls of 2026-07-28", 12, (*user).statelessCalls},
	{"a batch", 4, (*user).batch},
	{"progress", 6, (*user).progress},
	{"a stream that breaks and is taken up", 6, (*user).resumedStream},
	{"a stream that is left", 4, (*user).leftStream},
	{"a question that is answered", 6, (*user).answered},
	{"a question that nobody answers", 3, (*user).unanswered},
	{"a question of 2026-07-28", 6, (*user).rounds},
	{"a task of 2025-11-25", 4, (*user).legacyTask},
	{"a task of 2026-07-28", 4, (*user).task},
	{"a call that is cancelled", 4, (*user).cancelled},
	{"a call whose client goes", 4, (*user).gone},
	{"a listener of 2026-07-28", 4, (*user).listener},
	{"HTTP+SSE", 4, (*user).oldTransport},
	{"a reader that does not read", 1, (*user).slowReader},
	{"bad messages", 8, (*user).badMessages},
	{"bad requests", 4, (*user).badRequests},
	{"a request that never ends", 1, (*user).halfOpen},
}

func (u *user) wholeSession() error {
	s, err := u.open(stateful...)
	if err != nil {
		return err
	}
	n := u.rand.IntN(1000)
	err = errors.Join(
		s.gets("tools/list", "", `"add"`),
		s.gets("tools/call", fmt.Sprintf(`"name":"add","arguments":{"a":%d,"b":1}`, n), fmt.Sprintf(`"%d"`, n+1)),
		s.gets("tools/call", `"name":"slow","arguments":{"n":20}`, "slept"),
		s.gets("tools/call", `"name":"fail"`, `"isError":true`),
		s.gets("resources/read", `"uri":"soak://note"`, "a note"),
		s.gets("resources/subscribe", `"uri":"soak://note"`, "{}"),
		s.gets("prompts/get", `"name":"greet","arguments":{"name":"Ann"}`, "Hello Ann"),
		s.gets("ping", "", "{}"),
	)
	if err != nil {
		return err
	}
	if status, err := s.status("DELETE", "/mcp", s.h, ""); err != nil || status != 204 {
		return fmt.Errorf("the end: %d, %w", status, errors.Join(err))
	}
	if status, err := s.status("POST", "/mcp", s.h, `{"jsonrpc":"2.0","id":1,"method":"ping"}`); err != nil || status != 404 {
		return fmt.Errorf("after the end: %d, %w", status, errors.Join(err))
	}
	return nil
}

func (u *user) leftSession() error {
	s, err := u.open(stateful...)
	if err != nil {
		return err
	}
	return s.gets("tools/call", `"name":"add","arguments":{"a":1,"b":1}`, `"2"`)
}

func (u *user) statelessCalls() error {
	n := u.rand.IntN(1000)
	for _, r := range [][4]string{
		{"tools/call", "add", fmt.Sprintf(`"name":"add","arguments":{"a":%d,"b":1}`, n), fmt.Sprintf(`"%d"`, n+1)},
		{"tools/list", "", "", `"add"`}, {"server/discover", "", "", "2026-07-28"},
		{"tools/call", "fail", `"name":"fail","arguments":{}`, `"isError":true`},
		{"resources/read", "soak://note", `"uri":"soak://note"`, "a note"},
		{"prompts/get", "greet", `"name":"greet","arguments":{"name":"Ann"}`, "Hello Ann"},
	} {
		m, _, err := u.statelessResult(r[0], r[1], r[2])
		if err == nil {
			err = m.has(r[3])
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", r[0], r[1], err)
		}
	}
	return nil
}

func (u *user) batch() error {
	s, err := u.open("2025-03-26")
	if err != nil {
		return err
	}
	status, err := s.status("POST", "/mcp", s.h, `[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"add","arguments":{"a":1,"b":2}}},`+
		`{"jsonrpc":"2.0","method":"notifications/soak"},{"jsonrpc":"2.0","id":3,"method":"nothing"}]`)
	if err == nil && status != 200 {
		err = fmt.Errorf("status %d", status)
	}
	return err
}

func (u *user) progress() error {
	s, err := u.open(stateful...)
	if err != nil {
		return err
	}
	n := 1 + u.rand.IntN(100)
	m, notes, err := s.call("tools/call", fmt.Sprintf(`"name":"progress","arguments":{"n":%d,"size":100},"_meta":{"progressToken":"p"}`, n))
	if err == nil {
		err = m.has("done")
	}
	if err == nil && notes != n {
		err = fmt.Errorf("%d notes of %d", notes, n)
	}
	if err != nil {
		return err
	}
	m, notes, err = u.statelessResult("tools/call", "progress", fmt.Sprintf(`"name":"progress","arguments":{"n":%d,"size":100}`, n))
	if err == nil && notes != n {
		err = fmt.Errorf("%d notes of %d in 2026-07-28: %+v", notes, n, m)
	}
	return err
}

// listen opens the session's own stream, behind an event.
func (s *session) listen(after string) (*reply, error) {
	h := map[string]string{"Last-Event-ID": after}
	for k, v := range s.h {
		h[k] = v
	}
	if after == "" {
		delete(h, "Last-Event-ID")
	}
	r, err := s.request("GET", "/mcp", h, "")
	if err == nil && r.StatusCode != 200 {
		r.close()
		err = fmt.Errorf("the stream: %s", r.Status)
	}
	return r, err
}

// resumedStream reads some of what comes, loses its connection, and has the rest.
func (u *user) resumedStream() error {
	s, err := u.open(stateful...)
	if err != nil {
		return err
	}
	const n = 20
	last, seen := "", 0
	told := false
	for seen < n {
		r, err := s.listen(last)
		if err != nil {
			return err
		}
		if !told {
			told = true
			if err := s.gets("tools/call", fmt.Sprintf(`"name":"tell","arguments":{"n":%d,"size":50}`, n), "told"); err != nil {
				r.close()
				return err
			}
		}
		for range 1 + u.rand.IntN(n) {
			m, err := r.next()
			if err != nil {
				r.close()
				return fmt.Errorf("after %d notes: %w", seen, err)
			}
			var p struct{ N int }
			if err := json.Unmarshal(m.Params, &p); err != nil || m.Method != "notifications/soak" || p.N != seen+1 {
				r.close()
				return fmt.Errorf("note %d after %d: %+v", p.N, seen, m)
			}
			if seen, last = seen+1, m.event; seen == n {
				break
			}
		}
		r.close()
	}
	return nil
}

func (u *user) leftStream() error {
	s, err := u.open(stateful...)
	if err != nil {
		return err
	}
	r, err := s.listen("")
	if err != nil {
		return err
	}
	defer r.close()
	u.sleep(time.Duration(u.rand.IntN(500)) * time.Millisecond)
	return nil
}

var askable = stateful[2:] // 2025-06-18 has elicitation

// question calls the tool that asks, and gives the question.
func (s *session) question() (*reply, message, error) {
	r, err := s.ask("tools/call", `"name":"ask","arguments":{}`)
	if err != nil {
		return nil, message{}, err
	}
	m, err := r.next()
	if err == nil && m.Method != "elicitation/create" {
		err = fmt.Errorf("no question: %+v", m)
	}
	if err != nil {
		r.close()
	}
	return r, m, err
}

func (u *user) answered() error {
	s, err := u.open(askable...)
	if err != nil {
		return err
	}
	r, m, err := s.question()
	if err != nil {
		return err
	}
	if err := s.note(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{"action":"accept","content":{"name":"Ann"}}}`, m.ID)); err != nil {
		r.close()
		return err
	}
	if m, _, err = r.result(); err != nil {
		return err
	}
	return m.has("accept Ann")
}

func (u *user) unanswered() error {
	s, err := u.open(askable...)
	if err != nil {
		return err
	}
	r, _, err := s.question()
	if err != nil {
		return err
	}
	if u.rand.IntN(2) == 0 {
		r.close() // the handler waits on, for AskTimeout
		return nil
	}
	_, _, err = r.result()
	return err
}

func (u *user) rounds() error {
	m, _, err := u.statelessResult("tools/call", "ask", `"name":"ask","arguments":{}`)
	if err != nil {
		return err
	}
	var q struct {
		Type  string `json:"resultType"`
		State string `json:"requestState"`
	}
	if err := json.Unmarshal(m.Result, &q); err != nil || q.Type != "input_required" {
		return fmt.Errorf("no question: %+v", m)
	}
	if u.rand.IntN(3) == 0 {
		return nil // it never comes back
	}
	m, _, err = u.statelessResult("tools/call", "ask", fmt.Sprintf(`"name":"ask","arguments":{},"inputResponses":{"who":{"action":"accept","content":{"name":"Ann"}}},"requestState":%q`, q.State))
	if err != nil {
		return err
	}
	return m.has("accept Ann")
}

func (u *user) legacyTask() error {
	s, err := u.open("2025-11-25")
	if err != nil {
		return err
	}
	m, _, err := s.call("tools/call", fmt.Sprintf(`"name":"job","arguments":{"n":%d},"task":{"ttl":3000}`, 1+u.rand.IntN(300)))
	if err != nil {
		return err
	}
	var created struct {
		Task struct {
			ID string `json:"taskId"`
		} `json:"task"`
	}
	if err := json.Unmarshal(m.Result, &created); err != nil || created.Task.ID == "" {
		return fmt.Errorf("no task: %s %+v", m.Result, m.Error)
	}
	about := fmt.Sprintf(`"taskId":%q`, created.Task.ID)
	switch u.rand.IntN(3) {
	case 0:
		return s.gets("tasks/result", about, "slept")
	case 1:
		_, _, err = s.call("tasks/cancel", about) // it may be over already
		return err
	}
	return s.gets("tasks/get", about, created.Task.ID)
}

func (u *user) task() error {
	m, _, err := u.statelessResult("tools/call", "job", fmt.Sprintf(`"name":"job","arguments":{"n":%d}`, 1+u.rand.IntN(300)))
	if err != nil {
		return err
	}
	var t struct {
		ID     string `json:"taskId"`
		Status string `json:"status"`
	}
	if err := json.Unmarshal(m.Result, &t); err != nil || t.ID == "" {
		return fmt.Errorf("no task: %s %+v", m.Result, m.Error)
	}
	about := fmt.Sprintf(`"taskId":%q`, t.ID)
	switch u.rand.IntN(3) {
	case 0:
		_, _, err = u.statelessResult("tasks/cancel", t.ID, about)
		return err
	case 1:
		return nil
	}
	for range 200 {
		if m, _, err = u.statelessResult("tasks/get", t.ID, about); err != nil {
			return err
		}
		if err := json.Unmarshal(m.Result, &t); err != nil {
			return fmt.Errorf("%s %+v: %w", m.Result, m.Error, err)
		}
		if t.Status == "completed" {
			return m.has("slept")
		}
		u.sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("the task is %s", t.Status)
}

func (u *user) cancelled() error {
	s, err := u.open(stateful...)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	id := s.id + 1
	go func() {
		_, _, err := s.call("tools/call", `"name":"slow","arguments":{"n":400}`)
		done <- err
	}()
	u.sleep(time.Duration(u.rand.IntN(100)) * time.Millisecond)
	err = s.note(fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d,"reason":"soak"}}`, id))
	if broken := <-done; broken != nil && !strings.Contains(broken.Error(), "unexpected EOF") { // a stream without an answer
		err = errors.Join(err, broken)
	}
	return err
}

func (u *user) gone() error {
	s, err := u.open(stateful...)
	if err != nil {
		return err
	}
	for _, begin := range []func() (*reply, error){
		func() (*reply, error) { return s.ask("tools/call", `"name":"slow","arguments":{"n":600}`) },
		func() (*reply, error) {
			return u.stateless("tools/call", "slow", `"name":"slow","arguments":{"n":600}`)
		},
	} {
		r, err := begin() // it comes back with the head of the stream, after StreamAfter
		if err != nil {
			return err
		}
		r.close()
	}
	return nil
}

func (u *user) listener() error {
	r, err := u.stateless("subscriptions/listen", "", `"notifications":{"toolsListChanged":true,"resourceSubscriptions":["soak://note"]}`)
	if err != nil {
		return err
	}
	defer r.close()
	if m, err := r.next(); err != nil || m.Method != "notifications/subscriptions/acknowledged" {
		return fmt.Errorf("no acknowledgement: %+v %w", m, errors.Join(err))
	}
	u.sleep(time.Duration(u.rand.IntN(300)) * time.Millisecond)
	return nil
}

func (u *user) oldTransport() error {
	r, err := u.request("GET", "/sse", nil, "")
	if err != nil {
		return err
	}
	defer r.close()
	at, err := r.next()
	if err != nil || at.Method != "endpoint" {
		return fmt.Errorf("no endpoint: %+v %w", at, errors.Join(err))
	}
	path := strings.TrimPrefix(string(at.Params), "http://"+u.addr)
	for _, body := range []string{initialize("2024-11-05"), initialized, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":1,"b":2}}}`} {
		if status, err := u.status("POST", path, nil, body); err != nil || status != 202 {
			return fmt.Errorf("%s: %d %w", body, status, errors.Join(err))
		}
		if body == initialized {
			continue
		}
		if m, err := r.next(); err != nil || m.Error != nil {
			return fmt.Errorf("%s: %+v %w", body, m, errors.Join(err))
		}
	}
	return nil
}

// slowReader begins an answer that is larger than what the system holds for it, and never reads.
func (u *user) slowReader() error {
	s, err := u.open(stateful...)
	if err != nil {
		return err
	}
	c, err := net.Dial("tcp", u.addr)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := c.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		return err
	}
	body := `{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"progress","arguments":{"n":300,"size":30000},"_meta":{"progressToken":"p"}}}`
	if _, err := fmt.Fprintf(c, "POST /mcp HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMcp-Session-Id: %s\r\nContent-Length: %d\r\n\r\n%s",
		u.addr, s.h["Mcp-Session-Id"], len(body), body); err != nil {
		return err
	}
	u.sleep(1500 * time.Millisecond) // WriteTimeout is 1 s
	return nil
}

var badBodies = []string{
	"", "{", "null", "[]", "{}", `"x"`, `{"jsonrpc":"1.0","id":1,"method":"ping"}`, `{"jsonrpc":"2.0","id":{},"method":"ping"}`,
	`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nothing"}}`, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}`,
	`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":"x"}}}`, `{"jsonrpc":"2.0","id":1,"method":"nothing"}`,
	`{"jsonrpc":"2.0","id":1,"result":{}}`, `{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"x"}}`,
	strings.Repeat("[", 10_000), "\x00\xff", strings.Repeat("x", 300<<10),
}

func (u *user) badMessages() error {
	s, err := u.open(stateful...)
	if err != nil {
		return err
	}
	headers := []map[string]string{
		s.h, nil, {"Mcp-Session-Id": "nobody"}, {"MCP-Protocol-Version": "1999-01-01"}, {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "ping"},
		{"Content-Type": "text/plain"}, {"Accept": "image/png"}, {"Origin": "http://evil.example"}, {"Last-Event-ID": "x"}, {"Authorization": "Bearer x"},
	}
	for range 10 {
		body, h := badBodies[u.rand.IntN(len(badBodies))], headers[u.rand.IntN(len(headers))]
		method := []string{"POST", "POST", "POST", "PUT", "GET", "DELETE"}[u.rand.IntN(6)]
		if method == "DELETE" || method == "GET" {
			body, h = "", map[string]string{"Mcp-Session-Id": "nobody"}
		}
		status, err := u.status(method, "/mcp", h, body)
		if err != nil {
			return fmt.Errorf("%s %.100q %v: %w", method, body, h, err)
		}
		if status >= 500 {
			return fmt.Errorf("%s %.100q %v: %d", method, body, h, status)
		}
	}
	return nil
}

var badShapes = []string{
	"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
	"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET\r\n\r\n",
	"POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "\x16\x03\x01\r\n\r\n", "post /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n",
	"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 20<<10) + "\r\n\r\n", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\nx",
	"GET /mcp HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n", "POST /mcp HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}

var refusals = []string{"400", "413", "431", "501", "505"}

func (u *user) badRequests() error {
	for range 4 {
		shape := badShapes[u.rand.IntN(len(badShapes))]
		answer, err := u.raw(shape, patience)
		if err != nil {
			return err
		}
		status, _, _ := strings.Cut(strings.TrimPrefix(answer, "HTTP/1.1 "), " ")
		if !slices.Contains(refusals, status) || !strings.Contains(answer, `{"jsonrpc":"2.0"`) {
			return fmt.Errorf("%.100q: %q", shape, answer)
		}
	}
	return nil
}

func (u *user) halfOpen() error {
	for _, begin := range []string{"", "POST /mcp HTTP/1.1\r\nHost: loc", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"} {
		if _, err := u.raw(begin, time.Duration(u.rand.IntN(800))*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
