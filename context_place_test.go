package fastmcp_test

import (
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/fastmcptest"
)

// TestPlace: a link knows where it was put, whatever was added before or after, and only before Next.
func TestPlace(t *testing.T) {
	app, _ := newApp(t, fastmcp.Config{})
	var seen []string
	look := func(c *fastmcp.Context) error {
		kind, name := c.Place()
		switch c.Method() {
		case "tools/call", "prompts/get", "resources/read":
			seen = append(seen, kind+" "+name)
		}
		err := c.Next()
		if kind, name := c.Place(); kind != "" || name != "" {
			t.Errorf("after Next: %s %s", kind, name)
		}
		return err
	}
	text := fastmcp.Get(func(c *fastmcp.Context) (string, error) { return "x", nil })
	app.Use(look)
	outer := app.Group("a.", look)
	inner := outer.Group("b.", look, look)
	empty := outer.Group("c.")
	inner.AddTool(fastmcp.Tool{Name: "t", Handler: text, Use: []fastmcp.Handler{look, look}})
	empty.AddTool(fastmcp.Tool{Name: "t", Handler: text})
	app.AddTool(fastmcp.Tool{Name: "own", Handler: text, Use: []fastmcp.Handler{look}})
	app.AddTool(fastmcp.Tool{Name: "none", Handler: text})
	app.AddPrompt(fastmcp.Prompt{Name: "p", Handler: text, Use: []fastmcp.Handler{look}})
	app.AddResource(fastmcp.Resource{URI: "x://r", Name: "r", Handler: text, Use: []fastmcp.Handler{look}})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "y://{n}", Name: "y", Use: []fastmcp.Handler{look}, Handler: fastmcp.Typed(
		func(*fastmcp.Context, struct {
			N string `json:"n"`
		}) (string, error) {
			return "x", nil
		})})
	outer.Use(look) // behind what the group has, and before its tools'

	c := fastmcptest.New(t, app)
	ctx := t.Context()
	call := func(name string) func() error {
		return func() error { _, err := c.Call(ctx, name, nil); return err }
	}
	for _, row := range []struct {
		what string
		do   func() error
		want []string
	}{
		{"nested", call("a.b.t"), []string{" ", "group a.", "group a.", "group a.b.", "group a.b.", "tool a.b.t", "tool a.b.t"}},
		{"a group without links", call("a.c.t"), []string{" ", "group a.", "group a."}},
		{"a tool's", call("own"), []string{" ", "tool own"}},
		{"a tool without", call("none"), []string{" "}},
		{"prompt", func() error { _, err := c.Prompt(ctx, "p", nil); return err }, []string{" ", "prompt p"}},
		{"resource", func() error { _, err := c.Read(ctx, "x://r"); return err }, []string{" ", "resource x://r"}},
		{"template", func() error { _, err := c.Read(ctx, "y://1"); return err }, []string{" ", "template y://{n}"}},
	} {
		seen = nil
		if err := row.do(); err != nil {
			t.Errorf("%s: %v", row.what, err)
		}
		if got := seen; len(got) != len(row.want) {
			t.Errorf("%s: %q, want %q", row.what, got, row.want)
			continue
		}
		for i, want := range row.want {
			if seen[i] != want {
				t.Errorf("%s: link %d is at %q, want %q", row.what, i, seen[i], want)
			}
		}
	}
}
