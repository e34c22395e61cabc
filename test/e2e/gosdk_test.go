package e2e

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/fastmcp-go/fastmcp/test/internal/cut"
)

func TestGoSDK(t *testing.T) {
	m := maker{name: "go-sdk", dial: dialGoSDK, cuts: []cut.How{cut.Between, cut.Inside, cut.Cleanly}}
	for _, revision := range revisions {
		t.Run(revision, func(t *testing.T) { drive(t, m, revision) })
	}
}

// goSDK is the official Go SDK's client.
type goSDK struct {
	session *mcp.ClientSession

	mu    sync.Mutex
	calls int
	notes map[any]func(done, total float64) // by progress token
}

func dialGoSDK(ctx context.Context, url, revision string) (client, error) {
	return connectGoSDK(ctx, &mcp.StreamableClientTransport{Endpoint: url}, revision)
}

func connectGoSDK(ctx context.Context, transport mcp.Transport, revision string) (client, error) {
	c := &goSDK{notes: map[any]func(done, total float64){}}
	sdk := mcp.NewClient(&mcp.Implementation{Name: "e2e", Version: "1"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
			c.mu.Lock()
			f := c.notes[r.Params.ProgressToken]
			c.mu.Unlock()
			if f != nil {
				f(r.Params.Progress, r.Params.Total)
			}
		},
	})
	var err error
	c.session, err = sdk.Connect(ctx, transport, &mcp.ClientSessionOptions{ProtocolVersion: revision})
	return c, err
}

func (c *goSDK) revision() string { return c.session.InitializeResult().ProtocolVersion }
func (c *goSDK) close() error     { return c.session.Close() }

func (c *goSDK) name() string {
	if info := c.session.InitializeResult().ServerInfo; info != nil {
		return info.Name
	}
	return ""
}

func (c *goSDK) tools(ctx context.Context) (names []string, err error) {
	for tool, err := range c.session.Tools(ctx, nil) {
		if err != nil {
			return nil, err
		}
		names = append(names, tool.Name)
	}
	return names, nil
}

func (c *goSDK) call(ctx context.Context, tool string, args map[string]any, notes func(done, total float64)) (answer, error) {
	params := &mcp.CallToolParams{Name: tool, Arguments: args}
	if args == nil {
		params.Arguments = map[string]any{}
	}
	if notes != nil {
		c.mu.Lock()
		c.calls++
		token := fmt.Sprint("call-", c.calls)
		c.notes[token] = notes
		c.mu.Unlock()
		params.SetProgressToken(token)
	}
	r, err := c.session.CallTool(ctx, params)
	if err != nil {
		return answer{}, err
	}
	a := answer{isError: r.IsError}
	a.structured, _ = r.StructuredContent.(map[string]any)
	for _, block := range r.Content {
		if text, ok := block.(*mcp.TextContent); ok {
			a.text += text.Text
		}
	}
	return a, nil
}

func (c *goSDK) invalidParams(err error) bool {
	var e *jsonrpc.Error
	return errors.As(err, &e) && e.Code == jsonrpc.CodeInvalidParams
}
