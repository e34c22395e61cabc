package fasthost

import (
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
)

var _ streamhttp.Body = (*body)(nil)

// vectored is from what size on, in bytes, a chunk is sent from where it lies instead of being copied behind its header.
const vectored = 32 << 10

// lastChunk ends a body that is sent in chunks.
const lastChunk = "0\r\n\r\n"

// body is a stream on a connection.
type body struct {
	conn    net.Conn // what the stream is written to
	own     *conn    // what the server sees of it, nil when the server sees conn itself
	track   *Conns   // may be nil
	timeout time.Duration
	chunked bool
	last    bool // the connection ends with this body

	// wire is held while bytes are written. The callers serialise their calls; CloseAll is none of them.
	wire sync.Mutex
	head *buffer // what the first write begins with, nil when sent; guarded by wire

	mu      sync.Mutex
	until   time.Time // the write deadline that is armed
	err     error     // why the body has ended, nil while it is open
	end     end
	hangup  bool
	isTaken bool // parked, and the server has let go of the connection
	gone    func()
	ticket  uint64        // of the poller, 0 when it does not watch
	over    chan struct{} // closed with the connection, where somebody waits for it
}

// end is what has become of a body.
type end int

const (
	open     end = iota
	finished     // its end was written
	broken       // it failed
	parked       // it was handed over, and may have ended since
)

// Write sends p as one chunk.
func (b *body) Write(p []byte) error {
	b.wire.Lock()
	defer b.wire.Unlock()
	if err := b.state(); err != nil {
		return err
	}
	if len(p) == 0 && b.head == nil {
		return nil // an empty chunk would end the body
	}
	if err := b.send(p, false); err != nil {
		b.fail(err)
		return err
	}
	return nil
}

// Close ends the body. Closing one that has ended, however it did, does nothing.
func (b *body) Close() error { return b.finish(nil, false) }

// Last is Write and Close with one write to the connection. What cannot be written any more is an error.
func (b *body) Last(p []byte) error {
	b.wire.Lock()
	err := b.state()
	b.wire.Unlock()
	if err != nil {
		return err
	}
	return b.finish(p, false)
}

// Hangup ends the body and the connection. Whoever watches the exchange is not told that the client is gone.
func (b *body) Hangup() error { return b.finish(nil, true) }

// finish ends the body, behind p.
func (b *body) finish(p []byte, hangup bool) error {
	b.wire.Lock()
	defer b.wire.Unlock()
	b.mu.Lock()
	if b.err != nil {
		b.mu.Unlock()
		return nil
	}
	b.err, b.hangup = net.ErrClosed, hangup
	wasParked := b.end == parked
	b.mu.Unlock()

	err := b.send(p, true)
	switch {
	case wasParked:
		b.unpark()
		b.shut(err != nil)
	case hangup || err != nil:
		b.setEnd(broken)
		b.cut(err != nil)
	default:
		_ = b.conn.SetWriteDeadline(time.Time{})
		b.setEnd(finished)
	}
	return err
}

// fail ends a body whose connection does not take what is written to it.
func (b *body) fail(err error) {
	b.mu.Lock()
	if b.err != nil { // it was ended meanwhile, and that is why
		b.mu.Unlock()
		return
	}
	b.err = err
	wasParked := b.end == parked
	b.mu.Unlock()
	if wasParked {
		b.unpark()
		b.shut(true)
		return
	}
	b.setEnd(broken)
	b.cut(true)
}

// cut ends the connection of a body that is not parked, while the server still has it.
func (b *body) cut(atOnce bool) {
	switch {
	case b.own == nil:
		// fasthttp panics when it cannot set a deadline on its connection, so release will close it.
		if c, ok := b.conn.(interface{ CloseWrite() error }); ok && !atOnce {
			_ = c.CloseWrite()
		}
	case atOnce:
		b.own.dead.Store(true)
		_ = socket(b.conn).Close()
	default:
		b.own.dead.Store(true)
		_ = b.conn.Close()
	}
}

// send writes the head if it was not, p as a chunk, and the last chunk, at once.
func (b *body) send(p []byte, last bool) error {
	buf := b.head
	if buf == nil {
		buf = b.track.buffer()
	}
	b.head = nil
	var err error
	buf.b, err = b.transmit(buf.b, p, last)
	b.track.recycle(buf)
	return err
}

// transmit appends what there is to be written to buf and writes it. It gives buf back.
func (b *body) transmit(buf, p []byte, last bool) ([]byte, error) {
	if b.chunked && len(p) > 0 {
		buf = strconv.AppendUint(buf, uint64(len(p)), 16)
		buf = append(buf, "\r\n"...)
	}
	head := len(buf)
	large := len(p) >= vectored
	if !large {
		buf = append(buf, p...)
	}
	if b.chunked && len(p) > 0 {
		buf = append(buf, "\r\n"...)
	}
	if b.chunked && last {
		buf = append(buf, lastChunk...)
	}
	if len(buf) == 0 && len(p) == 0 {
		return buf, nil
	}
	if err := b.arm(); err != nil {
		return buf, err
	}
	if !large {
		_, err := b.conn.Write(buf)
		return buf, err
	}
	parts := net.Buffers{buf[:head], p, buf[head:]}
	_, err := parts.WriteTo(b.conn)
	return buf, err
}

// arm sees to it that a write cannot take longer than the timeout. A deadline that has most of its time left stays: to
// set one costs as much as a small write to memory does.
func (b *body) arm() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.until.Sub(now) > b.timeout-b.timeout/8 {
		return nil
	}
	b.until = now.Add(b.timeout)
	return b.conn.SetWriteDeadline(b.until)
}

func (b *body) state() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

func (b *body) setEnd(e end) {
	b.mu.Lock()
	b.end = e
	b.mu.Unlock()
}

func (b *body) hungUp() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.hangup
}

// leave is how the body stands when its exchange ends; one that is still open breaks off.
func (b *body) leave() end {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end == open {
		b.end = broken
		if b.err == nil {
			b.err = ErrReleased
		}
	}
	return b.end
}
