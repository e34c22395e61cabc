package main

//lint:file-ignore SA1019 2026-07-28 deprecates sampling and roots (SEP-2577): servers that use them go on working

import (
	"context"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func TestSampling(t *testing.T) {
	p := program.Start(t)
	mail := map[string]any{"text": "Dear all, the boiler is broken and it will be cold today"}
	for _, revision := range []string{"2024-11-05", client.Older, client.Newest} {
		t.Run(revision, func(t *testing.T) {
			c := client.Connect(t, p.URL, client.Config{Revision: revision, Options: mcp.ClientOptions{
				Capabilities: &mcp.ClientCapabilities{RootsV2: &mcp.RootCapabilities{}},
				CreateMessageHandler: func(_ context.Context, r *mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
					text := r.Params.Messages[0].Content.(*mcp.TextContent).Text
					if r.Params.MaxTokens != 20 || !strings.HasPrefix(r.Params.SystemPrompt, "You write") || text != mail["text"] {
						t.Errorf("asked: %+v", r.Params)
					}
					return &mcp.CreateMessageResult{Role: "assistant", Model: "m1", Content: &mcp.TextContent{Text: "Broken boiler"}}, nil
				},
			}})
			if got := c.Tool("subject", mail); got != `{"subject":"Broken boiler","model":"m1"}` {
				t.Errorf("subject: %s", got)
			}
			if got := c.Tool("folders", nil); got != "" {
				t.Errorf("no folders: %s", got)
			}

			c = client.Connect(t, p.URL, client.Config{Revision: revision, Options: mcp.ClientOptions{Capabilities: &mcp.ClientCapabilities{}}})
			if got := c.Tool("subject", mail); got != `{"subject":"Dear all, the boiler is","model":""}` {
				t.Errorf("without a model: %s", got)
			}
			if got := c.Tool("folders", nil); !strings.HasPrefix(got, "error: ") {
				t.Errorf("without roots: %s", got)
			}
		})
	}
	p.Readme(`"method":"sampling/createMessage"`)
	p.Stop()
}
