package fastmcp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Hints that the protocol does not have are sent as they are, in each revision that has annotations; the protocol's own
// cannot be forged among them.
func TestAnnotationsOfOnesOwnAreKept(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	no := false
	app.AddTool(fastmcp.Tool{Name: "t", Handler: gives(""), Annotations: &protocol.ToolAnnotations{
		Title: "T", ReadOnlyHint: true, OpenWorldHint: &no,
		Other: map[string]any{"streamingHint": true, "example.com/cost": map[string]any{"cents": 5}, "none": nil, "title": "forged", "destructiveHint": false},
	}})
	app.AddTool(fastmcp.Tool{Name: "only", Handler: gives(""), Annotations: &protocol.ToolAnnotations{Other: map[string]any{"streamingHint": false}}})
	s := serve(t, app, l)
	check := func(revision string, m message, has bool) {
		t.Helper()
		var list struct {
			Tools []struct{ Annotations json.RawMessage }
		}
		if m.Error != nil || json.Unmarshal(m.Result, &list) != nil || len(list.Tools) != 2 {
			t.Fatalf("%s: %s %+v", revision, m.Result, m.Error)
		}
		want := []string{`{"example.com/cost":{"cents":5},"none":null,"openWorldHint":false,"readOnlyHint":true,"streamingHint":true,"title":"T"}`, `{"streamingHint":false}`}
		for i, tool := range list.Tools {
			if got := string(tool.Annotations); has && got != want[i] || !has && got != "" {
				t.Errorf("%s: %s", revision, got)
			}
		}
	}
	for _, revision := range revisions {
		check(revision, s.open(revision).send("tools/list", "").message(t), revision >= "2025-03-26")
	}
	check("2026-07-28", s.inquire("", "tools/list", "", "").message(t), true)
	err := app.TryAddTool(fastmcp.Tool{Name: "bad", Handler: gives(""), Annotations: &protocol.ToolAnnotations{Other: map[string]any{"streamingHint": func() {}}}})
	if err == nil || !strings.Contains(err.Error(), `"bad"`) {
		t.Errorf("a hint that is no JSON: %v", err)
	}
}
