package fasthost

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"
)

// TrustPrefixes makes a Config.Trusted of the networks that one's proxies are in. A proxy on a unix socket has no
// address; unix tells whether to trust it.
func TrustPrefixes(unix bool, prefixes ...netip.Prefix) func(netip.Addr) bool {
	prefixes = slices.Clone(prefixes)
	return func(a netip.Addr) bool {
		if !a.IsValid() {
			return unix
		}
		for _, p := range prefixes {
			if p.Contains(a) {
				return true
			}
		}
		return false
	}
}

// client is who has sent a request that came from peer: see Exchange.RemoteIP.
func (c *Config) client(peer netip.Addr, r request) netip.Addr {
	trusted := c.Trusted
	if trusted == nil || !trusted(peer) {
		return peer
	}
	client, lines := peer, r.values(fasthttp.HeaderXForwardedFor)
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var hop string
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, hop = rest[:comma], rest[comma+1:]
			} else {
				hop, more = rest, false
			}
			a, ok := parseHop(hop)
			if !ok {
				return client // whoever wrote this is not to be believed about what stands left of it
			}
			if client = a; !trusted(client) {
				return client
			}
		}
	}
	return client
}

// parseHop reads an element of X-Forwarded-For; some proxies add a port.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

func addrIP(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}
