package streamhttp

import (
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
)

// Exposure is whom a server's listener is open to, as far as it is known.
type Exposure int32

const (
	// ByConnection asks each connection: it is what a mounted App does, whose listener it does not know.
	ByConnection Exposure = iota
	// Loopback: only this machine.
	Loopback
	// Public: others too.
	Public
)

// gate is who may ask: by the Host that was asked for, against DNS rebinding, and by the Origin of a browser's page
// (Streamable HTTP, Security Warning).
type gate struct {
	hosts, origins []string
	exposure       func() Exposure
	// known is a Host that was let in for what it is, whoever asked: nearly all requests have the same.
	known atomic.Pointer[string]
}

func (g *gate) loopback(local func() netip.Addr) bool {
	switch g.exposure() {
	case Loopback:
		return true
	case Public:
		return false
	}
	return local().IsLoopback()
}

// host tells that the request's Host is one that this server answers to.
func (g *gate) host(x Exchange) bool {
	host := x.Host()
	if known := g.known.Load(); known != nil && *known == host {
		return true
	}
	ok := g.admits(x, host)
	if ok && (len(g.hosts) > 0 || isLoopbackName(hostname(host))) {
		g.remember(host)
	}
	return ok
}

func (g *gate) remember(host string) { g.known.Store(&host) }

func (g *gate) admits(x Exchange, host string) bool {
	if len(g.hosts) == 0 {
		return !g.loopback(x.LocalIP) || isLoopbackName(hostname(host))
	}
	for _, pattern := range g.hosts {
		if pattern == "*" || matchHost(pattern, host) || matchHost(pattern, hostname(host)) {
			return true
		}
	}
	return false
}

// origin tells that the page that asks, if it is a page, may. A program that is no browser sends no Origin.
func (g *gate) origin(x Exchange, origin string) bool {
	return origin == "" || g.admitsOrigin(origin, x.LocalIP)
}

func (g *gate) admitsOrigin(origin string, local func() netip.Addr) bool {
	for _, pattern := range g.origins {
		if MatchOrigin(pattern, origin) {
			return true
		}
	}
	if len(g.origins) > 0 || !g.loopback(local) {
		return false
	}
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && isLoopbackName(u.Hostname())
}

// hostname is a Host without its port and the brackets of an IPv6 address.
func hostname(host string) string {
	if strings.HasPrefix(host, "[") {
		if end := strings.IndexByte(host, ']'); end > 0 {
			return host[1:end]
		}
		return host
	}
	if i := strings.IndexByte(host, ':'); i >= 0 && strings.IndexByte(host[i+1:], ':') < 0 {
		return host[:i]
	}
	return host
}

func isLoopbackName(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}

// matchHost compares a host with a pattern that may begin with "*.".
func matchHost(pattern, host string) bool {
	if suffix, ok := strings.CutPrefix(pattern, "*."); ok {
		n := len(host) - len(suffix)
		return n > 1 && host[n-1] == '.' && strings.EqualFold(host[n:], suffix)
	}
	return strings.EqualFold(pattern, host)
}

// matchOrigin compares scheme, host and port; the host may be a pattern.
func matchOrigin(pattern, origin string) bool {
	scheme, host, ok := strings.Cut(pattern, "://")
	if !ok {
		return false
	}
	gotScheme, gotHost, ok := strings.Cut(origin, "://")
	return ok && strings.EqualFold(scheme, gotScheme) && matchHost(host, gotHost)
}
