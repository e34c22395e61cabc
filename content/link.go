package content

import (
	"strconv"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// LinkBlock is a link to a resource that the client can read if it wants to (schema: ResourceLink). A client older than
// 2025-06-18, which has no links, is told the name, the URI and the description in text.
type LinkBlock struct {
	URI         string // required by the schema
	Name        string // required by the schema
	Title       string // for people; empty: not said
	Description string // empty: not said
	MimeType    string // of the resource; empty: not said
	// Size is the resource's size in bytes, before base64. nil: not known. Negative sizes are left out.
	Size        *int64
	Icons       []protocol.Icon // written from 2025-11-25 on
	Annotations *Annotations
	Meta        map[string]any // _meta; written from 2025-06-18 on
}

// Link is a link to the resource uri.
func Link(uri, name string) LinkBlock { return LinkBlock{URI: uri, Name: name} }

func (b LinkBlock) appendJSON(dst []byte, rev protocol.Revision) []byte {
	if !rev.HasResourceLinks() {
		return TextBlock{Text: b.told(), Annotations: b.Annotations, Meta: b.Meta}.appendJSON(dst, rev)
	}
	dst = append(dst, `{"type":"resource_link","uri":`...)
	dst = scan.AppendString(dst, b.URI)
	dst = scan.AppendString(append(dst, `,"name":`...), b.Name)
	if rev.HasTitles() {
		dst = appendOptional(dst, "title", b.Title)
	}
	dst = appendOptional(dst, "description", b.Description)
	dst = appendOptional(dst, "mimeType", b.MimeType)
	if b.Size != nil && *b.Size >= 0 {
		dst = strconv.AppendInt(append(dst, `,"size":`...), *b.Size, 10)
	}
	if len(b.Icons) > 0 && rev.HasIcons() {
		dst = appendIcons(append(dst, `,"icons":`...), b.Icons)
	}
	return appendTail(dst, b.Annotations, b.Meta, rev)
}

// told is the link in words.
func (b LinkBlock) told() string {
	name := b.Name
	if b.Title != "" {
		name = b.Title
	}
	text := name + ": " + b.URI
	if name == "" {
		text = b.URI
	}
	if b.Description != "" {
		text += "\n" + b.Description
	}
	return text
}

func appendIcons(dst []byte, icons []protocol.Icon) []byte {
	dst = append(dst, '[')
	for i, icon := range icons {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = scan.AppendString(append(dst, `{"src":`...), icon.Src)
		dst = appendOptional(dst, "mimeType", icon.MimeType)
		if len(icon.Sizes) > 0 {
			dst = append(dst, `,"sizes":[`...)
			for j, size := range icon.Sizes {
				if j > 0 {
					dst = append(dst, ',')
				}
				dst = scan.AppendString(dst, size)
			}
			dst = append(dst, ']')
		}
		dst = append(appendOptional(dst, "theme", icon.Theme), '}')
	}
	return append(dst, ']')
}
