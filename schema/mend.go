package schema

import (
	"bytes"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// reading is what a place takes, as far as a repair can lead there.
type reading uint8

const (
	readNothing reading = iota // text, anything, or more than one kind: such a place is left alone
	readNumber
	readBoolean
	readArray
	readObject
)

// place is a place in a schema, as far as repairs ask: in a plan or in a hand-written document.
type place interface {
	reading() reading
	// takes tells that a JSON number may stand here, where numbers do.
	takes(number []byte) bool
	// property is the place of a property, nil when nothing is known of it. mayGo tells that the property may be left
	// out and may not be null.
	property(name []byte) (inner place, mayGo bool)
	// item is the place of an array's item, nil when nothing is known of it.
	item(index int) place
}

// mender copies a JSON text and repairs it on the way. It touches values of the wrong kind only, so a text that keeps to
// the schema comes out with no repairs.
type mender struct {
	binder   // its way through the text
	out      []byte
	repairs  []Repair
	unquoted bool // in text that stood in a string
}

// mend repairs args by what root asks for. fixed is good only if there are repairs.
func mend(args []byte, root place) (fixed []byte, repairs []Repair) {
	if len(args) == 0 || !unambiguous(args) {
		return nil, nil
	}
	m := mender{binder: binder{in: args}, out: make([]byte, 0, len(args))}
	i := scan.Space(args, 0)
	if args[i] == '"' {
		return nil, nil // the root is no property: a client that sends text for it has not understood the method
	}
	m.value(root, i)
	return m.out, m.repairs
}

// note lists a repair.
func (m *mender) note(from, to []byte) {
	if len(m.repairs) < MaxRepairs {
		m.repairs = append(m.repairs, Repair{Path: pathText(m.steps), From: shorten(string(from)), To: shorten(string(to))})
	}
}

// value copies the value at i, which stands at p, and returns the index after it.
func (m *mender) value(p place, i int) int {
	kind := readNothing
	if p != nil {
		kind = p.reading()
	}
	switch c := m.in[i]; {
	case c == '{' && kind == readObject:
		return m.object(p, i)
	case c == '[' && kind == readArray:
		return m.array(p, i)
	case c == '"' && kind != readNothing:
		return m.text(p, kind, i)
	}
	end := m.skip(i)
	m.out = append(m.out, m.in[i:end]...)
	return end
}

// text copies a string that stands where something else should, without its quotes if it can only have meant that.
func (m *mender) text(p place, kind reading, i int) int {
	end := m.skip(i)
	quoted := m.in[i:end]
	text := append([]byte(nil), m.name(quoted)...)
	switch {
	case kind == readNumber && isNumber(text) && p.takes(text),
		kind == readBoolean && (string(text) == "true" || string(text) == "false"):
		m.note(quoted, text)
		m.out = append(m.out, text...)
	case kind == readObject && m.opens(text, '{'), kind == readArray && m.opens(text, '['):
		m.note(quoted, bytes.TrimSpace(text))
		m.unquote(p, text)
	default:
		m.out = append(m.out, quoted...)
	}
	return end
}

// opens tells that text is an object or an array to be taken out of its string.
func (m *mender) opens(text []byte, bracket byte) bool {
	i := scan.Space(text, 0)
	return !m.unquoted && i < len(text) && text[i] == bracket && unambiguous(text)
}

// unquote goes on in text, which stood in a string.
func (m *mender) unquote(p place, text []byte) {
	in := m.in
	m.in, m.unquoted = text, true
	m.value(p, scan.Space(text, 0))
	m.in, m.unquoted = in, false
}

func isNumber(text []byte) bool {
	end, _, err := scan.Number(text, 0)
	return err == nil && end == len(text)
}

func (m *mender) object(p place, i int) int {
	m.out = append(m.out, '{')
	start := len(m.out)
	i = scan.Space(m.in, i+1)
	if m.in[i] == '}' {
		m.out = append(m.out, '}')
		return i + 1
	}
	for more := true; more; {
		key, at, _ := scan.Key(m.in, i)
		name := string(m.name(key))
		inner, mayGo := p.property([]byte(name))
		m.push(step{name: name})
		if mayGo && m.in[at] == 'n' && inner.reading() != readNothing {
			m.note([]byte("null"), nil)
			i = at + len("null")
		} else {
			if len(m.out) > start {
				m.out = append(m.out, ',')
			}
			m.out = append(append(m.out, key...), ':')
			i = m.value(inner, at)
		}
		m.pop()
		i, more, _ = scan.Next(m.in, i)
	}
	m.out = append(m.out, '}')
	return i
}

func (m *mender) array(p place, i int) int {
	m.out = append(m.out, '[')
	i = scan.Space(m.in, i+1)
	for index := 0; m.in[i] != ']'; index++ {
		m.push(step{index: index, item: true})
		i = scan.Space(m.in, m.value(p.item(index), i))
		m.pop()
		if m.in[i] == ',' {
			m.out = append(m.out, ',')
			i = scan.Space(m.in, i+1)
		}
	}
	m.out = append(m.out, ']')
	return i + 1
}
