package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// TestAsk has the same tools asked in the oldest revision that asks, and in the newest, which asks in another way.
func TestAsk(t *testing.T) {
	p := program.Start(t)
	backups := 0
	for _, revision := range []string{"2025-06-18", client.Older, client.Newest} {
		t.Run(revision, func(t *testing.T) {
			answer := &mcp.ElicitResult{}
			var asked []string
			c := client.Connect(t, p.URL, client.Config{Revision: revision, Options: mcp.ClientOptions{
				ElicitationHandler: func(_ context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
					asked = append(asked, r.Params.Message)
					return answer, nil
				},
			}})
			call := func(a mcp.ElicitResult, tool string, args any, want string) {
				t.Helper()
				*answer = a
				if got := c.Tool(tool, args); got != want {
					t.Errorf("%s is %q, want %q", tool, got, want)
				}
			}
			users := map[string]any{"table": "users"}
			backups++ // one each, though the function may run twice
			call(mcp.ElicitResult{Action: "accept", Content: map[string]any{"sure": true}}, "drop", users, fmt.Sprintf("dropped users, see backup %d", backups))
			backups++
			call(mcp.ElicitResult{Action: "accept", Content: map[string]any{"sure": false}}, "drop", users, "kept users")
			backups++
			call(mcp.ElicitResult{Action: "decline"}, "drop", users, "kept users")
			call(mcp.ElicitResult{Action: "accept", Content: map[string]any{"size": "large"}}, "order", nil, "a large coffee")
			call(mcp.ElicitResult{Action: "cancel"}, "order", nil, "no coffee")
			if got := strings.Join(asked, " "); got != "Drop users? Drop users? Drop users? How large? How large?" {
				t.Errorf("asked: %s", got)
			}
		})
	}
	t.Run("nobody", func(t *testing.T) { asksNobody(t, p) })
	p.Readme(`"resultType":"input_required"`)
	p.Stop()
}

// asksNobody calls with a client that cannot ask its user.
func asksNobody(t *testing.T, p *program.Program) {
	for revision, want := range map[string]string{client.Older: "error: ", client.Newest: "capab"} {
		c := client.Connect(t, p.URL, client.Config{Revision: revision})
		if got := c.Tool("order", nil); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, want) {
			t.Errorf("%s: %s", revision, got)
		}
	}
}
