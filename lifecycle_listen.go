//go:build !js

package fastmcp

import "net"

// listenInfo is what the functions of OnListen are told.
func (a *App) listenInfo(addr net.Addr, secure, admin bool) ListenInfo {
	info := ListenInfo{Network: addr.Network(), Address: addr.String(), TLS: secure, Admin: admin}
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || admin {
		return info
	}
	scheme, host := "http://", tcp.String()
	if secure {
		scheme = "https://"
	}
	if tcp.IP.IsUnspecified() {
		_, port, _ := net.SplitHostPort(host)
		host = net.JoinHostPort("localhost", port)
	}
	info.URL = scheme + host + a.config.HTTP.Path
	return info
}
