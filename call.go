package fastmcp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// CallOptions are what else there is to say about a call in process.
type CallOptions struct {
	// Heard hears what the tool sends before its result: progress, log messages (Context.ClientLog), notifications of its own. It
	// is called on the tool's goroutines, one at a time where the tool has one. Default: that goes nowhere.
	Heard func(Notification)
	// Meta are members of the request's _meta: an idempotency key, or the context of a trace. Default: none.
	Meta map[string]any
}

// CallTool calls a tool from within the process, on the caller's goroutine, and gives its result: through the chains of the App and of the
// tool, with its guards, validation, limits and events, as the call of a client of 2026-07-28. p is who calls; nil is anonymous.
// Config.Auth is not asked: who p is, is the program's word. args are a json.RawMessage, or are marshaled as JSON; nil is none.
//
// err is nil when the tool has succeeded. Else it is a *CallError, whose Code says why. A tool that has run and failed has a Result, too:
// what a client would have got. Structured is a json.RawMessage.
//
// The tool's Context has the values of ctx, and is cancelled with it; CallTool returns when the tool has. The tool has no session, no HTTP
// headers and no address, and cannot ask: Elicit, Sample and Roots say ErrUnsupported. Tools that run as tasks only are refused.
//
// It starts nothing. It may be called before the App serves; where tools need what OnStart opens, or a Storage that has to be
// connected, call Start before. Within a handler, given its Context, it goes by the same request id in the log.
func (a *App) CallTool(ctx context.Context, p *auth.Principal, name string, args any, options ...CallOptions) (*Result, error) {
	l := &localCall{ctx: ctx, tool: name}
	if len(options) > 0 {
		l.options = options[0]
	}
	if outer, ok := From(ctx); ok {
		l.id = outer.RequestID()
	}
	if err := ctx.Err(); err != nil {
		return nil, l.fail(CallCancelled, err.Error(), err)
	}
	call, err := l.message(args)
	if err != nil {
		return nil, l.fail(CallInvalid, err.Error(), err)
	}
	call.Principal = p
	accepted, refusal := a.Engine().Accept(ctx, call)
	if refusal != nil {
		return nil, l.refused(refusal, nil)
	}
	j := accepted.(*job)
	j.context.chain = append([]Handler{l.listen}, j.context.chain...)
	return l.outcome(j, j.Run(ctx, l))
}

// CallToolAs is App.CallTool for a tool that answers with data, which it decodes as encoding/json does. A tool that has none, with nothing but
// content, is an error.
func CallToolAs[Out any](ctx context.Context, a *App, p *auth.Principal, name string, args any, options ...CallOptions) (out Out, err error) {
	r, err := a.CallTool(ctx, p, name, args, options...)
	if err != nil {
		return out, err
	}
	raw, ok := r.Structured.(json.RawMessage)
	if !ok {
		return out, fmt.Errorf("fastmcp: the tool %q has answered no data: %q", name, r.Text())
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, fmt.Errorf("fastmcp: what the tool %q has answered is no %T: %w", name, out, err)
	}
	return out, nil
}

// Text is all text of the content, a line break between two blocks.
func (r *Result) Text() string {
	var b bytes.Buffer
	for _, block := range r.Content {
		t, ok := block.(content.TextBlock)
		if !ok {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(t.Text)
	}
	return b.String()
}

// localToken is the progress token of calls in process.
const localToken = "local"

// message is the request that a client would have sent.
func (l *localCall) message(args any) (*rpc.Call, error) {
	raw := []byte("{}")
	if args != nil {
		b, err := marshal(args)
		if err != nil {
			return nil, fmt.Errorf("the arguments: %w", err)
		}
		raw = b
	}
	meta := maps.Clone(l.options.Meta)
	if meta == nil {
		meta = make(map[string]any)
	}
	meta[protocol.MetaVersion], meta[protocol.MetaCapabilities] = protocol.Latest.String(), struct{}{}
	if l.options.Heard != nil {
		meta["progressToken"], meta[protocol.MetaLogLevel] = localToken, protocol.LevelDebug.String()
	}
	extra, err := marshal(meta)
	if err != nil {
		return nil, fmt.Errorf("CallOptions.Meta: %w", err)
	}
	b := []byte(`{"jsonrpc":"2.0","id":0,"method":"` + protocol.MethodToolsCall + `","params":{"name":`)
	b = append(append(scan.AppendString(b, l.tool), `,"arguments":`...), raw...)
	b = append(append(append(b, `,"_meta":`...), extra...), "}}"...)
	envelope, failed := protocol.Scan(b)
	if failed != nil {
		return nil, failed
	}
	return &rpc.Call{Envelope: envelope, Revision: protocol.Latest, Peer: localPeer{id: l.id}, NoReplay: true}, nil
}

// outcome is what a call has come to.
func (l *localCall) outcome(j *job, reply rpc.Reply) (*Result, error) {
	cause := cmp.Or(l.cause, j.failed)
	if reply.Refusal != nil {
		return nil, l.refused(reply.Refusal, cause)
	}
	envelope, failed := protocol.Scan(reply.Whole().Data)
	switch {
	case failed != nil:
		return nil, l.failedWith(failed, cause)
	case envelope.Err != nil:
		e := new(protocol.Error)
		if err := json.Unmarshal(envelope.Err, e); err != nil {
			return nil, l.fail(CallFailed, err.Error(), err)
		}
		return nil, l.failedWith(e, cause)
	}
	r, err := readResult(envelope.Result)
	if err != nil {
		return nil, l.fail(CallFailed, err.Error(), err)
	}
	if r.IsError {
		return r, l.failedIn(r, cause)
	}
	return r, nil
}

// readResult reads the result of a tool.
func readResult(raw []byte) (*Result, error) {
	var wire struct {
		Content    json.RawMessage `json:"content"`
		Structured json.RawMessage `json:"structuredContent"`
		IsError    bool            `json:"isError"`
		Meta       map[string]any  `json:"_meta"`
		Type       string          `json:"resultType"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return nil, fmt.Errorf("fastmcp: the result cannot be read: %w", err)
	}
	if wire.Type != "complete" {
		return nil, errors.New("fastmcp: the result is not one of a tool, but " + wire.Type)
	}
	blocks, err := content.ParseAll(wire.Content)
	if err != nil {
		return nil, fmt.Errorf("fastmcp: the result cannot be read: %w", err)
	}
	r := &Result{Content: blocks, IsError: wire.IsError, Meta: wire.Meta}
	if wire.Structured != nil {
		r.Structured = wire.Structured
	}
	if delete(r.Meta, protocol.MetaServer); len(r.Meta) == 0 {
		r.Meta = nil
	}
	return r, nil
}
