package fasthost

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Limits are how many connections a listener has at once. The zero Limits has no bound.
type Limits struct {
	// Max bounds all of them, PerIP those of one address, or of one /64 of IPv6, which is what a customer gets. 0 or less
	// is no bound. What is too much is answered 503 or 429 and closed; over TLS it is only closed.
	Max, PerIP int
	// Exempt tells which addresses PerIP does not bound: those of proxies. nil: none.
	Exempt func(netip.Addr) bool
	// Log hears of what was refused, once a minute. nil: nobody does.
	Log *slog.Logger
	// Refused hears of each connection that was refused, with the answer that it got, and, without one, of what kept the
	// listener from accepting. nil: nobody does.
	Refused func(remote net.Addr, why error)
	// Track knows the connections that have said nothing yet; see Conns.EndUnheard. nil: nobody does.
	Track *Conns
}

// limiter counts the connections of a listener.
type limiter struct {
	Limits
	mu    sync.Mutex
	open  int
	perIP map[netip.Addr]int
	said  time.Time
	// goodbyes bounds the answers to those that are refused.
	goodbyes chan struct{}
}

func newLimiter(l Limits) *limiter {
	return &limiter{Limits: l, perIP: make(map[netip.Addr]int), goodbyes: make(chan struct{}, 64)}
}

// seat is what a connection has of a limiter until it is closed.
type seat struct {
	limiter *limiter
	ip      netip.Addr // not valid when nobody counts it
	once    sync.Once
}

// take gives a connection a seat, or an answer that it gets instead.
func (l *limiter) take(c net.Conn) (s *seat, refused string) {
	ip := block(addrIP(c.RemoteAddr()))
	if l.PerIP <= 0 || ip.IsValid() && l.Exempt != nil && l.Exempt(addrIP(c.RemoteAddr())) {
		ip = netip.Addr{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.Max > 0 && l.open >= l.Max:
		l.say("connections are refused: HTTPConfig.MaxConns are open", "from", c.RemoteAddr().String())
		return nil, "503 Service Unavailable"
	case ip.IsValid() && l.perIP[ip] >= l.PerIP:
		l.say("connections are refused: HTTPConfig.MaxConnsPerIP of this address are open", "from", c.RemoteAddr().String())
		return nil, "429 Too Many Requests"
	}
	l.open++
	if ip.IsValid() {
		l.perIP[ip]++
	}
	return &seat{limiter: l, ip: ip}, ""
}

// leave gives the seat back. It may be called more than once, and of nil.
func (s *seat) leave() {
	if s != nil {
		s.once.Do(func() { s.limiter.free(s.ip) })
	}
}

func (l *limiter) free(ip netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if !ip.IsValid() {
		return
	}
	if l.perIP[ip]--; l.perIP[ip] == 0 {
		delete(l.perIP, ip)
	}
}

// full tells that there are no file descriptors, or alike, for another.
func (l *limiter) full(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.say("connections wait: the process cannot accept them", "error", err)
}

// refused tells of a connection that was not let in.
func (l *limiter) refused(remote net.Addr, why error) {
	if l.Refused != nil {
		l.Refused(remote, why)
	}
}

// say logs, once a minute. Its caller holds the lock.
func (l *limiter) say(what string, args ...any) {
	if l.Log == nil || time.Since(l.said) < time.Minute {
		return
	}
	l.said = time.Now()
	l.Log.Warn(what, append(args, "open", l.open)...)
}

// refuse answers a connection that there is no room for, if not too many others are just being answered.
func (l *limiter) refuse(c net.Conn, status string) {
	select {
	case l.goodbyes <- struct{}{}:
	default:
		_ = socket(c).Close()
		return
	}
	go func() {
		defer func() { <-l.goodbyes }()
		defer func() { _ = socket(c).Close() }()
		if socket(c) != c {
			return // a handshake first would be work for who is not let in
		}
		body := `{"jsonrpc":"2.0","error":{"code":-32000,"message":"Too many connections"}}`
		answer := fmt.Sprintf("HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: application/json\r\nRetry-After: 1\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
		if c.SetWriteDeadline(time.Now().Add(lingering)) == nil {
			if _, err := c.Write([]byte(answer)); err == nil {
				linger(c)
			}
		}
	}()
}

// block is the part of an address that is one client's.
func block(ip netip.Addr) netip.Addr {
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return ip
}

// passing tells that a listener that could not accept may be able to in a moment: there are no more file descriptors, or
// the client has gone again. fasthttp would take it for the end of the listener, and stop.
func passing(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// pause is how long a listener waits that could not accept.
const pause = 20 * time.Millisecond
