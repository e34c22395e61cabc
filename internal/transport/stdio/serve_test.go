package stdio_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/transport/stdio"
)

type method = func(ctx context.Context, c *rpc.Call, s rpc.Stream) string

// ping answers at once.
func ping(context.Context, *rpc.Call, rpc.Stream) string { return `"ok":true` }

// holding is an engine with a method that waits to be let go, and one that waits to be cancelled.
func holding() (e *engine, begun chan string, letGo chan struct{}) {
	begun, letGo = make(chan string, 64), make(chan struct{}, 64)
	return &engine{methods: map[string]method{
		"ping": ping,
		"hold": func(_ context.Context, c *rpc.Call, _ rpc.Stream) string {
			begun <- string(c.ID)
			<-letGo
			return `"held":true`
		},
		"until": func(ctx context.Context, c *rpc.Call, s rpc.Stream) string {
			begun <- string(c.ID)
			<-ctx.Done()
			_ = s.Send(rpc.Message{Data: []byte(`{"late":true}`)})
			return `"cancelled":true`
		},
	}}, begun, letGo
}

func TestLinesOverTheBound(t *testing.T) {
	const most = 200
	c := serve(t, &engine{methods: map[string]method{"ping": ping}}, stdio.Config{MaxMessage: most})
	padded := func(id string, size int) string {
		s := modern(id, "ping")
		return s + strings.Repeat(" ", size-len(s))
	}
	c.send(padded("1", most))
	c.want(`"id":1`)
	c.send(padded("2", most) + "\r")
	c.want(`"id":2`)
	for i, size := range []int{most + 1, most + 2, most + 3, 63 << 10, 64 << 10, 64<<10 + 1, 1 << 20} {
		c.send(padded("3", size))
		c.wantError(fmt.Sprint(size), "", -32600, "200 bytes")
		c.send(modern(fmt.Sprint(10+i), "ping"))
		c.want(fmt.Sprintf(`"id":%d`, 10+i))
	}
	if _, err := io.WriteString(c.in, strings.Repeat("x", 1<<20)); err != nil {
		t.Fatal(err)
	}
	if rest, err := c.end(); err != nil || len(rest) != 1 || !strings.Contains(rest[0], "-32600") {
		t.Errorf("a long line without an end: %v %q", err, rest)
	}
}

// endless is a line that never ends, which must not be kept.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = 'x'
	}
	e.left -= len(p)
	return len(p), nil
}

func TestALongLineIsNotKept(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := stdio.Serve(t.Context(), &engine{}, &endless{left: 16 << 20}, io.Discard, stdio.Config{MaxMessage: 1 << 20})
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; err != nil || got > 8<<20 {
		t.Errorf("%v, %d bytes for 16 MiB", err, got)
	}
}

func TestLinesThatAreNoMessages(t *testing.T) {
	e := &engine{methods: map[string]method{"ping": ping}, told: make(chan *rpc.Call, 8)}
	c := serve(t, e, stdio.Config{})
	for _, r := range []struct {
		name, line, id string
		code           int
	}{
		{"rubbish", `rubbish`, "", -32700},
		{"half", `{"jsonrpc":"2.0","id":1`, "", -32700},
		{"two on a line", modern("1", "ping") + modern("2", "ping"), "", -32700},
		{"not UTF-8", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", "", -32700},
		{"a number", `1`, "", -32600},
		{"no envelope", `{}`, "", -32600},
		{"null is no id", `{"jsonrpc":"2.0","id":null,"method":"ping"}`, "", -32600},
		{"another JSON-RPC", `{"jsonrpc":"1.0","id":7,"method":"ping"}`, "7", -32600},
		{"bad params", `{"jsonrpc":"2.0","id":"x","method":"ping","params":[]}`, `"x"`, -32602},
		{"half an array", `[{}`, "", -32700},
	} {
		c.send(r.line)
		c.wantError(r.name, r.id, r.code, "")
	}
	c.send("", " \t ", "\r", // blank lines
		`{"jsonrpc":"2.0","method":"notifications/x","params":[]}`,               // a notification is not answered
		`{"jsonrpc":"2.0","id":1,"result":{},"error":{}}`,                        // nor is an answer
		`{"jsonrpc":"2.0","id":1,"result":{}}`,                                   // that nobody waits for
		`{"jsonrpc":"2.0","method":"notifications/cancelled"}`, cancel(`"none"`), // of nothing
		" "+modern("8", "ping")+" \r")
	c.want(`"id":8`)
	if _, err := io.WriteString(c.in, modern("9", "ping")); err != nil {
		t.Fatal(err)
	}
	if rest, err := c.end(); err != nil || len(rest) != 1 || !strings.Contains(rest[0], `"id":9`) {
		t.Errorf("a last line without a newline: %v %q", err, rest)
	}
	if len(e.told) > 0 {
		t.Errorf("the engine was told of %+v without a session", <-e.told)
	}
}

// What has no turn waits, in order; reading goes on, and what waits can be cancelled.
func TestRequestsWaitForTheirTurn(t *testing.T) {
	e, begun, letGo := holding()
	c := serve(t, e, stdio.Config{MaxConcurrent: 2, MaxWaiting: 3})
	for i := range 6 {
		c.send(modern(fmt.Sprint(i), "hold"))
	}
	c.wantError("one too many", "5", -32000, "waiting")
	first := []string{within(t, begun, "0"), within(t, begun, "1")}
	if slices.Sort(first); !slices.Equal(first, []string{"0", "1"}) {
		t.Errorf("%v run", first)
	}
	c.send(cancel("3"), modern("6", "hold"), modern("4", "ping"))
	c.wantError("an id that waits", "4", -32600, "id")
	letGo <- struct{}{}
	c.want(`"held":true`)
	letGo <- struct{}{}
	c.want(`"held":true`)
	next := []string{within(t, begun, "2"), within(t, begun, "4")}
	if slices.Sort(next); !slices.Equal(next, []string{"2", "4"}) {
		t.Errorf("%v run, but 3 was cancelled and 2 and 4 came before 6", next)
	}
	for range 3 {
		letGo <- struct{}{}
		c.want(`"held":true`)
	}
	if id := within(t, begun, "6"); id != "6" {
		t.Errorf("%s runs", id)
	}
	c.quiet()
}

// In 2026-07-28 a cancelled request gets nothing any more, and its id is free again when it has returned.
func TestCancelStateless(t *testing.T) {
	e, begun, _ := holding()
	sent := make(chan error, 1)
	gone := make(chan bool, 2)
	e.methods["watch"] = func(_ context.Context, c *rpc.Call, s rpc.Stream) string {
		told := make(chan struct{})
		stop := s.OnGone(func() { close(told) })
		s.OnGone(func() { t.Error("called although it was taken back") })()
		gone <- s.Gone()
		begun <- string(c.ID)
		<-told
		stop()
		gone <- s.Gone()
		sent <- s.Send(rpc.Message{Data: []byte(`{}`)})
		return `"watched":true`
	}
	e.told = make(chan *rpc.Call, 4)
	c := serve(t, e, stdio.Config{})
	c.send(modern(`"a"`, "watch"))
	within(t, begun, "it has not begun")
	c.send(modern(`"a"`, "ping"))
	c.wantError("twice", `"a"`, -32600, "id")
	c.send(cancel(`"a"`), cancel(`"a"`))
	if before, after := within(t, gone, "before"), within(t, gone, "after"); before || !after {
		t.Errorf("gone before: %v, after: %v", before, after)
	}
	if within(t, sent, "not sent") == nil {
		t.Error("a cancelled call can still send")
	}
	c.send(modern(`1`, "until"))
	within(t, begun, "it has not begun")
	c.send(cancel(`1`), modern("2", "ping"))
	c.want(`"id":2`)
	c.quiet()
	if len(e.told) > 0 {
		t.Error("the engine was told, though it knows no such session")
	}
}

// With a session it is the engine that cancels, once it knows the call.
func TestCancelInASession(t *testing.T) {
	e, begun, letGo := holding()
	e.session = func() string { return "s1" }
	e.told = make(chan *rpc.Call, 4)
	asked, answer := make(chan struct{}), make(chan struct{})
	e.accept = func(c *rpc.Call) {
		if string(c.ID) == "7" {
			close(asked)
			<-answer
		}
	}
	c := serve(t, e, stdio.Config{})
	c.send(initialize, plain("1", "hold"))
	c.want(`"protocolVersion"`)
	within(t, begun, "1")
	c.send(cancel("1"))
	if n := within(t, e.told, "the engine was not told"); n.Method != "notifications/cancelled" || n.Session != "s1" || n.Revision.String() != "2025-06-18" {
		t.Errorf("%+v", n)
	}
	letGo <- struct{}{}

	c.send(plain("7", "hold"))
	within(t, asked, "7 was not asked about")
	c.send(cancel("7"), plain("8", "ping"))
	c.want(`"id":8`)
	if len(e.told) > 0 {
		t.Error("the engine was told of a call that it does not know yet")
	}
	close(answer)
	if n := within(t, e.told, "the engine was not told"); !strings.Contains(string(n.Params), "7") {
		t.Errorf("%s", n.Params)
	}
	letGo <- struct{}{}
	c.send(cancel("99")) // which is not running as far as is known here: the engine may know better
	within(t, e.told, "99")
	c.quiet()
}

// An engine need not give sessions. Then nobody but the transport can cancel.
func TestWithoutASession(t *testing.T) {
	e, begun, _ := holding()
	e.attached, e.ended = make(chan attachment, 1), make(chan string, 1)
	c := serve(t, e, stdio.Config{})
	c.send(plain("1", "until"))
	c.wantError("before initialize", "1", -32602, "2026-07-28")
	c.send(initialize, plain("1", "until"))
	c.want(`"protocolVersion"`)
	within(t, begun, "1")
	c.send(cancel("1"), plain("2", "ping"))
	c.want(`"id":2`)
	c.quiet()
	if len(e.attached)+len(e.ended) > 0 {
		t.Error("a session was attached to, or ended, that there is not")
	}
}

func TestASecondInitializeEndsTheFirstSession(t *testing.T) {
	e, begun, letGo := holding()
	n := 0
	e.session = func() string { n++; return fmt.Sprint("s", n) }
	e.ended, e.attached = make(chan string, 4), make(chan attachment, 4)
	c := serve(t, e, stdio.Config{MaxConcurrent: 2})
	c.send(initialize, plain("1", "hold"), plain("2", "hold"), plain("3", "hold"), modern("4", "ping"))
	c.want(`"protocolVersion"`)
	first := within(t, e.attached, "no stream")
	within(t, begun, "1")
	within(t, begun, "2")
	c.send(initialize)
	c.want(`"protocolVersion"`)
	if id := within(t, e.ended, "the first session goes on"); id != "s1" || first.session != "s1" {
		t.Errorf("%s was ended, %s attached", id, first.session)
	}
	if second := within(t, e.attached, "no stream"); second.session != "s2" || second.after != "" {
		t.Errorf("%+v", second)
	}
	c.send(plain("1", "ping"), plain("3", "ping")) // ids of the first session's calls, one of which never runs
	letGo <- struct{}{}
	letGo <- struct{}{}
	ids := []string{string(c.message().ID), string(c.message().ID), string(c.message().ID)}
	if slices.Sort(ids); !slices.Equal(ids, []string{"1", "3", "4"}) {
		t.Errorf("answers to %v", ids)
	}
	c.quiet()
	if id := within(t, e.ended, "the session goes on"); id != "s2" || len(begun) > 0 {
		t.Errorf("%s was ended; %d more calls have begun", id, len(begun))
	}
}

// The session's own stream goes out without what is for clients that can come back. One that was too slow is here still.
func TestTheSessionsOwnStream(t *testing.T) {
	e := &engine{session: func() string { return "s" }, attached: make(chan attachment, 4), methods: map[string]method{"ping": ping}}
	c := serve(t, e, stdio.Config{})
	c.send(initialize)
	c.want(`"protocolVersion"`)
	a := within(t, e.attached, "no stream")
	data := []byte("{\"a\":\r\n\t\"x\\ny\",\n\"b\":1}")
	kept := string(data)
	if err := a.sink.Send(rpc.Message{ID: "0.0"}, rpc.Message{ID: "0.1", Data: data}, rpc.Message{Retry: time.Second}); err != nil {
		t.Error(err)
	}
	if got := c.next(); got != "{\"a\":  \t\"x\\ny\", \"b\":1}" || string(data) != kept {
		t.Errorf("%q, and the message is %q", got, data)
	}
	a.sink.Close(time.Second)
	if a = within(t, e.attached, "it does not come back"); a.after != "0.1" || a.session != "s" {
		t.Errorf("%+v", a)
	}
	a.sink.Close(0)
	c.quiet()
	a.sink.Close(time.Second)
	if err := a.sink.Send(rpc.Message{Data: []byte(`{}`)}); err == nil {
		t.Error("it writes after the end")
	}
	if len(e.attached) > 0 {
		t.Error("it comes back although it was ended")
	}
}

// A stream that lasts begins with what it opens with, and takes no turn from the others.
func TestStreamsThatLast(t *testing.T) {
	e, begun, letGo := holding()
	e.methods["listen"] = e.methods["hold"]
	e.modes = map[string]rpc.Mode{"listen": rpc.MustStream, "steps": rpc.MayStream}
	e.opens = map[string]rpc.Message{
		"listen": {ID: "1", Data: []byte(`{"acknowledged":true}`)}, "steps": {ID: "priming"},
	}
	e.methods["steps"] = func(_ context.Context, _ *rpc.Call, s rpc.Stream) string {
		err := errors.Join(s.Send(rpc.Message{ID: "x", Data: []byte(`{"step":1}`)}), s.Send(rpc.Message{ID: "y"}), s.Send(rpc.Message{Data: []byte(`{"step":2}`)}))
		if err != nil || s.Suspend(time.Second) == nil {
			t.Error("Send failed, or Suspend did not", err)
		}
		return `"done":true`
	}
	c := serve(t, e, stdio.Config{MaxConcurrent: 1})
	c.send(modern("1", "listen"))
	c.want(`{"acknowledged":true}`)
	c.send(modern("2", "steps"))
	c.want(`{"step":1}`, `{"step":2}`, `"done":true`)
	c.send(modern("3", "listen"), modern("4", "ping")) // more than MaxConcurrent: this one keeps its turn
	c.want(`{"acknowledged":true}`)
	within(t, begun, "1")
	within(t, begun, "3")
	letGo <- struct{}{}
	letGo <- struct{}{}
	var ids []string
	for range 3 {
		ids = append(ids, string(c.message().ID))
	}
	if slices.Sort(ids); !slices.Equal(ids, []string{"1", "3", "4"}) {
		t.Errorf("%v", ids)
	}
	c.quiet()
}

// What the client has asked for before it went is answered, if it does not take too long; 2026-07-28 is told at once.
func TestTheEndOfTheInput(t *testing.T) {
	e, begun, letGo := holding()
	e.session = func() string { return "s" }
	e.ended = make(chan string, 1)
	c := serve(t, e, stdio.Config{Drain: time.Hour, Unwind: time.Hour, MaxConcurrent: 2})
	c.send(initialize, plain("1", "hold"), modern("2", "until"), plain("3", "ping"))
	c.want(`"protocolVersion"`)
	within(t, begun, "one")
	within(t, begun, "two")
	if err := c.in.Close(); err != nil {
		t.Fatal(err)
	}
	c.want(`{"late":true}`, `"cancelled":true`, `"id":3`)
	if len(e.ended) > 0 {
		t.Error("the session has ended before its calls")
	}
	letGo <- struct{}{}
	c.want(`"held":true`)
	if rest, err := c.ended(); err != nil || rest != nil || within(t, e.ended, "the session goes on") != "s" {
		t.Errorf("%v %q", err, rest)
	}
}

func TestDrainIsBounded(t *testing.T) {
	for name, end := range map[string]func(c *client){
		"the end of the input": func(c *client) { _ = c.in.Close() },
		"the context":          func(c *client) { c.stop() },
	} {
		t.Run(name, func(t *testing.T) {
			e, begun, letGo := holding()
			e.session = func() string { return "s" }
			c := serve(t, e, stdio.Config{Drain: -1, Unwind: -1, MaxConcurrent: 2})
			c.send(initialize, plain("1", "hold"), plain("2", "until"), plain("3", "hold"))
			c.want(`"protocolVersion"`)
			within(t, begun, "one")
			within(t, begun, "two")
			end(c)
			err := within(t, c.done, "it waits for a call that does not return")
			if err != nil || !strings.Contains(c.log.String(), "not returned") {
				t.Errorf("%v\n%s", err, c.log)
			}
			close(letGo)
			for line := range c.got { // the pipe is closed behind Serve
				if strings.Contains(line, "held") {
					t.Errorf("said after the end: %s", line)
				}
			}
			if len(begun) > 0 {
				t.Error("what waited has begun")
			}
		})
	}
}

// A client that has closed the input and then sends a signal has lost patience.
func TestTheContextEndsTheWaiting(t *testing.T) {
	e, begun, letGo := holding()
	c := serve(t, e, stdio.Config{Drain: time.Hour, Unwind: -1})
	c.send(initialize, plain("1", "hold"), modern("2", "until"))
	c.want(`"protocolVersion"`)
	within(t, begun, "one")
	within(t, begun, "two")
	_ = c.in.Close()
	c.want(`{"late":true}`, `"cancelled":true`) // so that the end of the input has been seen
	c.stop()
	if err := within(t, c.done, "it waits for a call that does not return"); err != nil {
		t.Error(err)
	}
	close(letGo)
}

func TestTheContextCancelsWhatDoesNotEndByItself(t *testing.T) {
	e, begun, _ := holding()
	e.session = func() string { return "s" }
	c := serve(t, e, stdio.Config{Drain: time.Millisecond, Unwind: time.Hour})
	c.send(initialize, plain("1", "until"))
	c.want(`"protocolVersion"`)
	within(t, begun, "1")
	c.stop()
	if rest, err := c.ended(); err != nil || len(rest) != 2 {
		t.Errorf("%v %q", err, rest)
	}
}

func TestAClientThatDoesNotReadAnyMore(t *testing.T) {
	e, begun, _ := holding()
	c := serve(t, e, stdio.Config{Drain: time.Hour, Unwind: time.Hour})
	c.send(initialize, plain("1", "until"))
	c.want(`"protocolVersion"`)
	within(t, begun, "1")
	_ = c.out.Close()
	c.send(plain("2", "ping"))
	if err := within(t, c.done, "it goes on"); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("%v", err)
	}
}

// stuck is a Writer that does not return while nobody reads, as a full pipe.
type stuck struct{ begun, letGo chan struct{} }

func (s *stuck) Write(p []byte) (int, error) {
	s.begun <- struct{}{}
	<-s.letGo
	return len(p), nil
}

func TestAWriteThatBlocksDoesNotHoldUpTheEnd(t *testing.T) {
	in, w := pipe(t)
	out := &stuck{make(chan struct{}, 8), make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- stdio.Serve(ctx, &engine{methods: map[string]method{"ping": ping}}, in, out, stdio.Config{Drain: -1, Unwind: -1})
	}()
	_, _ = io.WriteString(w, modern("1", "ping")+"\n"+modern("2", "ping")+"\n")
	within(t, out.begun, "nothing is written")
	stop()
	if err := within(t, done, "it waits for a write"); err != nil {
		t.Error(err)
	}
	close(out.letGo)
	if len(out.begun) > 0 {
		t.Error("written after the end")
	}
}

// faulty fails in the way of each test.
type faulty func(p []byte) (int, error)

func (f faulty) Read(p []byte) (int, error)  { return f(p) }
func (f faulty) Write(p []byte) (int, error) { return f(p) }

func TestFaultyStreams(t *testing.T) {
	broken := errors.New("broken")
	line := modern("1", "ping") + "\n"
	for name, r := range map[string]struct {
		in   io.Reader
		out  io.Writer
		want string
	}{
		"read":         {faulty(func([]byte) (int, error) { return 0, broken }), io.Discard, "reading: broken"},
		"read panics":  {faulty(func([]byte) (int, error) { panic("bad") }), io.Discard, "panicked: bad"},
		"write":        {strings.NewReader(line), faulty(func([]byte) (int, error) { return 0, broken }), "writing: broken"},
		"write panics": {strings.NewReader(line), faulty(func([]byte) (int, error) { panic("bad") }), "panicked: bad"},
		"short write":  {strings.NewReader(line), faulty(func(p []byte) (int, error) { return len(p) - 1, nil }), "short write"},
		"closed":       {faulty(func([]byte) (int, error) { return 0, io.ErrClosedPipe }), io.Discard, ""},
	} {
		err := stdio.Serve(t.Context(), &engine{methods: map[string]method{"ping": ping}}, r.in, r.out, stdio.Config{})
		if r.want == "" && err != nil || r.want != "" && (err == nil || !strings.Contains(err.Error(), r.want)) {
			t.Errorf("%s: %v, want %q", name, err, r.want)
		}
	}
}

// Whatever an engine, or a hook that it calls, panics with is the end of one message.
func TestPanics(t *testing.T) {
	e := &engine{session: func() string { return "s" }, methods: map[string]method{
		"ping":   ping,
		"panics": func(context.Context, *rpc.Call, rpc.Stream) string { panic("in run") },
		"exits":  func(context.Context, *rpc.Call, rpc.Stream) string { runtime.Goexit(); return "" },
	}}
	e.accept = func(c *rpc.Call) {
		if string(c.ID) == "1" {
			panic("in accept")
		}
	}
	e.end = func() { panic("in end") }
	c := serve(t, e, stdio.Config{MaxConcurrent: 1})
	c.send(modern("1", "ping"))
	c.wantError("accept", "1", -32603, "Internal error")
	c.send(modern("2", "panics"))
	c.wantError("run", "2", -32603, "Internal error")
	c.send(modern("3", "exits"))
	c.wantError("exit", "3", -32603, "Internal error")
	c.send(strings.Replace(initialize, `"id":0`, `"id":1`, 1))
	c.wantError("initialize", "1", -32603, "Internal error")
	c.send(initialize, modern("4", "ping"))
	c.want(`"protocolVersion"`, `"id":4`)
	c.quiet()
	for _, want := range []string{"in accept", "in run", "in end"} {
		if !strings.Contains(c.log.String(), want) {
			t.Errorf("%q is not in the log", want)
		}
	}
}

// An id is free once its answer has been read. Over HTTP many clients use one id for everything.
func TestAnIDCanBeUsedAgain(t *testing.T) {
	c := serve(t, &engine{methods: map[string]method{"ping": ping}}, stdio.Config{})
	for range 2000 {
		c.send(modern("1", "ping"))
		c.want(`"ok":true`)
	}
	c.quiet()
}
