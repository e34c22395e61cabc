//go:build !unix

package fastmcptest

import "net"

// connected makes the two ends of a connection.
func connected() (client, server net.Conn, err error) { return pipe() }
