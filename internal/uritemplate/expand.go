package uritemplate

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// style is how the expressions of an operator are expanded (RFC 6570, appendix A).
type style struct {
	first, sep, empty string
	named, reserved   bool
}

func styleOf(op byte) style {
	switch op {
	case '+':
		return style{sep: ",", reserved: true}
	case '#':
		return style{first: "#", sep: ",", reserved: true}
	case '.', '/':
		return style{first: string(op), sep: string(op)}
	case ';':
		return style{first: ";", sep: ";", named: true}
	case '?':
		return style{first: "?", sep: "&", empty: "=", named: true}
	case '&':
		return style{first: "&", sep: "&", empty: "=", named: true}
	}
	return style{sep: ","}
}

// Expand makes a URI of the template (RFC 6570, 3.2). Variables without a value, and those with an empty list, are
// undefined and expand to nothing. An error names the variable: its value is not UTF-8, its pairs are not pairs, or it
// is no string and the template wants a prefix of it.
func (t *Template) Expand(values Values) (string, error) {
	var dst []byte
	for _, p := range t.parts {
		dst = append(dst, p.literal...)
		sty, lead := styleOf(p.op), styleOf(p.op).first
		for _, s := range p.specs {
			v := values.find(s.name)
			if v == nil || v.Kind != KindText && len(v.List) == 0 {
				continue
			}
			if err := v.expandable(s); err != nil {
				return "", fmt.Errorf("uritemplate: %s %w", s.name, err)
			}
			dst = append(dst, lead...)
			lead = sty.sep
			dst = sty.variable(dst, s, v)
		}
	}
	return string(dst), nil
}

func (v *Value) expandable(s spec) error {
	if s.max > 0 && v.Kind != KindText {
		return errors.New("is not a string, and has no prefix (RFC 6570, 2.4.1)")
	}
	if v.Kind == KindPairs && len(v.List)%2 != 0 {
		return errors.New("has a name without a value")
	}
	if v.Kind == KindText {
		if !utf8.ValidString(v.Text) {
			return errors.New("is not UTF-8")
		}
		return nil
	}
	for _, element := range v.List {
		if !utf8.ValidString(element) {
			return errors.New("is not UTF-8")
		}
	}
	return nil
}

func (sty style) variable(dst []byte, s spec, v *Value) []byte {
	if v.Kind == KindText {
		return sty.member(dst, s.name, prefixOf(v.Text, s.max))
	}
	if s.explode {
		return sty.exploded(dst, s.name, v)
	}
	if sty.named {
		dst = append(append(dst, s.name...), '=')
	}
	for i, element := range v.List {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = sty.encode(dst, element)
	}
	return dst
}

func (sty style) exploded(dst []byte, name string, v *Value) []byte {
	step := 1
	if v.Kind == KindPairs {
		step = 2
	}
	for i := 0; i < len(v.List); i += step {
		if i > 0 {
			dst = append(dst, sty.sep...)
		}
		switch {
		case v.Kind == KindList:
			dst = sty.member(dst, name, v.List[i])
		case sty.named && v.List[i+1] == "":
			dst = append(sty.encode(dst, v.List[i]), sty.empty...)
		default:
			dst = append(sty.encode(dst, v.List[i]), '=')
			dst = sty.encode(dst, v.List[i+1])
		}
	}
	return dst
}

// member writes text, with its name where the operator wants one.
func (sty style) member(dst []byte, name, text string) []byte {
	if !sty.named {
		return sty.encode(dst, text)
	}
	dst = append(dst, name...)
	if text == "" {
		return append(dst, sty.empty...)
	}
	return sty.encode(append(dst, '='), text)
}

func (sty style) encode(dst []byte, text string) []byte {
	if sty.reserved {
		return appendEncoded(dst, text, anything, true)
	}
	return appendEncoded(dst, text, unreserved, false)
}

// prefixOf returns the first max characters of text, all of them for 0.
func prefixOf(text string, max int) string {
	if max == 0 {
		return text
	}
	for i := range text {
		if max == 0 {
			return text[:i]
		}
		max--
	}
	return text
}
