package fastmcp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// tlsPair writes a certificate with a serial number, and its key.
func tlsPair(t *testing.T, dir string, serial int64, until time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// tlsClock is a time that a test sets.
type tlsClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *tlsClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *tlsClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// shown is the serial number of the certificate that a client is shown.
func shown(t *testing.T, config *tls.Config) int64 {
	t.Helper()
	inner, outer := net.Pipe()
	defer func() { _ = outer.Close() }()
	done := make(chan struct{})
	go func() {
		defer close(done)
		server := tls.Server(inner, config)
		_, _ = io.Copy(io.Discard, server) // until the client has gone
		_ = inner.Close()
	}()
	client := tls.Client(outer, &tls.Config{InsecureSkipVerify: true})
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	serial := client.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	_ = outer.Close()
	<-done
	return serial
}

// A certificate is renewed by writing its files. One that is broken, or does not fit its key, is not taken; the one before goes
// on, and that is told once.
func TestTLSFilesAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	from := TLSConfig{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), Reload: time.Minute}
	from.setDefaults()
	clock := &tlsClock{at: time.Now()}
	var log bytes.Buffer
	tlsPair(t, dir, 1, clock.now().Add(time.Hour))
	f, err := newTLSFiles(from, slog.New(slog.NewTextHandler(&log, nil)), clock.now)
	if err != nil {
		t.Fatal(err)
	}
	c := f.config()
	expect := func(what string, want int64) {
		t.Helper()
		if got := shown(t, c); got != want {
			t.Errorf("%s: certificate %d, want %d", what, got, want)
		}
	}
	expect("at first", 1)
	tlsPair(t, dir, 2, clock.now().Add(time.Hour))
	clock.pass(time.Minute - time.Nanosecond)
	expect("a moment too early", 1)
	clock.pass(time.Nanosecond)
	expect("when it is time", 2)

	good, err := os.ReadFile(from.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	for what, broken := range map[string]func(){
		"half a certificate": func() { _ = os.WriteFile(from.CertFile, []byte("-----BEGIN CERT"), 0o600) },
		"no file":            func() { _ = os.Remove(from.CertFile) },
		"another's key": func() {
			tlsPair(t, dir, 3, clock.now().Add(time.Hour))
			_ = os.WriteFile(from.KeyFile, good, 0o600)
		},
	} {
		log.Reset()
		broken()
		for range 3 {
			clock.pass(time.Minute)
			expect(what, 2)
		}
		if n := strings.Count(log.String(), "not taken"); n != 1 {
			t.Errorf("%s: told %d times: %s", what, n, log.String())
		}
		if strings.Contains(log.String(), "PRIVATE") {
			t.Errorf("%s: the log has a key: %s", what, log.String())
		}
	}
	tlsPair(t, dir, 4, clock.now().Add(time.Hour))
	clock.pass(time.Minute)
	expect("whole again", 4)
}

// Many that connect at once, while files change, are all shown one of the two.
func TestTLSFilesAreReadByOne(t *testing.T) {
	dir := t.TempDir()
	from := TLSConfig{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), Reload: time.Nanosecond}
	from.setDefaults()
	clock := &tlsClock{at: time.Now()}
	tlsPair(t, dir, 1, clock.now().Add(time.Hour))
	f, err := newTLSFiles(from, slog.New(slog.DiscardHandler), clock.now)
	if err != nil {
		t.Fatal(err)
	}
	c := f.config()
	tlsPair(t, dir, 2, clock.now().Add(time.Hour))
	clock.pass(time.Second)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := shown(t, c); got != 1 && got != 2 {
				t.Errorf("certificate %d", got)
			}
		})
	}
	wg.Wait()
	if got := shown(t, c); got != 2 {
		t.Errorf("afterwards: certificate %d", got)
	}
}

func TestTLSFilesThatNeverChange(t *testing.T) {
	dir := t.TempDir()
	from := TLSConfig{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), Reload: -1}
	clock := &tlsClock{at: time.Now()}
	from.setDefaults()
	tlsPair(t, dir, 1, clock.now().Add(time.Hour))
	f, err := newTLSFiles(from, slog.New(slog.DiscardHandler), clock.now)
	if err != nil {
		t.Fatal(err)
	}
	tlsPair(t, dir, 2, clock.now().Add(time.Hour))
	clock.pass(24 * time.Hour)
	if got := shown(t, f.config()); got != 1 {
		t.Errorf("certificate %d", got)
	}
}

func TestTLSMistakes(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	tlsPair(t, dir, 1, time.Now().Add(time.Hour))
	tlsPair(t, other, 2, time.Now().Add(time.Hour))
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		from TLSConfig
		cure string
	}{
		"no key":                {TLSConfig{CertFile: cert}, "set both"},
		"no certificate":        {TLSConfig{KeyFile: key}, "set both"},
		"authorities alone":     {TLSConfig{ClientCAs: cert}, "set both"},
		"another's key":         {TLSConfig{CertFile: cert, KeyFile: filepath.Join(other, "key.pem")}, "the certificate in "},
		"no such file":          {TLSConfig{CertFile: cert + "x", KeyFile: key}, "cert.pemx"},
		"an empty file":         {TLSConfig{CertFile: empty, KeyFile: key}, "empty.pem"},
		"no authorities":        {TLSConfig{CertFile: cert, KeyFile: key, ClientCAs: empty}, "no certificate of an authority"},
		"no file of them":       {TLSConfig{CertFile: cert, KeyFile: key, ClientCAs: empty + "x"}, "empty.pemx"},
		"TLS 1.1":               {TLSConfig{CertFile: cert, KeyFile: key, MinVersion: tls.VersionTLS11}, "RFC 8996"},
		"no version":            {TLSConfig{CertFile: cert, KeyFile: key, MinVersion: 7}, "tls.VersionTLS12"},
		"optional, of nobody":   {TLSConfig{CertFile: cert, KeyFile: key, ClientOptional: true}, "set TLSConfig.ClientCAs"},
		"a key for certificate": {TLSConfig{CertFile: key, KeyFile: key}, "the certificate in "},
	} {
		app := New(Config{HTTP: HTTPConfig{TLS: c.from}, Log: slog.New(slog.DiscardHandler)})
		if err := app.Listen("127.0.0.1:0"); err == nil || !strings.HasPrefix(err.Error(), "fastmcp: TLS: ") || !strings.Contains(err.Error(), c.cure) || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: Listen: %v", name, err)
		}
		ln, err := listenTCP("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := app.Listener(ln); err == nil || !strings.Contains(err.Error(), c.cure) {
			t.Errorf("%s: Listener: %v", name, err)
		}
		if _, err := ln.Accept(); err == nil {
			t.Errorf("%s: the listener is left open", name)
		}
	}
	if err := New().ListenTLS("127.0.0.1:0", cert, ""); err == nil {
		t.Error("ListenTLS without a key")
	}
}

func TestTLSExpiredIsTold(t *testing.T) {
	dir := t.TempDir()
	tlsPair(t, dir, 1, time.Now().Add(-time.Hour))
	from := TLSConfig{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	from.setDefaults()
	var log bytes.Buffer
	if _, err := newTLSFiles(from, slog.New(slog.NewTextHandler(&log, nil)), time.Now); err != nil || !strings.Contains(log.String(), "has expired") {
		t.Errorf("%v: %s", err, log.String())
	}
}
