package fastmcp

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Encoded is a result of a tool, or the contents of a resource, that is written already, as one revision of the protocol
// has it. Context.Encode makes it; it can be kept, in a store too, and be given to Context.SetResult of another request
// of the same kind and revision, which then has nothing left to marshal and to check. How it is laid out is nobody's
// business, and changes with versions of this module; who can write it can write results.
type Encoded []byte

// What an Encoded begins with: how it is laid out, what it is, the revision, flags, and how long its _meta is.
const (
	encodedLayout = 1
	encodedTool   = 't'
	encodedRead   = 'r'
	encodedFailed = 1 // a flag: the tool's result says isError

	encodedHead = 4
)

// A tool's Encoded has its members without contentOpen, so that other blocks can be put before its own; a read's has
// those that stand before the hints for caches.
const contentOpen = `"content":[`

var errNotEncoded = errors.New("fastmcp: Context.SetResult: an Encoded of another kind, revision or version of fastmcp")

// Encode writes the result that the rest of the chain has left, and checks it against the tool's output schema, as
// answering would. It is for tools/call and resources/read, behind Next; in other requests it is an error, and so it is
// where the result cannot be sent: leave it then to be answered as it is. What the call has streamed before its result is
// no part of it.
func (c *Context) Encode() (e Encoded, err error) {
	if e, ok := c.result.(Encoded); ok {
		return e, nil
	}
	defer func() {
		if v := recover(); v != nil { // a user's MarshalJSON
			e, err = nil, &fault{value: v}
		}
	}()
	r := c.call.Revision
	switch {
	case c.tool != nil && c.job.method == methodToolsCall:
		a, err := c.tool.answer(c.result)
		if err != nil {
			return nil, err
		}
		flags := byte(0)
		if a.isError {
			flags = encodedFailed
		}
		b := make([]byte, 0, encodedHead+binary.MaxVarintLen32+len(a.meta)+c.job.room(&a))
		b = append(b, encodedLayout, encodedTool, byte(r), flags)
		b = append(binary.AppendUvarint(b, uint64(len(a.meta))), a.meta...)
		return a.appendFrom(b, r), nil
	case c.resource != nil && c.job.method == methodResourcesRead:
		contents, err := contentsOf(c.result, c.name, c.resource.def.MimeType)
		if err != nil {
			return nil, err
		}
		b := append(make([]byte, 0, 256), encodedLayout, encodedRead, byte(r), 0, 0)
		return content.AppendContents(append(b, `"contents":`...), contents, r), nil
	}
	return nil, fmt.Errorf("fastmcp: Context.Encode: %s has no result of a tool or a resource", c.Method())
}

// IsError tells that it is a tool's result that says isError.
func (e Encoded) IsError() bool { return len(e) > encodedHead && e[3]&encodedFailed != 0 }

// Size is how many bytes it adds to an answer, nearly.
func (e Encoded) Size() int {
	_, body, _ := e.parts()
	return len(body)
}

// AppendJSON appends it as the JSON object that it is in an answer, without its _meta: {"content":[...]} of a tool, and
// {"contents":[...]} of a resource. Nothing is appended of what is no Encoded.
func (e Encoded) AppendJSON(dst []byte) []byte {
	_, body, ok := e.parts()
	if !ok {
		return dst
	}
	if dst = append(dst, '{'); e[1] == encodedTool {
		dst = append(dst, contentOpen...)
	}
	return append(append(dst, body...), '}')
}

// parts are the _meta and the members; ok is false when it is not one.
func (e Encoded) parts() (meta, body []byte, ok bool) {
	if len(e) <= encodedHead || e[0] != encodedLayout {
		return nil, nil, false
	}
	n, used := binary.Uvarint(e[encodedHead:])
	if used <= 0 || n > uint64(len(e)-encodedHead-used) {
		return nil, nil, false
	}
	at := encodedHead + used
	return e[at : at+int(n) : at+int(n)], e[at+int(n):], true
}

// of is the members and the _meta of one that is of a kind and a revision.
func (e Encoded) of(kind byte, r protocol.Revision) (meta, body []byte, err error) {
	meta, body, ok := e.parts()
	if !ok || e[1] != kind || e[2] != byte(r) || len(body) == 0 {
		return nil, nil, errNotEncoded
	}
	return meta, body, nil
}

// answer is the answer that it was made of.
func (e Encoded) answer(r protocol.Revision) (answer, error) {
	meta, body, err := e.of(encodedTool, r)
	return answer{encoded: body, meta: meta, isError: e.IsError()}, err
}

// append writes an encoded answer behind the blocks that stand before its own.
func (a *answer) appendEncoded(dst []byte, r protocol.Revision) []byte {
	dst = append(dst, contentOpen...)
	for i, block := range a.content {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = content.Append(dst, block, r)
	}
	if len(a.content) > 0 && a.encoded[0] != ']' {
		dst = append(dst, ',')
	}
	return append(dst, a.encoded...)
}

// Replayable tells that what the request has come to so far is all in its result: nothing was sent or asked beside it, and
// it is neither part of a task nor bound to an idempotency key. What is not replayable must not be answered from a cache,
// nor kept in one.
func (c *Context) Replayable() bool {
	j := c.job
	if j.task != nil || j.keyed != nil || j.told.Load() {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.inquiry == nil
}

// ForbidReplay makes the request one that is not Replayable: what it comes to is for this caller and this moment only.
func (c *Context) ForbidReplay() { c.job.told.Store(true) }

// Tool is the tool that is called, as it was registered, with the prefixes of its groups in its Name; nil in requests that
// call none. It must not be changed.
func (c *Context) Tool() *Tool {
	if c.tool == nil {
		return nil
	}
	return &c.tool.def
}

// PromisesStructure tells that the tool that is called has an output schema, so that a result that is no error must have
// structured content that fits it.
func (c *Context) PromisesStructure() bool { return c.tool != nil && c.tool.hasOutput() }

// CacheHint is what clients of 2026-07-28 are told about how long they may keep the contents that are read, as SetCache or
// the resource has it; Public is false where a guard has a say in them. It is the zero value in requests that are no reads.
func (c *Context) CacheHint() CacheHint {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cache == nil {
		return CacheHint{}
	}
	hint := c.cache.hint
	hint.Public = hint.Public && !c.cache.guarded
	return hint
}

// encodedMembers are the members of a read whose contents are written already.
func (c *Context) encodedMembers(e Encoded) (members, error) {
	_, body, err := e.of(encodedRead, c.call.Revision)
	if err != nil {
		return nil, err
	}
	b := append(make([]byte, 0, len(body)+64), body...)
	if c.call.Revision.HasResultType() {
		b = c.appendReadCaching(b)
	}
	return members(b), nil
}
