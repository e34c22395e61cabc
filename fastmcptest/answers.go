package fastmcptest

//lint:file-ignore SA1019 2026-07-28 deprecates sampling, roots and logging (SEP-2577): servers that use them are tested, too

import (
	"context"

	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// SampleRequest is what an App asks a client's model, and SampleResult what that answers: the SDK's types.
type (
	SampleRequest = mcp.CreateMessageWithToolsParams
	SampleResult  = mcp.CreateMessageWithToolsResult
)

// sdkOptions are the options of the SDK's client: it declares what there is something for to answer with.
func (c *Config) sdkOptions() *mcp.ClientOptions {
	o := &mcp.ClientOptions{
		Capabilities: &mcp.ClientCapabilities{},
		// With handlers for them the SDK's client asks to hear of changed lists in 2026-07-28. What they say is recorded
		// from the wire.
		ToolListChangedHandler:     func(context.Context, *mcp.ToolListChangedRequest) {},
		PromptListChangedHandler:   func(context.Context, *mcp.PromptListChangedRequest) {},
		ResourceListChangedHandler: func(context.Context, *mcp.ResourceListChangedRequest) {},
	}
	if c.Roots != nil {
		o.Capabilities.RootsV2 = &mcp.RootCapabilities{ListChanged: true}
	}
	c.elicits(o)
	c.samples(o)
	return o
}

func (c *Config) elicits(o *mcp.ClientOptions) {
	switch {
	case c.OnElicit != nil:
		o.ElicitationHandler = func(ctx context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			return c.OnElicit(ctx, r.Params)
		}
		// Before 2025-11-25 there is one mode, and the capability says nothing more.
		if r, _ := protocol.ParseRevision(c.Revision); r.HasURLElicitation() {
			o.Capabilities.Elicitation = &mcp.ElicitationCapabilities{
				Form: &mcp.FormElicitationCapabilities{}, URL: &mcp.URLElicitationCapabilities{},
			}
		}
	case c.Elicit != nil:
		o.ElicitationHandler = func(_ context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			if values := c.Elicit(r.Params.Message); values != nil {
				return &mcp.ElicitResult{Action: "accept", Content: values}, nil
			}
			return &mcp.ElicitResult{Action: "decline"}, nil
		}
	}
}

// samples always answers requests whose messages have several pieces of content: which ones those are is the App's
// choice. Only OnSample says that it takes tools.
func (c *Config) samples(o *mcp.ClientOptions) {
	switch {
	case c.OnSample != nil:
		o.CreateMessageWithToolsHandler = func(ctx context.Context, r *mcp.CreateMessageWithToolsRequest) (*SampleResult, error) {
			return c.OnSample(ctx, r.Params)
		}
	case c.Sample != nil:
		o.Capabilities.Sampling = &mcp.SamplingCapabilities{}
		o.CreateMessageWithToolsHandler = func(_ context.Context, r *mcp.CreateMessageWithToolsRequest) (*SampleResult, error) {
			prompt := ""
			if n := len(r.Params.Messages); n > 0 {
				prompt = text(r.Params.Messages[n-1].Content)
			}
			return &SampleResult{
				Role: "assistant", Model: "fastmcptest", StopReason: "endTurn",
				Content: []mcp.Content{&mcp.TextContent{Text: c.Sample(prompt)}},
			}, nil
		}
	}
}

// AddRoots adds roots to those of Config.Roots, which must not be nil, and tells the App's sessions that they have
// changed.
func (c *Client) AddRoots(uris ...string) {
	var roots []*mcp.Root
	for _, uri := range uris {
		roots = append(roots, &mcp.Root{URI: uri})
	}
	c.sdk.AddRoots(roots...) // tells of them once, and of none not at all
}

// setLevel says from where on a session wants log messages.
func (c *Client) setLevel(ctx context.Context) error {
	return c.session.SetLoggingLevel(ctx, &mcp.SetLoggingLevelParams{Level: mcp.LoggingLevel(c.config.Level)})
}
