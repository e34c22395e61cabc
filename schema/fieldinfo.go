package schema

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// FieldInfo tells what is known of one property of a plan's root.
type FieldInfo struct {
	// Name is the property's name in JSON.
	Name string
	// Type is the Go type of the field.
	Type reflect.Type
	// Title and Description come from the tags of these names.
	Title, Description string
	// Default is the value bound when the property is absent, as JSON; nil when there is none.
	Default []byte
	// Enum lists the values that `oneof` allows, as plain text; nil when there is no such tag.
	Enum []string
	// Format is the JSON Schema format that comes nearest to the field's tags and type: email, uri, date, date-time,
	// uuid, ipv4, ipv6, hostname. It may be narrower than what is accepted, so that the schema itself often has a
	// pattern instead.
	Format string
	// Required tells that the property must be there.
	Required bool
	// Tag is the field's whole struct tag, for features that have a tag of their own.
	Tag reflect.StructTag
}

func infoOf(f *field) FieldInfo {
	tag := f.field.Tag
	info := FieldInfo{
		Name: f.name, Type: f.field.Type, Title: tag.Get("title"), Description: tag.Get("description"),
		Default: f.fallback, Required: f.required, Tag: tag,
	}
	if f.node.base().shape == shapeTime {
		info.Format = "date-time"
	}
	for _, t := range f.tags.tags {
		if len(t.alts) != 1 {
			continue
		}
		c := t.alts[0]
		if c.name == "oneof" && info.Enum == nil {
			info.Enum = oneofValues(c.param)
		}
		if s := formatOf(c.name, c.param); s != "" && info.Format == "" {
			info.Format = s
		}
	}
	return info
}

// literalJSON writes the text of a `default` or `example` tag as JSON: text as it stands for everything that is a string
// in JSON, and otherwise the JSON that the tag holds.
func literalJSON(n *node, text string) ([]byte, error) {
	switch b := n.base(); b.shape {
	case shapeQuoted:
		if b.elem.shape == shapeString {
			text = string(scan.AppendString(nil, text)) // JSON in a string
		}
		return scan.AppendString(nil, text), nil
	case shapeString, shapeTime, shapeDuration, shapeText, shapeBytes:
		return scan.AppendString(nil, text), nil
	case shapeBool:
		if text != "true" && text != "false" {
			return nil, fmt.Errorf("%q is neither true nor false", text)
		}
	}
	if err := scan.Document([]byte(text)); err != nil {
		return nil, fmt.Errorf("%q is not JSON for a %s: %w", text, n.typ, err)
	}
	return []byte(strings.TrimSpace(text)), nil
}

func defaultJSON(n *node, tag reflect.StructTag) ([]byte, error) {
	text, ok := tag.Lookup("default")
	if !ok {
		return nil, nil
	}
	return literalJSON(n, text)
}

func exampleJSON(n *node, tag reflect.StructTag) ([]byte, error) {
	text, ok := tag.Lookup("example")
	if !ok {
		return nil, nil
	}
	return literalJSON(n, text)
}
