package disconnect

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// pair is both ends of a connection. peer is the socket, even where client is TLS.
type pair struct {
	server, client, peer net.Conn
}

// networks are the kinds of connections that can be watched.
var networks = []string{"tcp", "unix", "tls"}

func connect(t testing.TB, network string) pair {
	t.Helper()
	sort, addr := "tcp", "127.0.0.1:0"
	if network == "unix" {
		sort, addr = "unix", filepath.Join(t.TempDir(), "s")
	}
	ln, err := net.Listen(sort, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	var p pair
	if p.peer, err = net.Dial(sort, ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if p.server, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	p.client = p.peer
	t.Cleanup(func() { _ = p.peer.Close(); _ = p.server.Close() })
	if network == "tls" {
		p.client = tls.Client(p.peer, &tls.Config{InsecureSkipVerify: true})
		server := tls.Server(p.server, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
		p.server = server
		done := make(chan error, 1)
		go func() { done <- server.Handshake() }()
		if _, err := p.client.Write([]byte("x")); err != nil { // and so makes the handshake
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(p.server, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func certificate(t testing.TB) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tm := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, tm, tm, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func each(t *testing.T, fn func(t *testing.T, network string)) {
	for _, n := range networks {
		t.Run(n, func(t *testing.T) { fn(t, n) })
	}
}

func soon[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(5 * time.Second):
		t.Fatal("nothing happened")
		panic("unreachable")
	}
}

func eventually(t testing.TB, what string, fn func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !fn(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: ", what)
		}
	}
}

// ways are how a peer goes away.
var ways = map[string]func(pair){
	"close": func(p pair) { _ = p.client.Close() },
	"unread": func(p pair) { // bytes that nobody has read lie before the end
		_, _ = p.client.Write([]byte("the next request"))
		_ = p.client.Close()
	},
	"half": func(p pair) { _ = p.peer.(interface{ CloseWrite() error }).CloseWrite() },
	"reset": func(p pair) {
		if c, ok := p.peer.(*net.TCPConn); ok {
			_ = c.SetLinger(0)
		}
		_ = p.peer.Close()
	},
}

func TestWatchSees(t *testing.T) {
	each(t, func(t *testing.T, network string) {
		for name, leave := range ways {
			p := connect(t, network)
			// A deadline that was armed to read the request has no effect on the watch.
			_ = p.server.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			gone := make(chan time.Time, 2)
			stop := Watch(p.server, func() { gone <- time.Now() })
			_, _ = p.client.Write([]byte("pipelined"))
			time.Sleep(50 * time.Millisecond)
			if len(gone) > 0 {
				t.Errorf("%s: gone before", name)
			}
			at := time.Now()
			leave(p)
			if took := soon(t, gone).Sub(at); runtime.GOOS == "linux" && took > 2*time.Second {
				t.Errorf("%s: seen after %v", name, took)
			}
			stop()
			stop()
			if len(gone) > 0 {
				t.Errorf("%s: called twice", name)
			}
		}
	})
}

func TestWatchPeerGoneBefore(t *testing.T) {
	each(t, func(t *testing.T, network string) {
		p := connect(t, network)
		_ = p.client.Close()
		time.Sleep(10 * time.Millisecond)
		gone := make(chan bool, 1)
		stop := Watch(p.server, func() { gone <- true })
		soon(t, gone)
		stop()
	})
}

// Between watches the connection is read as if there had been none.
func TestWatchThenRead(t *testing.T) {
	each(t, func(t *testing.T, network string) {
		p := connect(t, network)
		buf := make([]byte, 64)
		for range 200 {
			var gone atomic.Bool
			stop := Watch(p.server, func() { gone.Store(true) })
			if _, err := p.client.Write([]byte("request")); err != nil {
				t.Fatal(err)
			}
			if _, err := p.server.Write([]byte("answer")); err != nil {
				t.Fatal(err)
			}
			stop()
			if n, err := io.ReadFull(p.server, buf[:7]); err != nil || string(buf[:n]) != "request" {
				t.Fatalf("%q, %v", buf[:n], err)
			}
			if n, err := io.ReadFull(p.client, buf[:6]); err != nil || string(buf[:n]) != "answer" {
				t.Fatalf("%q, %v", buf[:n], err)
			}
			if gone.Load() {
				t.Fatal("gone")
			}
		}
	})
}

// fn is never called after stop has returned.
func TestWatchStopRaces(t *testing.T) {
	each(t, func(t *testing.T, network string) {
		for range 100 {
			p := connect(t, network)
			var stopped, late atomic.Bool
			stop := Watch(p.server, func() {
				if stopped.Load() {
					late.Store(true)
				}
			})
			var wg sync.WaitGroup
			wg.Go(func() { _ = p.client.Close() })
			wg.Go(func() { _, _ = p.server.Write([]byte("x")) })
			for range 2 {
				wg.Go(func() { stop(); stopped.Store(true) })
			}
			wg.Wait()
			if late.Load() {
				t.Fatal("called after stop")
			}
		}
	})
}

func TestWatchClosedHere(t *testing.T) {
	each(t, func(t *testing.T, network string) {
		before := runtime.NumGoroutine()
		p := connect(t, network)
		stop := Watch(p.server, func() { t.Error("called for a connection that was closed on this side") })
		_ = p.server.Close()
		eventually(t, "the goroutine ends", func() bool { return runtime.NumGoroutine() <= before })
		stop()
		if Watch(p.server, func() {}) != nil {
			t.Error("a closed connection is watched")
		}
	})
}

func TestUnwatchable(t *testing.T) {
	a, b := net.Pipe()
	defer func() { _, _ = a.Close(), b.Close() }()
	var p Poller
	defer p.Close()
	if _, err := p.Add(a, func() {}); err != ErrUnwatchable || p.Len() != 0 {
		t.Error(err)
	}
	if Watch(a, func() {}) != nil || CanWatch(a) || CanWatch(loop{a}) {
		t.Error("a pipe is watched")
	}
	if c := connect(t, "tls"); !CanWatch(c.server) {
		t.Error("TLS is not watched")
	}
}

// loop wraps itself.
type loop struct{ net.Conn }

func (l loop) NetConn() net.Conn { return l }

func TestPoller(t *testing.T) {
	each(t, func(t *testing.T, network string) {
		var p Poller
		defer p.Close()
		for name, leave := range ways {
			c := connect(t, network)
			gone := make(chan bool, 2)
			if _, err := p.Add(c.server, func() { gone <- true }); err != nil {
				t.Fatal(err)
			}
			_, _ = c.client.Write([]byte("ignored"))
			time.Sleep(10 * time.Millisecond)
			if len(gone) > 0 {
				t.Errorf("%s: gone before", name)
			}
			leave(c)
			soon(t, gone)
			if p.Len() != 0 || len(gone) > 0 {
				t.Errorf("%s: %d are watched", name, p.Len())
			}
		}
	})
}

// Descriptors that are given out again bring nobody the end of another.
func TestPollerReuse(t *testing.T) {
	var p Poller
	defer p.Close()
	var wrong atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 150 {
				c := connect(t, "tcp")
				var fired, expected atomic.Bool
				ticket, err := p.Add(c.server, func() {
					fired.Store(true)
					if !expected.Load() {
						wrong.Add(1)
					}
				})
				if err != nil {
					t.Error(err)
					return
				}
				switch i % 3 {
				case 0: // closed on this side and never removed: the descriptor is free at once
					_ = c.server.Close()
					p.Remove(c.server, ticket)
				case 1:
					p.Remove(c.server, ticket)
					p.Remove(c.server, ticket)
					_ = c.client.Close()
				case 2:
					expected.Store(true)
					_ = c.client.Close()
					eventually(t, "it is seen", fired.Load)
				}
				_ = c.server.Close()
				_ = c.client.Close()
			}
		})
	}
	wg.Wait()
	if wrong.Load() > 0 || p.Len() != 0 {
		t.Errorf("%d were wrong, %d are watched", wrong.Load(), p.Len())
	}
}

func TestPollerAddAgain(t *testing.T) {
	var p Poller
	defer p.Close()
	c := connect(t, "tcp")
	gone := make(chan bool, 2)
	ticket, err := p.Add(c.server, func() { t.Error("removed") })
	if err != nil {
		t.Fatal(err)
	}
	p.Remove(c.server, ticket)
	if _, err := p.Add(c.server, func() { gone <- true }); err != nil {
		t.Fatal(err)
	}
	_ = c.client.Close()
	soon(t, gone)
	if _, err := p.Add(c.server, func() { gone <- true }); err != nil { // it fired, and was not removed
		t.Fatal(err)
	}
	soon(t, gone)
}

func TestPollerClose(t *testing.T) {
	before := runtime.NumGoroutine()
	var unused, p Poller
	unused.Close()
	c := connect(t, "tcp")
	if _, err := p.Add(c.server, func() { t.Error("called after Close") }); err != nil {
		t.Fatal(err)
	}
	p.Close()
	p.Close()
	_ = c.client.Close()
	if _, err := p.Add(c.server, func() {}); err != ErrClosed || p.Len() != 0 {
		t.Error(err)
	}
	eventually(t, "the goroutine ends", func() bool { return runtime.NumGoroutine() <= before })
}

func BenchmarkWatch(b *testing.B) {
	c := connect(b, "tcp")
	b.ReportAllocs()
	for b.Loop() {
		Watch(c.server, func() {})()
	}
}

func BenchmarkPoller(b *testing.B) {
	c := connect(b, "tcp")
	var p Poller
	defer p.Close()
	b.ReportAllocs()
	for b.Loop() {
		ticket, err := p.Add(c.server, func() {})
		if err != nil {
			b.Fatal(err)
		}
		p.Remove(c.server, ticket)
	}
}
