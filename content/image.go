package content

import "github.com/fastmcp-go/fastmcp/protocol"

// ImageBlock is an image (schema: ImageContent).
type ImageBlock struct {
	// Data is the image itself, not base64. It is not copied: leave it alone until the block is written.
	Data []byte
	// MimeType is the image's type, such as "image/png". Empty: sniffed when the block is written.
	MimeType    string
	Annotations *Annotations
	Meta        map[string]any // _meta; written from 2025-06-18 on
}

// Image is a block of the image data, its MIME type found by [Sniff]. Data that is no image keeps the type that it has,
// so that the client can say what is wrong with it.
func Image(data []byte) ImageBlock { return ImageBlock{Data: data, MimeType: Sniff(data)} }

// ImageFile reads an image from the file at path. It is an error when the file is not a regular file, is larger than
// [DefaultMaxFileBytes] or than the bound in config, or is no image.
func ImageFile(path string, config ...FileConfig) (ImageBlock, error) {
	data, err := readFile(path, config)
	if err != nil {
		return ImageBlock{}, err
	}
	block := Image(data)
	return block, checkKind(path, "image", block.MimeType)
}

func (b ImageBlock) appendJSON(dst []byte, rev protocol.Revision) []byte {
	if b.MimeType == "" {
		b.MimeType = Sniff(b.Data)
	}
	dst = appendMedia(dst, `{"type":"image","data":"`, b.Data, b.MimeType)
	return appendTail(dst, b.Annotations, b.Meta, rev)
}
