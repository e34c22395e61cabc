package session

import (
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

const (
	// batchEvents and batchBytes bound what is given to one Send: a reader that is behind catches up in few writes,
	// and a write that blocks does not hold back a whole log.
	batchEvents = 64
	batchBytes  = 64 << 10
)

// attachment is a connection that reads, or has read, a stream. It has its own cursor, so that the one that took over
// does not have to wait for the one that is blocked in a Send.
type attachment struct {
	s     *Stream
	sink  rpc.Sink
	until time.Time

	// writer is held by who writes to the sink.
	writer sync.Mutex
	// batch is what is being written; writer guards it.
	batch []rpc.Message
	// before is the connection that this one took over from in the middle of a Send; writer guards it once the stream
	// has the attachment.
	before *attachment

	// The rest is guarded by s.mu.
	hints   [][]byte // what is to be written and is in no log, each once
	hinted  map[string]bool
	cursor  int64         // the next event to write
	awake   bool          // a goroutine has been started that flushes
	writing bool          // a Send may be under way: who ends the attachment leaves closing to the writer
	failed  bool          // a Send has failed
	over    bool          // it reads no more
	closed  bool          // the sink has been closed, or need not be
	retry   time.Duration // what the sink is to be closed with
}

// wake has a goroutine write what there is to write. s.mu is held.
func (a *attachment) wake() {
	if a == nil || a.awake {
		return
	}
	a.awake = true
	go a.flush()
}

// hint has something written that is in no log. What has not been written yet is not written twice. s.mu is held.
func (a *attachment) hint(data []byte) {
	if a.hinted[string(data)] {
		return
	}
	if a.hinted == nil {
		a.hinted = map[string]bool{}
	}
	a.hinted[string(data)] = true
	a.hints = append(a.hints, data)
	a.wake()
}

// flush writes all events that the connection has not got.
func (a *attachment) flush() {
	a.writer.Lock()
	defer a.writer.Unlock()
	a.await()
	for a.next() {
		err := a.sink.Send(a.batch...)
		clear(a.batch)
		if err != nil {
			a.fail()
		}
	}
}

// await waits for the Send that the connection before was in, to know whether those events have been delivered.
func (a *attachment) await() {
	if a.before == nil {
		return
	}
	a.before.writer.Lock()
	//lint:ignore SA2001 all there is to do under the lock is to have had it
	a.before.writer.Unlock()
	a.before = nil
	s := a.s
	s.mu.Lock()
	a.cursor = max(a.cursor, s.sent+1)
	s.mu.Unlock()
}

// next fills the batch with the next events; false means that there is nothing to do any more. It closes the sink when
// it is its turn to.
func (a *attachment) next() bool {
	s := a.s
	s.mu.Lock()
	a.writing = false
	if !a.failed {
		s.sent = max(s.sent, a.cursor-1)
	}
	kept := a.over || a.fill()
	mustClose := false
	switch {
	case a.over: // it ended while this goroutine was writing, or about to
		mustClose = !a.closed
		a.closed = true
	case !kept: // too slow
		mustClose = a.leave(s.rec.hub.c.Retry)
	case len(a.batch) > 0:
		a.writing = true
		s.mu.Unlock()
		return true
	case s.behind:
		s.more()
	case s.finished && !s.pulling:
		mustClose = a.leave(0)
	}
	a.awake = false
	s.mu.Unlock()
	if mustClose {
		a.sink.Close(a.retry)
	}
	return false
}

// fill takes events out of the log, and tells whether those that it wants are kept. s.mu is held.
func (a *attachment) fill() bool {
	log, size := a.s.events(), 0
	a.batch = a.batch[:0]
	for _, hint := range a.hints {
		a.batch = append(a.batch, rpc.Message{Data: hint})
	}
	a.hints, a.hinted = nil, nil
	for last := log.last(); a.cursor <= last && len(a.batch) < batchEvents; a.cursor++ {
		data, ok := log.at(a.cursor)
		if !ok {
			return false
		}
		if size += len(data); size > batchBytes && len(a.batch) > 0 {
			break
		}
		if m := a.s.messageOf(a.cursor, data); m.Data != nil {
			a.batch = append(a.batch, m)
		}
	}
	return true
}

// fail notes that the connection is of no more use.
func (a *attachment) fail() {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.failed = true
	a.leave(0)
}

// leave ends the attachment, if there is one that has not ended. When mustClose is true the caller closes the sink once
// it has let go of s.mu, which is held; otherwise somebody else does, who is writing at the moment.
func (a *attachment) leave(retry time.Duration) (mustClose bool) {
	if a == nil || a.over {
		return false
	}
	a.over, a.retry = true, retry
	if a.s.at == a {
		a.s.at = nil
		a.s.attached.Store(false)
	}
	a.s.rec.release()
	if a.writing || a.closed {
		return false
	}
	a.closed = true
	return true
}

// letGo ends the attachment without closing the sink. s.mu is held.
func (a *attachment) letGo() {
	a.closed = true
	a.leave(0)
}

// detach is letGo for a client that has gone.
func (a *attachment) detach() {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.letGo()
}

// caughtUp tells that the connection has got all events. s.mu is held.
func (a *attachment) caughtUp() bool {
	return !a.writing && a.cursor > a.s.events().last() && !a.s.behind && !a.s.pulling
}
