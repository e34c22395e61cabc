package sse

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
)

// waits makes calls that run until their context, or the test, ends them.
func (e *engine) waits() (begun, letGo chan struct{}, cancelled chan error) {
	begun, letGo, cancelled = make(chan struct{}, 16), make(chan struct{}), make(chan error, 16)
	e.run = func(ctx context.Context, c *rpc.Call, s rpc.Stream) rpc.Reply {
		gone := make(chan struct{})
		stop := s.OnGone(func() { close(gone) })
		defer stop()
		begun <- struct{}{}
		select {
		case <-letGo:
		case <-gone:
			<-ctx.Done()
			cancelled <- s.Send(rpc.Message{Data: []byte("{}")})
		}
		return rpc.Reply{Message: rpc.Message{Data: []byte(`{"result":` + string(c.ID) + `}`)}}
	}
	return begun, letGo, cancelled
}

// However a connection ends, everything of it ends.
func TestEnd(t *testing.T) {
	for name, end := range map[string]func(*client, rpc.Sink){
		"the client goes away": func(c *client, _ rpc.Sink) { c.hangUp() },
		"a write fails": func(c *client, own rpc.Sink) {
			c.breakDown()
			if own.Send(rpc.Message{Data: []byte("{}")}) == nil {
				c.t.Error("the write has not failed")
			}
		},
		"the session ends": func(_ *client, own rpc.Sink) { own.Close(time.Second) },
	} {
		e := newEngine()
		begun, _, cancelled := e.waits()
		h := newHandler(t, e)
		c := get(t, h)
		c.initialize()
		own := receive(t, name+": the session's stream", e.attached)
		c.expect(202, request(1, "any"))
		receive(t, name+": the call", begun)
		end(c, own)
		if err := receive(t, name+": the call's end", cancelled); err == nil {
			t.Errorf("%s: a message went out", name)
		}
		receive(t, name+": the stream is taken off", e.detached)
		if got := receive(t, name+": the session's end", e.ended); got != "session" {
			t.Errorf("%s: %q ended", name, got)
		}
		receive(t, name+": the body's end", c.ended)
		c.forgotten()
		for range 3 { // as many as there may be: the place has been given back
			get(t, h)
		}
	}
}

// A session that is opened when its connection has just gone is nobody's, and ends.
func TestEndWhileInitializing(t *testing.T) {
	e := newEngine()
	e.opening = make(chan struct{})
	c := get(t, newHandler(t, e))
	c.expect(202, request(0, "initialize"))
	c.expect(202, request(1, "initialize"))
	if got := c.message(); !strings.Contains(got, `"id":1,"error":{"code":-32600`) {
		t.Errorf("a second one beside the first: %s", got)
	}
	c.hangUp()
	c.forgotten()
	e.opening <- struct{}{}
	if got := receive(t, "the session's end", e.ended); got != "session" || len(e.attached) != 0 {
		t.Errorf("%q ended", got)
	}
}

func TestDrain(t *testing.T) {
	e := newEngine()
	begun, letGo, _ := e.waits()
	h := newHandler(t, e)
	idle, busy := get(t, h), get(t, h)
	busy.initialize()
	own := receive(t, "the session's stream", e.attached)
	busy.expect(202, request(1, "any"))
	receive(t, "the call", begun)
	h.Drain()
	own.Close(time.Second) // the engine does that, too
	receive(t, "the idle one's end", idle.ended)
	x := &exchange{method: "GET", path: "/sse"}
	if h.ServeStream(t.Context(), x); x.status != 503 || x.set["Retry-After"] == "" {
		t.Errorf("a new one: %d %v", x.status, x.set)
	}
	busy.expect(503, request(2, "any"))
	busy.expect(202, `{"jsonrpc":"2.0","method":"notifications/cancelled"}`)

	// The call ends, and its reader is slow: Close waits for what is being written.
	gate := make(chan struct{})
	busy.setGate(gate)
	letGo <- struct{}{}
	closed := make(chan struct{})
	go func() {
		h.Close(t.Context())
		close(closed)
	}()
	gate <- struct{}{}
	if got := busy.message(); got != `{"result":1}` {
		t.Errorf("%s", got)
	}
	receive(t, "Close", closed)
	receive(t, "the busy one's end", busy.ended)
}

// A connection that Drain ends before it has said a word is refused: there must be an answer.
func TestDrainBeforeTheFirstWord(t *testing.T) {
	h := newHandler(t, newEngine())
	x := &exchange{method: "GET", path: "/sse", stream: newBody()}
	x.onPath = func() {
		h.Drain()
		h.Close(t.Context())
	}
	if h.ServeStream(t.Context(), x); x.status != 503 || len(x.stream.events) != 0 {
		t.Errorf("%d %s", x.status, x.answer)
	}
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	e := newEngine()
	begun, _, cancelled := e.waits()
	h := newHandler(t, e)
	c := get(t, h)
	c.initialize()
	c.expect(202, request(1, "any"))
	receive(t, "the call", begun)
	h.Drain()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.Close(ctx)
	receive(t, "the call's end", cancelled)
	receive(t, "the body's end", c.ended)
}

func TestBounds(t *testing.T) {
	e := newEngine()
	begun, letGo, _ := e.waits()
	h := newHandler(t, e)
	c := get(t, h)
	c.initialize()
	for id := range 2 {
		c.expect(202, request(id, "any"))
		receive(t, "a call", begun)
	}
	if x := c.expect(429, request(2, "any")); x.set["Retry-After"] != "1" {
		t.Errorf("%v", x.set)
	}
	for range 2 {
		letGo <- struct{}{}
		c.message()
	}
	c.expect(413, request(3, strings.Repeat("x", 1000)))
	get(t, h)
	get(t, h)
	x := &exchange{method: "GET", path: "/sse"}
	if h.ServeStream(t.Context(), x); x.status != 503 || x.set["Retry-After"] == "" {
		t.Errorf("one connection too many: %d %v", x.status, x.set)
	}
}

func TestPatience(t *testing.T) {
	e := newEngine()
	h := newHandler(t, e)
	h.config.Patience = time.Millisecond
	c := &client{t: t, h: h, body: newBody()}
	h.ServeStream(t.Context(), &exchange{method: "GET", path: "/sse", stream: c.body})
	receive(t, "the end of a connection that says nothing", c.ended)
}

// A call whose job breaks is answered all the same, and its connection goes on.
func TestBrokenJob(t *testing.T) {
	e := newEngine()
	e.run = func(context.Context, *rpc.Call, rpc.Stream) rpc.Reply { panic("a bug of ours") }
	c := get(t, newHandler(t, e))
	c.initialize()
	c.expect(202, request(1, "any"))
	if got := c.message(); got != `{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"Internal error"}}` {
		t.Errorf("%s", got)
	}
	e.run = nil
	c.expect(202, request(2, "any"))
	if got := c.message(); got != `{"result":2}` {
		t.Errorf("%s", got)
	}
}

// What a function that was abandoned still sends does not come after its answer.
func TestNothingFollowsTheAnswer(t *testing.T) {
	e := newEngine()
	var kept rpc.Stream
	e.run = func(_ context.Context, _ *rpc.Call, s rpc.Stream) rpc.Reply {
		kept = s
		return rpc.Reply{Message: rpc.Message{Data: []byte("{}")}}
	}
	c := get(t, newHandler(t, e))
	c.initialize()
	c.expect(202, request(1, "any"))
	c.message()
	if kept.Send(rpc.Message{Data: []byte(`{"late":1}`)}) == nil {
		t.Error("it went out")
	}
}

var _ streamhttp.Exchange = (*exchange)(nil)
