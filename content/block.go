package content

import (
	"math"
	"strconv"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Block is one piece of content. The interface is sealed, because the protocol's union of block types is closed: the
// blocks are [TextBlock], [ImageBlock], [AudioBlock], [ResourceBlock] and [LinkBlock], all used by value.
type Block interface {
	appendJSON(dst []byte, rev protocol.Revision) []byte
}

// Annotations tell the client for whom a block is and how much it matters (schema: Annotations). What the schema does
// not allow is left out when they are written, since a client may refuse a result for it.
type Annotations struct {
	// Audience names whom the block is for: "user", "assistant" or both. Other names are left out. Empty: anybody.
	Audience []string
	// Priority is how much the block matters, from 0, optional, to 1, required. Outside of these bounds it is left out.
	// nil: not said.
	Priority *float64
	// LastModified is when the content was last changed, in ISO 8601, such as "2025-01-12T15:00:58Z". Written from
	// 2025-06-18 on. Empty: not said.
	LastModified string
}

// Append appends b as JSON for a client of rev. It allocates nothing itself while dst has room, unless there is a Meta
// or the block has to be told in text.
//
// What rev does not have is adapted: audio (before 2025-03-26) and links (before 2025-06-18) become a text block that
// says what was left out; _meta and lastModified (before 2025-06-18) and icons (before 2025-11-25) are left out. A Meta
// that encoding/json cannot write is left out as a whole: the content is worth more than its metadata, and by now there
// is nobody left to return an error to. A nil b becomes an empty text block, so that the JSON around it stays valid.
func Append(dst []byte, b Block, rev protocol.Revision) []byte {
	if b == nil {
		b = TextBlock{}
	}
	return b.appendJSON(dst, rev)
}

// AppendAll appends blocks as a JSON array, each as [Append] does. No blocks are [], never null; nil blocks are skipped.
func AppendAll(dst []byte, blocks []Block, rev protocol.Revision) []byte {
	dst = append(dst, '[')
	start := len(dst)
	for _, b := range blocks {
		if b == nil {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = b.appendJSON(dst, rev)
	}
	return append(dst, ']')
}

// appendTail writes what every block ends with: annotations, _meta and the brace.
func appendTail(dst []byte, a *Annotations, meta map[string]any, rev protocol.Revision) []byte {
	if a != nil {
		dst = a.appendMember(dst, rev)
	}
	if len(meta) > 0 && rev.HasItemMeta() {
		dst = appendMeta(dst, meta)
	}
	return append(dst, '}')
}

// appendMember writes the annotations as a member after others; nothing when rev can be told nothing.
func (a *Annotations) appendMember(dst []byte, rev protocol.Revision) []byte {
	undo := len(dst)
	dst = append(dst, `,"annotations":{`...)
	start := len(dst)
	dst = a.appendAudience(dst)
	if p := a.Priority; p != nil && *p >= 0 && *p <= 1 && !math.IsNaN(*p) {
		dst = appendName(dst, start, "priority")
		dst = strconv.AppendFloat(dst, *p, 'g', -1, 64)
	}
	if a.LastModified != "" && rev.HasLastModified() {
		dst = appendName(dst, start, "lastModified")
		dst = scan.AppendString(dst, a.LastModified)
	}
	if len(dst) == start {
		return dst[:undo]
	}
	return append(dst, '}')
}

// appendAudience writes the audience as the first member; nothing when no name in it is a role.
func (a *Annotations) appendAudience(dst []byte) []byte {
	undo := len(dst)
	dst = append(dst, `"audience":[`...)
	start := len(dst)
	for _, role := range a.Audience {
		if role != RoleUser && role != RoleAssistant {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = scan.AppendString(dst, role)
	}
	if len(dst) == start {
		return dst[:undo]
	}
	return append(dst, ']')
}

// appendName writes a member's name, which needs no escapes; start is where the object's members began.
func appendName(dst []byte, start int, name string) []byte {
	if len(dst) > start {
		dst = append(dst, ',')
	}
	dst = append(append(dst, '"'), name...)
	return append(dst, '"', ':')
}

// appendOptional writes a member after others, unless its text is empty.
func appendOptional(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	dst = append(append(dst, ',', '"'), name...)
	return scan.AppendString(append(dst, '"', ':'), text)
}
