package fastmcptest

import (
	"context"
	"encoding/json"
	"errors"
	"iter"

	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// meta is the _meta of a request: it asks for progress and, in 2026-07-28, for log messages. Its token finds the result
// in the record.
func (c *Client) meta() (meta mcp.Meta, token string) {
	token = c.record.token()
	meta = mcp.Meta{"progressToken": token}
	if c.config.Level != "" && c.config.stateless() {
		meta[protocol.MetaLogLevel] = c.config.Level
	}
	return meta, token
}

// Call calls a tool. args is a struct, a map, or what else encoding/json makes an object of; nil is none. Questions are
// answered on the way by what Config has for them. The error is what JSON-RPC calls one: errors.As finds a
// *protocol.Error in it. A tool that failed is no error, but a Result that says so.
func (c *Client) Call(ctx context.Context, tool string, args any) (*Result, error) {
	meta, token := c.meta()
	r, err := c.session.CallTool(ctx, &mcp.CallToolParams{Meta: meta, Name: tool, Arguments: args})
	raw := c.record.result(token)
	if err != nil {
		return nil, explained(err)
	}
	return &Result{CallToolResult: r, Raw: raw}, nil
}

// Read reads a resource. Its errors are those of Call.
func (c *Client) Read(ctx context.Context, uri string) (*Contents, error) {
	meta, token := c.meta()
	r, err := c.session.ReadResource(ctx, &mcp.ReadResourceParams{Meta: meta, URI: uri})
	raw := c.record.result(token)
	if err != nil {
		return nil, explained(err)
	}
	return &Contents{ReadResourceResult: r, Raw: raw}, nil
}

// Prompt gets a prompt. args may be nil. Its errors are those of Call.
func (c *Client) Prompt(ctx context.Context, name string, args map[string]string) (*Messages, error) {
	meta, token := c.meta()
	r, err := c.session.GetPrompt(ctx, &mcp.GetPromptParams{Meta: meta, Name: name, Arguments: args})
	raw := c.record.result(token)
	if err != nil {
		return nil, explained(err)
	}
	return &Messages{GetPromptResult: r, Raw: raw}, nil
}

// CompletePrompt asks what an argument of a prompt may be, of which value has been typed. known are the arguments that
// are filled in already; it may be nil.
func (c *Client) CompletePrompt(ctx context.Context, prompt, argument, value string, known map[string]string) (*mcp.CompletionResultDetails, error) {
	return c.complete(ctx, &mcp.CompleteReference{Type: "ref/prompt", Name: prompt}, argument, value, known)
}

// CompleteTemplate asks what a variable of a resource template may be, as CompletePrompt does.
func (c *Client) CompleteTemplate(ctx context.Context, uriTemplate, variable, value string, known map[string]string) (*mcp.CompletionResultDetails, error) {
	return c.complete(ctx, &mcp.CompleteReference{Type: "ref/resource", URI: uriTemplate}, variable, value, known)
}

func (c *Client) complete(ctx context.Context, ref *mcp.CompleteReference, argument, value string, known map[string]string) (*mcp.CompletionResultDetails, error) {
	params := &mcp.CompleteParams{Ref: ref, Argument: mcp.CompleteParamsArgument{Name: argument, Value: value}}
	if known != nil {
		params.Context = &mcp.CompleteContext{Arguments: known}
	}
	r, err := c.session.Complete(ctx, params)
	if err != nil {
		return nil, explained(err)
	}
	return &r.Completion, nil
}

// Tools are the tools that the caller sees, on all pages, in the App's order. As the protocol asks of it, the SDK's client
// keeps lists of 2026-07-28 for the App's Config.Cache.
func (c *Client) Tools(ctx context.Context) ([]*mcp.Tool, error) {
	return all(c.session.Tools(ctx, nil))
}

// Resources are the resources that the caller sees, on all pages.
func (c *Client) Resources(ctx context.Context) ([]*mcp.Resource, error) {
	return all(c.session.Resources(ctx, nil))
}

// Templates are the resource templates that the caller sees, on all pages.
func (c *Client) Templates(ctx context.Context) ([]*mcp.ResourceTemplate, error) {
	return all(c.session.ResourceTemplates(ctx, nil))
}

// Prompts are the prompts that the caller sees, on all pages.
func (c *Client) Prompts(ctx context.Context) ([]*mcp.Prompt, error) {
	return all(c.session.Prompts(ctx, nil))
}

func all[T any](items iter.Seq2[*T, error]) (list []*T, err error) {
	for item, err := range items {
		if err != nil {
			return nil, explained(err)
		}
		list = append(list, item)
	}
	return list, nil
}

// rpcError is an error of the SDK's in which errors.As also finds this module's.
type rpcError struct {
	error
	found *protocol.Error
}

// Unwrap gives both.
func (e *rpcError) Unwrap() []error { return []error{e.error, e.found} }

func explained(err error) error {
	var wire *jsonrpc.Error
	if !errors.As(err, &wire) {
		return err
	}
	found := &protocol.Error{Code: int(wire.Code), Message: wire.Message}
	if len(wire.Data) > 0 {
		found.Data = json.RawMessage(wire.Data)
	}
	return &rpcError{err, found}
}
