package fastmcp

import (
	"encoding/json"
	"strings"

	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// SampleResult is what a client's model has answered.
type SampleResult struct {
	// Role is who speaks, Model the model's name, and StopReason why it stopped: "endTurn", "stopSequence", "maxTokens",
	// "toolUse", or what the client calls it.
	Role, Model, StopReason string
	// Content is text, images and audio.
	Content []content.Block
	// ToolUses are the calls that the model wants.
	ToolUses []ToolUse
}

// Text is all text of the content.
func (r *SampleResult) Text() string {
	var b strings.Builder
	for _, block := range r.Content {
		if t, ok := block.(content.TextBlock); ok {
			b.WriteString(t.Text)
		}
	}
	return b.String()
}

// Message is the result as a message of the conversation, for a request that goes on with it.
func (r *SampleResult) Message() SampleMessage {
	return SampleMessage{Role: r.Role, Content: r.Content, ToolUses: r.ToolUses}
}

// sampled is a piece of content of any kind that a model may answer with.
type sampled struct {
	Type     string  `json:"type"`
	Text     *string `json:"text"`
	Data     []byte  `json:"data"`
	MimeType string  `json:"mimeType"`
	ToolUse
}

// readSample reads a CreateMessageResult. Its content is one piece, or since 2025-11-25 several.
func readSample(key string, answer []byte) (*SampleResult, error) {
	unreadable := Errorf("The answer to the question %q is no message of a model.", key)
	r := &SampleResult{
		Role: protocol.String(scan.Find(answer, "role")), Model: protocol.String(scan.Find(answer, "model")),
		StopReason: protocol.String(scan.Find(answer, "stopReason")),
	}
	if r.Role != content.RoleAssistant && r.Role != content.RoleUser {
		return nil, unreadable
	}
	raw := scan.Find(answer, "content")
	if len(raw) > 0 && raw[0] == '{' {
		raw = append(append([]byte{'['}, raw...), ']')
	}
	var pieces []sampled
	if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &pieces) != nil { // null is no content
		return nil, unreadable
	}
	for _, p := range pieces {
		if !r.add(p) {
			return nil, unreadable
		}
	}
	return r, nil
}

// add adds a piece; false tells that it is none.
func (r *SampleResult) add(p sampled) bool {
	switch {
	case p.Type == "text" && p.Text != nil:
		r.Content = append(r.Content, content.Text(*p.Text))
	case p.Type == "image" && p.MimeType != "":
		r.Content = append(r.Content, content.ImageBlock{Data: p.Data, MimeType: p.MimeType})
	case p.Type == "audio" && p.MimeType != "":
		r.Content = append(r.Content, content.AudioBlock{Data: p.Data, MimeType: p.MimeType})
	case p.Type == "tool_use" && p.ID != "" && p.Name != "":
		r.ToolUses = append(r.ToolUses, p.ToolUse)
	default:
		return false
	}
	return true
}
