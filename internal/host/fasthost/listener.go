package fasthost

import (
	"errors"
	"net"
	"time"
)

// NewListener makes the connections of ln such that a stream can be written to them from within a handler and the
// connection goes on afterwards, at no cost and in the right order even when the client pipelines requests. For TLS give
// it the TLS listener: NewListener(tls.NewListener(ln, config)).
//
// Its connections are not of type *net.TCPConn: Server.TCPKeepalive and TCPKeepalivePeriod have no effect on them (set
// net.ListenConfig.KeepAlive; Go's default is 15 s). With Server.MaxConnsPerIP fasthttp hides every connection, and
// nothing can be streamed: Limits are for that. A process that has no file descriptors left goes on when it has some again.
func NewListener(ln net.Listener, limits ...Limits) net.Listener {
	var l Limits
	if len(limits) > 0 {
		l = limits[0]
	}
	return &listener{ln, newLimiter(l)}
}

type listener struct {
	net.Listener
	limiter *limiter
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		switch {
		case err != nil && passing(err):
			l.limiter.full(err)
			l.limiter.refused(nil, err)
			time.Sleep(pause)
			continue
		case err != nil || !hasSocket(c):
			return c, err
		}
		s, refused := l.limiter.take(c)
		if refused != "" {
			l.limiter.refused(c.RemoteAddr(), errors.New(refused))
			l.limiter.refuse(c, refused)
			continue
		}
		own := &conn{Conn: c, seat: s}
		own.unheard.Store(l.limiter.Track)
		l.limiter.Track.met(own)
		return own.facade(), nil
	}
}
