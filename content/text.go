package content

import (
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// TextBlock is text (schema: TextContent). Bytes in it that are not UTF-8 are written as U+FFFD.
type TextBlock struct {
	Text        string         // UTF-8
	Annotations *Annotations   // nil: none
	Meta        map[string]any // _meta; written from 2025-06-18 on
}

// Text is a block of text.
func Text(s string) TextBlock { return TextBlock{Text: s} }

func (b TextBlock) appendJSON(dst []byte, rev protocol.Revision) []byte {
	dst = append(dst, `{"type":"text","text":`...)
	dst = scan.AppendString(dst, b.Text)
	return appendTail(dst, b.Annotations, b.Meta, rev)
}
