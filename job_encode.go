package fastmcp

import (
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// encodeContained is encode, whatever a user's MarshalJSON does.
func (j *job) encodeContained(err error) (data []byte, failed error) {
	defer func() {
		if v := recover(); v != nil {
			data, failed = nil, &fault{value: v, stack: debug.Stack()}
		}
	}()
	return j.encode(err)
}

// encode writes what the chain has left as its result. Its error is one that no result can say.
func (j *job) encode(err error) ([]byte, error) {
	if data, ok, failed := j.encodeQuestions(err); ok {
		return data, failed
	}
	if t, ok := j.context.result.(taskCreated); ok && err == nil {
		return append(append(beginResult(nil, j.context.call.ID), t...), "}}"...), nil
	}
	err = j.unsupported(err)
	if j.method == methodToolsCall {
		return j.encodeTool(err)
	}
	if err != nil {
		return nil, err
	}
	c := &j.context
	if page, ok := c.result.(listPage); ok {
		j.page = page
		return beginResult(nil, c.call.ID), nil
	}
	body, meta, err := j.members()
	if err != nil {
		return nil, err
	}
	dst := beginResult(make([]byte, 0, len(body)+256), c.call.ID)
	return j.endResult(append(dst, body...), len(body) == 0, meta), nil
}

// members are what stands between the braces of a result, and its own _meta.
func (j *job) members() (body members, meta []byte, err error) {
	c := &j.context
	if m, ok := c.result.(members); ok {
		return m, nil, nil
	}
	switch j.method {
	case methodResourcesRead:
		body, err = c.encodeRead()
	case methodPromptsGet:
		body, err = c.encodePrompt()
	case methodListen:
		return nil, append(append([]byte(`{"`+metaSubscription+`":`), c.call.ID...), '}'), nil
	default:
		body, err = c.ownMembers()
	}
	return body, nil, err
}

// ownMembers are the members of a result that a middleware has made, without those that every result gets.
func (c *Context) ownMembers() (members, error) {
	b, err := marshal(c.result)
	if err != nil {
		return nil, err
	}
	if len(b) < 2 || b[0] != '{' {
		return nil, fmt.Errorf("fastmcp: the result of %s is not an object", c.Method())
	}
	if c.call.Revision.HasResultType() && (scan.Find(b, "_meta") != nil || scan.Find(b, "resultType") != nil) {
		var all map[string]json.RawMessage
		if err := json.Unmarshal(b, &all); err != nil {
			return nil, err
		}
		delete(all, "_meta")
		delete(all, "resultType")
		if b, err = marshal(all); err != nil {
			return nil, err
		}
	}
	return b[1 : len(b)-1], nil
}

// encodeTool makes a result of what a tool's chain has left, an error included where a model may read it.
func (j *job) encodeTool(err error) ([]byte, error) {
	c := &j.context
	j.failed = err
	a, err := j.toolAnswer(err)
	j.isError = a.isError
	j.count(a, err)
	if j.engine.config.On.ToolCall != nil {
		j.engine.told(c, a, err)
	}
	if err != nil {
		return nil, err
	}
	dst := beginResult(make([]byte, 0, j.room(&a)), c.call.ID)
	return j.endResult(a.append(dst, c.call.Revision), false, a.meta), nil
}

// room is what the answer takes, nearly always: to grow later costs more than a guess.
func (j *job) room(a *answer) int {
	n := 96 + len(j.context.call.ID) + len(a.line) + len(a.line)/8 + 2*len(a.structured) + len(a.meta) + len(a.encoded)
	if len(a.content) > 0 {
		n += 160
	}
	if r := j.context.call.Revision; r.HasResultType() {
		n += 96 + len(j.engine.server[r])
	}
	return n
}

func (j *job) toolAnswer(err error) (answer, error) {
	c := &j.context
	var a answer
	if err == nil {
		if e, ok := c.result.(Encoded); ok {
			a, err = e.answer(c.call.Revision)
		} else {
			a, err = c.tool.answer(c.result)
		}
		j.failed = err
	}
	if err != nil {
		if a, err = c.failure(c.tool, err); err != nil {
			return answer{}, err
		}
	}
	if streamed := c.takeStreamed(); len(streamed) > 0 {
		a.unfold()
		a.content = append(streamed, a.content...) // those of a call that failed, too: they have been seen
	}
	return a, nil
}

func beginResult(dst, id []byte) []byte {
	dst = append(append(dst, `{"jsonrpc":"2.0","id":`...), id...)
	return append(dst, `,"result":{`...)
}

// endResult closes a result. In 2026-07-28 each says what it is and who made it.
func (j *job) endResult(dst []byte, empty bool, meta []byte) []byte {
	r := j.context.call.Revision
	if !r.HasResultType() {
		if len(meta) > 2 {
			dst = append(append(dst, `,"_meta":`...), meta...)
		}
		return append(dst, "}}"...)
	}
	if !empty {
		dst = append(dst, ',')
	}
	dst = append(append(dst, `"resultType":"complete","_meta":{"`+protocol.MetaServer+`":`...), j.engine.server[r]...)
	if len(meta) > 2 {
		dst = append(append(dst, ','), meta[1:len(meta)-1]...)
	}
	return append(dst, "}}}"...)
}
