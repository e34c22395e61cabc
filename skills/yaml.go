package skills

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds how deep the YAML of a SKILL.md nests.
const maxDepth = 32

// The kinds of a scalar.
const (
	kindString = iota
	kindNull
	kindBool
	kindInt
	kindFloat
)

// The core schema of YAML 1.2 (10.3.2), which is what clients read a SKILL.md by: "yes", 2024-01-01 and 0:30 are text.
var (
	yamlNull  = regexp.MustCompile(`^(null|Null|NULL|~|)$`)
	yamlBool  = regexp.MustCompile(`^(true|True|TRUE|false|False|FALSE)$`)
	yamlInt   = regexp.MustCompile(`^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$`)
	yamlFloat = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	yamlOther = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
)

// appendJSON writes a YAML node as JSON. The fields stay in their order: an entry is to be what its author wrote, and
// clients may compare it as text.
func appendJSON(b []byte, n *yaml.Node, depth int) ([]byte, error) {
	if depth >= maxDepth && n.Kind != yaml.ScalarNode {
		return nil, fmt.Errorf("line %d: it nests deeper than %d", n.Line, maxDepth)
	}
	switch n.Kind {
	case yaml.MappingNode:
		return appendMapping(b, n, depth)
	case yaml.SequenceNode:
		b = append(b, '[')
		for i, item := range n.Content {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = appendJSON(b, item, depth+1); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case yaml.ScalarNode:
		return appendScalar(b, n)
	}
	// An alias of an alias of an alias is how a short text becomes a very long one.
	return nil, fmt.Errorf("line %d: the alias *%s: write out what it stands for", n.Line, n.Value)
}

func appendMapping(b []byte, n *yaml.Node, depth int) ([]byte, error) {
	b = append(b, '{')
	seen := make(map[string]bool)
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("line %d: a key that is no text", key.Line)
		}
		if seen[key.Value] {
			return nil, fmt.Errorf("line %d: the key %q is there twice", key.Line, key.Value)
		}
		if seen[key.Value] = true; i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, key.Value), ':')
		var err error
		if b, err = appendJSON(b, n.Content[i+1], depth+1); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendScalar(b []byte, n *yaml.Node) ([]byte, error) {
	kind, err := kindOf(n)
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", n.Line, err)
	}
	switch kind {
	case kindNull:
		return append(b, "null"...), nil
	case kindBool:
		return append(b, strings.ToLower(n.Value)...), nil
	case kindInt:
		return appendInt(b, n.Value), nil
	case kindFloat:
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil {
			return nil, fmt.Errorf("line %d: %s is too large a number: put it in quotes", n.Line, n.Value)
		}
		number, err := json.Marshal(f)
		return append(b, number...), err
	}
	return appendString(b, n.Value), nil
}

// kindOf is what a scalar stands for.
func kindOf(n *yaml.Node) (int, error) {
	tag := n.ShortTag()
	switch {
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 && n.Style&yaml.TaggedStyle == 0,
		n.Style&yaml.TaggedStyle != 0 && tag == "!!str":
		return kindString, nil
	case n.Style&yaml.TaggedStyle != 0:
		return 0, fmt.Errorf("the tag %s: leave it out", n.Tag)
	case yamlNull.MatchString(n.Value):
		return kindNull, nil
	case yamlBool.MatchString(n.Value):
		return kindBool, nil
	case yamlInt.MatchString(n.Value):
		return kindInt, nil
	case yamlFloat.MatchString(n.Value):
		return kindFloat, nil
	case yamlOther.MatchString(n.Value):
		return 0, errors.New(n.Value + " is no number of JSON: put it in quotes")
	}
	return kindString, nil
}

func appendInt(b []byte, s string) []byte {
	base := 10
	switch {
	case strings.HasPrefix(s, "0o"):
		base, s = 8, s[2:]
	case strings.HasPrefix(s, "0x"):
		base, s = 16, s[2:]
	}
	n, _ := new(big.Int).SetString(s, base) // it is made of digits
	return n.Append(b, 10)
}

// appendString is encoding/json, without its escapes for HTML pages.
func appendString(b []byte, s string) []byte {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always marshals
	return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...)
}
