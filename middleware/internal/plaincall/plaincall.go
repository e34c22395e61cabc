// Package plaincall makes plain calls of a tool through an App's engine and chain, without a transport, so that tests and
// benchmarks of middleware see what a link costs.
package plaincall

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

type input struct {
	A float64 `json:"a" validate:"required"`
	B float64 `json:"b" validate:"required"`
}

type output struct {
	Sum float64 `json:"sum"`
}

// peer is a client over HTTP without headers but those given.
type peer map[string]string

func (p peer) Header(name string) string { return p[name] }
func (p peer) HeaderValues(name string) []string {
	if v, ok := p[name]; ok {
		return []string{v}
	}
	return nil
}
func (peer) RemoteIP() netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }
func (peer) Mirrors() bool        { return false }
func (peer) Value(any) any        { return nil }
func (peer) Keep()                {}

type stream struct{}

func (stream) Send(rpc.Message) error      { return nil }
func (stream) Suspend(time.Duration) error { return nil }
func (stream) Gone() bool                  { return false }
func (stream) OnGone(func()) func()        { return func() {} }

// New gives a function that makes one call of the tool "add" of an App with these links, in 2026-07-28. meta are more
// members of its _meta, with a comma before each; header are the request's headers.
func New(tb testing.TB, meta string, header map[string]string, links ...fastmcp.Handler) func() {
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
	for _, link := range links {
		app.Use(link)
	}
	app.AddTool(fastmcp.Tool{Name: "add", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in input) (output, error) {
		return output{Sum: in.A + in.B}, nil
	})})
	body := []byte(`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"add","arguments":{"a":1.5,"b":2},"_meta":{` +
		`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}` + meta + `}}}`)
	engine := app.Engine()
	return func() {
		envelope, err := protocol.Scan(body)
		if err != nil {
			tb.Fatal(err)
		}
		c := &rpc.Call{Envelope: envelope, Revision: protocol.V20260728, Peer: peer(header)}
		job, refusal := engine.Accept(context.Background(), c)
		if refusal != nil {
			tb.Fatal(refusal.Err)
		}
		if reply := job.Run(context.Background(), stream{}); len(reply.Data) == 0 {
			tb.Fatal("no answer")
		}
	}
}

// Allocations is how many allocations more a call makes because of these links.
func Allocations(tb testing.TB, meta string, header map[string]string, links ...fastmcp.Handler) float64 {
	tb.Helper()
	bare := testing.AllocsPerRun(200, New(tb, meta, header))
	return testing.AllocsPerRun(200, New(tb, meta, header, links...)) - bare
}

// Benchmark runs calls without a link, and with these.
func Benchmark(b *testing.B, links ...fastmcp.Handler) {
	run := func(name string, links []fastmcp.Handler) {
		b.Run(name, func(b *testing.B) {
			call := New(b, "", nil, links...)
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
	run("without", nil)
	run("with", links)
}
