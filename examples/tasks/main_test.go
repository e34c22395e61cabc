package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

// post calls a method of 2026-07-28 for a client that knows tasks, or does not, and gives the result.
func post(t *testing.T, p *program.Program, method, name, capabilities, params string) (result map[string]any) {
	t.Helper()
	h := http.Header{"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {method}, "Mcp-Name": {name}}
	_, all := p.Post(h, fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":%s},%s}}`, method, capabilities, params))
	var m struct {
		Result map[string]any
	}
	if err := json.Unmarshal([]byte(all[len(all)-1]), &m); err != nil || m.Result == nil {
		t.Fatalf("%s: %v", all, err)
	}
	return m.Result
}

const (
	plain    = `{"elicitation":{"form":{}}}`
	knowing  = `{"elicitation":{"form":{}},"extensions":{"io.modelcontextprotocol/tasks":{}}}`
	yes      = `{"switch":{"action":"accept","content":{"switch":true}}}`
	quickly  = `"name":"reindex","arguments":{"shards":2,"pause_ms":1}`
	patience = 20 * time.Second
)

// begin begins a task, and gives its id.
func begin(t *testing.T, p *program.Program, call string) string {
	t.Helper()
	r := post(t, p, "tools/call", "reindex", knowing, call)
	if r["resultType"] != "task" || r["status"] != "working" || r["ttlMs"] != 900000.0 {
		t.Fatalf("%v", r)
	}
	return r["taskId"].(string)
}

// until waits until a task has this text in what it says of itself.
func until(t *testing.T, p *program.Program, id, text string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		r := post(t, p, "tasks/get", id, knowing, fmt.Sprintf(`"taskId":%q`, id))
		b, _ := json.Marshal(r)
		if strings.Contains(string(b), text) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it does not come to %s: %s", text, b)
		}
	}
}

func TestTask(t *testing.T) {
	p := program.Start(t)
	id := begin(t, p, quickly)
	until(t, p, id, `"status":"input_required"`)
	post(t, p, "tasks/update", id, knowing, fmt.Sprintf(`"taskId":%q,"inputResponses":%s`, id, yes))
	until(t, p, id, `the new index is in use`)

	id = begin(t, p, `"name":"reindex","arguments":{"shards":3,"pause_ms":60000}`)
	until(t, p, id, `"statusMessage":"shard 1 of 3"`)
	post(t, p, "tasks/cancel", id, knowing, fmt.Sprintf(`"taskId":%q`, id))
	until(t, p, id, `"status":"cancelled"`)

	begin(t, p, `"name":"reindex","arguments":{"shards":3,"pause_ms":60000}`) // it does not hold up the end
	p.Readme(`"resultType":"task"`)
	p.Stop()
}

// TestNoTask is a client that knows no tasks: it is asked, and comes back with its answer.
func TestNoTask(t *testing.T) {
	p := program.Start(t)
	r := post(t, p, "tools/call", "reindex", plain, quickly)
	if r["resultType"] != "input_required" {
		t.Fatalf("%v", r)
	}
	r = post(t, p, "tools/call", "reindex", plain, fmt.Sprintf(`%s,"requestState":%q,"inputResponses":%s`, quickly, r["requestState"], yes))
	if b, _ := json.Marshal(r); !strings.Contains(string(b), "the new index is in use") {
		t.Errorf("%s", b)
	}
	p.Stop()
}
