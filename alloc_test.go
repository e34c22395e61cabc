package fastmcp

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// plainPeer is a peer whose headers repeat what an add call says.
type plainPeer struct{}

func (plainPeer) Header(name string) string {
	switch name {
	case protocol.HeaderMethod:
		return protocol.MethodToolsCall
	case protocol.HeaderName:
		return "add"
	}
	return ""
}
func (p plainPeer) HeaderValues(name string) []string {
	if v := p.Header(name); v != "" {
		return []string{v}
	}
	return nil
}
func (plainPeer) RemoteIP() netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }
func (plainPeer) Mirrors() bool        { return true }
func (plainPeer) Value(any) any        { return nil }
func (plainPeer) Keep()                {}

type noStream struct{}

func (noStream) Send(rpc.Message) error      { return nil }
func (noStream) Suspend(time.Duration) error { return nil }
func (noStream) Gone() bool                  { return false }
func (noStream) OnGone(func()) func()        { return func() {} }

type plainInput struct {
	A float64 `json:"a" validate:"required"`
	B float64 `json:"b" validate:"required,lte=1e9"`
}

type plainOutput struct {
	Sum float64 `json:"sum"`
}

// plainCall is a typed call through the engine: scan, accept, bind, validate, dispatch, encode.
func plainCall(tb testing.TB, session bool) func() {
	app := New(Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	app.AddTool(Tool{Name: "add", Handler: Typed(func(_ *Context, in plainInput) (plainOutput, error) {
		return plainOutput{Sum: in.A + in.B}, nil
	})})
	body := []byte(`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"add","arguments":{"a":1.5,"b":2},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`)
	revision, id := protocol.V20260728, ""
	if session {
		body = []byte(`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"add","arguments":{"a":1.5,"b":2}}}`)
		revision, id = protocol.V20251125, openSession(tb, app)
	}
	return func() {
		envelope, err := protocol.Scan(body)
		if err != nil {
			tb.Fatal(err)
		}
		c := &rpc.Call{Envelope: envelope, Revision: revision, Session: id, Peer: plainPeer{}}
		job, refusal := app.engine().Accept(context.Background(), c)
		if refusal != nil {
			tb.Fatal(refusal.Err)
		}
		if reply := job.Run(context.Background(), noStream{}); len(reply.Data) == 0 {
			tb.Fatal("no answer")
		}
	}
}

func openSession(tb testing.TB, app *App) string {
	envelope, err := protocol.Scan([]byte(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`))
	if err != nil {
		tb.Fatal(err)
	}
	job, refusal := app.engine().Accept(context.Background(), &rpc.Call{Envelope: envelope, Revision: protocol.V20251125, Peer: plainPeer{}})
	if refusal != nil {
		tb.Fatal(refusal.Err)
	}
	return job.Run(context.Background(), noStream{}).Session
}

// The budget of a typed call is 30. What is measured is held, so that it does not creep up.
func TestPlainCallAllocations(t *testing.T) {
	for _, c := range []struct {
		name    string
		session bool
		budget  float64
	}{{"2026-07-28", false, 9 + raceAllocations}, {"2025-11-25", true, 7 + raceAllocations}} {
		if n := testing.AllocsPerRun(200, plainCall(t, c.session)); n > c.budget {
			t.Errorf("%s: %v allocations, the budget is %v", c.name, n, c.budget)
		} else {
			t.Logf("%s: %v allocations", c.name, n)
		}
	}
}

// plainRequest is a prompt, or a resource, of a session's, through the engine.
func plainRequest(tb testing.TB, what string) func() {
	app := New(Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	app.AddPrompt(Prompt{Name: "p", Description: "d", Handler: Typed(func(_ *Context, in struct {
		Topic string `json:"topic" validate:"required"`
	}) (string, error) {
		return "about " + in.Topic, nil
	})})
	app.AddResource(Resource{URI: "x://r", Name: "r", MimeType: "text/plain", Handler: Get(func(*Context) (string, error) { return "hello", nil })})
	id, body := openSession(tb, app), []byte(`{"jsonrpc":"2.0","id":17,"method":"prompts/get","params":{"name":"p","arguments":{"topic":"tea"}}}`)
	if what == "resource" {
		body = []byte(`{"jsonrpc":"2.0","id":17,"method":"resources/read","params":{"uri":"x://r"}}`)
	}
	return func() {
		envelope, err := protocol.Scan(body)
		if err != nil {
			tb.Fatal(err)
		}
		job, refusal := app.engine().Accept(context.Background(), &rpc.Call{Envelope: envelope, Revision: protocol.V20251125, Session: id, Peer: plainPeer{}})
		if refusal != nil {
			tb.Fatal(refusal.Err)
		}
		if reply := job.Run(context.Background(), noStream{}); len(reply.Data) == 0 {
			tb.Fatal("no answer")
		}
	}
}

func TestPlainRequestAllocations(t *testing.T) {
	for what, budget := range map[string]float64{"prompt": 10 + raceAllocations, "resource": 9 + raceAllocations} {
		if n := testing.AllocsPerRun(200, plainRequest(t, what)); n > budget {
			t.Errorf("%s: %v allocations, the budget is %v", what, n, budget)
		} else {
			t.Logf("%s: %v allocations", what, n)
		}
	}
}

func BenchmarkPlainRequest(b *testing.B) {
	for _, what := range []string{"prompt", "resource"} {
		b.Run(what, func(b *testing.B) {
			request := plainRequest(b, what)
			b.ReportAllocs()
			for b.Loop() {
				request()
			}
		})
	}
}

func BenchmarkPlainCall(b *testing.B) {
	for _, c := range []struct {
		name    string
		session bool
	}{{"2026-07-28", false}, {"2025-11-25", true}} {
		b.Run(c.name, func(b *testing.B) {
			call := plainCall(b, c.session)
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
}

// BenchmarkDispatch is what a call costs until its function could run: session, tool, guards, chain.
func BenchmarkDispatch(b *testing.B) {
	app := New(Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	app.AddTool(Tool{Name: "add", Handler: Typed(func(_ *Context, in plainInput) (plainOutput, error) { return plainOutput{}, nil })})
	envelope, err := protocol.Scan([]byte(`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"add","arguments":{"a":1.5,"b":2}}}`))
	if err != nil {
		b.Fatal(err)
	}
	c := &rpc.Call{Envelope: envelope, Revision: protocol.V20251125, Session: openSession(b, app), Peer: plainPeer{}}
	b.ReportAllocs()
	for b.Loop() {
		accepted, refusal := app.engine().Accept(context.Background(), c)
		if refusal != nil {
			b.Fatal(refusal.Err)
		}
		accepted.(*job).end()
	}
}

// BenchmarkEncode is what it costs to make an answer of what a function has returned.
func BenchmarkEncode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		a, err := answerOf(plainOutput{Sum: 3.5})
		if err != nil {
			b.Fatal(err)
		}
		a.append(make([]byte, 0, 256), protocol.V20251125)
	}
}
