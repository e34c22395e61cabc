package fasthost

import (
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is a connection as the server sees it, when a stream may write to what lies beneath it past the server. What the
// server itself answers after a stream is dropped here.
//
// The fields without a type of sync/atomic belong to the goroutine that serves the connection.
type conn struct {
	net.Conn // *net.TCPConn, *net.UnixConn, *tls.Conn over one, or what embeds one

	// mute drops what the server writes, and counts it in dropped.
	mute    bool
	dropped int
	// skip is how many bytes from the start of the server's next write are to be dropped: an answer that it still had in
	// its buffer when mute ended, because the next request was there already.
	skip int
	// streamed is the number, on this connection, of the last request whose answer was a stream.
	streamed uint64

	// fresh tells that the server had nothing more to parse when it turned to the current request, and so had written
	// every answer before. fasthttp sets a read deadline before it waits for a request's first byte, and another when it
	// has it: it is fresh when there was a read between the two.
	fresh, readSince, deadlines bool

	// owned tells that a parked stream has the connection: what the server does to it has no effect any more.
	owned atomic.Bool
	// dead tells that a stream failed, and the connection is closed beneath the server. fasthttp panics when it cannot set
	// a deadline, so it must not find out that way.
	dead atomic.Bool

	// lane is not nil while the server waits for the next request of a connection that it has served before, and a lane may
	// answer it. turn tells whose turn it is.
	lane *lane
	turn atomic.Int32
	// reads and writes are deadlines that the lane has found, or armed.
	reads, writes time.Time

	back *handBack // not nil on a connection that was given back to the server; see handback.go

	// lingers tells to read on after the answer, before the connection is closed; see Linger.
	lingers bool
	seat    *seat // what it has of the listener's limits
	// unheard is who is to be told when it says something for the first time, or ends; nil when it has.
	unheard atomic.Pointer[Conns]
	shakes  atomic.Bool // TLS's handshake is under way
}

// Whose turn it is on a connection.
const (
	waits   = iota // the server's
	answers        // the lane's
	closed         // nobody's: it is closed, or will be when the lane has answered
)

// tlsConn shows fasthttp that a conn is TLS: it asks for the certificates of the peer.
type tlsConn struct {
	*conn
	tls *tls.Conn
}

func (c tlsConn) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }

func (c tlsConn) Handshake() error {
	c.shakes.Store(true)
	defer c.shakes.Store(false)
	return c.tls.Handshake()
}

// owner is how a conn is found in what RequestCtx.Conn gives.
type owner interface{ fasthost() *conn }

func (c *conn) fasthost() *conn { return c }

func ownConn(c net.Conn) *conn {
	if o, ok := c.(owner); ok {
		return o.fasthost()
	}
	return nil
}

// facade is c as the server must see it.
func (c *conn) facade() net.Conn {
	if t, ok := c.Conn.(*tls.Conn); ok {
		return tlsConn{conn: c, tls: t}
	}
	return c
}

// NetConn is the connection beneath, as of a *tls.Conn: who needs the socket can find it.
func (c *conn) NetConn() net.Conn { return c.Conn }

// clean tells that the server has written the answers to all requests before number n, which it has just parsed, or
// holds only some that will be dropped. It cannot be told without the server's deadlines.
func (c *conn) clean(n uint64) bool {
	return n <= 1 || c.fresh || c.streamed == n-1 || !c.deadlines
}

func (c *conn) Read(p []byte) (int, error) {
	if c.dead.Load() {
		return 0, io.EOF
	}
	c.readSince = true
	if c.back != nil {
		return c.back.read(c, p)
	}
	if c.lane != nil {
		return c.lane.read(c, p)
	}
	n, err := c.Conn.Read(p)
	if c.unheard.Load() != nil {
		c.unheard.Swap(nil).heard(c)
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	if c.mute || c.owned.Load() || c.dead.Load() {
		c.dropped += len(p)
		return len(p), nil
	}
	k := min(c.skip, len(p))
	c.skip -= k
	if k > 0 && k == len(p) {
		return k, nil
	}
	n, err := c.Conn.Write(p[k:])
	return k + n, err
}

// ReadFrom lets the server send files without copying, where the connection can.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	to, ok := c.Conn.(io.ReaderFrom)
	if !ok || c.mute || c.skip > 0 || c.owned.Load() || c.dead.Load() {
		return io.Copy(struct{ io.Writer }{c}, r)
	}
	return to.ReadFrom(r)
}

func (c *conn) Close() error {
	if c.owned.Load() || c.turn.Swap(closed) == answers {
		return nil
	}
	if c.lingers && !c.dead.Load() {
		linger(c.Conn)
	}
	err := c.Conn.Close()
	c.ended()
	return err
}

// ended tells who waits for the end of a connection that was given back, and makes room for another.
func (c *conn) ended() {
	if c.back != nil {
		c.back.end()
	}
	c.unheard.Swap(nil).heard(c)
	c.seat.leave()
}

func (c *conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.fresh, c.readSince, c.deadlines = c.readSince, false, true
	if c.owned.Load() || c.dead.Load() || c.back != nil && c.back.waits() {
		return nil
	}
	if c.lane != nil {
		c.reads = t
	}
	return c.Conn.SetReadDeadline(t)
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	if c.owned.Load() || c.dead.Load() {
		return nil
	}
	if c.lane != nil {
		c.writes = t
	}
	return c.Conn.SetWriteDeadline(t)
}

// armRead and armWrite see to it that nothing takes longer than a timeout, 0 for ever, from now on. A deadline that has most of
// its time left stays: to set one costs as much as a small write to memory does.
func (c *conn) armRead(now time.Time, timeout time.Duration) error {
	if timeout <= 0 || c.reads.Sub(now) > timeout-timeout/8 {
		return nil
	}
	return c.SetReadDeadline(now.Add(timeout))
}

func (c *conn) armWrite(now time.Time, timeout time.Duration) error {
	if timeout <= 0 || c.writes.Sub(now) > timeout-timeout/8 {
		return nil
	}
	return c.SetWriteDeadline(now.Add(timeout))
}

// hasSocket tells that c is a real connection, not one in memory.
func hasSocket(c net.Conn) bool {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	_, ok := c.(syscall.Conn)
	return ok
}

// socket is what closes c at once: closing a *tls.Conn would first write to a client that may not be reading.
func socket(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		return t.NetConn()
	}
	return c
}
