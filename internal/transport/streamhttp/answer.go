package streamhttp

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

// errGone is what a stream says whose client is not there any more.
var errGone = errors.New("the client is gone")

// maxFrames bounds what is kept for a host that cannot stream, in bytes.
const maxFrames = 4 << 20

// answer is the answer to one request while it is undecided whether it will be one body or a stream. It is the call's
// Peer and its Stream. The first message that is sent before the result, or StreamAfter, makes it a stream.
type answer struct {
	peer
	h    *Handler
	call rpc.Call
	job  rpc.Job
	// json and sse are what the client reads; sse also wants a host that can stream.
	json, sse bool

	mu     sync.Mutex
	body   Body   // not nil once the answer is a stream
	frames []byte // events for a host that cannot stream, and those that one that can has not been given
	corked bool   // uncork will write them
	wrote  time.Time
	over   bool // nothing may be written any more
	gone   atomic.Bool
	onGone func() // what is to be called when a write finds out that the client has gone
	beat   beat
	wait   wait // of the handler's patience
}

func (a *answer) run(ctx context.Context, job rpc.Job) {
	a.job = job
	switch job.Mode() {
	case rpc.MayStream:
		if a.sse {
			a.h.patience.add(a)
			defer a.h.patience.remove(a)
		}
	case rpc.MustStream:
		a.promote()
	}
	reply := job.Run(ctx, a)
	a.finish(reply)
}

// promote makes the answer a stream now.
func (a *answer) promote() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.over && a.body == nil && a.sse {
		_ = a.write(rpc.Message{}) // whether the client is still there shows with the next write
	}
}

// Send writes a message; see rpc.Stream.
func (a *answer) Send(m rpc.Message) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return errGone
	}
	if !a.sse {
		return a.keep(m)
	}
	return a.write(m)
}

// SetHeader sets a header of the answer, while it has not begun.
func (a *answer) SetHeader(name, value string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.over && a.body == nil {
		a.x.SetHeader(name, value)
	}
}

// keep is for a host that cannot stream, or a client that does not read streams: the events are kept for the end, or
// there is nobody to read them.
func (a *answer) keep(m rpc.Message) error {
	if _, sse := Accepted(a.x); !sse || len(a.frames)+len(m.Data) > maxFrames {
		return nil
	}
	a.frames = appendEvent(a.frames, rpc.Message{Data: m.Data})
	return nil
}

// An event that follows another within cork may wait for those behind it, for as long at most, and until there are
// corkBytes of them: the price of a note is the write to its connection, and many cost little more than one.
const (
	cork      = time.Millisecond
	corkBytes = 16 << 10
)

// write sends m on the stream, which it opens when it is the first. A zero m opens the stream, or is a heartbeat.
func (a *answer) write(m rpc.Message) error {
	if err := a.open(); err != nil {
		return err
	}
	if m.ID != "" || m.Data != nil || m.Retry > 0 {
		a.frames = appendEvent(a.frames, m)
		a.h.count(m)
	}
	now := time.Now()
	if m.Data != nil && m.Retry == 0 && now.Sub(a.wrote) < cork && len(a.frames) < corkBytes {
		if !a.corked {
			a.corked = true
			time.AfterFunc(cork, a.uncork)
		}
		return nil
	}
	if len(a.frames) == 0 {
		a.frames = append(a.frames, comment...)
	}
	return a.flush(now)
}

// open makes the answer a stream, if it is none.
func (a *answer) open() error {
	if a.body != nil {
		return nil
	}
	body, err := a.x.Stream()
	if err != nil {
		a.lost()
		return err
	}
	a.body = body
	if first := a.job.Open(); first.ID != "" || first.Data != nil {
		a.frames = appendEvent(a.frames, first)
	}
	a.h.pulse.add(&a.beat, a.heartbeat)
	return nil
}

// flush writes what waits.
func (a *answer) flush(now time.Time) error {
	a.wrote = now
	a.beat.touch()
	err := a.body.Write(a.frames)
	if a.frames = a.frames[:0]; err != nil {
		a.lost()
	}
	return err
}

// uncork writes what waits, when nothing more has come.
func (a *answer) uncork() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.corked = false; !a.over && a.body != nil && len(a.frames) > 0 {
		_ = a.flush(time.Now()) // a client that is gone is marked
	}
}

// lost marks the client as gone.
func (a *answer) lost() {
	a.over = true
	a.gone.Store(true)
	a.h.pulse.remove(&a.beat)
	if a.onGone != nil {
		go a.onGone() // not under the lock
		a.onGone = nil
	}
}

func (a *answer) heartbeat() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.over && a.body != nil {
		_ = a.write(rpc.Message{}) // a client that is gone is marked
	}
}

// Suspend ends the connection, not the call; see rpc.Stream.
func (a *answer) Suspend(retry time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over || !a.sse {
		return errGone
	}
	if err := a.write(rpc.Message{Retry: retry}); err != nil {
		return err
	}
	a.over = true
	a.h.pulse.remove(&a.beat)
	return a.body.Hangup()
}

// Gone tells that the client is known to have gone; see rpc.Stream.
func (a *answer) Gone() bool { return a.gone.Load() }

// OnGone watches the connection; see rpc.Stream. Where the host cannot, the next write tells: a heartbeat, at the latest.
func (a *answer) OnGone(fn func()) (stop func()) {
	fn = sync.OnceFunc(fn)
	a.mu.Lock()
	if a.gone.Load() {
		go fn()
	}
	a.onGone = fn
	a.mu.Unlock()
	unwatch := a.x.OnGone(func() {
		a.gone.Store(true)
		fn()
	})
	return func() {
		a.mu.Lock()
		a.onGone = nil
		a.mu.Unlock()
		if unwatch != nil {
			unwatch()
		}
	}
}

// last ends the stream with the reply, if there is one.
func (a *answer) last(reply rpc.Reply) {
	reply = reply.Whole()
	if reply.Data != nil && a.open() == nil {
		a.frames = appendEvent(a.frames, reply.Message)
		a.h.count(reply.Message)
	}
	switch {
	case a.body == nil:
	case len(a.frames) > 0:
		_ = a.body.Last(a.frames) // the client's absence is the engine's to know: it has the log
	default:
		_ = a.body.Close()
	}
}

// finish writes the reply, as the one body or as the last event.
func (a *answer) finish(reply rpc.Reply) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.h.pulse.remove(&a.beat)
	switch {
	case a.over:
		if a.body != nil {
			_ = a.body.Close() // suspended or lost: what there is to end ends
		}
	case a.body == nil && reply.Refusal != nil:
		a.h.refuse(a.x, a.call.ID, reply.Refusal, a.call.Revision)
	case a.body == nil && reply.Data == nil:
		a.x.Answer(202, "", nil) // cancelled: there is no answer
	case a.body != nil || !a.json && a.sse:
		if a.body == nil && reply.Session != "" {
			a.x.SetHeader("Mcp-Session-Id", reply.Session)
		}
		a.last(reply)
	case len(a.frames) > 0:
		a.x.Answer(200, typeSSE, appendEvent(a.frames, rpc.Message{Data: reply.Whole().Data}))
	default:
		if reply.Session != "" {
			a.x.SetHeader("Mcp-Session-Id", reply.Session)
		}
		if reply.Shared != nil {
			a.x.AnswerParts(200, typeJSON, reply.Data, reply.Shared, reply.Tail)
		} else {
			a.x.Answer(200, typeJSON, reply.Data)
		}
	}
	a.over = true
}
