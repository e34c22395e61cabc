package fastmcp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// certificate writes a certificate for 127.0.0.1, and a pool that trusts it.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	write := func(file, kind string, der []byte) {
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(certFile, "CERTIFICATE", der)
	write(keyFile, "PRIVATE KEY", keyDER)
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return certFile, keyFile, pool
}

// freeAddr is an address that was free a moment ago.
func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// Over TLS a call, a stream, the next call on the same connection, and a client that leaves are what they are without.
func TestTLS(t *testing.T) {
	certFile, keyFile, pool := certificate(t)
	l := livingApp(t, fastmcp.Config{})
	l.addr = freeAddr(t)
	l.url = "https://" + l.addr + "/mcp"
	done := make(chan error, 1)
	go func() { done <- l.app.ListenTLS(l.addr, certFile, keyFile) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := l.app.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	call := func(ctx context.Context, tool, args string) (string, error) {
		res, err := client.Do(l.request(ctx, "POST", statelessHeaders("tools/call", tool), stateless(1, "tools/call", `"name":"`+tool+`","arguments":`+args, "")))
		if err != nil {
			return "", err
		}
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		return string(b), err
	}
	within(t, 5*time.Second, "the server listens", func() bool {
		_, err := call(t.Context(), "add", `{"a":1,"b":2}`)
		return err == nil
	})
	for range 3 {
		if b, err := call(t.Context(), "add", `{"a":1,"b":2}`); err != nil || !strings.Contains(b, `{"sum":3}`) {
			t.Errorf("%v %s", err, b)
		}
		if b, err := call(t.Context(), "notes", `{"from":1,"to":3}`); err != nil || strings.Count(b, "data: ") != 4 {
			t.Errorf("%v %s", err, b)
		}
	}
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-l.begun
		leave()
	}()
	if _, err := call(ctx, "hold", `{}`); err == nil {
		t.Error("a call that was left has an answer")
	}
	select {
	case err := <-l.ended:
		if err == nil {
			t.Error("the call did not see that its client left")
		}
	case <-time.After(5 * time.Second):
		t.Error("the call goes on although its client left")
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}}}
	if _, err := old.Get(l.url); err == nil {
		t.Error("TLS 1.1 was taken")
	}
	if err := fastmcp.New().ListenTLS(freeAddr(t), certFile, certFile); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a key that is none: %v", err)
	}
}
