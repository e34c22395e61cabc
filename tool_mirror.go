package fastmcp

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// mirror is an argument that an HTTP header repeats: its schema says "x-mcp-header" (SEP-2243).
type mirror struct {
	header string
	path   []string
}

// compileMirrors finds the arguments that headers repeat, and refuses what clients would drop the tool for.
func compileMirrors(t *tool) error {
	var root map[string]any
	if err := json.Unmarshal(t.wire.InputSchema, &root); err != nil {
		return err
	}
	if !strings.Contains(string(t.wire.InputSchema), `"x-mcp-header"`) {
		return nil
	}
	found := 0
	if err := t.collectMirrors(root, nil, &found); err != nil {
		return err
	}
	if found != countMirrors(root) {
		return fmt.Errorf("x-mcp-header may only stand in properties of the root and of objects in it")
	}
	return nil
}

func (t *tool) collectMirrors(object map[string]any, path []string, found *int) error {
	properties, _ := object["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) { // so that what is wrong is told the same way each time
		property, ok := properties[name].(map[string]any)
		if !ok {
			continue
		}
		at := append(append([]string(nil), path...), name)
		if h, ok := property["x-mcp-header"]; ok {
			*found++
			header, err := mirrorName(h, property["type"])
			if err != nil {
				return fmt.Errorf("the argument %s: %w", strings.Join(at, "."), err)
			}
			for _, m := range t.mirrors {
				if strings.EqualFold(m.header, header) {
					return fmt.Errorf("two arguments are repeated in the header %s", header)
				}
			}
			t.mirrors = append(t.mirrors, mirror{header: header, path: at})
		}
		if err := t.collectMirrors(property, at, found); err != nil {
			return err
		}
	}
	return nil
}

func mirrorName(name, kind any) (string, error) {
	s, ok := name.(string)
	if !ok || s == "" || strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("!#$%&'*+-.^_`|~", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		return "", fmt.Errorf("x-mcp-header must be the token of a header's name (RFC 9110)")
	}
	switch kind {
	case "string", "integer", "boolean":
		return protocol.HeaderParamPrefix + s, nil
	}
	return "", fmt.Errorf("x-mcp-header is for strings, integers and booleans")
}

// countMirrors counts the x-mcp-header of a whole schema, wherever in it schemas stand.
func countMirrors(schema any) (n int) {
	switch schema := schema.(type) {
	case map[string]any:
		for keyword, v := range schema {
			switch keyword {
			case "x-mcp-header":
				n++
			case "default", "const", "enum", "examples": // values, not schemas
			case "properties", "patternProperties", "dependentSchemas", "$defs", "definitions":
				named, _ := v.(map[string]any)
				for _, child := range named {
					n += countMirrors(child)
				}
			default:
				n += countMirrors(v)
			}
		}
	case []any:
		for _, child := range schema {
			n += countMirrors(child)
		}
	}
	return n
}

// checkMirrors compares the headers of a call with its arguments.
func (t *tool) checkMirrors(c *rpc.Call) *rpc.Refusal {
	for i := range t.mirrors {
		m := &t.mirrors[i]
		raw := scan.Find(c.Args, m.path...)
		present := len(raw) > 0 && raw[0] != 'n'
		values := c.Peer.HeaderValues(m.header)
		switch {
		case !present && len(values) == 0:
			continue
		case !present:
			return mismatch("%s is set, but the argument %s is not", m.header, strings.Join(m.path, "."))
		case len(values) == 0:
			return mismatch("%s is required, because the argument %s is set", m.header, strings.Join(m.path, "."))
		}
		for _, value := range values {
			if text, ok := protocol.DecodeHeader(value); !ok || !protocol.HeaderEquals(text, raw) {
				return mismatch("%s does not repeat the argument %s", m.header, strings.Join(m.path, "."))
			}
		}
	}
	return nil
}

func mismatch(format string, args ...any) *rpc.Refusal {
	return rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeHeaderMismatch, "Header mismatch: "+format, args...))
}
