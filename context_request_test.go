package fastmcp_test

import (
	"fmt"
	"testing"

	"github.com/fastmcp-go/fastmcp"
)

type targetInput struct {
	City string `json:"city"`
}

// seen is what a link has seen of a request.
type seen struct {
	method, id, target, name string
	size                     int
}

// The name that something is registered under has no word of the client's in it.
func TestTarget(t *testing.T) {
	app, log := newApp(t, fastmcp.Config{})
	var all []seen
	app.Use(func(c *fastmcp.Context) error {
		all = append(all, seen{c.Method(), string(c.ID()), c.Target(), c.Name(), c.Size()})
		return c.Next()
	})
	group := app.Group("zoo_")
	group.AddTool(fastmcp.Tool{Name: "feed", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "fed", nil })})
	app.AddResource(fastmcp.Resource{URI: "x://one", Name: "one", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "1", nil })})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{
		URI: "weather://{city}", Name: "weather",
		Handler:  fastmcp.Typed(func(_ *fastmcp.Context, in targetInput) (string, error) { return in.City, nil }),
		Complete: map[string]fastmcp.Completer{"city": func(*fastmcp.Context, fastmcp.Completion) (fastmcp.Values, error) { return fastmcp.Values{}, nil }},
	})
	app.AddPrompt(fastmcp.Prompt{Name: "tell", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in targetInput) (string, error) { return in.City, nil })})
	s := serve(t, app, log)
	client := s.open("2025-11-25")
	for i, c := range []struct {
		params string
		want   seen
	}{
		{`{"name":"zoo_feed"}`, seen{"tools/call", "", "zoo_feed", "zoo_feed", 0}},
		{`{"uri":"x://one"}`, seen{"resources/read", "", "x://one", "x://one", 0}},
		{`{"uri":"weather://rome"}`, seen{"resources/read", "", "weather://{city}", "weather://rome", 0}},
		{`{"name":"tell","arguments":{"city":"rome"}}`, seen{"prompts/get", "", "tell", "tell", 0}},
		{`{"ref":{"type":"ref/resource","uri":"weather://{city}"},"argument":{"name":"city","value":"r"}}`, seen{"completion/complete", "", "weather://{city}", "weather://{city}", 0}},
		{`{"ref":{"type":"ref/prompt","name":"tell"},"argument":{"name":"city","value":"r"}}`, seen{"completion/complete", "", "tell", "tell", 0}},
		{`{"uri":"x://one"}`, seen{"resources/subscribe", "", "", "x://one", 0}},
		{`{}`, seen{"tools/list", "", "", "", 0}},
	} {
		all = nil
		c.want.id, c.want.size = fmt.Sprintf(`"call-%d"`, i), len(c.params)
		client.do("POST", client.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","id":"call-%d","method":%q,"params":%s}`, i, c.want.method, c.params))
		if len(all) != 1 || all[0] != c.want {
			t.Errorf("%s: %+v, want %+v", c.params, all, c.want)
		}
	}
}

// Target is a label for metrics: a template is one, however many URIs its clients think of.
func ExampleContext_Target() {
	app := fastmcp.New()
	app.Use(func(c *fastmcp.Context) error {
		if target := c.Target(); target != "" {
			fmt.Println(c.Method(), target)
		}
		return c.Next()
	})
	app.AddTool(fastmcp.Tool{
		Name: "bake", Description: "Bake a cake",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "a cake", nil }),
	})

	d := startDemo(app)
	defer d.stop()
	d.watch("bake", `{}`)
	// Output:
	// tools/call bake
	// a cake
}
