//go:build !js

package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// maxSocketPath is how long the name of a socket may be: sun_path has 108 bytes on Linux, and a zero at the end.
const maxSocketPath = 107

// listenUnix listens on a socket in the file system, whose file it makes, and which closing removes.
func listenUnix(path string, mode fs.FileMode) (net.Listener, error) {
	switch {
	case path == "":
		return nil, errors.New(`fastmcp: "unix:" needs the path of a socket behind it, as in "unix:/run/mcp.sock"`)
	case len(path) > maxSocketPath:
		return nil, fmt.Errorf("fastmcp: the path of a socket may have %d bytes, and %q has %d: use a shorter one", maxSocketPath, path, len(path))
	}
	named := !strings.HasPrefix(path, "@") // an abstract one has no file, and so nobody who may not connect
	unix := net.ListenConfig{}
	if named {
		if err := clearSocket(path); err != nil {
			return nil, err
		}
		unix.Control = func(_, _ string, c syscall.RawConn) error { return socketMode(c, mode) }
	}
	ln, err := unix.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("fastmcp: %w", err)
	}
	if named {
		// The umask may have taken something away.
		if err := os.Chmod(path, mode); err != nil {
			return nil, errors.Join(fmt.Errorf("fastmcp: %w", err), ln.Close())
		}
	}
	return ln, nil
}

// clearSocket removes the file of a socket that nobody listens on: the process that made it has not ended properly.
func clearSocket(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("fastmcp: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("fastmcp: %q is there, and is no socket: remove it, or listen elsewhere", path)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		_ = conn.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("fastmcp: %q: %w: somebody listens there: stop them first, or listen elsewhere", path, syscall.EADDRINUSE)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("fastmcp: %w", err)
	}
	return nil
}
