package content

import (
	"encoding/json"
	"fmt"

	"github.com/fastmcp-go/fastmcp/protocol"
)

// parsed is a block of any kind, as the schema has it.
type parsed struct {
	Type     string  `json:"type"`
	Text     *string `json:"text"`
	Data     []byte  `json:"data"`
	MimeType string  `json:"mimeType"`
	Resource *struct {
		URI      string  `json:"uri"`
		MimeType string  `json:"mimeType"`
		Text     *string `json:"text"`
		Blob     []byte  `json:"blob"`
	} `json:"resource"`
	URI         string         `json:"uri"`
	Name        string         `json:"name"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Size        *int64         `json:"size"`
	Icons       []parsedIcon   `json:"icons"`
	Annotations *parsedNote    `json:"annotations"`
	Meta        map[string]any `json:"_meta"`
}

type parsedIcon struct {
	Src      string   `json:"src"`
	MimeType string   `json:"mimeType"`
	Sizes    []string `json:"sizes"`
	Theme    string   `json:"theme"`
}

type parsedNote struct {
	Audience     []string `json:"audience"`
	Priority     *float64 `json:"priority"`
	LastModified string   `json:"lastModified"`
}

// ParseAll reads a JSON array of blocks, which is what [AppendAll] writes: the content of a result. It is an error when data is no
// such array, or has a block of a type that the protocol does not have.
func ParseAll(data []byte) ([]Block, error) {
	var all []parsed
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("content: not an array of blocks: %w", err)
	}
	blocks := make([]Block, len(all))
	for i := range all {
		b, err := all[i].block()
		if err != nil {
			return nil, fmt.Errorf("content: block %d: %w", i, err)
		}
		blocks[i] = b
	}
	return blocks, nil
}

func (p *parsed) block() (Block, error) {
	a := p.Annotations.annotations()
	switch {
	case p.Type == "text" && p.Text != nil:
		return TextBlock{Text: *p.Text, Annotations: a, Meta: p.Meta}, nil
	case p.Type == "image" && p.Data != nil:
		return ImageBlock{Data: p.Data, MimeType: p.MimeType, Annotations: a, Meta: p.Meta}, nil
	case p.Type == "audio" && p.Data != nil:
		return AudioBlock{Data: p.Data, MimeType: p.MimeType, Annotations: a, Meta: p.Meta}, nil
	case p.Type == "resource_link" && p.URI != "":
		return LinkBlock{
			URI: p.URI, Name: p.Name, Title: p.Title, Description: p.Description, MimeType: p.MimeType, Size: p.Size, Icons: p.icons(),
			Annotations: a, Meta: p.Meta,
		}, nil
	case p.Type == "resource" && p.Resource != nil && (p.Resource.Text != nil || p.Resource.Blob != nil):
		r := p.Resource
		b := ResourceBlock{URI: r.URI, MimeType: r.MimeType, Blob: r.Blob, Annotations: a, Meta: p.Meta}
		if r.Text != nil {
			b.Text = *r.Text
		}
		return b, nil
	}
	return nil, fmt.Errorf("it is no text, image, audio, resource or resource_link, or lacks what that has: type %q", p.Type)
}

func (p *parsed) icons() (all []protocol.Icon) {
	for _, i := range p.Icons {
		all = append(all, protocol.Icon{Src: i.Src, MimeType: i.MimeType, Sizes: i.Sizes, Theme: i.Theme})
	}
	return all
}

func (n *parsedNote) annotations() *Annotations {
	if n == nil {
		return nil
	}
	return &Annotations{Audience: n.Audience, Priority: n.Priority, LastModified: n.LastModified}
}
