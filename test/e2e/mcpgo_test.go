package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	mcpgo "github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/fastmcp-go/fastmcp/test/internal/cut"
)

// TestMCPGo leaves out the losses that mcp-go does not try to get over: it resumes a stream that has ended, not one that
// broke off.
func TestMCPGo(t *testing.T) {
	m := maker{name: "mcp-go", dial: dialMCPGo, cuts: []cut.How{cut.Cleanly}, cancel: cancelMCPGo}
	for _, revision := range revisions {
		t.Run(revision, func(t *testing.T) {
			drive(t, m, revision)
			if revision != modern {
				t.Run("leaving is not cancelling", func(t *testing.T) { checkLeaving(t, m, revision) })
			}
		})
	}
}

// checkLeaving ends the connection of a call without a word. In a session that cancels nothing; mcp-go is the client
// that does so.
func checkLeaving(t *testing.T, m maker, revision string) {
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	c := dial(ctx, t, m, server.URL, revision)
	defer c.close()
	before := cancelled(ctx, t, c)
	call, leave := context.WithCancel(ctx)
	if _, err := c.call(call, "countdown", map[string]any{"from": 6, "delay_ms": 50}, func(done, _ float64) {
		if done == 2 {
			leave()
		}
	}); err == nil {
		t.Error("the call that was left was answered")
	}
	time.Sleep(500 * time.Millisecond) // the countdown has ended by now, one way or the other
	if after := cancelled(ctx, t, c); after != before {
		t.Errorf("%d countdowns were cancelled, want none", after-before)
	}
}

// mcpGo is mcp-go's client.
type mcpGo struct {
	sdk  *mcpgo.Client
	info mcp.Implementation
	wire *lastCall

	mu    sync.Mutex
	calls int
	notes map[any]func(done, total float64) // by progress token
}

func dialMCPGo(ctx context.Context, url, revision string) (client, error) {
	wire := &lastCall{}
	http, err := transport.NewStreamableHTTP(url, transport.WithHTTPBasicClient(&http.Client{Transport: wire}),
		transport.WithHTTPLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	return startMCPGo(ctx, http, wire, revision)
}

// startMCPGo connects over a transport. wire is what watches it, nil where nobody has to.
func startMCPGo(ctx context.Context, over transport.Interface, wire *lastCall, revision string) (client, error) {
	c := &mcpGo{wire: wire, notes: map[any]func(done, total float64){}}
	c.sdk = mcpgo.NewClient(over, mcpgo.WithProtocolVersion(revision))
	if err := c.sdk.Start(ctx); err != nil {
		return nil, err
	}
	c.sdk.OnNotification(c.notified)
	r, err := c.sdk.Initialize(ctx, mcp.InitializeRequest{Params: mcp.InitializeParams{
		ClientInfo:      mcp.Implementation{Name: "e2e", Version: "1"},
		ProtocolVersion: revision,
	}})
	if err != nil {
		return nil, err
	}
	c.info = r.ServerInfo
	return c, nil
}

func (c *mcpGo) notified(n mcp.JSONRPCNotification) {
	if n.Method != "notifications/progress" {
		return
	}
	fields := n.Params.AdditionalFields
	c.mu.Lock()
	f := c.notes[fields["progressToken"]]
	c.mu.Unlock()
	done, _ := fields["progress"].(float64)
	total, _ := fields["total"].(float64)
	if f != nil {
		f(done, total)
	}
}

func (c *mcpGo) revision() string { return c.sdk.ProtocolVersion() }
func (c *mcpGo) name() string     { return c.info.Name }
func (c *mcpGo) close() error     { return c.sdk.Close() }

func (c *mcpGo) tools(ctx context.Context) (names []string, err error) {
	r, err := c.sdk.ListTools(ctx, mcp.ListToolsRequest{})
	if err != nil {
		return nil, err
	}
	for _, tool := range r.Tools {
		names = append(names, tool.Name)
	}
	return names, nil
}

func (c *mcpGo) call(ctx context.Context, tool string, args map[string]any, notes func(done, total float64)) (answer, error) {
	params := mcp.CallToolParams{Name: tool}
	if args != nil {
		params.Arguments = args
	}
	if notes != nil {
		c.mu.Lock()
		c.calls++
		token := fmt.Sprint("call-", c.calls)
		c.notes[token] = notes
		c.mu.Unlock()
		params.Meta = &mcp.Meta{ProgressToken: token}
	}
	r, err := c.sdk.CallTool(ctx, mcp.CallToolRequest{Params: params})
	if err != nil {
		return answer{}, err
	}
	a := answer{isError: r.IsError}
	a.structured, _ = r.StructuredContent.(map[string]any)
	for _, block := range r.Content {
		if text, ok := block.(mcp.TextContent); ok {
			a.text += text.Text
		}
	}
	return a, nil
}

func (c *mcpGo) invalidParams(err error) bool { return errors.Is(err, mcp.ErrInvalidParams) }

// cancelMCPGo says what mcp-go leaves unsaid over HTTP when a call's context ends.
func cancelMCPGo(ctx context.Context, c client) error {
	m := c.(*mcpGo)
	return m.sdk.GetTransport().SendNotification(ctx, mcp.JSONRPCNotification{
		JSONRPC: mcp.JSONRPC_VERSION,
		Notification: mcp.Notification{
			Method: "notifications/cancelled",
			Params: mcp.NotificationParams{AdditionalFields: map[string]any{"requestId": m.wire.id()}},
		},
	})
}

// lastCall remembers the id of the last tools/call that went by.
type lastCall struct {
	mu   sync.Mutex
	last json.RawMessage
}

func (l *lastCall) id() json.RawMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

func (l *lastCall) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body.Close()
		r.Body = io.NopCloser(bytes.NewReader(body))
		var m struct {
			Method string
			ID     json.RawMessage
		}
		if json.Unmarshal(body, &m) == nil && m.Method == "tools/call" {
			l.mu.Lock()
			l.last = m.ID
			l.mu.Unlock()
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}
