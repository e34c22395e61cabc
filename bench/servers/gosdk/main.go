// Gosdk serves with the official modelcontextprotocol/go-sdk.
// BENCH_MODE: stateful-sse (the SDK's default), stateful-json, stateless-sse or stateless-json.
package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/fastmcp-go/fastmcp/bench/internal/contract"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type addArgs struct {
	A float64 `json:"a"`
	B float64 `json:"b"`
}

type echoArgs struct {
	S string `json:"s"`
}

type countArgs struct {
	N int `json:"n"`
}

type broadcastArgs struct {
	Size int `json:"size,omitempty"`
}

type fillerArgs struct {
	A float64 `json:"a" jsonschema:"first factor"`
	B float64 `json:"b" jsonschema:"second factor"`
}

func text(s string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: s}}}
}

func main() {
	env := contract.Load()
	s := mcp.NewServer(&mcp.Implementation{Name: "gosdk", Version: "1"}, nil)
	addTools(s)
	for _, f := range contract.Fillers(env.Tools) {
		mcp.AddTool(s, &mcp.Tool{Name: f.Name, Description: f.Description},
			func(_ context.Context, _ *mcp.CallToolRequest, in fillerArgs) (*mcp.CallToolResult, any, error) {
				return text(strconv.FormatFloat(in.A*in.B, 'f', -1, 64)), nil, nil
			})
	}
	addOthers(s)
	mux := http.NewServeMux()
	mux.Handle("/mcp", mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return s }, &mcp.StreamableHTTPOptions{
		Stateless:    strings.Contains(env.Mode, "stateless"),
		JSONResponse: strings.Contains(env.Mode, "json"),
	}))
	contract.Exit(http.ListenAndServe(env.Addr, mux))
}

func addTools(s *mcp.Server) {
	mcp.AddTool(s, &mcp.Tool{Name: "add", Description: "Adds two numbers."},
		func(_ context.Context, _ *mcp.CallToolRequest, in addArgs) (*mcp.CallToolResult, any, error) {
			return text(strconv.FormatFloat(in.A+in.B, 'f', -1, 64)), nil, nil
		})
	mcp.AddTool(s, &mcp.Tool{Name: "echo", Description: "Returns its argument."},
		func(_ context.Context, _ *mcp.CallToolRequest, in echoArgs) (*mcp.CallToolResult, any, error) {
			return text(in.S), nil, nil
		})
	mcp.AddTool(s, &mcp.Tool{Name: "count", Description: "Reports progress n times."}, count)
	mcp.AddTool(s, &mcp.Tool{Name: "broadcast", Description: "Notifies every session."},
		func(_ context.Context, _ *mcp.CallToolRequest, in broadcastArgs) (*mcp.CallToolResult, any, error) {
			data, n := contract.BroadcastText, 0
			if in.Size > 0 {
				data = strings.Repeat("x", in.Size)
			}
			for session := range s.Sessions() {
				//lint:ignore SA1019 deprecated in 2026-07-28, but 2025-11-25, which has the streams, knows nothing better
				if session.Log(context.Background(), &mcp.LoggingMessageParams{Level: "info", Logger: "bench", Data: data}) == nil {
					n++
				}
			}
			return text(strconv.Itoa(n)), nil, nil
		})
}

func count(ctx context.Context, req *mcp.CallToolRequest, in countArgs) (*mcp.CallToolResult, any, error) {
	token := req.Params.GetProgressToken()
	if token == nil {
		return nil, nil, errors.New("no progressToken")
	}
	for i := 1; i <= in.N; i++ {
		if err := req.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{
			ProgressToken: token, Progress: float64(i), Total: float64(in.N)}); err != nil {
			return nil, nil, err
		}
	}
	return text("done"), nil, nil
}

func addOthers(s *mcp.Server) {
	s.AddPrompt(&mcp.Prompt{Name: contract.PromptName, Arguments: []*mcp.PromptArgument{{Name: "name", Required: true}}},
		func(_ context.Context, req *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return &mcp.GetPromptResult{Messages: []*mcp.PromptMessage{
				{Role: "user", Content: &mcp.TextContent{Text: contract.Greeting(req.Params.Arguments["name"])}}}}, nil
		})
	s.AddResource(&mcp.Resource{URI: contract.ResourceURI, Name: "note", MIMEType: "text/plain"},
		func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{
				{URI: contract.ResourceURI, MIMEType: "text/plain", Text: contract.ResourceText}}}, nil
		})
}
