package fasthost

import (
	"crypto/tls"
	"net"
	"time"
)

// lingering is how long a connection is read on after an answer that came before the end of its request.
const lingering = 2 * time.Second

// Linger has a connection of NewListener that the server is about to close after an answer read on for a moment, and
// forget what comes. Closing one with unread bytes resets it, and a client that is still sending would lose the answer
// that says why (RFC 9112, 9.6). It does nothing to other connections.
func Linger(c net.Conn) {
	if own := ownConn(c); own != nil {
		own.lingers = true
	}
}

// linger says that nothing more will be sent, and reads until the client has read that, or for a while.
func linger(c net.Conn) {
	until := time.Now().Add(lingering)
	if t, ok := c.(*tls.Conn); ok {
		_ = t.SetWriteDeadline(time.Now().Add(lingering / 4))
		_ = t.CloseWrite()
		c = t.NetConn()
	}
	half, ok := c.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.SetReadDeadline(until) != nil {
		return
	}
	buf := make([]byte, 4<<10)
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
	}
}
