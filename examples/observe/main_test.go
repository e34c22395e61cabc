package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

func TestObserve(t *testing.T) {
	p := program.Start(t)
	p.Want(p.Tool("brew", `{"cups":2,"api_key":"rosebud"}`), "2 cups of tea")
	p.Want(p.Tool("brew", `{"cups":9}`), "the pot holds 6 cups, not 9")
	const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	_, messages := p.Post(http.Header{"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {"brew"}, "X-Request-Id": {"b1946ac9"}},
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"brew","arguments":{"cups":1},"_meta":{"traceparent":"00-`+traceID+`-00f067aa0ba902b7-01",`+
			`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`)
	p.Want(messages, "1 cups of tea")
	p.Readme(`mcp_requests_total{method="tools/call",name="brew",outcome="succeeded",revision="2026-07-28"} 2`)
	p.Stop()
	for _, want := range []string{
		`outcome=succeeded`, `arguments="{\"cups\":2,\"api_key\":\"[redacted]\"}"`,
		`level=WARN msg=request`, `reason=tool_error error="the pot holds 6 cups, not 9"`,
		`method=tools/call revision=2026-07-28 outcome=succeeded name=brew request=b1946ac9`,
		`span "tools/call brew" of 00f067aa0ba902b7 in trace ` + traceID,
		`span "heat the water" of `,
	} {
		if !strings.Contains(p.Printed(), want) {
			t.Errorf("it has printed\n%s\nwant %s", p.Printed(), want)
		}
	}
	if n := strings.Count(p.Printed(), traceID); n != 2 {
		t.Errorf("%d spans are in the client's trace, want 2:\n%s", n, p.Printed())
	}
	if strings.Contains(p.Printed(), "rosebud") {
		t.Errorf("a secret was printed:\n%s", p.Printed())
	}
}
