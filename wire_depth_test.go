package fastmcp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
)

// What a message holds nests 128 levels deep at most, in every era, before anything recurses over it.
func TestWireDepthIsBounded(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "any", Handler: fastmcp.Raw(json.RawMessage(`{"type":"object"}`), func(_ *fastmcp.Context, args json.RawMessage) (any, error) {
		return fmt.Sprint(strings.Count(string(args), "[")), nil
	})})
	s := serve(t, app, l)
	nested := func(levels int) string { // the arguments themselves are one of them
		return `{"x":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + `}`
	}
	calls := map[string]func(args string) answer{"2026-07-28": func(args string) answer { return s.callStateless("any", args) }}
	for _, revision := range revisions {
		c := s.open(revision)
		calls[revision] = func(args string) answer { return c.call("any", args) }
	}
	for revision, call := range calls {
		if r := call(nested(128)).message(t).tool(t); r.IsError || r.text() != "127" {
			t.Errorf("%s: 128 levels: %+v", revision, r)
		}
		for _, levels := range []int{129, 100_000} {
			a := call(nested(levels))
			if a.message(t).fails(t, -32700, "nested too deeply"); a.status != 400 {
				t.Errorf("%s: %d levels: %d", revision, levels, a.status)
			}
		}
	}
}
