package disconnect

import "golang.org/x/sys/unix"

const supported = true

// peerGone tells that a FIN or a RST has arrived, whatever still lies unread before it: POLLRDHUP, unlike a peek, does
// not wait for the bytes of a pipelined request to be taken.
func peerGone(fd uintptr) bool {
	const gone = unix.POLLRDHUP | unix.POLLHUP | unix.POLLERR
	p := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(p[:], 0)
	return err == nil && n > 0 && p[0].Revents&gone != 0
}
