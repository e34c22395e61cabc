package fastmcptest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Result is what a tool has answered: Content, StructuredContent, IsError and Meta as the SDK has them.
type Result struct {
	*mcp.CallToolResult
	// Raw is the whole result, as it came over the wire.
	Raw json.RawMessage
}

// Text is all text of the content, a line break between two blocks.
func (r *Result) Text() string { return text(r.Content) }

// Into decodes the structured content into what v points to, as encoding/json does, with all digits of large numbers. In
// the revisions that have none, before 2025-06-18, it decodes the text. It is an error when the tool has failed, or has
// answered no data.
func (r *Result) Into(v any) error {
	if r.IsError {
		return fmt.Errorf("fastmcptest: the tool failed: %s", r.Text())
	}
	var result struct {
		Structured json.RawMessage `json:"structuredContent"`
	}
	if err := json.Unmarshal(r.Raw, &result); err != nil {
		return fmt.Errorf("fastmcptest: the result cannot be read: %w", err)
	}
	if result.Structured == nil {
		return intoText(r.Text(), v)
	}
	if err := json.Unmarshal(result.Structured, v); err != nil {
		return fmt.Errorf("fastmcptest: the structured content is %s: %w", result.Structured, err)
	}
	return nil
}

// String is the result as it came, for the messages of tests. It may be called on nil.
func (r *Result) String() string {
	if r == nil {
		return "no result"
	}
	return string(r.Raw)
}

// Contents are what reading a resource has given: Contents and Meta as the SDK has them.
type Contents struct {
	*mcp.ReadResourceResult
	// Raw is the whole result, as it came over the wire.
	Raw json.RawMessage
}

// Text is all text, a line break between two contents.
func (r *Contents) Text() string {
	var all []string
	for _, c := range r.Contents {
		if c.Blob == nil {
			all = append(all, c.Text)
		}
	}
	return strings.Join(all, "\n")
}

// Bytes are the first content's bytes, be they text or a blob; nil when there is no content.
func (r *Contents) Bytes() []byte {
	switch {
	case len(r.Contents) == 0:
		return nil
	case r.Contents[0].Blob != nil:
		return r.Contents[0].Blob
	}
	return []byte(r.Contents[0].Text)
}

// Into decodes the text, which must be JSON, into what v points to.
func (r *Contents) Into(v any) error { return intoText(r.Text(), v) }

// String is the result as it came, for the messages of tests. It may be called on nil.
func (r *Contents) String() string {
	if r == nil {
		return "no result"
	}
	return string(r.Raw)
}

// Messages are what a prompt has given: Messages, Description and Meta as the SDK has them.
type Messages struct {
	*mcp.GetPromptResult
	// Raw is the whole result, as it came over the wire.
	Raw json.RawMessage
}

// Text is all text of the messages, a line break between two.
func (r *Messages) Text() string {
	var all []mcp.Content
	for _, m := range r.Messages {
		all = append(all, m.Content)
	}
	return text(all)
}

// String is the result as it came, for the messages of tests. It may be called on nil.
func (r *Messages) String() string {
	if r == nil {
		return "no result"
	}
	return string(r.Raw)
}

// text is all text of some content.
func text(all []mcp.Content) string {
	var lines []string
	for _, c := range all {
		if t, ok := c.(*mcp.TextContent); ok {
			lines = append(lines, t.Text)
		}
	}
	return strings.Join(lines, "\n")
}

func intoText(text string, v any) error {
	if text == "" {
		return errors.New("fastmcptest: there is no data: neither structured content nor text")
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("fastmcptest: the text is %q: %w", text, err)
	}
	return nil
}
