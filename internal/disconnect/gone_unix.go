//go:build unix && !linux

package disconnect

import "golang.org/x/sys/unix"

const supported = true

// peerGone peeks at the socket: nothing to read and no error is the end. An end that lies behind unread bytes is not
// seen before they are taken.
func peerGone(fd uintptr) bool {
	var b [1]byte
	n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	switch err {
	case nil:
		return n == 0
	case unix.EAGAIN, unix.EINTR:
		return false
	}
	return true
}
