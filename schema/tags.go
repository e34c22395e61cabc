package schema

import (
	"fmt"
	"slices"
	"strings"
)

// tagset is a `validate` tag taken apart, up to a `dive`.
type tagset struct {
	required bool
	omit     bool     // omitempty, omitnil or omitzero
	ignored  bool     // "-"
	level    string   // structonly or nostructlevel
	early    []string // tags that may look beyond the value, not preceded by omitempty: they run on absent fields too
	tags     []tag    // the others
	dive     bool
	keys     *tagset // between keys and endkeys
	elem     *tagset // after dive
}

// tag is one condition: a call, or several of which one must hold.
type tag struct {
	text string // as written, for the validator
	alts []call
	own  bool // it looks at nothing but the value, and the validator has it built in
}

type call struct{ name, param string }

// parseTags takes the text of a `validate` tag apart. Aliases of the Config are replaced by what they stand for.
func parseTags(text string, aliases map[string]string) (*tagset, error) {
	if text == "" {
		return &tagset{}, nil
	}
	if text == "-" {
		return &tagset{ignored: true}, nil
	}
	parts := strings.Split(text, ",")
	if len(aliases) > 0 {
		var out []string
		for _, p := range parts {
			if full, ok := aliases[p]; ok {
				out = append(out, strings.Split(full, ",")...)
			} else {
				out = append(out, p)
			}
		}
		parts = out
	}
	return parseParts(parts, aliases)
}

func parseParts(parts []string, aliases map[string]string) (*tagset, error) {
	ts := &tagset{}
	for i, p := range parts {
		switch p {
		case "":
			return nil, fmt.Errorf("an empty tag between commas; remove the comma")
		case "required":
			ts.required = true
		case "omitempty", "omitnil", "omitzero":
			ts.omit = true
		case "structonly", "nostructlevel":
			ts.level = p
		case "keys", "endkeys":
			return nil, fmt.Errorf("%s belongs right behind dive", p)
		case "dive":
			return ts, ts.parseDive(parts[i+1:], aliases)
		default:
			t := newTag(p)
			if t.own || ts.omit {
				ts.tags = append(ts.tags, t)
			} else {
				ts.early = append(ts.early, p)
			}
		}
	}
	return ts, nil
}

func (ts *tagset) parseDive(rest []string, aliases map[string]string) (err error) {
	ts.dive = true
	if len(rest) > 0 && rest[0] == "keys" {
		end := slices.Index(rest, "endkeys")
		if end < 0 {
			return fmt.Errorf("keys without endkeys")
		}
		if ts.keys, err = parseParts(rest[1:end], aliases); err != nil {
			return err
		}
		rest = rest[end+1:]
	}
	ts.elem, err = parseParts(rest, aliases)
	return err
}

func newTag(text string) tag {
	t := tag{text: text, own: true}
	for alt := range strings.SplitSeq(text, "|") {
		name, param, _ := strings.Cut(alt, "=")
		// The validator writes a comma and a pipe in a parameter this way, because it splits at them.
		param = strings.ReplaceAll(strings.ReplaceAll(param, "0x2C", ","), "0x7C", "|")
		t.alts = append(t.alts, call{name, param})
		t.own = t.own && ownTag(name, param)
	}
	return t
}

// ownTag tells that the tag speaks of the value alone and is the validator's own. All others (about other fields, or
// registered by the user) are left to the validator to run as it likes.
func ownTag(name, param string) bool {
	if name == "unique" {
		return true
	}
	return sizeTag(name) || valueTag(name) || words(name, param) != ""
}

// sizeTag tells that the tag compares a number or a length.
func sizeTag(name string) bool {
	switch name {
	case "min", "max", "gte", "lte", "gt", "lt", "len", "eq", "ne":
		return true
	}
	return false
}

func valueTag(name string) bool {
	switch name {
	case "oneof", "noneof", "oneofci", "noneofci", "eq_ignore_case", "ne_ignore_case", "isdefault":
		return true
	}
	return false
}
