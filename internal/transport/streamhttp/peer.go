package streamhttp

import "net/netip"

// peer is the request's side of an exchange: an rpc.Peer.
type peer struct{ x Exchange }

// Header is a header of the request.
func (p *peer) Header(name string) string { return p.x.Header(name) }

// HeaderValues are all values of a header of the request.
func (p *peer) HeaderValues(name string) []string { return p.x.HeaderValues(name) }

// RemoteIP is the client's address.
func (p *peer) RemoteIP() netip.Addr { return p.x.RemoteIP() }

// Mirrors tells that headers repeat parts of the body: over HTTP they do.
func (p *peer) Mirrors() bool { return true }

// Value is what the host's middleware stored.
func (p *peer) Value(key any) any { return p.x.Value(key) }

// Keep makes the request outlive its answer.
func (p *peer) Keep() { p.x.Keep() }
