//go:build unix

package fastmcp

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// inherited is a listener on a copy of a descriptor: the descriptor itself stays as it was, so that it can be listened on again,
// but for the programs that this process starts, which have no use for it.
func inherited(fd int) (net.Listener, error) {
	unix.CloseOnExec(fd)
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, firstSocket)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(own), "systemd")
	defer func() { _ = file.Close() }()
	return net.FileListener(file)
}
