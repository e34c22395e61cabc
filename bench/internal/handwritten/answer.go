package handwritten

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/fastmcp-go/fastmcp/bench/internal/contract"
)

// answer is a request that is being answered.
type answer struct {
	core       *Core
	id         json.RawMessage
	params     *params
	resultType string // "complete" in 2026-07-28
}

func (a *answer) text(s string) Reply {
	return a.core.ok(a.id, callResult{ResultType: a.resultType, Content: []block{{Type: "text", Text: s}}})
}

func (a *answer) invalid(err error) Reply { return a.core.fail(200, a.id, -32602, err.Error()) }

// Pointers tell what is absent from what is zero: the least that a hand-written handler would check.
type addArgs struct {
	A *float64 `json:"a"`
	B *float64 `json:"b"`
}

type echoArgs struct {
	S *string `json:"s"`
}

type countArgs struct {
	N int `json:"n"`
}

type broadcastArgs struct {
	Size int `json:"size"`
}

type greetArgs struct {
	Name *string `json:"name"`
}

func (a *answer) call() Reply {
	switch a.params.Name {
	case "add":
		var in addArgs
		if err := a.bind(&in, func() bool { return in.A != nil && in.B != nil }); err != nil {
			return a.invalid(err)
		}
		return a.text(strconv.FormatFloat(*in.A+*in.B, 'f', -1, 64))
	case "echo":
		var in echoArgs
		if err := a.bind(&in, func() bool { return in.S != nil }); err != nil {
			return a.invalid(err)
		}
		return a.text(*in.S)
	case "count":
		var in countArgs
		if err := a.bind(&in, func() bool { return in.N > 0 }); err != nil {
			return a.invalid(err)
		}
		return a.count(in.N)
	case "broadcast":
		var in broadcastArgs
		if err := a.bind(&in, func() bool { return in.Size >= 0 }); err != nil {
			return a.invalid(err)
		}
		return a.broadcast(in.Size)
	}
	return a.invalid(errors.New("unknown tool"))
}

// bind decodes the arguments; complete tells whether they are all there.
func (a *answer) bind(in any, complete func() bool) error {
	if err := a.core.codec.Unmarshal(a.params.Arguments, in); err != nil {
		return err
	}
	if !complete() {
		return errors.New("an argument is missing")
	}
	return nil
}

// count streams n notifications before the result. The request's bytes are gone by then, so what is needed is copied.
func (a *answer) count(n int) Reply {
	var token json.RawMessage
	if a.params.Meta != nil {
		token = bytes.Clone(a.params.Meta.ProgressToken)
	}
	done := answer{core: a.core, id: bytes.Clone(a.id), resultType: a.resultType}
	return Reply{Status: 200, Stream: func(emit func([]byte) error) {
		for i := 1; i <= n && len(token) > 0; i++ {
			b, err := done.core.codec.Marshal(notification{"2.0", "notifications/progress", progress{token, float64(i), float64(n)}})
			if err != nil || emit(b) != nil {
				return
			}
		}
		_ = emit(done.text("done").Body)
	}}
}

// broadcast tells every session, but those whose stream is full.
func (a *answer) broadcast(size int) Reply {
	data := contract.BroadcastText
	if size > 0 {
		data = strings.Repeat("x", size)
	}
	b, err := a.core.codec.Marshal(notification{"2.0", "notifications/message",
		map[string]any{"level": "info", "logger": "bench", "data": data}})
	if err != nil {
		return a.invalid(err)
	}
	n := 0
	a.core.sessions.Range(func(_, v any) bool {
		select {
		case v.(*Session).Out <- b:
			n++
		default:
		}
		return true
	})
	return a.text(strconv.Itoa(n))
}

func (a *answer) prompt() Reply {
	var in greetArgs
	if err := a.bind(&in, func() bool { return in.Name != nil }); err != nil || a.params.Name != contract.PromptName {
		return a.invalid(errors.New("unknown prompt, or no name"))
	}
	return a.core.ok(a.id, promptResult{ResultType: a.resultType,
		Messages: []message{{Role: "user", Content: block{Type: "text", Text: contract.Greeting(*in.Name)}}}})
}

func (a *answer) read() Reply {
	if a.params.URI != contract.ResourceURI {
		return a.core.fail(200, a.id, -32002, "resource not found")
	}
	r := readResult{ResultType: a.resultType, Contents: []contents{{URI: contract.ResourceURI, MimeType: "text/plain", Text: contract.ResourceText}}}
	if a.resultType != "" {
		r.TTL, r.CacheScope = new(int), "private"
	}
	return a.core.ok(a.id, r)
}
