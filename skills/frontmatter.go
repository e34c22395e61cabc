package skills

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// skillName is what a skill may be called, in 1 to 64 characters; two hyphens in a row are not allowed either
// (https://agentskills.io/specification, name).
var skillName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$`)

// frontmatter is what SKILL.md begins with.
type frontmatter struct {
	name, description string
	json              []byte
	// rest are the fields other than these two, as JSON.
	rest map[string][]byte
}

// parse reads the skill's SKILL.md, and writes the entry that lists have.
func (s *skill) parse(config *Config) error {
	front, err := parseFrontmatter(s.files[0].data(), config)
	if err == nil {
		err = checkName(front.name, path.Base(s.path))
	}
	if err != nil {
		return fmt.Errorf("skills: %s: %w", path.Join(s.path, manifest), err)
	}
	s.name, s.description = front.name, front.description
	s.describe(front)
	return nil
}

func checkName(name, folder string) error {
	switch {
	case !skillName.MatchString(name) || strings.Contains(name, "--"):
		return fmt.Errorf("the name %q is not 1 to 64 small letters, digits and single hyphens between them: rename the skill", name)
	case name != folder:
		return fmt.Errorf("the name %q is not that of its folder, %q: make them the same", name, folder)
	}
	return nil
}

// parseFrontmatter reads what is between the first two lines "---" of a SKILL.md.
func parseFrontmatter(data []byte, config *Config) (*frontmatter, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8: save it as that")
	}
	text, found := cutFence(bytes.TrimPrefix(data, []byte("\ufeff")))
	if !found {
		return nil, errors.New(`it does not begin with YAML: write "---" on its first line, then name and description, then "---"`)
	}
	end := 0
	for {
		line, _, more := bytes.Cut(text[end:], []byte("\n"))
		if string(bytes.TrimRight(line, " \t\r")) == "---" {
			break
		}
		if !more {
			return nil, errors.New(`its YAML does not end: write "---" on the line after it`)
		}
		if end += len(line) + 1; end > config.MaxFrontmatter {
			return nil, fmt.Errorf("its YAML is longer than %d bytes: move text below it, or raise MaxFrontmatter", config.MaxFrontmatter)
		}
	}
	fields, err := parseYAML(text[:end])
	if err != nil {
		return nil, err
	}
	return readFields(fields, config)
}

// cutFence cuts the first line off, which is to be "---".
func cutFence(text []byte) (rest []byte, found bool) {
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	return rest, string(bytes.TrimSuffix(line, []byte("\r"))) == "---"
}

// parseYAML reads one document, whose root is a mapping.
func parseYAML(text []byte) (*yaml.Node, error) {
	var doc, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("its YAML: %w", err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("its YAML is no mapping: write a line with name: and one with description: in it")
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New(`its YAML is more than one document: take "..." out`)
	}
	return doc.Content[0], nil
}

func readFields(fields *yaml.Node, config *Config) (*frontmatter, error) {
	all, err := appendJSON(nil, fields, 0)
	if err != nil {
		return nil, fmt.Errorf("its YAML: %w", err)
	}
	f := &frontmatter{json: all, rest: make(map[string][]byte)}
	for i := 0; i < len(fields.Content); i += 2 {
		key, value := fields.Content[i].Value, fields.Content[i+1]
		switch key {
		case "name":
			f.name, err = stringOf(key, value)
		case "description":
			f.description, err = stringOf(key, value)
		default:
			f.rest[key], err = appendJSON(nil, value, 1)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case f.name == "":
		return nil, errors.New("its YAML has no name: write name: and that of the folder")
	case strings.TrimSpace(f.description) == "":
		return nil, errors.New("its YAML has no description: write description: and when the skill is of use")
	case utf8.RuneCountInString(f.description) > config.MaxDescription:
		return nil, fmt.Errorf("its description is longer than %d characters: shorten it, or raise MaxDescription above what Agent Skills allows", config.MaxDescription)
	}
	return f, nil
}

func stringOf(key string, n *yaml.Node) (string, error) {
	if n.Kind == yaml.ScalarNode {
		if kind, err := kindOf(n); err == nil && kind == kindString {
			return n.Value, nil
		}
	}
	return "", fmt.Errorf("its %s is no text: put it in quotes", key)
}
