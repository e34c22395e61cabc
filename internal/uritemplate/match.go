package uritemplate

import "strings"

// span is where a node's value stands in the URI, without the character that begins it.
type span struct{ node, start, end int }

// Match tells whether uri belongs to the template, and the values of its variables, decoded once, in the order of
// the URI. Optional ones that are absent are left out. Values share memory with uri. It takes time in proportion to
// the length of uri, which must not be more than MaxURI.
func (t *Template) Match(uri string) (Values, bool) {
	if t.refused != nil || len(uri) > MaxURI || len(uri) < t.least ||
		!strings.HasPrefix(uri, t.prefix) || !strings.HasSuffix(uri, t.suffix) {
		return nil, false
	}
	if t.straight {
		return t.walk(uri, nil)
	}
	return t.backwards(uri)
}

// backwards matches a template that is not straight.
func (t *Template) backwards(uri string) (Values, bool) {
	r := t.reach(uri)
	if !r.has(0, 0) {
		return nil, false
	}
	return t.walk(uri, &r)
}

// walk goes through uri from the left. Each value is as long as its class allows or, with r, as long as it can be so
// that the rest still matches.
func (t *Template) walk(uri string, r *rows) (Values, bool) {
	var room [8]span
	spans, at := room[:0], 0
	for i := 0; i < len(t.nodes); {
		n := &t.nodes[i]
		if n.literal() {
			if !strings.HasPrefix(uri[at:], n.text) {
				return nil, false
			}
			at += len(n.text)
			i++
			continue
		}
		start := at
		if n.lead != 0 {
			start++
			if at >= len(uri) || uri[at] != n.lead {
				i = n.next
				continue
			}
		}
		end, ok := n.end(uri, start, i, r)
		if !ok && n.lead != 0 && r != nil {
			i = n.next // the character is another's
			continue
		}
		if !ok {
			return nil, false
		}
		spans = append(spans, span{i, start, end})
		at = end
		i++
	}
	if at != len(uri) {
		return nil, false
	}
	return t.values(uri, spans)
}

// end returns where the value that starts at uri[start] ends.
func (n *node) end(uri string, start, i int, r *rows) (end int, ok bool) {
	if r == nil || n.params != nil {
		end, units := n.class.run(uri, start)
		ok = (units > 0 || n.lead != 0) && (n.value.max == 0 || units <= n.value.max) && (r == nil || r.has(i+1, end))
		return end, ok
	}
	if n.lead != 0 && r.has(i+1, start) {
		end, ok = start, true
	}
	for at, units := start, 1; n.value.max == 0 || units <= n.value.max; units++ {
		size := n.class.unit(uri, at)
		if size == 0 {
			break
		}
		if at += size; r.has(i+1, at) {
			end, ok = at, true
		}
	}
	return end, ok
}

// values decodes what stands in the spans.
func (t *Template) values(uri string, spans []span) (Values, bool) {
	out := make(Values, 0, len(t.variables))
	for _, s := range spans {
		n, raw := &t.nodes[s.node], uri[s.start:s.end]
		switch {
		case n.params != nil:
			var ok bool
			if out, ok = n.parameters(out, raw); !ok {
				return nil, false
			}
		case n.value.explode:
			out = append(out, Value{Name: n.value.name, Kind: KindList, Text: decode(raw), List: divide(raw, n.seps)})
		default:
			out = append(out, Value{Name: n.value.name, Text: decode(raw)})
		}
	}
	return out, true
}

// divide decodes the elements of a list, after it has divided them: an encoded separator divides nothing.
func divide(raw, seps string) []string {
	count := 1
	for i := range len(raw) {
		if strings.IndexByte(seps, raw[i]) >= 0 {
			count++
		}
	}
	list := make([]string, 0, count)
	for {
		i := strings.IndexAny(raw, seps)
		if i < 0 {
			return append(list, decode(raw))
		}
		list = append(list, decode(raw[:i]))
		raw = raw[i+1:]
	}
}

// parameters reads name=value pairs. A name alone has the empty value, as {;x} expands it.
func (n *node) parameters(out Values, raw string) (Values, bool) {
	for more := true; more; {
		var pair string
		pair, raw, more = strings.Cut(raw, n.seps)
		name, text, _ := strings.Cut(pair, "=")
		s := n.param(name)
		if s == nil {
			return nil, false
		}
		if s.max > 0 {
			if _, units := query.run(text, 0); units > s.max {
				return nil, false
			}
		}
		old := out.find(name)
		switch text = decode(text); {
		case old == nil && s.explode:
			out = append(out, Value{Name: s.name, Kind: KindList, List: []string{text}})
		case old == nil:
			out = append(out, Value{Name: s.name, Text: text})
		case s.explode:
			old.List = append(old.List, text)
		default:
			return nil, false
		}
	}
	for i := range out {
		if v := &out[i]; v.Kind == KindList && v.Text == "" {
			v.Text = strings.Join(v.List, ",")
		}
	}
	return out, true
}

func (n *node) param(name string) *spec {
	for i := range n.params {
		if n.params[i].name == name {
			return &n.params[i]
		}
	}
	return nil
}
