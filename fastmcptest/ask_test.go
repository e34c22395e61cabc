package fastmcptest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/fastmcptest"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func TestElicitations(t *testing.T) {
	answers := func(message string) map[string]any {
		switch message {
		case "How many cups?":
			return map[string]any{"cups": 2}
		case "Sugar?":
			return map[string]any{"sugar": true}
		}
		return nil
	}
	each(t, func(t *testing.T, c *fastmcptest.Client, r protocol.Revision) {
		result, err := c.Call(t.Context(), "order", nil)
		if err != nil {
			t.Fatal(err)
		}
		if !r.HasElicitation() {
			if !result.IsError {
				t.Errorf("%s was asked in %s", result, r)
			}
			return
		}
		if result.IsError || result.Text() != "cup cup sweet" {
			t.Errorf("%s", result)
		}
	}, fastmcptest.Config{Elicit: answers})
}

func TestElicitationsThatAreDeclined(t *testing.T) {
	each(t, func(t *testing.T, c *fastmcptest.Client, r protocol.Revision) {
		if result, err := c.Call(t.Context(), "order", nil); r.HasElicitation() && (err != nil || result.Text() != "decline") {
			t.Errorf("%v %v", result, err)
		}
	}, fastmcptest.Config{Elicit: func(string) map[string]any { return nil }})
	each(t, func(t *testing.T, c *fastmcptest.Client, r protocol.Revision) {
		if result, err := c.Call(t.Context(), "order", nil); r.HasElicitation() && (err != nil || result.Text() != "cancel") {
			t.Errorf("%v %v", result, err)
		}
	}, fastmcptest.Config{OnElicit: func(_ context.Context, p *mcp.ElicitParams) (*mcp.ElicitResult, error) {
		if schema := fmt.Sprint(p.RequestedSchema); !strings.Contains(schema, "cups") {
			return nil, errors.New("the schema is " + schema)
		}
		return &mcp.ElicitResult{Action: "cancel"}, nil
	}})
}

// A value that the form does not allow is refused by the client itself, as a good one does.
func TestElicitationsThatDoNotFit(t *testing.T) {
	each(t, func(t *testing.T, c *fastmcptest.Client, r protocol.Revision) {
		result, err := c.Call(t.Context(), "order", nil)
		if err == nil && !result.IsError {
			t.Errorf("%s: %s", r, result)
		}
	}, fastmcptest.Config{Elicit: func(string) map[string]any { return map[string]any{"cups": 99} }})
}

func TestNobodyToAsk(t *testing.T) {
	each(t, func(t *testing.T, c *fastmcptest.Client, r protocol.Revision) {
		for _, tool := range []string{"order", "sign", "roots"} {
			result, err := c.Call(t.Context(), tool, nil)
			var e *protocol.Error
			if r.IsStateless() && (!errors.As(err, &e) || e.Code != protocol.CodeMissingCapability) || !r.IsStateless() && (err != nil || !result.IsError) {
				t.Errorf("%s: %v %v", tool, result, err)
			}
		}
	})
}

func TestSampling(t *testing.T) {
	each(t, func(t *testing.T, c *fastmcptest.Client, _ protocol.Revision) {
		if r, err := c.Call(t.Context(), "sign", nil); err != nil || r.Text() != "fastmcptest wrote re: A poem on tea" {
			t.Errorf("%v %v", r, err)
		}
	}, fastmcptest.Config{Sample: func(prompt string) string { return "re: " + prompt }})
	each(t, func(t *testing.T, c *fastmcptest.Client, _ protocol.Revision) {
		if r, err := c.Call(t.Context(), "sign", nil); err != nil || r.Text() != "gpt wrote 1024 tokens" {
			t.Errorf("%v %v", r, err)
		}
	}, fastmcptest.Config{OnSample: func(_ context.Context, p *fastmcptest.SampleRequest) (*fastmcptest.SampleResult, error) {
		return &fastmcptest.SampleResult{Role: "assistant", Model: "gpt", Content: []mcp.Content{
			&mcp.TextContent{Text: fmt.Sprint(p.MaxTokens, " tokens")},
		}}, nil
	}})
}

// A model that is offered tools may call them: only OnSample says so.
func TestSamplingWithTools(t *testing.T) {
	app := fastmcp.New(fastmcp.Config{Log: quiet()})
	app.AddTool(fastmcp.Tool{Name: "plan", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		r, err := c.Sample("plan", fastmcp.SampleRequest{Prompt: "Plan", Tools: []fastmcp.SampleTool{{Name: "search"}}})
		if err != nil {
			return "", err
		}
		return r.ToolUses[0].Name, nil
	})})
	call := func(_ context.Context, p *fastmcptest.SampleRequest) (*fastmcptest.SampleResult, error) {
		return &fastmcptest.SampleResult{Role: "assistant", Model: "gpt", StopReason: "toolUse", Content: []mcp.Content{
			//lint:ignore SA1019 sampling is deprecated, and tested
			&mcp.ToolUseContent{ID: "1", Name: p.Tools[0].Name, Input: map[string]any{}},
		}}, nil
	}
	first := fastmcptest.New(t, app)
	for _, revision := range []string{"2025-11-25", "2026-07-28"} {
		c := first.Connect(t, fastmcptest.Config{Revision: revision, OnSample: call})
		if r, err := c.Call(t.Context(), "plan", nil); err != nil || r.Text() != "search" {
			t.Errorf("%s: %v %v", revision, r, err)
		}
		c = first.Connect(t, fastmcptest.Config{Revision: revision, Sample: func(string) string { return "" }})
		if r, err := c.Call(t.Context(), "plan", nil); err == nil && !r.IsError {
			t.Errorf("%s: %v %v", revision, r, err)
		}
	}
}

func TestRoots(t *testing.T) {
	each(t, func(t *testing.T, c *fastmcptest.Client, r protocol.Revision) {
		if result, err := c.Call(t.Context(), "roots", nil); err != nil || result.Text() != "file:///a" {
			t.Errorf("%v %v", result, err)
		}
		c.AddRoots("file:///b")
		if result, err := c.Call(t.Context(), "roots", nil); r.IsStateless() && (err != nil || result.Text() != "file:///a file:///b") {
			t.Errorf("%v %v", result, err)
		}
	}, fastmcptest.Config{Roots: []string{"file:///a"}})
	each(t, func(t *testing.T, c *fastmcptest.Client, _ protocol.Revision) {
		if result, err := c.Call(t.Context(), "roots", nil); err != nil || result.IsError || result.Text() != "" {
			t.Errorf("%v %v", result, err)
		}
	}, fastmcptest.Config{Roots: []string{}})
}
