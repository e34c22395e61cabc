package fasthost

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// kind is one of the ways in which a connection reaches a handler.
type kind struct {
	name               string
	wrap, tls, unix    bool // wrap: NewListener
	keep, reduce, bare bool // bare: no server timeouts
}

// kinds are those that every behaviour is tested on.
var kinds = []kind{
	{name: "listener", wrap: true},
	{name: "listener-reduce", wrap: true, reduce: true},
	{name: "listener-tls", wrap: true, tls: true},
	{name: "listener-unix", wrap: true, unix: true},
	{name: "listener-notimeouts", wrap: true, bare: true},
	{name: "raw"},
	{name: "raw-keep", keep: true},
	{name: "raw-keep-reduce", keep: true, reduce: true},
	{name: "raw-tls", tls: true},
	{name: "raw-keep-tls", tls: true, keep: true},
	{name: "raw-unix", unix: true},
}

func each(t *testing.T, fn func(t *testing.T, k kind)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) { fn(t, k) })
	}
}

// together is each, for tests that mostly wait.
func together(t *testing.T, fn func(t *testing.T, k kind)) {
	each(t, func(t *testing.T, k kind) {
		t.Parallel()
		fn(t, k)
	})
}

// server is a fasthttp server on a free port.
type server struct {
	kind
	*fasthttp.Server
	cfg   *Config
	track *Conns
	ln    net.Listener
	done  chan error
	logs  *logs
}

// start serves fn, which gets an exchange that is released after it.
func start(t testing.TB, k kind, fn func(x *Exchange, ctx *fasthttp.RequestCtx), set ...func(*server)) *server {
	t.Helper()
	s := &server{kind: k, track: NewConns(0), done: make(chan error, 1), logs: &logs{}}
	s.Server = &fasthttp.Server{
		NoDefaultServerHeader: true, NoDefaultDate: true, ReadTimeout: 5 * time.Second, IdleTimeout: 20 * time.Second,
		KeepHijackedConns: k.keep, MaxIdleWorkerDuration: time.Second, ReduceMemoryUsage: k.reduce, Logger: s.logs,
	}
	if k.bare {
		s.ReadTimeout, s.IdleTimeout = 0, 0
	}
	s.cfg = &Config{Track: s.track, Server: func() *fasthttp.Server { return s.Server }, WriteTimeout: 2 * time.Second}
	s.Handler = func(ctx *fasthttp.RequestCtx) {
		x := Acquire(ctx, s.cfg)
		defer x.Release()
		fn(x, ctx)
	}
	for _, f := range set {
		f(s)
	}
	s.ln = listen(t, k, s.track)
	go func() { s.done <- s.Serve(s.ln) }()
	t.Cleanup(func() { s.stop(t) })
	return s
}

func listen(t testing.TB, k kind, track *Conns) net.Listener {
	network, addr := "tcp", "127.0.0.1:0"
	if k.unix {
		network, addr = "unix", filepath.Join(t.TempDir(), "s")
	}
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	if k.tls {
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	}
	if k.wrap {
		ln = NewListener(ln, Limits{Track: track})
	}
	return ln
}

func (s *server) stop(t testing.TB) {
	s.track.CloseAll()
	ctx, cancel := context.WithTimeout(context.Background(), 7*time.Second)
	defer cancel()
	if err := s.ShutdownWithContext(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if err := <-s.done; err != nil {
		t.Error(err)
	}
	if lines := s.logs.all(); lines != "" {
		t.Errorf("the server logged: %s", lines)
	}
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

// client is a connection to a server.
type client struct {
	net.Conn
	t  testing.TB
	br *bufio.Reader
}

func (s *server) dial(t testing.TB) *client {
	t.Helper()
	a := s.ln.Addr()
	c, err := net.Dial(a.Network(), a.String())
	if err != nil {
		t.Fatal(err)
	}
	if s.tls {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	return &client{c, t, bufio.NewReader(c)}
}

func (c *client) send(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		c.t.Fatal(err)
	}
}

// get sends a GET and reads its answer.
func (c *client) get(path string) (*http.Response, string) {
	c.t.Helper()
	c.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
	return c.answer()
}

// post sends a POST and reads its answer.
func (c *client) post(path string) (*http.Response, string) {
	c.t.Helper()
	c.send(post(path))
	return c.answer()
}

func post(path string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
}

func (c *client) answer() (*http.Response, string) {
	c.t.Helper()
	r, err := http.ReadResponse(c.br, nil)
	if err != nil {
		c.t.Fatal("no answer: ", err)
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Fatal("body: ", err)
	}
	return r, string(b)
}

// expectEnd reads until the server has closed the connection, and fails when anything comes before that.
func (c *client) expectEnd() {
	c.t.Helper()
	b, err := io.ReadAll(c.br)
	if len(b) > 0 {
		c.t.Fatalf("unexpected %q", b)
	}
	if err, ok := err.(net.Error); ok && err.Timeout() {
		c.t.Fatal("the connection is open")
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

func soon[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("nothing happened")
		panic("unreachable")
	}
}
