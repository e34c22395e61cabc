package sse

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// engine is one whose every decision a test makes.
type engine struct {
	// accept decides about a request that is not initialize; run is what its job does.
	accept func(*rpc.Call) *rpc.Refusal
	run    func(context.Context, *rpc.Call, rpc.Stream) rpc.Reply
	// opening, if not nil, is received from before initialize opens the session.
	opening  chan struct{}
	attached chan rpc.Sink
	detached chan struct{}
	ended    chan string
	revision protocol.Revision

	mu    sync.Mutex
	calls []*rpc.Call
}

func newEngine() *engine {
	return &engine{attached: make(chan rpc.Sink, 16), detached: make(chan struct{}, 16), ended: make(chan string, 16), revision: protocol.V20241105}
}

func (e *engine) noted(c *rpc.Call) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, c)
}

func (e *engine) last() *rpc.Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls[len(e.calls)-1]
}

func (e *engine) Accept(_ context.Context, c *rpc.Call) (rpc.Job, *rpc.Refusal) {
	e.noted(c)
	if c.Method != protocol.MethodInitialize && e.accept != nil {
		if r := e.accept(c); r != nil {
			return nil, r
		}
	}
	return &job{e, c}, nil
}

func (e *engine) Notify(_ context.Context, c *rpc.Call) *rpc.Refusal {
	e.noted(c)
	return nil
}

func (e *engine) Answer(_ context.Context, c *rpc.Call) *rpc.Refusal {
	return e.Notify(context.Background(), c)
}

func (e *engine) Attach(_ context.Context, c *rpc.Call, after string, s rpc.Sink) (func(), *rpc.Refusal) {
	if c.Session != "session" || after != "" {
		return nil, rpc.Refuse(rpc.Gone, protocol.Errorf(protocol.CodeServer, "gone"))
	}
	e.attached <- s
	return func() { e.detached <- struct{}{} }, nil
}

func (e *engine) End(ctx context.Context, c *rpc.Call) *rpc.Refusal {
	if ctx.Err() != nil {
		return rpc.Refuse(rpc.Failed, protocol.Errorf(protocol.CodeInternal, "too late"))
	}
	e.ended <- c.Session
	return nil
}

func (e *engine) SessionRevision(_ context.Context, _ *auth.Principal, id string) (protocol.Revision, bool) {
	return e.revision, id == "session"
}

func (e *engine) Drain(context.Context) error { return nil }

// job is a request: initialize opens the session, any other does what the test says.
type job struct {
	e *engine
	c *rpc.Call
}

func (j *job) Mode() rpc.Mode    { return rpc.MayStream }
func (j *job) Open() rpc.Message { return rpc.Message{} }

func (j *job) Run(ctx context.Context, s rpc.Stream) rpc.Reply {
	reply := rpc.Reply{Message: rpc.Message{ID: "1.1", Data: fmt.Appendf(nil, `{"result":%s}`, j.c.ID)}}
	switch {
	case j.c.Method == protocol.MethodInitialize:
		if j.e.opening != nil {
			<-j.e.opening
		}
		reply.Session = "session"
	case j.e.run != nil:
		return j.e.run(ctx, j.c, s)
	}
	return reply
}

// newHandler serves an engine with bounds that a test can reach.
func newHandler(t *testing.T, e *engine) *Handler {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	door := streamhttp.New(e, nil, streamhttp.Config{MaxBody: 1000, MaxStreams: 3, Heartbeat: time.Hour, Log: log})
	h := New(e, door, Config{Path: "/sse", MessagesPath: "/messages", MaxCalls: 2, MaxBatch: 3, Patience: time.Hour, Log: log})
	t.Cleanup(func() {
		h.Drain()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		h.Close(ctx)
		if ctx.Err() != nil {
			t.Error("connections do not end")
		}
	})
	return h
}

func request(id int, method string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q}`, id, method)
}

func TestEndpoint(t *testing.T) {
	for _, c := range []struct{ path, messages, asked, want string }{
		{"/sse", "/messages", "/sse", "/messages"}, {"/sse", "/messages", "/sse/", "/messages"}, {"/sse", "/messages", "/api/sse", "/api/messages"},
		{"/sse", "/messages", "/API/SSE", "/API/messages"}, {"/sse/", "/messages/", "/a/b/sse", "/a/b/messages"}, {"/", "/messages", "/api", "/api/messages"},
		{"/", "/messages", "/", "/messages"}, {"sse", "messages", "/api/sse", "/api/messages"}, {"/v1/sse", "/v1/messages", "/api/v1/sse", "/api/v1/messages"},
		{"/sse", "/messages", "/elsewhere", "/messages"}, {"/sse", "/messages", "/a b/ü?/sse", "/a%20b/%C3%BC%3F/messages"},
		// None of these may name another host.
		{"/sse", "/messages", "//evil.example/sse", "/evil.example/messages"}, {"/sse", "/messages", "/\\evil.example/sse", "/%5Cevil.example/messages"},
		{"/sse", "/messages", "/a\r\ndata: x/sse", "/a%0D%0Adata:%20x/messages"},
	} {
		h := &Handler{config: Config{Path: c.path, MessagesPath: c.messages}}
		if got := h.endpoint(c.asked, "ID"); got != c.want+"?sessionId=ID" {
			t.Errorf("%s and %s, asked at %q: %s, want %s", c.path, c.messages, c.asked, got, c.want)
		}
	}
}

// What a client can do nothing about but by its request is told where it waits. The rest is the POST's.
func TestRefusals(t *testing.T) {
	e := newEngine()
	c := get(t, newHandler(t, e))
	c.initialize()
	for _, r := range []struct {
		name    string
		refusal rpc.Refusal
		status  int
	}{
		{"failed", rpc.Refusal{Class: rpc.Failed}, 202}, {"bad", rpc.Refusal{Class: rpc.BadRequest}, 202}, {"no method", rpc.Refusal{Class: rpc.NoMethod}, 202}, {"forbidden", rpc.Refusal{Class: rpc.Forbidden}, 202},
		{"scopes", rpc.Refusal{Class: rpc.Forbidden, Scopes: []string{"x"}}, 403}, {"too many", rpc.Refusal{Class: rpc.TooMany, RetryAfter: 1500 * time.Millisecond}, 429},
		{"unavailable", rpc.Refusal{Class: rpc.Unavailable}, 503}, {"gone", rpc.Refusal{Class: rpc.Gone}, 404}, {"conflict", rpc.Refusal{Class: rpc.Conflict}, 409},
	} {
		r.refusal.Err = protocol.Errorf(protocol.CodeServer, "no")
		e.accept = func(*rpc.Call) *rpc.Refusal { return &r.refusal }
		x := c.expect(r.status, request(5, "any"))
		const want = `{"jsonrpc":"2.0","id":5,"error":{"code":-32000,"message":"no"}}`
		if r.status != 202 && x.answer != want || r.refusal.RetryAfter > 0 && x.set["Retry-After"] != "2" {
			t.Errorf("%s: %s %v", r.name, x.answer, x.set)
		}
		if r.status == 202 {
			if got := c.message(); got != want {
				t.Errorf("%s: %s", r.name, got)
			}
		}
	}
	e.accept = nil
	c.expect(202, request(6, "any"))
	if got := c.message(); got != `{"result":6}` {
		t.Errorf("afterwards: %s", got)
	}
}

// The engine is told all about a call, and may look at its request when the POST has long been answered.
func TestCall(t *testing.T) {
	e := newEngine()
	e.revision = protocol.V20250618
	letGo := make(chan struct{})
	e.run = func(_ context.Context, c *rpc.Call, s rpc.Stream) rpc.Reply {
		<-letGo
		mark := c.Peer.Header("X-Mark")
		if err := s.Send(rpc.Message{ID: "9.9", Data: []byte(`{"mark":"` + mark + `"}`), Retry: time.Second}); err != nil || s.Gone() {
			t.Error(err)
		}
		if s.Suspend(time.Second) == nil {
			t.Error("the stream can be taken up again")
		}
		return rpc.Reply{Message: rpc.Message{ID: "9.10", Data: []byte("{\n}")}}
	}
	c := get(t, newHandler(t, e))
	c.initialize()
	c.expect(202, request(1, "any"))
	call := e.last()
	if call.Session != "session" || call.Revision != protocol.V20250618 || !call.NoReplay || call.Peer.Mirrors() || call.Peer.RemoteIP().String() != "127.0.0.1" {
		t.Errorf("%+v", call)
	}
	letGo <- struct{}{}
	if a, b := c.message(), c.message(); a != `{"mark":"mark"}` || b != "{ }" {
		t.Errorf("%s %s", a, b)
	}
	c.expect(202, `{"jsonrpc":"2.0","id":7,"result":{}}`)
	if call := e.last(); !call.IsResponse() || call.Session != "session" {
		t.Errorf("%+v", call)
	}
}

func TestArrays(t *testing.T) {
	e := newEngine()
	e.revision = protocol.V20250326
	c := get(t, newHandler(t, e))
	c.expect(400, "["+request(1, "any")+"]") // nothing has been agreed on
	c.initialize()
	c.expect(400, "[]")
	c.expect(400, "[1,2,3,4]")
	c.expect(400, "[1,")
	c.expect(429, "["+request(1, "any")+","+request(2, "any")+","+request(3, "any")+"]") // two may run
	c.expect(202, "["+request(1, "any")+`,{"jsonrpc":"2.0","method":"notifications/x"}]`)
	if got := c.message(); got != `{"result":1}` {
		t.Errorf("%s", got)
	}
	c.expect(202, "["+request(2, "initialize")+`,{"jsonrpc":"1.0","id":3}]`)
	for _, want := range []string{`"id":2,"error":{"code":-32600`, `"id":3,"error":{"code":-32600`} {
		if got := c.message(); !strings.Contains(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	c.expect(202, "["+request(4, "any")+","+request(5, "any")+"]") // all room has been given back
	c.message()
	c.message()
}

func TestHostThatCannotStream(t *testing.T) {
	x := &exchange{method: "GET", path: "/sse", cannot: true}
	newHandler(t, newEngine()).ServeStream(t.Context(), x)
	if x.status != 405 || x.set["Allow"] == "" || !x.released {
		t.Errorf("%d %v", x.status, x.set)
	}
}
