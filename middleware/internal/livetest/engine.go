package livetest

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Direct is a way to call a tool in the engine, without HTTP: what a call costs there is what middleware adds to.
type Direct struct {
	// Principal is who calls.
	Principal *auth.Principal
	// Args are the tool's arguments.
	Args string
}

// Prepare gives a function that calls a tool of a session of 2025-11-25 once. An answer that is no result, or that says
// isError, fails the test.
func (d Direct) Prepare(tb testing.TB, app *fastmcp.App, tool string) func() {
	tb.Helper()
	init := envelope(tb, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	session := d.run(tb, app, &rpc.Call{Envelope: init, Revision: protocol.V20251125, Peer: peer{}}).Session
	body := []byte(`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"` + tool + `","arguments":` + d.Args + `}}`)
	if reply := d.run(tb, app, &rpc.Call{Envelope: envelope(tb, string(body)), Revision: protocol.V20251125, Session: session, Peer: peer{}}); !strings.Contains(string(reply.Data), `"result"`) ||
		strings.Contains(string(reply.Data), `"isError":true`) {
		tb.Fatalf("%s", reply.Data)
	}
	return func() {
		e, err := protocol.Scan(body)
		if err != nil {
			tb.Fatal(err)
		}
		d.run(tb, app, &rpc.Call{Envelope: e, Revision: protocol.V20251125, Session: session, Peer: peer{}})
	}
}

func (d Direct) run(tb testing.TB, app *fastmcp.App, c *rpc.Call) rpc.Reply {
	c.Principal = d.Principal
	job, refusal := app.Engine().Accept(context.Background(), c)
	if refusal != nil {
		tb.Fatal(refusal.Err)
	}
	reply := job.Run(context.Background(), silent{})
	if len(reply.Data) == 0 {
		tb.Fatal("no answer")
	}
	return reply
}

func envelope(tb testing.TB, body string) protocol.Envelope {
	e, err := protocol.Scan([]byte(body))
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// peer is a caller without headers.
type peer struct{}

func (peer) Header(string) string         { return "" }
func (peer) HeaderValues(string) []string { return nil }
func (peer) RemoteIP() netip.Addr         { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }
func (peer) Mirrors() bool                { return false }
func (peer) Value(any) any                { return nil }
func (peer) Keep()                        {}

// silent is an answer that nobody reads.
type silent struct{}

func (silent) Send(rpc.Message) error      { return nil }
func (silent) Suspend(time.Duration) error { return nil }
func (silent) Gone() bool                  { return false }
func (silent) OnGone(func()) func()        { return func() {} }
