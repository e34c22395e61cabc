// Package callertest calls an App in its tests as a transport does, without one: who calls, from where and in which revision
// is the test's to say, and time may be that of a synctest bubble.
package callertest

import (
	"context"
	"maps"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Call is one request. Who and where is nobody and nowhere by default.
type Call struct {
	// Tool is the tool that is called, Args its arguments; "" is none, and then Method and Params are what is asked.
	Tool, Args     string
	Method, Params string
	// Principal is who calls, IP from where.
	Principal *auth.Principal
	IP        string
	// Session is that of 2025-11-25; "" is a call of 2026-07-28.
	Session string
	// Line, if it is set, can cut the call off from its client.
	Line *Line
}

// Answer is what came back.
type Answer struct {
	// Status is what HTTP would have, RetryAfter its header, Header what the chain has set.
	Status     int
	RetryAfter time.Duration
	Header     map[string]string
	// Body is the JSON-RPC answer, Session the id of one that was opened.
	Body, Session string
}

// Line is a connection.
type Line struct {
	mu   sync.Mutex
	gone bool
	tell func()
}

// Cut has the client go away.
func (l *Line) Cut() {
	l.mu.Lock()
	tell := l.tell
	l.gone, l.tell = true, nil
	l.mu.Unlock()
	if tell != nil {
		tell()
	}
}

// stream is the answer's side of a call.
type stream struct {
	line   *Line
	mu     sync.Mutex
	header map[string]string
}

func (s *stream) Send(rpc.Message) error      { return nil }
func (s *stream) Suspend(time.Duration) error { return nil }
func (s *stream) Gone() bool {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	return s.line.gone
}
func (s *stream) OnGone(fn func()) func() {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	if s.line.gone {
		go fn()
		return func() {}
	}
	s.line.tell = fn
	return func() {
		s.line.mu.Lock()
		defer s.line.mu.Unlock()
		s.line.tell = nil
	}
}

// SetHeader keeps what the chain sets.
func (s *stream) SetHeader(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.header == nil {
		s.header = make(map[string]string, 4)
	}
	s.header[name] = value
}

type peer struct{ ip netip.Addr }

func (peer) Header(string) string         { return "" }
func (peer) HeaderValues(string) []string { return nil }
func (p peer) RemoteIP() netip.Addr       { return p.ip }
func (peer) Mirrors() bool                { return false }
func (peer) Value(any) any                { return nil }
func (peer) Keep()                        {}

const stateless = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`

// Do makes a call.
func Do(t testing.TB, app *fastmcp.App, c Call) Answer {
	t.Helper()
	body, call := c.prepare(t)
	envelope, err := protocol.Scan(body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	call.Envelope = envelope
	job, refusal := app.Engine().Accept(context.Background(), call)
	if refusal != nil {
		return refused(refusal, call.Revision, nil, string(protocol.AppendError(nil, call.ID, refusal.Err)))
	}
	s := &stream{line: c.Line}
	if s.line == nil {
		s.line = &Line{}
	}
	reply := job.Run(context.Background(), s)
	s.mu.Lock()
	defer s.mu.Unlock()
	text := string(reply.Whole().Data)
	if reply.Refusal != nil {
		return refused(reply.Refusal, call.Revision, s.header, text)
	}
	return Answer{Status: 200, Header: maps.Clone(s.header), Body: text, Session: reply.Session}
}

func refused(r *rpc.Refusal, rev protocol.Revision, header map[string]string, body string) Answer {
	return Answer{Status: streamhttp.StatusOf(r, rev), RetryAfter: r.RetryAfter, Header: maps.Clone(header), Body: body}
}

// prepare writes the message.
func (c Call) prepare(t testing.TB) ([]byte, *rpc.Call) {
	t.Helper()
	var ip netip.Addr
	if c.IP != "" {
		ip = netip.MustParseAddr(c.IP)
	}
	call := &rpc.Call{Revision: protocol.V20251125, Session: c.Session, Principal: c.Principal, Peer: peer{ip}}
	if c.Tool != "" {
		c.Method, c.Params = protocol.MethodToolsCall, `"name":"`+c.Tool+`"`
		if c.Args != "" {
			c.Params += `,"arguments":` + c.Args
		}
	}
	if c.Method == "" {
		c.Method = protocol.MethodPing
	}
	if c.Session == "" && c.Method != protocol.MethodInitialize {
		call.Revision = protocol.V20260728
		if c.Params != "" {
			c.Params += ","
		}
		c.Params += stateless
	}
	return []byte(`{"jsonrpc":"2.0","id":7,"method":"` + c.Method + `","params":{` + c.Params + `}}`), call
}

// Open opens a session of 2025-11-25.
func Open(t testing.TB, app *fastmcp.App, c Call) (session string) {
	t.Helper()
	c.Method, c.Params = protocol.MethodInitialize, `"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}`
	a := Do(t, app, c)
	if a.Session == "" {
		t.Fatalf("no session: %d %s", a.Status, a.Body)
	}
	return a.Session
}

// Cancel has the client of a session cancel its call.
func Cancel(t testing.TB, app *fastmcp.App, session string) {
	t.Helper()
	envelope, err := protocol.Scan([]byte(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`))
	if err != nil {
		t.Fatal(err)
	}
	call := &rpc.Call{Envelope: envelope, Revision: protocol.V20251125, Session: session, Peer: peer{}}
	if r := app.Engine().Notify(context.Background(), call); r != nil {
		t.Fatal(r.Err)
	}
}

// Plain is a call that can be made again and again without allocations of the test's own: see testing.AllocsPerRun.
func Plain(t testing.TB, app *fastmcp.App, c Call) func() {
	t.Helper()
	body, call := c.prepare(t)
	s := &stream{line: &Line{}}
	return func() {
		envelope, err := protocol.Scan(body)
		if err != nil {
			t.Fatal(err)
		}
		one := *call
		one.Envelope = envelope
		job, refusal := app.Engine().Accept(context.Background(), &one)
		if refusal != nil {
			t.Fatal(refusal.Err)
		}
		if reply := job.Run(context.Background(), s); reply.Refusal != nil || len(reply.Data) == 0 {
			t.Fatal("no answer")
		}
	}
}
