package content

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// AudioBlock is sound (schema: AudioContent). A client of 2024-11-05, which has no audio, is told its type and size in
// text.
type AudioBlock struct {
	// Data is the sound itself, not base64. It is not copied: leave it alone until the block is written.
	Data []byte
	// MimeType is the sound's type, such as "audio/wav". Empty: sniffed when the block is written.
	MimeType    string
	Annotations *Annotations
	Meta        map[string]any // _meta; written from 2025-06-18 on
}

// Audio is a block of the sound data, its MIME type found by [Sniff]. Containers that hold sound or film (MP4, Ogg,
// WebM) are taken at your word: video/mp4 becomes audio/mp4. Data that is no sound keeps the type that it has.
func Audio(data []byte) AudioBlock { return AudioBlock{Data: data, MimeType: sniffAudio(data)} }

// AudioFile reads sound from the file at path. It is an error when the file is not a regular file, is larger than
// [DefaultMaxFileBytes] or than the bound in config, or is no sound.
func AudioFile(path string, config ...FileConfig) (AudioBlock, error) {
	data, err := readFile(path, config)
	if err != nil {
		return AudioBlock{}, err
	}
	block := Audio(data)
	return block, checkKind(path, "audio", block.MimeType)
}

func sniffAudio(data []byte) string {
	mime := Sniff(data)
	switch mime {
	case "video/mp4", "video/ogg", "video/webm":
		return "audio" + strings.TrimPrefix(mime, "video")
	case "application/ogg":
		return "audio/ogg"
	}
	return mime
}

func (b AudioBlock) appendJSON(dst []byte, rev protocol.Revision) []byte {
	if b.MimeType == "" {
		b.MimeType = sniffAudio(b.Data)
	}
	if !rev.HasAudio() {
		told := "[Audio left out: " + b.MimeType + ", " + strconv.Itoa(len(b.Data)) +
			" bytes. Protocol revision " + protocol.V20241105.String() + " cannot carry audio.]"
		return TextBlock{Text: told, Annotations: b.Annotations, Meta: b.Meta}.appendJSON(dst, rev)
	}
	dst = appendMedia(dst, `{"type":"audio","data":"`, b.Data, b.MimeType)
	return appendTail(dst, b.Annotations, b.Meta, rev)
}

// appendMedia writes what images and audio share, up to the annotations. head ends with the quote of the data.
func appendMedia(dst []byte, head string, data []byte, mime string) []byte {
	dst = append(dst, head...)
	dst = base64.StdEncoding.AppendEncode(dst, data)
	dst = append(dst, `","mimeType":`...)
	return scan.AppendString(dst, mime)
}
