//go:build !unix && !js

package fastmcp

import (
	"errors"
	"net"
)

// inherited: there is no systemd here.
func inherited(int) (net.Listener, error) { return nil, errors.ErrUnsupported }
