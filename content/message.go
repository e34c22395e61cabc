package content

import (
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Who speaks (schema: Role).
const (
	RoleUser      = "user"
	RoleAssistant = "assistant"
)

// Message is one message of a prompt (schema: PromptMessage).
type Message struct {
	Role    string // RoleUser or RoleAssistant; anything else is written as RoleUser
	Content Block
}

// User is what the user says.
func User(b Block) Message { return Message{Role: RoleUser, Content: b} }

// Assistant is what the model says.
func Assistant(b Block) Message { return Message{Role: RoleAssistant, Content: b} }

// AppendMessages appends messages as a JSON array, their content as [Append] does. No messages are [], never null.
func AppendMessages(dst []byte, messages []Message, rev protocol.Revision) []byte {
	dst = append(dst, '[')
	for i, m := range messages {
		if i > 0 {
			dst = append(dst, ',')
		}
		role := RoleUser
		if m.Role == RoleAssistant {
			role = RoleAssistant
		}
		dst = scan.AppendString(append(dst, `{"role":`...), role)
		dst = Append(append(dst, `,"content":`...), m.Content, rev)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
