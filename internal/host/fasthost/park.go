package fasthost

import (
	"errors"
	"net"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/disconnect"
	"github.com/valyala/fasthttp"
)

// ErrGone is what a parked body says whose client has gone away.
var ErrGone = errors.New("fasthost: the client is gone")

// Park keeps the stream open when the handler returns; the request's context, its buffers and its goroutine go back to
// the server. It fails with ErrNoTrack, ErrTooMany or ErrClosing, and then the body is as it was before.
//
// gone is called once, on another goroutine, when the body ends in another way than by Close, Hangup or a failed Write:
// the client went away, or CloseAll. The connection is closed by then. It is not called once Close has begun, but a call
// that had begun before may still be running when Close returns. What the client sends on the connection is ignored.
func (b *body) Park(gone func()) error {
	if b.track == nil {
		return ErrNoTrack
	}
	b.mu.Lock()
	if b.end != open || b.err != nil {
		defer b.mu.Unlock()
		return errors.Join(errNotOpen, b.err)
	}
	b.end, b.gone = parked, gone
	b.mu.Unlock()
	if b.own != nil {
		b.own.owned.Store(true)
	}
	err := b.track.add(b) // from here on CloseAll may end it
	if err == nil {
		err = b.watch()
	}
	if err != nil && b.stay() {
		return err
	}
	return nil
}

var errNotOpen = errors.New("fasthost: the body is not open")

// stay undoes Park. It is false when the body has ended meanwhile, and gone is told.
func (b *body) stay() bool {
	b.track.remove(b)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return false
	}
	b.end, b.gone = open, nil
	if b.own != nil {
		b.own.owned.Store(false)
	}
	return true
}

// watch begins to look out for the client. Where the system has no means the next write will tell.
func (b *body) watch() error {
	ticket, err := b.track.poller.Add(b.conn, b.lost)
	if errors.Is(err, disconnect.ErrUnwatchable) {
		return nil
	}
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.ticket = ticket
	ended := b.err != nil
	b.mu.Unlock()
	if ended { // meanwhile: whoever ended it did not know the ticket
		b.track.poller.Remove(b.conn, ticket)
	}
	return nil
}

// lost ends the body because the client is gone.
func (b *body) lost() { b.abandon(ErrGone, false) }

// abandon ends a parked body for err. goodbye tells to end the stream properly, if no write is under way.
func (b *body) abandon(err error, goodbye bool) {
	b.mu.Lock()
	if b.err != nil || b.end != parked {
		b.mu.Unlock()
		return
	}
	b.err = err
	gone := b.gone
	b.mu.Unlock()
	polite := false
	if goodbye && b.wire.TryLock() {
		b.mu.Lock()
		b.until = time.Now().Add(goodbyeTimeout)
		_ = b.conn.SetWriteDeadline(b.until)
		b.timeout = 0 // arm keeps that deadline
		b.mu.Unlock()
		polite = b.send(nil, true) == nil
		b.wire.Unlock()
	}
	b.unpark()
	b.shut(!polite)
	if gone != nil {
		go gone()
	}
}

// goodbyeTimeout bounds the last chunk of a stream that the server ends.
const goodbyeTimeout = 100 * time.Millisecond

// unpark takes a parked body off the books.
func (b *body) unpark() {
	b.mu.Lock()
	ticket := b.ticket
	b.mu.Unlock()
	if ticket != 0 {
		b.track.poller.Remove(b.conn, ticket)
	}
	b.track.remove(b)
}

// shut closes the connection of a parked body, unless fasthttp still has it: then taken will.
func (b *body) shut(atOnce bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.own == nil && !b.isTaken {
		return
	}
	b.closeConn(atOnce)
}

func (b *body) closeConn(atOnce bool) {
	if atOnce {
		_ = socket(b.conn).Close()
	} else {
		_ = b.conn.Close()
	}
	if b.own != nil {
		b.own.ended()
	}
	if b.over != nil {
		close(b.over)
		b.over = nil
	}
}

// taken is called by fasthttp when it has let go of a connection that is not of NewListener. keep tells that fasthttp
// will not close it when taken returns; else taken stays until the end, and so do the request's context and a goroutine.
func (b *body) taken(keep bool) fasthttp.HijackHandler {
	return func(net.Conn) {
		b.mu.Lock()
		b.isTaken = true
		if b.err != nil {
			b.closeConn(true)
			b.mu.Unlock()
			return
		}
		// fasthttp has removed the deadline of a write that may be under way.
		b.until = time.Now().Add(b.timeout)
		_ = b.conn.SetWriteDeadline(b.until)
		var over chan struct{}
		if !keep {
			over = make(chan struct{})
			b.over = over
		}
		b.mu.Unlock()
		if over != nil {
			<-over
		}
	}
}
