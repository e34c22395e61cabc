package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func TestPrompts(t *testing.T) {
	p := program.Start(t)
	for _, revision := range []string{"2024-11-05", client.Newest} {
		t.Run(revision, func(t *testing.T) {
			c := client.Connect(t, p.URL, client.Config{Revision: revision})
			lists(t, c)
			gets(t, c)
			completes(t, c)
		})
	}
	p.Readme(`Explain tides in at most 30 words.`)
	p.Stop()
}

func lists(t *testing.T, c *client.Client) {
	t.Helper()
	r, err := c.ListPrompts(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, prompt := range r.Prompts {
		for _, a := range prompt.Arguments {
			if a.Required {
				all = append(all, prompt.Name+" "+a.Name)
			}
		}
	}
	if !slices.Equal(all, []string{"explain topic", "review file"}) {
		t.Errorf("what is required: %v", all)
	}
}

func gets(t *testing.T, c *client.Client) {
	t.Helper()
	get := func(name string, args map[string]string) string {
		r, err := c.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: name, Arguments: args})
		if err != nil {
			return err.Error()
		}
		var all []string
		for _, m := range r.Messages {
			switch block := m.Content.(type) {
			case *mcp.TextContent:
				all = append(all, string(m.Role)+": "+block.Text)
			case *mcp.EmbeddedResource:
				all = append(all, string(m.Role)+" has "+block.Resource.URI)
			}
		}
		return strings.Join(all, "\n")
	}
	for _, want := range []struct {
		name string
		args map[string]string
		text string
	}{
		{"explain", map[string]string{"topic": "tides"}, "user: Explain tides in at most 100 words."},
		{"explain", map[string]string{"topic": "tides", "words": "30"}, "user: Explain tides in at most 30 words."},
		{"explain", map[string]string{"topic": "tides", "words": "9"}, "words: expected at least 10"},
		{"explain", nil, "topic: expected a string, which is required"},
		{"review", map[string]string{"file": "add.go", "polish": "true", "style": "strict"},
			"user has file:///add.go\nuser: Review this file. Be strict. Mind the language, too.\nassistant: The first thing that I notice is"},
		{"review", map[string]string{"file": "no.go"}, `there is no file "no.go"`},
		{"review", map[string]string{"file": "add.go", "style": "rude"}, "style"},
	} {
		if got := get(want.name, want.args); !strings.Contains(got, want.text) {
			t.Errorf("%s %v is %q, want %q", want.name, want.args, got, want.text)
		}
	}
}

func completes(t *testing.T, c *client.Client) {
	t.Helper()
	for argument, want := range map[string]string{"file": "main.go", "style": "strict"} {
		r, err := c.Complete(t.Context(), &mcp.CompleteParams{
			Ref:      &mcp.CompleteReference{Type: "ref/prompt", Name: "review"},
			Argument: mcp.CompleteParamsArgument{Name: argument, Value: want[:2]},
		})
		if err != nil || !slices.Equal(r.Completion.Values, []string{want}) {
			t.Errorf("%s: %v, %v", argument, r, err)
		}
	}
}
