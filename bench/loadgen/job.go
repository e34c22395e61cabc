//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/fastmcp-go/fastmcp/bench/internal/contract"
)

// job is what is asked of the server again and again, and what the answer must be.
type job struct {
	modern  bool // 2026-07-28
	session bool // each connection has one
	method  string
	name    string // of the tool or the prompt, or the URI
	params  string // without _meta
	token   bool   // asks for progress
	notes   int    // how many notifications must come before the result
	// holds is the cheap check of every answer, whole the complete one of some of them.
	holds func(body []byte) bool
	whole func(result map[string]any) error
}

// jobSize is how large a job is, where it has a size.
type jobSize struct{ bytes, notes, tools int }

// newJob makes the job of that name, in that revision.
func newJob(name, revision string, stateless bool, size jobSize) (job, error) {
	j := job{modern: revision == v2026, session: revision == v2025 && !stateless, method: "tools/call"}
	switch name {
	case "call":
		j.name, j.params = "add", `"name":"add","arguments":{"a":1,"b":2}`
		j.answers(`"text":"3"`, text("content"), "3")
	case "echo":
		s := strings.Repeat("the quick brown fox jumps over the lazy dog ", size.bytes/44+1)[:size.bytes]
		j.name, j.params = "echo", `"name":"echo","arguments":{"s":"`+s+`"}`
		j.answers("", text("content"), s)
		key, want := []byte(`"text":"`), []byte(s+`"`)
		j.holds = func(b []byte) bool { // bytes.Index is slow with a long text
			i := bytes.Index(b, key)
			return i >= 0 && bytes.HasPrefix(b[i+len(key):], want)
		}
	case "progress":
		j.name, j.params = "count", fmt.Sprintf(`"name":"count","arguments":{"n":%d}`, size.notes)
		j.token, j.notes = true, size.notes
		j.answers(`"text":"done"`, text("content"), "done")
	case "prompt":
		j.method, j.name = "prompts/get", contract.PromptName
		j.params = `"name":"` + j.name + `","arguments":{"name":"Ada"}`
		j.answers(`"text":"`+contract.Greeting("Ada")+`"`, text("messages"), contract.Greeting("Ada"))
	case "resource":
		j.method, j.name = "resources/read", contract.ResourceURI
		j.params = `"uri":"` + j.name + `"`
		j.answers(`"text":"`+contract.ResourceText+`"`, text("contents"), contract.ResourceText)
	case "list":
		j.method = "tools/list"
		j.holds = func(b []byte) bool { return bytes.Count(b, []byte(`"inputSchema"`)) == size.tools }
		j.whole = func(r map[string]any) error {
			if t, _ := r["tools"].([]any); len(t) != size.tools {
				return fmt.Errorf("%d tools, not %d", len(t), size.tools)
			}
			return nil
		}
	case "initialize":
		j.method, j.modern, j.session = "initialize", false, false
		j.answers(`"protocolVersion":"`+v2025+`"`, func(r map[string]any) any { return r["protocolVersion"] }, v2025)
	default:
		return j, fmt.Errorf("there is no mode %q", name)
	}
	return j, nil
}

// answers says what every answer holds, and what is found in the result of a whole one.
func (j *job) answers(holds string, find func(map[string]any) any, want string) {
	j.holds = func(b []byte) bool { return bytes.Contains(b, []byte(holds)) }
	j.whole = func(r map[string]any) error {
		if got := find(r); got != want {
			return fmt.Errorf("the answer is %.60q, not %.60q", got, want)
		}
		return nil
	}
}

// text finds the text of the first of those under key: a block, contents, or a message with a block in it.
func text(key string) func(map[string]any) any {
	return func(r map[string]any) any {
		all, _ := r[key].([]any)
		if len(all) == 0 {
			return nil
		}
		first, _ := all[0].(map[string]any)
		if block, ok := first["content"].(map[string]any); ok {
			first = block
		}
		return first["text"]
	}
}

// progressKey is the value of a progress notification: no other message of a call has such a key.
var progressKey = []byte(`"progress":`)

// order counts the progress notifications of an answer. Their values must grow, one after the other, from 1: what is
// left out is lost, what comes twice or too late is an error.
func order(body []byte) (got int, err error) {
	last := 0
	for {
		i := bytes.Index(body, progressKey)
		if i < 0 {
			return got, nil
		}
		body = body[i+len(progressKey):]
		end := 0
		for end < len(body) && (body[end] >= '0' && body[end] <= '9' || body[end] == ' ') {
			end++
		}
		n, err := strconv.Atoi(string(bytes.TrimSpace(body[:end])))
		if err != nil {
			return got, fmt.Errorf("progress %.20q is no number", body)
		}
		if n <= last {
			return got, fmt.Errorf("progress %d came after %d", n, last)
		}
		last = n
		got++
	}
}

// messages are the JSON-RPC messages of a body.
func messages(body []byte, sse bool) [][]byte {
	if !sse {
		return [][]byte{body}
	}
	var out [][]byte
	for event := range bytes.SplitSeq(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), []byte("\n\n")) {
		var data []byte
		for line := range bytes.SplitSeq(event, []byte("\n")) {
			if d, ok := bytes.CutPrefix(line, []byte("data:")); ok {
				data = append(data, bytes.TrimPrefix(d, []byte(" "))...)
			}
		}
		if len(data) > 0 {
			out = append(out, data)
		}
	}
	return out
}

// verify parses a body completely: one of its messages is the answer to id, and what whole wants it to be.
func verify(body []byte, sse bool, id uint64, whole func(map[string]any) error) error {
	for _, m := range messages(body, sse) {
		var r struct {
			ID     json.Number    `json:"id"`
			Result map[string]any `json:"result"`
			Error  *struct {
				Code    int    `json:"code"`
				Message string `json:"message"`
			} `json:"error"`
		}
		if err := json.Unmarshal(m, &r); err != nil {
			return fmt.Errorf("%w in %.200q", err, m)
		}
		if r.Error != nil {
			return fmt.Errorf("error %d: %s", r.Error.Code, r.Error.Message)
		}
		if r.Result == nil {
			continue
		}
		if r.ID.String() != strconv.FormatUint(firstID+id, 10) {
			return fmt.Errorf("the answer is to id %s, not %d", r.ID, firstID+id)
		}
		if e, _ := r.Result["isError"].(bool); e {
			return fmt.Errorf("the tool says: %.200v", text("content")(r.Result))
		}
		if whole == nil {
			return nil
		}
		return whole(r.Result)
	}
	return fmt.Errorf("no result in %.200q", body)
}
