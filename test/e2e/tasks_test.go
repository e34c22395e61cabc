package e2e

import (
	"context"
	"strings"
	"testing"
)

// TestTasksTypeScriptV1 runs the tasks of 2025-11-25 with the official client that has them.
func TestTasksTypeScriptV1(t *testing.T) {
	runNode(t, "v1-tasks.mjs", []string{"connect", "result", "failure", "input", "list", "cancel", "close"}, "FASTMCP_URL="+everything.URL)
}

// TestTasksOfClientsWithoutThem: the Go SDK and TypeScript 2.x know neither the experiment nor the extension (TypeScript 2.4
// refuses a result of the type "task" whatever it has declared), so that they call without tasks: what may be one is
// answered when it is done, and what must be one is an error that says so.
func TestTasksOfClientsWithoutThem(t *testing.T) {
	t.Run("TypeScript 2.x", func(t *testing.T) {
		runNode(t, "v2-tasks.mjs", []string{"optional", "required", "close"}, "FASTMCP_URL="+everything.URL, "FASTMCP_REVISION="+modern)
	})
	for _, revision := range revisions {
		t.Run("Go SDK "+revision, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), patience)
			defer stop()
			c := dial(ctx, t, maker{name: "go-sdk", dial: dialGoSDK}, everything.URL, revision)
			defer c.close()
			got, err := c.call(ctx, "slow_compute", map[string]any{"seconds": 0.05, "label": "sum"}, nil)
			if err != nil || got.isError || got.text != "sum: computed for 0.05 s" {
				t.Errorf("%+v, %v", got, err)
			}
			want := "runs as a task only"
			if revision == modern {
				want = "lacks a capability"
			}
			if got, err := c.call(ctx, "failing_job", nil, nil); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v, %v; want the words %q", got, err, want)
			}
		})
	}
}
