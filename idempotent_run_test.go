package fastmcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/store"
)

// lostStream is that of a client that has gone away: nothing can be sent.
type lostStream struct{ noStream }

func (lostStream) Send(rpc.Message) error { return errors.New("gone") }
func (lostStream) Gone() bool             { return true }

// keyedCaller is an App that takes keys from anybody, and a call of its tool "add".
func keyedCaller(t *testing.T, config Config, run func(c *Context) (string, error)) func(key string, s rpc.Stream) string {
	t.Helper()
	config.Log, config.Idempotency.Anonymous = slog.New(slog.NewTextHandler(io.Discard, nil)), true
	app := New(config)
	app.AddTool(Tool{Name: "add", Handler: Get(run)})
	return func(key string, s rpc.Stream) string {
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"add","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"progressToken":1,%q:%q}}}`, MetaIdempotencyKey, key)
		envelope, err := protocol.Scan([]byte(body))
		if err != nil {
			t.Error(err)
			return ""
		}
		job, refusal := app.engine().Accept(t.Context(), &rpc.Call{Envelope: envelope, Revision: protocol.V20260728, Peer: plainPeer{}})
		if refusal != nil {
			t.Error(refusal.Err)
			return ""
		}
		said := make(chan string, 1)
		go func() {
			defer close(said)
			said <- string(job.Run(t.Context(), s).Data)
		}()
		return <-said
	}
}

// TestKeyedGoexit: a handler ends its goroutine. There is no answer, and it is known that it has run.
func TestKeyedGoexit(t *testing.T) {
	var runs atomic.Int64
	call := keyedCaller(t, Config{}, func(*Context) (string, error) {
		runs.Add(1)
		runtime.Goexit()
		return "", nil
	})
	if said := call("k", noStream{}); said != "" {
		t.Errorf("%s", said)
	}
	if said := call("k", noStream{}); !strings.Contains(said, "The call has run, but what it came to is not known") || runs.Load() != 1 {
		t.Errorf("%s, %d runs", said, runs.Load())
	}
}

// TestKeyedSendsToNobody: a call whose client is gone goes on, whatever it sends; a call without a key is told.
func TestKeyedSendsToNobody(t *testing.T) {
	call := keyedCaller(t, Config{}, func(c *Context) (string, error) {
		if err := errors.Join(c.Progress(1, 2), c.Notify("notifications/x", nil)); err != nil {
			return "", err
		}
		return "done", nil
	})
	if said := call("k", lostStream{}); !strings.Contains(said, `"done"`) {
		t.Errorf("%s", said)
	}
}

// slowArgument takes its time to be read.
type slowArgument struct{}

func (a *slowArgument) UnmarshalJSON([]byte) error { slowly.Load().(func())(); return nil }

// slowly is what reading a slowArgument waits for.
var slowly atomic.Value

// TestKeyedAfterTheAnswer: the time of a call that is abandoned is over before its arguments have been read. The function does
// not run then, and nothing is kept.
func TestKeyedAfterTheAnswer(t *testing.T) {
	var runs atomic.Int64
	letGo, read := make(chan struct{}), make(chan struct{})
	slowly.Store(func() { <-letGo; close(read) })
	app := New(Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Idempotency: IdempotencyConfig{Anonymous: true}})
	app.AddTool(Tool{Name: "add", Timeout: time.Millisecond, Abandon: true, MaxConcurrent: 1, Handler: Typed(func(_ *Context, in struct {
		A slowArgument `json:"a"`
	}) (string, error) {
		runs.Add(1)
		return "", nil
	})})
	body := []byte(`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"add","arguments":{"a":1},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.github.fastmcp-go/idempotencyKey":"k"}}}`)
	envelope, _ := protocol.Scan(body)
	accepted, refusal := app.engine().Accept(t.Context(), &rpc.Call{Envelope: envelope, Revision: protocol.V20260728, Peer: plainPeer{}})
	if refusal != nil {
		t.Fatal(refusal.Err)
	}
	if said := string(accepted.Run(context.Background(), noStream{}).Data); !strings.Contains(said, "timed out after 1ms") {
		t.Errorf("%s", said)
	}
	close(letGo)
	<-read
	keyedSlotIsFree(t, app)
	if raw, err := app.engine().keyed.store.KV.Get(t.Context(), accepted.(*job).keyed.name); raw != nil || err != nil || runs.Load() != 0 {
		t.Errorf("%s, %v, %d runs", raw, err, runs.Load())
	}
}

// keyedAccepted is a call of the tool "add" with a key, from nobody.
func keyedAccepted(t *testing.T, app *App) *job {
	t.Helper()
	envelope, err := protocol.Scan([]byte(`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"add","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.github.fastmcp-go/idempotencyKey":"k"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	accepted, refusal := app.engine().Accept(t.Context(), &rpc.Call{Envelope: envelope, Revision: protocol.V20260728, Peer: plainPeer{}})
	if refusal != nil {
		t.Fatal(refusal.Err)
	}
	return accepted.(*job)
}

// TestKeyedCancelledBefore: a transport gives a call up before its function runs. It does not run, and nothing is kept.
func TestKeyedCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var runs atomic.Int64
	app := New(Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Idempotency: IdempotencyConfig{Anonymous: true}})
	app.Use(func(c *Context) error {
		cancel()
		<-c.Done()
		return c.job.keyed.claim(c)
	})
	app.AddTool(Tool{Name: "add", Handler: Get(func(*Context) (string, error) { runs.Add(1); return "", nil })})
	j := keyedAccepted(t, app)
	if said := string(j.Run(ctx, noStream{}).Data); !strings.Contains(said, `"isError":true`) {
		t.Errorf("%s", said)
	}
	if raw, err := app.engine().keyed.store.KV.Get(t.Context(), j.keyed.name); raw != nil || err != nil || runs.Load() != 0 {
		t.Errorf("%s, %v, %d runs", raw, err, runs.Load())
	}
}

// slowAtomic holds the taking of keys.
type slowAtomic struct {
	store.Atomic
	come, letGo chan struct{}
}

func (a slowAtomic) SetNX(ctx context.Context, key string, val []byte, ttl time.Duration) (bool, error) {
	close(a.come)
	<-a.letGo
	return a.Atomic.SetNX(ctx, key, val, ttl)
}

// TestKeyedTakenAfterTheAnswer: the time of a call that is abandoned is over while it takes its key. It gives the key back.
func TestKeyedTakenAfterTheAnswer(t *testing.T) {
	var runs atomic.Int64
	app := New(Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Idempotency: IdempotencyConfig{Anonymous: true}})
	app.AddTool(Tool{Name: "add", Timeout: time.Second, Abandon: true, MaxConcurrent: 1, Handler: Get(func(*Context) (string, error) { runs.Add(1); return "", nil })})
	come, letGo := make(chan struct{}), make(chan struct{})
	app.engine().keyed.store.Atomic = slowAtomic{app.engine().keyed.store.Atomic, come, letGo}
	j := keyedAccepted(t, app)
	if said := string(j.Run(t.Context(), noStream{}).Data); !strings.Contains(said, "timed out after 1s") {
		t.Errorf("%s", said)
	}
	select {
	case <-come:
	default:
		t.Error("it has not come to take the key")
	}
	close(letGo)
	keyedSlotIsFree(t, app)
	if raw, err := app.engine().keyed.store.KV.Get(t.Context(), j.keyed.name); raw != nil || err != nil || runs.Load() != 0 {
		t.Errorf("%s, %v, %d runs", raw, err, runs.Load())
	}
}

// keyedSlotIsFree waits until the tool "add" does not run.
func keyedSlotIsFree(t *testing.T, app *App) {
	t.Helper()
	slots := app.engine().current().tools.byKey["add"].tool.slots
	for end := time.Now().Add(20 * time.Second); len(slots.free) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not end")
		}
	}
}

// TestKeyedWakes: who waits is woken by news of its key, and when news may have been lost.
func TestKeyedWakes(t *testing.T) {
	app := New(Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Storage: newSharing(), Keys: [][]byte{bytes.Repeat([]byte{1}, 32)}})
	if err := app.start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Shutdown(t.Context()) }()
	all := app.engine().keyed
	one, stopOne := all.watch("one")
	same, stopSame := all.watch("one")
	other, stopOther := all.watch("other")
	heard := func() (n int) {
		for _, c := range []<-chan struct{}{one, same, other} {
			n *= 10
			select {
			case <-c:
				n++
			default:
			}
		}
		return n
	}
	all.wake("one")
	all.wake("one") // which it has heard of already
	if n := heard(); n != 110 {
		t.Errorf("%03d have heard", n)
	}
	app.engine().node.missed()
	if n := heard(); n != 111 {
		t.Errorf("%03d have heard of a loss", n)
	}
	stopOne()
	all.wake("one")
	if n := heard(); n != 10 {
		t.Errorf("%03d have heard", n)
	}
	stopSame()
	stopOther()
	if len(all.waiting) != 0 {
		t.Errorf("%v", all.waiting)
	}
}
