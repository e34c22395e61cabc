package fastmcptest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// drift collects what has changed, by how much it matters.
type drift struct{ breaks, other []string }

func (d *drift) breaking(format string, args ...any) {
	d.breaks = append(d.breaks, "  breaks  "+fmt.Sprintf(format, args...))
}

func (d *drift) notice(format string, args ...any) {
	d.other = append(d.other, "  differs "+fmt.Sprintf(format, args...))
}

// compare names what a client would notice of a change from old to now: a line each, what breaks it first. The order of
// tools and of the members of objects is nothing.
func compare(old, now []tool) []string {
	d := &drift{}
	before, after := byName(old), byName(now)
	for _, name := range keys(before, after) {
		a, had := before[name]
		b, has := after[name]
		switch {
		case !has:
			d.breaking("%s: the tool is gone", name)
		case !had:
			d.notice("%s: the tool is new", name)
		default:
			d.tool(name, a, b)
		}
	}
	return append(d.breaks, d.other...)
}

func byName(tools []tool) map[string]tool {
	all := map[string]tool{}
	for _, t := range tools {
		all[t.name()] = t
	}
	return all
}

// keys are the keys of both, sorted.
func keys[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func (d *drift) tool(name string, old, now tool) {
	for _, key := range keys(old, now) {
		a, b := old[key], now[key]
		switch key {
		case "inputSchema":
			s := &schemaDrift{d, name, "argument", true}
			s.compare("", object(a), object(b))
		case "outputSchema":
			switch {
			case b == nil:
				d.breaking("%s: outputSchema is gone: was %s", name, short(a))
			case a == nil:
				d.notice("%s: outputSchema is new", name)
			default:
				s := &schemaDrift{d, name, "result field", false}
				s.compare("", object(a), object(b))
			}
		case "annotations", "_meta":
			x, y := object(a), object(b)
			for _, member := range keys(x, y) {
				d.value(name+": "+key+"."+member, x[member], y[member])
			}
		default:
			d.value(name+": "+key, a, b)
		}
	}
}

// value tells of a change that no call depends on.
func (d *drift) value(what string, old, now any) {
	switch {
	case reflect.DeepEqual(old, now):
	case old == nil:
		d.notice("%s is new: %s", what, short(now))
	case now == nil:
		d.notice("%s is gone: was %s", what, short(old))
	default:
		d.notice("%s: was %s, is %s", what, short(old), short(now))
	}
}

// schemaDrift compares the schemas of what a client sends (input), or reads.
type schemaDrift struct {
	*drift
	tool, noun string
	input      bool
}

// at names a place of the schema: "" is its root.
func (s *schemaDrift) at(path string) string {
	if path == "" {
		return s.tool + ": " + s.noun + "s"
	}
	return fmt.Sprintf("%s: %s %q", s.tool, s.noun, path)
}

func (s *schemaDrift) compare(path string, old, now map[string]any) {
	s.properties(path, old, now)
	for _, key := range keys(old, now) {
		a, b := old[key], now[key]
		if reflect.DeepEqual(a, b) {
			continue
		}
		switch key {
		case "properties", "required":
		case "$defs", "definitions":
			x, y := object(a), object(b)
			for _, name := range keys(x, y) {
				s.compare(join(path, key+"."+name), object(x[name]), object(y[name]))
			}
		case "items", "additionalProperties":
			x, isOld := a.(map[string]any)
			y, isNow := b.(map[string]any)
			if !isOld || !isNow {
				s.keyword(path, key, a, b)
				continue
			}
			s.compare(path+map[string]string{"items": "[]", "additionalProperties": "{}"}[key], x, y)
		case "enum":
			s.enum(path, a, b)
		default:
			s.keyword(path, key, a, b)
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// properties tells of those that have come and gone, and whether they must be there.
func (s *schemaDrift) properties(path string, old, now map[string]any) {
	before, after := object(old["properties"]), object(now["properties"])
	needed, needs := names(old["required"]), names(now["required"])
	for _, name := range keys(before, after) {
		at := s.at(join(path, name))
		a, had := before[name]
		b, has := after[name]
		was, is := slices.Contains(needed, name), slices.Contains(needs, name)
		switch {
		case !has:
			s.breaking("%s is gone", at)
		case !had && is && s.input:
			s.breaking("%s is new, and required", at)
		case !had:
			s.notice("%s is new", at)
		case is && !was:
			s.either(s.input, "%s is now required", at)
		case was && !is:
			s.either(!s.input, "%s is not required any more", at)
		}
		if had && has {
			s.compare(join(path, name), object(a), object(b))
		}
	}
}

func (s *schemaDrift) either(breaks bool, format string, args ...any) {
	if breaks {
		s.breaking(format, args...)
	} else {
		s.notice(format, args...)
	}
}

func (s *schemaDrift) enum(path string, old, now any) {
	before, isOld := old.([]any)
	after, isNow := now.([]any)
	if !isOld || !isNow {
		s.keyword(path, "enum", old, now)
		return
	}
	told := false
	for _, v := range before {
		if !has(after, v) {
			told = true
			s.either(s.input, "%s: the value %s is gone", s.at(path), short(v))
		}
	}
	for _, v := range after {
		if !has(before, v) {
			told = true
			s.either(!s.input, "%s: the value %s is new", s.at(path), short(v))
		}
	}
	if !told {
		s.notice("%s: the values are in another order", s.at(path))
	}
}

func has(list []any, v any) bool {
	return slices.ContainsFunc(list, func(other any) bool { return reflect.DeepEqual(v, other) })
}

// plain are the keywords that no value is judged by.
var plain = []string{"title", "description", "default", "examples", "$schema", "$id", "$comment", "deprecated"}

// keyword tells of any other keyword. One that allows less breaks those who send, one that allows more those who read.
func (s *schemaDrift) keyword(path, key string, old, now any) {
	what := s.at(path) + ": " + key
	if slices.Contains(plain, key) || strings.HasPrefix(key, "x-") {
		s.value(what, old, now)
		return
	}
	breaks := s.input != (now == nil) // what is new allows less, what is gone more
	if old != nil && now != nil {
		breaks = true
		if less, known := narrower(key, old, now); known {
			breaks = less == s.input
		}
	}
	d := &drift{}
	d.value(what, old, now)
	for _, line := range d.other {
		if breaks {
			s.breaks = append(s.breaks, strings.Replace(line, "differs", "breaks ", 1))
		} else {
			s.other = append(s.other, line)
		}
	}
}

// narrower tells whether a bound allows less than it did; known is false for what is no bound.
func narrower(key string, old, now any) (less, known bool) {
	a, errOld := number(old)
	b, errNow := number(now)
	if errOld != nil || errNow != nil {
		return false, false
	}
	switch {
	case strings.HasPrefix(key, "max") || key == "exclusiveMaximum":
		return b < a, true
	case strings.HasPrefix(key, "min") || key == "exclusiveMinimum":
		return b > a, true
	}
	return false, false
}

func number(v any) (float64, error) {
	n, _ := v.(json.Number)
	return strconv.ParseFloat(n.String(), 64)
}

// object is v as one; anything else has no members.
func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// names are the strings of a list.
func names(v any) (all []string) {
	list, _ := v.([]any)
	for _, item := range list {
		if s, ok := item.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// longest bounds a value in a line of the report.
const longest = 200

// short is a value as JSON, cut where it is long.
func short(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	text := []rune(strings.TrimSpace(b.String()))
	if len(text) > longest {
		return string(text[:longest]) + "…"
	}
	return string(text)
}
