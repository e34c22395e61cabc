package e2e

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// sseChecks are the checks of v1-sse.mjs.
var sseChecks = []string{"connect", "list", "call", "unknown tool", "error of a tool", "progress", "close"}

// sseURL is where a client of HTTP+SSE opens its stream.
func sseURL() string { return "http://" + everything.Addr + "/sse" }

func TestSSETypeScriptV1(t *testing.T) {
	runNode(t, "v1-sse.mjs", sseChecks, "FASTMCP_URL="+sseURL(), "FASTMCP_REVISION=2025-11-25")
}

func TestSSEGoSDK(t *testing.T) {
	driveSSE(t, func(ctx context.Context, revision string) (client, error) {
		return connectGoSDK(ctx, &mcp.SSEClientTransport{Endpoint: sseURL()}, revision)
	})
}

func TestSSEMCPGo(t *testing.T) {
	driveSSE(t, func(ctx context.Context, revision string) (client, error) {
		over, err := transport.NewSSE(sseURL())
		if err != nil {
			return nil, err
		}
		return startMCPGo(ctx, over, nil, revision)
	})
}

// driveSSE puts a Go client through examples/everything over HTTP+SSE, which carries every revision that has sessions.
func driveSSE(t *testing.T, dial func(ctx context.Context, revision string) (client, error)) {
	for _, revision := range revisions[:len(revisions)-1] {
		t.Run(revision, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), 4*patience)
			defer stop()
			c, err := dial(ctx, revision)
			if err != nil {
				t.Fatalf("connect: %v", err)
			}
			closed := sync.OnceValue(c.close)
			defer closed() // for a test that does not come so far

			t.Run("connect", func(t *testing.T) {
				if c.revision() != revision || c.name() != "everything" {
					t.Errorf("the revision is %s, the server %q; want %s and everything", c.revision(), c.name(), revision)
				}
			})
			t.Run("list", func(t *testing.T) {
				got, err := c.tools(ctx)
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range []string{"test_simple_text", "test_tool_with_progress", "test_error_handling"} {
					if !slices.Contains(got, want) {
						t.Errorf("%s is not listed, only %v", want, got)
					}
				}
			})
			t.Run("call", func(t *testing.T) {
				const want = "This is a simple text response for testing."
				if got, err := c.call(ctx, "test_simple_text", nil, nil); err != nil || got.isError || got.text != want {
					t.Errorf("got %+v, %v; want %q", got, err, want)
				}
			})
			t.Run("unknown tool", func(t *testing.T) {
				if got, err := c.call(ctx, "no_such_tool", nil, nil); err == nil || !c.invalidParams(err) {
					t.Errorf("got %+v, %v; want the error -32602", got, err)
				}
			})
			t.Run("error of a tool", func(t *testing.T) {
				if got, err := c.call(ctx, "test_error_handling", nil, nil); err != nil || !got.isError || !strings.Contains(got.text, "intentionally") {
					t.Errorf("got %+v, %v; want the tool's error", got, err)
				}
			})
			t.Run("progress", func(t *testing.T) {
				checkProgress(ctx, t, c, "test_tool_with_progress", nil, "Reported progress", []float64{0, 50, 100}, 100)
			})
			t.Run("close", func(t *testing.T) {
				if err := closed(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
