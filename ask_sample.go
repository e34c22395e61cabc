package fastmcp

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// SampleRequest is what a client's model is asked.
type SampleRequest struct {
	// Messages are the conversation so far, and Prompt a user's text at its end. One of them is needed.
	Messages []SampleMessage
	Prompt   string
	System   string
	// MaxTokens bounds the answer. Default: 1024.
	MaxTokens int
	// Temperature is how free the answer is; nil leaves it to the client.
	Temperature   *float64
	StopSequences []string
	// Model says which model it should be; the client decides.
	Model    ModelPreferences
	Metadata map[string]any
	// Tools are what the model may call, in revisions since 2025-11-25 and with clients that can. A call is not made: the
	// result has it, and the handler asks again with what became of it. ToolChoice is "auto", "required" or "none".
	Tools      []SampleTool
	ToolChoice string
}

// ModelPreferences are hints for the choice of a model. Hints are parts of names, best first; the others are from 0 to 1,
// and 0 is not said.
type ModelPreferences struct {
	Hints                     []string
	Cost, Speed, Intelligence float64
}

// SampleMessage is one message of a conversation. Its content is text, images and audio.
type SampleMessage struct {
	// Role is content.RoleUser or content.RoleAssistant. Default: the user.
	Role    string
	Content []content.Block
	// ToolUses are the calls that the assistant has asked for, and ToolResults what the user's side answers to them. A
	// message with results has nothing else.
	ToolUses    []ToolUse
	ToolResults []ToolResult
}

// SampleTool is a tool that a client's model may call.
type SampleTool struct {
	// Name is what the model calls it by, and Description tells the model when to.
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// InputSchema is the JSON Schema of its arguments. Default: an object of anything.
	InputSchema json.RawMessage `json:"inputSchema"`
}

// ToolUse is a call that a model wants.
type ToolUse struct {
	// ID is what its result names it by; Name is the tool, and Input its arguments, as JSON.
	ID    string          `json:"id"`
	Name  string          `json:"name"`
	Input json.RawMessage `json:"input"`
}

// ToolResult is what became of a ToolUse.
type ToolResult struct {
	ToolUseID string
	Content   []content.Block
	IsError   bool
}

// Sample asks the client's model. The key is that of Elicit.
func (c *Context) Sample(key string, r SampleRequest) (*SampleResult, error) {
	q, result, err := r.question(key, c.asker())
	if err != nil {
		return nil, err
	}
	if err := c.ask(q); err != nil {
		return nil, err
	}
	return *result, nil
}

// question makes the question. result is there when it has been answered.
func (r SampleRequest) question(key string, to asker) (q *question, result **SampleResult, err error) {
	params, err := r.params(to.revision)
	if err != nil {
		return nil, nil, fmt.Errorf("fastmcp: the sampling %q: %w", key, err)
	}
	q = &question{key: key, method: protocol.MethodSample, params: params, able: to.can.Sampling, needs: `{"sampling":{}}`}
	if r.needsTools() {
		if !to.revision.HasSamplingTools() {
			return nil, nil, &UnsupportedError{Method: protocol.MethodSample, Reason: "its revision of the protocol samples without tools"}
		}
		q.able, q.needs = to.can.SamplingTools, `{"sampling":{"tools":{}}}`
	}
	result = new(*SampleResult)
	q.read = func(answer []byte) (err error) {
		*result, err = readSample(key, answer)
		return err
	}
	return q, result, nil
}

func (r *SampleRequest) needsTools() bool {
	return len(r.Tools) > 0 || r.ToolChoice != "" || slices.ContainsFunc(r.Messages, func(m SampleMessage) bool {
		return len(m.ToolUses)+len(m.ToolResults) > 0
	})
}

// params writes the params of sampling/createMessage.
func (r SampleRequest) params(revision protocol.Revision) ([]byte, error) {
	if r.Prompt != "" {
		r.Messages = append(slices.Clip(r.Messages), SampleMessage{Content: []content.Block{content.Text(r.Prompt)}})
	}
	if len(r.Messages) == 0 {
		return nil, fmt.Errorf("there is nothing to answer: set Prompt or Messages")
	}
	fallback(&r.MaxTokens, 1024)
	messages, err := appendSampleMessages(nil, r.Messages, revision)
	if err != nil {
		return nil, err
	}
	wire := map[string]any{"messages": json.RawMessage(messages), "maxTokens": r.MaxTokens}
	say(wire, "systemPrompt", r.System, r.System != "")
	say(wire, "temperature", r.Temperature, r.Temperature != nil)
	say(wire, "stopSequences", r.StopSequences, len(r.StopSequences) > 0)
	say(wire, "metadata", r.Metadata, len(r.Metadata) > 0)
	say(wire, "toolChoice", map[string]string{"mode": r.ToolChoice}, r.ToolChoice != "")
	say(wire, "tools", sampleTools(r.Tools), len(r.Tools) > 0)
	model := r.Model.wire()
	say(wire, "modelPreferences", model, len(model) > 0)
	return marshal(wire)
}

// say sets what is said.
func say(object map[string]any, name string, value any, said bool) {
	if said {
		object[name] = value
	}
}

func (p *ModelPreferences) wire() map[string]any {
	wire := map[string]any{}
	var hints []map[string]string
	for _, name := range p.Hints {
		hints = append(hints, map[string]string{"name": name})
	}
	say(wire, "hints", hints, len(hints) > 0)
	say(wire, "costPriority", p.Cost, p.Cost != 0)
	say(wire, "speedPriority", p.Speed, p.Speed != 0)
	say(wire, "intelligencePriority", p.Intelligence, p.Intelligence != 0)
	return wire
}

func sampleTools(tools []SampleTool) []SampleTool {
	tools = slices.Clone(tools)
	for i := range tools {
		if len(tools[i].InputSchema) == 0 {
			tools[i].InputSchema = json.RawMessage(`{"type":"object"}`)
		}
	}
	return tools
}

// appendSampleMessages writes messages. Where the revision has one piece of content a message, a message with several is
// several messages of the same role.
func appendSampleMessages(dst []byte, messages []SampleMessage, r protocol.Revision) ([]byte, error) {
	var all []string
	for _, m := range messages {
		role := content.RoleUser
		if m.Role == content.RoleAssistant {
			role = content.RoleAssistant
		}
		pieces, err := m.pieces(r)
		if err != nil {
			return nil, err
		}
		head := `{"role":"` + role + `","content":`
		if len(pieces) > 1 && r.HasSamplingTools() {
			all = append(all, head+"["+strings.Join(pieces, ",")+"]}")
			continue
		}
		for _, piece := range pieces {
			all = append(all, head+piece+"}")
		}
	}
	return append(append(append(dst, '['), strings.Join(all, ",")...), ']'), nil
}

// pieces are the blocks of a message as JSON.
func (m *SampleMessage) pieces(r protocol.Revision) (all []string, err error) {
	for _, b := range m.Content {
		switch b.(type) {
		case content.TextBlock, content.ImageBlock, content.AudioBlock:
			all = append(all, string(content.Append(nil, b, r)))
		default:
			return nil, fmt.Errorf("a message is of text, images and audio, and not of %T", b)
		}
	}
	for _, u := range m.ToolUses {
		if len(u.Input) == 0 {
			u.Input = json.RawMessage("{}")
		}
		b, err := marshal(struct {
			Type string `json:"type"`
			ToolUse
		}{"tool_use", u})
		if err != nil {
			return nil, err
		}
		all = append(all, string(b))
	}
	for _, result := range m.ToolResults {
		b := scan.AppendString([]byte(`{"type":"tool_result","toolUseId":`), result.ToolUseID)
		b = content.AppendAll(append(b, `,"content":`...), result.Content, r)
		if result.IsError {
			b = append(b, `,"isError":true`...)
		}
		all = append(all, string(append(b, '}')))
	}
	return all, nil
}
