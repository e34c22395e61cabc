// Mcpgo serves with mark3labs/mcp-go. BENCH_MODE: stateful (session ids are checked) or stateless.
package main

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strconv"
	"strings"

	"github.com/fastmcp-go/fastmcp/bench/internal/contract"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

func main() {
	env := contract.Load()
	s := server.NewMCPServer("mcpgo", "1", server.WithToolCapabilities(true), server.WithPromptCapabilities(true),
		server.WithResourceCapabilities(false, true), server.WithLogging())
	s.AddTool(mcp.NewTool("add", mcp.WithDescription("Adds two numbers."),
		mcp.WithNumber("a", mcp.Required()), mcp.WithNumber("b", mcp.Required())), add)
	s.AddTool(mcp.NewTool("echo", mcp.WithDescription("Returns its argument."), mcp.WithString("s", mcp.Required())), echo)
	s.AddTool(mcp.NewTool("count", mcp.WithDescription("Reports progress n times."), mcp.WithNumber("n", mcp.Required())), count)
	s.AddTool(mcp.NewTool("broadcast", mcp.WithDescription("Notifies every session."), mcp.WithNumber("size")), broadcast)
	for _, f := range contract.Fillers(env.Tools) {
		s.AddTool(mcp.NewTool(f.Name, mcp.WithDescription(f.Description),
			mcp.WithNumber("a", mcp.Required(), mcp.Description("first factor")),
			mcp.WithNumber("b", mcp.Required(), mcp.Description("second factor"))), multiply)
	}
	s.AddPrompt(mcp.NewPrompt(contract.PromptName, mcp.WithArgument("name", mcp.RequiredArgument())),
		func(_ context.Context, req mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return mcp.NewGetPromptResult("", []mcp.PromptMessage{
				mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(contract.Greeting(req.Params.Arguments["name"])))}), nil
		})
	s.AddResource(mcp.NewResource(contract.ResourceURI, "note", mcp.WithMIMEType("text/plain")),
		func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			return []mcp.ResourceContents{
				mcp.TextResourceContents{URI: contract.ResourceURI, MIMEType: "text/plain", Text: contract.ResourceText}}, nil
		})
	mux := http.NewServeMux()
	mux.Handle("/mcp", server.NewStreamableHTTPServer(s,
		server.WithStateful(strings.Contains(env.Mode, "stateful")),
		server.WithStateLess(strings.Contains(env.Mode, "stateless"))))
	contract.Exit(http.ListenAndServe(env.Addr, mux))
}

func add(_ context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	a, err := req.RequireFloat("a")
	if err != nil {
		return mcp.NewToolResultError(err.Error()), nil
	}
	b, err := req.RequireFloat("b")
	if err != nil {
		return mcp.NewToolResultError(err.Error()), nil
	}
	return mcp.NewToolResultText(strconv.FormatFloat(a+b, 'f', -1, 64)), nil
}

func echo(_ context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	v, err := req.RequireString("s")
	if err != nil {
		return mcp.NewToolResultError(err.Error()), nil
	}
	return mcp.NewToolResultText(v), nil
}

func multiply(_ context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	return mcp.NewToolResultText(strconv.FormatFloat(req.GetFloat("a", 0)*req.GetFloat("b", 0), 'f', -1, 64)), nil
}

// count waits where the SDK says that its channel is full, rather than lose a notification itself.
func count(ctx context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	n, err := req.RequireInt("n")
	if err != nil {
		return mcp.NewToolResultError(err.Error()), nil
	}
	if req.Params.Meta == nil || req.Params.Meta.ProgressToken == nil {
		return mcp.NewToolResultError("no progressToken"), nil
	}
	s := server.ServerFromContext(ctx)
	for i := 1; i <= n; {
		err := s.SendNotificationToClient(ctx, "notifications/progress", map[string]any{
			"progressToken": req.Params.Meta.ProgressToken, "progress": float64(i), "total": float64(n)})
		switch {
		case err == nil:
			i++
		case errors.Is(err, server.ErrNotificationChannelBlocked):
			runtime.Gosched()
		default:
			return nil, err
		}
	}
	return mcp.NewToolResultText("done"), nil
}

func broadcast(ctx context.Context, req mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	data := contract.BroadcastText
	if size := req.GetInt("size", 0); size > 0 {
		data = strings.Repeat("x", size)
	}
	server.ServerFromContext(ctx).SendNotificationToAllClients("notifications/message",
		map[string]any{"level": "info", "logger": "bench", "data": data})
	return mcp.NewToolResultText("sent"), nil
}
