package main

//lint:file-ignore SA1019 2026-07-28 deprecates sampling and logging (SEP-2577), and has no sessions: those that have use both

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// printed waits until the program has printed something.
func printed(t *testing.T, p *program.Program, want string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(p.Printed(), want); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it has printed\n%s\nwant %s", p.Printed(), want)
		}
	}
}

func TestSessions(t *testing.T) {
	p := program.Start(t)
	for revision, answers := range map[string]bool{"2024-11-05": true, client.Older: false} {
		t.Run(revision, func(t *testing.T) {
			told := make(chan string, 1)
			options := mcp.ClientOptions{LoggingMessageHandler: func(_ context.Context, r *mcp.LoggingMessageRequest) {
				told <- fmt.Sprintf("%s %s: %s", r.Params.Level, r.Params.Logger, r.Params.Data)
			}}
			want := "notice reminders: Remember: tea"
			if answers {
				want = "notice reminders: Dear user, your tea!"
				options.CreateMessageHandler = func(_ context.Context, r *mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
					return &mcp.CreateMessageResult{Role: "assistant", Model: "m", Content: &mcp.TextContent{Text: "Dear user, your tea!"}}, nil
				}
			}
			c := client.Connect(t, p.URL, client.Config{Revision: revision, Options: options})
			printed(t, p, "came client=example-test revision="+revision)
			if got := c.Tool("remind", map[string]any{"about": "cake", "in_ms": 3600000}); got != "reminder 1 is set" {
				t.Errorf("the first: %s", got)
			}
			if got := c.Tool("remind", map[string]any{"about": "tea", "in_ms": 200}); got != "reminder 2 is set" {
				t.Errorf("the second: %s", got)
			}
			select {
			case got := <-told:
				if got != want {
					t.Errorf("told %q, want %q", got, want)
				}
			case <-time.After(30 * time.Second):
				t.Errorf("nothing is told\n%s", p.Printed())
			}
		})
	}
	printed(t, p, "went client=example-test") // at the end of each subtest
	c := client.Connect(t, p.URL, client.Config{Revision: client.Newest})
	if got := c.Tool("remind", map[string]any{"about": "tea"}); !strings.HasPrefix(got, "error: your client has no session") {
		t.Errorf("without a session: %s", got)
	}
	p.Readme(`"data":"Remember: tea"`)
	p.Stop()
}
