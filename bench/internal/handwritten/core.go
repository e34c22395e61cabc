// Package handwritten is the smallest MCP server that is still honest: it decodes the JSON-RPC envelope, the params and
// the typed arguments, checks sessions and the headers that 2026-07-28 wants to mirror the body, and marshals the
// answer. It stands for what somebody writes who needs no framework, and is what all others are measured against. The
// servers over Fiber and over net/http share it, so that they differ in their HTTP library alone.
package handwritten

import (
	"crypto/rand"
	"encoding/json"
	"strings"
	"sync"

	"github.com/fastmcp-go/fastmcp/bench/internal/contract"
)

// Headers are the request headers that the core looks at.
type Headers struct {
	Accept, Session, Version, Method, Name string
}

// Reply is what the HTTP library must send.
type Reply struct {
	Status int
	Body   []byte
	// Session is the id of a session that has just begun.
	Session string
	// Stream, when it is set, is the answer as an event stream: emit sends one message.
	Stream func(emit func([]byte) error)
}

// Session is a client of 2025-11-25. What comes out of Out belongs on its GET stream.
type Session struct {
	Out chan []byte
}

// Core is the server.
type Core struct {
	codec    Codec
	list     json.RawMessage
	list2026 json.RawMessage
	sessions sync.Map // string -> *Session
}

// New makes a core with the builtin tools and as many fillers as are missing to make tools.
func New(c Codec, tools int) *Core {
	k := &Core{codec: c}
	defs := definitions(tools)
	k.list, _ = json.Marshal(map[string]any{"tools": defs})
	k.list2026, _ = json.Marshal(map[string]any{"resultType": "complete", "tools": defs, "ttlMs": 0, "cacheScope": "private"})
	return k
}

func definitions(tools int) []map[string]any {
	typed := func(t string) map[string]any { return map[string]any{"type": t} }
	object := func(props map[string]any, required ...string) map[string]any {
		return map[string]any{"type": "object", "properties": props, "required": required}
	}
	defs := []map[string]any{
		{"name": "add", "description": "Adds two numbers.",
			"inputSchema": object(map[string]any{"a": typed("number"), "b": typed("number")}, "a", "b")},
		{"name": "echo", "description": "Returns its argument.", "inputSchema": object(map[string]any{"s": typed("string")}, "s")},
		{"name": "count", "description": "Reports progress n times.", "inputSchema": object(map[string]any{"n": typed("integer")}, "n")},
		{"name": "broadcast", "description": "Notifies every session.",
			"inputSchema": map[string]any{"type": "object", "properties": map[string]any{"size": typed("integer")}}},
	}
	factor := func(which string) map[string]any {
		return map[string]any{"type": "number", "description": which + " factor"}
	}
	for _, f := range contract.Fillers(tools) {
		defs = append(defs, map[string]any{"name": f.Name, "description": f.Description,
			"inputSchema": object(map[string]any{"a": factor("first"), "b": factor("second")}, "a", "b")})
	}
	return defs
}

func (k *Core) ok(id json.RawMessage, result any) Reply {
	b, err := k.codec.Marshal(response{JSONRPC: "2.0", ID: id, Result: result})
	if err != nil {
		return k.fail(500, id, -32603, err.Error())
	}
	return Reply{Status: 200, Body: b}
}

func (k *Core) fail(status int, id json.RawMessage, code int, message string) Reply {
	if len(id) == 0 {
		id = json.RawMessage("null")
	}
	b, _ := k.codec.Marshal(response{JSONRPC: "2.0", ID: id, Error: &rpcError{code, message}})
	return Reply{Status: status, Body: b}
}

// Session is the session of that id, nil when there is none.
func (k *Core) Session(id string) *Session {
	if v, ok := k.sessions.Load(id); ok {
		return v.(*Session)
	}
	return nil
}

// Delete ends a session and tells whether it was there.
func (k *Core) Delete(id string) bool {
	v, ok := k.sessions.LoadAndDelete(id)
	if ok {
		close(v.(*Session).Out)
	}
	return ok
}

// Post answers the body of a POST, which must stay as it is until the reply, and its stream, are done.
func (k *Core) Post(h Headers, body []byte) Reply {
	if !strings.Contains(h.Accept, "application/json") || !strings.Contains(h.Accept, "text/event-stream") {
		return k.fail(406, nil, -32600, "Accept must list application/json and text/event-stream")
	}
	var req request
	if err := k.codec.Unmarshal(body, &req); err != nil {
		return k.fail(400, nil, -32700, "parse error")
	}
	if req.JSONRPC != "2.0" || req.Method == "" {
		return k.fail(400, req.ID, -32600, "invalid request")
	}
	modern := h.Version == v2026
	if modern && h.Method != req.Method {
		return k.fail(400, req.ID, -32020, "Mcp-Method does not match the body")
	}
	if !modern && h.Session != "" && k.Session(h.Session) == nil {
		return k.fail(404, req.ID, -32001, "session not found")
	}
	return k.dispatch(h, modern, &req)
}

func (k *Core) dispatch(h Headers, modern bool, req *request) Reply {
	switch req.Method {
	case "initialize":
		return k.initialize(req)
	case "tools/list":
		if modern {
			return k.ok(req.ID, k.list2026)
		}
		return k.ok(req.ID, k.list)
	case "tools/call", "prompts/get", "resources/read":
		return k.named(h, modern, req)
	case "ping", "logging/setLevel":
		return k.ok(req.ID, struct{}{})
	}
	if len(req.ID) == 0 {
		return Reply{Status: 202}
	}
	return k.fail(200, req.ID, -32601, "method not found")
}

func (k *Core) initialize(req *request) Reply {
	id := rand.Text()
	k.sessions.Store(id, &Session{Out: make(chan []byte, 16)})
	there := map[string]any{}
	r := k.ok(req.ID, map[string]any{
		"protocolVersion": "2025-11-25",
		"capabilities":    map[string]any{"tools": map[string]any{"listChanged": true}, "prompts": there, "resources": there, "logging": there},
		"serverInfo":      map[string]any{"name": "handwritten", "version": "1"},
	})
	r.Session = id
	return r
}

// named answers the methods whose params name something: 2026-07-28 wants the name in the headers as well.
func (k *Core) named(h Headers, modern bool, req *request) Reply {
	var p params
	if err := k.codec.Unmarshal(req.Params, &p); err != nil {
		return k.fail(200, req.ID, -32602, "invalid params")
	}
	name := p.Name
	if req.Method == "resources/read" {
		name = p.URI
	}
	if modern && (p.Meta == nil || p.Meta.Version != h.Version || name != h.Name) {
		return k.fail(400, req.ID, -32020, "headers do not match the body")
	}
	a := answer{core: k, id: req.ID, params: &p}
	if modern {
		a.resultType = "complete"
	}
	switch req.Method {
	case "prompts/get":
		return a.prompt()
	case "resources/read":
		return a.read()
	}
	return a.call()
}
