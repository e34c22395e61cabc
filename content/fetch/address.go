package fetch

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// ErrPrivate tells that an address is not public and was not contacted.
var ErrPrivate = errors.New("address is not public: set Config.AllowPrivate to fetch from it")

// special are the IPv4 networks that are not on the public internet (IANA special-purpose registry, RFC 6890), and
// metadata services that are addressed as if they were.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // shared by carriers, RFC 6598; metadata at Alibaba
	netip.MustParsePrefix("192.0.0.0/24"),  // protocol assignments; metadata at Oracle
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("168.63.129.16/32"), // the host of an Azure machine
}

// special6 are the networks within 2000::/3 that are not public, or that hold an IPv4 address to be reached by a relay.
var special6 = []netip.Prefix{
	netip.MustParsePrefix("2001::/23"), // protocol assignments, Teredo among them
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), // 6to4
	netip.MustParsePrefix("3fff::/20"),
}

var (
	globalUnicast6 = netip.MustParsePrefix("2000::/3")
	nat64          = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
)

// public tells that ip may be fetched from without Config.AllowPrivate.
func public(ip netip.Addr) bool {
	ip = ip.Unmap() // ::ffff:127.0.0.1 is 127.0.0.1
	if ip.Is4() {
		return ip.IsGlobalUnicast() && !ip.IsPrivate() && !ip.IsLoopback() && !within(special, ip)
	}
	if nat64.Contains(ip) { // how an IPv6-only network reaches IPv4
		b := ip.As16()
		return public(netip.AddrFrom4([4]byte(b[12:])))
	}
	return ip.Zone() == "" && globalUnicast6.Contains(ip) && !within(special6, ip)
}

func within(networks []netip.Prefix, ip netip.Addr) bool {
	for _, network := range networks {
		if network.Contains(ip) {
			return true
		}
	}
	return false
}

// publicOnly is called by the dialer with each address that it is about to connect to.
func publicOnly(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !public(to.Addr()) {
		return fmt.Errorf("%s: %w", address, ErrPrivate)
	}
	return nil
}
