package fastmcp

import (
	"context"
	"testing"
)

// TestStdioAsks asks over a pipe, in both eras.
func TestStdioAsks(t *testing.T) {
	p := servePiped(t, Config{})
	p.app.AddTool(Tool{Name: "asks", Handler: Get(func(c *Context) (string, error) {
		roots, err := c.Roots()
		if err != nil {
			return "", err
		}
		return roots[0].Name, nil
	})})
	p.send(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"roots":{}},"clientInfo":{"name":"t","version":"1"}}}`)
	p.want(`"id":1`)
	p.send(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"asks"}}`)
	p.want(`{"jsonrpc":"2.0","id":"s-1","method":"roots/list","params":{"_meta":{"progressToken":"s-1"}}}`)
	p.send(`{"jsonrpc":"2.0","id":"s-7","result":{}}`, `{"jsonrpc":"2.0","id":"s-1","result":{"roots":[{"uri":"file:///a","name":"A"}]}}`)
	p.want(`"id":2 … "text":"A"`)

	const call = `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"asks",` +
		`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":`
	p.send(call + `{"roots":{}}}}}`)
	p.want(`"id":3 … "inputRequests":{"roots":{"method":"roots/list","params":{}}} … "resultType":"input_required"`)
	p.send(call + `{"roots":{}}},"inputResponses":{"roots":{"roots":[{"uri":"file:///b","name":"B"}]}}}}`)
	p.want(`"id":3 … "text":"B"`)
	p.send(call + `{}}}}`)
	p.want(`"id":3 … -32021 … {"requiredCapabilities":{"roots":{}}}`)
	_ = p.in.Close()
	p.end()
}

// TestStdioSessionAsks asks outside a handler: over a pipe there is always a stream.
func TestStdioSessionAsks(t *testing.T) {
	told := make(chan string, 1)
	p := servePiped(t, Config{On: Events{RootsChanged: func(s *Session) {
		roots, err := s.Roots(context.Background())
		if err != nil {
			told <- err.Error()
			return
		}
		told <- roots[0].Name
	}}})
	p.send(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{"roots":{"listChanged":true}},"clientInfo":{"name":"t","version":"1"}}}`)
	p.want(`"id":1`)
	p.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`, `{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}`)
	p.want(`{"jsonrpc":"2.0","id":"s-1","method":"roots/list","params":{"_meta":{"progressToken":"s-1"}}}`)
	p.send(`{"jsonrpc":"2.0","id":"s-1","result":{"roots":[{"uri":"file:///a","name":"A"}]}}`)
	if name := <-told; name != "A" {
		t.Error(name)
	}
	_ = p.in.Close()
	p.end()
}
