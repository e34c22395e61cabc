package fasthost

import "net"

// NewListener makes the connections of ln such that a stream can be written to them from within a handler and the
// connection goes on afterwards, at no cost and in the right order even when the client pipelines requests. For TLS give
// it the TLS listener: NewListener(tls.NewListener(ln, config)).
//
// Its connections are not of type *net.TCPConn: Server.TCPKeepalive and TCPKeepalivePeriod have no effect on them (set
// net.ListenConfig.KeepAlive; Go's default is 15 s). With Server.MaxConnsPerIP fasthttp hides every connection, and
// nothing can be streamed.
func NewListener(ln net.Listener) net.Listener { return &listener{ln} }

type listener struct{ net.Listener }

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || !hasSocket(c) {
		return c, err
	}
	return (&conn{Conn: c}).facade(), nil
}
