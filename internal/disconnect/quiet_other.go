//go:build !unix

package disconnect

import "net"

// Quiet cannot be told here.
func Quiet(net.Conn) bool { return false }
