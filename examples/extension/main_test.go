package main

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func TestExtension(t *testing.T) {
	p := program.Start(t)
	t.Run("declared", func(t *testing.T) { declares(t, p) })
	t.Run("methods", func(*testing.T) { runs(p) })
	p.Readme(`"hits":["Darjeeling","Earl Grey"]`)
	p.Stop()
}

// declares has both sides tell of it, through the SDK's client.
func declares(t *testing.T, p *program.Program) {
	for _, want := range []struct{ revision, settings, hint string }{
		{"2025-06-18", "null", "call search/run, in en"},
		{client.Older, `{"languages":["en"]}`, "call search/run, in en"},
		{client.Newest, `{"languages":["en"]}`, "call search/run, in en"},
	} {
		caps := &mcp.ClientCapabilities{}
		caps.AddExtension(id, map[string]any{"language": "en"})
		c := client.Connect(t, p.URL, client.Config{Revision: want.revision, Options: mcp.ClientOptions{Capabilities: caps}})
		if got, err := json.Marshal(c.InitializeResult().Capabilities.Extensions[id]); err != nil || string(got) != want.settings {
			t.Errorf("%s: the server says %s, %v", want.revision, got, err)
		}
		if got := c.Tool("hint", nil); got != want.hint {
			t.Errorf("%s: %s", want.revision, got)
		}
	}
	if got := client.Connect(t, p.URL, client.Config{}).Tool("hint", nil); got != "there is tea" {
		t.Errorf("without the extension: %s", got)
	}
}

// ask calls a method that the SDK's client does not know, in 2026-07-28, where each request declares what its client has.
func ask(p *program.Program, method, params, extensions string) []string {
	_, messages := p.Post(http.Header{"Mcp-Protocol-Version": {client.Newest}, "Mcp-Method": {method}},
		`{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":{`+params+`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",`+
			`"io.modelcontextprotocol/clientCapabilities":{"extensions":{`+extensions+`}}}}}`)
	return messages
}

// runs calls the methods in 2026-07-28, and in a session.
func runs(p *program.Program) {
	const declared = `"com.example/search":{}`
	p.Want(ask(p, "search/run", `"query":"a","limit":2,`, declared), `"hits":["Assam","Darjeeling"]`)
	p.Want(ask(p, "search/run", `"query":"a","limit":11,`, declared), `"code":-32602,"message":"Invalid params: limit: expected at most 10`)
	p.Want(ask(p, "search/run", `"query":"a",`, ""), `"requiredCapabilities":{"extensions":{"com.example/search":{}}}`)
	p.Want(ask(p, "search/walk", "", declared), `"code":-32601`)
	p.Want(ask(p, "health/check", "", ""), `"teas":5`)

	h, opened := p.Post(http.Header{}, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",`+
		`"capabilities":{"extensions":{`+declared+`}},"clientInfo":{"name":"test","version":"1"}}}`)
	p.Want(opened, declared[:20])
	session := http.Header{"Mcp-Protocol-Version": {client.Older}, "Mcp-Session-Id": h["Mcp-Session-Id"]}
	_, found := p.Post(session, `{"jsonrpc":"2.0","id":2,"method":"search/run","params":{"query":"long"}}`)
	p.Want(found, `"result":{"hits":["Oolong"]}`)
	_, health := p.Post(session, `{"jsonrpc":"2.0","id":3,"method":"health/check"}`)
	p.Want(health, `"result":{"teas":5}`)
}
