package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

func TestMiddleware(t *testing.T) {
	p := program.Start(t, "-calls", "6")
	for _, want := range []string{"fiber helmet.New", "\nmcp main.timing\nmcp main.(*quota).check-fm\nmcp main.locale\n"} {
		if !strings.Contains(p.Printed(), want) {
			t.Errorf("the chain is\n%s\nwant %s", p.Printed(), want)
		}
	}
	for _, revision := range []string{client.Older, client.Newest} {
		c := client.Connect(t, p.URL, client.Config{Revision: revision})
		for tool, want := range map[string]string{"greet": "hello", "last_words": "he said *******"} {
			if got := c.Tool(tool, nil); got != want {
				t.Errorf("%s: %s is %q, want %q", revision, tool, got, want)
			}
		}
	}

	h, messages := p.Post(http.Header{"Mcp-Protocol-Version": {client.Newest}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {"greet"}, "Accept-Language": {"pt-BR"}},
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet","_meta":{`+
			`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`)
	p.Want(messages, `"text":"olá"`)
	if h.Get("X-Request-Id") == "" || h.Get("X-Frame-Options") != "SAMEORIGIN" {
		t.Errorf("Fiber's middleware has set %v", h)
	}
	p.Readme(`"text":"he said *******"`) // the sixth call
	p.Want(p.Tool("greet", `{}`), `that is enough: 6 calls`)
	p.Want(p.Call("tools/list", "", ""), `"name":"greet"`)
	for _, want := range []string{"method=tools/call name=greet", "method=initialize", `error="that is enough: 6 calls"`} {
		if !strings.Contains(p.Printed(), want) {
			t.Errorf("the log is\n%s\nwant %s", p.Printed(), want)
		}
	}
	p.Stop()
}
