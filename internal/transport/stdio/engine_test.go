package stdio_test

import (
	"context"
	"fmt"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// engine is one whose calls do what a test wants.
type engine struct {
	// methods are what it can do besides initialize; session is what that opens, where it is not nil.
	methods map[string]func(ctx context.Context, c *rpc.Call, s rpc.Stream) string
	session func() string
	// modes and opens are of methods; accept is called for all.
	modes  map[string]rpc.Mode
	opens  map[string]rpc.Message
	accept func(c *rpc.Call)

	// told, ended and attached are what it is told; nil ones are not.
	told     chan *rpc.Call
	ended    chan string
	attached chan attachment
	end      func()
}

type attachment struct {
	session, after string
	sink           rpc.Sink
}

type job struct {
	e *engine
	c *rpc.Call
}

func (e *engine) Accept(_ context.Context, c *rpc.Call) (rpc.Job, *rpc.Refusal) {
	if e.accept != nil {
		e.accept(c)
	}
	if e.methods[c.Method] == nil && c.Method != protocol.MethodInitialize {
		return nil, rpc.Refuse(rpc.NoMethod, protocol.Errorf(protocol.CodeMethodNotFound, "Method not found: %s", c.Method))
	}
	return &job{e, c}, nil
}

func (j *job) Mode() rpc.Mode    { return j.e.modes[j.c.Method] }
func (j *job) Open() rpc.Message { return j.e.opens[j.c.Method] }

func (j *job) Run(ctx context.Context, s rpc.Stream) (r rpc.Reply) {
	var result string
	if f := j.e.methods[j.c.Method]; f != nil {
		result = f(ctx, j.c, s)
	} else {
		result = `"protocolVersion":"2025-06-18"`
		if j.e.session != nil {
			r.Session = j.e.session()
		}
	}
	if result != "" {
		r.Data = fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"result":{%s}}`, j.c.ID, result)
	}
	return r
}

func (e *engine) Notify(_ context.Context, c *rpc.Call) *rpc.Refusal {
	if e.told != nil {
		e.told <- c
	}
	return nil
}

func (e *engine) Answer(ctx context.Context, c *rpc.Call) *rpc.Refusal { return e.Notify(ctx, c) }

func (e *engine) Attach(_ context.Context, c *rpc.Call, after string, s rpc.Sink) (func(), *rpc.Refusal) {
	if e.attached != nil {
		e.attached <- attachment{c.Session, after, s}
	}
	return func() {}, nil
}

func (e *engine) End(_ context.Context, c *rpc.Call) *rpc.Refusal {
	if e.end != nil {
		e.end()
	}
	if e.ended != nil {
		e.ended <- c.Session
	}
	return nil
}

func (e *engine) SessionRevision(context.Context, *auth.Principal, string) (protocol.Revision, bool) {
	return 0, false
}
func (e *engine) Drain(context.Context) error { return nil }

// modern is a request of 2026-07-28.
func modern(id, method string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%q,"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`, id, method)
}

// plain is a request that does not say which revision it is of.
func plain(id, method string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%q}`, id, method)
}

// cancel cancels a request.
func cancel(id string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%s}}`, id)
}

const initialize = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
