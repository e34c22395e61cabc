//go:build !linux

package fasthost

import (
	"errors"
	"net"
)

// Deafen has a TCP listener make no new connections, before it is closed. Here that cannot be: the error is
// errors.ErrUnsupported.
func Deafen(net.Listener) error { return errors.ErrUnsupported }
