package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

func TestEverything(t *testing.T) {
	p := program.Start(t)
	for _, c := range []struct {
		tool, args string
		want       []string
	}{
		{"test_simple_text", `{}`, []string{"This is a simple text response for testing."}},
		{"test_image_content", `{}`, []string{`"mimeType":"image/png"`}},
		{"test_audio_content", `{}`, []string{`"mimeType":"audio/wav"`}},
		{"test_embedded_resource", `{}`, []string{"test://embedded-resource"}},
		{"test_multiple_content_types", `{}`, []string{"test://mixed-content-resource"}},
		{"test_error_handling", `{}`, []string{`"isError":true`}},
		{"test_tool_with_logging", `{}`, []string{"Tool execution started", "Tool processing data", "Tool execution completed", "Logged"}},
		{"test_tool_with_progress", `{}`, []string{`"progress":0`, `"progress":50`, `"progress":100`, "Reported"}},
		{"test_reconnection", `{}`, []string{"completed successfully"}},
		{"json_schema_2020_12_tool", `{"contactMethod":"phone","phone":"1"}`, []string{`{\"contactMethod\"`}},
		{"json_schema_2020_12_tool", `{"contactMethod":"phone","email":"a@b.c"}`, []string{`"isError":true`}},
		{"test_x_mcp_header", `{}`, []string{`"text":"{}"`}},
		{"test_logging_tool", `{}`, []string{"Logging tool called", "Logged"}},
		{"test_missing_capability", `{}`, []string{`"requiredCapabilities":{"sampling":{}}`}},
		{"test_elicitation", `{"message":"Who?"}`, []string{`"requiredCapabilities":{"elicitation":{"form":{}}}`}},
		{"test_input_required_result_capabilities", `{}`, []string{"The client was asked what it can be asked"}},
		{"test_x_mcp_header", `{"region":"eu"}`, []string{"Mcp-Param-Region is required"}},
	} {
		t.Run(c.tool, func(t *testing.T) { p.Want(p.Tool(c.tool, c.args), c.want...) })
	}
	p.Readme(`This is a simple text response for testing.`)
	p.Stop()
}

// TestEverythingServesEveryRevision initializes a session in each revision that has them.
func TestEverythingServesEveryRevision(t *testing.T) {
	p := program.Start(t)
	for _, revision := range []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"} {
		t.Run(revision, func(t *testing.T) {
			h, opened := p.Post(http.Header{}, fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":`+
				`{"protocolVersion":%q,"capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`, revision))
			p.Want(opened, `"protocolVersion":"`+revision+`"`)
			session := http.Header{"Mcp-Protocol-Version": {revision}, "Mcp-Session-Id": h["Mcp-Session-Id"]}
			_, list := p.Post(session, `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`)
			if n := strings.Count(strings.Join(list, ""), `"inputSchema"`); n < 11 {
				t.Errorf("%d tools in %s", n, list)
			}
		})
	}
	p.Stop()
}
