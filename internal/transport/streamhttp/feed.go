package streamhttp

import (
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Feed is an event stream that outlives the request that opened it, as the server has more to say. It is one of
// Config.MaxStreams, has a heartbeat, and ends when its client goes away or reads too slowly. Its methods may be called
// from any goroutine.
type Feed struct {
	h     *Handler
	x     Exchange
	leave func() // gives the stream's place back

	mu     sync.Mutex
	body   Body
	gone   func() // not nil once it is parked
	frames []byte
	over   bool
	beat   beat
}

// enterStream makes room for a stream that waits for news, or refuses it.
func (h *Handler) enterStream(x Exchange) bool {
	if h.streams.Add(1) <= int64(h.config.MaxStreams) {
		return true
	}
	h.streams.Add(-1)
	x.SetHeader("Retry-After", "5")
	h.Fail(x, 503, protocol.CodeServer, "Too many streams are open: try again later")
	return false
}

// Feed makes a Feed of a request's answer, which begins with the first Send, or with Park. One of Park and Close must
// follow before the request has been served. ok is false when the answer has been given: too many are open.
func (h *Handler) Feed(x Exchange) (f *Feed, ok bool) {
	if !h.enterStream(x) {
		return nil, false
	}
	return &Feed{h: h, x: x, leave: sync.OnceFunc(func() { h.streams.Add(-1) })}, true
}

// Send writes events. Those with a name carry nothing but their data: it is HTTP+SSE (2024-11-05) that names them, and
// nothing of its streams can be taken up again. It blocks for the host's write timeout at most; an error means that the
// client is gone, or too slow, and then the stream is over.
func (f *Feed) Send(event string, messages ...rpc.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.write(event, messages)
}

// write opens the stream when it is the first. Nothing to write is a heartbeat.
func (f *Feed) write(event string, messages []rpc.Message) error {
	if f.over {
		return errGone
	}
	if f.body == nil {
		// A parked stream ends with its connection. A client that was not told would send its next request there.
		f.x.SetHeader("Connection", "close")
		body, err := f.x.Stream()
		if err != nil {
			f.lost()
			return err
		}
		f.body = body
		f.h.pulse.add(&f.beat, f.heartbeat)
	}
	f.frames = f.frames[:0]
	for _, m := range messages {
		if event != "" {
			f.frames = appendLine(append(f.frames, "event: "...), event)
			f.frames = append(f.frames, '\n')
			m = rpc.Message{Data: m.Data}
		}
		f.frames = appendEvent(f.frames, m)
	}
	if len(f.frames) == 0 {
		f.frames = append(f.frames, comment...)
	}
	f.beat.touch()
	err := f.body.Write(f.frames)
	if cap(f.frames) > 1<<10 {
		f.frames = nil // an idle stream keeps no buffer
	}
	if err != nil {
		f.lost()
		_ = f.body.Close()
	}
	f.h.count(messages...)
	return err
}

// heartbeat finds out that a client has gone without a word.
func (f *Feed) heartbeat() { _ = f.Send("") }

// Park begins the stream, if nothing has been sent yet, so that its head leaves at once, and gives it to the host for as
// long as it lives. gone is called once, on another goroutine, when the stream has ended, which may have been before; it
// is not called when Close has ended it since.
func (f *Feed) Park(gone func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.body == nil {
		_ = f.write("", nil) // a client that is gone shows below
	}
	f.gone = gone
	if !f.over && f.body.Park(f.left) == nil {
		return
	}
	if f.body != nil {
		_ = f.body.Close()
	}
	f.lost()
}

// left is what the host calls when the client has gone.
func (f *Feed) left() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lost()
}

// lost ends the stream and tells who has parked it. f.mu is held.
func (f *Feed) lost() {
	f.end()
	if f.gone != nil {
		go f.gone() // not under the lock
		f.gone = nil
	}
}

func (f *Feed) end() {
	f.over = true
	f.h.pulse.remove(&f.beat)
	f.leave()
}

// Close ends the stream from this side; its client is told to come back in retry, when that is not zero.
func (f *Feed) Close(retry time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return
	}
	if retry > 0 {
		_ = f.write("", []rpc.Message{{Retry: retry}}) // it ends either way
	}
	f.end()
	if f.body != nil {
		_ = f.body.Close()
	}
}
