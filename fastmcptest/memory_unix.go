//go:build unix

package fastmcptest

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// connected makes the two ends of a connection of the kernel's: an App can watch it, and so sees that a client has gone
// away, which is how calls of 2026-07-28 are cancelled.
func connected() (client, server net.Conn, err error) {
	syscall.ForkLock.RLock() // no process that starts now may inherit them
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	client, clientErr := connOf(fds[0])
	server, serverErr := connOf(fds[1])
	if err := errors.Join(clientErr, serverErr); err != nil {
		for _, c := range []net.Conn{client, server} {
			if c != nil {
				_ = c.Close()
			}
		}
		return nil, nil, err
	}
	return client, server, nil
}

// connOf makes a connection of a file descriptor.
func connOf(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "fastmcptest")
	c, err := net.FileConn(f) // of a copy
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(errors.ErrUnsupported, c.Close())
	}
	return local{u}, nil
}

// local is a connection that says that it is of the loopback address.
type local struct{ *net.UnixConn }

func (local) LocalAddr() net.Addr  { return loopback(80) }
func (local) RemoteAddr() net.Addr { return loopback(1024) }
