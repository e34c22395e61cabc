package content

import (
	"encoding/base64"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// AppendContents appends what resources/read answers: a JSON array of the resources' contents, never null. A resource's
// Meta is that of its contents here; annotations are for lists and blocks, and are left out.
func AppendContents(dst []byte, contents []ResourceBlock, rev protocol.Revision) []byte {
	dst = append(dst, '[')
	for i := range contents {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = contents[i].appendContents(dst, rev)
	}
	return append(dst, ']')
}

func (b *ResourceBlock) appendContents(dst []byte, rev protocol.Revision) []byte {
	dst = scan.AppendString(append(dst, `{"uri":`...), b.URI)
	dst = appendOptional(dst, "mimeType", b.MimeType)
	if b.Blob != nil {
		dst = base64.StdEncoding.AppendEncode(append(dst, `,"blob":"`...), b.Blob)
		dst = append(dst, '"')
	} else {
		dst = scan.AppendString(append(dst, `,"text":`...), b.Text)
	}
	if len(b.Meta) > 0 && rev.HasItemMeta() {
		dst = appendMeta(dst, b.Meta)
	}
	return append(dst, '}')
}

// AppendJSON appends the annotations as a JSON object of revision rev.
func (a *Annotations) AppendJSON(dst []byte, rev protocol.Revision) []byte {
	const name = `,"annotations":`
	start := len(dst)
	if dst = a.appendMember(dst, rev); len(dst) == start {
		return append(dst, "{}"...)
	}
	return append(dst[:start], dst[start+len(name):]...)
}
