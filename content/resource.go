package content

import (
	"encoding/base64"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// ResourceBlock is a resource with its contents (schema: EmbeddedResource).
type ResourceBlock struct {
	// URI names the resource. The schema requires one.
	URI string
	// MimeType is the type of the contents. Empty: not said.
	MimeType string
	// Text is the contents, when Blob is nil.
	Text string
	// Blob is the contents when it is not nil, not base64. It is not copied: leave it alone until the block is written.
	Blob        []byte
	Annotations *Annotations
	Meta        map[string]any // _meta of the block; written from 2025-06-18 on
}

// Resource is an embedded resource of text. An empty mime is left out.
func Resource(uri, mime, text string) ResourceBlock {
	return ResourceBlock{URI: uri, MimeType: mime, Text: text}
}

// Blob is an embedded resource of bytes. An empty mime is sniffed.
func Blob(uri, mime string, data []byte) ResourceBlock {
	if data == nil {
		data = []byte{} // nil would make it a resource of text
	}
	if mime == "" {
		mime = Sniff(data)
	}
	return ResourceBlock{URI: uri, MimeType: mime, Blob: data}
}

func (b ResourceBlock) appendJSON(dst []byte, rev protocol.Revision) []byte {
	dst = append(dst, `{"type":"resource","resource":{"uri":`...)
	dst = scan.AppendString(dst, b.URI)
	dst = appendOptional(dst, "mimeType", b.MimeType)
	if b.Blob != nil {
		dst = append(dst, `,"blob":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, b.Blob)
		dst = append(dst, '"')
	} else {
		dst = append(dst, `,"text":`...)
		dst = scan.AppendString(dst, b.Text)
	}
	return appendTail(append(dst, '}'), b.Annotations, b.Meta, rev)
}
