//go:build !js

package fastmcp

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// secure is TLS as Config wants it; nil for plain HTTP.
func (a *App) secure(t TLSConfig) (*tls.Config, error) {
	if !t.isSet() {
		return nil, nil
	}
	f, err := newTLSFiles(t, a.config.Log, time.Now)
	if err != nil {
		return nil, err
	}
	return f.config(), nil
}

// secured is ln over TLS, if there is to be any.
func secured(ln net.Listener, secure *tls.Config) net.Listener {
	if secure == nil {
		return ln
	}
	over := tls.NewListener(ln, secure)
	if raw, ok := ln.(syscall.Conn); ok {
		return tlsListener{over, raw}
	}
	return over
}

// tlsListener does not hide the socket that it listens on, as that of crypto/tls does.
type tlsListener struct {
	net.Listener
	syscall.Conn
}

// tlsFiles is what TLS needs, as the files have it. They are looked at by who connects, so that nothing runs meanwhile.
type tlsFiles struct {
	from TLSConfig
	log  *slog.Logger
	now  func() time.Time

	current atomic.Pointer[tls.Config]
	next    atomic.Int64 // when to look again, in nanoseconds since 1970

	mu   sync.Mutex
	seen [sha256.Size]byte // what the files were when they were last looked at
}

func newTLSFiles(from TLSConfig, log *slog.Logger, now func() time.Time) (*tlsFiles, error) {
	f := &tlsFiles{from: from, log: log, now: now}
	switch {
	case from.CertFile == "" || from.KeyFile == "":
		return nil, errors.New("fastmcp: TLS: a certificate and its key go together: set both TLSConfig.CertFile and KeyFile")
	case from.MinVersion != tls.VersionTLS12 && from.MinVersion != tls.VersionTLS13:
		return nil, fmt.Errorf("fastmcp: TLS: MinVersion is %s: use tls.VersionTLS12 or tls.VersionTLS13 (RFC 8996)", tls.VersionName(from.MinVersion))
	case from.ClientOptional && from.ClientCAs == "":
		return nil, errors.New("fastmcp: TLS: ClientOptional is about certificates that nobody vouches for: set TLSConfig.ClientCAs, too")
	}
	read := f.read()
	c, err := read.config(from)
	if err != nil {
		return nil, fmt.Errorf("fastmcp: TLS: %w", err)
	}
	f.seen = read.sum()
	f.take(c)
	f.next.Store(now().Add(from.Reload).UnixNano())
	return f, nil
}

// config is for a listener: each connection gets what the files have now.
func (f *tlsFiles) config() *tls.Config {
	return &tls.Config{
		MinVersion:         f.from.MinVersion,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return f.get(), nil },
	}
}

// get is what the files have. One of those who connect looks at them when it is time; the others go on with what there is.
func (f *tlsFiles) get() *tls.Config {
	if f.from.Reload > 0 && f.now().UnixNano() >= f.next.Load() && f.mu.TryLock() {
		f.refresh()
		f.mu.Unlock()
	}
	return f.current.Load()
}

// refresh takes what is new. What is wrong with it is told once: it may be half written, and is looked at again. f.mu is held.
func (f *tlsFiles) refresh() {
	f.next.Store(f.now().Add(f.from.Reload).UnixNano())
	read := f.read()
	sum := read.sum()
	if sum == f.seen {
		return
	}
	f.seen = sum
	c, err := read.config(f.from)
	if err != nil {
		f.log.Error("the new TLS files are not taken, and those before go on", "certificate", f.from.CertFile, "error", err)
		return
	}
	f.take(c)
	f.log.Info("TLS files were read again", "certificate", f.from.CertFile, "valid until", c.Certificates[0].Leaf.NotAfter)
}

func (f *tlsFiles) take(c *tls.Config) {
	if leaf := c.Certificates[0].Leaf; f.now().After(leaf.NotAfter) {
		f.log.Warn("the TLS certificate has expired: clients will refuse it", "certificate", f.from.CertFile, "valid until", leaf.NotAfter)
	}
	f.current.Store(c)
}

// tlsBytes are the contents of the files.
type tlsBytes struct {
	cert, key, clients []byte
	err                error
}

func (f *tlsFiles) read() (b tlsBytes) {
	read := func(path string) []byte {
		if path == "" || b.err != nil {
			return nil
		}
		var text []byte
		text, b.err = os.ReadFile(path)
		return text
	}
	b.cert, b.key, b.clients = read(f.from.CertFile), read(f.from.KeyFile), read(f.from.ClientCAs)
	return b
}

// sum tells contents apart.
func (b *tlsBytes) sum() [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%x %x %x %v", sha256.Sum256(b.cert), sha256.Sum256(b.key), sha256.Sum256(b.clients), b.err))
}

// config is what the contents make.
func (b *tlsBytes) config(from TLSConfig) (*tls.Config, error) {
	if b.err != nil {
		return nil, b.err
	}
	pair, err := tls.X509KeyPair(b.cert, b.key)
	if err != nil {
		return nil, fmt.Errorf("the certificate in %s and the key in %s: %w", from.CertFile, from.KeyFile, err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: from.MinVersion, NextProtos: []string{"http/1.1"}}
	if from.ClientCAs == "" {
		return c, nil
	}
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(b.clients) {
		return nil, fmt.Errorf("%s has no certificate of an authority, in PEM", from.ClientCAs)
	}
	c.ClientAuth = tls.RequireAndVerifyClientCert
	if from.ClientOptional {
		c.ClientAuth = tls.VerifyClientCertIfGiven
	}
	// A ticket would let in again who was let in by an authority that has been taken out of the file since.
	c.SessionTicketsDisabled = true
	return c, nil
}
