package content

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
)

const unknownType = "application/octet-stream"

// Sniff finds the MIME type of data by what it begins with, without parameters: "image/png", "audio/wav", "text/plain".
// It never fails: what it does not know is "application/octet-stream".
//
// Text comes first: data that is UTF-8 without control characters is text however it begins, since a word such as "BMW"
// also begins as a bitmap does. Of the kinds of text only JSON, SVG, HTML, XML and PDF are told apart; a guess at others
// is too often wrong, and they are "text/plain". Names are normalised to those that clients know: audio/mp4 rather than
// audio/x-m4a, image/png for animated PNG, audio/webm for WebM that has sound only.
func Sniff(data []byte) (mimeType string) {
	mimeType, _ = sniff(data)
	return mimeType
}

// sniff also tells whether data is text, which FromBytes needs to know.
func sniff(data []byte) (mime string, text bool) {
	mime, _, _ = strings.Cut(mimetype.Detect(data).String(), ";")
	if isText(data) {
		return textType(mime)
	}
	return binaryType(mime, data), false
}

// binaryType puts the library's findings right.
func binaryType(mime string, data []byte) string {
	switch mime {
	case "image/apng":
		return "image/png" // every animated PNG is a PNG, and models know only that name
	case "audio/x-m4a":
		return "audio/mp4" // RFC 4337
	case "audio/x-unknown":
		return "audio/x-voc"
	case "video/webm":
		return webmType(data)
	}
	if strings.HasPrefix(mime, "text/") || mime == "application/json" {
		return unknownType // began as text, but is not UTF-8 to its end, and so cannot be sent as text
	}
	return mime
}

// FromBytes makes the block that suits data: an [ImageBlock] or an [AudioBlock] when it is one, a [TextBlock] when it is
// UTF-8 text, and otherwise an embedded [ResourceBlock]. SVG is text: it is readable as such, while a model that is given
// an image in SVG refuses the whole conversation; use [Image] for clients that draw it.
//
// Bytes have no name and the schema requires a URI, so the resource is named by its contents (RFC 6920):
// ni:///sha-256;<base64url>. It is a registered scheme, equal data has the same name on every node, and the name does
// not look like an address that a client could try to read.
func FromBytes(data []byte) Block {
	mime, text := sniff(data)
	switch {
	case text:
		return TextBlock{Text: string(data)}
	case strings.HasPrefix(mime, "image/"):
		return ImageBlock{Data: data, MimeType: mime}
	case strings.HasPrefix(mime, "audio/"):
		return AudioBlock{Data: data, MimeType: mime}
	}
	return Blob(contentName(data), mime, data)
}

func contentName(data []byte) string {
	sum := sha256.Sum256(data)
	return "ni:///sha-256;" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// isText tells that data can be a JSON string and be read by people: UTF-8 without control characters, but for white
// space, backspace and the escape of terminal colours.
func isText(data []byte) bool {
	for _, c := range data {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\b' && c != 0x1b {
			return false
		}
	}
	return utf8.Valid(data)
}

// textType keeps the kinds of text that are certain. A PDF may be spelt in characters only, and is still not for reading.
func textType(mime string) (kind string, text bool) {
	switch mime {
	case "application/json", "image/svg+xml", "text/html", "text/xml":
		return mime, true
	case "application/pdf":
		return mime, false
	}
	return "text/plain", true
}

// webmType looks for the codecs of the tracks, which stand in the first few kilobytes (Matroska: CodecID).
func webmType(data []byte) string {
	head := data[:min(len(data), 4096)]
	if bytes.Contains(head, []byte("A_OPUS")) || bytes.Contains(head, []byte("A_VORBIS")) {
		if !bytes.Contains(head, []byte("V_")) {
			return "audio/webm"
		}
	}
	return "video/webm"
}
