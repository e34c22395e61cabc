package tenant

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// lookups bounds how often a second the store is asked for tokens that this node does not know, in all and for each
// address, so that who tries tokens neither keeps the store busy nor others from it. Its memory is fixed: addresses that
// meet in a bucket share it.
type lookups struct {
	all, perIP int
	seed       maphash.Seed

	mu      sync.Mutex
	total   bucket
	buckets [1024]bucket
}

func (l *lookups) init(all, perIP int) { l.all, l.perIP, l.seed = all, perIP, maphash.MakeSeed() }

// bucket lets some through in a second, and not more than that many at once. The zero value is full.
type bucket struct {
	used  float64
	since time.Time
}

// drip is what has become free since the last time.
func (b *bucket) drip(now time.Time, most int) {
	if b.used > 0 {
		b.used = max(0, b.used-max(0, now.Sub(b.since).Seconds())*float64(most))
	}
	b.since = now
}

// allow tells that one more may be asked for.
func (l *lookups) allow(ip netip.Addr, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := &l.buckets[maphash.Comparable(l.seed, network(ip))%uint64(len(l.buckets))]
	own.drip(now, l.perIP)
	l.total.drip(now, l.all)
	if own.used+1 > float64(l.perIP) || l.total.used+1 > float64(l.all) {
		return false
	}
	own.used++
	l.total.used++
	return true
}

// network is what an address is counted by: an IPv6 host has a /64 to itself.
func network(ip netip.Addr) netip.Prefix {
	ip = ip.Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	p, _ := ip.Prefix(bits) // no address is one, too
	return p
}
