// Package caller names whom a limit counts: keys for the limits of middleware, each of which tells one caller, or one
// thing, from another. No two kinds of keys are ever the same, and none is empty.
package caller

import (
	"net/netip"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// prefix is how much of an IPv6 address is one caller: a subscriber has the rest to choose from (RFC 6177, section 2).
const prefix = 64

// Address is the key of an address: an IPv4 address by itself, an IPv6 address by its first 64 bits. One that is not
// valid, as over stdio, is the process's own client.
func Address(ip netip.Addr) string {
	if !ip.IsValid() {
		return "local"
	}
	ip = ip.Unmap().WithZone("")
	buf := append(make([]byte, 0, 48), "ip:"...)
	if ip.Is4() {
		return string(ip.AppendTo(buf))
	}
	p, _ := ip.Prefix(prefix) // 64 bits fit into any IPv6 address
	return string(p.AppendTo(buf))
}

// IP is the key of the address that a request came from.
func IP(c *fastmcp.Context) string { return Address(c.IP()) }

// Principal is the key of who calls; of an anonymous caller it is that of the address.
func Principal(c *fastmcp.Context) string {
	if key := c.PrincipalKey(); key != "" {
		return key
	}
	return Address(c.IP())
}

// Known is the key of a principal, or of the address where nobody is known.
func Known(p *auth.Principal, ip netip.Addr) string {
	if key := p.Key(); key != "" {
		return key // the only one without a colon
	}
	return Address(ip)
}

// Session is the key of the session; of a request without one it is that of who calls.
func Session(c *fastmcp.Context) string {
	if id := c.Session().ID(); id != "" {
		return "session:" + id
	}
	return Principal(c)
}

// Tool is the key of the tool that is called, and of the method where that is none.
func Tool(c *fastmcp.Context) string {
	if c.Method() == "tools/call" {
		return "tool:" + c.Name()
	}
	return "method:" + c.Method()
}
