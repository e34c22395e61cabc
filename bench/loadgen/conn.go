//go:build linux

package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// conn is one keep-alive connection of HTTP/1.1, over TCP or TLS, that never pipelines. What comes before the measured
// part uses it blocking; the measured part, from one epoll loop, does not block.
type conn struct {
	sock   *socket // nil while it is closed
	server *server
	tls    *tls.Conn // nil over plain TCP

	// the request in flight
	req  template
	id   uint64
	out  []byte
	sent int
	at   time.Time

	response
	good uint64
	dead bool
}

// server is where connections go to.
type server struct {
	host string // host:port, also the Host header
	path string
	addr syscall.SockaddrInet4
	tls  *tls.Config // nil: plain TCP
	auth string      // the header line that says who asks, with its end; "" for none
	// receive is the size of a connection's receive buffer in bytes; 0: as the kernel likes.
	receive int
}

var (
	errClosed = errors.New("the server closed the connection")
	errAgain  = tryAgain{}
)

// tryAgain says that nothing is there to read. crypto/tls takes an error that is Temporary for no end of the connection.
type tryAgain struct{}

func (tryAgain) Error() string   { return "nothing to read" }
func (tryAgain) Timeout() bool   { return true }
func (tryAgain) Temporary() bool { return true }

// newServer resolves an address once. ca is the file of the certificate that a TLS server shows, "" for plain TCP.
func newServer(hostport, path, ca string) (*server, error) {
	a, err := net.ResolveTCPAddr("tcp4", hostport)
	if err != nil {
		return nil, err
	}
	s := &server{host: hostport, path: path, addr: syscall.SockaddrInet4{Port: a.Port}}
	copy(s.addr.Addr[:], a.IP.To4())
	if ca == "" {
		return s, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", ca)
	}
	s.tls = &tls.Config{RootCAs: pool, ServerName: a.IP.String(), NextProtos: []string{"http/1.1"}}
	return s, nil
}

func (s *server) dial() (*conn, error) {
	c := &conn{server: s}
	return c, c.connect()
}

// connect opens the connection, again if it is open; it then blocks, at most 10 s at a time.
func (c *conn) connect() error {
	c.shut()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	if c.server.receive > 0 {
		_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, c.server.receive)
	}
	tv := syscall.Timeval{Sec: 10}
	_ = syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &tv)
	_ = syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &tv)
	to := c.server.addr // a copy, because Connect writes to it
	if err := syscall.Connect(fd, &to); err != nil {
		_ = syscall.Close(fd)
		if errors.Is(err, syscall.EINTR) { // the signal by which the runtime preempts
			return c.connect()
		}
		return err
	}
	c.sock = &socket{fd: fd}
	c.reset()
	if c.server.tls != nil {
		c.tls = tls.Client(c.sock, c.server.tls)
		if err := c.tls.Handshake(); err != nil {
			c.shut()
			return err
		}
	}
	return nil
}

func (c *conn) shut() {
	if c.sock != nil {
		_ = syscall.Close(c.sock.fd)
		c.sock, c.tls = nil, nil
	}
}

// read reads what there is; errAgain says that there is nothing, io.EOF that there will be nothing.
func (c *conn) read(p []byte) (int, error) {
	if c.tls != nil {
		return c.tls.Read(p)
	}
	return c.sock.Read(p)
}

// write writes what fits, and errAgain says that nothing does. Over TLS it writes all.
func (c *conn) write(p []byte) (int, error) {
	if c.tls != nil {
		return c.tls.Write(p)
	}
	n, e := c.sock.write(p)
	switch e {
	case 0:
		return n, nil
	case syscall.EAGAIN, syscall.EINTR:
		return 0, errAgain
	}
	return 0, e
}

// ready makes the connection one of an epoll loop: reads and writes do not block any more.
func (c *conn) ready() error {
	c.sock.ready = true
	return syscall.SetNonblock(c.sock.fd, true)
}

// socket is a descriptor as the net.Conn that crypto/tls asks for. Until it is ready it blocks, for 10 s at most.
type socket struct {
	fd    int
	ready bool
}

func (s *socket) Read(p []byte) (int, error) {
	for {
		n, e := s.read(p)
		switch {
		case e == syscall.EINTR:
			continue
		case e == syscall.EAGAIN && s.ready:
			return 0, errAgain
		case e != 0:
			return 0, e
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// Write writes all: a request over TLS is small, and one at a time, so that the buffer is hardly ever full.
func (s *socket) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		n, e := s.write(p[done:])
		switch {
		case e == 0:
			done += n
		case e == syscall.EINTR:
		case e == syscall.EAGAIN && s.ready:
			time.Sleep(100 * time.Microsecond)
		default:
			return done, e
		}
	}
	return len(p), nil
}

func (s *socket) Close() error                     { return nil }
func (s *socket) LocalAddr() net.Addr              { return nil }
func (s *socket) RemoteAddr() net.Addr             { return nil }
func (s *socket) SetDeadline(time.Time) error      { return nil }
func (s *socket) SetReadDeadline(time.Time) error  { return nil }
func (s *socket) SetWriteDeadline(time.Time) error { return nil }

// read and write spare the scheduler's bookkeeping of a system call once the descriptor never blocks.
func (s *socket) read(p []byte) (int, syscall.Errno)  { return s.call(syscall.SYS_READ, p) }
func (s *socket) write(p []byte) (int, syscall.Errno) { return s.call(syscall.SYS_WRITE, p) }

func (s *socket) call(trap uintptr, p []byte) (int, syscall.Errno) {
	var n uintptr
	var e syscall.Errno
	if s.ready {
		n, _, e = syscall.RawSyscall(trap, uintptr(s.fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	} else {
		n, _, e = syscall.Syscall(trap, uintptr(s.fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	}
	return int(n), e
}
