//go:build unix

package disconnect

import (
	"net"

	"golang.org/x/sys/unix"
)

// Quiet tells that nothing has arrived on conn that has not been read, not even its end. It is false where that cannot be
// told.
func Quiet(conn net.Conn) bool {
	raw, _ := rawConn(conn)
	if raw == nil {
		return false
	}
	quiet := false
	err := raw.Control(func(fd uintptr) {
		p := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(p[:], 0)
		quiet = err == nil && n == 0
	})
	return quiet && err == nil
}
