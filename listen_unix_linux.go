package fastmcp

import (
	"io/fs"
	"syscall"
)

// socketMode gives a socket its permissions before it has a file, which then is never there with others: on Linux it takes
// them over from the socket (unix(7), fchmod).
func socketMode(c syscall.RawConn, mode fs.FileMode) (err error) {
	if e := c.Control(func(fd uintptr) { err = syscall.Fchmod(int(fd), uint32(mode.Perm())) }); e != nil {
		return e
	}
	return err
}
