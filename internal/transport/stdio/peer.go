package stdio

import "net/netip"

// peer is who is at the other end of a pipe (rpc.Peer): nothing is known of it but what it says.
type peer struct{}

// Header is empty: a line has no headers.
func (peer) Header(string) string { return "" }

// HeaderValues are none.
func (peer) HeaderValues(string) []string { return nil }

// RemoteIP is not valid: a pipe has no address.
func (peer) RemoteIP() netip.Addr { return netip.Addr{} }

// Mirrors tells that no headers repeat the body, so that there is nothing to compare (SEP-2243 is about HTTP).
func (peer) Mirrors() bool { return false }

// Value is nil: no middleware comes before the engine's.
func (peer) Value(any) any { return nil }

// Keep has nothing to keep.
func (peer) Keep() {}
