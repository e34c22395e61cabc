package responselimit

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// document is a result as a resource.
type document struct {
	mime   string
	binary bool
	data   []byte
}

// text is what a preview is made of.
func (d document) text() string {
	if d.binary {
		return ""
	}
	return string(d.data)
}

// documentOf is a result as the resource that comes nearest to it.
func documentOf(e fastmcp.Encoded) document {
	whole := e.AppendJSON(nil)
	structured, blocks := scan.Find(whole, "structuredContent"), scan.Find(whole, "content")
	all := scan.Elements(blocks, 2)
	if len(all) == 0 && structured != nil || len(all) == 1 && structured != nil && textOf(all[0]) == string(structured) {
		return document{mime: "application/json", data: structured}
	}
	if len(all) == 1 && structured == nil {
		if d, ok := documentOfBlock(all[0]); ok {
			return d
		}
	}
	return document{mime: "application/json", data: whole}
}

// documentOfBlock is one block of a result; ok is false where it says more than a resource could.
func documentOfBlock(block []byte) (d document, ok bool) {
	named := func(name string) string { return text(scan.Find(block, name)) }
	switch named("type") {
	case "text":
		return document{mime: "text/plain", data: []byte(named("text"))}, true
	case "image", "audio":
		data, err := base64.StdEncoding.DecodeString(named("data"))
		return document{mime: named("mimeType"), binary: true, data: data}, err == nil
	case "resource":
		r := scan.Find(block, "resource")
		mime := text(scan.Find(r, "mimeType"))
		if blob := scan.Find(r, "blob"); blob != nil {
			data, err := base64.StdEncoding.DecodeString(text(blob))
			return document{mime: mime, binary: true, data: data}, err == nil
		}
		return document{mime: mime, data: []byte(text(scan.Find(r, "text")))}, true
	}
	return document{}, false
}

// textOf is the text of a block of text.
func textOf(block []byte) string {
	if string(scan.Find(block, "type")) != `"text"` {
		return ""
	}
	return text(scan.Find(block, "text"))
}

// allText is all text of a result.
func allText(e fastmcp.Encoded) string {
	var all []string
	for _, block := range scan.Elements(scan.Find(e.AppendJSON(nil), "content"), 1<<20) {
		if t := textOf(block); t != "" {
			all = append(all, t)
		}
	}
	return strings.Join(all, "\n")
}

// text is a JSON string's; "" when it is none.
func text(raw []byte) string {
	if len(raw) == 0 || raw[0] != '"' {
		return ""
	}
	return string(scan.Text(nil, raw))
}

// cut is the beginning of a text: of at most most bytes, of at most encoded bytes in JSON, and of whole characters.
func cut(text string, most, encoded int) string {
	if most <= 0 {
		return ""
	}
	n := min(len(text), most)
	for {
		for n > 0 && n < len(text) && !utf8.RuneStart(text[n]) {
			n--
		}
		size := len(scan.AppendString(nil, text[:n]))
		if size <= encoded || n == 0 {
			return text[:n]
		}
		n = min(n-1, n*encoded/size)
	}
}

// sizeOf is how long something is in JSON; what cannot be written has no size.
func sizeOf(v any) int {
	b, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(b)
}
