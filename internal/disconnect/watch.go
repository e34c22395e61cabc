// Package disconnect sees that the peer of a TCP, TLS or unix connection went away, without reading from it: the bytes
// of a pipelined request, or of TLS records, stay where they are. Watch is for the while that one call takes; a Poller
// is for thousands of connections on which nothing happens for hours.
//
// A peer that closes its sending side alone counts as gone, as it does for net/http: on the wire the two look the same.
package disconnect

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// past is a read deadline that has already passed.
var past = time.Unix(1, 0)

// Watch calls fn, at most once and on a goroutine of its own, when the peer of conn goes away. A connection that is
// closed on this side ends the watch without a call.
//
// Nobody may read from conn, or set its read deadline, while it is watched; writing is free. Watch removes the read
// deadline: one that was armed to read the request would end the watch with it.
//
// stop ends the watch, waits for its goroutine, and so for fn where that is running, and leaves conn without a read
// deadline. It may be called many times and from many goroutines, but not from fn. fn is never called after stop has
// returned. stop is nil when conn cannot be watched: it has no file descriptor, or the system has no means.
//
// It costs one goroutine, about 450 bytes.
func Watch(conn net.Conn, fn func()) (stop func()) {
	if !supported {
		return nil
	}
	raw, base := rawConn(conn)
	if raw == nil || base.SetReadDeadline(time.Time{}) != nil {
		return nil
	}
	w := &watch{conn: base, raw: raw, fn: fn, done: make(chan struct{})}
	go w.run()
	return w.stop
}

// CanWatch tells whether Watch has the means for conn.
func CanWatch(conn net.Conn) bool {
	if !supported {
		return false
	}
	raw, _ := rawConn(conn)
	return raw != nil
}

type watch struct {
	conn net.Conn
	raw  syscall.RawConn
	fn   func()
	done chan struct{}
	once sync.Once
}

func (w *watch) run() {
	defer close(w.done)
	gone := false
	// The runtime's poller wakes this when the socket becomes readable, and a peer that leaves makes it so. It is
	// edge-triggered: bytes that stay unread do not make it spin.
	err := w.raw.Read(func(fd uintptr) bool {
		gone = peerGone(fd)
		return gone
	})
	if gone && err == nil {
		w.fn()
	}
}

func (w *watch) stop() {
	w.once.Do(func() {
		_ = w.conn.SetReadDeadline(past) // fails when conn is closed, and then the watch has ended
		<-w.done
		_ = w.conn.SetReadDeadline(time.Time{})
	})
	<-w.done
}

// rawConn finds the socket beneath wrappers that show what they wrap, as *tls.Conn does.
func rawConn(conn net.Conn) (syscall.RawConn, net.Conn) {
	for range 8 { // a wrapper that wraps itself must not hang the server
		if s, ok := conn.(syscall.Conn); ok {
			raw, err := s.SyscallConn()
			if err != nil {
				return nil, nil
			}
			return raw, conn
		}
		w, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return nil, nil
		}
		conn = w.NetConn()
	}
	return nil, nil
}
