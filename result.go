package fastmcp

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Result is a tool's whole answer, for functions that want a say in all of it.
type Result struct {
	// Content is for the model to read. When it is empty and Structured is not nil, it is Structured's JSON.
	Content []content.Block
	// Structured is data. It is marshalled by encoding/json, must be an object before 2026-07-28, and is checked
	// against the tool's output schema.
	Structured any
	// IsError says that the call failed, and Content why.
	IsError bool
	Meta    map[string]any
}

// answer is a Result on its way out: its data is JSON.
type answer struct {
	content []content.Block
	// line is the text of the only block there is, if isLine: it needs no block for that.
	line       string
	isLine     bool
	structured []byte
	isError    bool
	meta       []byte
	// encoded is all of it but meta, when it is written already, behind contentOpen.
	encoded []byte
	// text is structured once more, as the text of a block. It is written last.
	text bool
}

// unfold makes a block of the only line.
func (a *answer) unfold() {
	if a.isLine {
		a.content, a.line, a.isLine = []content.Block{content.Text(a.line)}, "", false
	}
}

// answerOf makes an answer of what a tool's function, or a middleware, has returned.
func answerOf(v any) (answer, error) {
	switch v := v.(type) {
	case nil:
		return answer{}, nil
	case string:
		return answer{line: v, isLine: true}, nil
	case content.Block:
		return answer{content: []content.Block{v}}, nil
	case []content.Block:
		return answer{content: v}, nil
	case []byte:
		return answer{content: []content.Block{content.FromBytes(v)}}, nil
	case *Result:
		if v == nil {
			return answer{}, nil
		}
		return answerOfResult(v)
	case Result:
		return answerOfResult(&v)
	}
	if blocks, ok := blocksOf(v); ok {
		return answer{content: blocks}, nil
	}
	b, err := marshal(notNull(v))
	if err != nil {
		return answer{}, err
	}
	return answer{structured: b, text: true}, nil
}

// notNull is v, or an empty map or slice in place of one that is nil, which encoding/json would write as null: a tool
// that has found nothing has a result all the same.
func notNull(v any) any {
	switch v.(type) {
	case json.Marshaler, encoding.TextMarshaler:
		return v // how it is written is its own affair
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Map:
		if r.IsNil() {
			return struct{}{}
		}
	case reflect.Slice:
		if r.IsNil() {
			return [0]struct{}{}
		}
	}
	return v
}

func answerOfResult(r *Result) (answer, error) {
	a := answer{content: r.Content, isError: r.IsError}
	if r.Structured != nil {
		b, err := marshal(r.Structured)
		if err != nil {
			return answer{}, err
		}
		a.structured, a.text = b, len(r.Content) == 0
	}
	if len(r.Meta) > 0 {
		b, err := marshal(r.Meta)
		if err != nil {
			return answer{}, err
		}
		a.meta = b
	}
	return a, nil
}

// blocksOf takes a slice of one type of block for a slice of blocks.
func blocksOf(v any) ([]content.Block, bool) {
	t := reflect.TypeOf(v)
	if t.Kind() != reflect.Slice || !t.Elem().Implements(reflect.TypeFor[content.Block]()) {
		return nil, false
	}
	s := reflect.ValueOf(v)
	blocks := make([]content.Block, s.Len())
	for i := range blocks {
		blocks[i] = s.Index(i).Interface().(content.Block)
	}
	return blocks, true
}

// marshal is encoding/json, without its escapes for HTML pages.
func marshal(v any) ([]byte, error) {
	if raw, ok := v.(json.RawMessage); ok {
		if err := scan.Document(raw); err != nil {
			return nil, fmt.Errorf("fastmcp: a result of raw JSON: %w", err)
		}
		if bytes.ContainsAny(raw, " \t\r\n") { // an event is one line
			var b bytes.Buffer
			_ = json.Compact(&b, raw) // it is JSON
			return b.Bytes(), nil
		}
		return raw, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("fastmcp: a result that is not JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// append writes the answer as revision r has it, without the braces around it.
func (a *answer) append(dst []byte, r protocol.Revision) []byte {
	if a.encoded != nil {
		return a.appendEncoded(dst, r)
	}
	return a.appendFrom(append(dst, contentOpen...), r)
}

// appendFrom is append behind contentOpen.
func (a *answer) appendFrom(dst []byte, r protocol.Revision) []byte {
	if a.isLine {
		dst = append(scan.AppendString(append(dst, `{"type":"text","text":`...), a.line), '}')
	}
	for i, block := range a.content {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = content.Append(dst, block, r)
	}
	if a.text {
		if len(a.content) > 0 {
			dst = append(dst, ',')
		}
		dst = append(scan.AppendString(append(dst, `{"type":"text","text":`...), a.structured), '}')
	}
	dst = append(dst, ']')
	if len(a.structured) > 0 && r.HasStructuredContent() && (a.structured[0] == '{' || r.HasAnyStructuredContent()) {
		dst = append(append(dst, `,"structuredContent":`...), a.structured...)
	}
	if a.isError {
		dst = append(dst, `,"isError":true`...)
	}
	return dst
}

// failure makes an answer of an error that the model may read. What an error adds is structured content only where no
// schema says what that must be.
func (c *Context) failure(t *tool, err error) (answer, error) {
	if p := (*protocol.Error)(nil); !forModel(err) && errors.As(err, &p) {
		return answer{}, err
	}
	if r := (refused{}); errors.As(err, &r) {
		return answer{}, err
	}
	e := (*Error)(nil)
	if errors.As(err, &e) {
		c.noteCause(e)
	} else {
		e = &Error{Message: fmt.Sprintf("The tool failed. The operator can find the cause under the id %s.", c.mask(err))}
	}
	a := answer{content: []content.Block{content.Text(e.Message)}, isError: true}
	if len(e.Extra) == 0 {
		return a, nil
	}
	extra, err := marshal(e.Extra)
	if err != nil {
		return answer{}, err
	}
	if t != nil && t.hasOutput() {
		a.content = append(a.content, content.Text(string(extra)))
	} else {
		a.structured, a.text = extra, true
	}
	return a, nil
}
