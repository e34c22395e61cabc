package fasthost

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// guest is a connection from an address.
type guest struct {
	net.Conn
	from string
}

func (g guest) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(g.from), 1234))
}

// Who shares a /64 shares its bound, an address in IPv6's clothes is that of IPv4, proxies have none, and what is left is
// not remembered.
func TestLimiter(t *testing.T) {
	var log bytes.Buffer
	l := newLimiter(Limits{
		Max: 6, PerIP: 2, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Exempt: func(a netip.Addr) bool { return a == netip.MustParseAddr("10.0.0.1") },
	})
	take := func(from, want string) *seat {
		t.Helper()
		s, refused := l.take(guest{from: from})
		if refused != want {
			t.Errorf("%s: %q, want %q", from, refused, want)
		}
		return s
	}
	const tooMany, full = "429 Too Many Requests", "503 Service Unavailable"
	seats := []*seat{take("192.0.2.1", ""), take("::ffff:192.0.2.1", "")}
	take("192.0.2.1", tooMany)
	seats = append(seats, take("2001:db8::1", ""), take("2001:db8::ffff:2", ""))
	take("2001:db8::3", tooMany)
	seats = append(seats, take("10.0.0.1", ""), take("10.0.0.1", ""))
	take("10.0.0.1", full)
	take("2001:db8:0:1::1", full)
	seats[0].leave()
	seats[0].leave() // the second time it has none
	seats = append(seats, take("2001:db8:0:1::1", ""))
	take("192.0.2.1", full)
	for _, s := range seats {
		s.leave()
	}
	if l.open != 0 || len(l.perIP) != 0 {
		t.Errorf("%d are open, %v", l.open, l.perIP)
	}
	if n := strings.Count(log.String(), "refused"); n != 1 || !strings.Contains(log.String(), "192.0.2.1:1234") {
		t.Errorf("the log was told %d times: %s", n, log.String())
	}
	(*seat)(nil).leave()
}

// flaky is a listener that cannot accept at first.
type flaky struct {
	net.Listener
	mu   sync.Mutex
	errs []error
}

func (f *flaky) Accept() (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.errs) > 0 {
		err := f.errs[0]
		f.errs = f.errs[1:]
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", err)}
	}
	return f.Listener.Accept()
}

// What passes is waited for, what does not ends the listener.
func TestAcceptGoesOn(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	passes := []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED}
	l := NewListener(&flaky{Listener: ln, errs: append(passes, syscall.EINVAL)})
	if _, err := l.Accept(); !errors.Is(err, syscall.EINVAL) {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	in, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	_ = l.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// A connection that lingers is read until its client has read the answer, and not for ever.
func TestLinger(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := NewListener(ln)
	defer func() { _ = l.Close() }()
	for name, c := range map[string]struct {
		stays    bool
		min, max time.Duration
	}{"it goes": {false, 0, lingering}, "it stays": {true, lingering, lingering + 8*time.Second}} {
		client, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		in, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		Linger(in)
		if _, err := io.WriteString(in, "answer"); err != nil {
			t.Fatal(err)
		}
		closed := make(chan time.Duration, 1)
		go func() {
			begun := time.Now()
			_ = in.Close()
			closed <- time.Since(begun)
		}()
		if b, err := io.ReadAll(client); string(b) != "answer" || err != nil {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if !c.stays {
			_ = client.Close()
		}
		if d := <-closed; d < c.min || d > c.max {
			t.Errorf("%s: closed after %s", name, d)
		}
		_ = client.Close()
	}
}
