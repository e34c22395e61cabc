package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/fastmcp-go/fastmcp/test/internal/live"
)

// noteChecks are the checks of notes.mjs.
var noteChecks = []string{"connect", "list", "call", "invalid arguments", "unknown tool", "error of a tool", "progress", "cancel", "close"}

func TestStdioTypeScriptV1(t *testing.T) { driveNodeNotes(t, "v1-stdio.mjs", "2025-11-25", 0) }

// TestStdioTypeScriptV2 knows that this client, unless it is to open a session, first asks a process of its own for
// server/discover, and ends that with SIGTERM.
func TestStdioTypeScriptV2(t *testing.T) {
	for _, c := range []struct {
		how, revision string
		probes        int
	}{{"legacy", "2025-11-25", 0}, {"pin", modern, 1}, {"auto", modern, 1}} {
		t.Run(c.revision+" "+c.how, func(t *testing.T) {
			driveNodeNotes(t, "v2-stdio.mjs", c.revision, c.probes, "FASTMCP_NEGOTIATE="+c.how)
		})
	}
}

func driveNodeNotes(t *testing.T, program, revision string, probes int, env ...string) {
	child := live.Watch(t, notes)
	command, err := json.Marshal(append([]string{child.Command}, child.Args...))
	if err != nil {
		t.Fatal(err)
	}
	runNode(t, program, noteChecks, append(env, "FASTMCP_REVISION="+revision, "FASTMCP_COMMAND="+string(command))...)
	child.Ended(t, probes)
}

func TestStdioGoSDK(t *testing.T) {
	for _, revision := range revisions {
		t.Run(revision, func(t *testing.T) {
			driveNotes(t, revision, func(ctx context.Context, child *live.Child) (client, error) {
				return connectGoSDK(ctx, &mcp.CommandTransport{Command: exec.Command(child.Command, child.Args...)}, revision)
			})
		})
	}
}

func TestStdioMCPGo(t *testing.T) {
	for _, revision := range revisions {
		t.Run(revision, func(t *testing.T) {
			driveNotes(t, revision, func(ctx context.Context, child *live.Child) (client, error) {
				return startMCPGo(ctx, transport.NewStdio(child.Command, nil, child.Args...), nil, revision)
			})
		})
	}
}

// driveNotes puts a Go client through examples/stdio, which it starts for itself.
func driveNotes(t *testing.T, revision string, start func(context.Context, *live.Child) (client, error)) {
	ctx, stop := context.WithTimeout(t.Context(), 4*patience)
	defer stop()
	child := live.Watch(t, notes)
	c, err := start(ctx, child)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	closed := sync.OnceValue(c.close)
	defer closed() // for a test that does not come so far

	call := func(t *testing.T, tool string, args map[string]any) answer {
		t.Helper()
		got, err := c.call(ctx, tool, args, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}

	t.Run("connect", func(t *testing.T) {
		if c.revision() != revision || c.name() != "notes" {
			t.Errorf("the revision is %s, the server %q; want %s and notes", c.revision(), c.name(), revision)
		}
	})
	t.Run("list", func(t *testing.T) {
		got, err := c.tools(ctx)
		if slices.Sort(got); err != nil || !slices.Equal(got, []string{"read_note", "review_notes", "write_note"}) {
			t.Errorf("%v is listed (%v), want the three tools of notes", got, err)
		}
	})
	written := []string{"line one\nline two", "two", "three: ü"}
	t.Run("call", func(t *testing.T) {
		for i, note := range written {
			got := call(t, "write_note", map[string]any{"text": note})
			if want := fmt.Sprintf(`{"number":%d}`, i+1); got.isError || got.text != want {
				t.Errorf("got %+v, want the text %s", got, want)
			}
			if revision >= "2025-06-18" && got.structured["number"] != float64(i+1) {
				t.Errorf("the structured content is %v, want number %d", got.structured, i+1)
			}
			if got := call(t, "read_note", map[string]any{"number": i + 1}); got.isError || got.text != note {
				t.Errorf("got %+v, want %q", got, note)
			}
		}
	})
	t.Run("invalid arguments", func(t *testing.T) {
		if got := call(t, "read_note", map[string]any{}); !got.isError || !strings.Contains(got.text, "number") {
			t.Errorf("got %+v, want an error in words that names number", got)
		}
	})
	t.Run("unknown tool", func(t *testing.T) {
		if got, err := c.call(ctx, "no_such_tool", nil, nil); err == nil || !c.invalidParams(err) {
			t.Errorf("got %+v, %v; want the error -32602", got, err)
		}
	})
	t.Run("error of a tool", func(t *testing.T) {
		if got := call(t, "read_note", map[string]any{"number": 9}); !got.isError || got.text != "there are 3 notes" {
			t.Errorf("got %+v, want the error that there are 3 notes", got)
		}
	})
	t.Run("progress", func(t *testing.T) {
		checkProgress(ctx, t, c, "review_notes", map[string]any{"pause_ms": 20}, "3 notes reviewed", []float64{1, 2, 3}, 3)
	})
	t.Run("cancel", func(t *testing.T) { checkTurns(ctx, t, c) })
	t.Run("close", func(t *testing.T) {
		if err := closed(); err != nil {
			t.Error(err)
		}
		child.Ended(t, 0)
	})
}

// checkTurns cancels as many calls as the server runs at a time. One that went on would keep its place for minutes, and the
// call behind them would wait for it.
func checkTurns(ctx context.Context, t *testing.T, c client) {
	var calls sync.WaitGroup
	for range 64 {
		calls.Go(func() {
			call, giveUp := context.WithCancel(ctx)
			defer giveUp()
			if got, err := c.call(call, "review_notes", map[string]any{"pause_ms": 60_000}, func(_, _ float64) { giveUp() }); err == nil {
				t.Errorf("the cancelled call was answered: %+v", got)
			}
		})
	}
	calls.Wait()
	call, giveUp := context.WithTimeout(ctx, patience)
	defer giveUp()
	if got, err := c.call(call, "read_note", map[string]any{"number": 2}, nil); err != nil || got.text != "two" {
		t.Errorf("the call after the cancelled ones got %+v, %v; want two", got, err)
	}
}
