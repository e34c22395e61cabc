//go:build !js && !linux

package fastmcp

import (
	"io/fs"
	"syscall"
)

// socketMode does nothing: here a socket has no permissions before it has a file.
func socketMode(syscall.RawConn, fs.FileMode) error { return nil }
