package schema

import "github.com/fastmcp-go/fastmcp/internal/scan"

// sheet writes questions as a form. Only the keywords that the protocol lists are in it (PrimitiveSchemaDefinition):
// clients build their inputs from them, and some refuse a form with any other.
func sheet(asked []*question, as dialect) []byte {
	w := &writer{b: []byte{'{'}, first: true}
	w.text("type", "object")
	w.key("properties")
	w.b = append(w.b, '{')
	var required []string
	inner := &writer{b: w.b, first: true}
	for _, q := range asked {
		if q.several && as == earlyForms {
			continue
		}
		inner.key(q.name)
		inner.b = q.append(inner.b, as)
		if q.required {
			required = append(required, q.name)
		}
	}
	w.b = append(inner.b, '}')
	w.strings("required", required)
	return append(w.b, '}')
}

// append writes one question behind b.
func (q *question) append(b []byte, as dialect) []byte {
	w := &writer{b: append(b, '{'), first: true}
	if q.several {
		w.text("type", "array")
	} else {
		w.text("type", q.kind)
	}
	w.text("title", q.title)
	w.text("description", q.description)
	w.text("format", q.format)
	w.count("minLength", q.minLength)
	w.count("maxLength", q.maxLength)
	w.text2("minimum", q.low, false, "")
	w.text2("maximum", q.high, false, "")
	switch {
	case q.several:
		w.key("items")
		w.b = q.appendItems(w.b)
		w.count("minItems", q.minItems)
		w.count("maxItems", q.maxItems)
	case q.titles != nil && as == earlyForms:
		w.raws("enum", q.choices)
		w.strings("enumNames", q.titles)
	default:
		q.choose(w, "oneOf")
	}
	if as == fullForms || q.kind == "boolean" {
		w.raw("default", q.fallback)
	}
	return append(w.b, '}')
}

// appendItems writes what each of several answers may be.
func (q *question) appendItems(b []byte) []byte {
	w := &writer{b: append(b, '{'), first: true}
	if q.titles == nil {
		w.text("type", q.kind) // beside anyOf, the protocol has no type
	}
	q.choose(w, "anyOf")
	return append(w.b, '}')
}

// choose writes the choices: as they are, or, with titles, one by one under the keyword.
func (q *question) choose(w *writer, keyword string) {
	if q.titles == nil {
		w.raws("enum", q.choices)
		return
	}
	options := make([][]byte, len(q.choices))
	for i, choice := range q.choices {
		option := append([]byte(`{"const":`), choice...)
		option = append(option, `,"title":`...)
		options[i] = append(scan.AppendString(option, q.titles[i]), '}')
	}
	w.raws(keyword, options)
}
