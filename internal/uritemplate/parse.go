package uritemplate

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SyntaxError tells where a text stops being a URI template, and why.
type SyntaxError struct {
	Template string // shortened when it is too long
	Offset   int    // in bytes from its start
	Why      string
}

// Error quotes the template.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("uritemplate: %q at byte %d: %s", e.Template, e.Offset, e.Why)
}

// part is a literal, or an expression when it has variables.
type part struct {
	literal string
	op      byte // 0 for {x}
	specs   []spec
}

// spec is a variable in an expression with its modifier (RFC 6570, 2.4).
type spec struct {
	name    string
	explode bool
	max     int // characters; 0 when there is no prefix modifier
}

// Parse reads a template of any of the RFC's four levels. Characters in literals that a URI must not hold as they are,
// those beyond ASCII, stand for their encoded form (RFC 6570, 3.1). The error is a *SyntaxError. A template without
// expressions is a plain URI and matches itself.
func Parse(template string) (*Template, error) {
	p := parser{in: template}
	if len(template) > MaxTemplate {
		p.in = template[:32] + "…"
		return nil, p.fail(0, fmt.Sprintf("more than %d bytes", MaxTemplate))
	}
	var parts []part
	for p.at < len(p.in) {
		one, err := p.part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, one)
	}
	t := &Template{text: template, parts: parts, variables: variablesOf(parts)}
	t.compile()
	return t, nil
}

type parser struct {
	in    string
	at    int
	count int // variables so far
}

func (p *parser) fail(at int, why string) error {
	return &SyntaxError{Template: p.in, Offset: at, Why: why}
}

func (p *parser) part() (part, error) {
	if p.in[p.at] == '{' {
		return p.expression()
	}
	start := p.at
	for p.at < len(p.in) && p.in[p.at] != '{' {
		r, size := utf8.DecodeRuneInString(p.in[p.at:])
		switch {
		case r == '}':
			return part{}, p.fail(p.at, "a } that closes nothing")
		case r == '%':
			if !triplet(p.in, p.at) {
				return part{}, p.fail(p.at, "a % that begins no escape; a percent sign is %25")
			}
		case r == utf8.RuneError && size == 1:
			return part{}, p.fail(p.at, "bytes that are not UTF-8")
		case unicode.IsControl(r) || strings.ContainsRune("\" <>\\^`|", r):
			return part{}, p.fail(p.at, fmt.Sprintf("%q must be percent-encoded in a URI", r))
		}
		p.at += size
	}
	return part{literal: string(appendEncoded(nil, p.in[start:p.at], anything, true))}, nil
}

func triplet(s string, i int) bool {
	_, ok := octet(s, i)
	return ok
}

func (p *parser) expression() (part, error) {
	start := p.at
	length := strings.IndexByte(p.in[start:], '}')
	if length < 0 {
		return part{}, p.fail(start, "a { that is never closed")
	}
	var e part
	p.at++
	if c := p.in[p.at]; strings.IndexByte("+#./;?&", c) >= 0 {
		e.op = c
		p.at++
	} else if strings.IndexByte("=,!@|", c) >= 0 {
		return part{}, p.fail(p.at, fmt.Sprintf("the operator %c is reserved (RFC 6570, 2.2)", c))
	}
	for end := start + length; ; p.at++ {
		s, err := p.spec()
		if err != nil {
			return part{}, err
		}
		if p.count++; p.count > MaxVariables {
			return part{}, p.fail(p.at, fmt.Sprintf("more than %d variables", MaxVariables))
		}
		e.specs = append(e.specs, s)
		if p.at == end {
			p.at++
			return e, nil
		}
		if p.in[p.at] != ',' {
			return part{}, p.fail(p.at, fmt.Sprintf("%q in an expression; names have letters, digits and _", p.in[p.at]))
		}
	}
}

// spec reads a name and its modifier: varname = varchar *( ["."] varchar ).
func (p *parser) spec() (spec, error) {
	start := p.at
	for p.at < len(p.in) {
		if c := p.in[p.at]; varchars.has(c) {
			p.at++
		} else if size := escaped(p.in, p.at); size > 0 {
			p.at += size // a whole character: a parameter of half of one would never be found in a URI
		} else if c == '.' && p.at > start && p.in[p.at-1] != '.' {
			p.at++
		} else {
			break
		}
	}
	s := spec{name: p.in[start:p.at]}
	if s.name == "" {
		return s, p.fail(start, "a variable without a name")
	}
	if strings.HasSuffix(s.name, ".") {
		return s, p.fail(p.at-1, "a name that ends with a dot")
	}
	switch p.in[p.at] {
	case '*':
		s.explode = true
		p.at++
	case ':':
		return s, p.prefix(&s)
	}
	return s, nil
}

func (p *parser) prefix(s *spec) error {
	p.at++
	start := p.at
	for '0' <= p.in[p.at] && p.in[p.at] <= '9' {
		p.at++
	}
	n, err := strconv.Atoi(p.in[start:p.at])
	if err != nil || n < 1 || n > MaxPrefix || p.in[start] == '0' {
		return p.fail(start, fmt.Sprintf("a prefix is a number from 1 to %d", MaxPrefix))
	}
	s.max = n
	return nil
}
